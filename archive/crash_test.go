package archive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// numbered are events that can be told apart, over some hours and a few without a time.
func numbered(n int) (events []*tocsin.Event) {
	r := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		ev := &tocsin.Event{Time: day.Add(time.Duration(r.IntN(3*3600)) * time.Second), Source: "s", Record: uint64(i + 1), Format: "f", Raw: fmt.Sprint("event ", i), Fields: []tocsin.Field{{Name: "n", Value: fmt.Sprint(i)}}}
		if i%17 == 0 {
			ev.Time = time.Time{}
		}
		events = append(events, ev)
	}
	return events
}

// A life is what a run does with an archive: events come in, are synced, committed, converted; it may be killed at any step
// and goes on where it had committed.
type life struct {
	t      *testing.T
	dir    string
	events []*tocsin.Event
	steps  int // until it is killed; 0: never
	kills  int
	names  []string // of the steps
	full   bool     // a step fails for want of room instead of being killed
	lose   bool     // what was not synced is lost too

	mark   string
	done   int // events that are committed
	synced map[string]int64
}

func (l *life) step(name string) error {
	l.names = append(l.names, name)
	if l.steps > 0 {
		if l.steps--; l.steps == 0 {
			if l.full {
				return syscall.ENOSPC
			}
			return errStopped
		}
	}
	return nil
}

// live lives until all is committed and converted, or it is killed.
func (l *life) live() (err error) {
	a, err := open(l.dir, Options{Mark: l.mark, MaxSpool: 1200, Memory: 4 << 10}, l.step)
	if err != nil {
		return err
	}
	defer a.Close()
	now := day
	at := l.done
	var b Block
	for round := 0; at < len(l.events) || round%4 != 0 || round < 8; round++ {
		for range 2 {
			for ; b.Events() < 10 && at < len(l.events); at++ {
				b.Add(l.events[at])
			}
			for tries := 0; ; tries++ {
				err := a.Append([]string{"", "two"}[at/10%2], &b)
				if errors.Is(err, ErrFull) && tries == 0 {
					continue
				}
				if err != nil {
					return err
				}
				break
			}
		}
		m, err := a.Sync()
		if err != nil && !errors.Is(err, ErrFull) {
			return err
		}
		if err == nil {
			l.mark, l.done = m, at // the caller's transaction
			l.synced = map[string]int64{}
			names, _ := filepath.Glob(filepath.Join(l.dir, "spool", "*.spool"))
			for _, n := range names {
				if info, err := os.Stat(n); err == nil {
					l.synced[n] = info.Size()
				}
			}
			if err := a.Committed(m); err != nil {
				return err
			}
		}
		if _, err := a.Roll(now); err != nil && !errors.Is(err, ErrFull) {
			return err
		}
		if round%3 == 2 {
			now = now.Add(time.Hour)
		}
	}
	for range 3 {
		now = now.Add(time.Hour)
		if _, err := a.Roll(now); err != nil && !errors.Is(err, ErrFull) {
			return err
		}
	}
	return nil
}

// check reads the folder: what is committed is there once, and nothing twice.
func (l *life) check(when string, all bool) {
	l.t.Helper()
	seen := map[uint64]int{}
	for _, ev := range read(l.t, l.dir) {
		seen[ev.Record]++
	}
	for i, ev := range l.events {
		n := seen[ev.Record]
		if n > 1 || n == 0 && (all || i < l.done) {
			l.t.Fatalf("%s: event %d is there %d times; %d are committed at %s", when, i, n, l.done, l.mark)
		}
	}
}

