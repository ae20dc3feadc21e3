package tail

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-ids/tocsin/feed"
)

// compression names how what begins so is compressed; "": it is not, as far as is known here. xz is told and not read.
func compression(begin []byte) string {
	for _, m := range []struct{ name, magic string }{{"gzip", "\x1f\x8b\x08"}, {"zstd", "\x28\xb5\x2f\xfd"}, {"xz", "\xfd7zXZ\x00"}} {
		if bytes.HasPrefix(begin, []byte(m.magic)) {
			return m.name
		}
	}
	if len(begin) >= 10 && bytes.HasPrefix(begin, []byte("BZh")) && begin[3] >= '1' && begin[3] <= '9' &&
		(string(begin[4:10]) == "1AY&SY" || string(begin[4:10]) == "\x17\x72\x45\x38\x50\x90") {
		return "bzip2"
	}
	return ""
}

// unzip reads what a compressed file holds, from its start. The file belongs to what it returns.
func unzip(path string) (*unpacking, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, err
	}
	u := &unpacking{file: file}
	if u.info, err = file.Stat(); err == nil && !u.info.Mode().IsRegular() {
		err = errors.New("not a file")
	}
	br := bufio.NewReaderSize(file, 64<<10)
	begin, _ := br.Peek(16)
	if err == nil {
		switch compression(begin) {
		case "gzip":
			u.r, err = gzip.NewReader(br)
		case "bzip2":
			u.r = bzip2.NewReader(br)
		case "zstd":
			var z *zstd.Decoder
			z, err = zstd.NewReader(br, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
			if err == nil {
				u.r, u.free = z, z.Close
			}
		default:
			err = errors.New("compressed in a way that is not read here")
		}
	}
	if err != nil {
		u.close()
		return nil, err
	}
	return u, nil
}

// An unpacking is a compressed file that is being read.
type unpacking struct {
	file *os.File
	info os.FileInfo
	r    io.Reader
	free func()

	at       int64  // bytes of what it holds that were read
	begin    []byte // the first of them
	back     []byte // the last of them before the place to go on from
	fits     bool   // what comes before that place is what was delivered
	rest     []byte // read, and not delivered
	skipping bool   // rest is within a line that is too long
	err      error  // with which it ended
}

func (u *unpacking) close() {
	if u.free != nil {
		u.free()
		u.free = nil
	}
	_ = u.file.Close() // nothing was written
}

// A peek is how what a compressed file holds begins.
type peek struct {
	size  int64
	mod   time.Time
	begin []byte // at most headMost; nil: it could not be read
}

const mostPeeks = 8192

// compressedOf says whether what lies at e is compressed and holds what begins as s does.
func (f *follower) compressedOf(s *stream, e entry) bool {
	if s.head.n == 0 || s.head.n < headMost && s.fam != e.fam {
		return false
	}
	p, ok := f.peeks[e.id]
	if !ok || p.size != e.info.Size() || !p.mod.Equal(e.info.ModTime()) {
		p = peek{e.info.Size(), e.info.ModTime(), nil}
		if p.begin, ok = peekInto(e); !ok {
			return false
		}
		if len(f.peeks) >= mostPeeks {
			clear(f.peeks)
		}
		f.peeks[e.id] = p
	}
	return s.head.begins(p.begin)
}

// isLines says whether s is followed, or would be, by how what e holds begins.
func (f *follower) isLines(s *stream, e entry) bool {
	return s.kind == lines || s.kind == packed || s.kind == fresh && f.followable(s.name, f.peeks[e.id].begin)
}

// peekInto reads how what e holds begins; nil if it is not compressed. It is not ok if something else lies there now.
func peekInto(e entry) (begin []byte, ok bool) {
	file, err := os.OpenFile(e.path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, false
	}
	magic := make([]byte, 16)
	n, _ := file.ReadAt(magic, 0)
	info, err := file.Stat()
	_ = file.Close() // nothing was written
	if err != nil || identify(e.path, info) != e.id {
		return nil, false
	}
	if c := compression(magic[:n]); c == "" || c == "xz" {
		return nil, true
	}
	u, err := unzip(e.path)
	if err != nil {
		return nil, !os.IsNotExist(err)
	}
	defer u.close()
	if identify(e.path, u.info) != e.id {
		return nil, false
	}
	begin = make([]byte, headMost)
	n, _ = io.ReadFull(u.r, begin)
	return begin[:n], true
}

