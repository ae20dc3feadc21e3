package source

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// Open reads a unit and calls visit for each stream in it, in order. What cannot be read goes to the hooks. The error
// is visit's: whatever lies in the unit is no reason to stop the others.
func (r *Reader) Open(u Unit, h Hooks, visit func(*Stream) error) error {
	o := opening{Reader: r, hooks: &h, visit: visit, unit: u, seed: maphash.MakeSeed(), named: map[uint64]int{}}
	if u.stdin {
		if r.opt.Stdin == nil {
			h.skip(u.Path, "empty")
			return nil
		}
		o.in = r.opt.Stdin
		return o.hashed(layer{path: u.Path, mod: time.Now().UTC()})
	}
	defer func() {
		if h.Bytes != nil && o.read < u.Size {
			h.Bytes(u.Size - o.read) // what did not have to be read is done too
		}
	}()
	// A FIFO may have taken the place of the file since it was listed: nonblock makes opening it return.
	f, err := os.OpenFile(u.Path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		h.skip(u.Path, reason(err)+becameParquet(u.Path, err))
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		h.skip(u.Path, reason(err))
		return nil
	case !info.Mode().IsRegular():
		h.skip(u.Path, kind(info.Mode()))
		return nil
	}
	o.file = io.NewSectionReader(f, 0, info.Size())
	o.in = o.file
	l := layer{path: u.Path, mod: info.ModTime()}
	if l.host, l.root = r.folderHost(u.Path); l.host == "" {
		l.root = ""
	}
	return o.hashed(l)
}

// hashed reads the unit and tells its digest, if somebody asks for it.
func (o *opening) hashed(l layer) error {
	if o.hooks.Digest == nil {
		return o.whole(l)
	}
	o.digest = newDigest(o.file)
	err := o.whole(l)
	switch {
	case !o.digest.used:
	case err != nil:
		o.hooks.Digest(0, [32]byte{}, false)
	default:
		sum, ok := o.digest.sum()
		o.hooks.Digest(o.digest.at, sum, ok)
	}
	return err
}

// An opening is one unit while it is read. It is the reader of the unit's own bytes, counting them.
type opening struct {
	*Reader
	hooks *Hooks
	visit func(*Stream) error
	unit  Unit
	file  *io.SectionReader // nil for standard input
	in    io.Reader

	read    int64 // the unit's own bytes
	next    int64 // offset of the next Read
	out     int64 // bytes decompressed from them
	members int64
	bomb    error // the limit that ended it
	told    bool  // … was reported

	seed  maphash.Seed
	named map[uint64]int // how many members there were of a path, by its hash

	digest *digest // of the unit; nil where nobody asks for it

	tries    []string // passwords to try; see passwords
	lockedIn string   // the archive that locked reported last
	key      sevenKey // that was derived last for a 7z archive
	rounds   int64    // of deriving such keys
}

func (o *opening) Read(p []byte) (int, error) {
	n, err := o.in.Read(p)
	o.count(n)
	o.digest.saw(p[:n], o.next)
	if o.digest != nil && err == io.EOF {
		o.digest.done = true
	}
	if o.next += int64(n); err == io.EOF && o.file != nil && o.next < o.file.Size() {
		err = errShorter
	}
	return n, err
}

var errShorter = errors.New("became shorter while it was read")

// ReadAt is for the archives whose table of contents is at the end, and for Tocsin's archive of events. Most bytes are read
// once; those that passwords are tried on are read, and counted, for each.
func (o *opening) ReadAt(p []byte, at int64) (int, error) {
	n, err := o.file.ReadAt(p, at)
	o.count(n)
	o.digest.saw(p[:n], at)
	return n, err
}

func (o *opening) count(n int) {
	before := o.read
	o.read += int64(n)
	if h := o.hooks.Bytes; h != nil && n > 0 {
		if !o.unit.stdin { // a file's progress never exceeds its listed size
			n = int(max(0, min(o.read, o.unit.Size)-before))
		}
		h(int64(n))
	}
}

// whole reads the unit from its outermost layer.
func (o *opening) whole(l layer) error {
	err := o.stream(l, o)
	if err == errLimit {
		return nil
	}
	if err == nil {
		o.stopped(l) // a single compressed stream has no archive that would say it
	}
	return err
}

