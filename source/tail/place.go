package tail

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// A scene is what a scan finds.
type scene struct {
	*walk
	here map[fileID]entry
	near map[string][]entry // by folder: all regular files in it
}

// around are the regular files in the folders where s lies, lay, or is named.
func (sc *scene) around(s *stream) []entry {
	dir, named := filepath.Dir(s.path), filepath.Dir(s.name)
	all := sc.in(dir)
	if named = sc.realDir(named); named != dir {
		all = slices.Concat(all, sc.in(named))
	}
	return all
}

func (sc *scene) in(dir string) []entry {
	if all, ok := sc.near[dir]; ok {
		return all
	}
	all := siblings(filepath.Join(dir, "x"))
	for i := range all {
		if e, ok := sc.here[all[i].id]; ok && e.path == all[i].path {
			all[i].name, all[i].glob = e.name, e.glob
		}
	}
	sc.near[dir] = all
	return all
}

// scan looks for files and says where each stream lies: still, or again, or nowhere. What nothing is known of is new;
// first, which may be nil, says of which globs what is new was there at the first start.
func (f *follower) scan(first func(*glob) bool) error {
	began := time.Now()
	f.rescan = false
	sc := &scene{walk: walkAll(f.globs, f.exclude), here: map[fileID]entry{}, near: map[string][]entry{}}
	f.face(sc.walk)
	for _, e := range sc.found {
		sc.here[e.id] = e
	}
	var missing []*stream
	for _, s := range f.streams {
		if !s.dropped && !f.stillThere(s, sc) {
			missing = append(missing, s)
		}
	}
	missing = slices.DeleteFunc(missing, func(s *stream) bool { return f.renamed(s, sc) })
	for _, s := range missing {
		if s.dropped {
			continue
		}
		if err := f.seek(s, sc); err != nil {
			return err
		}
	}
	if first != nil {
		for _, s := range f.streams {
			if !s.dropped && s.holds(f.last[s.name]) {
				f.last[s.name] = s
			}
		}
	}
	if err := f.appear(sc, first); err != nil {
		return err
	}
	for _, s := range f.streams {
		if !s.dropped && s.offset == 0 && s.head.n == 0 && f.lead(s) {
			if err := f.register(s); err != nil {
				return err
			}
		}
	}
	if err := f.finishQuiet(); err != nil {
		return err
	}
	f.streams = slices.DeleteFunc(f.streams, func(s *stream) bool { return s.dropped })
	dirs := sc.dirs
	for _, s := range f.streams {
		if s.gone.IsZero() {
			dirs[filepath.Dir(s.path)] = true
		}
	}
	f.watchDirs(dirs)
	f.scanned = time.Now()
	f.took = f.scanned.Sub(began)
	f.settled = began
	return nil
}

// stillThere says whether s lies where it is known to lie, or under another name that a glob finds.
func (f *follower) stillThere(s *stream, sc *scene) bool {
	if s.id == (fileID{}) {
		return false
	}
	if o := f.byID[s.id]; o != nil && o != s { // another was found to be that
		s.id = fileID{}
		return false
	}
	e, ok := sc.here[s.id]
	if !ok {
		if under(s.path, sc.failed) || under(s.name, sc.failed) {
			return true // it cannot be told
		}
		info, err := os.Lstat(s.path)
		if err != nil && !os.IsNotExist(err) {
			return true
		}
		if err != nil || !info.Mode().IsRegular() || identify(s.path, info) != s.id {
			return false
		}
		e = entry{path: s.path, info: info, id: s.id, fam: familyOf(s.path)}
	}
	if !f.same(s, e) {
		s.cut = s.path == e.path
		f.unplace(s)
		return false
	}
	f.found(s, e)
	return true
}

// same says whether what has the device and the inode of s is s: once a file is removed, another may get them. Of what is
// followed already reading it tells.
func (f *follower) same(s *stream, e entry) bool {
	switch {
	case s.f != nil:
		return true
	case s.kind == whole || s.kind == fresh && s.sent:
		return e.path == s.path || s.sentSize == e.info.Size() && s.sentMod == e.info.ModTime().UnixNano()
	case s.kind == packed:
		return s.seenSize >= 0 || f.compressedOf(s, e)
	case s.head.n == 0 && s.offset == 0:
		return e.path == s.path || rotated(filepath.Base(s.name), filepath.Base(e.path))
	case s.seenSize >= 0 || s.head.n == 0:
		return true
	}
	ok, err := f.fits(s, e)
	return ok || err != nil
}

