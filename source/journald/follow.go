package journald

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

const (
	maxHeld  = 64                    // entries that are looked through for that of the cursor
	heldMost = 1 << 20               // bytes of them
	linger   = 10 * time.Millisecond // for which a batch waits to become fuller
)

// errAgain says that the child is to be begun anew, without a fault.
var errAgain = errors.New("again")

// A follower is what Run holds.
type follower struct {
	*Source
	sink  feed.Sink
	ready func()

	pos    position
	byTime bool // begun after pos.Real: journalctl does not take the cursor
	begun  bool // pos is where to go on: of a cursor, or found at the first start
	said   bool // a position was put, in this process or before

	held    []entry // while the entry of pos.Cursor is looked for
	heldLen int
	seeking bool

	fill feed.Fill
}

// resume takes the committed cursor.
func (f *follower) resume(cursor string) {
	p, ok := positionOf(cursor)
	if ok {
		f.pos, f.begun, f.said = p, true, true
		return
	}
	if cursor != "" {
		f.log.Error("journal's cursor cannot be read: begun as at the first start", "journal", f.origin.Path)
	}
	f.pos = position{Line: 1}
	if f.opt.Start == "start" {
		f.pos.Past = time.Now().UnixMicro()
	}
}

// once runs one child until it ends.
func (f *follower) once(ctx context.Context) error {
	if !f.begun && f.pos.Past == 0 && f.there() {
		if err := f.end(ctx); err != nil {
			return err
		}
	}
	f.begun = true
	f.held, f.heldLen, f.fill = nil, 0, feed.Fill{}
	f.seeking = !f.byTime && f.pos.Cursor != ""
	f.mu.Lock()
	f.limited = false
	f.mu.Unlock()
	c, err := spawn(f.opt.Program, f.args("--follow", "--no-tail"), f.told)
	if err != nil {
		return err
	}
	f.ready()
	if !f.said { // so that the place of the first start is committed however long nothing comes
		if err := f.put(ctx, &feed.Batch{Origin: f.origin, Line: f.pos.Line, Offset: f.pos.Offset, Cursor: f.pos.text(), At: time.Now()}); err != nil {
			c.stop()
			return err
		}
		f.said = true
	}
	cut := splitter{max: maxEntry}
	timer := time.NewTimer(f.search)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			c.stop()
			return nil
		case b, ok := <-c.chunks:
			if !ok {
				said := c.ended()
				if strings.Contains(said, "seek to cursor") && !f.byTime {
					return f.refused(said)
				}
				if f.seeking && len(f.held) > 0 && f.held[0].real > f.pos.Real {
					err = f.give(ctx) // nothing more comes, so it is not there
				}
				if err == nil {
					err = f.flush(ctx)
				}
				if err != nil {
					return err
				}
				return fmt.Errorf("journalctl ended: %s", said)
			}
			cut.write(b)
			for {
				e, ok := cut.next()
				if !ok {
					break
				}
				if err := f.take(ctx, e); err != nil {
					c.stop()
					return err
				}
			}
			f.following()
			wait := f.search
			if !f.seeking {
				wait = linger - time.Since(f.fill.Began)
				if f.fill.Count == 0 {
					wait = linger
				} else if wait <= 0 {
					if err := f.flush(ctx); err != nil {
						c.stop()
						return err
					}
					wait = linger
				}
			}
			timer.Reset(wait)
		case <-timer.C:
			if f.seeking && len(f.held) > 0 {
				err = f.give(ctx)
			}
			if err == nil {
				err = f.flush(ctx)
			}
			if err != nil {
				c.stop()
				return err
			}
			f.idle()
			if f.seeking {
				timer.Reset(f.search)
			}
		}
	}
}

// args are journalctl's. Without --merge, --follow reads the current boot alone, and without --no-tail the last ten
// entries. --after-cursor passes over an entry more where that of the cursor is gone; --cursor shows it, if it is there.
func (f *follower) args(more ...string) []string {
	args := append([]string{"--output=export", "--merge", "--no-pager"}, more...)
	if f.opt.Dir != "" {
		args = append(args, "--directory="+f.opt.Dir)
	}
	for _, file := range f.opt.Files {
		args = append(args, "--file="+file)
	}
	switch {
	case f.byTime:
		args = append(args, since(f.pos.Real+1))
	case f.pos.Cursor != "":
		args = append(args, "--cursor="+f.pos.Cursor)
	}
	return args
}

func since(micro int64) string {
	return "--since=@" + strconv.FormatInt(micro/1e6, 10) + "." + fmt.Sprintf("%06d", max(micro, 0)%1e6)
}

// there says whether the folder or one of the files is there: what comes to be later is read from its start.
func (f *follower) there() bool {
	paths := f.opt.Files
	if f.opt.Dir != "" {
		paths = []string{f.opt.Dir}
	}
	return len(paths) == 0 || slices.ContainsFunc(paths, func(path string) bool {
		_, err := os.Stat(path)
		return !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(path, "*?[") // journalctl takes patterns
	})
}

// end moves the position behind the last entry that is there.
func (f *follower) end(ctx context.Context) error {
	out, said, err := output(f.opt.Program, f.args("--lines=1"), maxEntry+1<<20, ctx.Done())
	if adviceOn(said) != "" && len(out) == 0 {
		return fmt.Errorf("journalctl: %s", said)
	}
	if err != nil {
		return fmt.Errorf("journalctl: %w: %s", err, said)
	}
	cut := splitter{max: maxEntry}
	cut.write(out)
	if e, ok := cut.next(); ok && e.cursor != "" {
		f.advance(e)
	}
	return nil
}