// A layer is something that is read on the way in: the unit, a member, what a compressed stream held.
type layer struct {
	path     string
	mod      time.Time
	host     string // of the collection that it lies in, as the collection says …
	root     string // … and the collection's path
	archives int    // archives around it
	packed   int    // compressions around it within its archive
}

// A metered reader adds what it yields to the opening's decompressed bytes and ends it at the limits.
type metered struct {
	o *opening
	r io.Reader
}

func (m metered) Read(p []byte) (int, error) {
	if m.o.bomb != nil {
		return 0, m.o.bomb
	}
	var n int
	err := safely(func() (err error) { n, err = m.r.Read(p); return err })
	if bomb := m.o.unpacked(int64(n)); bomb != nil {
		return n, bomb
	}
	return n, err
}

// unpacked notes so many more decompressed bytes, and says whether that is beyond a limit.
func (o *opening) unpacked(n int64) error {
	o.out += n
	switch l := o.opt.Limits; {
	case o.out > l.Size:
		o.bomb = limit(fmt.Sprintf("decompresses to more than %d bytes", l.Size), "--max-size")
	case o.out > ratioFloor && o.out/l.Ratio > max(o.read, 1):
		o.bomb = limit(fmt.Sprintf("decompresses to more than %d times its size", l.Ratio), "--max-ratio")
	}
	return o.bomb
}

// A limitError is a bound of ours that input exceeded.
type limitError struct{ what, flag string }

func limit(what, flag string) error { return &limitError{what, flag} }

func (e *limitError) Error() string { return e.what }

// faultAt reports err at a place; a limit names the flag that raises it.
func (h *Hooks) faultAt(path string, line int64, err error, hint string) {
	var l *limitError
	if errors.As(err, &l) {
		hint = "if it can be trusted, raise " + l.flag
	}
	h.fault(&tocsin.Fault{Source: path, Line: line, Err: err, Hint: hint})
}

// stream looks at what r begins with and reads it as what it is.
func (o *opening) stream(l layer, r io.Reader) error {
	br := o.head(r)
	defer o.done(br)
	head, err := br.Peek(headSize)
	if len(head) == 0 {
		switch {
		case o.bomb != nil:
		case err == nil || err == io.EOF:
			o.hooks.skip(l.path, "empty")
		case encrypted(err):
			o.hooks.skip(l.path, "encrypted")
		default:
			o.hooks.skip(l.path, reason(err))
		}
		return nil
	}
	if ok, err := o.keeps(l, head); ok {
		return err
	}
	if read := archiveOf(head); read != nil {
		if l.archives >= o.opt.Limits.Depth {
			o.hooks.skip(l.path, fmt.Sprintf("lies in %d archives (if it can be trusted, raise --max-depth)", l.archives))
			return nil
		}
		o.digest.use()
		return read(o, l, br)
	}
	if c := compressionOf(head); c != nil {
		if l.packed >= o.opt.Limits.Depth {
			o.hooks.skip(l.path, fmt.Sprintf("compressed %d times (if it can be trusted, raise --max-depth)", l.packed))
			return nil
		}
		return o.unpack(c, l, br)
	}
	return o.show(l, br, head)
}

// show visits a stream that is neither archive nor compressed.
func (o *opening) show(l layer, br *bufio.Reader, head []byte) error {
	if wide := utf16Order(head); wide != nil {
		text := o.head(&utf16Reader{r: br, order: wide})
		defer o.done(text)
		br = text
		head, _ = br.Peek(headSize)
	}
	if bytes.HasPrefix(head, utf8BOM) {
		br.Discard(len(utf8BOM))
		head, _ = br.Peek(headSize)
	}
	if appleDouble(l.path, head) {
		return nil
	}
	if kind := ResultOf(head); kind != "" && !o.opt.Results {
		o.hooks.skip(l.path, "a result of Tocsin's own ("+kind+"); --read-results reads it as a log")
		return nil
	}
	s := &Stream{Path: l.path, ModTime: l.mod, r: br, from: o.Reader, hooks: o.hooks}
	if o.format != nil {
		s.Format = *o.format
	} else if why := foreignTo(head, true); why != "" {
		o.hooks.skip(l.path, why)
		return nil
	} else {
		var ok bool
		if s.Format, ok = decode.Detect(l.path, head); !ok {
			o.hooks.skip(l.path, unknown(head))
			return nil
		}
	}
	if o.format == nil {
		if why := notEvents(l.path, l.root, s.Format, head, &tocsin.Record{Source: l.path, Ref: l.mod}); why != "" {
			o.hooks.skip(l.path, why)
			return nil
		}
	}
	if s.Host = l.host; s.Host == "" {
		s.Host = hostOf(l.path)
	}
	s.Format = s.Format.For(head, func() []byte {
		far := bufio.NewReaderSize(br, decode.LookAhead)
		s.r = far
		b, _ := far.Peek(decode.LookAhead)
		return b
	})
	o.digest.use()
	return o.visit(s)
}

