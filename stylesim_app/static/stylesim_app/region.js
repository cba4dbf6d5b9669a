// Draws a box on a picture: to search for what it shows or, within data-box-form, to enter four
// numbers. Without this file, the numbers do.

const STEP = 0.02;
const SMALLEST = 0.04;
const FIRST = [0.25, 0.25, 0.75, 0.75];
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const within = (value, least, most) => Math.min(Math.max(value, least), most);
// The edges are rounded, so that a box never ends beyond the picture.
const round = (value) => Math.round(value * 1e4) / 1e4;

// A box is an array of its left, top, right and bottom edge, as shares of the picture.
class StylesimRegion extends HTMLElement {
  connectedCallback() {
    const frame = this.closest(".region-picture");
    this.polygon = this.querySelector("polygon");
    this.said = frame.querySelector("[data-region-status]");
    this.entire = frame.querySelector("[data-region-clear]");
    this.searched = this.drawn();
    this.box = this.searched;
    this.tabIndex = 0;
    this.setAttribute("role", "application");
    this.setAttribute("aria-label", this.dataset.label);
    const help = frame.querySelector("[data-region-help]");
    this.setAttribute("aria-describedby", help.id);
    help.hidden = false;
    this.onpointerdown = this.begin;
    this.onpointermove = this.drag;
    this.onpointerup = this.finish;
    this.onpointercancel = () => this.stop();
    this.onkeydown = this.press;
    this.entire?.addEventListener("click", (event) => {
      if (!this.form()) return;
      event.preventDefault();
      this.focus();
      this.clear();
    });
    if (this.dataset.boxForm !== undefined) this.follow();
  }

  // With a form of four numbers

  follow() {
    const form = this.closest("form");
    const numbers = this.numbers();
    form.addEventListener("input", (event) => {
      if (!numbers.includes(event.target)) return;
      const [left, top, width, height] = numbers.map((field) => field.valueAsNumber);
      if (![left, top, width, height].every(Number.isFinite)) return;
      this.show([left, top, within(left + width, left, 1), within(top + height, top, 1)]);
      this.searched = this.box;
      this.choose("chosen");
    });
    form.querySelectorAll("[data-choose]").forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => {
        const found = button.dataset.found?.split(",").map(Number);
        this.show(found ? [found[0], found[1], found[0] + found[2], found[1] + found[3]] : null);
        if (this.box) this.enter();
        else this.said.textContent = button.dataset.said;
        this.choose(button.dataset.choose);
      });
    });
  }

  smallest() {
    return Number(this.dataset.smallest ?? SMALLEST);
  }

  numbers() {
    const form = this.closest("form");
    return ["left", "top", "width", "height"].map((name) => form.elements[name]);
  }

  choose(value) {
    const choice = this.closest("form").elements.choice;
    if (choice) choice.value = value;
  }

  enter() {
    const [left, top, right, bottom] = (this.box ?? [0, 0, 1, 1]).map(round);
    const sides = [left, top, round(right - left), round(bottom - top)];
    this.numbers().forEach((field, index) => (field.value = sides[index]));
    this.searched = this.box;
    this.choose("chosen");
    this.say(this.dataset.searched);
  }

  form() {
    if (this.dataset.boxForm !== undefined) return this.closest("form");
    return document.querySelector("form[data-ranking]:has([name=region])");
  }

  drawn() {
    const corners = this.polygon.getAttribute("points").trim();
    if (!corners) return null;
    const [topLeft, , bottomRight] = corners.split(" ").map((corner) => corner.split(",").map(Number));
    return [...topLeft, ...bottomRight];
  }

  show(box) {
    this.box = box;
    const [left, top, right, bottom] = box ?? [];
    const corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
    this.polygon.setAttribute("points", box ? corners.join(" ") : "");
  }

  say(after = "") {
    const [left, top, right, bottom] = (this.box ?? []).map((value) => Math.round(value * 100));
    const sides = { left, top, width: right - left, height: bottom - top };
    const words = this.dataset.box.replace(/{(\w+)}/g, (_, side) => sides[side]);
    this.said.textContent = this.box ? `${words} ${after}` : this.dataset.none;
  }

  search() {
    const form = this.form();
    if (!form) return;
    if (this.dataset.boxForm !== undefined) return this.enter();
    const edges = this.box?.map(round);
    const sides = edges ? [edges[0], edges[1], edges[2] - edges[0], edges[3] - edges[1]] : [];
    form.querySelectorAll("[name=region]").forEach((field, index) => {
      field.value = edges ? round(sides[index]) : "";
    });
    this.searched = this.box;
    this.entire.hidden = !this.box;
    this.say(this.dataset.searched);
    form.requestSubmit();
  }

  clear() {
    if (this.dataset.boxForm !== undefined) {
      this.show([0, 0, 1, 1]);
      this.enter();
      return this.choose("none");
    }
    const searched = this.searched;
    this.show(null);
    if (searched) this.search();
    else this.say();
  }

  // By pointer: a mouse, a pen or a finger

  at(event) {
    const frame = this.getBoundingClientRect();
    return [
      within((event.clientX - frame.left) / frame.width, 0, 1),
      within((event.clientY - frame.top) / frame.height, 0, 1),
    ];
  }

  begin(event) {
    if (event.button !== 0 || !event.isPrimary || !this.form()) return;
    event.preventDefault();
    this.focus({ preventScroll: true });
    this.setPointerCapture(event.pointerId);
    this.start = this.at(event);
  }

  drag(event) {
    if (!this.start) return;
    const [x, y] = this.at(event);
    const [startX, startY] = this.start;
    this.show([Math.min(x, startX), Math.min(y, startY), Math.max(x, startX), Math.max(y, startY)]);
  }

  finish(event) {
    if (!this.start) return;
    this.drag(event);
    const [left, top, right, bottom] = this.box;
    // A click, or a box too small to see, is no question.
    if (Math.min(right - left, bottom - top) < this.smallest()) return this.stop();
    this.start = null;
    this.search();
  }

  stop() {
    this.start = null;
    this.show(this.searched);
  }

  // By keyboard

  press(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !this.form()) return;
    const direction = ARROWS[event.key];
    if (direction) this.show(event.shiftKey ? this.resized(...direction) : this.moved(...direction));
    else if (event.key === "+" || event.key === "=") this.show(this.resized(1, 1));
    else if (event.key === "-") this.show(this.resized(-1, -1));
    else if (event.key === "Enter") return this.box && this.search();
    else if (event.key === "Escape") return this.clear();
    else return;
    event.preventDefault();
    if (this.dataset.boxForm !== undefined) this.enter();
    else this.say();
  }

  moved(x, y) {
    if (!this.box) return FIRST;
    const [left, top, right, bottom] = this.box;
    const acrossBy = within(x * STEP, -left, 1 - right);
    const downBy = within(y * STEP, -top, 1 - bottom);
    return [left + acrossBy, top + downBy, right + acrossBy, bottom + downBy];
  }

  resized(x, y) {
    if (!this.box) return FIRST;
    const [left, top, right, bottom] = this.box;
    return [
      left,
      top,
      within(right + x * STEP, Math.min(left + this.smallest(), 1), 1),
      within(bottom + y * STEP, Math.min(top + this.smallest(), 1), 1),
    ];
  }
}

customElements.define("stylesim-region", StylesimRegion);