// TestCrash kills a life at each of its steps, and once more at each of those that follow at random, with and without the loss
// of what was not synced; in the end each event is there once. With TOCSIN_CRASH at all of them, else at some.
func TestCrash(t *testing.T) {
	events := numbered(120)
	whole := &life{t: t, dir: t.TempDir(), events: events}
	if err := whole.live(); err != nil {
		t.Fatal(err)
	}
	whole.check("without a crash", true)
	steps := len(whole.names)
	kinds := map[string]bool{}
	r := rand.New(rand.NewPCG(3, 3))
	stride := 7
	if os.Getenv("TOCSIN_CRASH") != "" {
		stride = 1
	}
	for at := 1; at <= steps; at += stride {
		l := &life{t: t, dir: t.TempDir(), events: events, steps: at, lose: at%2 == 0}
		for {
			err := l.live()
			if err == nil {
				break
			}
			if !errors.Is(err, errStopped) {
				t.Fatalf("killed at step %d, %s: %v", at, l.names[len(l.names)-1], err)
			}
			name := l.names[len(l.names)-1]
			kinds[name] = true
			l.check(fmt.Sprintf("killed at step %d, %s", at, name), false)
			if l.lose {
				for n, size := range l.synced { // the power went: of what was not synced a part is there, and it is torn
					if info, err := os.Stat(n); err == nil && info.Size() > size {
						keep := size + r.Int64N(info.Size()-size+1)
						_ = os.Truncate(n, keep)
						if keep > size+3 {
							f, _ := os.OpenFile(n, os.O_RDWR, 0)
							_, _ = f.WriteAt([]byte{0xff, 0, 0xff}, keep-3)
							f.Close()
						}
					}
				}
			}
			if l.kills++; l.kills < 4 {
				l.steps = 1 + r.IntN([]int{steps, 4}[l.kills%2])
			}
		}
		l.check(fmt.Sprintf("after %d kills from step %d on", l.kills, at), true)
		left, _ := os.ReadDir(filepath.Join(l.dir, "spool"))
		for _, e := range left {
			if !strings.HasSuffix(e.Name(), ".spool") {
				t.Errorf("left over: %s", e.Name())
			}
		}
	}
	for _, name := range []string{"append", "begin", "sync", "part", "close part", "plan", "rename", "sync folder", "remove spool", "remove parts", "remove plan", "cut"} {
		if !kinds[name] && stride == 1 {
			t.Errorf("never killed at %q", name)
		}
	}
	t.Logf("%d steps", steps)
}

// TestFull lets each step fail for want of room, once: the life goes on, and each event is there once.
func TestFull(t *testing.T) {
	events := numbered(120)
	whole := &life{t: t, dir: t.TempDir(), events: events}
	if err := whole.live(); err != nil {
		t.Fatal(err)
	}
	for at := 2; at <= len(whole.names); at += 11 {
		l := &life{t: t, dir: t.TempDir(), events: events, steps: at, full: true}
		if err := l.live(); err != nil {
			t.Fatalf("step %d, %s: %v", at, l.names[at-1], err)
		}
		l.check(fmt.Sprintf("full at step %d, %s", at, l.names[at-1]), true)
	}
}

