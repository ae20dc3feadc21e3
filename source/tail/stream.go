package tail

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// A stream is one origin: a file for as long as there is any of it.
type stream struct {
	origin *feed.Origin
	name   string // as the glob found it when it began
	fam    string // familyOf name
	path   string // where it lies, or lay last
	at     string // as a glob finds it now; "": none does
	id     fileID // zero: it is nowhere
	kind   kind
	there  bool    // it was there at the first start
	after  *stream // had its name before: what is left of that comes first
	next   *stream // has its name now, and waits for what is left of it
	born   int64   // when it was first seen, in Unix microseconds

	head   head
	tail   string // print of what comes before offset
	first  []byte // the beginning that head is the print of; nil: not read by this process
	offset int64  // everything before was delivered
	line   int64  // number of the line at offset; 0: not counted, and offset may be within a line
	past   int64  // before this offset lies what was there at the first start
	lay    int64  // before this offset lies what was there when it was first seen by this process
	resume bool   // nothing was delivered by this process, and something lies before offset

	scanned  int64 // no line ends between offset and here
	skipping bool  // the line at offset is too long, and passed over
	countAt  int64 // of line 0: up to here lines were counted,
	counted  int64 // this many
	aligned  bool  // and offset is where a line begins

	seenSize int64
	seenMod  time.Time
	changed  time.Time // when a change was last seen; zero: never
	since    time.Time // when it was first seen by this process
	checked  bool      // that it begins as it did was verified for seenSize and seenMod

	f       *os.File
	used    time.Time
	atEnd   bool      // nothing is left that could be delivered now
	final   bool      // it is being finished: whatever is left is delivered, and End
	gone    time.Time // since when it is nowhere; zero: it is somewhere
	cut     bool      // gone because it was truncated
	sought  bool      // since it is gone, what it became was looked for
	away    time.Time // since when no glob names where it lies; zero: one does
	looks   int       // how often it was held against what it may be a copy of
	unread  bool      // its cursor says that nothing of it was delivered
	held    bool      // its cursor says that it had its name
	known   bool      // its cursor was put
	dropped bool
	reject  map[fileID]bool // compressed files that begin like it and are not what it became

	// Of whole.
	sentSize int64
	sentMod  int64
	sent     bool

	// Of packed.
	done   bool
	unpack *unpacking

	queued bool
	due    time.Time // when to look at it next; zero: when told or scanned
	fault  string    // what is wrong and what to do
	wait   string    // what it waits for
	why    string    // what is to be said of it
	read   int64
	lost   int64
	last   time.Time
}

// cursor is with what s is gone on with.
func (f *follower) cursor(s *stream) string {
	c := cursor{
		Path: pathText(s.path), Name: pathText(s.name), As: pathText(s.origin.Path), Dev: s.id.dev, Ino: s.id.ino, Kind: s.kind,
		Head: s.head.sum, HeadN: s.head.n, Tail: s.tail, Offset: s.offset, Line: s.line, Past: s.past, Done: s.done,
		Born: s.born, Time: milli(f.settled),
	}
	if s.sent {
		c.Size, c.Mod = s.sentSize, s.sentMod
	}
	return c.String()
}

// quiet says whether s was not changed for d.
func (s *stream) quiet(now time.Time, d time.Duration) bool {
	if !s.changed.IsZero() && now.Sub(s.changed) < d {
		return false
	}
	if s.seenMod.After(now) {
		return now.Sub(s.since) >= d
	}
	return now.Sub(s.seenMod) >= d
}

// note takes what a file's size and time are now, and says whether they changed.
func (s *stream) note(info os.FileInfo, now time.Time) bool {
	if s.seenSize == info.Size() && s.seenMod.Equal(info.ModTime()) {
		return false
	}
	s.seenSize, s.seenMod = info.Size(), info.ModTime()
	s.changed = now
	s.checked = false
	s.atEnd = false
	return true
}

