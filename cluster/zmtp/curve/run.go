package curve

import (
	"crypto/subtle"
	"encoding/binary"
	"slices"

	//lint:ignore SA1019 it is Poly1305 as in NaCl's box that is wanted
	"golang.org/x/crypto/poly1305"

	"sluice/cluster/zmtp"
)

// part is a message of a run: where it stands, and its key stream.
type part struct {
	at, size int // of the MESSAGE, without its frame's header
	stream   int
}

// SealRun is Seal for as many of frames as fit into one pass of the key stream, and into
// most bytes of dst; for the first at least. It returns how many bytes of frames it took.
func (c *codec) SealRun(dst, frames []byte, most int) (sealed []byte, n int, err error) {
	if !haveWide || c.out.last > 1<<63 {
		return c.sealOne(dst, frames)
	}
	var parts [maxBlocks]part
	count := 0
	w := c.out.newWide()
	defer w.release()
	for n < len(frames) && count < maxBlocks {
		flags, size, h, err := zmtp.FrameHeader(frames[n:])
		if err != nil || h == 0 || size > uint64(len(frames)-n-h) {
			break // the caller's, or sealOne's, to say
		}
		blocks := blocksOf(int(size))
		if w.n+blocks > maxBlocks || count > 0 && len(dst)+h+minMessage+int(size)+8 > most {
			break
		}
		c.out.last++
		body := frames[n+h : n+h+int(size)]
		dst = zmtp.AppendFrameHeader(dst, 0, uint64(minMessage+len(body)))
		at := len(dst)
		dst = slices.Grow(dst, minMessage+len(body))[:at+minMessage+len(body)]
		m := dst[at:]
		clear(m[:boxed])
		copy(m, messageName)
		binary.BigEndian.PutUint64(m[nonceAt:], c.out.last)
		m[boxed] = inner(flags)
		copy(m[minMessage:], body)
		parts[count] = part{at: at, size: len(m), stream: w.add(c.out.last, 0, blocks)}
		count++
		n += h + len(body)
	}
	if count == 0 {
		return c.sealOne(dst, frames)
	}
	w.make()
	for _, p := range parts[:count] {
		m, stream := dst[p.at:p.at+p.size], w.stream[p.stream:]
		subtle.XORBytes(m[boxed:], m[boxed:], stream[boxed:boxed+p.size-boxed])
		var tag [poly1305.TagSize]byte
		poly1305.Sum(&tag, m[boxed:], (*[32]byte)(stream))
		copy(m[tagAt:], tag[:])
	}
	return dst, n, nil
}

// sealOne seals the first of frames.
func (c *codec) sealOne(dst, frames []byte) ([]byte, int, error) {
	_, size, h, err := zmtp.FrameHeader(frames)
	if err != nil {
		return dst, 0, err
	}
	end := min(h+int(size), len(frames))
	dst, err = c.Seal(dst, frames[:end])
	return dst, end, err
}

// OpenRun is Open for as many MESSAGEs at the beginning of sealed as fit into one pass of
// the key stream. What is wrong with one is said when it is the first.
func (c *codec) OpenRun(dst, sealed []byte, limit int) (opened []byte, n int, err error) {
	if !haveWide || c.long != nil {
		return c.Open(dst, sealed, limit)
	}
	var parts [maxBlocks]part
	count, end, last, first := 0, 0, c.in.last, c.first
	w := c.in.newWide()
	defer w.release()
	for count < maxBlocks {
		flags, size, h, err := zmtp.FrameHeader(sealed[end:])
		if err != nil || h == 0 || flags&zmtp.FlagMore != 0 || size < uint64(minMessage) || size > uint64(limit-h) || size > uint64(len(sealed)-end-h) {
			break
		}
		m := sealed[end+h : end+h+int(size)]
		blocks := blocksOf(len(m) - minMessage)
		if string(m[:nonceAt]) != messageName || w.n+blocks > maxBlocks {
			break
		}
		nonce := binary.BigEndian.Uint64(m[nonceAt:])
		if nonce <= last || !first && nonce != last+1 {
			break
		}
		last, first = nonce, false
		parts[count] = part{at: end + h, size: len(m), stream: w.add(nonce, 0, blocks)}
		count++
		end += h + len(m)
	}
	if count < 2 {
		return c.Open(dst, sealed, limit)
	}
	w.make()
	for i, p := range parts[:count] {
		m, stream := sealed[p.at:p.at+p.size], w.stream[p.stream:]
		var want [poly1305.TagSize]byte
		poly1305.Sum(&want, m[boxed:], (*[32]byte)(stream))
		flags, err := outer(m[boxed] ^ stream[boxed])
		if subtle.ConstantTimeCompare(want[:], m[tagAt:boxed]) != 1 || err != nil {
			if i == 0 {
				return c.Open(dst, sealed, limit) // which says what is wrong
			}
			break
		}
		body := len(m) - minMessage
		dst = zmtp.AppendFrameHeader(dst, flags, uint64(body))
		at := len(dst)
		dst = slices.Grow(dst, body)[:at+body]
		subtle.XORBytes(dst[at:], m[minMessage:], stream[minMessage:minMessage+body])
		c.in.last, c.first = binary.BigEndian.Uint64(m[nonceAt:]), false
		n = p.at + p.size
	}
	return dst, n, nil
}