// unzippedSize is the size modulo 2^32 that the end of a gzip file gives; 0 for other files.
func unzippedSize(e entry) uint32 {
	file, err := os.OpenFile(e.path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return 0
	}
	defer file.Close() //nolint:errcheck // nothing was written
	info, err := file.Stat()
	var begin [16]byte
	var end [4]byte
	if err != nil || identify(e.path, info) != e.id || info.Size() < 18 || readFull(file, begin[:], 0) != nil || compression(begin[:]) != "gzip" || readFull(file, end[:], info.Size()-4) != nil {
		return 0
	}
	return binary.LittleEndian.Uint32(end[:])
}

// packed delivers what is left of a file that was compressed since.
func (f *follower) packed(s *stream) (more bool, err error) {
	switch {
	case s.done:
		s.atEnd = true
		if s.final {
			return false, f.end(s, &feed.Batch{})
		}
		return false, nil
	case !s.gone.IsZero():
		s.atEnd = true
		if s.unpack != nil {
			break // it is open, and can be read to its end
		}
		if s.final {
			return false, f.end(s, &feed.Batch{})
		}
		return false, nil
	}
	if s.unpack == nil {
		u, err := unzip(s.path)
		if err != nil {
			if os.IsNotExist(err) {
				f.rescan = true
				return false, nil
			}
			return false, f.unpacked(s, err)
		}
		if identify(s.path, u.info) != s.id {
			u.close()
			f.rescan = true
			return false, nil
		}
		s.seenSize, s.seenMod = u.info.Size(), u.info.ModTime()
		s.fault = ""
		s.unpack = u
	}
	u := s.unpack
	if !u.fits {
		return f.forward(s, u)
	}
	return f.unpackBlock(s, u)
}

// forward goes on to the place up to which s was delivered, a slice at a time.
func (f *follower) forward(s *stream, u *unpacking) (more bool, err error) {
	buf := make([]byte, 256<<10)
	for range sliceMost / len(buf) {
		want := min(int64(len(buf)), s.offset-u.at)
		n, err := io.ReadFull(u.r, buf[:want])
		got := buf[:n]
		u.at += int64(n)
		if room := backMost - len(u.begin); room > 0 {
			u.begin = append(u.begin, got[:min(room, n)]...)
		}
		u.back = append(u.back, got...)
		if len(u.back) > backMost {
			u.back = append(u.back[:0], u.back[len(u.back)-backMost:]...)
		}
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return true, f.notIt(s)
			}
			return false, f.unpacked(s, err)
		}
		if u.at == s.offset {
			if s.tail != "" && printOf(u.back[max(0, len(u.back)-tailMost):]) != s.tail {
				return true, f.notIt(s)
			}
			u.fits = true
			if s.line == 0 {
				// It ended where it was begun from: what came after that is not known to be lines of a known number.
				return true, f.countPacked(s)
			}
			return true, nil
		}
	}
	return true, nil
}

// countPacked counts the lines before the place where s, of which nothing was delivered, goes on.
func (f *follower) countPacked(s *stream) error {
	u, err := unzip(s.path)
	if err != nil {
		return f.unpacked(s, err)
	}
	defer u.close()
	back := s.unpack.back
	i := bytes.LastIndexByte(back, '\n') + 1
	if i == 0 && int64(len(back)) < s.offset {
		i = len(back)
	}
	at := s.offset - int64(len(back)-i)
	var c counter
	if _, err := io.CopyN(&c, u.r, at); err != nil {
		return f.unpacked(s, err)
	}
	s.unpack.rest = append([]byte(nil), back[i:]...)
	s.unpack.back = back[:i]
	s.offset, s.scanned, s.line = at, at, int64(c)+1
	s.tail = ""
	if at > 0 {
		s.tail = printOf(s.unpack.back[max(0, i-tailMost):])
	}
	return nil
}

type counter int64