// appleDouble says that a stream is no file but what macOS notes about one: its attributes, in archives and on foreign
// file systems, beside it under the name with "._" before it (RFC 1740, appendix A). It is not listed; what only has such a
// name is read.
func appleDouble(path string, head []byte) bool {
	name := path[strings.LastIndexAny(path, `/\`)+1:]
	return strings.HasPrefix(name, "._") && bytes.HasPrefix(head, []byte(appleMagic))
}

const appleMagic = "\x00\x05\x16\x07"

func unknown(head []byte) string {
	if len(bytes.Trim(head, " \t\r\n")) == 0 {
		return "nothing but white space"
	}
	if why := foreignTo(head, false); why != "" {
		return why
	}
	if isText(head) {
		return "text, but no log of a known format"
	}
	return fmt.Sprintf("no known format (starts with %x)", head[:min(len(head), 8)])
}

// foreignTo says what foreign thing begins so, "" if none does; of disks only those, whose first bytes nothing else has.
func foreignTo(head []byte, disks bool) string {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.magic)) && (!disks || f.hint != "" && len(f.magic) >= 8) {
			return f.name + ", which cannot be read" + f.hint
		}
	}
	return ""
}

// isText says that there is nothing in head that text does not have.
func isText(head []byte) bool {
	for _, c := range head {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b {
			return false
		}
	}
	return utf8.Valid(head[:max(0, len(head)-utf8.UTFMax)]) // the last character may be cut off
}

// mountIt says what to do with what holds a file system.
const mountIt = ": mount it read-only and name the folder, or a folder of the logs copied out of it"

// foreign are containers that people keep logs in and what else lies beside them, which are not read: better said by name.
var foreign = []struct{ magic, name, hint string }{
	{appleMagic, "what macOS notes about the file beside it (AppleDouble)", ""},
	{"Rar!\x1a\x07", "a RAR archive", ""},
	{"MSCF", "a cabinet archive", ""},
	{"\x04\x22\x4d\x18", "LZ4 compression", ""},
	{"\x1f\x9d", "compress (.Z) compression", ""},
	{"\x5d\x00\x00\x80\x00", "LZMA compression without xz", ""},
	{"070701", "a cpio archive", ""},
	{"\xd4\xc3\xb2\xa1", "a packet capture", ""},
	{"\xa1\xb2\xc3\xd4", "a packet capture", ""},
	{"\x0a\x0d\x0d\x0a", "a packet capture", ""},
	{"SQLite format 3\x00", "an SQLite database", ""},
	{"regf", "a registry hive", ""},
	{"\x7fELF", "a program", ""},
	{"MZ", "a program", ""},
	{"%PDF-", "a PDF document", ""},
	{"vhdxfile", "a virtual disk (VHDX)", mountIt},
	{"conectix", "a virtual disk (VHD)", mountIt},
	{"EVF\x09\x0d\x0a\xff\x00", "an image of a disk (EnCase)", mountIt},
	{"KDMV", "a virtual disk (VMDK)", mountIt},
}

func (r *Reader) head(from io.Reader) *bufio.Reader {
	br, _ := r.heads.Get().(*bufio.Reader)
	if br == nil {
		return bufio.NewReaderSize(from, headSize)
	}
	br.Reset(from)
	return br
}

func (r *Reader) done(br *bufio.Reader) {
	br.Reset(nil)
	r.heads.Put(br)
}