// TestDamage breaks the spool in places: what is damaged is counted, the rest is read and converted.
func TestDamage(t *testing.T) {
	dir := t.TempDir()
	a := mustOpen(t, dir, Options{})
	events := numbered(300)
	fill(t, a, "", events, 100)
	m := commit(t, a)
	name := a.spoolPath(1)
	a.Close()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	second := strings.Index(string(b[100:]), blockMagic) + 100
	for what, at := range map[string]int{"text": second + headSize + 50, "head": second + 20} {
		broken := append([]byte{}, b...)
		broken[at] ^= 4
		if err := os.WriteFile(name, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		f, _ := os.Open(name)
		s := OpenSpool(f, int64(len(b)), name, SpoolOptions{})
		n, faults := 0, 0
		for {
			b, err := s.Next(nil)
			if len(b) > 0 {
				n++
			}
			if err != nil && err.Error() == "EOF" {
				break
			}
			if err != nil {
				faults++
			}
		}
		f.Close()
		if n != 2 || faults != 1 {
			t.Errorf("%s: %d blocks and %d faults, want 2 and 1", what, n, faults)
		}
		copied := t.TempDir()
		_ = os.MkdirAll(filepath.Join(copied, "spool"), 0o700)
		_ = os.WriteFile(filepath.Join(copied, "spool", filepath.Base(name)), broken, 0o600)
		_ = os.Chtimes(filepath.Join(copied, "spool", filepath.Base(name)), day, day)
		c := mustOpen(t, copied, Options{Mark: m})
		r, err := c.Roll(day.Add(time.Hour))
		if err != nil || r.Events != 200 || r.Damaged+int(r.LostBytes) == 0 {
			t.Errorf("%s: %+v, %v", what, r, err)
		}
	}
}

// TestDamageTold says that damage is told once where the disk is full when the Parquet files are made and have no names yet.
func TestDamageTold(t *testing.T) {
	full := false
	a, err := open(t.TempDir(), Options{}, func(name string) error {
		if full && name == "rename" {
			return syscall.ENOSPC
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	fill(t, a, "", numbered(300), 100)
	commit(t, a)
	b, err := os.ReadFile(a.spoolPath(1))
	if err != nil {
		t.Fatal(err)
	}
	b[len(spoolMagic)+headSize+50] ^= 4
	if err := os.WriteFile(a.spoolPath(1), b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, _ = a.Roll(day)
	full = true
	if r, err := a.Roll(day.Add(time.Hour)); !errors.Is(err, ErrFull) || r.Damaged != 1 || r.Lost != 100 || r.Events != 200 {
		t.Errorf("full: %+v, %v", r, err)
	}
	full = false
	if r, err := a.Roll(day.Add(time.Hour)); err != nil || r != (Rolled{}) {
		t.Errorf("finished: %+v, %v", r, err)
	}
	if got := len(read(t, a.dir)); got != 200 {
		t.Errorf("%d events are there, want 200", got)
	}
}

// TestOpenCuts opens an archive again: what is beyond the mark is gone, what is before it is not.
func TestOpenCuts(t *testing.T) {
	dir := t.TempDir()
	a := mustOpen(t, dir, Options{})
	events := numbered(300)
	fill(t, a, "", events[:100], 50)
	m := commit(t, a)
	fill(t, a, "", events[100:], 50)
	a.Close()
	b := mustOpen(t, dir, Options{Mark: m})
	if c := b.Cut(); c.Blocks != 4 || c.Events != 200 || c.Bytes == 0 || c.Missing != 0 {
		t.Errorf("cut %+v", c)
	}
	fill(t, b, "", events[100:200], 50) // goes on in the same file
	if got := len(read(t, dir)); got != 200 || b.seq != 1 {
		t.Errorf("%d events in file %d", got, b.seq)
	}
	b.Close()
	if _, err := Open(dir, Options{Mark: "1:x"}); err == nil {
		t.Error("a mark that is none")
	}
	c := mustOpen(t, dir, Options{})
	if got := len(read(t, dir)); got != 0 || c.Cut().Events != 200 {
		t.Errorf("%d events without a mark", got)
	}
}

// TestRetain removes the oldest hours first, by age and by size.
func TestRetain(t *testing.T) {
	dir := t.TempDir()
	a := mustOpen(t, dir, Options{})
	for hour := range 10 {
		var events []*tocsin.Event
		for i := range 50 {
			events = append(events, &tocsin.Event{Time: day.Add(time.Duration(hour)*time.Hour + time.Duration(i)*time.Second), Source: "s", Record: uint64(i)})
		}
		fill(t, a, "a", events, 50)
	}
	commit(t, a)
	_, _ = a.Roll(day)
	if r, err := a.Roll(day.Add(time.Hour)); err != nil || r.Files != 10 {
		t.Fatalf("%+v, %v", r, err)
	}
	fill(t, a, "a", numbered(10), 10)
	r, err := a.Retain(5*time.Hour, 0, day.Add(8*time.Hour)) // hours that were over at 14+3
	if err != nil || r.Files != 2 || !r.Oldest.Equal(day.Add(2*time.Hour)) || r.Spool == 0 {
		t.Fatalf("by age: %+v, %v", r, err)
	}
	if r2, err := a.Retain(0, r.Kept+r.Spool-1, day); err != nil || r2.Files != 1 || !r2.Oldest.Equal(day.Add(3*time.Hour)) {
		t.Fatalf("by size: %+v, %v", r2, err)
	}
	if r, err := a.Retain(time.Nanosecond, 0, day.Add(1000*time.Hour)); err != nil || r.Files != 7 || !r.Oldest.IsZero() {
		t.Fatalf("all: %+v, %v", r, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the empty folder is there")
	}
	if got := len(read(t, dir)); got != 10 {
		t.Errorf("%d events in the spool, want 10", got)
	}
}
