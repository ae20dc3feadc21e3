package tail

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A storm writes a log and rotates it in all ways there are, and ends and begins what follows it.
type storm struct {
	t       *testing.T
	r       *rand.Rand
	log     string
	o       Options
	written []string
	part    string // of a line that is not yet whole
	next    int
	down    bool // nobody looks
	life    *life
	cursors map[string]string
	told    []string
	mu      sync.Mutex
	history []string
}

func (s *storm) trace(b *batch) {
	c, _ := parseCursor(b.Cursor)
	what := ""
	if all := told([]*batch{b}); len(all) > 0 {
		what = fmt.Sprintf("%.10s to %.10s", all[0], all[len(all)-1])
	}
	name := strings.TrimPrefix(b.Origin.Path, s.log)
	s.note("    %s at %s %s inode %d: line %d offset %d to %d: %s file %q end %v", name, strings.TrimPrefix(string(c.Path), s.log), c.Kind, c.Ino, b.Line, b.Offset, c.Offset, what, strings.TrimPrefix(b.File, s.log), b.End)
}

func (s *storm) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.history = append(s.history, fmt.Sprintf(format, args...))
}

func (s *storm) line() string {
	s.next++
	return fmt.Sprintf("line %d %s", s.next, strings.Repeat("x", s.r.IntN(200)))
}

// write appends lines, of which the last may be whole later.
func (s *storm) write() {
	var b strings.Builder
	first := s.next
	if s.part != "" {
		i := strings.IndexByte(s.part, '\x00')
		b.WriteString(s.part[i+1:] + "\n")
		s.written = append(s.written, strings.Replace(s.part, "\x00", "", 1))
		s.part = ""
	}
	for range s.r.IntN(20) {
		l := s.line()
		s.written = append(s.written, l)
		b.WriteString(l + "\n")
	}
	if s.r.IntN(4) == 0 {
		l := s.line()
		i := 1 + s.r.IntN(len(l)-1)
		b.WriteString(l[:i])
		s.part = l[:i] + "\x00" + l[i:]
	}
	raw(s.t, s.log, b.String())
	s.note("write %d-%d", first+1, s.next)
}

// finish makes the last line whole: what is rotated ends with whole lines.
func (s *storm) finish() {
	if s.part != "" {
		i := strings.IndexByte(s.part, '\x00')
		raw(s.t, s.log, s.part[i+1:]+"\n")
		s.written = append(s.written, strings.Replace(s.part, "\x00", "", 1))
		s.part = ""
	}
}

// shift moves x.log.N to x.log.N+1, compressed or not.
func (s *storm) shift() {
	type old struct {
		n    int
		rest string
	}
	var all []old
	list, err := os.ReadDir(filepath.Dir(s.log))
	must(s.t, err)
	for _, d := range list {
		num, rest, _ := strings.Cut(strings.TrimPrefix(d.Name(), "x.log."), ".")
		if n, err := strconv.Atoi(num); err == nil {
			if rest != "" {
				rest = "." + rest
			}
			all = append(all, old{n, rest})
		}
	}
	slices.SortFunc(all, func(a, b old) int { return b.n - a.n })
	for _, a := range all {
		must(s.t, os.Rename(fmt.Sprint(s.log, ".", a.n, a.rest), fmt.Sprint(s.log, ".", a.n+1, a.rest)))
	}
}

func (s *storm) rename() {
	s.finish()
	s.shift()
	must(s.t, os.Rename(s.log, s.log+".1"))
	late := s.r.IntN(2) == 0
	if late {
		l := s.line()
		s.written = append(s.written, l)
		write(s.t, s.log+".1", l)
	}
	if s.r.IntN(2) == 0 {
		raw(s.t, s.log, "")
	}
	s.note("rename, late %v, %d written", late, s.next)
}

func (s *storm) copyTruncate() {
	s.finish()
	if !s.down {
		s.drain() // what was never seen and is not there any more is found by nobody
	}
	s.shift()
	cp(s.t, s.log, s.log+".1")
	s.pause()
	must(s.t, os.Truncate(s.log, 0))
	s.note("copytruncate")
}

func (s *storm) compress() {
	n := 1 + s.r.IntN(2)
	from := fmt.Sprint(s.log, ".", n)
	if _, err := os.Stat(from); err != nil {
		return
	}
	if !s.down {
		s.drain() // what is given as a whole is looked up by its path
	}
	gz(s.t, from, from+[]string{".gz", ".zst"}[s.r.IntN(2)])
	s.note("compress %d", n)
}

