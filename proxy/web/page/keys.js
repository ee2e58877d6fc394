// Every key of the page. The help is made of them, so the two always agree.

export const groups = [
  ["Watch", [
    ["pause", ["Space"], "space", "pause and resume"],
    ["search", ["/"], "/", "search; /an expression/"],
    ["next", ["n"], "n", "next match"],
    ["previous", ["N"], "N", "match before"],
    ["filter", ["f", "&"], "f &", "filter"],
    ["level", ["l"], "l", "raise the level shown"],
    ["levelDown", ["L"], "L", "lower the level shown"],
    ["clear", ["0"], "0", "show all: clear filters"],
  ]],
  ["Move", [
    ["up", ["k", "ArrowUp"], "k ↑", "up; stops following"],
    ["down", ["j", "ArrowDown"], "j ↓", "down; the end follows again"],
    ["pageUp", ["b", "PageUp", "^b"], "b pgup", "page up"],
    ["pageDown", ["PageDown", "^f"], "^f pgdn", "page down"],
    ["halfUp", ["^u"], "^u", "half a page up"],
    ["halfDown", ["^d"], "^d", "half a page down"],
    ["top", ["g", "Home"], "g home", "oldest record; there, older ones are loaded"],
    ["bottom", ["G", "End"], "G end", "newest record, follow"],
    ["jump", ["T"], "T", "to a time: 14:30, 2h, 2026-03-01 08:00"],
    ["nextError", ["e"], "e", "next error"],
    ["previousError", ["E"], "E", "error before"],
  ]],
  ["Tails", [
    ["open", ["o"], "o", "open a stream"],
    ["beside", ["+"], "+", "open one beside"],
    ["nextPane", ["w", "F6"], "w F6", "next tail"],
    ["pane", ["1", "2", "3", "4"], "1–4", "go to a tail"],
    ["close", ["c"], "c", "close the tail"],
  ]],
  ["Record", [
    ["detail", ["Enter"], "enter", "the whole record"],
    ["right", ["ArrowRight"], "→", "in a record: the next one"],
    ["left", ["ArrowLeft"], "←", "in a record: the one before"],
    ["recordScroll", [], "j k", "in a record: scroll, as all of Move"],
    ["copy", ["y"], "y", "copy the record"],
    ["copyMessage", ["Y"], "Y", "copy the message"],
    ["save", ["s"], "s", "download what is shown"],
  ]],
  ["Sluice", [
    ["theme", ["t"], "t", "dark, light, as the system"],
    ["help", ["?"], "?", "this help"],
    ["cancel", ["Escape"], "esc", "leave; clear the search"],
  ]],
];

const byKey = new Map(groups.flatMap(([, list]) => list.flatMap(([name, keys]) => keys.map((k) => [k, name]))));

// nameOf returns what a key event asks for; undefined when it is the browser's.
export function nameOf(e) {
  if (e.altKey || e.metaKey || e.isComposing) return undefined;
  const key = e.key === " " ? "Space" : e.key;
  if (e.ctrlKey) return byKey.get("^" + key);
  return byKey.get(key);
}
