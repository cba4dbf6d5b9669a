// Sends a form with its file, and does not give up where waiting helps.

const PATIENCE = 8;
const LONGEST_WAIT = 60;
const BUSY = [429, 503];
const UNREACHED = [0, 502, 504];

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

// randomUUID exists on HTTPS and localhost only.
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

// fetch does not report how much of a body was sent.
function post(address, body, headers, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const end = () => {
      let answer = null;
      try {
        answer = JSON.parse(request.responseText);
      } catch {
        // A proxy answers in HTML, a broken connection not at all.
      }
      const after = Number(request.getResponseHeader("Retry-After")) || 0;
      resolve({ status: request.status, answer, after });
    };
    request.open("POST", address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onloadend = end;
    request.send(body);
  });
}

// The token of a session that began after the page was opened, or after another person signed in.
async function renewToken(form) {
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("form[data-upload] [name=csrfmiddlewaretoken]");
    const field = form.querySelector("[name=csrfmiddlewaretoken]");
    if (!fresh) return false;
    field.value = fresh.value;
    return true;
  } catch {
    return false;
  }
}

// Resolves to { status, answer }: the status 0 means that the site was not reached. `busy` is
// called with the seconds until the next attempt.
export async function send(form, body, { key, patient = true, progress = () => {}, busy = () => {} }) {
  let renewed = false;
  for (let attempt = 1; ; attempt += 1) {
    const token = form.querySelector("[name=csrfmiddlewaretoken]");
    if (token) body.set("csrfmiddlewaretoken", token.value);
    const headers = { Accept: "application/json", ...(key ? { "Idempotency-Key": key } : {}) };
    const result = await post(form.getAttribute("action") || location.href, body, headers, progress);
    if (result.status === 403 && result.answer?.code === "csrf_failed" && !renewed) {
      renewed = await renewToken(form);
      if (renewed) continue;
    }
    const delayed = BUSY.includes(result.status) || (result.status === 409 && result.answer?.code === "under_way");
    const worthAnother = patient && (delayed || (key && UNREACHED.includes(result.status)));
    const attempts = delayed ? PATIENCE : 3;
    if (!worthAnother || attempt >= attempts) return result;
    const seconds = Math.min(result.after || 2 ** (attempt - 1), LONGEST_WAIT);
    progress(0);
    busy(Math.ceil(seconds));
    // Not all at once, where several wait.
    await wait(seconds + Math.random() / 2);
  }
}
