// Refreshes a record in the admin until its picture is indexed; fields of the form stay untouched.

const FIRST = 2000;
const SLOWEST = 10000;
const PARTS = ["stylesim-facts", "stylesim-similar"];

function look(delay = FIRST) {
  setTimeout(async () => {
    if (!document.hidden) {
      try {
        const response = await fetch(location.href, { headers: { Accept: "text/html" } });
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        for (const id of response.ok ? PARTS : []) {
          const [shown, fresh] = [document.getElementById(id), page.getElementById(id)];
          if (fresh && fresh.innerHTML !== shown?.innerHTML) {
            shown.replaceWith(document.adoptNode(fresh));
          }
        }
        if (response.ok && !page.querySelector("[data-stylesim-poll]")) {
          const status = document.getElementById("stylesim-announced");
          status.textContent = status.dataset.done;
          return;
        }
      } catch {
        // The next look may succeed.
      }
    }
    look(Math.min(delay * 1.3, SLOWEST));
  }, delay);
}

look();
