package blocks

import (
	"bytes"
	"context"
)

// IndexNow indexes all complete blocks.
func (r *Reader) IndexNow() { r.list(context.Background()) }

// ReadAheadBy is ReadAhead by so many bytes, and returns how many were asked for.
func ReadAheadBy(ctx context.Context, dir string, most int64) int64 { return readAhead(ctx, dir, most) }

// Sum is what is kept of a block.
func Sum(stream string, number uint32, block []byte) ([]byte, error) {
	s, err := sumOf(bytes.NewReader(block), stream, number)
	if err != nil {
		return nil, err
	}
	s.file.size = int64(len(block))
	return s.encode(), nil
}

// SumAgain decodes what is kept, and encodes it again.
func SumAgain(text []byte) ([]byte, error) {
	s, err := decodeSum(text)
	if err != nil {
		return nil, err
	}
	return s.encode(), nil
}
