package source

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
)

// Sizes of an EVTX file's parts, from
// https://github.com/libyal/libevtx/blob/main/documentation/Windows%20XML%20Event%20Log%20(EVTX).asciidoc
const (
	chunkSize  = 64 << 10
	fileHeader = 4096
)

var chunkMagic = []byte("ElfChnk\x00")

// chunks yields the chunks of an EVTX file, one a record, numbered by their first record. A slot without anything in
// it is passed over; one that holds something else is given to the decoder, which says what is wrong with it, unless
// a chunk begins within it: then bytes were lost or added before, and the chunks after are taken where they are.
func (c *cutter) chunks() error {
	var win []byte // what was read and not yet yielded, at most two slots
	buf := make([]byte, 0, 2*chunkSize)
	var end error
	var met ranges
	chunks := int64(-1) // before this one
	more := func() {
		if end == nil {
			buf, win = append(buf[:0], win...), nil
			buf, end = fill(c.r, buf)
			win = buf
		}
	}
	skip := func(n int) {
		win = win[n:]
		c.offset += int64(n)
	}
	more()
	if bytes.HasPrefix(win, []byte("ElfFile\x00")) {
		skip(min(fileHeader, len(win)))
	}
	for {
		if len(win) < 2*chunkSize {
			more()
		}
		if len(win) == 0 {
			break
		}
		n := min(chunkSize, len(win))
		if at := c.misplaced(win); at > 0 {
			if bytes.HasPrefix(win, chunkMagic) { // cut short by the next
				n = at
			} else {
				c.hooks.faultAt(c.Path, 0, fmt.Errorf("%d bytes at offset %d are in no chunk", at, c.offset), "the file is damaged; the chunks after were read")
				skip(at)
				continue
			}
		}
		slot := win[:n]
		if bytes.HasPrefix(slot, chunkMagic) || len(bytes.TrimLeft(slot, "\x00")) > 0 {
			rec := c.from.record(n)
			rec.Data = append(rec.Data, slot...)
			rec.Line = 0
			if len(slot) >= 24 && bytes.HasPrefix(slot, chunkMagic) {
				rec.Line = int64(binary.LittleEndian.Uint64(slot[8:]) & (1<<63 - 1))
				last := int64(binary.LittleEndian.Uint64(slot[16:]) & (1<<63 - 1))
				if chunks++; met.add(rec.Line, last) {
					rec.Before = chunks // records of these ids were met before
				}
			}
			win = win[n:]
			if err := c.put(rec); err != nil {
				return err
			}
			continue
		}
		skip(n)
	}
	if end != nil && end != io.EOF {
		c.broken(end)
	}
	return nil
}

// misplaced returns where in the slot at win a chunk begins that is not in its place: 0 when none does. What looks
// like a chunk inside of one is only believed if it is whole in its header's checksum and the place where the next one
// should be has none: anybody can write a chunk's first bytes into an event.
func (c *cutter) misplaced(win []byte) int {
	if bytes.HasPrefix(win, chunkMagic) {
		if len(win) <= chunkSize+8 || bytes.HasPrefix(win[chunkSize:], chunkMagic) || len(bytes.Trim(win[chunkSize:], "\x00")) == 0 {
			return 0
		}
	}
	for at := 1; at < min(chunkSize, len(win)); at++ {
		i := bytes.Index(win[at:], chunkMagic)
		if i < 0 {
			return 0
		}
		if at += i; at < chunkSize && wholeHeader(win[at:]) {
			return at
		}
	}
	return 0
}

// wholeHeader verifies the checksum of a chunk's header: CRC-32 of its first 120 bytes and of bytes 128 to 511.
func wholeHeader(b []byte) bool {
	if len(b) < 512 {
		return false
	}
	sum := crc32.ChecksumIEEE(b[:120])
	return crc32.Update(sum, crc32.IEEETable, b[128:512]) == binary.LittleEndian.Uint32(b[124:])
}

// ranges are the record numbers of the chunks of a file, in order and apart: one, where nothing wrapped or was copied.
type ranges [][2]int64

// add adds a range and says whether any of it was there before.
func (r *ranges) add(first, last int64) (overlaps bool) {
	last = max(first, last)
	i, _ := slices.BinarySearchFunc(*r, first, func(x [2]int64, first int64) int { return cmp.Compare(x[1], first) })
	j := i
	for ; j < len(*r) && (*r)[j][0] <= last; j++ {
		overlaps = true
		first, last = min(first, (*r)[j][0]), max(last, (*r)[j][1])
	}
	if !overlaps && i > 0 && (*r)[i-1][1] == first-1 {
		(*r)[i-1][1] = last
		return false
	}
	*r = slices.Replace(*r, i, j, [2]int64{first, last})
	return overlaps
}
