package blocks

import "context"

// IndexNow indexes all complete blocks.
func (r *Reader) IndexNow() { r.list(context.Background()) }

// ReadAheadBy is ReadAhead by so many bytes, and returns how many were asked for.
func ReadAheadBy(ctx context.Context, dir string, most int64) int64 { return readAhead(ctx, dir, most) }
