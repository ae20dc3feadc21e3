package source

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"

	"github.com/ulikunitz/xz/lzma"
)

// An xzReader unpacks the xz format, version 1.2.1 (https://tukaani.org/xz/xz-file-format.txt): streams of blocks of
// LZMA2. It is here, and not the library's, because a block's header asks for up to 4 GiB of memory, which must not
// be had for the asking. Blocks' checks are verified; the index, which repeats what was read, is only skipped.
type xzReader struct {
	in    counted
	check byte      // kind of the stream's checks; noStream between streams
	begun bool      // a stream was seen
	block io.Reader // the block being read, or nil
	sum   hash.Hash // of the block, when its kind of check is known
	err   error
}

const noStream = 0xff

// checkSizes are the bytes that each kind of check takes.
var checkSizes = [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}

var (
	errXz     = errors.New("xz: damaged")
	errXzSum  = errors.New("xz: checksum does not fit the data")
	crc64Ecma = crc64.MakeTable(crc64.ECMA)
)

func newXz(r *bufio.Reader) *xzReader { return &xzReader{in: counted{r: r}, check: noStream} }

// A counted reader knows how many bytes it gave.
type counted struct {
	r *bufio.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func (c *counted) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}

// take reads exactly n bytes of structure; an end within them is damage.
func (c *counted) take(n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(c, b)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

func (x *xzReader) Read(p []byte) (int, error) {
	for x.err == nil {
		if x.block == nil {
			x.err = x.next()
			continue
		}
		n, err := x.block.Read(p)
		if x.sum != nil {
			x.sum.Write(p[:n])
		}
		if err == io.EOF {
			err = x.end()
		}
		x.err = err
		if n > 0 || len(p) == 0 {
			return n, nil
		}
	}
	return 0, x.err
}

// next goes to the next block, over the ends and beginnings of streams; io.EOF is the end of a whole file.
func (x *xzReader) next() error {
	if x.check == noStream {
		return x.stream()
	}
	size, err := x.in.ReadByte()
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	if size == 0 {
		return x.index()
	}
	h, err := x.in.take(int(size)*4 + 3)
	if err != nil {
		return err
	}
	h = append([]byte{size}, h...)
	h, sum := h[:len(h)-4], binary.LittleEndian.Uint32(h[len(h)-4:])
	if crc32.ChecksumIEEE(h) != sum {
		return errXz
	}
	flags, rest := h[1], h[2:]
	if flags&3 != 0 {
		return errors.New("xz: filters for programs are not supported")
	}
	for bit := byte(0x40); bit != 0; bit <<= 1 { // the sizes, packed and unpacked
		if flags&bit != 0 {
			_, n := binary.Uvarint(rest)
			if n <= 0 {
				return errXz
			}
			rest = rest[n:]
		}
	}
	if len(rest) < 3 || rest[0] != 0x21 || rest[1] != 1 {
		return errors.New("xz: packed with a filter other than LZMA2, which is not supported")
	}
	window, err := lzma.DecodeDictCap(rest[2])
	if err != nil {
		return fmt.Errorf("%w: %v", errXz, err)
	}
	x.in.n = 0
	switch x.check {
	case 1:
		x.sum = crc32.NewIEEE()
	case 4:
		x.sum = crc64.New(crc64Ecma)
	case 10:
		x.sum = sha256.New()
	default:
		x.sum = nil
	}
	// What is packed with a larger window than this is read as long as it does not use it.
	x.block, err = lzma.Reader2Config{DictCap: int(min(window, maxWindow))}.NewReader2(&x.in)
	return err
}

// end verifies the block just read.
func (x *xzReader) end() error {
	x.block = nil
	pad := int(-x.in.n & 3)
	b, err := x.in.take(pad + checkSizes[x.check])
	if err != nil || x.sum == nil {
		return err
	}
	sum := x.sum.Sum(nil)
	if x.check != 10 { // the CRCs are little endian here
		for i, j := 0, len(sum)-1; i < j; i, j = i+1, j-1 {
			sum[i], sum[j] = sum[j], sum[i]
		}
	}
	if !bytes.Equal(sum, b[pad:]) {
		return errXzSum
	}
	return nil
}

// stream reads a stream's header, after padding if it is not the first.
func (x *xzReader) stream() error {
	for {
		head, err := x.in.r.Peek(4)
		if x.begun && len(head) == 0 && err == io.EOF {
			return io.EOF
		}
		if !x.begun || len(head) < 4 || binary.LittleEndian.Uint32(head) != 0 {
			break
		}
		x.in.r.Discard(4)
	}
	h, err := x.in.take(12)
	if err != nil {
		return err
	}
	if string(h[:6]) != "\xfd7zXZ\x00" || h[6] != 0 || h[7] > 15 || crc32.ChecksumIEEE(h[6:8]) != binary.LittleEndian.Uint32(h[8:]) {
		return errXz
	}
	x.check, x.begun = h[7], true
	return nil
}

// index skips the index, whose first byte is read, and the stream's footer.
func (x *xzReader) index() error {
	x.in.n = 1
	records, err := binary.ReadUvarint(&x.in)
	for ; err == nil && records > 0; records-- {
		if _, err = binary.ReadUvarint(&x.in); err == nil {
			_, err = binary.ReadUvarint(&x.in)
		}
	}
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	b, err := x.in.take(int(-x.in.n&3) + 4 + 12)
	if err != nil {
		return err
	}
	if string(b[len(b)-2:]) != "YZ" {
		return errXz
	}
	x.check = noStream
	return nil
}
