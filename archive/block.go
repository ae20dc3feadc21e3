package archive

import (
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// A Block gathers events of one tenant. It is used by one goroutine at a time; the zero Block is ready for use.
type Block struct {
	packer   decode.Packer
	data     []byte
	n        int
	min, max time.Time // of the events that have a time
	undated  bool      // some have none
	out      []byte
}

// Add packs an event, all of which is kept; nothing of it is referred to afterwards.
func (b *Block) Add(ev *tocsin.Event) {
	b.data = b.packer.Append(b.data, ev)
	b.n++
	switch t := ev.Time; {
	case t.IsZero():
		b.undated = true
	case b.min.IsZero():
		b.min, b.max = t, t
	case t.Before(b.min):
		b.min = t
	case t.After(b.max):
		b.max = t
	}
}

// Len is how many bytes the packed events have. About 256 KiB are a good block.
func (b *Block) Len() int { return len(b.data) }

// Events is how many there are.
func (b *Block) Events() int { return b.n }

// Reset empties the block.
func (b *Block) Reset() {
	b.packer.Reset()
	b.data, b.n, b.undated = b.data[:0], 0, false
	b.min, b.max = time.Time{}, time.Time{}
	if cap(b.data) > keepBlock {
		b.data, b.out = nil, nil
	}
}

// keepBlock is how large the memory of a block is that is used again.
const keepBlock = 8 << 20

// A spool file is spoolMagic and then blocks: a head of headSize bytes, the tenant, and the packed events, compressed (S2).
//
//	 0  4  "TBLK"
//	 4  4  CRC-32C of bytes 8 to 63
//	 8  4  CRC-32C of what follows the head
//	12  4  bytes of the tenant's name
//	16  8  bytes of the compressed events
//	24  8  bytes of the packed events
//	32  4  how many events
//	36  4  1: some have no time; 2: some have one
//	40  8  the earliest time, seconds
//	48  8  the latest time, seconds
//	56  8  nanoseconds of both, 32 bits each
//
// All numbers are little-endian.
const (
	spoolMagic  = "\x8fTOCSIN SPOOL 1\n"
	blockMagic  = "TBLK"
	headSize    = 64
	mostTenant  = 80 // bytes; three times as many in the name of a folder
	spoolFolder = "spool"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A blockHead says what a block of the spool holds.
type blockHead struct {
	sum      uint32
	tenant   int
	size     int64 // compressed
	packed   int64
	events   int
	undated  bool
	min, max time.Time // zero where no event has a time
}

// encode writes the block as it stands in a spool file to out.
func (b *Block) encode(tenant string) {
	need := headSize + len(tenant) + s2.MaxEncodedLen(len(b.data))
	if cap(b.out) < need {
		b.out = make([]byte, need)
	}
	out := b.out[:headSize+len(tenant)]
	copy(out[headSize:], tenant)
	packed := s2.Encode(b.out[len(out):cap(b.out)], b.data)
	out = out[:len(out)+len(packed)]
	h := out[:headSize]
	copy(h, blockMagic)
	le := binary.LittleEndian
	le.PutUint32(h[8:], crc32.Checksum(out[headSize:], castagnoli))
	le.PutUint32(h[12:], uint32(len(tenant)))
	le.PutUint64(h[16:], uint64(len(packed)))
	le.PutUint64(h[24:], uint64(len(b.data)))
	le.PutUint32(h[32:], uint32(b.n))
	var flags uint32
	clear(h[40:])
	if b.undated {
		flags |= 1
	}
	if !b.min.IsZero() {
		flags |= 2
		le.PutUint64(h[40:], uint64(b.min.Unix()))
		le.PutUint64(h[48:], uint64(b.max.Unix()))
		le.PutUint32(h[56:], uint32(b.min.Nanosecond()))
		le.PutUint32(h[60:], uint32(b.max.Nanosecond()))
	}
	le.PutUint32(h[36:], flags)
	le.PutUint32(h[4:], crc32.Checksum(h[8:], castagnoli))
	b.out = out
}

// parseHead reads a block's head; ok is false where it is none, or is damaged.
func parseHead(h []byte) (b blockHead, ok bool) {
	le := binary.LittleEndian
	if len(h) < headSize || string(h[:4]) != blockMagic || le.Uint32(h[4:]) != crc32.Checksum(h[8:headSize], castagnoli) {
		return b, false
	}
	b = blockHead{sum: le.Uint32(h[8:]), tenant: int(le.Uint32(h[12:])), size: int64(le.Uint64(h[16:])), packed: int64(le.Uint64(h[24:])), events: int(le.Uint32(h[32:]))}
	flags := le.Uint32(h[36:])
	b.undated = flags&1 != 0
	if flags&2 != 0 {
		b.min = time.Unix(int64(le.Uint64(h[40:])), int64(le.Uint32(h[56:]))).UTC()
		b.max = time.Unix(int64(le.Uint64(h[48:])), int64(le.Uint32(h[60:]))).UTC()
	}
	return b, b.tenant <= mostTenant && b.size >= 0 && b.size < 1<<40 && b.packed >= 0
}

// length is how many bytes follow the head.
func (h *blockHead) length() int64 { return int64(h.tenant) + h.size }

// within says that all times are from a second to before another.
func (h *blockHead) within(from, to int64) bool {
	return !h.undated && h.min.Unix() >= from && h.max.Unix() < to
}

// unpack verifies what follows a head and appends the packed events to dst.
func (h *blockHead) unpack(dst, body []byte) ([]byte, error) {
	if crc32.Checksum(body, castagnoli) != h.sum {
		return dst, errDamaged
	}
	n, err := s2.DecodedLen(body[h.tenant:])
	if err != nil || int64(n) != h.packed {
		return dst, errDamaged
	}
	at := len(dst)
	if cap(dst)-at < n {
		dst = append(make([]byte, 0, at+n), dst...)
	}
	got, err := s2.Decode(dst[at:at+n:at+n], body[h.tenant:])
	if err != nil || len(got) != n {
		return dst[:at], errDamaged
	}
	if n > 0 && &got[0] != &dst[:at+1][at] {
		copy(dst[at:at+n], got)
	}
	return dst[:at+n], nil
}
