package archive

import (
	"encoding/binary"
	"errors"
)

// A compact reads Thrift's compact protocol, in which Parquet's footer and the heads of its pages are written, far enough to
// know that it is bounded: a library that is given it afterwards makes as much room as the bytes say. From
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
type compact struct {
	b     []byte
	at    int
	elems int // of lists, that may still come
	bad   bool
}

// Thrift's compact types.
const (
	compactTrue   = 1
	compactFalse  = 2
	compactByte   = 3
	compactI16    = 4
	compactI32    = 5
	compactI64    = 6
	compactDouble = 7
	compactBinary = 8
	compactList   = 9
	compactSet    = 10
	compactMap    = 11
	compactStruct = 12

	compactDepth = 12 // of structures in structures; Parquet has five
)

var errThrift = errors.New("its metadata is damaged")

func (c *compact) byte() byte {
	if c.at >= len(c.b) {
		c.bad = true
		return 0
	}
	c.at++
	return c.b[c.at-1]
}

func (c *compact) uint() uint64 {
	v, n := binary.Uvarint(c.b[min(c.at, len(c.b)):])
	if n <= 0 {
		c.bad = true
		return 0
	}
	c.at += n
	return v
}

func (c *compact) int() int64 {
	v := c.uint()
	return int64(v>>1) ^ -int64(v&1)
}

// structure reads a structure. Its integers and booleans are given to field, with the numbers of the structures that they are
// in; field may be nil.
func (c *compact) structure(depth int, path uint64, field func(path uint64, v int64)) {
	if depth > compactDepth {
		c.bad = true
	}
	id := int64(0)
	for !c.bad {
		head := c.byte()
		if head == 0 {
			return
		}
		if d := int64(head >> 4); d != 0 {
			id += d
		} else {
			id = c.int()
		}
		if id < 0 || id > 255 {
			c.bad = true
			return
		}
		c.value(head&15, depth, path<<8|uint64(id), field)
	}
}

func (c *compact) value(kind byte, depth int, path uint64, field func(uint64, int64)) {
	var v int64
	switch kind {
	case compactTrue:
		v = 1
	case compactFalse:
	case compactByte:
		v = int64(int8(c.byte()))
	case compactI16, compactI32, compactI64:
		v = c.int()
	case compactDouble:
		c.skip(8)
		return
	case compactBinary:
		c.skip(c.uint())
		return
	case compactList, compactSet:
		head := c.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = c.uint()
		}
		if n > uint64(c.elems) || n > uint64(len(c.b)) {
			c.bad = true
			return
		}
		c.elems -= int(n)
		for range n {
			switch kind := head & 15; {
			case c.bad:
				return
			case kind == compactTrue || kind == compactFalse:
				c.byte()
			default:
				c.value(kind, depth+1, 0, nil)
			}
		}
		return
	case compactStruct:
		c.structure(depth+1, path, field)
		return
	default: // a map: Parquet has none
		c.bad = true
		return
	}
	if field != nil && !c.bad {
		field(path, v)
	}
}

func (c *compact) skip(n uint64) {
	if n > uint64(len(c.b)-min(c.at, len(c.b))) {
		c.bad = true
		return
	}
	c.at += int(n)
}

// A pageHead is the head of a page.
type pageHead struct {
	kind       int64 // 0 data, 2 dictionary, 3 data of version 2
	raw, size  int64 // uncompressed and compressed
	crc        uint32
	hasCRC     bool
	values     int64
	encoding   int64
	defBytes   int64
	repBytes   int64
	compressed bool
	length     int // of the head itself
}

// parsePageHead reads the head of a page at the beginning of b.
func parsePageHead(b []byte) (h pageHead, ok bool) {
	c := compact{b: b, elems: 1 << 10}
	h.compressed = true
	c.structure(0, 0, func(path uint64, v int64) {
		switch path {
		case 1:
			h.kind = v
		case 2:
			h.raw = v
		case 3:
			h.size = v
		case 4:
			h.crc, h.hasCRC = uint32(v), true
		case 5<<8 | 1, 7<<8 | 1, 8<<8 | 1:
			h.values = v
		case 5<<8 | 2, 7<<8 | 2, 8<<8 | 4:
			h.encoding = v
		case 8<<8 | 5:
			h.defBytes = v
		case 8<<8 | 6:
			h.repBytes = v
		case 8<<8 | 7:
			h.compressed = v != 0
		}
	})
	h.length = c.at
	return h, !c.bad && h.raw >= 0 && h.size >= 0 && h.values >= 0 && h.defBytes >= 0 && h.repBytes >= 0
}