// found says that s lies where e says.
func (f *follower) found(s *stream, e entry) {
	now := time.Now()
	moved := s.path != e.path || s.id != e.id || !s.gone.IsZero()
	if moved || f.byPath[s.path] != s {
		f.place(s, e.path, e.id)
	}
	moved = moved || s.at != e.name
	if s.at = e.name; e.name != "" {
		s.away = time.Time{}
	} else if s.away.IsZero() {
		s.away = now
	}
	if s.seenSize < 0 {
		s.lay = e.info.Size()
	}
	if moved {
		s.atEnd, s.checked = false, false
	}
	if moved || s.seenSize != e.info.Size() || !s.seenMod.Equal(e.info.ModTime()) || s.fault != "" || s.kind == fresh && e.info.Size() > s.offset {
		f.ready(s)
	}
}

// free says whether what lies at e belongs to no stream, but maybe to one that nothing is known of yet.
func (f *follower) free(s *stream, e entry) bool {
	n := f.byID[e.id]
	return n == nil || n != s && n.kind == fresh && n.offset == 0 && !n.there
}

// renamed looks for s under another name in its folder.
func (f *follower) renamed(s *stream, sc *scene) bool {
	if s.id == (fileID{}) {
		return false
	}
	for _, e := range sc.around(s) {
		if o := f.byID[e.id]; e.id == s.id && (o == nil || o == s) && f.same(s, e) {
			f.found(s, e)
			return true
		}
	}
	return false
}

// seek looks for s, which was not renamed: it was replaced, copied, compressed. Else it is gone.
func (f *follower) seek(s *stream, sc *scene) error {
	if s.gone.IsZero() || s.seenSize < 0 {
		for _, e := range sc.found {
			if e.path == s.path && f.free(s, e) && f.replaces(s, e) {
				return f.adopt(s, e, s.kind)
			}
		}
		f.unplace(s)
		s.at = ""
		if s.gone.IsZero() {
			s.gone, s.sought = time.Now(), false
			f.o.Log.Debug("a file is gone", "path", s.path, "offset", s.offset)
			s.atEnd = false
			f.ready(s)
		}
	}
	if s.f != nil && !s.atEnd {
		return nil // what is left of it is read first
	}
	s.sought = true
	if s.kind == whole || s.final {
		return nil
	}
	around := sc.around(s)
	if s.kind != packed {
		for _, e := range around {
			if s.fam == e.fam && e.path != s.path && f.free(s, e) {
				if ok, _ := f.fits(s, e); ok {
					return f.adopt(s, e, s.kind)
				}
			}
		}
	}
	for _, e := range slices.Concat(sc.found, around) {
		if (f.byID[e.id] != nil || slices.Contains(packedExts[:], filepath.Ext(e.path))) && f.free(s, e) && !s.reject[e.id] && f.compressedOf(s, e) && f.isLines(s, e) {
			return f.adopt(s, e, packed)
		}
	}
	return nil
}

// replaces says whether e, which has the path of s, is s in another file: as where a longer version replaced it.
func (f *follower) replaces(s *stream, e entry) bool {
	switch {
	case s.kind == whole:
		return true
	case s.kind == packed || s.offset < leastSame:
		return false
	}
	ok, _ := f.fits(s, e)
	return ok
}

// leastSame is how much of a file at the same path must be the same for it to be the same file in another place of the
// disk, rather than a program's first lines again.
const leastSame = 256

