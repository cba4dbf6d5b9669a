// Keeps a file that was chosen in a form of the admin: a browser drops it when the form is shown
// again, because another field is wrong. Without this file, it has to be chosen again.

const finished = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function store() {
  const opening = indexedDB.open("stylesim-admin", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("files");
  return (await finished(opening)).transaction("files", "readwrite").objectStore("files");
}

const keyOf = (input) => `${location.pathname} ${input.name}`;

async function keep(input) {
  const [file] = input.files;
  const files = await store();
  await finished(file ? files.put(file, keyOf(input)) : files.delete(keyOf(input)));
}

async function restore(input) {
  // A file that was refused is not offered again.
  if (input.closest(".errors")) return;
  const file = await finished((await store()).get(keyOf(input)));
  if (!file || input.files.length) return;
  const transfer = new DataTransfer();
  transfer.items.add(file);
  input.files = transfer.files;
}

// Where a browser keeps nothing, the form works as it does without this file.
const quietly = (work) => work.catch(() => {});

addEventListener("DOMContentLoaded", () => {
  const inputs = document.querySelectorAll("#content form [type=file][name]");
  for (const input of inputs) input.addEventListener("change", () => quietly(keep(input)));
  if (!document.querySelector(".errornote")) {
    // Saved, or left.
    quietly(store().then((files) => finished(files.clear())));
    return;
  }
  for (const input of inputs) quietly(restore(input));
});