func newID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return "file:" + hex.EncodeToString(b[:])
}

// reported is a Path that no other origin has or had: path itself if it was not used, else with the time it was first seen.
func (f *follower) reported(path string) string {
	if !f.taken(path) {
		return path
	}
	for {
		stamp := time.Now().UTC().Format("20060102T150405")
		if stamp == f.stamp {
			f.stamps++
			stamp += "." + strconv.Itoa(f.stamps)
		} else {
			f.stamp, f.stamps = stamp, 0
		}
		if p := path + "@" + stamp + "Z"; !f.taken(p) {
			return p
		}
	}
}

func (f *follower) taken(path string) bool {
	return f.paths[path] || slices.Contains(f.start.Used, printOf([]byte(path)))
}

// add makes a stream of a file that is new. From here on it is known under its id, and looked at.
func (f *follower) add(e entry, name string) *stream {
	now := time.Now()
	s := &stream{
		name: name, fam: familyOf(name), path: e.path, at: e.name, id: e.id, line: 1, since: now, born: now.UnixMicro(),
		lay: e.info.Size(), seenSize: e.info.Size(), seenMod: e.info.ModTime(),
		origin: &feed.Origin{ID: newID(), Kind: "file", Path: f.reported(name), Tenant: e.glob.Tenant, Format: e.glob.Format, Host: e.glob.Host},
	}
	f.keep(s)
	f.place(s, e.path, e.id)
	return s
}

// keep takes s among the streams.
func (f *follower) keep(s *stream) {
	f.streams = append(f.streams, s)
	f.paths[s.origin.Path] = true
	f.publish(s)
}

// place says where s lies.
func (f *follower) place(s *stream, path string, id fileID) {
	f.unplace(s)
	s.path, s.id, s.gone = path, id, time.Time{}
	f.byID[id] = s
	f.byPath[path] = s
}

// unplace says that s lies nowhere, or that it is not known where.
func (f *follower) unplace(s *stream) {
	if f.byID[s.id] == s {
		delete(f.byID, s.id)
	}
	if f.byPath[s.path] == s {
		delete(f.byPath, s.path)
	}
	s.id = fileID{}
}

// drop forgets s.
func (f *follower) drop(s *stream) {
	f.unplace(s)
	f.shut(s)
	if s.unpack != nil {
		s.unpack.close()
		s.unpack = nil
	}
	s.dropped = true
	delete(f.paths, s.origin.Path)
	f.withdraw(s)
	if f.last[s.name] == s {
		delete(f.last, s.name)
		for _, o := range f.streams {
			if !o.dropped && o.name == s.name && o.holds(f.last[s.name]) {
				f.last[s.name] = o
			}
		}
	}
	if s.next != nil {
		f.ready(s.next)
		s.next.after = nil
	}
}

// put gives the sink a batch of s, which was advanced already.
func (f *follower) put(s *stream, b *feed.Batch) error {
	now := time.Now()
	b.Origin = s.origin
	b.Cursor = f.cursor(s)
	if b.At.IsZero() {
		b.At = now
	}
	s.known = true
	if len(b.Data) > 0 || b.File != "" {
		s.last = now
		s.read += int64(len(b.Data))
		s.resume = false
	}
	if b.End {
		if err := f.remember(s.origin.Path); err != nil {
			return err
		}
	}
	if err := f.sink.Put(f.ctx, b); err != nil {
		return err
	}
	f.publish(s)
	return nil
}

// register puts the cursor of s, without data.
func (f *follower) register(s *stream) error {
	return f.put(s, &feed.Batch{Line: max(s.line, 1), Offset: s.offset})
}

// remember keeps that path was used, beyond the end of its origin.
func (f *follower) remember(path string) error {
	sum := printOf([]byte(path))
	f.start.Used = slices.DeleteFunc(f.start.Used, func(u string) bool { return u == sum })
	if len(f.start.Used) >= mostUsed {
		f.start.Used = f.start.Used[1:]
	}
	f.start.Used = append(f.start.Used, sum)
	return f.begun()
}

