// The view as a link: what stands behind the # of the address. Panes are joined by &,
// and each is its stream, or several as names.js joins them, then what is set of it:
// system;level=warn;filter=-health.

import { levels } from "./words.js";

const keys = ["level", "filter", "search"];
const isLevel = (name) => levels.some((l) => l[1] === name);
const encode = (text) => encodeURIComponent(text.toWellFormed());

// write returns the fragment of a view, without the #.
export function write(panes) {
  return panes.map((p) => [encode(p.stream), ...keys.filter((k) => p[k]).map((k) => k + "=" + encode(p[k]))].join(";")).join("&");
}

// read returns the panes of a fragment, at most max. What cannot be read is left out.
export function read(fragment, max) {
  const panes = [];
  for (const part of fragment.replace(/^#/, "").split("&")) {
    const [stream, ...settings] = part.split(";");
    try {
      const pane = { stream: decodeURIComponent(stream) };
      if (!pane.stream) continue;
      for (const s of settings) {
        const at = s.indexOf("=");
        if (keys.includes(s.slice(0, at))) pane[s.slice(0, at)] = decodeURIComponent(s.slice(at + 1));
      }
      if (!isLevel(pane.level)) delete pane.level;
      panes.push(pane);
    } catch { /* bad percent-encoding */ }
  }
  return panes.slice(0, max);
}
