package source

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	"github.com/ulikunitz/xz/lzma"
)

// A sevenHeader looks through a 7z header before the library does: the library makes room for as many things as the
// header announces and derives keys for as long as it asks, and a header can announce billions. The format is told in
// 7zFormat.txt of the LZMA SDK (https://www.7-zip.org/sdk.html).
type sevenHeader struct {
	b       []byte // what is left of the header
	most    uint64 // of anything that the header counts
	err     error
	folders []sevenFolder
	files   uint64
}

// A sevenFolder is what is packed together, by a chain of coders.
type sevenFolder struct {
	outs      int
	sizes     []uint64 // of what each coder gives, if it is the only folder
	encrypted bool
	coders    []sevenCoder
}

type sevenCoder struct{ id, properties string }

var (
	errSeven = errors.New("7z: damaged header")
)

// The ids of a header's parts.
const (
	sevenEnd = iota
	sevenIsHeader
	sevenArchiveProperties
	sevenMoreStreams
	sevenMainStreams
	sevenFiles
	sevenPack
	sevenUnpack
	sevenSubStreams
	sevenSize
	sevenCRC
	sevenFolderInfo
	sevenUnpackSize
	sevenNumUnpack

	sevenEncoded = 0x17
)

// checkSeven returns the folders of the 7z archive in r, or why it must not be read: errPassword where not even its
// header can be.
func (o *opening) checkSeven(r io.ReaderAt, size int64) ([]sevenFolder, error) {
	most := o.opt.Limits.Members
	var start [32]byte
	if _, err := r.ReadAt(start[:], 0); err != nil {
		return nil, err
	}
	at, n := binary.LittleEndian.Uint64(start[12:]), binary.LittleEndian.Uint64(start[20:])
	if n > uint64(size) || at > uint64(size)-n || n > uint64(most)*512 || n == 0 {
		return nil, errSeven
	}
	b := make([]byte, n)
	if _, err := r.ReadAt(b, 32+int64(at)); err != nil {
		return nil, err
	}
	h := &sevenHeader{b: b, most: uint64(most)}
	if h.byte() == sevenEncoded {
		packAt, packed, unpacked := h.streams()
		if h.err != nil || len(h.folders) != 1 {
			return nil, errSeven
		}
		if packed > uint64(size) || packAt > uint64(size)-packed || unpacked > uint64(most)*512 {
			return nil, errSeven
		}
		plain, err := o.sevenPlainHeader(h.folders[0], io.NewSectionReader(r, 32+int64(packAt), int64(packed)))
		if err != nil {
			return nil, err
		}
		h = &sevenHeader{b: plain, most: uint64(most)}
		h.byte()
	}
	h.header()
	if h.err == nil && h.files > 0 && uint64(len(h.folders)) > 4<<30/h.files { // the library's time grows with both
		h.err = limit(fmt.Sprintf("7z: has %d files in %d folders", h.files, len(h.folders)), "--max-members")
	}
	return h.folders, h.err
}

// sevenPlainHeader unpacks a header that one coder packed, or that is encrypted besides: then with the first password by
// which it begins as a header does.
func (o *opening) sevenPlainHeader(f sevenFolder, packed *io.SectionReader) ([]byte, error) {
	if len(f.sizes) != len(f.coders) {
		return nil, errSeven
	}
	if !f.encrypted {
		if len(f.coders) != 1 {
			return nil, errSeven
		}
		return f.coders[0].unpack(packed, f.sizes[0])
	}
	// The coders are in the order of unpacking or, as 7-Zip writes them, in that of packing.
	at := 0
	for at < len(f.coders) && f.coders[at].id != sevenAES {
		at++
	}
	key, ok := sevenKeyOf(f.coders[at].properties)
	if !ok || len(f.coders) > 2 {
		return nil, errSeven
	}
	if err := o.derives(key); err != nil {
		return nil, err
	}
	after, size := sevenCoder{id: sevenCopy}, f.sizes[at]
	if len(f.coders) == 2 {
		after, size = f.coders[1-at], f.sizes[1-at]
	}
	for _, password := range o.passwords() {
		packed.Seek(0, io.SeekStart)
		r, err := key.decrypt(packed, password)
		if err != nil {
			return nil, err
		}
		if plain, err := after.unpack(io.LimitReader(r, int64(min(f.sizes[at], math.MaxInt64))), size); err == nil && len(plain) > 1 && plain[0] == sevenIsHeader {
			o.fits(password)
			return plain, nil
		}
	}
	return nil, errPassword
}

