// Buttons that copy a text which is shown once; without this file, a person selects it.

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const words = button.textContent;
  button.hidden = false;
  // The button keeps its focus, and what it says changes.
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      button.textContent = button.dataset.copied;
      setTimeout(() => (button.textContent = words), 2000);
    } catch {
      // Without TLS there is no clipboard: the text is selected, ready for the keyboard.
      getSelection().selectAllChildren(source);
    }
  });
}
