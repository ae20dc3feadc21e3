package archive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/klauspost/compress/zstd"
)

// A column reads the values of one column of a row group, as parquet-go writes them: data pages of version 2, plain or by a
// dictionary, compressed with zstd or not at all. It makes no more room than its bounds allow, whatever the pages say.
type column struct {
	name           string
	data           []byte // the pages that are to come
	maxRep, maxDef byte
	number         bool  // 64-bit integers, else byte arrays
	most           int64 // bytes of a page
	zstd           *zstd.Decoder

	dict   [][]byte
	dictOf []byte

	n, i     int // values of the page, and how many were read
	rep, def []byte
	page     []byte // uncompressed
	plain    []byte // the rest of it, where the values stand in it
	refs     []uint32
	byDict   bool
	nextRef  int
}

// The bounds of a page: a row is on one page, with at most storedFields fields.
const mostValues = 4 << 20

var errColumn = errors.New("damaged")

func (c *column) fail(what string) error {
	return fmt.Errorf("column %s: %s: %w", c.name, what, errColumn)
}

// next reads the levels of the next value and, where there is one (def is the highest), leaves it to bytes or int64; at the
// end io.EOF.
func (c *column) next() (rep, def byte, err error) {
	for c.i == c.n {
		if err := c.turn(); err != nil {
			return 0, 0, err
		}
	}
	if c.maxRep > 0 {
		rep = c.rep[c.i]
	}
	if c.maxDef > 0 {
		def = c.def[c.i]
	}
	c.i++
	return rep, def, nil
}

// ahead says whether another value of the same row comes.
func (c *column) ahead() bool { return c.i < c.n && c.maxRep > 0 && c.rep[c.i] > 0 }

// bytes is the value that next announced. It is valid until the page is turned; a dictionary's for as long as the column.
func (c *column) bytes() ([]byte, error) {
	if c.byDict {
		if c.nextRef >= len(c.refs) || int(c.refs[c.nextRef]) >= len(c.dict) {
			return nil, c.fail("no such word")
		}
		c.nextRef++
		return c.dict[c.refs[c.nextRef-1]], nil
	}
	v, rest, ok := cutBytes(c.plain)
	if !ok {
		return nil, c.fail("a value is cut off")
	}
	c.plain = rest
	return v, nil
}

func (c *column) int64() (int64, error) {
	if c.byDict || len(c.plain) < 8 {
		return 0, c.fail("a number is cut off")
	}
	v := binary.LittleEndian.Uint64(c.plain)
	c.plain = c.plain[8:]
	return int64(v), nil
}

func cutBytes(b []byte) (v, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n : 4+n], b[4+n:], true
}

// Encodings and kinds of pages, from https://github.com/apache/parquet-format.
const (
	encodingPlain     = 0
	encodingPlainDict = 2
	encodingRLEDict   = 8
	pageDict          = 2
	pageData2         = 3
)

// turn reads the next page.
func (c *column) turn() error {
	if len(c.data) == 0 {
		return io.EOF
	}
	h, ok := parsePageHead(c.data)
	if !ok || h.size > int64(len(c.data)-h.length) {
		c.data = nil
		return c.fail("the head of a page")
	}
	body := c.data[h.length : int64(h.length)+h.size]
	c.data = c.data[int64(h.length)+h.size:]
	if h.hasCRC && crc32.ChecksumIEEE(body) != h.crc {
		return c.fail("the checksum of a page")
	}
	if h.raw > c.most || h.values > mostValues {
		return fmt.Errorf("column %s: a page of %d bytes with %d values: %w", c.name, h.raw, h.values, ErrLarge)
	}
	switch h.kind {
	case pageDict:
		if c.dictOf != nil {
			return c.fail("two dictionaries")
		}
		b, err := c.inflate(nil, body, h.raw, h.compressed)
		if err != nil {
			return err
		}
		c.dictOf = b
		for range h.values {
			v, rest, ok := cutBytes(b)
			if !ok {
				return c.fail("the dictionary")
			}
			b = rest
			c.dict = append(c.dict, v)
		}
		return nil
	case pageData2:
		return c.dataPage(&h, body)
	}
	return c.fail("a page that Tocsin does not write")
}