// unpack unpacks a header, which is packed by LZMA as a rule. A folder whose window is too large was refused.
func (c sevenCoder) unpack(r io.Reader, size uint64) ([]byte, error) {
	switch {
	case c.id == sevenCopy:
	case c.id == "\x03\x01\x01" && len(c.properties) == 5:
		head := binary.LittleEndian.AppendUint64([]byte(c.properties), size)
		l, err := lzma.ReaderConfig{DictCap: maxWindow}.NewReader(io.MultiReader(bytes.NewReader(head), r))
		if err != nil {
			return nil, err
		}
		r = l
	case c.id == sevenLZMA2 && len(c.properties) == 1: // as Python's py7zr packs it
		l, err := lzma.Reader2Config{DictCap: int(max(c.window(), lzma.MinDictCap))}.NewReader2(r)
		if err != nil {
			return nil, err
		}
		r = l
	default:
		return nil, errors.New("7z: header is packed by other means than LZMA and LZMA2")
	}
	b, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err == nil && uint64(len(b)) < size {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func (h *sevenHeader) fail() {
	if h.err == nil {
		h.err = errSeven
	}
	h.b = nil
}

func (h *sevenHeader) byte() byte {
	if len(h.b) == 0 {
		h.fail()
		return sevenEnd
	}
	c := h.b[0]
	h.b = h.b[1:]
	return c
}

func (h *sevenHeader) skip(n uint64) string {
	if n > uint64(len(h.b)) {
		h.fail()
		return ""
	}
	s := string(h.b[:n])
	h.b = h.b[n:]
	return s
}

// number reads an integer: the leading ones of its first byte say how many bytes follow, little endian; the rest of
// the first byte is its highest part.
func (h *sevenHeader) number() uint64 {
	first := h.byte()
	var v uint64
	mask := byte(0x80)
	for i := 0; i < 8; i++ {
		if first&mask == 0 {
			return v | uint64(first&(mask-1))<<(8*i)
		}
		v |= uint64(h.byte()) << (8 * i)
		mask >>= 1
	}
	return v
}

// count reads how many there are of something.
func (h *sevenHeader) count(most uint64) uint64 {
	n := h.number()
	if n > most {
		h.err = limit(fmt.Sprintf("7z: header announces %d of something, more than %d", n, most), "--max-members")
		h.b = nil
		return 0
	}
	return n
}

func (h *sevenHeader) header() {
	for h.err == nil {
		switch h.byte() {
		case sevenEnd:
			return
		case sevenArchiveProperties:
			for h.err == nil && h.byte() != sevenEnd {
				h.skip(h.number())
			}
		case sevenMoreStreams, sevenMainStreams:
			h.streams()
		case sevenFiles:
			h.files = h.count(h.most)
			for h.err == nil && h.byte() != sevenEnd {
				h.skip(h.number())
			}
		default:
			h.fail()
		}
	}
}

// streams reads one StreamsInfo and returns where its first packed stream lies, its size, and the largest that anything in
// it unpacks to.
func (h *sevenHeader) streams() (at, packed, unpacked uint64) {
	for h.err == nil {
		switch h.byte() {
		case sevenEnd:
			return at, packed, unpacked
		case sevenPack:
			at, packed = h.packInfo()
		case sevenUnpack:
			unpacked = h.unpackInfo()
		case sevenSubStreams:
			h.subStreams()
		default:
			h.fail()
		}
	}
	return 0, 0, 0
}

func (h *sevenHeader) packInfo() (at, first uint64) {
	at = h.number()
	n := h.count(h.most)
	for h.err == nil {
		switch h.byte() {
		case sevenEnd:
			return at, first
		case sevenSize:
			for i := uint64(0); i < n && h.err == nil; i++ {
				if v := h.number(); i == 0 {
					first = v
				}
			}
		case sevenCRC:
			h.digests(n)
		default:
			h.fail()
		}
	}
	return 0, 0
}

func (h *sevenHeader) unpackInfo() (most uint64) {
	if h.byte() != sevenFolderInfo {
		h.fail()
	}
	n := h.count(h.most)
	if h.byte() != 0 { // kept elsewhere, which nothing writes
		h.fail()
	}
	for i := uint64(0); i < n && h.err == nil; i++ {
		h.folders = append(h.folders, h.folder())
	}
	for h.err == nil {
		switch h.byte() {
		case sevenEnd:
			return most
		case sevenUnpackSize:
			for i := range h.folders {
				f := &h.folders[i]
				for range f.outs {
					if h.err != nil {
						break
					}
					size := h.number()
					if most = max(most, size); n == 1 { // it may be a header's
						f.sizes = append(f.sizes, size)
					}
				}
			}
		case sevenCRC:
			h.digests(n)
		default:
			h.fail()
		}
	}
	return 0
}

func (h *sevenHeader) folder() sevenFolder {
	const mostCoders = 32 // as in the SDK
	var f sevenFolder
	ins := uint64(0)
	for n := h.count(mostCoders); n > 0 && h.err == nil; n-- {
		flags := h.byte()
		c := sevenCoder{id: h.skip(uint64(flags & 15))}
		in, out := uint64(1), uint64(1)
		if flags&0x10 != 0 {
			in, out = h.count(mostCoders), h.count(mostCoders)
		}
		if flags&0x20 != 0 {
			c.properties = h.skip(h.number())
		}
		if h.err == nil && c.window() > maxWindow {
			h.err = fmt.Errorf("7z: wants %d bytes of memory to unpack, more than %d", c.window(), maxWindow)
			h.b = nil
		}
		ins += in
		f.outs += int(out)
		f.encrypted = f.encrypted || c.id == sevenAES
		f.coders = append(f.coders, c)
	}
	pairs := uint64(max(f.outs-1, 0))
	if pairs > ins {
		h.fail()
		return f
	}
	for range 2 * pairs {
		h.number()
	}
	if rest := ins - pairs; rest > 1 {
		for range rest {
			h.number()
		}
	}
	return f
}

// Ids of coders.
const (
	sevenCopy  = "\x00"
	sevenLZMA2 = "\x21"
	sevenAES   = "\x06\xf1\x07\x01"
)

// window is how much memory a coder asks for, as far as it does.
func (c sevenCoder) window() uint64 {
	p := []byte(c.properties)
	switch {
	case (c.id == "\x03\x01\x01" || c.id == "\x03\x04\x01") && len(p) >= 5: // LZMA, PPMd
		return uint64(binary.LittleEndian.Uint32(p[1:]))
	case c.id == sevenLZMA2 && len(p) == 1: // LZMA2
		if n, err := lzma.DecodeDictCap(p[0]); err == nil {
			return uint64(n)
		}
		return math.MaxUint64
	}
	return 0
}

func (h *sevenHeader) subStreams() {
	per := make([]uint64, len(h.folders)) // files of each folder
	total := uint64(len(per))
	for i := range per {
		per[i] = 1
	}
	for h.err == nil {
		switch h.byte() {
		case sevenEnd:
			return
		case sevenNumUnpack:
			total = 0
			for i := range per {
				per[i] = h.count(h.most)
				total += per[i]
			}
			if total > h.most {
				h.fail()
			}
		case sevenSize:
			for _, n := range per {
				for i := uint64(1); i < n && h.err == nil; i++ {
					h.number()
				}
			}
		case sevenCRC:
			h.digests(total)
		default:
			h.fail()
		}
	}
}

// digests passes over n checksums, or as many of them as are defined.
func (h *sevenHeader) digests(n uint64) {
	if h.byte() == 0 {
		defined := uint64(0)
		for _, c := range []byte(h.skip((n + 7) / 8)) {
			defined += uint64(bits.OnesCount8(c))
		}
		n = defined
	}
	h.skip(4 * n)
}