// fits says whether what lies at e begins with all of s that was delivered, as far as prints can tell.
func (f *follower) fits(s *stream, e entry) (bool, error) {
	if s.head.n == 0 || e.info.Size() < s.offset {
		return false, nil
	}
	file, err := os.OpenFile(e.path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() < s.offset || identify(e.path, info) != e.id {
		return false, err
	}
	return s.fits(file)
}

// fits says whether file begins with all of s that was delivered.
func (s *stream) fits(file io.ReaderAt) (bool, error) {
	if ok, err := s.head.of(file); err != nil || !ok || s.offset == 0 {
		return ok, err
	}
	sum, err := tailAt(file, s.offset)
	return sum == s.tail, err
}

// adopt says that s is what lies at e, to be read as k. What was thought to be another file there is no more.
func (f *follower) adopt(s *stream, e entry, k kind) error {
	f.o.Log.Debug("a file is found again", "path", s.origin.Path, "at", e.path, "kind", string(k), "offset", s.offset)
	var file *os.File
	if n := f.byID[e.id]; n != nil && n != s {
		n.f, file = nil, n.f
		if n.known {
			if err := f.end(n, &feed.Batch{}); err != nil {
				return err
			}
		} else {
			f.drop(n)
		}
	}
	if k == packed {
		s.done = s.kind == lines && s.f != nil && !s.cut && s.offset == s.seenSize && s.atEnd && unzippedSize(e) == uint32(s.offset) //nolint:gosec // modulo 2^32, as gzip has it
	}
	f.shut(s)
	if k == packed && file != nil {
		_ = file.Close() // nothing was written
		f.opened--
		file = nil
	}
	s.f = file
	s.kind, s.cut, s.skipping, s.scanned = k, false, false, s.offset
	s.seenSize = -1
	f.found(s, e)
	f.ready(s)
	return f.register(s)
}

// appear makes streams of what is there and belongs to none.
func (f *follower) appear(sc *scene, first func(*glob) bool) error {
	var strays, unknown []entry
	for _, s := range f.streams {
		// A name was left: what had it meanwhile may lie beside what had it last. Likewise where nothing is known of what
		// s held, and it may have been copied and truncated, or compressed.
		left := f.last[s.name] == s && s.at != s.name
		unread := s.unread && first != nil || s.offset == 0 && s.kind != whole && !s.gone.IsZero() && s.f == nil
		if s.dropped || !left && !unread {
			continue
		}
		if s.cut || under(s.name, sc.failed) {
			continue
		}
		for _, e := range sc.around(s) {
			if f.byID[e.id] == nil && e.glob == nil && e.info.Size() > 0 && f.isStray(s, e) {
				if e.glob = f.named(s.name); e.glob != nil {
					e.name = s.name
					strays = append(strays, e)
				}
			}
		}
	}
	for _, e := range sc.found {
		if f.byID[e.id] != nil {
			continue
		}
		if name := f.nameOf(e); name != e.name {
			e.name = name
			strays = append(strays, e)
		} else {
			unknown = append(unknown, e)
		}
	}
	byTime := func(a, b entry) int { return a.info.ModTime().Compare(b.info.ModTime()) }
	slices.SortStableFunc(strays, byTime)
	slices.SortStableFunc(unknown, byTime)
	for _, e := range slices.Concat(strays, unknown) {
		if f.byID[e.id] != nil {
			continue
		}
		name := e.name
		e.name = sc.here[e.id].name
		if err := f.begins(e, name, first != nil && first(e.glob)); err != nil {
			return err
		}
	}
	return nil
}

// holds says whether s is more likely than o to be what had its name last.
func (s *stream) holds(o *stream) bool {
	switch {
	case o == nil:
		return true
	case (s.at == s.name) != (o.at == o.name):
		return s.at == s.name
	case s.held != o.held:
		return s.held
	}
	return s.born > o.born
}

// stale is what nothing was changed before of that has no cursor. What is finished was changed before it.
func (f *follower) stale() time.Time { return f.settled.Add(-f.o.Grace / 2) }

// isStray says whether e had the name of s after s had it and left it while nobody looked.
func (f *follower) isStray(s *stream, e entry) bool {
	if !rotated(filepath.Base(s.name), filepath.Base(e.path)) || !e.info.ModTime().After(f.stale()) {
		return false
	}
	return !slices.ContainsFunc(f.exclude, func(p pattern) bool { return p.match(e.path) })
}

// nameOf is the name under which what lies at e began, as far as it is known.
func (f *follower) nameOf(e entry) string {
	dir := filepath.Dir(e.path)
	for _, s := range f.last {
		if s.at != s.name && !s.cut && s.name != e.name && (filepath.Dir(s.path) == dir || filepath.Dir(s.name) == dir) && f.isStray(s, e) {
			return s.name
		}
	}
	return e.name
}

// begins makes a stream of a file that is new.
func (f *follower) begins(e entry, name string, first bool) error {
	s := f.add(e, name)
	if e.name == "" {
		s.away = time.Now()
	}
	if o := f.last[name]; o != nil {
		s.after, o.next = o, s
		f.ready(o)
	}
	f.last[name] = s
	if first {
		s.there = true
		if s.past = e.info.Size(); !e.glob.Start {
			f.fromEnd(s, e)
		}
	}
	if s.offset == 0 {
		f.lead(s)
	}
	f.ready(s)
	return f.register(s)
}

// fromEnd has s begin at the end that its file has now. Which line that is is counted when more comes.
func (f *follower) fromEnd(s *stream, e entry) {
	s.past = 0
	if e.info.Size() == 0 {
		return
	}
	s.sent, s.sentSize, s.sentMod = true, e.info.Size(), e.info.ModTime().UnixNano()
	file := f.open(s)
	if file != nil {
		begin := make([]byte, min(e.info.Size(), backMost))
		n, _ := file.ReadAt(begin, 0)
		if s.kind = lines; !f.followable(s.name, begin[:n]) {
			s.kind = whole
		}
	}
	if s.kind != whole {
		s.offset, s.line, s.resume = e.info.Size(), 0, true
		s.scanned = s.offset
	}
	if s.kind == lines {
		s.sent = false
		f.prints(s, file)
	}
	f.shut(s)
	s.atEnd = true
}

// lead takes a print of the beginning of s, of which nothing was delivered, so that it is known again once it is compressed.
func (f *follower) lead(s *stream) bool {
	if s.seenSize == 0 || s.kind == whole || s.kind == packed || s.fault != "" {
		return false
	}
	file := f.open(s)
	if file == nil {
		return false
	}
	buf := make([]byte, headMost)
	n, err := file.ReadAt(buf, 0)
	if n == 0 || err != nil && err != io.EOF {
		return false
	}
	s.first = buf[:n:n]
	s.head = head{printOf(s.first), n}
	return true
}

// prints takes the prints of s from its file. Where it cannot be read there are none, and it is known by its place only.
func (f *follower) prints(s *stream, file *os.File) {
	if s.offset == 0 {
		s.head, s.tail, s.first = head{}, "", nil
		return
	}
	buf := make([]byte, min(s.offset, headMost))
	if n, _ := file.ReadAt(buf, 0); n < len(buf) {
		return
	}
	sum, err := tailAt(file, s.offset)
	if err != nil {
		return
	}
	s.head, s.first, s.tail = head{printOf(buf), len(buf)}, buf, sum
}

// finishQuiet finishes what is gone, or lies where no glob names it and none will, and was quiet for long enough.
func (f *follower) finishQuiet() error {
	now := time.Now()
	for _, s := range f.streams {
		since := s.gone
		if since.IsZero() {
			since = s.away
		}
		if s.dropped || s.final || since.IsZero() || now.Sub(later(since, s.changed)) < f.o.Grace || s.fault != "" {
			continue
		}
		if s.gone.IsZero() && s.seenMod.After(f.stale()) {
			continue // it would be taken for what came in between
		}
		if s.after != nil || s.gone.IsZero() && (!s.atEnd || f.met(s.path)) || s.f != nil && !s.atEnd {
			continue
		}
		if slices.ContainsFunc(f.streams, func(n *stream) bool {
			return n != s && n.kind == fresh && !n.dropped && n.offset == 0 && n.seenSize > 0 && n.fault == "" &&
				now.Sub(later(n.since, n.changed)) < f.o.Grace+2*f.o.Quiet && familyOf(n.path) == s.fam
		}) {
			continue // that may be what it became
		}
		s.final = true
		if s.f == nil && !s.gone.IsZero() {
			if s.cut || s.kind == lines && s.seenSize < 0 {
				f.o.Log.Info("a file was not found again: what came after the place is not read, if there was any", "path", s.origin.Path, "offset", s.offset)
			}
			if err := f.end(s, &feed.Batch{}); err != nil {
				return err
			}
			continue
		}
		f.ready(s)
	}
	return nil
}
