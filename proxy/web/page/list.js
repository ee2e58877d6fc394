// The rows on the screen: a list of which only those in sight are elements. It is drawn
// once a frame, when something has changed.

import { clock } from "./clock.js";
import { kinds } from "./store.js";
import { places } from "./query.js";
import { onScreen, rowText } from "./rowtext.js";
import { rowTime } from "./rowtime.js";
import { safe, shorten } from "./safe.js";
import { levelClass, levelName } from "./words.js";

const names = 5; // hues
const followEvery = 30; // milliseconds between two paints
const patience = 25; // milliseconds for the rows of one paint; what is left comes with the next
const widest = { time: 23, stream: 24, host: 14, label: 14 }; // columns, in characters

export function element(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

// hue is the colour of a machine: the same name always has the same.
export function hue(name) {
  let h = 0;
  for (const byte of utf8.encode(name)) h = (Math.imul(h, 31) + byte) >>> 0;
  return "n" + (h % names);
}

const utf8 = new TextEncoder();

// marked appends text, with what is found in it marked. ranges are places in the whole.
function marked(parent, className, text, at, ranges) {
  let from = 0;
  for (const [begin, end] of ranges) {
    const b = Math.max(begin - at, from), e = Math.min(end - at, text.length);
    if (b >= e) continue;
    if (b > from) parent.append(element("bdi", className, text.slice(from, b)));
    const hit = element("mark", "", text.slice(b, e));
    parent.append(hit);
    from = e;
  }
  if (from < text.length) parent.append(element("bdi", className, text.slice(from)));
}

export class List {
  #rows = new Map(); // elements by number
  #dirty = false;
  #top = 0; // first place in sight
  #seen = 0; // and how many are
  #setTo = -1; // where we have scrolled to ourselves
  #stamp = 0; // grows with whatever changes all rows
  #painted = 0; // when
  #columns = { time: 12, stream: 0, host: 0, label: 0 };
  #today = new Date(clock.now);
  #anchor = null; // what stays in sight while rows before it are still looked for: { number, offset }

  // many tells that each row says of which stream it is.
  constructor(element_, view, { many, onOpen, onMove, onTop }) {
    this.root = element_;
    this.view = view;
    this.many = many;
    this.cursor = null; // number of the row under it
    this.paused = false;
    this.onMove = onMove;
    this.onTop = onTop; // somebody goes to the oldest row, or above it
    this.space = element("div", "space");
    this.root.append(this.space);
    this.root.addEventListener("scroll", () => this.#scrolled());
    this.root.addEventListener("wheel", (e) => { if (e.deltaY < 0) this.#up(); }, { passive: true });
    this.space.addEventListener("click", (e) => {
      const row = e.target.closest(".row");
      if (!row || !getSelection().isCollapsed) return;
      this.cursor = Number(row.dataset.number);
      this.leave();
      onOpen(this.cursor);
      this.draw();
    });
    new ResizeObserver(() => this.#resized()).observe(this.root);
  }

  get height() { return this.rowHeight ??= this.#rowHeight(); }

  #rowHeight() { return parseFloat(getComputedStyle(this.root).getPropertyValue("--row")) || 20; }

  // resized draws what there is room for now; a narrow page has higher rows.
  #resized() {
    if (this.#rowHeight() === this.height) this.draw();
    else this.hold(() => this.restyle());
  }

  get fits() { return Math.max(Math.floor(this.root.clientHeight / this.height), 1); }
  get top() { return this.#top; }
  get bottom() { return this.#top + this.#seen; }

  // draw draws the rows with the next frame; while one follows, with every other frame,
  // since each brings new rows.
  draw() {
    if (this.#dirty) return;
    this.#dirty = true;
    const paint = (now) => {
      if (this.view.following && now - this.#painted < followEvery) {
        requestAnimationFrame(paint);
        return;
      }
      this.#painted = now;
      this.#dirty = false;
      this.#paint();
    };
    requestAnimationFrame(paint);
  }

  // restyle draws all rows anew.
  restyle() {
    this.#stamp++;
    this.rowHeight = undefined;
    this.draw();
  }

  // hold calls change, which changes what rows there are, and leaves what is in sight where
  // it is, also while the view is still busy.
  hold(change) {
    if (this.view.following || this.view.length === 0 && !this.#anchor) {
      change();
      return;
    }
    this.#anchor ??= this.#inSight();
    change();
    this.#keepInSight();
    this.draw();
  }

  #inSight() {
    const top = Math.min(Math.floor(this.root.scrollTop / this.height), this.view.length - 1);
    return { number: this.view.at(top).number, offset: this.root.scrollTop - top * this.height };
  }

  #keepInSight() {
    if (!this.#anchor) return;
    this.#size();
    this.#scrollTo(this.view.place(this.#anchor.number) * this.height + this.#anchor.offset);
    if (this.view.busy === 0) this.#anchor = null;
  }

  #size() {
    this.space.style.height = this.view.length * this.height + "px";
  }

  #scrollTo(y) {
    const most = Math.max(this.root.scrollHeight - this.root.clientHeight, 0);
    this.#setTo = Math.min(Math.max(Math.round(y), 0), most);
    if (Math.abs(this.root.scrollTop - this.#setTo) > 0.5) this.root.scrollTop = this.#setTo;
  }

  #scrolled() {
    const most = this.root.scrollHeight - this.root.clientHeight;
    if (Math.abs(this.root.scrollTop - this.#setTo) > 1) {
      this.#setTo = -1;
      this.#anchor = null;
      if (this.root.scrollTop < this.height && most > 0) this.onTop();
      if (this.root.scrollTop < most - 2) this.leave();
      else if (!this.paused) this.follow();
    }
    this.draw();
  }

  #up() {
    if (this.root.scrollTop > 0) this.leave();
    else this.onTop();
  }

  leave() {
    if (!this.view.following) return;
    this.view.leave();
    this.onMove();
    this.draw();
  }

  follow() {
    this.paused = false;
    this.#anchor = null;
    if (this.view.following) return;
    this.view.follow();
    this.cursor = null;
    this.onMove();
    this.draw();
  }

  // go moves the cursor to a place, and the screen so that it is in sight.
  go(place, middle) {
    if (this.view.length === 0) return;
    this.leave();
    this.#anchor = null;
    if (place <= 0) this.onTop();
    place = Math.max(0, Math.min(place, this.view.length - 1));
    this.cursor = this.view.at(place).number;
    this.#size();
    const y = place * this.height, page = this.root.clientHeight;
    if (middle && (y < this.root.scrollTop || y + this.height > this.root.scrollTop + page)) this.#scrollTo(y - page / 2);
    else if (y < this.root.scrollTop) this.#scrollTo(y);
    else if (y + this.height > this.root.scrollTop + page) this.#scrollTo(y + this.height - page);
    this.draw();
  }

  // show brings a row to the middle of the screen, also while it is still looked for.
  show(number) {
    this.leave();
    this.cursor = number;
    this.#anchor = { number, offset: -this.root.clientHeight / 2 };
    this.draw();
  }

  // step moves the cursor by places, from the end when it is nowhere.
  step(by) {
    const at = this.place;
    if (by > 0 && at + by >= this.view.length - 1 && !this.paused) {
      this.follow();
      return;
    }
    this.go(at + by);
  }

  // place is where the cursor is: at the end while one follows.
  get place() {
    return this.cursor === null ? Math.max(Math.min(this.#top + this.#seen, this.view.length) - 1, 0) : this.view.place(this.cursor);
  }

  #paint() {
    this.#keepInSight();
    const today = new Date(clock.now);
    if (today.toDateString() !== this.#today.toDateString()) { // what was of today is of yesterday
      this.#today = today;
      this.#stamp++;
    }
    const released = this.view.following ? 0 : this.view.release(Math.floor(this.root.scrollTop / this.height));
    this.#size();
    if (released > 0) this.#scrollTo(this.root.scrollTop - released * this.height);
    if (this.view.following) this.#scrollTo(Infinity);
    const length = this.view.length;
    this.#top = Math.max(Math.min(Math.floor(this.root.scrollTop / this.height), length - 1), 0);
    this.#seen = Math.min(Math.ceil(this.root.clientHeight / this.height) + 1, length - this.#top);
    const left = new Map(this.#rows);
    const made = document.createDocumentFragment();
    const began = performance.now();
    for (let place = this.#top; place < this.#top + this.#seen; place++) {
      const row = this.view.at(place);
      let e = left.get(row.number);
      if (!e || e.stamp !== this.#stamp) {
        if (made.childElementCount > 0 && performance.now() - began > patience) {
          this.draw();
          continue;
        }
        e?.element.remove();
        e = { element: this.#make(row), stamp: this.#stamp };
        this.#rows.set(row.number, e);
        made.append(e.element);
      }
      left.delete(row.number);
      const chosen = row.number === this.cursor;
      const y = place * this.height;
      if (e.y !== y) e.element.style.transform = "translateY(" + (e.y = y) + "px)";
      if (e.chosen !== chosen) {
        e.element.classList.toggle("chosen", e.chosen = chosen);
        e.element.setAttribute("aria-selected", String(chosen));
      }
      if (chosen) this.root.setAttribute("aria-activedescendant", e.element.id);
      if (e.place !== place) e.element.setAttribute("aria-posinset", String((e.place = place) + 1));
    }
    this.space.append(made);
    if (this.cursor === null) this.root.removeAttribute("aria-activedescendant");
    for (const [number, e] of left) {
      e.element.remove();
      this.#rows.delete(number);
    }
  }

  #make(row) {
    const e = element("div", "row");
    e.id = this.root.id + "-" + row.number;
    e.dataset.number = row.number;
    e.setAttribute("role", "option");
    e.setAttribute("aria-setsize", "-1");
    if (row.kind !== kinds.record) {
      e.classList.add("notice", Object.keys(kinds)[row.kind]);
      e.append(element("span", "sign", row.kind === kinds.state ? "●" : "▲"));
      if (row.stream) e.append(element("bdi", "of", safe(row.stream)));
      e.append(element("bdi", "what", safe(row.text)));
      return e;
    }
    try {
      this.#fill(e, row);
    } catch { // whatever a record is, the others are shown
      e.replaceChildren(element("bdi", "body", safe(shorten(row.text, onScreen))));
    }
    return e;
  }

  // fill fills the element of a record.
  #fill(e, row) {
    const text = rowText(row.text, onScreen);
    const name = levelName(row.level);
    e.classList.add("l-" + levelClass(row.level));
    const host = element("bdi", "host " + hue(text.host), text.host);
    const level = element("span", "level", name);
    const body = element("span", "body");
    this.#widen("host", text.host);
    this.#widen("label", text.short);
    const wanted = this.view.test.wanted;
    const ranges = wanted ? places(wanted, text.body) : []; // the worker has gone over the same, so it ends
    let at = 0;
    for (const [kind, part] of text.parts) {
      marked(body, kind, part, at, ranges);
      at += part.length;
    }
    const time = rowTime(row.time, this.#today);
    this.#widen("time", time);
    e.append(element("span", "time", time), level);
    if (this.many) {
      const stream = safe(row.stream);
      this.#widen("stream", stream);
      e.append(element("bdi", "stream " + hue(stream), stream));
    }
    e.append(host, element("bdi", "label", text.short), body);
  }

  // widen makes a column as wide as its widest text so far, within bounds.
  #widen(name, text) {
    const width = Math.min(text.length, widest[name]);
    if (width > this.#columns[name]) this.root.style.setProperty("--" + name, String(this.#columns[name] = width));
  }
}
