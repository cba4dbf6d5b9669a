// <stylesim-similar artwork="17">: the works similar to an artwork, in any page of any site.
//
// A classic script without dependencies, so that a page of another origin loads it without CORS.
// Its attributes and properties for style sheets are described in docs/how-to/embed.md.

(() => {
  "use strict";

  if (!window.customElements || customElements.get("stylesim-similar")) return;

  // The server is the one that this script came from, unless the element names another. A site that
  // lies below a path has its static files below it too.
  const SOURCE = document.currentScript?.src ?? location.href;
  const HOME = homeOf(new URL(SOURCE));
  const DEFAULT_LIMIT = 6;
  // Seconds before a work that is not indexed yet is asked for again, and how often.
  const WAIT = 5;
  const LONGEST_WAIT = 60;
  const MOST_WAITS = 20;
  // Results that are as far as half of all random pairs are not similar.
  const ORDINARY_PERCENT = 50;
  const ORDINARY_SHARE = 0.5;

  const WORDS = {
    en: {
      heading: "Similar works",
      loading: "Looking for similar works …",
      found: (count) => (count === 1 ? "1 similar work" : `${count} similar works`),
      empty: "No work in the collection is close to this one.",
      waiting: "This work is being compared with the collection. Similar works will appear here.",
      gone: "This work is not in the collection, or not public.",
      refused: "This page may not show similar works: its token is missing or not valid.",
      busy: "Too many requests. Please try again in a moment.",
      failed: "Similar works are not available at the moment.",
      retry: "Try again",
      untitled: "Untitled",
      between: ", ",
    },
    zh: {
      heading: "相似作品",
      loading: "正在查找相似作品……",
      found: (count) => `${count} 件相似作品`,
      empty: "馆藏中没有与此作品相近的作品。",
      waiting: "此作品正在与馆藏比对，相似作品稍后会显示在这里。",
      gone: "馆藏中没有此作品，或此作品未公开。",
      refused: "此页面无法显示相似作品：令牌缺失或无效。",
      busy: "请求过多，请稍后再试。",
      failed: "暂时无法显示相似作品。",
      retry: "重试",
      untitled: "无题",
      between: "，",
    },
  };

  const STYLE = `
    :host { display: block; }
    :host([hidden]) { display: none; }
    .heading { margin: 0 0 var(--stylesim-embed-gap, 1.25rem); font: inherit; font-size: 1.25em; font-weight: 600; }
    .list {
      display: grid; margin: 0; padding: 0; list-style: none;
      grid-template-columns:
        repeat(auto-fill, minmax(min(100%, var(--stylesim-embed-column, 9rem)), 1fr));
      gap: var(--stylesim-embed-gap, 1.25rem);
    }
    .item { min-width: 0; }
    .link { display: block; color: inherit; }
    .link:hover { color: var(--stylesim-embed-accent, inherit); }
    .link:focus-visible, .retry:focus-visible {
      outline: 2px solid var(--stylesim-embed-accent, currentcolor); outline-offset: 3px;
    }
    .picture {
      display: flex; align-items: center; justify-content: center;
      aspect-ratio: var(--stylesim-embed-ratio, 1); margin-block-end: 0.5rem;
      background: var(--stylesim-embed-ground, transparent);
    }
    .image { display: block; max-width: 100%; max-height: 100%; object-fit: contain; }
    .title { overflow-wrap: anywhere; }
    .byline { display: block; font-size: 0.875em; overflow-wrap: anywhere; }
    .note { margin: 0; }
    .note:focus { outline: none; }
    .retry { margin-block-start: 0.5rem; padding: 0.3em 0.8em; font: inherit; cursor: pointer; }
    [state="ready"] > .note {
      position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
      white-space: nowrap;
    }
    [hidden] { display: none; }
  `;

  // A sheet that is made by script is allowed by every Content-Security-Policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);

  function homeOf(source) {
    const path = source.pathname.replace(/\/(?:[^/]+\/)?stylesim_app\/similar\b[^/]*$/, "/");
    return new URL(path === source.pathname ? "/" : path, source).href;
  }

  function make(name, part, text) {
    const element = document.createElement(name);
    element.className = part;
    element.setAttribute("part", part);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  // Only addresses of the web: a page must not follow what an answer makes up.
  function webAddress(address, base) {
    try {
      const found = new URL(address, base);
      return /^https?:$/.test(found.protocol) ? found.href : "";
    } catch {
      return "";
    }
  }

  function isClose(result) {
    if (typeof result.closer_than === "number") return result.closer_than > ORDINARY_PERCENT;
    if ("figure" in result && !("inliers" in result) && typeof result.unusual === "number") {
      return result.unusual < ORDINARY_SHARE;
    }
    return true;
  }

  class Trouble extends Error {
    constructor(words, { again = false, wait = 0 } = {}) {
      super(words);
      this.words = words;
      this.again = again;
      this.wait = wait;
    }
  }

  class StylesimSimilar extends HTMLElement {
    static observedAttributes = ["artwork", "lane", "limit", "preset", "server", "token", "lang"];

    #request;
    #timer;
    #queued = false;
    #waits = 0;
    #parts;

    connectedCallback() {
      if (!this.shadowRoot) this.#build();
      this.#soon();
    }

    disconnectedCallback() {
      this.#stop();
    }

    attributeChangedCallback(_name, before, after) {
      if (this.isConnected && before !== after) this.#soon();
    }

    /** Ask the server again. */
    refresh() {
      this.#waits = 0;
      return this.#load();
    }

    get #language() {
      const named = this.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang;
      return named || navigator.language || "en";
    }

    get #words() {
      return /^zh\b/i.test(this.#language) ? WORDS.zh : WORDS.en;
    }

    #build() {
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      const section = make("section", "section");
      const level = Number(this.getAttribute("level") ?? 2);
      const heading = make(level >= 1 && level <= 6 ? `h${Math.trunc(level)}` : "h2", "heading");
      heading.id = "heading";
      section.setAttribute("aria-labelledby", "heading");
      const note = make("p", "note");
      note.setAttribute("role", "status");
      note.tabIndex = -1;
      const retry = make("button", "retry");
      retry.type = "button";
      retry.addEventListener("click", () => {
        // The button goes, and the place of a person who uses the keyboard must not.
        note.focus();
        this.refresh();
      });
      const list = make("ol", "list");
      // Safari takes the role from a list without markers.
      list.setAttribute("role", "list");
      section.append(heading, note, retry, list);
      root.append(section);
      this.#parts = { section, heading, note, retry, list };
    }

    // Several attributes that change at once are one request.
    #soon() {
      if (this.#queued) return;
      this.#queued = true;
      queueMicrotask(() => {
        this.#queued = false;
        if (this.isConnected) this.refresh();
      });
    }

    #stop() {
      this.#request?.abort();
      clearTimeout(this.#timer);
    }

    #show(state, note, retry = false) {
      const { section, heading, note: line, retry: button } = this.#parts;
      const words = this.#words;
      this.setAttribute("state", state);
      section.setAttribute("state", state);
      section.setAttribute("aria-busy", String(state === "loading"));
      section.lang = this.#language;
      heading.textContent = this.getAttribute("heading") ?? words.heading;
      heading.hidden = heading.textContent === "";
      line.textContent = note;
      button.textContent = words.retry;
      button.hidden = !retry;
      this.dispatchEvent(new CustomEvent("stylesim-state", { bubbles: true, detail: { state } }));
    }

    get #server() {
      const named = this.getAttribute("server");
      return named ? new URL(named.replace(/\/*$/, "/"), document.baseURI).href : HOME;
    }

    #address() {
      const api = this.getAttribute("api") ?? "api/";
      const key = encodeURIComponent(this.getAttribute("artwork") ?? "");
      const address = new URL(`${api.replace(/\/*$/, "/")}artworks/${key}/similar/`, this.#server);
      for (const name of ["lane", "preset"]) {
        if (this.getAttribute(name)) address.searchParams.set(name, this.getAttribute(name));
      }
      address.searchParams.set("limit", this.getAttribute("limit") || DEFAULT_LIMIT);
      return address;
    }

    async #load() {
      this.#stop();
      const request = (this.#request = new AbortController());
      const words = this.#words;
      if (!this.getAttribute("artwork")) {
        this.#parts.list.replaceChildren();
        this.#show("error", words.gone);
        return;
      }
      this.#show("loading", words.loading);
      try {
        const works = await this.#fetch(request.signal);
        if (!request.signal.aborted) this.#showWorks(works);
      } catch (error) {
        if (!request.signal.aborted) this.#showTrouble(error);
      }
    }

    async #fetch(signal) {
      const words = this.#words;
      const address = this.#address();
      const headers = { Accept: "application/json", "Accept-Language": this.#language };
      const token = this.getAttribute("token");
      if (token) headers.Authorization = `Token ${token}`;
      const response = await fetch(address, {
        headers,
        signal,
        // What visitors may see, whoever is signed in on the server.
        credentials: "omit",
      });
      const body = await response.json().catch(() => ({}));
      const wait = Number(response.headers.get("Retry-After")) || WAIT;
      const pending = response.status === 409 && ["pending", "stale"].includes(body.state);
      if (response.status === 202 || pending) throw new Trouble(words.waiting, { wait });
      if (response.status === 401 || response.status === 403) throw new Trouble(words.refused);
      if (response.status === 404) throw new Trouble(words.gone);
      if (response.status === 429) throw new Trouble(words.busy, { again: true });
      if (!response.ok || !Array.isArray(body.results)) {
        throw new Trouble(words.failed, { again: response.status >= 500 });
      }
      return body.results.filter(isClose).map((result) => result.artwork);
    }

    #showTrouble(error) {
      const known =
        error instanceof Trouble ? error : new Trouble(this.#words.failed, { again: true });
      const waiting = known.wait > 0;
      const asksAgain = waiting && this.#waits < MOST_WAITS;
      this.#parts.list.replaceChildren();
      this.#show(waiting ? "waiting" : "error", known.words, known.again || (waiting && !asksAgain));
      if (!asksAgain) return;
      const seconds = Math.min(known.wait * 1.3 ** this.#waits, LONGEST_WAIT);
      this.#waits += 1;
      this.#timer = setTimeout(() => this.#load(), seconds * 1000);
    }

    #showWorks(works) {
      this.#parts.list.replaceChildren(...works.map((work) => this.#card(work)));
      const words = this.#words;
      if (works.length) this.#show("ready", words.found(works.length));
      else this.#show("empty", words.empty);
    }

    // A page of the host for each work, where the host names one: href="/works/{id}".
    #pageOf(work) {
      const pattern = this.getAttribute("href");
      if (pattern === null) return webAddress(work.url ?? "", this.#server);
      if (pattern === "") return "";
      const fill = (_found, name) => encodeURIComponent(work[name] ?? "");
      return webAddress(pattern.replace(/\{(\w+)\}/g, fill), document.baseURI);
    }

    #card(work) {
      const item = make("li", "item");
      const title = work.title || work.name || this.#words.untitled;
      const page = work.url === null && !this.hasAttribute("href") ? "" : this.#pageOf(work);
      const holder = page ? make("a", "link") : item;
      if (page) {
        holder.href = page;
        item.append(holder);
      }
      const picture = webAddress(work.thumbnails?.medium ?? "", this.#server);
      if (work.thumbnails?.medium && picture) {
        const frame = make("span", "picture");
        const image = make("img", "image");
        // The title follows in the same link.
        image.alt = "";
        image.loading = "lazy";
        image.decoding = "async";
        // The picture may be missing, or not be made yet.
        image.addEventListener("error", () => frame.remove());
        image.src = picture;
        frame.append(image);
        holder.append(frame);
      }
      holder.append(make("span", "title", title));
      const line = [work.artist, work.year].filter(Boolean).join(this.#words.between);
      if (line) item.append(make("span", "byline", line));
      return item;
    }
  }

  customElements.define("stylesim-similar", StylesimSimilar);
})();
