// Times as people write them.

const units = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };

// parse returns the time that a text means, in milliseconds since 1970: so long ago ("15m",
// "2h ago", "1d"), a time of day, the last one that has been ("14:30", "14:30:05"), or a day with
// or without one ("2026-03-01 14:30", "2026-03-01T12:00:00Z"). NaN when it means none.
export function parse(text, now) {
  text = text.trim();
  const ago = /^(\d+(?:\.\d+)?)\s*([smhdw])(?:\s+ago)?$/i.exec(text);
  if (ago) return now - Number(ago[1]) * units[ago[2].toLowerCase()] * 1000;
  const day = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text);
  if (day) {
    const [h, m, s] = [day[1], day[2], day[3] ?? 0].map(Number);
    if (h > 23 || m > 59 || s > 59) return NaN;
    const t = new Date(now);
    t.setHours(h, m, s, 0);
    if (t > now) t.setDate(t.getDate() - 1);
    return t.getTime();
  }
  if (!/^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/.test(text)) return NaN;
  // A day alone is the one of this machine, as a time without a zone is.
  return Date.parse(text.length === 10 ? text + "T00:00" : text.replace(" ", "T"));
}
