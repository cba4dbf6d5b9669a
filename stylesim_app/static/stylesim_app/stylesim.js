// Progressive enhancement: every page works without this file.

const POLL_FIRST = 1500;
const POLL_SLOWEST = 8000;

async function fetchPage(address, signal) {
  const response = await fetch(address, { signal, headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${response.status} for ${address}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// Waiting pages: look again, ever less often, until nothing is marked as waiting.

function replaceLiveParts(page) {
  for (const part of document.querySelectorAll("[data-live]")) {
    // A ranking that is shown may be in use.
    if (part.querySelector("form[data-ranking]")) continue;
    const fresh = page.getElementById(part.id);
    if (fresh && fresh.innerHTML !== part.innerHTML) part.replaceWith(document.adoptNode(fresh));
  }
}

function pollWhileWaiting(delay = POLL_FIRST) {
  if (!document.querySelector("[data-poll]")) return;
  setTimeout(async () => {
    if (!document.hidden) {
      try {
        replaceLiveParts(await fetchPage(location.href));
      } catch {
        // The next look may succeed.
      }
    }
    pollWhileWaiting(Math.min(delay * 1.3, POLL_SLOWEST));
  }, delay);
}

// The ranking control: rank at once when it is changed.

let ranking;
let shown = location.search;

function addressOf(form) {
  const sent = new FormData(form);
  if (sent.get("preset") !== "custom") {
    sent.delete("style_weight");
    sent.delete("content_weight");
  }
  const layers = [...form.querySelectorAll("[name=layer_weights]")];
  if (layers.every((input) => input.value === input.dataset.default)) sent.delete("layer_weights");
  const region = sent.getAll("region");
  sent.delete("region");
  if (region.some(Boolean)) sent.set("region", region.join(","));
  const query = new URLSearchParams([...sent].filter(([, value]) => value !== ""));
  return `${location.pathname}?${query}`;
}

async function showRanking(address) {
  ranking?.abort();
  ranking = new AbortController();
  const results = document.getElementById("results");
  results.setAttribute("aria-busy", "true");
  try {
    const page = await fetchPage(address, ranking.signal);
    const form = page.querySelector("form[data-ranking]");
    if (!form || form.querySelector(".errorlist")) return location.assign(address);
    results.replaceChildren(...page.getElementById("results").childNodes);
    document.getElementById("results-status").textContent =
      page.getElementById("results-status").textContent;
    document.getElementById("lanes").replaceWith(page.getElementById("lanes"));
    for (const name of ["style_weight", "content_weight"]) {
      const field = document.querySelector(`form[data-ranking] [type=number][name=${name}]`);
      if (field) field.value = form.querySelector(`[name=${name}]`).value;
    }
    results.removeAttribute("aria-busy");
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address);
  }
}

function rank(form) {
  const address = addressOf(form);
  history.pushState(null, "", address);
  shown = location.search;
  showRanking(address);
}

addEventListener("popstate", () => {
  // Following a link within the page changes no query and comes here too.
  if (location.search !== shown) location.reload();
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-ranking]")) return;
  event.preventDefault();
  rank(event.target);
});

document.addEventListener("change", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-ranking]")) rank(form);
  else if (event.target.matches("[data-submit-on-change] select")) form.requestSubmit();
});

document.addEventListener("input", (event) => {
  const output = event.target.closest(".layer")?.querySelector("output");
  if (output) output.value = event.target.value;
});

pollWhileWaiting();
