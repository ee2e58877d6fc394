// Foreign text, made fit to be shown: what could act on the order of the text around
// it, or cannot be seen and can carry text, is made visible.

const harmful = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\u{e0000}-\u{e007f}]|[\ud800-\udfff]/gu;

// safe returns text for one row: control characters become their symbols (␛, ␊, ␡),
// C1, bidirectional and other controls their number (\u202e), half a surrogate pair
// U+FFFD.
export function safe(text) {
  return text.replace(harmful, (c) => {
    const n = c.codePointAt(0);
    if (n < 0x20) return String.fromCodePoint(0x2400 + n);
    if (n === 0x7f) return "\u2421";
    if (n >= 0xd800 && n <= 0xdfff) return "\ufffd";
    return n > 0xffff ? "\\u{" + n.toString(16) + "}" : "\\u" + n.toString(16).padStart(4, "0");
  });
}

// lines returns text of several lines, each of them safe; tabs are blanks.
export function lines(text) {
  return text.replaceAll("\t", "    ").split("\n").map((line) => safe(line.replace(/\r$/, "")));
}

// shorten cuts a text, and shows that it is cut.
export function shorten(text, max) {
  if (text.length <= max) return text;
  const half = text.charCodeAt(max - 1);
  return text.slice(0, half >= 0xd800 && half < 0xdc00 ? max - 1 : max) + "…";
}
