package source

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A compression is one way that a single stream is packed.
type compression struct {
	name string
	// open returns the unpacked stream, the time that its header tells, if any, and what frees it.
	open func(*bufio.Reader) (io.Reader, time.Time, func(), error)
}

// compressionOf tells by the first bytes how a stream is compressed; nil if it is not.
func compressionOf(head []byte) *compression {
	for i := range compressions {
		for _, m := range compressions[i].magic {
			if bytes.HasPrefix(head, []byte(m)) {
				return &compressions[i].compression
			}
		}
	}
	// A zstd stream may begin with frames to be skipped: 0x184D2A50 to 0x184D2A5F, little endian (RFC 8878, 3.1.2).
	if len(head) > 8 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18" {
		return &compressions[1].compression
	}
	return nil
}

var compressions = []struct {
	magic []string
	compression
}{
	{[]string{"\x1f\x8b\x08"}, compression{"gzip", openGzip}},
	{[]string{"\x28\xb5\x2f\xfd"}, compression{"zstd", openZstd}},
	{[]string{"\xfd7zXZ\x00"}, compression{"xz", openXz}},
	{bzip2Magic(), compression{"bzip2", func(br *bufio.Reader) (io.Reader, time.Time, func(), error) {
		return bzip2.NewReader(br), time.Time{}, nil, nil
	}}},
}

// bzip2Magic: "BZh", the block size, and the first block's or, in an empty stream, the footer's magic.
func bzip2Magic() (all []string) {
	for size := '1'; size <= '9'; size++ {
		all = append(all, fmt.Sprintf("BZh%c\x31\x41\x59\x26\x53\x59", size), fmt.Sprintf("BZh%c\x17\x72\x45\x38\x50\x90", size))
	}
	return all
}

func openGzip(br *bufio.Reader) (io.Reader, time.Time, func(), error) {
	z, err := gzip.NewReader(br)
	if err != nil {
		return nil, time.Time{}, nil, err
	}
	return z, z.ModTime, nil, nil
}

func openZstd(br *bufio.Reader) (io.Reader, time.Time, func(), error) {
	z, err := zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, time.Time{}, nil, err
	}
	return z, time.Time{}, z.Close, nil
}

func openXz(br *bufio.Reader) (io.Reader, time.Time, func(), error) {
	return newXz(br), time.Time{}, nil, nil
}

// unpack reads what a compressed stream holds, under the path of that stream.
func (o *opening) unpack(c *compression, l layer, br *bufio.Reader) error {
	z, mod, free, err := c.open(br)
	if err != nil {
		o.hooks.skip(l.path, fmt.Sprintf("not %s after all: %v", c.name, err))
		return nil
	}
	if free != nil {
		defer free()
	}
	l.mod = better(mod, l.mod)
	l.packed++
	return o.stream(l, metered{o, z})
}

// better is the time that a member tells, unless it is what packers write when they know none; then the time of what
// it lies in.
func better(mod, around time.Time) time.Time {
	if mod.Year() < 1990 {
		return around
	}
	return mod.UTC()
}
