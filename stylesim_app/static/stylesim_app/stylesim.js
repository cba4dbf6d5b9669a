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
        const page = await fetchPage(location.href);
        const had = document.getElementById("results-status");
        replaceLiveParts(page);
        const status = document.getElementById("results-status");
        // A part that comes with its words is not read out.
        if (status && !had) announce(status.textContent.trim());
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

// Words that stay the same are announced again, too: the part is emptied first.
function announce(words) {
  const status = document.getElementById("results-status");
  status.textContent = "";
  setTimeout(() => (status.textContent = words), 100);
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
    document.getElementById("control-choice").replaceChildren(
      ...page.getElementById("control-choice").childNodes,
    );
    announce(page.getElementById("results-status").textContent.trim());
    document.getElementById("lanes").replaceWith(page.getElementById("lanes"));
    showCurrentLane();
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
  // Each step of tuning would otherwise be one more to go back through.
  history.replaceState(history.state, "", address);
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

document.addEventListener("keydown", (event) => {
  const fold = event.key === "Escape" && event.target.closest(".control-fold[open], .site-menu[open]");
  if (!fold) return;
  fold.open = false;
  fold.querySelector("summary").focus();
});

document.addEventListener("input", (event) => {
  const output = event.target.closest(".layer")?.querySelector("output");
  if (output) output.value = event.target.value;
});

// On narrow windows the facts of a work are folded, so that its similar works are in sight.

const narrow = matchMedia("(width < 48rem)");

function foldFacts() {
  for (const facts of document.querySelectorAll(".label-more")) facts.open = !narrow.matches;
}

foldFacts();
narrow.addEventListener("change", foldFacts);

// On narrow windows the lanes are one row that is scrolled: the current one is brought into it.

function showCurrentLane() {
  const current = document.querySelector(".lanes [aria-current]");
  const row = current?.closest("ul");
  if (row) row.scrollLeft = current.offsetLeft - row.offsetLeft - 16;
}

showCurrentLane();

pollWhileWaiting();
