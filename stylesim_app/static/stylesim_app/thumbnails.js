// Thumbnails that a worker is making: ask for them again, and show them once they are there.

const TRIES = 12;
const SLOWEST = 30;

async function isPending(image) {
  const response = await fetch(image.src, { method: "HEAD", cache: "no-store" });
  // There is nothing to enlarge.
  if (response.status === 404) image.closest(".wall, .work-picture")?.querySelector(".enlarge")?.remove();
  return response.status === 202 ? Number(response.headers.get("Retry-After")) || 5 : 0;
}

async function follow(image, attempt = 0) {
  // Only a placeholder can be a drawing; everything else is a JPEG.
  const address = image.src;
  let seconds;
  try {
    seconds = await isPending(image);
  } catch {
    return;
  }
  if (image.src !== address) return;
  if (seconds && attempt < TRIES) {
    const pause = Math.min(seconds * 1.3 ** attempt, SLOWEST);
    setTimeout(() => follow(image, attempt + 1), 1000 * pause);
  } else if (!seconds && attempt) {
    // A fragment keeps the address and makes the browser load it again.
    image.src = `${address.split("#")[0]}#${attempt}`;
  }
}

function begin(image) {
  const isSquare = image.naturalWidth === 240 && image.naturalHeight === 240;
  if (isSquare && /\/(small|medium|large)\.jpg/.test(image.src)) follow(image);
}

// Images may be loaded before or after this module, and be added by other scripts.
document.addEventListener("load", ({ target }) => target.matches?.("img") && begin(target), true);
for (const image of document.images) if (image.complete) begin(image);
