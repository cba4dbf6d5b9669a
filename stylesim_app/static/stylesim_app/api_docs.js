// What Swagger UI leaves out: the preference for dark, and structure that screen readers rely on.

const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

function mend() {
  // The page has a heading of its own; the next are of the third level.
  document.querySelector("#swagger-ui h1.title:not([aria-level])")?.setAttribute("aria-level", "2");
  // A link within the button that opens an operation can be reached by no key.
  for (const link of document.querySelectorAll(".opblock-summary-control a[href]")) {
    link.removeAttribute("href");
  }
  const about = document.querySelector("#swagger-ui .information-container:not([role])");
  about?.setAttribute("role", "region");
  about?.setAttribute("aria-label", "About");
  // What scrolls is scrolled by keys too.
  for (const text of document.querySelectorAll("#swagger-ui pre.microlight:not([tabindex])")) {
    text.tabIndex = 0;
  }
  for (const field of document.querySelectorAll("tr[data-param-name] select:not([aria-label])")) {
    field.setAttribute("aria-label", field.closest("tr").dataset.paramName);
  }
}

new MutationObserver(mend).observe(document, { childList: true, subtree: true });
