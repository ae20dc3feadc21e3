package archive

import (
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// Rolled says what a Roll made.
type Rolled struct {
	Files  int // Parquet files
	Events int64
	Bytes  int64 // of these files
	// Damaged are blocks of the spool whose checksums are wrong, and Lost the events in them and bytes that are in no block:
	// they are nowhere else.
	Damaged   int
	Lost      int64
	LostBytes int64
	Waiting   int // spool files that are over and not yet committed
}

// add adds what was made of one spool file.
func (r *Rolled) add(o *Rolled) {
	r.Files += o.Files
	r.Events += o.Events
	r.Bytes += o.Bytes
	r.Damaged += o.Damaged
	r.Lost += o.Lost
	r.LostBytes += o.LostBytes
}

// Roll makes Parquet files of the spool files whose hour is over at now, or that are large enough, and were committed. Events
// are put in the file of their own hour, not of the hour in which they came, so that who looks for a time looks into few
// files; what comes late to an hour, in another spool file, is another file of that hour, since a Parquet file cannot be added
// to. What is told of a spool file is told once.
func (a *Archive) Roll(now time.Time) (Rolled, error) {
	a.rolling.Lock()
	defer a.rolling.Unlock()
	var out Rolled
	a.mu.Lock()
	if a.file != nil {
		switch hour := hourOf(now); {
		case a.hour.IsZero():
			a.hour = hour
		case !hour.Equal(a.hour):
			if err := a.rotate(); err != nil {
				a.mu.Unlock()
				return out, fmt.Errorf("archive: %w", fullOr(err))
			}
		}
	}
	var due []spoolFile
	for _, s := range a.closed {
		if m := a.committed; s.seq < m.seq || s.seq == m.seq && s.size <= m.at {
			due = append(due, s)
		} else {
			out.Waiting++
		}
	}
	a.mu.Unlock()
	for _, s := range due {
		if err := a.convert(s, &out); err != nil {
			return out, fmt.Errorf("archive: %s: %w", a.spoolPath(s.seq), fullOr(err))
		}
		a.mu.Lock()
		a.closed = slices.DeleteFunc(a.closed, func(o spoolFile) bool { return o.seq == s.seq })
		a.mu.Unlock()
	}
	return out, nil
}

// convert makes the Parquet files of one spool file, and removes it.
func (a *Archive) convert(s spoolFile, out *Rolled) error {
	if _, err := os.Stat(a.planPath(s.seq)); err == nil { // interrupted by a full disk
		return a.finish(s.seq)
	}
	parts := a.partsPath(s.seq)
	if err := os.RemoveAll(parts); err != nil {
		return err
	}
	if err := os.Mkdir(parts, 0o750); err != nil {
		return err
	}
	c := conversion{archive: a, seq: s.seq, parts: parts, memory: a.opt.Memory, decoder: decode.Stored().New(decode.Options{})}
	err := c.run(s.size)
	err = errors.Join(err, c.close())
	if err == nil {
		if err = a.do("plan"); err == nil {
			err = writePlan(a.planPath(s.seq), &c.plan)
		}
	}
	if err != nil {
		if !errors.Is(err, errStopped) {
			_ = os.RemoveAll(parts) // gives the room back; it is made anew
		}
		return err
	}
	c.Files = len(c.plan.Files)
	out.add(&c.Rolled) // now: from here on another Roll only finishes what was made
	return a.finish(s.seq)
}

// finish gives the Parquet files of a spool file their names and removes it. It can be interrupted anywhere and called again.
func (a *Archive) finish(seq uint64) error {
	p, err := readPlan(a.planPath(seq))
	if err != nil {
		return err
	}
	a.holding.Lock()
	defer a.holding.Unlock()
	folders := map[string]bool{}
	for i := range p.Files {
		part := filepath.Join(a.partsPath(seq), partName(i))
		if _, err := os.Lstat(part); errors.Is(err, os.ErrNotExist) {
			continue // it has its name
		}
		name := filepath.Join(a.dir, filepath.FromSlash(p.Files[i].Path))
		folder := filepath.Dir(name)
		if err := os.MkdirAll(folder, 0o750); err != nil {
			return err
		}
		if err := a.do("rename"); err != nil {
			return err
		}
		if err := os.Rename(part, name); err != nil {
			return err
		}
		for len(folder) > len(a.dir) {
			folders[folder] = true
			folder = filepath.Dir(folder)
		}
	}
	folders[a.dir] = true
	for f := range folders {
		if err := a.do("sync folder"); err != nil {
			return err
		}
		if err := syncFolder(f); err != nil {
			return err
		}
	}
	if err := a.do("remove spool"); err != nil {
		return err
	}
	if err := os.Remove(a.spoolPath(seq)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := syncFolder(a.spool()); err != nil {
		return err
	}
	if err := a.do("remove parts"); err != nil {
		return err
	}
	if err := os.RemoveAll(a.partsPath(seq)); err != nil {
		return err
	}
	if err := a.do("remove plan"); err != nil {
		return err
	}
	return os.Remove(a.planPath(seq))
}

func partName(i int) string { return fmt.Sprintf("%06d.part", i) }

// A conversion makes Parquet files of one spool file. Blocks are read in order of their earliest times; once nothing earlier
// can come, events are written. What would be too much for memory until then is put away, sorted, as further blocks.
type conversion struct {
	archive *Archive
	seq     uint64
	parts   string
	memory  int64
	decoder decode.Decoder

	spool   *os.File
	spill   *os.File
	spillAt int64
	plan    plan
	out     *fileWriter // nil between files
	now     period      // of out

	Rolled

	held []heldEvent
	size int64 // of them
	body []byte
}

// A blockRef is a block of the spool or of what was put away.
type blockRef struct {
	blockHead
	file *os.File
	at   int64 // of what follows the head
	n    int   // order
}

// blockRefs are a heap by the earliest time.
type blockRefs []blockRef

func (b blockRefs) Len() int { return len(b) }
func (b blockRefs) Less(i, j int) bool {
	if c := b[i].min.Compare(b[j].min); c != 0 {
		return c < 0
	}
	return b[i].n < b[j].n
}
func (b blockRefs) Swap(i, j int) { b[i], b[j] = b[j], b[i] }
func (b *blockRefs) Push(x any)   { *b = append(*b, x.(blockRef)) }
func (b *blockRefs) Pop() any {
	x := (*b)[len(*b)-1]
	*b = (*b)[:len(*b)-1]
	return x
}

// A heldEvent waits until nothing earlier can come. Its text lies in its block's memory.
type heldEvent struct {
	ev tocsin.Event
}

// heldSize is about how much memory an event takes besides its text.
func heldSize(ev *tocsin.Event) int64 { return 320 + 32*int64(len(ev.Fields)) }

func (c *conversion) run(size int64) error {
	var err error
	if c.spool, err = os.Open(c.archive.spoolPath(c.seq)); err != nil {
		return err
	}
	byTenant := map[string][]blockRef{}
	scan := newScanner(c.spool, size)
	for n := 0; ; n++ {
		h, body, err := scan.next(true)
		if err != nil {
			c.LostBytes += scan.lost
			switch err {
			case io.EOF:
			case errTorn:
				c.LostBytes += size - scan.at
			default:
				return err
			}
			break
		}
		if crc32.Checksum(body, castagnoli) != h.sum {
			c.Damaged++
			c.Lost += int64(h.events)
			continue
		}
		tenant := string(body[:h.tenant])
		byTenant[tenant] = append(byTenant[tenant], blockRef{h, c.spool, scan.at - h.length(), n})
	}
	tenants := make([]string, 0, len(byTenant))
	for t := range byTenant {
		tenants = append(tenants, t)
	}
	slices.Sort(tenants)
	for _, t := range tenants {
		if err := c.tenant(t, byTenant[t]); err != nil {
			return err
		}
	}
	return nil
}

// tenant writes the files of one tenant.
func (c *conversion) tenant(tenant string, blocks []blockRef) error {
	g, err := c.grain(blocks)
	if err != nil {
		return err
	}
	var dated blockRefs
	for i := range blocks {
		b := &blocks[i]
		if b.undated {
			if err := c.load(b, func(ev *tocsin.Event) bool { return ev.Time.IsZero() }); err != nil {
				return err
			}
			if c.size > c.memory/2 {
				if err := c.undated(tenant); err != nil {
					return err
				}
			}
		}
		if !b.min.IsZero() {
			dated = append(dated, *b)
		}
	}
	if err := c.undated(tenant); err != nil {
		return err
	}
	if err := c.endFile(); err != nil {
		return err
	}
	heap.Init(&dated)
	next := len(blocks)
	for len(dated) > 0 || len(c.held) > 0 {
		for len(dated) > 0 && (len(c.held) == 0 || c.size < c.memory/4) {
			b := heap.Pop(&dated).(blockRef)
			if err := c.load(&b, func(ev *tocsin.Event) bool { return !ev.Time.IsZero() }); err != nil {
				return err
			}
		}
		slices.SortStableFunc(c.held, func(a, b heldEvent) int { return compareEvents(&a.ev, &b.ev) })
		ready := len(c.held)
		if len(dated) > 0 { // nothing that is to come is earlier than this
			ready, _ = slices.BinarySearchFunc(c.held, dated[0].min, func(e heldEvent, t time.Time) int {
				if e.ev.Time.After(t) {
					return 1
				}
				return -1
			})
		}
		for i := range c.held[:ready] {
			ev := &c.held[i].ev
			if c.out == nil || !c.now.holds(ev.Time) {
				if err := c.endFile(); err != nil {
					return err
				}
				c.now = g.of(ev.Time)
				if err := c.beginFile(planned{Tenant: tenant, Path: filePath(tenant, c.now.path, c.seq), From: c.now.from, To: c.now.to}); err != nil {
					return err
				}
			}
			if err := c.out.write(ev); err != nil {
				return err
			}
			c.size -= heldSize(ev) + textSize(ev)
			c.Events++
		}
		c.held = slices.Delete(c.held, 0, ready)
		if len(c.held) == 0 {
			c.size = 0
		}
		if c.size > c.memory/4 && len(dated) > 0 {
			n, err := c.putAway(&dated, next)
			if err != nil {
				return err
			}
			next += n
		}
	}
	return c.endFile()
}

// compareEvents orders events by time and, of one time, by place.
func compareEvents(a, b *tocsin.Event) int { return a.Place().Compare(b.Place()) }

func textSize(ev *tocsin.Event) (n int64) {
	n = int64(len(ev.Raw) + len(ev.Host))
	for i := range ev.Fields {
		n += int64(len(ev.Fields[i].Value))
	}
	return n
}

// undated writes the events that are held, none of which has a time.
func (c *conversion) undated(tenant string) error {
	slices.SortStableFunc(c.held, func(a, b heldEvent) int {
		return cmp.Or(a.ev.Sensor.Compare(b.ev.Sensor), compareEvents(&a.ev, &b.ev))
	})
	for i := range c.held {
		if c.out == nil {
			if err := c.beginFile(planned{Tenant: tenant, Path: filePath(tenant, undatedName, c.seq), Undated: true}); err != nil {
				return err
			}
		}
		if err := c.out.write(&c.held[i].ev); err != nil {
			return err
		}
		c.Events++
	}
	clear(c.held)
	c.held, c.size = c.held[:0], 0
	return nil
}

// grain decides how much time each file has.
func (c *conversion) grain(blocks []blockRef) (grain, error) {
	g := hourly
	var met map[int64]bool
	for g < whole {
		met = map[int64]bool{}
		for i := range blocks {
			b := &blocks[i]
			if b.min.IsZero() {
				continue
			}
			if p := g.of(b.min); p.holds(b.max) {
				met[p.from] = true
			} else if err := c.decode(b, func(ev *tocsin.Event) {
				if !ev.Time.IsZero() && len(met) <= mostPeriods[g] {
					met[g.of(ev.Time).from] = true
				}
			}); err != nil {
				return g, err
			}
			if len(met) > mostPeriods[g] {
				break
			}
		}
		if len(met) <= mostPeriods[g] {
			return g, nil
		}
		g++
	}
	return g, nil
}

// decode gives the events of a block, whose text stays valid. A block that cannot be read now although it could be before is
// an error.
func (c *conversion) decode(b *blockRef, emit func(*tocsin.Event)) error {
	if int64(cap(c.body)) < b.length() {
		c.body = make([]byte, b.length())
	}
	body := c.body[:b.length()]
	if _, err := b.file.ReadAt(body, b.at); err != nil {
		return err
	}
	packed, err := b.unpack(nil, body)
	if err != nil {
		return err
	}
	c.decoder.Decode(&tocsin.Record{Source: "spool", Data: packed}, emit)
	return nil
}

// load holds the events of a block that are wanted.
func (c *conversion) load(b *blockRef, want func(*tocsin.Event) bool) error {
	var fields []tocsin.Field
	return c.decode(b, func(ev *tocsin.Event) {
		if !want(ev) {
			return
		}
		h := heldEvent{*ev}
		if cap(fields)-len(fields) < len(ev.Fields) {
			fields = make([]tocsin.Field, 0, max(4096, len(ev.Fields)))
		}
		at := len(fields)
		fields = append(fields, ev.Fields...)
		h.ev.Fields = fields[at:len(fields):len(fields)]
		c.held = append(c.held, h)
		c.size += heldSize(ev) + textSize(ev)
	})
}

// putAway writes the events that are held, which are in order, to a temporary file, as blocks of little time each.
func (c *conversion) putAway(blocks *blockRefs, next int) (n int, err error) {
	if c.spill == nil {
		if c.spill, err = os.OpenFile(filepath.Join(c.parts, "sorting"), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640); err != nil {
			return 0, err
		}
		if _, err := c.spill.WriteAt([]byte(sortMagic), 0); err != nil {
			return 0, err
		}
		c.spillAt = int64(len(sortMagic))
	}
	var b Block
	for i := range c.held {
		b.Add(&c.held[i].ev)
		if b.Len() < 128<<10 && i+1 < len(c.held) {
			continue
		}
		b.encode("")
		if _, err := c.spill.WriteAt(b.out, c.spillAt); err != nil {
			return n, err
		}
		h, _ := parseHead(b.out)
		heap.Push(blocks, blockRef{h, c.spill, c.spillAt + headSize, next + n})
		c.spillAt += int64(len(b.out))
		n++
		b.Reset()
	}
	clear(c.held)
	c.held, c.size = c.held[:0], 0
	return n, nil
}

func (c *conversion) beginFile(p planned) (err error) {
	if err := c.archive.do("part"); err != nil {
		return err
	}
	c.out, err = newFileWriter(filepath.Join(c.parts, partName(len(c.plan.Files))))
	c.plan.Files = append(c.plan.Files, p)
	return err
}

func (c *conversion) endFile() error {
	if c.out == nil {
		return nil
	}
	if err := c.archive.do("close part"); err != nil {
		return err
	}
	rows := c.out.total
	n, err := c.out.close()
	c.Bytes += n
	c.out = nil
	if err == nil {
		err = checkFile(filepath.Join(c.parts, partName(len(c.plan.Files)-1)), rows)
	}
	return err
}

// checkFile reads the end of a file that was written: what the spool has is only removed for what can be read.
func checkFile(name string, rows int64) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	p, err := OpenParquet(f, info.Size(), ReadOptions{})
	if err != nil {
		return fmt.Errorf("%s cannot be read back: %w", name, err)
	}
	defer p.Close()
	var n int64
	for i := range p.meta.RowGroups {
		n += p.meta.RowGroups[i].NumRows
	}
	if n != rows {
		return fmt.Errorf("%s has %d rows of %d", name, n, rows)
	}
	return nil
}

func (c *conversion) close() error {
	var err error
	if c.out != nil {
		c.out.abandon()
	}
	if c.spool != nil {
		err = c.spool.Close()
	}
	if c.spill != nil {
		err = errors.Join(err, c.spill.Close(), os.Remove(c.spill.Name()))
	}
	return err
}
