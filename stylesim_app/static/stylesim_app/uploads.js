// Forms with pictures: they are checked and sent without a reload, so that no choice is lost, and
// where many are taken, each file is sent by itself. Without this file, the form sends itself.

import { filesChosen, filesDropped, hasPictureEnding, isKeptBySystems, preview, reasonAgainst } from "./dropped.js";
import { newKey, send } from "./sending.js";
import { showErrors, clearErrors, missingFields } from "./form_errors.js";
import { FileList, whoseFile } from "./upload_list.js";

const AT_ONCE = 3;

const fill = (text, values) => text.replace(/{(\w+)}/g, (_, name) => values[name]);

class UploadForm {
  constructor(form) {
    this.form = form;
    this.words = JSON.parse(form.dataset.words);
    this.several = "several" in form.dataset;
    this.input = form.querySelector(`[type=file][name="${form.dataset.image}"]`);
    this.zone = form.querySelector("[data-drop]");
    this.problem = form.querySelector("[data-problem]");
    this.button = form.querySelector("[data-submit]");
    // Fields of a single work: several have titles of their own, and no accession number.
    this.ofOne = (form.dataset.ofOne ?? "").split(" ").map((name) => name && form.elements[name]).filter(Boolean);
    this.chosen = null;
    this.busy = false;
    this.many = false;
    this.sentMany = false;
    this.queue = [];
    this.list = this.several ? new FileList(form, this.words) : null;
    this.listen();
    // A browser may keep the choice when a person comes back to the page.
    if (this.input.files.length) this.take(filesChosen(this.input.files));
  }

