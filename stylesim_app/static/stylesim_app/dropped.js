// What a person chose or dropped: files, and those in folders, without what systems keep there.

const readBatch = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
const readFile = (entry) => new Promise((resolve, reject) => entry.file(resolve, reject));

async function filesOf(entry, inFolder) {
  if (entry.isFile) {
    const file = await readFile(entry);
    return [{ file, path: entry.fullPath.replace(/^\//, ""), inFolder }];
  }
  const found = [];
  const reader = entry.createReader();
  // A reader gives a hundred at a time, and nothing at the end.
  for (let batch = await readBatch(reader); batch.length; batch = await readBatch(reader)) {
    for (const each of batch) found.push(...(await filesOf(each, true)));
  }
  return found;
}

// Each is { file, path, inFolder }, in the order of their names.
export async function filesDropped(transfer) {
  // Entries exist only while the event is handled, and so are asked for at once.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.());
  const plain = [...transfer.files];
  if (!entries.some((entry) => entry?.isDirectory)) return filesChosen(plain);
  const found = [];
  for (const entry of entries.filter(Boolean)) found.push(...(await filesOf(entry, false)));
  return sorted(found);
}

export function filesChosen(files) {
  return sorted(
    [...files].map((file) => ({
      file,
      path: file.webkitRelativePath || file.name,
      inFolder: Boolean(file.webkitRelativePath),
    })),
  );
}

function sorted(found) {
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  return found.sort((one, other) => compare(one.path, other.path));
}

export function isKeptBySystems({ path }, { folders, files }) {
  const names = path.split("/");
  const name = names.pop();
  return (
    /^(\.|~\$)/.test(name) ||
    files.includes(name.toLowerCase()) ||
    names.some((folder) => folder.startsWith(".") || folders.includes(folder.toLowerCase()))
  );
}

export function hasPictureEnding({ file }, { endings }) {
  return endings.split(" ").includes(file.name.replace(/^.*(?=\.)/, "").toLowerCase());
}

// Why a file need not be sent; the site looks at all others by their content.
export function reasonAgainst(chosen, words) {
  const { file } = chosen;
  const { bytes } = words.limits;
  if (file.size === 0) return words.empty;
  if (file.size > bytes) {
    const megabytes = (file.size / 1e6).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 });
    return words.tooLarge.replace("{megabytes}", megabytes);
  }
  const other = file.type && !file.type.startsWith("image/");
  if (!hasPictureEnding(chosen, words.limits) && other) return words.noPicture;
  return "";
}

// Shows a picture small, and resolves to its width and height; null where the browser cannot draw
// its format, which the site may know.
export async function preview(canvas, file) {
  canvas.hidden = true;
  if (!file) return null;
  try {
    const image = await createImageBitmap(file);
    const { width, height } = image;
    const scale = Math.min(1, 960 / Math.max(width, height));
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    canvas.hidden = false;
    return { width, height };
  } catch {
    return null;
  }
}
