// The list of files that are uploaded: for each its progress, and what became of it.

import { reasonAgainst } from "./dropped.js";

const SHOWN_NAMES = 5;
const DONE = ["added", "known", "refused"];
const ORDER = { refused: 0, known: 1, waiting: 2, sending: 3, added: 4 };

const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);
const make = (tag, facts = {}) => Object.assign(document.createElement(tag), facts);

// Only staff have an address of a work in the trash.
export function whoseFile({ title, address, in_trash }, words) {
  const said = `${in_trash ? words.trashed : words.known} `;
  return [said, address ? make("a", { href: address, textContent: title }) : title];
}

export class FileList {
  constructor(form, words) {
    this.words = words;
    this.section = form.querySelector("[data-uploads]");
    this.heading = this.section.querySelector("h2");
    this.heading.tabIndex = -1;
    this.list = form.querySelector("[data-upload-list]");
    this.status = form.querySelector("[data-upload-status]");
    this.counted = form.querySelector("[data-upload-progress]");
    this.total = form.querySelector("[data-upload-total]");
    this.leftOut = form.querySelector("[data-left-out]");
    this.tryAll = form.querySelector("[data-try-all]");
    this.seeWorks = form.querySelector("[data-see-works]");
    this.rows = [];
    this.onagain = () => {};
    this.onremove = () => {};
    this.tryAll.addEventListener("click", () => {
      this.tryAll.hidden = true;
      this.heading.focus();
      this.onagain(this.failed());
    });
  }

  failed() {
    return this.rows.filter((row) => row.state === "refused" && !row.final);
  }

  // Choosing

  add(found) {
    if (!this.rows.length) this.list.replaceChildren();
    const known = new Set(this.rows.map((row) => row.identity));
    for (const chosen of found) {
      const { size, lastModified } = chosen.file;
      const identity = `${chosen.path}|${size}|${lastModified}`;
      if (known.has(identity)) continue;
      known.add(identity);
      const row = { chosen, identity, item: make("li") };
      this.rows.push(row);
      const reason = reasonAgainst(chosen, this.words);
      this.set(row, reason ? "refused" : "waiting", { reason, final: true });
      this.list.append(row.item);
    }
  }

  clear() {
    this.rows = [];
    this.list.replaceChildren();
  }

  showLeftOut(found) {
    const names = found.slice(0, SHOWN_NAMES).map((each) => each.path);
    const more = found.length > SHOWN_NAMES ? ` … (${found.length})` : "";
    this.leftOut.hidden = !found.length;
    this.leftOut.textContent = fill(this.words.leftOut, { names: names.join(", ") + more });
  }

  show(shown) {
    this.section.hidden = !shown && this.leftOut.hidden;
    this.list.hidden = !shown;
  }

  // Showing

  set(row, state, facts = {}) {
    const focused = row.item.contains(document.activeElement);
    row.state = state;
    row.item.className = `uploads-file is-${state}`;
    const name = make("span", { className: "uploads-name", textContent: row.chosen.path });
    row.said = make("span", { className: "uploads-said" });
    row.item.replaceChildren(name, row.said);
    if (state === "sending") {
      row.bar = make("progress", { max: 1, value: 0 });
      row.bar.setAttribute("aria-label", fill(this.words.file, { action: this.words.sending, name: row.chosen.path }));
      row.said.append(this.words.sending);
      row.item.append(row.bar);
    } else if (state === "refused") {
      row.said.append(facts.reason);
      row.final = facts.final;
      row.item.append(
        facts.final
          ? this.button(row, this.words.remove, () => this.remove(row))
          : this.button(row, this.words.again, () => this.onagain([row])),
      );
    } else if (state === "known") {
      row.said.append(...whoseFile(facts, this.words));
      row.item.append(this.button(row, this.words.anyway, () => {
        row.anyway = true;
        this.onagain([row]);
      }));
    } else if (state === "added") {
      row.said.append(`${this.words.added} `, make("a", { href: facts.address, textContent: facts.title }));
    } else {
      row.said.append(this.words.waiting);
      row.item.append(this.button(row, this.words.remove, () => this.remove(row)));
    }
    if (focused) {
      // The button that was pressed is gone.
      row.item.tabIndex = -1;
      row.item.focus();
    }
    if (DONE.includes(state)) this.count();
  }

  button(row, text, act) {
    const button = make("button", { type: "button", className: "quiet", textContent: text });
    button.setAttribute("aria-label", fill(this.words.file, { action: text, name: row.chosen.path }));
    button.addEventListener("click", act);
    return button;
  }

  remove(row) {
    const next = row.item.nextElementSibling ?? row.item.previousElementSibling;
    this.rows = this.rows.filter((each) => each !== row);
    row.item.remove();
    next?.querySelector("button")?.focus();
    this.onremove();
  }

  note(row, text) {
    row.said.textContent = text;
  }

  progress(row, share) {
    if (!row.bar) return;
    row.bar.value = share;
    if (share) row.said.textContent = this.words.sending;
  }

  // Progress of all: shown file by file, and announced four times.

  begin(count) {
    this.running = new Set(this.rows.filter((row) => row.state === "waiting"));
    this.announced = 0;
    this.total.hidden = false;
    this.tryAll.hidden = true;
    // The list may lie below what is seen.
    this.heading.focus();
    this.say(fill(this.words.progress, { done: 0, count }));
    this.count();
  }

  count() {
    if (!this.running) return;
    for (const row of this.rows) if (!DONE.includes(row.state)) this.running.add(row);
    const done = [...this.running].filter((row) => DONE.includes(row.state)).length;
    const count = this.running.size;
    const said = fill(this.words.progress, { done, count });
    this.total.value = count ? done / count : 0;
    this.counted.textContent = said;
    const quarter = Math.floor((4 * done) / count);
    if (quarter > this.announced && quarter < 4) {
      this.announced = quarter;
      this.say(said);
    }
  }

  halt(text) {
    this.running = null;
    this.total.hidden = true;
    this.counted.textContent = "";
    this.say(text);
  }

  finish() {
    const number = (state) => this.rows.filter((row) => row.state === state).length;
    const counts = { added: number("added"), known: number("known"), refused: number("refused") };
    this.tryAll.hidden = this.failed().length < 2;
    this.seeWorks.hidden = !counts.added;
    // What needs a person comes first.
    this.rows.sort((one, other) => ORDER[one.state] - ORDER[other.state]);
    const focused = document.activeElement;
    this.list.append(...this.rows.map((row) => row.item));
    if (this.list.contains(focused)) focused.focus();
    this.halt(fill(this.words.finished, counts));
  }

  say(text) {
    this.status.textContent = text;
  }
}
