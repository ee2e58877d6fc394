package engine

import "context"

// KeepFree sets how many bytes of the disk are left free.
func (e *Engine) KeepFree(bytes int64) { e.server.disk.reserve.Store(bytes); e.server.disk.look() }

// Broken reports that the server in this process could not write a file.
func (e *Engine) Broken() bool { return e.server.says.broken.Load() }

// Beside is how many batches were answered without the server reading a block.
func (e *Engine) Beside() uint64 { return e.beside.found.Load() }

// Reads reports whether a batch is found without the server.
func (e *Engine) Reads(sequence uint64) bool { _, ok := e.beside.blocks.Get(sequence); return ok }

// NewestIn is Newest, in answers of so many bytes.
func (c *Client) NewestIn(ctx context.Context, filter string, upTo uint64, bytes int) ([]Message, error) {
	return c.newest(ctx, filter, upTo, bytes)
}

// BatchGet is where an archive is asked for a batch.
const BatchGet = batchGet
