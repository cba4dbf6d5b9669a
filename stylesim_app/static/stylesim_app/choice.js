// Choosing works: checkboxes on cards, remembered from page to page while the tab is open.
// Without this file, the checkboxes of one page are sent with its form.

const KEY = "stylesim.choice";
const BOX = "[data-choose]";
const CARD = ".work, .pair, .artwork";

const bar = document.getElementById("choice");

function readChoice(owner) {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY));
    // Another person may sign in in the same tab.
    if (kept?.owner === owner && Array.isArray(kept.works)) return new Set(kept.works);
  } catch {
    // What is not readable is not kept.
  }
  return new Set();
}

function writeChoice(owner, chosen) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ owner, works: [...chosen] }));
  } catch {
    // Without storage, the choice lasts as long as the page.
  }
}

function isTyping(target) {
  return target.isContentEditable
    || (target.matches("input, select, textarea") && !target.matches("[type=checkbox], [type=radio]"));
}

function startChoice() {
  const owner = bar.dataset.owner;
  const count = bar.querySelector(".choice-count");
  const chosen = readChoice(owner);

  const boxes = () => document.querySelectorAll(BOX);

  function showBoxes() {
    for (const box of boxes()) box.checked = chosen.has(box.value);
  }

  function showBar() {
    const words = { 0: bar.dataset.none, 1: bar.dataset.one }[chosen.size] ?? bar.dataset.many;
    const text = words.replace("{count}", chosen.size);
    // A text that is written again is read out again.
    if (count.textContent !== text) count.textContent = text;
    bar.classList.toggle("is-empty", chosen.size === 0);
    for (const button of bar.querySelectorAll("[type=submit], [data-choose-none]")) {
      button.disabled = chosen.size === 0;
    }
  }

  function choose(value, isChosen) {
    if (isChosen) chosen.add(value);
    else chosen.delete(value);
    writeChoice(owner, chosen);
    // A work may be shown more than once.
    showBoxes();
    showBar();
  }

  bar.classList.add("is-live");
  for (const part of bar.querySelectorAll("[hidden]")) part.hidden = false;
  showBoxes();
  showBar();

  document.addEventListener("change", (event) => {
    if (event.target.matches(BOX)) choose(event.target.value, event.target.checked);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.isComposing || event.repeat) return;
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const box = event.target.closest(CARD)?.querySelector(BOX);
    if (!box) return;
    event.preventDefault();
    if (event.shiftKey) (bar.querySelector("[type=submit]:enabled") ?? count).focus();
    else choose(box.value, !box.checked);
  });

  bar.querySelector("[data-choose-all]").addEventListener("click", () => {
    for (const box of boxes()) chosen.add(box.value);
    choose(boxes()[0]?.value, true);
  });
  bar.querySelector("[data-choose-none]").addEventListener("click", () => {
    chosen.clear();
    writeChoice(owner, chosen);
    showBoxes();
    showBar();
    count.focus();
  });

  bar.addEventListener("formdata", (event) => {
    event.formData.delete("works");
    event.formData.set("chosen", JSON.stringify([...chosen]));
  });

  // Results are replaced while the page is open.
  new MutationObserver(showBoxes).observe(document.getElementById("main") ?? document.body, {
    childList: true,
    subtree: true,
  });

  // Another page of this tab may have changed the choice, before Back showed this one again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    chosen.clear();
    for (const value of readChoice(owner)) chosen.add(value);
    showBoxes();
    showBar();
  });
}

if (document.querySelector("[data-choice-done]")) {
  // The works are in a set now, or no longer in one.
  sessionStorage.removeItem(KEY);
  const address = new URL(location.href);
  for (const name of ["added", "removed"]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}
if (bar) startChoice();
