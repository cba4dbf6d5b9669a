// Shows a picture as large as the window. Without this file, its link opens the picture.

const dialog = document.getElementById("enlarged");
const pictures = () => [...document.querySelectorAll("a[data-enlarge]")];
let shown;

function show(link) {
  shown = link;
  const picture = new Image();
  picture.alt = link.dataset.title;
  picture.src = link.href;
  dialog.querySelector(".enlarged-picture").replaceChildren(picture);
  const words = [link.dataset.title, link.dataset.line].filter(Boolean);
  document.getElementById("enlarged-title").textContent = words.join(" · ");
  const several = pictures().length > 1;
  for (const button of dialog.querySelectorAll("[data-step]")) button.hidden = !several;
  if (!dialog.open) {
    dialog.showModal();
    dialog.querySelector("[data-close]").focus();
  }
}

function step(by) {
  const all = pictures();
  show(all[(all.indexOf(shown) + by + all.length) % all.length]);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-enlarge]");
  if (!link || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(link);
});

dialog?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) step(Number(button.dataset.step));
  else if (event.target === dialog || event.target.matches(".enlarged-picture")) dialog.close();
});

dialog?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "ArrowRight") step(1);
});

dialog?.addEventListener("close", () => {
  dialog.querySelector(".enlarged-picture").replaceChildren();
  shown?.focus();
});