// begun puts the cursor of the start.
func (f *follower) begun() error {
	now := time.Now()
	f.start.Time = milli(f.settled)
	return f.sink.Put(f.ctx, &feed.Batch{Origin: f.origin, Line: 1, Cursor: f.start.String(), At: now})
}

// end puts the End of s with what is left, and forgets it.
func (f *follower) end(s *stream, b *feed.Batch) error {
	b.End = true
	if b.Data == nil {
		b.Line, b.Offset = max(s.line, 1), s.offset
	}
	if err := f.put(s, b); err != nil {
		return err
	}
	f.o.Log.Debug("a file is finished", "path", s.origin.Path, "lines", s.line-1)
	f.drop(s)
	return nil
}

// open is the open file of s; nil if it cannot be opened now, which s.fault says, or if it is not there.
func (f *follower) open(s *stream) *os.File {
	s.used = time.Now()
	if s.f != nil {
		return s.f
	}
	if s.id == (fileID{}) {
		return nil
	}
	if f.opened >= f.o.MaxOpen {
		f.shutIdle()
	}
	file, err := os.OpenFile(s.path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		if os.IsNotExist(err) {
			f.rescan = true
			return nil
		}
		if why := explain(s.path, err); why != s.fault {
			s.fault = why
			f.o.Log.Warn("a file cannot be read", "path", s.path, "why", why)
		}
		f.publish(s)
		return nil
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || identify(s.path, info) != s.id {
		_ = file.Close() // nothing was written
		f.rescan = true
		return nil
	}
	s.fault = ""
	s.f = file
	f.opened++
	return file
}

// shut closes the file of s, if it is open.
func (f *follower) shut(s *stream) {
	if s.f != nil {
		_ = s.f.Close() // nothing was written
		s.f = nil
		f.opened--
	}
}

// shutIdle closes a tenth of the open files: those that were not used for the longest time and can be opened again.
func (f *follower) shutIdle() {
	var idle []*stream
	for _, s := range f.streams {
		if s.f != nil && s.gone.IsZero() && (s.atEnd || s.kind != lines) {
			idle = append(idle, s)
		}
	}
	slices.SortFunc(idle, func(a, b *stream) int { return a.used.Compare(b.used) })
	for _, s := range idle[:min(len(idle), f.o.MaxOpen/10+1)] {
		f.shut(s)
	}
}

// explain says why a path cannot be read and what to do.
func explain(path string, err error) string {
	if !os.IsPermission(err) {
		return err.Error()
	}
	info, serr := os.Stat(path)
	if serr != nil {
		return fmt.Sprintf("%s may not be looked into: give the user that Tocsin runs as the right to enter its folders", filepath.Dir(path))
	}
	mode, group := info.Mode(), groupOf(info)
	switch {
	case mode.IsDir() && group != "" && mode.Perm()&0o050 == 0o050, !mode.IsDir() && group != "" && mode.Perm()&0o040 != 0:
		return fmt.Sprintf("%s (%v) may be read by the group %s: add the user that Tocsin runs as to it (usermod -aG %s USER) and start it again", path, mode, group, group)
	case mode.IsDir():
		return fmt.Sprintf("%s (%v, group %s) may not be read: setfacl -m u:USER:rx %s for the user that Tocsin runs as", path, mode, group, path)
	}
	return fmt.Sprintf("%s (%v, group %s) may not be read: have its program or its rotation create it readable for the group adm, or setfacl -m u:USER:r %s for the user that Tocsin runs as", path, mode, group, path)
}

// behindWhole is what of s was not given.
func (s *stream) behindWhole() int64 {
	if s.sent && s.sentSize == s.seenSize && s.sentMod == s.seenMod.UnixNano() {
		return 0
	}
	return s.seenSize
}