func (c *column) dataPage(h *pageHead, body []byte) error {
	levels := h.repBytes + h.defBytes
	if levels > int64(len(body)) || levels > h.raw {
		return c.fail("levels")
	}
	n := int(h.values)
	var ok bool
	if c.rep, ok = unpackHybrid8(c.rep[:0], body[:h.repBytes], c.maxRep, n); !ok {
		return c.fail("levels")
	}
	if c.def, ok = unpackHybrid8(c.def[:0], body[h.repBytes:levels], c.maxDef, n); !ok {
		return c.fail("levels")
	}
	var err error
	if c.page, err = c.inflate(c.page[:0], body[levels:], h.raw-levels, h.compressed); err != nil {
		return err
	}
	c.n, c.i, c.nextRef, c.plain, c.byDict = n, 0, 0, c.page, false
	there := n
	if c.maxDef > 0 {
		there = 0
		for _, d := range c.def {
			if d > c.maxDef {
				return c.fail("levels")
			}
			if d == c.maxDef {
				there++
			}
		}
	}
	switch {
	case h.encoding == encodingPlain:
	case (h.encoding == encodingRLEDict || h.encoding == encodingPlainDict) && !c.number:
		c.byDict = true
		if there == 0 {
			c.refs = c.refs[:0]
			break
		}
		if len(c.page) == 0 {
			return c.fail("words")
		}
		if c.refs, ok = unpackHybrid32(c.refs[:0], c.page[1:], int(c.page[0]), there); !ok {
			return c.fail("words")
		}
	default:
		return c.fail("an encoding that Tocsin does not write")
	}
	return nil
}

func (c *column) inflate(dst, b []byte, raw int64, compressed bool) ([]byte, error) {
	if !compressed || c.zstd == nil {
		if int64(len(b)) != raw {
			return nil, c.fail("the size of a page")
		}
		return append(dst, b...), nil
	}
	if raw == 0 && len(b) == 0 {
		return dst, nil
	}
	if int64(cap(dst)) < raw && raw <= 64*int64(len(b))+4096 { // what is more makes its room as it comes
		dst = make([]byte, 0, raw)
	}
	dst, err := c.zstd.DecodeAll(b, dst)
	if err != nil || int64(len(dst)) != raw {
		return nil, c.fail("compression")
	}
	return dst, nil
}

// unpackHybrid8 reads n levels up to most of the hybrid of runs and packed bits; where most is 0 there are none.
func unpackHybrid8(dst, b []byte, most byte, n int) ([]byte, bool) {
	if most == 0 {
		return dst, len(b) == 0
	}
	width := bits.Len8(most)
	ok := unpackHybrid(b, width, n, func(v uint32, times int) {
		for range times {
			dst = append(dst, byte(v))
		}
	})
	return dst, ok && len(dst) == n
}

func unpackHybrid32(dst []uint32, b []byte, width, n int) ([]uint32, bool) {
	if width > 32 {
		return dst, false
	}
	ok := unpackHybrid(b, width, n, func(v uint32, times int) {
		for range times {
			dst = append(dst, v)
		}
	})
	return dst, ok && len(dst) == n
}

// unpackHybrid reads n values.
func unpackHybrid(b []byte, width, n int, put func(v uint32, times int)) bool {
	for n > 0 {
		head, k := binary.Uvarint(b)
		if k <= 0 {
			return false
		}
		b = b[k:]
		if head&1 == 0 { // a run
			size := (width + 7) / 8
			if head>>1 == 0 || len(b) < size {
				return false
			}
			var v uint32
			for i := range size {
				v |= uint32(b[i]) << (8 * i)
			}
			b = b[size:]
			times := int(min(head>>1, uint64(n)))
			put(v, times)
			n -= times
			continue
		}
		groups := head >> 1
		if groups == 0 || width > 0 && groups > uint64(len(b))/uint64(width)+1 || width == 0 && groups > uint64(n) {
			return false
		}
		packed := b[:min(uint64(len(b)), groups*uint64(width))]
		b = b[len(packed):]
		var acc uint64
		have := 0
		for range groups * 8 {
			if n == 0 {
				break
			}
			for have < width {
				if len(packed) == 0 {
					return false
				}
				acc |= uint64(packed[0]) << have
				packed = packed[1:]
				have += 8
			}
			put(uint32(acc&(1<<width-1)), 1)
			acc >>= width
			have -= width
			n--
		}
	}
	return true
}