// refused goes on otherwise where journalctl does not take the cursor.
func (f *follower) refused(said string) error {
	f.byTime = true
	f.log.Warn("journalctl does not take the journal's cursor: gone on with what was received after it", "journal", f.origin.Path,
		"said", said, "after", stamp(f.pos.Real))
	return errAgain
}

// take takes an entry from the child.
func (f *follower) take(ctx context.Context, e entry) error {
	if !f.seeking {
		if f.byTime {
			f.missing(e)
			f.byTime = false
		}
		return f.add(ctx, e)
	}
	if e.cursor != f.pos.Cursor {
		e.data = append([]byte(nil), e.data...)
		f.held = append(f.held, e)
		f.heldLen += len(e.data)
		if len(f.held) > maxHeld || f.heldLen > heldMost {
			return f.give(ctx)
		}
		return nil
	}
	f.seeking, f.held = false, nil // what is shown before was delivered before
	return nil
}

// give gives up the search for the entry of the cursor.
func (f *follower) give(ctx context.Context) error {
	f.seeking = false
	held := f.held
	f.held = nil
	for i, e := range held {
		if i == 0 {
			f.missing(e)
		}
		if err := f.add(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// missing says that e is the first entry that is there after those that were delivered, and that others may have gone.
func (f *follower) missing(e entry) {
	lost, known := between(f.pos.Cursor, e.cursor)
	if known && lost == 0 {
		return
	}
	note := fmt.Sprintf("entries received between %s and %s may be missing: they were removed before they were read", stamp(f.pos.Real), stamp(e.real))
	if known {
		note = fmt.Sprintf("%d %s", lost, note)
	}
	note += "; keep journals longer (SystemMaxUse= of journald.conf)"
	f.mu.Lock()
	f.stat.Lost += lost
	f.note = note
	f.mu.Unlock()
	f.log.Warn("journal", "journal", f.origin.Path, "lost", lost, "why", note)
}

// between is how many entries the journal numbered between those of two cursors, if they are of one numbering.
func between(a, b string) (int64, bool) {
	s, i := numbering(a)
	t, j := numbering(b)
	if s == "" || s != t || j <= i {
		return 0, false
	}
	return j - i - 1, true
}

// numbering gives the s= and i= of a cursor.
func numbering(cursor string) (id string, n int64) {
	for part := range strings.SplitSeq(cursor, ";") {
		if v, ok := strings.CutPrefix(part, "s="); ok {
			id = v
		} else if v, ok := strings.CutPrefix(part, "i="); ok {
			u, err := strconv.ParseInt(v, 16, 64)
			if err != nil {
				return "", 0
			}
			n = u
		}
	}
	return id, n
}

func stamp(micro int64) string {
	if micro == 0 {
		return "a time that is not known"
	}
	return time.UnixMicro(micro).UTC().Format(time.RFC3339)
}

// add adds an entry to the batch.
func (f *follower) add(ctx context.Context, e entry) error {
	past := e.real != 0 && e.real <= f.pos.Past
	if e.data == nil || e.cursor == "" {
		if err := f.flush(ctx); err != nil {
			return err
		}
		why := "longer than 16 MiB"
		if e.cursor == "" {
			why = "without a cursor"
		}
		f.log.Warn("journal's entry passed over", "journal", f.origin.Path, "why", why, "bytes", e.size)
		f.mu.Lock()
		f.stat.Refused++
		f.mu.Unlock()
		f.advance(e)
		return nil
	}
	at := time.UnixMicro(e.real)
	if !f.fill.Fits(len(e.data), at, past) {
		if err := f.flush(ctx); err != nil {
			return err
		}
	}
	f.fill.Add(append(f.fill.Data, e.data...), f.pos.Line, f.pos.Offset, at, past)
	f.advance(e)
	return nil
}

// advance moves the position behind an entry.
func (f *follower) advance(e entry) {
	p := &f.pos
	if e.cursor != "" {
		p.Cursor = e.cursor
	}
	if e.real != 0 {
		p.Real = e.real
	}
	p.Line += e.lines
	p.Offset += e.size
}

// flush delivers the batch.
func (f *follower) flush(ctx context.Context) error {
	if f.fill.Count == 0 {
		return nil
	}
	return f.put(ctx, f.fill.Take(f.origin, f.pos.text()))
}

// put delivers b, behind which the position is.
func (f *follower) put(ctx context.Context, b *feed.Batch) error {
	if len(b.Data) > 0 { // it is not known how much waits while the run is full
		f.mu.Lock()
		f.stat.Behind = -1
		f.mu.Unlock()
	}
	if err := f.sink.Put(ctx, b); err != nil {
		return err
	}
	f.mu.Lock()
	f.stat.Read += int64(len(b.Data))
	if len(b.Data) > 0 {
		f.stat.Last = time.Now()
	}
	f.mu.Unlock()
	return nil
}

// told hears what the child says while it runs.
func (f *follower) told(line string) {
	if strings.Contains(line, "not seeing messages") {
		f.mu.Lock()
		f.limited = true
		f.mu.Unlock()
	}
	f.log.Warn("journalctl", "journal", f.origin.Path, "says", line)
}

// following says that entries come.
func (f *follower) following() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stat.State, f.stat.Why = "following", f.note
	if f.limited {
		f.stat.State, f.stat.Why = "broken", "only this user's own entries can be read; "+rights
	}
}

// idle says that all that is there was delivered.
func (f *follower) idle() {
	f.following()
	f.mu.Lock()
	f.stat.Behind = 0
	f.mu.Unlock()
}
