// How numbers, times and losses are put in words: as the terminal client does.

export const levels = [[10, "trace"], [20, "debug"], [30, "info"], [40, "warn"], [50, "error"], [60, "fatal"]];

// unknownLevel stands for a level that is not understood.
export const unknownLevel = -1;

// levelName is a level in five letters at most, in capitals.
export function levelName(level) {
  if (level === unknownLevel) return "?";
  for (const [n, name] of levels) if (n === level) return name.toUpperCase();
  return level === 0 ? "" : "L" + level;
}

// levelClass is the level that a record is shown as: the one at or below its own.
export function levelClass(level) {
  if (level === unknownLevel) return "unknown";
  let found = level === 0 ? "none" : "trace";
  for (const [n, name] of levels) if (level >= n) found = name;
  return found;
}

export const count = (n) => Math.round(n).toLocaleString("en-US");
export const plural = (n, noun) => count(n) + " " + noun + (n === 1 ? "" : "s");

// rate is a number of records a second: "0.4/s", "12/s", "5.1 k/s".
export function rate(n) {
  if (n >= 10000) return (n / 1000).toFixed(0) + " k/s";
  if (n >= 1000) return (n / 1000).toFixed(1) + " k/s";
  return (n === 0 || n >= 10 ? n.toFixed(0) : n.toFixed(1).replace(/\.0$/, "")) + "/s";
}

// bytes is a size: "512 B", "3.4 MB".
export function bytes(n) {
  if (n < 1000) return n + " B";
  if (n < 1e6) return (n / 1000).toFixed(0) + " kB";
  return (n / 1e6).toFixed(n < 1e7 ? 1 : 0) + " MB";
}

// span is a duration for people, of seconds: "1.3 s", "42 s", "3 min 5 s".
export function span(s) {
  if (s < 10) return String(Math.round(Math.max(s, 0) * 10) / 10) + " s";
  s = Math.round(s);
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + (s % 60) + " s";
  return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
}

// lost is a dropped event in words: "1,284 records lost at vm-1 (consolidator): reader
// too slow".
export function lost(d) {
  let text = plural(d.count, "record") + " lost";
  if (d.unknown) text = d.count > 0 ? count(d.count) + " records lost, and an unknown number more" : "an unknown number of records lost";
  let where = d.hop;
  if (d.consolidator) where = where ? d.consolidator + " (" + where + ")" : d.consolidator;
  if (where) text += " at " + where;
  return d.reason ? text + ": " + d.reason : text;
}

// away says for how long a consolidator took nothing.
export function away(s) {
  return s.consolidator + " " + (s.stood ? "stood still for" : "was away") + " " + span(s.away) +
    "; what its publishers dropped meanwhile is unknown";
}

// dropped is a sum of losses where there is little room: "0 dropped", "dropped: 12 +
// unknown".
export function dropped(n, unknown) {
  if (!unknown) return count(n) + " dropped";
  return "dropped: " + (n > 0 ? count(n) + " + unknown" : "unknown");
}

// some lists the first three of a list.
export const some = (list) => list.slice(0, 3).join(", ") + (list.length > 3 ? ", …" : "");
