// Which streams a tail shows, as a text: a name, a pattern (tenant/*), or several of them
// ("system+tenant/*"). In a name, * ? + and \ have a backslash before them.

// split returns the names and patterns of a text; each that stands twice counts once.
export function split(text) {
  const parts = [""];
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "+") parts.push("");
    else if (text[at] !== "\\" || at + 1 === text.length) parts[parts.length - 1] += text[at];
    else if (text[++at] === "+") parts[parts.length - 1] += "+";
    else parts[parts.length - 1] += "\\" + text[at];
  }
  return [...new Set(parts.filter((p) => p !== ""))];
}

// join makes one text of several.
export const join = (parts) => parts.map((p) => p.replaceAll("+", "\\+")).join("+");

// quote writes a name as split's part that means it alone.
export const quote = (name) => name.replace(/[\\*?]/g, "\\$&");

// literal is the name that a part means alone, or null of a pattern.
export function literal(part) {
  const bare = part.replace(/\\./gsu, "");
  return /[*?\\]/.test(bare) ? null : part.replace(/\\(.)/gsu, "$1");
}

// Pattern tells whether a name is one of a pattern: * stands for any characters but /, **
// for any, ? for one but /. It takes time for each character of the name times those of
// the pattern at most.
export class Pattern {
  #signs;

  constructor(part) {
    this.#signs = Array.from(part.matchAll(/\*\*|\\.|./gsu), ([s]) => s.length > 1 && s[0] === "\\" ? { char: s.slice(1) }
      : s === "*" || s === "**" ? { many: true, slash: s === "**" } : s === "?" ? { one: true } : { char: s });
  }

  match(name) {
    let here = this.#add(new Set(), 0);
    for (const c of name) {
      const next = new Set();
      for (const at of here) {
        const s = this.#signs[at];
        if (s?.many && (s.slash || c !== "/")) this.#add(next, at);
        else if (s?.one ? c !== "/" : s?.char === c) this.#add(next, at + 1);
      }
      if (next.size === 0) return false;
      here = next;
    }
    return here.has(this.#signs.length);
  }

  // add adds a place, and those behind it that match nothing.
  #add(places, at) {
    for (; !places.has(at); at++) {
      places.add(at);
      if (!this.#signs[at]?.many) break;
    }
    return places;
  }
}

// sourceOf is where a tail reads: the path and the query below the proxy, the name of its
// stream, and whether it has many, so that each record comes with the name of its own.
export function sourceOf(text, last) {
  const parts = split(text);
  const name = parts.length === 1 ? literal(parts[0]) : null;
  const query = new URLSearchParams();
  if (name === null || name.split("/").some((p) => p === "" || p === "." || p === "..")) { // which an address would swallow
    for (const p of parts) query.append("stream", p);
    query.append("last", last);
    return { address: "api/logs?" + query, name: name ?? "", many: true };
  }
  return { address: "api/logs/" + name.split("/").map(encodeURIComponent).join("/") + "?last=" + last, name, many: false };
}
