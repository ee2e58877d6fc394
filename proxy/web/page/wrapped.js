// A record as an event has it: alone, or with the name of its stream around it.

import { peek } from "./reading.js";

// wrapping is what stands before a record that comes with the name of its stream; behind it
// is one more brace.
const wrapping = /^\{"stream":("(?:[^"\\]|\\.)*"),"record":/s;

// peekEvent returns the text of a record, its stream, level and time. many tells that it comes
// with the name of its stream. What cannot be read is shown as it is.
export function peekEvent(data, many) {
  let stream = "", head = { level: 0, time: NaN };
  try {
    const before = many ? wrapping.exec(data) : null;
    if (before) {
      stream = JSON.parse(before[1]);
      data = data.slice(before[0].length, -1);
    }
    head = peek(JSON.parse(data));
  } catch { /* shown as it is */ }
  return { text: data, stream, level: head.level, time: head.time };
}
