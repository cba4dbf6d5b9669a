// Buttons that copy a text of the page. Without this file they stay hidden.

async function copy(text, source) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Only pages by HTTPS may write to the clipboard; a selected text is copied by keyboard.
    getSelection().selectAllChildren(source);
    return document.execCommand?.("copy") ?? false;
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const said = document.createElement("span");
  said.className = "copied help";
  said.setAttribute("role", "status");
  button.after(said);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = source.textContent.trim().replace(/\s+/g, " ");
    said.textContent = "";
    if (await copy(text, source)) said.textContent = button.dataset.copied;
  });
}
