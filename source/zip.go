package source

import (
	"archive/zip"
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"
)

// Methods of compression in zip files that the standard library does not know (APPNOTE.TXT 6.3.10, 4.4.5).
const (
	zipBzip2 = 12
	zipZstd  = 93
	zipXz    = 95
)

func (o *opening) zip(l layer, br *bufio.Reader) error {
	at, size, free, err := o.random(l, br)
	defer free()
	if stop := o.stopped(l); stop != nil {
		return stop
	}
	if err != nil {
		o.hooks.faultAt(l.path, 0, err, "")
		return nil
	}
	var z *zip.Reader
	// The table of contents is held in memory: it must not be larger than the most members would need.
	table := &bounded{at, o.opt.Limits.Members * 512}
	if err := safely(func() (err error) { z, err = zip.NewReader(table, size); return err }); err != nil {
		o.hooks.faultAt(l.path, 0, fmt.Errorf("zip: table of contents: %w", err), "the archive is cut off or damaged; what its front holds is read")
		return o.zipFront(l, bufio.NewReader(io.NewSectionReader(at, 0, size)))
	}
	table.left = 1 << 62
	inflate := flate.NewReader(nil) // one for all members, which are read one after the other
	unpack := func(method uint16, r io.Reader) (io.ReadCloser, error) { return unzip(inflate, method, r) }
	for _, method := range []uint16{zip.Deflate, zipBzip2, zipXz, zipZstd} {
		z.RegisterDecompressor(method, func(r io.Reader) io.ReadCloser {
			d, err := unpack(method, r)
			if err != nil {
				return nil
			}
			return d
		})
	}
	if host := o.zipHost(z, func(f *zip.File) (io.ReadCloser, error) { return o.zipOpen(f, unpack) }); host != "" {
		l.host, l.root = host, filepath.ToSlash(l.path)
	}
	for _, f := range z.File {
		if err := o.counts(l); err != nil {
			return err
		}
		if err := o.zipMember(l, f, unpack); err != nil {
			return err
		}
	}
	return nil
}

// unzip unpacks a member's data, by method; deflated data with inflate, which is reset.
func unzip(inflate io.ReadCloser, method uint16, r io.Reader) (io.ReadCloser, error) {
	switch method {
	case zip.Store:
		return io.NopCloser(r), nil
	case zip.Deflate:
		inflate.(flate.Resetter).Reset(r, nil)
		return io.NopCloser(inflate), nil
	case zipBzip2:
		return io.NopCloser(bzip2.NewReader(r)), nil
	case zipXz:
		return io.NopCloser(newXz(bufio.NewReader(r))), nil
	case zipZstd:
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return nil, zip.ErrAlgorithm
}

func (o *opening) zipMember(l layer, f *zip.File, unpack func(uint16, io.Reader) (io.ReadCloser, error)) error {
	switch mode := f.Mode(); {
	case mode.IsDir():
		return nil
	case mode&fs.ModeType != 0 && (mode&fs.ModeNamedPipe == 0 || f.UncompressedSize64 == 0): // what was packed from a pipe is data
		o.hooks.skip(inside(l.path, f.Name), kind(mode))
		return nil
	case f.Flags&zipStrong != 0:
		o.locked(l.path, inside(l.path, f.Name), "by a method of PKWARE's that is not read")
		return nil
	}
	var r io.ReadCloser
	if err := safely(func() (err error) { r, err = o.zipOpen(f, unpack); return err }); err != nil {
		if stop := o.stopped(l); stop != nil {
			return stop
		}
		if err == errPassword {
			o.locked(l.path, inside(l.path, f.Name), wrongPassword)
			return nil
		}
		if err == zip.ErrAlgorithm {
			method := f.Method
			if _, within, ok := aesExtra(f.Extra); method == zipAES && ok {
				method = within
			}
			err = fmt.Errorf("packed by method %d, which is not supported", method)
		}
		o.hooks.skip(inside(l.path, f.Name), err.Error())
		return nil
	}
	defer r.Close()
	return o.member(l, layer{path: f.Name, mod: f.Modified}, r)
}

// zipOpen opens a member, by a password if it is encrypted.
func (o *opening) zipOpen(f *zip.File, unpack func(uint16, io.Reader) (io.ReadCloser, error)) (io.ReadCloser, error) {
	if f.Flags&zipEncrypted != 0 {
		return o.zipUnlocked(f, unpack)
	}
	return f.Open()
}

// A bounded reader gives only so many bytes.
type bounded struct {
	io.ReaderAt
	left int64
}

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, limit("has too large a table of contents", "--max-members")
	}
	return b.ReaderAt.ReadAt(p, at)
}

// zipFront reads the members of a zip whose table of contents is lost, by the headers before each of them (APPNOTE.TXT
// 6.3.10, 4.3.7): those that were deflated, or stored with their size said first.
func (o *opening) zipFront(l layer, br *bufio.Reader) error {
	inflate := flate.NewReader(nil)
	for {
		var h [30]byte
		if _, err := io.ReadFull(br, h[:]); err != nil || string(h[:4]) != "PK\x03\x04" {
			return nil
		}
		name := make([]byte, binary.LittleEndian.Uint16(h[26:]))
		if _, err := io.ReadFull(br, name); err != nil {
			return nil
		}
		if _, err := br.Discard(int(binary.LittleEndian.Uint16(h[28:]))); err != nil {
			return nil
		}
		if err := o.counts(l); err != nil {
			return err
		}
		flags, method, size := binary.LittleEndian.Uint16(h[6:]), binary.LittleEndian.Uint16(h[8:]), binary.LittleEndian.Uint32(h[18:])
		known := flags&8 == 0 && size != 1<<32-1
		var r io.Reader
		switch {
		case flags&zipEncrypted == 0 && method == zip.Deflate:
			inflate.(flate.Resetter).Reset(br, nil)
			r = inflate
		case known:
			r = io.LimitReader(br, int64(size))
		default:
			return nil
		}
		m := layer{path: string(name)}
		switch {
		case flags&zipEncrypted != 0:
			o.locked(l.path, inside(l.path, m.path), "not read from a damaged archive")
		case method != zip.Deflate && method != zip.Store:
			o.hooks.skip(inside(l.path, m.path), fmt.Sprintf("packed by method %d, which is not read from a damaged archive", method))
		case !strings.HasSuffix(m.path, "/"):
			if err := o.member(l, m, r); err != nil {
				return err
			}
		}
		if _, err := io.Copy(io.Discard, metered{o, r}); err != nil {
			return o.stopped(l)
		}
		if flags&8 != 0 { // sizes and checksum follow, in 12 to 24 bytes
			for n := 0; n < 24; n++ {
				if next, _ := br.Peek(4); string(next) == "PK\x03\x04" {
					break
				}
				br.Discard(1)
			}
		}
	}
}
