package archive

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

var errDamaged = errors.New("a block is damaged")

// recover makes of the folder what it was at the mark, and finishes what was begun.
func (a *Archive) recover() error {
	seqs, err := a.seqs()
	if err != nil {
		return err
	}
	highest, err := a.highest()
	if err != nil {
		return err
	}
	a.seq = max(highest, a.committed.seq)
	if a.end = a.committed; a.seq > a.end.seq {
		a.end = mark{a.seq, 0}
	}
	var whole []spoolFile
	for _, seq := range seqs {
		name := a.spoolPath(seq)
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		if _, err := os.Stat(a.planPath(seq)); err == nil { // all of its Parquet files are made
			if err := a.finish(seq); err != nil {
				return err
			}
			continue
		}
		if err := os.RemoveAll(a.partsPath(seq)); err != nil {
			return err
		}
		size := info.Size()
		if keep := a.kept(seq); size > keep {
			if err := a.cutOff(name, keep, size); err != nil {
				return err
			}
			size = keep
		} else if seq == a.committed.seq {
			a.cut.Missing += a.committed.at - size
		}
		if size <= int64(len(spoolMagic)) {
			if err := os.Remove(name); err != nil {
				return err
			}
			continue
		}
		whole = append(whole, spoolFile{seq, size})
	}
	if err := a.leftovers(seqs); err != nil {
		return err
	}
	if n := len(whole); n > 0 && whole[n-1].seq == a.seq && whole[n-1].size < a.opt.MaxSpool && a.cut.Missing == 0 { // gone on with
		last := whole[n-1]
		whole = whole[:n-1]
		info, err := os.Stat(a.spoolPath(last.seq))
		if err != nil {
			return err
		}
		if a.file, err = os.OpenFile(a.spoolPath(last.seq), os.O_RDWR, 0); err != nil {
			return err
		}
		a.at, a.end, a.hour = last.size, mark{last.seq, last.size}, hourOf(info.ModTime())
	}
	a.closed = whole
	return nil
}

// kept is how many bytes of a spool file the mark keeps.
func (a *Archive) kept(seq uint64) int64 {
	switch m := a.committed; {
	case seq < m.seq:
		return 1<<63 - 1
	case seq > m.seq:
		return 0
	default:
		return m.at
	}
}

// cutOff cuts a spool file off and notes what it had beyond.
func (a *Archive) cutOff(name string, keep, size int64) error {
	if err := a.do("cut"); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	a.cut.Bytes += size - max(keep, int64(len(spoolMagic)))
	r := newScanner(f, size)
	if r.at = keep; keep == 0 {
		r.at = int64(len(spoolMagic))
	}
	for {
		h, _, err := r.next(false)
		if err != nil {
			break
		}
		a.cut.Blocks++
		a.cut.Events += int64(h.events)
	}
	if err := f.Truncate(keep); err != nil {
		return err
	}
	return f.Sync()
}

// seqs are the numbers of the spool files that there are, in order.
func (a *Archive) seqs() (all []uint64, err error) {
	entries, err := os.ReadDir(a.spool())
	for _, e := range entries {
		if seq, kind := spoolName(e.Name()); kind == ".spool" {
			all = append(all, seq)
		}
	}
	slices.Sort(all)
	return all, err
}