func (s *storm) pause() {
	if !s.down {
		time.Sleep(time.Duration(s.r.IntN(12)) * time.Millisecond)
	}
}

// now is what was told up to now, of all lives.
func (s *storm) now() []string { return append(slices.Clone(s.told), told(s.life.Batches())...) }

// drain waits until all that was written was told.
func (s *storm) drain() {
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if len(s.now()) >= len(s.written) {
			return
		}
	}
}

func (s *storm) restart() {
	n := len(s.life.Batches())
	if s.r.IntN(2) == 0 {
		n -= s.r.IntN(min(n, 6) + 1)
	}
	if s.cursors == nil { // what is not known to have been there is not looked for
		n = max(n, 1+slices.IndexFunc(s.life.Batches(), func(b *batch) bool { return b.Origin.ID == startID }))
	}
	cursors, batches := s.life.kill(s.cursors, n)
	s.life.check()
	s.told = append(s.told, told(batches)...)
	s.cursors = cursors
	s.note("kill after %d of %d batches, %d lines told", len(batches), len(s.life.Batches()), len(s.told))
	s.down = true
	for range s.r.IntN(5) {
		s.step(true)
		time.Sleep(5 * time.Millisecond) // times of files tell what is later
	}
	s.down = false
	s.life = traced(s.t, s.o, s.cursors, s.trace)
	s.note("start")
	if s.r.IntN(2) == 0 {
		s.drain()
	}
}

func (s *storm) step(down bool) {
	switch n := s.r.IntN(20); {
	case n < 9:
		s.write()
	case n < 12:
		if _, err := os.Stat(s.log); err == nil {
			s.rename()
		}
	case n < 14:
		if info, err := os.Stat(s.log); err == nil && info.Size() > 0 {
			s.copyTruncate()
		}
	case n < 17:
		s.compress()
	default:
		if !down {
			s.restart()
		}
	}
}

func (s *storm) check() {
	s.finish()
	s.drain()
	time.Sleep(300 * time.Millisecond)
	got, want := slices.Sorted(slices.Values(s.now())), slices.Sorted(slices.Values(s.written))
	if slices.Equal(got, want) {
		return
	}
	count := map[string]int{}
	for _, l := range want {
		count[l]++
	}
	for _, l := range got {
		count[l]--
	}
	var wrong []string
	for l, n := range count {
		if n != 0 {
			wrong = append(wrong, fmt.Sprintf("%.10s %+d", l, -n))
		}
	}
	slices.Sort(wrong)
	s.t.Fatalf("%d lines are not told once: %.600q\n%s", len(wrong), wrong, strings.Join(s.history, "\n"))
}

func TestStorm(t *testing.T) {
	n := 12
	if testing.Short() {
		n = 3
	}
	first := uint64(time.Now().UnixNano()) //nolint:gosec // a seed
	if env := os.Getenv("TAIL_STORMS"); env != "" {
		var err error
		n, err = strconv.Atoi(env)
		must(t, err)
	}
	if env := os.Getenv("TAIL_SEED"); env != "" {
		var err error
		first, err = strconv.ParseUint(env, 10, 64)
		must(t, err)
	}
	for i := range n {
		seed := first + uint64(i) //nolint:gosec // small
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			dir, log := in(t)
			s := &storm{t: t, r: rand.New(rand.NewPCG(seed, 1)), log: log} //nolint:gosec // a test
			s.o = glob1(filepath.Join(dir, []string{"x.log", "x.log*"}[s.r.IntN(2)]))
			s.o.Block = []int{300, 10000, 0}[s.r.IntN(3)]
			s.o.Quiet, s.o.Grace = 250*time.Millisecond, 400*time.Millisecond // a busy machine may be slow between copying and truncating
			s.o.NoNotify = s.r.IntN(3) == 0
			if s.r.IntN(2) == 0 {
				s.o.Cut = func(b []byte) int { return bytes.LastIndexByte(b[:len(b)-1], '\n') + 1 }
			}
			s.write()
			s.life = traced(t, s.o, nil, s.trace)
			for range 60 {
				s.step(false)
				s.pause()
			}
			s.check()
		})
	}
}

// unzipAll is what a compressed file holds.
func unzipAll(path string) ([]byte, error) {
	u, err := unzip(path)
	if err != nil {
		return nil, err
	}
	defer u.close()
	return io.ReadAll(u.r)
}
