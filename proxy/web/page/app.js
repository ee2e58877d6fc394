// The page: its panes, dialogs and keys, and the link to what is shown.

import { copy } from "./clipboard.js";
import { clock } from "./clock.js";
import { show } from "./detail.js";
import { element } from "./list.js";
import { groups, nameOf } from "./keys.js";
import * as link from "./link.js";
import { keep, Login, token } from "./login.js";
import { sourceOf } from "./names.js";
import { parse as parseTime } from "./moment.js";
import { Pane } from "./pane.js";
import { Picker } from "./picker.js";
import { message } from "./rowtext.js";
import { safe } from "./safe.js";
import { kinds } from "./store.js";

const maxPanes = 4;
const backfill = 1000;
const talkEvery = 5000; // milliseconds
const themes = ["", "dark", "light"];
const byID = (id) => document.getElementById(id);

class App {
  panes = [];
  active = null;
  #record = null; // what is open: { pane, number, row }
  #instead = null; // pane in whose place a stream is opened
  #writing = false;

  constructor() {
    const base = new URL(".", location.href);
    this.base = base;
    this.login_ = new Login(byID("login"), (value) => {
      for (const p of this.panes) p.tail.login(value);
      if (this.picker.dialog.open) this.picker.ask();
      this.account();
    });
    this.picker = new Picker(byID("picker"), {
      url: new URL("api/streams", base).href, token,
      onPick: (stream, beside) => this.open(stream, beside),
      onRefused: (status) => { if (status === 401) this.login("the proxy wants a token"); },
    });
    this.#help();
    byID("open").addEventListener("click", () => this.pick(null));
    byID("beside").addEventListener("click", () => this.pickBeside());
    byID("theme").addEventListener("click", () => this.#theme());
    byID("ask").addEventListener("click", () => byID("help").showModal());
    byID("log-in").addEventListener("click", () => this.login("the proxy wants a token"));
    byID("logout").addEventListener("click", () => {
      keep("");
      this.account();
      location.reload();
    });
    byID("record-close").addEventListener("click", () => this.#closeRecord());
    for (const d of document.querySelectorAll("dialog")) {
      d.addEventListener("click", (e) => { if (e.target === d && isOutside(d, e)) d.close(); });
      d.addEventListener("keydown", (e) => e.stopPropagation());
    }
    addEventListener("keydown", (e) => this.#key(e));
    addEventListener("hashchange", () => { if (location.hash.slice(1) !== this.#written) this.#fromLink(); });
    setInterval(() => this.panes.forEach((p) => p.tick()), 1000);
    setInterval(() => this.#talk(), talkEvery);
    this.#theme(true);
    this.account();
    this.#fromLink();
  }

  #written = "";

  token() { return token(); }

  // source is where a pane reads, the name of its stream, and whether it has many, and its
  // records come with the names of theirs.
  source(stream) {
    const { address, name, many } = sourceOf(stream, backfill);
    return { url: new URL(address, this.base).href, name, many };
  }

  // open shows a stream: in the place of a pane, or beside the others.
  open(stream, beside, settings = {}) {
    const old = beside && this.panes.length < maxPanes ? null : this.#instead ?? this.active;
    const pane = new Pane(this, { stream, ...settings });
    if (this.#record?.pane === old) this.#closeRecord();
    if (old && this.panes.includes(old)) {
      this.panes[this.panes.indexOf(old)] = pane;
      old.root.replaceWith(pane.root);
      old.close();
    } else {
      this.panes.push(pane);
      byID("panes").append(pane.root);
    }
    this.#instead = null;
    this.activate(pane);
    this.#tabs();
    this.changed();
    pane.root.querySelector(".list").focus();
  }

  pick(pane) {
    this.#instead = pane;
    this.picker.open(false);
  }

  pickBeside() {
    if (this.panes.length < maxPanes) this.picker.open(true);
    else this.say("four tails are as many as there is room for: c closes one");
  }

  close(pane) {
    if (this.#record?.pane === pane) this.#closeRecord();
    this.panes = this.panes.filter((p) => p !== pane);
    pane.close();
    this.active = null;
    if (this.panes.length > 0) this.activate(this.panes.at(-1));
    else this.pick(null);
    this.#tabs();
    this.changed();
  }

  activate(pane) {
    if (this.active === pane) return;
    this.active = pane;
    for (const p of this.panes) p.root.classList.toggle("active", p === pane);
    this.#tabs();
  }

  #tabs() {
    byID("tabs").replaceChildren(...this.panes.map((p, i) => {
      const b = element("button", "tab", (i + 1) + " " + p.root.querySelector(".name").textContent);
      b.type = "button";
      b.setAttribute("aria-pressed", String(p === this.active));
      b.addEventListener("click", () => this.activate(p));
      return b;
    }));
    byID("panes").dataset.count = this.panes.length;
    document.title = this.panes.length > 0 ? this.panes.map((p) => safe(p.stream)).join(" · ") + " · Sluice" : "Sluice";
  }

  // changed writes the link of what is shown now, soon.
  changed() {
    if (this.#writing) return;
    this.#writing = true;
    setTimeout(() => {
      this.#writing = false;
      this.#written = link.write(this.panes.map((p) => ({ stream: p.stream, ...p.settings })));
      history.replaceState(null, "", "#" + this.#written);
    }, 250);
  }

  #fromLink() {
    const panes = link.read(location.hash, maxPanes);
    for (const p of this.panes) p.close();
    this.panes = [];
    this.active = null;
    this.#closeRecord();
    panes.forEach(({ stream, ...settings }) => this.open(stream, true, settings));
    if (panes.length > 0) this.#switch(this.panes[0]);
    else this.pick(null);
    this.#tabs();
  }

  login(why) { this.login_.ask(why); }

  // account offers to log in or out, whichever makes sense.
  account() {
    byID("logout").hidden = token() === "";
    byID("log-in").hidden = !this.panes.some((p) => p.refused);
  }

  // say tells something for a moment, in sight and to who listens.
  say(text) {
    const e = byID("said");
    e.textContent = text;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { e.textContent = ""; }, 4000);
  }

  // talk tells who listens what has come in the active pane.
  #talk() {
    if (!this.active || document.hidden || !this.active.view.following) return;
    const news = this.active.news();
    if (news) byID("news").replaceChildren(element("p", "", news));
  }

  // jump asks for a time, and goes there.
  #jump(pane) {
    const dialog = byID("jump"), field = byID("jump-time"), why = dialog.querySelector(".why");
    why.textContent = "";
    dialog.querySelector("form").onsubmit = (e) => {
      e.preventDefault();
      const time = parseTime(field.value, clock.now);
      if (Number.isNaN(time)) {
        why.textContent = "this is no time: write 14:30, 2h (ago), or 2026-03-01 08:00";
        return;
      }
      dialog.close();
      pane.root.querySelector(".list").focus();
      void pane.past.jump(time);
    };
    dialog.showModal();
    field.select();
  }

  openRecord(pane, number) {
    if (pane.past.opens(number)) return;
    const row = pane.view.length > 0 ? pane.view.at(Math.min(pane.view.place(number), pane.view.length - 1)) : null;
    if (!row) return;
    pane.list.leave();
    this.#record = { pane, row };
    byID("record-title").textContent = pane.root.querySelector(".name").textContent + " · one record";
    show(byID("record-text"), row, row.stream || pane.stream, (what, field, value) => this.#narrow(what, field, value));
    byID("record-text").scrollTop = 0;
    const wasHidden = byID("record").hidden;
    byID("record").hidden = false;
    if (wasHidden) byID("record-text").focus({ preventScroll: true });
    document.body.classList.add("with-record");
    pane.list.draw();
  }

  #closeRecord() {
    this.#record = null;
    byID("record").hidden = true;
    document.body.classList.remove("with-record");
    this.active?.root.querySelector(".list").focus();
  }

  #turn(by) {
    const { pane, row } = this.#record;
    const to = pane.view.place(row.number) + by;
    if (to < 0 || to >= pane.view.length) return;
    pane.list.go(to);
    this.openRecord(pane, pane.view.at(to).number);
  }

  // scrollRecord scrolls the text of the record; the neighbours are left and right.
  #scrollRecord(name) {
    const e = byID("record-text"), page = e.clientHeight;
    const by = { up: -40, down: 40, halfUp: -page / 2, halfDown: page / 2, pageUp: 20 - page, pageDown: page - 20, top: -Infinity, bottom: Infinity }[name];
    e.scrollTop = Math.max(0, Math.min(e.scrollTop + by, e.scrollHeight));
    return true;
  }

  #narrow(what, field, value) {
    const { pane } = this.#record;
    if (what === "copy") {
      this.#copy(value, field);
      return;
    }
    const plain = value !== "" && !/[\s"\\]/.test(value);
    const term = field + (what === "only" ? "=" : "!=") + (plain ? value : '"' + value.replace(/[\\"]/g, "\\$&") + '"');
    pane.set({ filter: (pane.settings.filter + " " + term).trim() });
    this.#closeRecord();
  }

  #copy(text, what) {
    copy(text).then(() => this.say("copied the " + what), (err) => this.say("not copied: " + err.message));
  }

  #help() {
    byID("keys").replaceChildren(...groups.map(([title, list]) => {
      const part = element("section");
      part.append(element("h3", "", title), ...list.map(([, , keys, text]) => {
        const line = element("div", "line");
        line.append(element("kbd", "", keys), element("span", "", text));
        return line;
      }));
      return part;
    }));
  }

  #theme(load) {
    let theme = "";
    try {
      theme = localStorage.getItem("sluice-theme") ?? "";
      if (!load) localStorage.setItem("sluice-theme", theme = themes[(themes.indexOf(theme) + 1) % themes.length]);
    } catch { /* the browser keeps nothing */ }
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    if (!load) this.say(theme ? theme : "dark or light, as the system is");
  }

  #key(e) {
    if (e.target.closest?.("input, textarea, select, dialog")) return;
    const name = nameOf(e);
    if (!name) return;
    if ((name === "detail" || name === "pause") && e.target.closest?.("button, a")) return;
    if (this.#act(name, e)) e.preventDefault();
  }

  // act does what a key asks for; false when it means nothing here.
  #act(name, e) {
    const p = this.active;
    switch (name) {
      case "help": byID("help").showModal(); return true;
      case "theme": this.#theme(); return true;
      case "open": this.pick(null); return true;
      case "beside": this.pickBeside(); return true;
    }
    if (!p) return false;
    const half = Math.max(Math.floor(p.list.fits / 2), 1), page = Math.max(p.list.fits - 1, 1);
    if (this.#record) {
      switch (name) {
        case "right": case "next": this.#turn(1); return true;
        case "left": case "previous": this.#turn(-1); return true;
        case "up": case "down": case "halfUp": case "halfDown": case "pageUp": case "pageDown": case "top": case "bottom":
          return this.#scrollRecord(name);
        case "detail": case "cancel": this.#closeRecord(); return true;
      }
    }
    switch (name) {
      case "pause": p.pause(); return true;
      case "search": p.focus("search"); return true;
      case "filter": p.focus("filter"); return true;
      case "next": p.find(true); return true;
      case "previous": p.find(false); return true;
      case "level": p.raise(1); return true;
      case "levelDown": p.raise(-1); return true;
      case "clear": p.set({ level: "", filter: "" }); return true;
      case "up": p.list.step(-1); return true;
      case "down": p.list.step(1); return true;
      case "halfUp": p.list.step(-half); return true;
      case "halfDown": p.list.step(half); return true;
      case "pageUp": p.list.step(-page); return true;
      case "pageDown": p.list.step(page); return true;
      case "top": p.list.go(0); return true;
      case "bottom": p.list.follow(); return true;
      case "nextError": p.seekError(1); return true;
      case "previousError": p.seekError(-1); return true;
      case "close": this.close(p); return true;
      case "save": p.save(); return true;
      case "jump": this.#jump(p); return true;
      case "cancel": p.set({ search: "" }); return true;
      case "detail": if (p.current) this.openRecord(p, p.current.number); return true;
      case "copy": case "copyMessage": {
        const row = this.#record?.row ?? p.current;
        if (row) this.#copy(name === "copy" || row.kind !== kinds.record ? row.text : message(row.text), name === "copy" ? "record" : "message");
        return true;
      }
      case "nextPane":
        if (this.panes.length < 2) return false;
        this.#switch(this.panes[(this.panes.indexOf(p) + 1) % this.panes.length]);
        return true;
      case "pane":
        if (this.panes[e.key - 1]) this.#switch(this.panes[e.key - 1]);
        return true;
    }
    return false;
  }

  #switch(pane) {
    this.activate(pane);
    pane.root.querySelector(".list").focus({ preventScroll: true });
  }
}

// isOutside tells whether somebody clicked beside a dialog, on what it covers.
function isOutside(dialog, { clientX, clientY }) {
  const r = dialog.getBoundingClientRect();
  return clientX < r.left || clientX > r.right || clientY < r.top || clientY > r.bottom;
}

new App();