// leftovers removes parts and plans of spool files that are no more.
func (a *Archive) leftovers(seqs []uint64) error {
	entries, err := os.ReadDir(a.spool())
	if err != nil {
		return err
	}
	for _, e := range entries {
		if seq, kind := spoolName(e.Name()); (kind == ".parts" || kind == ".plan") && !slices.Contains(seqs, seq) {
			if err := os.RemoveAll(filepath.Join(a.spool(), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// spoolName takes the name of a file in the spool folder apart.
func spoolName(name string) (seq uint64, kind string) {
	dot := strings.IndexByte(name, '.')
	if dot < 0 {
		return 0, ""
	}
	seq, err := strconv.ParseUint(name[:dot], 10, 64)
	if err != nil {
		return 0, ""
	}
	return seq, name[dot:]
}

// A scanner reads the blocks of a spool file.
type scanner struct {
	r    io.ReaderAt
	at   int64
	size int64
	most int64 // bytes of a block
	head [headSize]byte
	body []byte
	lost int64 // bytes that were in no block
}

func newScanner(r io.ReaderAt, size int64) *scanner {
	return &scanner{r: r, at: int64(len(spoolMagic)), size: size, most: 1 << 40}
}

// errTorn says that a spool file ends within a block: it is being written, or was cut short.
var errTorn = errors.New("the file ends within a block")

// next returns the next block's head and, with body, what follows it, which is valid until the next call; at the end io.EOF.
// Bytes that begin no block are passed over and counted.
func (s *scanner) next(body bool) (h blockHead, b []byte, err error) {
	for s.at < s.size {
		if s.size-s.at < headSize {
			return h, nil, errTorn
		}
		if _, err := s.r.ReadAt(s.head[:], s.at); err != nil {
			return h, nil, err
		}
		var ok bool
		if h, ok = parseHead(s.head[:]); !ok {
			n, err := s.seek()
			s.lost += n
			s.at += n
			if err != nil {
				return h, nil, err
			}
			continue
		}
		if h.length() > s.size-s.at-headSize {
			return h, nil, errTorn
		}
		if max(h.packed, h.size) > s.most {
			s.at += headSize + h.length()
			return h, nil, ErrLarge
		}
		if body {
			if int64(cap(s.body)) < h.length() {
				s.body = make([]byte, h.length())
			}
			s.body = s.body[:h.length()]
			if _, err := s.r.ReadAt(s.body, s.at+headSize); err != nil {
				return h, nil, err
			}
		}
		s.at += headSize + h.length()
		return h, s.body, nil
	}
	return h, nil, io.EOF
}

// ErrLarge says that something is larger than may be held in memory.
var ErrLarge = errors.New("larger than may be held in memory")

// seek finds how far it is to what looks like a block's head.
func (s *scanner) seek() (n int64, err error) {
	buf := make([]byte, 64<<10)
	for at := s.at + 1; at < s.size; {
		k, err := s.r.ReadAt(buf[:min(int64(len(buf)), s.size-at)], at)
		if err != nil && err != io.EOF {
			return 0, err
		}
		for i := 0; i+headSize <= k; i++ {
			if buf[i] == blockMagic[0] {
				if _, ok := parseHead(buf[i:k]); ok {
					return at + int64(i) - s.at, nil
				}
			}
		}
		if at+int64(k) >= s.size {
			break
		}
		at += int64(k - headSize + 1)
	}
	return s.size - s.at, nil
}

// A Spool reads a spool file, also one that is being written: up to the size that it has now.
type Spool struct {
	scan  scanner
	path  string
	n     int64
	gone  []planned
	of    func(tenant string) bool
	told  bool
	again decode.Decoder
	pack  decode.Packer
	plan  []byte
}

// IsSpool says that a file is one, by how it begins.
func IsSpool(head []byte) bool { return bytes.HasPrefix(head, []byte(spoolMagic)) }

// IsNote says that a file is the archive's own and only of use while a spool file is converted, by how it begins: its events
// are read elsewhere.
func IsNote(head []byte) bool {
	return bytes.HasPrefix(head, []byte(planMagic)) || bytes.HasPrefix(head, []byte(sortMagic))
}

// SpoolOptions say how to read a spool file; the zero value works.
type SpoolOptions struct {
	Most int64 // bytes of a block; 0 is 256 MiB
	// Read says of a Parquet file of the archive, by its path, whether the caller reads it too: events that are in it are not
	// given out a second time. Nil: it reads none.
	Read func(path string) bool
	// Tenant says whether a tenant's events are given out; nil gives out all. The events of others count as read.
	Tenant func(tenant string) bool
}

// OpenSpool begins to read a spool file of so many bytes, which lies at path.
func OpenSpool(r io.ReaderAt, size int64, path string, o SpoolOptions) *Spool {
	s := &Spool{scan: *newScanner(r, size), path: path, of: o.Tenant}
	if s.scan.most = o.Most; o.Most <= 0 {
		s.scan.most = 256 << 20
	}
	if o.Read == nil {
		return s
	}
	dir := filepath.Dir(path)
	if seq, kind := spoolName(filepath.Base(path)); kind == ".spool" {
		plan, err := readPlan(filepath.Join(dir, fmt.Sprintf("%08d.plan", seq)))
		if err != nil {
			return s
		}
		for _, p := range plan.Files {
			if o.Read(filepath.Join(filepath.Dir(dir), filepath.FromSlash(p.Path))) {
				s.gone = append(s.gone, p)
			}
		}
	}
	return s
}

// Next appends the packed events of the next block to dst, for the format [decode.Stored]; at the end io.EOF. After another
// error, which tells of what could not be read, it can be called again.
func (s *Spool) Next(dst []byte) ([]byte, error) {
	for {
		lost := s.scan.lost
		h, body, err := s.scan.next(true)
		if n := s.scan.lost - lost; n > 0 && (err == nil || err == io.EOF || err == errTorn) {
			if err == nil {
				s.scan.at -= headSize + h.length()
			}
			return dst, fmt.Errorf("%d bytes are in no block", n)
		}
		switch {
		case err == errTorn:
			if s.told {
				return dst, io.EOF
			}
			s.told = true
			return dst, errTorn
		case err == ErrLarge:
			return dst, fmt.Errorf("a block of %d bytes with %d events: %w", h.packed, h.events, err)
		case err != nil:
			s.scan.at = s.scan.size
			return dst, err
		}
		s.n += int64(h.events)
		out, err := h.unpack(dst, body)
		if err != nil {
			return dst, fmt.Errorf("%w: its %d events are lost", err, h.events)
		}
		tenant := string(body[:h.tenant])
		if s.of != nil && !s.of(tenant) {
			continue
		}
		if len(s.gone) > 0 {
			out = s.without(out, len(dst), tenant, &h)
		}
		if len(out) > len(dst) {
			return out, nil
		}
	}
}

// Events is how many events the file has up to where it was read.
func (s *Spool) Events() int64 { return s.n }

// Torn says that an error of Next is that the file ends within a block, as one does that is being written.
func Torn(err error) bool { return err == errTorn }

// without takes those events out of a block, which begins at, that are in files that are read too.
func (s *Spool) without(block []byte, at int, tenant string, h *blockHead) []byte {
	touched := false
	for i := range s.gone {
		p := &s.gone[i]
		if p.Tenant != tenant {
			continue
		}
		if !p.Undated && h.within(p.From, p.To) {
			return block[:at]
		}
		touched = true
	}
	if !touched {
		return block
	}
	if s.again == nil {
		s.again = decode.Stored().New(decode.Options{})
	}
	s.pack.Reset()
	s.plan = s.plan[:0]
	s.again.Decode(&tocsin.Record{Source: s.path, Data: block[at:]}, func(ev *tocsin.Event) {
		for i := range s.gone {
			if p := &s.gone[i]; p.Tenant == tenant && p.has(ev.Time) {
				return
			}
		}
		s.plan = s.pack.Append(s.plan, ev)
	})
	return append(block[:at], s.plan...)
}

// A plan says which Parquet files a spool file becomes. It is written once all of them are made, and before the first has its
// name.
type plan struct {
	Files []planned
}

// A planned file has the events of a tenant from a second to before another, or those without a time.
type planned struct {
	Tenant   string
	Path     string // below the archive, with slashes
	From, To int64  // Unix seconds
	Undated  bool
}

func (p *planned) has(t time.Time) bool {
	if p.Undated {
		return t.IsZero()
	}
	return !t.IsZero() && t.Unix() >= p.From && t.Unix() < p.To
}

const (
	planMagic = "\x8fTOCSIN PLAN 1\n"
	sortMagic = "\x8fTOCSIN SORT 1\n"
	mostPlan  = 16 << 20 // bytes
)

func writePlan(name string, p *plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	b := append([]byte(planMagic), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[len(planMagic):], crc32.Checksum(text, castagnoli))
	return writeWhole(name, append(b, s2.Encode(nil, text)...))
}

func readPlan(name string) (*plan, error) {
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() > mostPlan {
		return nil, cmp.Or(err, errDamaged)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	head := len(planMagic) + 4
	if len(b) < head || !bytes.HasPrefix(b, []byte(planMagic)) {
		return nil, errDamaged
	}
	if n, err := s2.DecodedLen(b[head:]); err != nil || n > mostPlan {
		return nil, errDamaged
	}
	text, err := s2.Decode(nil, b[head:])
	if err != nil || crc32.Checksum(text, castagnoli) != binary.LittleEndian.Uint32(b[len(planMagic):]) {
		return nil, errDamaged
	}
	p := &plan{}
	if err := json.Unmarshal(text, p); err != nil {
		return nil, errDamaged
	}
	return p, nil
}

// writeWhole writes a file that is either not there or whole, whenever the power goes.
func writeWhole(name string, b []byte) error {
	part := name + ".part"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return err
	}
	if _, err = f.Write(b); err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		os.Remove(part)
		return err
	}
	return syncFolder(filepath.Dir(name))
}
