// A worker that tests rows: an expression that never ends holds up this worker, and
// nothing else.

import { Test } from "./query.js";
import { kinds } from "./store.js";

let test = null;

self.onmessage = ({ data }) => {
  if (data.query) {
    test = new Test(data.query);
    self.postMessage("ready");
    return;
  }
  self.postMessage(data.texts.map((text, i) => data.kinds[i] === kinds.record ? of(text, data.levels[i], data.streams?.[i]) : 1));
};

// of tests one record; one that cannot be read is shown rather than hidden.
function of(text, level, stream) {
  try {
    return test.of(text, level, stream);
  } catch {
    return 1;
  }
}
