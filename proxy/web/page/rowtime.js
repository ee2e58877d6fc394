// The time of a row.

const two = (n) => String(n).padStart(2, "0");

const day = (t) => two(t.getMonth() + 1) + "-" + two(t.getDate());

// rowTime is the time of a row, with its date when that is not today's, and its year when
// that is another one.
export function rowTime(time, today) {
  if (Number.isNaN(time)) return "";
  const t = new Date(time), sameYear = t.getFullYear() === today.getFullYear();
  const date = !sameYear ? t.getFullYear() + "-" + day(t) + " " : day(t) !== day(today) ? day(t) + " " : "";
  return date + two(t.getHours()) + ":" + two(t.getMinutes()) + ":" + two(t.getSeconds()) + "." + String(t.getMilliseconds()).padStart(3, "0");
}
