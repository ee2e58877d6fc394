// Server-sent events, out of the text of a response as it comes.

// maxEvent bounds what is kept of an event that has not ended, in UTF-16 units: the
// largest record is 256 KiB, and what the proxy adds is small.
export const maxEvent = 4 << 20;

// Events cuts text into events. Each is handed on as (name, id, data); name is "" for
// a record, id is null when the event has none.
export class Events {
  #rest = "";

  // push hands on every event that is whole with this text. It throws a RangeError when
  // an event has no end within maxEvent.
  push(text, each) {
    let look = Math.max(this.#rest.length - 1, 0); // before it there is no end
    text = this.#rest + text;
    let from = 0;
    for (;;) {
      const end = text.indexOf("\n\n", look);
      if (end < 0) break;
      parse(text, from, end, each);
      from = look = end + 2;
    }
    this.#rest = from === 0 ? text : text.slice(from);
    if (this.#rest.length > maxEvent) throw new RangeError("an event without an end");
  }

  // skip is push for who is too far behind: records are counted, and not handed on.
  // It returns their number and the id of the last event.
  skip(text, each) {
    let records = 0;
    let last = null;
    this.push(text, (name, id, data) => {
      if (id !== null) last = id;
      if (name === "") records++;
      else each(name, id, data);
    });
    return { records, last };
  }
}

function parse(text, from, end, each) {
  let name = "", id = null, data = null;
  while (from <= end) {
    let stop = text.indexOf("\n", from);
    if (stop < 0 || stop > end) stop = end;
    if (text.startsWith("data:", from)) {
      const line = text.slice(text[from + 5] === " " && from + 5 < stop ? from + 6 : from + 5, stop);
      data = data === null ? line : data + "\n" + line;
    } else if (text.startsWith("id:", from)) {
      id = text.slice(from + 3, stop).trimStart();
    } else if (text.startsWith("event:", from)) {
      name = text.slice(from + 6, stop).trimStart();
    }
    from = stop + 1;
  }
  if (name !== "" || data !== null) each(name, id, data ?? "");
}
