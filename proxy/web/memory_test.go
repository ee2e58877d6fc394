package web_test

import "testing"

// A tail that is paused for an hour, at any rate, keeps what it may and counts the rest:
// the bound is shortened, and what comes is many times that.
func TestMemoryIsBounded(t *testing.T) {
	var got struct {
		Grown, Rows, Text, Length, Kept, Fresh, Unseen, Busy, StuckGrown int
		Pending, Notices, PendingText                                    int
		Counted                                                          []string
	}
	inNode(t, `
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { kinds, Store } from "./store.js";
import { View } from "./view.js";
import { maxPending, Pending } from "./pending.js";
setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");
const heap = () => { gc(); return process.memoryUsage().heapUsed; };

// Workers that take pieces and never answer.
globalThis.Worker = class {
  terminate() {}
  postMessage(data) { if (data.query) queueMicrotask(() => this.onmessage({ data: "ready" })); }
};

async function feed(view, store, rounds) {
  for (let i = 0; i < rounds; i++) {
    const texts = Array.from({ length: 100 }, (_, n) => '{"msg":"' + i + " " + n + "x".repeat(100) + '"}');
    store.add({ texts, kinds: texts.map(() => kinds.record), levels: texts.map(() => 50), times: texts.map(() => 0), streams: null });
    view.scan();
    if (store.full) {
      view.makeRoom(store.horizon, 0, 20);
      store.evict();
    }
    if (i === 0) view.leave();
    if (i % 100 === 0) await null;
  }
}

const store = new Store(2000, 1 << 20), view = new View(store, { onChange() {}, onStuck() {} });
await feed(view, store, 300);
const before = heap();
await feed(view, store, 3000);
const out = { Grown: heap() - before, Rows: store.rows, Text: store.text, Length: view.length, Kept: store.evicted, Fresh: view.fresh.error };

const slow = new Store(2000, 1 << 20), stuck = new View(slow, { onChange() {}, onStuck() {} });
stuck.ask({ filter: "/x/" });
await feed(stuck, slow, 300);
const begun = heap();
await feed(stuck, slow, 3000);
Object.assign(out, { StuckGrown: heap() - begun, Unseen: stuck.unseen, Busy: stuck.busy });
stuck.close(); // or its watchdog keeps this process

const pending = new Pending();
let most = 0;
for (let i = 0; i < 50_000; i++) {
  pending.add(kinds.gap, 0, 0, "lost " + i);
  if (i % 2) pending.add(kinds.record, 50, 0, "x".repeat(1000));
  most = Math.max(most, pending.length);
}
const batch = pending.take();
out.Pending = most;
out.Notices = batch.kinds.filter((k) => k === kinds.gap).length;
out.PendingText = batch.texts.reduce((n, t) => n + t.length, 0);
out.Counted = batch.texts.filter((t, i) => batch.kinds[i] === kinds.skip);
console.log(JSON.stringify(out));`, nil, &got)
	const all = 330_000
	if got.Grown > 1<<20 || got.Rows > 2000 || got.Text > 1<<20 || got.Length > got.Rows+25 || got.Kept+got.Rows != all || got.Fresh != all-100 {
		t.Errorf("a paused tail holds %+v", got)
	}
	if got.StuckGrown > 2<<20 || got.Unseen == 0 || got.Busy > 2000 {
		t.Errorf("a filter that does not keep up holds %+v", got)
	}
	if got.Pending > 4097 || got.Notices > 4096 || got.PendingText > 8<<20 || len(got.Counted) == 0 {
		t.Errorf("what the page does not take holds %+v", got)
	}
}
