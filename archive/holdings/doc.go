// Package holdings says what an archive holds, by stream and consolidator.
//
// # Contract
//
// [List] asks for two batches of each stream at a consolidator, the last and the first that
// is held, and none of those between: each batch says what came before it on its subject.
// So numbers are exact, but for what is appended or expires meanwhile. A batch that is
// damaged, or no batch at all, is an error of its lane alone.
//
// It works for as long as its context allows, takes about 500 bytes a lane, and has 32
// questions in flight at most.
package holdings
