package engine

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source"
)

// position notes how far an origin was read, for the next commit.
func (r *reader) position(o *origin, b *feed.Batch) {
	o.cursor = b.Cursor
	if b.End {
		o.mu.Lock()
		o.end = true
		o.mu.Unlock()
		delete(r.share.positions, o.ID)
		r.share.gone = append(r.share.gone, o.ID)
		return
	}
	r.place(o)
}

// place notes the position of an origin at hand.
func (r *reader) place(o *origin) {
	p := position{Kind: o.Kind, Cursor: o.cursor}
	if o.thread != nil && !o.flushed {
		p.Waits = &waits{Path: o.Path, Tenant: o.Tenant, Format: o.Format, Host: o.Host, Head: o.thread.head, Tail: o.thread.tail, Line: o.thread.tailLine, At: o.thread.tailAt, Ref: o.file.ref}
		p.Recent = o.recent.written()
	}
	r.share.positions[o.ID] = p.String()
}

// A position is how far an origin was read: the feed's own cursor, and what the run must know besides to go on.
type position struct {
	Kind   string `json:"k"`
	Cursor string `json:"c,omitempty"`
	N      int64  `json:"n,omitempty"` // events of a file that is read as a whole
	Recent string `json:"r,omitempty"` // records that were told last, where something waits
	Waits  *waits `json:"w,omitempty"` // nil where nothing does
}

// waits is what a decoder that has to see a stream in order had seen when something in it may have waited for lines to come.
type waits struct {
	Path   string    `json:"p"`
	Tenant string    `json:"t,omitempty"`
	Format string    `json:"f,omitempty"`
	Host   string    `json:"h,omitempty"`
	Head   []byte    `json:"b,omitempty"`
	Tail   []byte    `json:"e,omitempty"`
	Line   int64     `json:"l"` // of Tail
	At     int64     `json:"o"`
	Ref    time.Time `json:"m"`
}

// warmMost is how many bytes of a file are decoded again so that its decoder knows what they say of later lines.
const warmMost = 16 << 20

// warm lets the decoder of a file that is gone on with see all that comes before an offset: an agent's session has calls whose
// results come much later. It says whether that could be done.
func (r *reader) warm(o *origin, head []byte, offset int64, ref time.Time) bool {
	if o.Kind != "file" || offset > warmMost {
		return false
	}
	f, err := os.Open(o.Path)
	if err != nil {
		return false
	}
	defer f.Close()
	data := make([]byte, offset)
	if n, err := f.ReadAt(data, 0); err != nil || int64(n) < offset || offset > 0 && data[offset-1] != '\n' {
		return false
	}
	if len(head) == 0 || !bytes.HasPrefix(data, head[:min(len(head), len(data))]) {
		return false // another file has taken its place
	}
	d := o.format.New(r.run.in.Decode)
	line, at := int64(1), int64(0)
	if m := try(func() {
		for len(data) > 0 {
			n := len(data)
			if n > 256<<10 {
				n = cmp.Or(bytes.LastIndexByte(data[:256<<10], '\n')+1, lineEnd(data))
			}
			d.Decode(&tocsin.Record{Source: o.Path, Data: data[:n], Line: line, Offset: at, Ref: ref}, func(*tocsin.Event) {})
			line, at, data = line+int64(bytes.Count(data[:n], newline)), at+int64(n), data[n:]
		}
	}); m != nil {
		return false
	}
	o.thread.decoder = d
	return true
}

// warmBy lets the decoder of a stream that is gone on with see its first lines, where headers stand.
func (r *reader) warmBy(o *origin, head []byte, ref time.Time) {
	d := o.format.New(r.run.in.Decode)
	if m := try(func() {
		d.Decode(&tocsin.Record{Source: o.Path, Data: head, Line: 1, Ref: ref}, func(*tocsin.Event) {})
		d.Flush(func(*tocsin.Event) {})
	}); m != nil {
		d = o.format.New(r.run.in.Decode)
	}
	o.thread.decoder = d
}

// restore makes the decoder of a stream what it was: what waited in it is told when what it waited for comes, or does not.
func (r *reader) restore(id string, p position) {
	w := p.Waits
	o := &origin{Origin: &feed.Origin{ID: id, Kind: p.Kind, Path: w.Path, Tenant: w.Tenant, Format: w.Format, Host: w.Host}, file: &file{path: w.Path, host: w.Host, ref: w.Ref}, cursor: p.Cursor, taken: time.Now()}
	if o.format, o.known = formatOf(w.Format); !o.known {
		head := w.Head
		if len(head) == 0 {
			head = w.Tail
		}
		f, why := source.Follow(w.Path, head)
		if why != "" || !f.Lines || !f.Back {
			return
		}
		o.format, o.known = f.Format, true
		o.file.host = cmp.Or(o.file.host, f.Host)
	}
	o.file.mu.Lock()
	o.file.format = o.format.Name
	o.file.mu.Unlock()
	o.thread = &thread{}
	o.told, o.floor, o.passed = w.Line+int64(bytes.Count(w.Tail, newline)), math.MaxUint64, map[uint64]bool{}
	for _, n := range p.recent() {
		o.passed[n] = true
		o.recent.add(n)
		if line, _ := (tocsin.Place{Record: n}).Line(); int64(line) >= w.Line {
			o.floor = min(o.floor, n)
		}
	}
	if w.At == 0 { // the tail is all of it, from the first line on
		o.floor = 0
	}
	o.thread.head, o.thread.headEnd = w.Head, int64(len(w.Head))
	if w.At > 0 {
		if r.warm(o, w.Head, w.At, w.Ref) {
			o.floor = 0
		} else {
			r.warmBy(o, w.Head[:min(int64(len(w.Head)), w.At)], w.Ref) // what the tail begins with is not seen twice
		}
	}
	r.origins[id] = o
	r.live.origins.Store(id, o)
	r.enter(o)
	r.decode(block{file: o.file, format: o.format, rec: &tocsin.Record{Source: o.Path, Data: bytes.Clone(w.Tail), Line: w.Line, Offset: w.At, Ref: w.Ref}, seq: 0}, o.thread)
	o.seq = 1
	r.left()
}

func (p position) String() string {
	b, _ := json.Marshal(p)
	return string(b)
}

func readPosition(s string) (p position, ok bool) {
	return p, s != "" && json.Unmarshal([]byte(s), &p) == nil
}

func (p position) recent() (all []uint64) {
	b, _ := base64.RawStdEncoding.DecodeString(p.Recent)
	last := uint64(0)
	for len(b) > 0 {
		d, n := binary.Varint(b)
		if n <= 0 {
			return all
		}
		last += uint64(d)
		all = append(all, last)
		b = b[n:]
	}
	return all
}

// A ring is the numbers that were added last.
type ring struct {
	all []uint64
	at  int
}

// mostRecent is how many records are remembered, so that those that were told are known when lines are decoded again.
const mostRecent = 2048

func (g *ring) add(n uint64) {
	if len(g.all) < mostRecent {
		g.all = append(g.all, n)
		return
	}
	g.all[g.at] = n
	g.at = (g.at + 1) % mostRecent
}

// written is in the order in which they were added.
func (g *ring) written() string {
	var b []byte
	last := uint64(0)
	for i := range g.all {
		n := g.all[(g.at+i)%len(g.all)]
		b = binary.AppendVarint(b, int64(n-last))
		last = n
	}
	return base64.RawStdEncoding.EncodeToString(b)
}