  listen() {
    const { form, zone, input } = this;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    input.addEventListener("change", () => {
      // As everywhere, another file takes the place of the one that was chosen.
      if (this.several && !this.many && input.files.length === 1) this.list.clear();
      this.take(filesChosen(input.files));
    });
    zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      zone.classList.add("is-over");
    });
    zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
    zone.addEventListener("drop", async (event) => {
      event.preventDefault();
      zone.classList.remove("is-over");
      this.take(await filesDropped(event.dataTransfer));
    });
    // A file that misses its place would replace the page, and with it all that was typed.
    for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
    addEventListener("beforeunload", (event) => {
      if (this.busy) event.preventDefault();
    });
    if (!this.several) return;
    const folder = form.querySelector("[data-choose-folder]");
    const folderInput = Object.assign(document.createElement("input"), { type: "file", webkitdirectory: true });
    folder.hidden = !("webkitdirectory" in folderInput);
    folder.querySelector("button").addEventListener("click", () => folderInput.click());
    folderInput.addEventListener("change", () => {
      this.take(filesChosen(folderInput.files));
      folderInput.value = "";
    });
    this.list.onagain = (rows) => this.sendAll(rows);
    this.list.onremove = () => this.showChoice();
  }

  // Choosing

  take(found) {
    if (!found.length) return;
    clearErrors(this.form, this.problem);
    if (!this.several) return this.takeOne(found);
    const kept = found.filter((each) => !each.inFolder || !isKeptBySystems(each, this.words.system));
    const isLeftOut = (each) => each.inFolder && !hasPictureEnding(each, this.words.limits);
    this.list.showLeftOut(kept.filter(isLeftOut));
    this.list.add(kept.filter((each) => !isLeftOut(each)));
    this.showChoice();
  }

  async takeOne(found) {
    if (found.length > 1) {
      this.restore();
      return this.refuseFile(fill(this.words.oneOnly, { count: found.length }));
    }
    this.chosen = found[0];
    this.restore();
    await this.look(this.chosen);
  }

  // The input names what is chosen; it takes its files only as a list.
  restore() {
    const transfer = new DataTransfer();
    const chosen = this.many ? this.waiting().map((row) => row.chosen) : [this.chosen];
    for (const each of chosen.filter(Boolean)) transfer.items.add(each.file);
    this.input.files = transfer.files;
  }

  async look(chosen) {
    const canvas = this.zone.querySelector("canvas");
    const reason = reasonAgainst(chosen, this.words);
    if (reason) {
      canvas.hidden = true;
      return this.refuseFile(reason);
    }
    const size = await preview(canvas, chosen.file);
    if (size && size.width * size.height > this.words.limits.pixels) {
      this.refuseFile(fill(this.words.tooManyPixels, size));
    }
  }

  refuseFile(reason) {
    showErrors(this.form, this.problem, { [this.input.name]: [reason] }, "");
  }

  // One file: its title is typed. Several: each is named after its file.
  showChoice() {
    const rows = this.list.rows;
    const many = rows.length > 1 || this.sentMany;
    this.list.show(many);
    this.many = many;
    this.chosen = (!many && rows[0]?.chosen) || null;
    this.restore();
    this.showButton();
    const hint = this.form.querySelector("[data-titles-by-name]");
    if (hint) hint.hidden = !many;
    for (const field of this.ofOne) {
      field.disabled = many;
      field.closest(".field").hidden = many;
    }
    const canvas = this.zone.querySelector("canvas");
    if (this.chosen) this.look(this.chosen);
    else canvas.hidden = true;
    if (many) this.list.say(fill(this.words.chosen, { count: rows.length }));
  }

  // Sending

  submit() {
    if (this.busy) return;
    clearErrors(this.form, this.problem);
    const missing = missingFields(this.form, this.words);
    if (this.many) delete missing[this.input.name];
    else if (this.chosen) {
      const reason = reasonAgainst(this.chosen, this.words);
      if (reason) missing[this.input.name] = [reason];
    } else missing[this.input.name] = [this.words.noFile];
    if (this.many && !this.waiting().length) missing[this.input.name] = [this.words.noFile];
    if (Object.keys(missing).length) {
      return showErrors(this.form, this.problem, missing, this.several ? this.words.checkFields : "");
    }
    if (this.many) this.sendAll(this.waiting());
    else this.sendOne();
  }

  bodyFor(chosen, more = {}) {
    const body = new FormData(this.form);
    body.delete(this.input.name);
    for (const [name, value] of Object.entries(more)) body.set(name, value);
    body.set(this.input.name, chosen.file, chosen.file.name);
    return body;
  }

  setBusy(busy) {
    this.busy = busy;
    this.button.disabled = busy;
    this.form.setAttribute("aria-busy", String(busy));
  }

  async sendOne() {
    this.setBusy(true);
    // The key is the site's to remember, and anonymous callers have none.
    const key = this.several ? newKey() : "";
    const { status, answer } = await send(this.form, this.bodyFor(this.chosen), { key, patient: this.several });
    this.setBusy(false);
    if (answer?.state === "added") return location.assign(answer.address);
    if (answer?.state === "known") return this.offerAnyway(answer);
    if (answer?.errors) {
      return showErrors(this.form, this.problem, answer.errors, this.several ? this.words.checkFields : "");
    }
    showErrors(this.form, this.problem, {}, await this.reasonOf(status, answer, this.chosen));
  }

  offerAnyway(known) {
    this.problem.replaceChildren();
    const said = document.createElement("p");
    said.append(...whoseFile(known, this.words));
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "quiet", textContent: this.words.anyway });
    button.addEventListener("click", async () => {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "add_anyway", value: "on" });
      this.form.append(field);
      this.problem.hidden = true;
      await this.sendOne();
      field.remove();
    });
    this.problem.append(said, button);
    this.problem.hidden = false;
    button.focus();
  }

  async sendAll(rows) {
    if (!rows.length) return;
    this.sentMany = true;
    for (const row of rows) this.list.set(row, "waiting");
    // A second call, for files to try again, joins the first.
    this.queue.push(...rows);
    this.list.count();
    if (this.busy) return;
    this.stopped = false;
    this.setBusy(true);
    this.list.begin(this.queue.length);
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work()));
    this.setBusy(false);
    this.restore();
    if (!this.stopped) this.list.finish();
    this.showButton();
  }

  showButton() {
    const count = this.waiting().length;
    this.button.textContent = this.many ? fill(this.words.uploadMany, { count }) : this.words.uploadOne;
    this.button.hidden = this.sentMany && !count;
  }

  waiting() {
    return this.list.rows.filter((row) => row.state === "waiting");
  }

  async work() {
    while (this.queue.length && !this.stopped) await this.sendRow(this.queue.shift());
  }

  async sendRow(row) {
    const more = { title_from_file: "on", ...(row.anyway ? { add_anyway: "on" } : {}) };
    const body = this.bodyFor(row.chosen, more);
    const facts = JSON.stringify([...body].filter(([name]) => !["csrfmiddlewaretoken", this.input.name].includes(name)));
    // Under the same key, a request whose answer was lost adds no second work.
    if (row.facts !== facts) Object.assign(row, { facts, key: newKey() });
    this.list.set(row, "sending");
    const { status, answer } = await send(this.form, body, {
      key: row.key,
      progress: (share) => this.list.progress(row, share),
      busy: (seconds) => this.list.note(row, fill(this.words.busy, { seconds })),
    });
    if (answer?.state === "added" || answer?.state === "known") return this.list.set(row, answer.state, answer);
    if (answer?.errors) {
      const own = [this.form.dataset.image, ...this.ofOne.map((field) => field.name), "__all__"];
      const shared = Object.keys(answer.errors).filter((name) => !own.includes(name));
      if (!shared.length) return this.list.set(row, "refused", { reason: answer.reasons.join(" ") });
      return this.stop(row, answer.errors, shared);
    }
    this.list.set(row, "refused", { reason: await this.reasonOf(status, answer, row.chosen) });
  }

  // A wrong value that all files share is wrong for each of them.
  stop(row, errors, shared) {
    this.list.set(row, "waiting");
    for (const each of this.queue) this.list.set(each, "waiting");
    this.queue = [];
    if (this.stopped) return;
    this.stopped = true;
    this.list.halt(this.words.stopped);
    showErrors(this.form, this.problem, Object.fromEntries(shared.map((name) => [name, errors[name]])), this.words.stopped);
  }

  async reasonOf(status, answer, chosen) {
    if (status === 401) return this.words.signedOut;
    if (answer?.reason) return answer.reason;
    if (answer?.detail) return answer.detail;
    if (status === 413) return this.words.tooLarge.replace("{megabytes}", (chosen.file.size / 1e6).toFixed(1));
    if (status) return fill(this.words.failed, { status });
    try {
      await chosen.file.slice(0, 1).arrayBuffer();
    } catch {
      return this.words.unreadable;
    }
    return this.words.lost;
  }
}

for (const form of document.querySelectorAll("form[data-upload]")) new UploadForm(form);
