package source

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"strconv"
	"strings"
)

// An unpacker reads the members of the archive that a layer is.
type unpacker func(o *opening, l layer, br *bufio.Reader) error

// archiveOf tells by the first bytes what kind of archive a stream is; nil if it is none.
func archiveOf(head []byte) unpacker {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")), bytes.HasPrefix(head, []byte("PK\x07\x08PK")):
		return (*opening).zip
	case bytes.HasPrefix(head, []byte("7z\xbc\xaf\x27\x1c")):
		return (*opening).seven
	case isTar(head):
		return (*opening).tar
	}
	return nil
}

// isTar says whether head begins with a tar header: 512 bytes whose sum, in octal at 148, counts those digits as
// spaces. Old tars have no magic, so the sum decides.
func isTar(head []byte) bool {
	if len(head) < 512 || head[0] == 0 {
		return false
	}
	want, err := strconv.ParseInt(strings.Trim(string(head[148:156]), " \x00"), 8, 64)
	if err != nil {
		return false
	}
	sum := int64(8 * ' ')
	for i, c := range head[:512] {
		if i < 148 || i >= 156 {
			sum += int64(c)
		}
	}
	return sum == want
}

// errLimit ends an unpacker when the opening has hit a limit, which it has reported.
var errLimit = errors.New("limit reached")

// member reads one member of archive l. A limit that it hits ends the archive too, with errLimit.
func (o *opening) member(l layer, m layer, r io.Reader) error {
	m.path, m.mod, m.archives = o.distinct(inside(l.path, m.path)), better(m.mod, l.mod), l.archives+1
	m.host, m.root = l.host, l.root
	if o.excluded(m.path) {
		o.hooks.skip(m.path, "excluded")
		return nil
	}
	if err := o.stream(m, metered{o, r}); err != nil {
		return err
	}
	return o.stopped(m)
}

// distinct tells members of one path apart, as archives that were added to have them, and those whose long names are cut.
func (o *opening) distinct(path string) string {
	for {
		h := maphash.String(o.seed, path)
		o.named[h]++
		n := o.named[h]
		if n == 1 {
			return path
		}
		path = fmt.Sprintf("%s (%d)", path, n)
	}
}

// stopped says whether a limit was hit, and reports it the first time.
func (o *opening) stopped(l layer) error {
	if o.bomb == nil {
		return nil
	}
	if !o.told {
		o.told = true
		o.hooks.faultAt(l.path, 0, fmt.Errorf("the rest is not read: %w", o.bomb), "")
	}
	return errLimit
}

// counts adds a member and says whether it is one too many.
func (o *opening) counts(l layer) error {
	o.members++
	if o.members > o.opt.Limits.Members && o.bomb == nil {
		o.bomb = limit(fmt.Sprintf("has more than %d members", o.opt.Limits.Members), "--max-members")
	}
	return o.stopped(l)
}

// inside is the reported path of an archive's member. Names come from the archive and may be anything; they are cut
// to a bearable length.
func inside(archive, name string) string {
	const most = 1024
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "") + "…"
	}
	return archive + "!/" + strings.TrimPrefix(name, "./")
}

// An ending reader notes that its Reader has ended.
type ending struct {
	io.Reader
	ended bool
}

func (e *ending) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	e.ended = e.ended || err == io.EOF
	return n, err
}

var errNoMark = errors.New("tar: ends without the two empty blocks that mark its end")

func (o *opening) tar(l layer, br *bufio.Reader) error {
	in := &ending{Reader: br}
	tr := tar.NewReader(in)
	for {
		var h *tar.Header
		err := safely(func() (err error) { h, err = tr.Next(); return err })
		if err == io.EOF {
			if in.ended {
				o.hooks.faultAt(l.path, 0, errNoMark, "it may have been cut off here; the members before were read")
			}
			return nil
		}
		if err != nil {
			if stop := o.stopped(l); stop != nil {
				return stop
			}
			o.hooks.faultAt(l.path, 0, err, "the archive is cut off or damaged here; the members before were read")
			return nil
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
			if err = o.counts(l); err == nil {
				err = o.member(l, layer{path: h.Name, mod: h.ModTime}, tr)
			}
		case tar.TypeDir, tar.TypeXGlobalHeader:
			err = o.counts(l)
		default:
			if err = o.counts(l); err == nil {
				o.hooks.skip(inside(l.path, h.Name), kind(h.FileInfo().Mode()))
			}
		}
		if err != nil {
			return err
		}
	}
}

// safely turns a panic of a library over hostile bytes into an error.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("damaged beyond reading: %v", p)
		}
	}()
	return f()
}

// spoolMemory is how much of an archive that must be read from its end, but comes from a stream, is kept in memory;
// more goes to a temporary file that has no name to others.
const spoolMemory = 16 << 20

// random gives the bytes of a layer in any order, for archives whose table of contents is at their end.
func (o *opening) random(l layer, br *bufio.Reader) (r io.ReaderAt, size int64, free func(), err error) {
	free = func() {}
	if l.archives == 0 && l.packed == 0 && o.file != nil {
		return o, o.file.Size(), free, nil
	}
	var b bytes.Buffer
	if _, err = io.CopyN(&b, br, spoolMemory); err == nil {
		f, err := os.CreateTemp("", "tocsin-spool-*")
		if err != nil {
			return nil, 0, free, err
		}
		os.Remove(f.Name()) // where the system allows it
		free = func() {
			f.Close()
			os.Remove(f.Name())
		}
		if size, err = io.Copy(f, io.MultiReader(&b, br)); err != nil && size == 0 {
			return nil, 0, free, err
		}
		return f, size, free, nil
	}
	return bytes.NewReader(b.Bytes()), int64(b.Len()), free, nil
}