func (c *counter) Write(b []byte) (int, error) {
	*c += counter(bytes.Count(b, newline))
	return len(b), nil
}

// notIt says that the compressed file of s is not what s became: that is still unknown, and it is another file.
func (f *follower) notIt(s *stream) error {
	f.o.Log.Debug("a compressed file only begins like one that was followed", "path", s.path, "of", s.origin.Path)
	if s.reject == nil {
		s.reject = map[fileID]bool{}
	}
	s.reject[s.id] = true
	s.unpack.close()
	s.unpack = nil
	f.unplace(s)
	s.kind, s.gone, s.at, s.away = lines, time.Now(), "", time.Time{}
	s.atEnd = true
	f.rescan = true
	return f.register(s)
}

// unpackBlock delivers a block behind the place.
func (f *follower) unpackBlock(s *stream, u *unpacking) (more bool, err error) {
	// Not longer than what is there allows: most often that is nothing.
	for u.err == nil && (len(u.rest) < f.o.Block || !bytes.Contains(u.rest, newline) && !u.skipping) {
		had := len(u.rest)
		if had > f.o.MaxLine {
			u.skipping = true
			f.tooLong(s)
			break
		}
		want := f.o.Block
		u.rest = append(u.rest, make([]byte, want)...)
		n, err := io.ReadFull(u.r, u.rest[had:])
		u.rest = u.rest[:had+n]
		u.at += int64(n)
		if u.err = err; errors.Is(err, io.ErrUnexpectedEOF) && n > 0 && cleanEnd(u.r) {
			u.err = io.EOF
		}
	}
	if u.skipping {
		i := bytes.IndexByte(u.rest, '\n') + 1
		if i == 0 && u.err == nil {
			s.offset += int64(len(u.rest))
			u.rest = u.rest[:0]
			return true, nil
		}
		if i == 0 {
			i = len(u.rest)
		} else {
			s.line++
		}
		s.offset += int64(i)
		u.rest = u.rest[i:]
		u.skipping = false
		s.tail = ""
	}
	data := u.rest
	cut := len(data)
	if u.err == nil {
		cut = bytes.LastIndexByte(data, '\n') + 1
		if f.o.Cut != nil && cut > 0 {
			if at := min(f.o.Cut(data[:cut]), cut); at > 0 {
				cut = at
			}
		}
	}
	if cut > 0 {
		at := s.seenMod
		if now := time.Now(); at.After(now) {
			at = now
		}
		b := &feed.Batch{Data: bytes.Clone(data[:cut]), Line: s.line, Offset: s.offset, At: at, Past: s.offset < s.past}
		if s.resume {
			b.Head = wholeLines(u.begin[:min(int64(len(u.begin)), b.Offset)])
		}
		u.back = append(u.back, data[:cut]...)
		u.back = append([]byte(nil), u.back[max(0, len(u.back)-backMost):]...)
		s.line += int64(bytes.Count(data[:cut], newline))
		s.offset += int64(cut)
		s.scanned = s.offset
		s.tail = printOf(u.back[max(0, len(u.back)-tailMost):])
		u.rest = append([]byte(nil), data[cut:]...)
		return true, f.put(s, b)
	}
	if u.err == io.EOF {
		return false, f.unpacked(s, nil)
	}
	return false, f.unpacked(s, u.err)
}

// cleanEnd says whether r is at its end, rather than cut short.
func cleanEnd(r io.Reader) bool {
	n, err := r.Read(make([]byte, 1))
	return n == 0 && err == io.EOF
}

// unpacked says that nothing more will come of the compressed file of s, because of err unless that is nil.
func (f *follower) unpacked(s *stream, err error) error {
	if s.unpack != nil {
		s.unpack.close()
		s.unpack = nil
	}
	if err != nil {
		s.why = fmt.Sprintf("what is left of it, compressed in %s, could not be read to its end: %v", s.path, strings.TrimSpace(err.Error()))
		f.o.Log.Warn("a compressed file could not be read to its end", "path", s.path, "offset", s.offset, "error", err)
	}
	s.done, s.atEnd = true, true
	if s.final {
		return f.end(s, &feed.Batch{})
	}
	return f.register(s)
}
