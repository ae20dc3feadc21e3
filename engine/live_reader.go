package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/guard"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/source"
)

// A reader is one goroutine of a live run: it decodes and judges the batches of its origins, and notes what they mean in
// shares that the owner takes from it.
type reader struct {
	*worker
	live *Live
	in   chan *feed.Batch

	put, took atomic.Int64 // batches
	whole     atomic.Bool  // a file is being read as a whole

	mu      sync.Mutex // of all below, and of the worker
	hunter  *hunter
	number  int
	origins map[string]*origin
	shares  map[string]*share      // by group
	books   map[string]*guard.Book // by group: what it takes to judge the next call of each session
	at      *origin                // of the event at hand
	group   string                 // its group
	share   *share                 // of the group
	known   func(*tocsin.Match) bool

	profile  *sigma.Profile // what rules cost, of every event that is measured
	profiled *sigma.Set
	sampled  uint
}

// An origin is a stream as the run reads it.
type origin struct {
	*feed.Origin
	format  decode.Format
	known   bool        // the format
	pending []byte      // of a stream whose format is not yet known
	first   *feed.Batch // that waits
	cursor  string      // behind what was taken
	since   time.Time   // when something began to wait
	file    *file
	thread  *thread // of formats that must be seen in order
	seq     int
	told    int64 // lines before it were told in an earlier life
	recent  ring  // records that were told last, where a decoder may give them out in another order
	passed  map[uint64]bool
	floor   uint64 // the first of these that is decoded again from its beginning
	skip    int64  // events of a file that were told in an earlier life
	given   int64  // events of the file that were given
	line    uint64
	nth     int64
	firstAt uint64
	before  int64
	ids     bool
	flushed bool // nothing waits in its decoder
	agent   bool // its events are an agent's
	taken   time.Time
	past    bool

	mu     sync.Mutex // of all below, which others look at
	newest time.Time  // about: of the block before
	took   time.Time  // when something came last
	behind bool       // it delivers what was received a while ago
	end    bool
	ahead  int64 // events whose stamp was later than when they were received
	late   time.Duration
	why    string
	sample []int64 // times of the block at hand
}

// A share is what a reader noted for a group and was not yet taken.
type share struct {
	set       *sigma.Set
	pages     *actor.Pages
	hits      *sigma.Correlator
	shelf     *tocsin.Shelf
	tables    tables
	book      *guard.Book
	booked    bool
	facts     *naming.Facts
	open      map[string]EventBlock // by tenant
	blocks    []TenantBlock
	positions map[string]string
	gone      []string
	matches   int // that were shown
	perRule   map[*tocsin.Rule]int
	held      map[*tocsin.Rule]int64
	events    int64
	noted     bool
}

// What of the matches of a turn is shown one by one.
const (
	shownMatches = 400
	shownOfRule  = 20
)

// fullBlock is how many bytes of packed events make a block.
const fullBlock = 256 << 10

func newReader(l *Live, number int) *reader {
	r := &reader{live: l, number: number, in: make(chan *feed.Batch, 2), origins: map[string]*origin{}, shares: map[string]*share{}, books: map[string]*guard.Book{}}
	for group, t := range l.tenants {
		r.books[group] = t.state.Book().Fork()
	}
	r.worker = &worker{run: l.run, decoders: map[string]decode.Decoder{}, sources: map[*tocsin.LogSource]*sourceCount{}}
	r.worker.desk = DeskFunc(r.judge)
	r.renew()
	for id, text := range l.saved {
		if p, ok := readPosition(text); ok && p.Waits != nil && l.readerOf(id) == number {
			r.restore(id, p)
		}
	}
	return r
}

// renew takes the rules of the run. Whoever calls it has the reader's lock.
func (r *reader) renew() {
	in := r.live.o.Input
	in.finds, in.shelf = findsBound, shelfBound
	r.known = r.live.knownOf(&r.group)
	in.Known = r.known
	began := time.Now()
	r.profile, r.profiled = r.live.set.NewProfile(func() int64 { return int64(time.Since(began)) }), r.live.set
	in.Profile = nil
	r.hunter = r.live.base.hunter(r.number, in)
	r.hunter.shelf, r.hunter.progress = nil, nil
	r.hunter.witness = newWitness(r.live.set, in.Knowledge, r.live.key, in.Known, r.note)
}

// note notes an action with the share of its group.
func (r *reader) note(a *tocsin.Action) {
	if r.at.Tenant != "" && a.Org == "" && r.live.o.Group != nil {
		b := *a
		b.Org = r.at.Tenant
		a = &b
	}
	if a.Level >= tocsin.Medium {
		r.live.again()
	}
	r.share.noted = true
	r.hunter.note(a)
}

// shareOf is the share of a group that is noted in now.
func (r *reader) shareOf(group string) *share {
	s := r.shares[group]
	if s != nil {
		return s
	}
	l := r.live
	s = &share{set: l.set, pages: actor.NewPages(l.key), facts: naming.New(l.key), tables: tables{}, open: map[string]EventBlock{},
		positions: map[string]string{}, perRule: map[*tocsin.Rule]int{}, held: map[*tocsin.Rule]int64{}, shelf: &tocsin.Shelf{}}
	s.hits = l.set.Correlator(s.shelf)
	r.shares[group] = s
	return s
}

// hand gives out all shares in which something was noted.
func (r *reader) hand() map[string]*share {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.handing()
}

// handing is hand for who has the reader's lock.
func (r *reader) handing() map[string]*share {
	out := map[string]*share{}
	for group, s := range r.shares {
		if s.events == 0 && len(s.positions)+len(s.gone) == 0 {
			continue
		}
		for tenant, b := range s.open {
			s.blocks = append(s.blocks, TenantBlock{tenant, b})
		}
		if s.booked {
			s.book = r.books[group].Take()
		}
		slices.SortStableFunc(s.blocks, func(a, b TenantBlock) int { return cmp.Compare(a.Tenant, b.Tenant) })
		out[group] = s
		delete(r.shares, group)
	}
	r.share, r.at = nil, nil
	return out
}

// work takes batches until ctx ends and nothing waits.
func (r *reader) work(ctx context.Context) {
	idle := time.NewTicker(time.Second)
	defer idle.Stop()
	for {
		select {
		case b := <-r.in:
			r.take(ctx, b)
		case now := <-idle.C:
			r.rest(now)
		case <-ctx.Done():
			for {
				select {
				case b := <-r.in:
					r.take(ctx, b)
				default:
					r.rest(time.Now().Add(time.Hour))
					return
				}
			}
		}
	}
}

// take takes one batch.
func (r *reader) take(ctx context.Context, b *feed.Batch) {
	defer r.took.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(b.Data) == 0 && b.File == "" && r.origins[b.Origin.ID] == nil {
		r.cursor(b)
		return
	}
	o := r.origin(b)
	o.taken = time.Now()
	o.mu.Lock()
	o.took = o.taken
	o.behind = b.Past || o.taken.Sub(b.At) > time.Minute
	o.mu.Unlock()
	if b.File != "" {
		r.whole.Store(true)
		r.wholeFile(ctx, o, b)
		r.whole.Store(false)
		return
	}
	r.lines(o, b)
}

// cursor notes the cursor of an origin from which nothing came.
func (r *reader) cursor(b *feed.Batch) {
	s := r.shareOf(r.live.groupOf(b.Origin.Tenant))
	if b.End {
		delete(s.positions, b.Origin.ID)
		s.gone = append(s.gone, b.Origin.ID)
		return
	}
	p, _ := r.live.savedOf(b.Origin.ID)
	p.Kind, p.Cursor = b.Origin.Kind, b.Cursor
	s.positions[b.Origin.ID] = p.String()
}

// origin is the state of a batch's origin.
func (r *reader) origin(b *feed.Batch) *origin {
	o := r.origins[b.Origin.ID]
	if o != nil {
		if o.Origin != b.Origin {
			o.mu.Lock()
			o.Origin = b.Origin
			o.mu.Unlock()
		}
		return o
	}
	o = &origin{Origin: b.Origin, file: &file{path: b.Origin.Path, host: b.Origin.Host}, flushed: true}
	if o.format, o.known = formatOf(b.Origin.Format); o.known {
		o.file.format = o.format.Name
		if !o.format.Cut.Alone() {
			o.thread = &thread{}
		}
	}
	r.origins[b.Origin.ID] = o
	r.live.origins.Store(b.Origin.ID, o)
	return o
}

// enter makes an origin the one at hand.
func (r *reader) enter(o *origin) {
	r.group = r.live.groupOf(o.Tenant)
	s := r.shareOf(r.group)
	if r.books[r.group] == nil {
		r.books[r.group] = guard.Keyed(r.live.key)
	}
	r.at, r.share = o, s
	r.hunter.noted, r.hunter.guard = s.pages, r.books[r.group]
	r.worker.line, r.worker.nth, r.worker.first, r.worker.before, r.worker.ids = o.line, o.nth, o.firstAt, o.before, o.ids
}

// left keeps what the worker knows of the origin at hand.
func (r *reader) left() {
	o := r.at
	o.line, o.nth, o.firstAt, o.before, o.ids = r.worker.line, r.worker.nth, r.worker.first, r.worker.before, r.worker.ids
	o.mu.Lock()
	if len(o.sample) > 0 {
		slices.Sort(o.sample)
		if at := time.Unix(0, o.sample[len(o.sample)/2]).UTC(); at.After(o.newest) {
			o.newest = at
		}
		o.sample = o.sample[:0]
	}
	o.mu.Unlock()
}

// What of a stream is waited for before its format is told: so many bytes, or so long. A first line may be no record.
const (
	mostUnknown = 64 << 10
	longUnknown = 2 * time.Second
)

// lines takes lines of a stream.
func (r *reader) lines(o *origin, b *feed.Batch) {
	o.cursor = b.Cursor
	if !o.known && len(b.Data) > 0 || len(o.pending) > 0 {
		if len(o.pending) == 0 {
			o.first, o.since = b, o.taken
		}
		o.pending = append(o.pending, b.Data...)
		if !r.recognise(o, b.Head, len(o.pending) >= mostUnknown || b.End) {
			return // nothing of it is committed
		}
		whole := *b
		whole.Data, whole.Line, whole.Offset = o.pending, o.first.Line, o.first.Offset
		whole.Head = o.first.Head
		o.pending = nil
		b = &whole
	}
	r.enter(o)
	if o.known && o.format.New != nil {
		r.decodeLines(o, b)
	}
	r.position(o, b)
	r.left()
}

// decodeLines gives lines to the decoder.
func (r *reader) decodeLines(o *origin, b *feed.Batch) {
	o.file.ref = b.At
	o.past = b.Past
	if o.thread != nil && o.seq == 0 && b.Line > 1 {
		if r.warm(o, b.Head, b.Offset, b.At) {
			_ = try(func() { o.thread.decoder.Flush(func(*tocsin.Event) {}) }) // what waited was told
		} else if len(b.Head) > 0 {
			r.warmBy(o, b.Head, b.At)
		}
	}
	data := b.Data
	if b.Line == 1 {
		data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	if len(data) > 0 {
		rec := &tocsin.Record{Source: o.Path, Data: data, Line: b.Line, Offset: b.Offset, Ref: b.At}
		r.decode(block{file: o.file, format: o.format, rec: rec, seq: o.seq}, o.thread)
		o.seq++
		o.flushed = false
	}
	if b.End {
		r.flushOrigin(o)
	}
}

// flushOrigin takes what waits in a decoder for lines that have not come.
func (r *reader) flushOrigin(o *origin) {
	if o.flushed || o.thread == nil {
		return
	}
	r.worker.flush(block{file: o.file, format: o.format, seq: max(1, o.seq)}, o.thread)
	o.seq++
	o.flushed = true
}

// recognise tells the format of a stream by what there is of it; last says that no more is waited for.
func (r *reader) recognise(o *origin, head []byte, last bool) bool {
	if len(head) == 0 {
		head = o.pending[:min(len(o.pending), mostUnknown)]
	}
	f, why := source.Follow(o.Path, head)
	if why == "" && f.Lines {
		o.format, o.known = f.Format, true
		o.file.mu.Lock()
		o.file.format, o.file.host = f.Format.Name, cmp.Or(o.file.host, f.Host)
		o.file.mu.Unlock()
		if f.Back {
			o.thread = &thread{}
		}
		return true
	}
	if !last {
		return false
	}
	o.known = true
	o.mu.Lock()
	o.why = cmp.Or(why, "no lines of a known format")
	o.mu.Unlock()
	r.fault(&tocsin.Fault{Source: o.Path, Err: fmt.Errorf("not read: %s", o.why), Hint: "name its format in the configuration, or leave it out"})
	return true
}

// rest looks after streams from which nothing came for a while: what waits in their decoders, and formats that are not
// yet known.
func (r *reader) rest(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, o := range r.origins {
		switch {
		case o.end:
			delete(r.origins, id)
			r.live.origins.Delete(id)
		case !o.known && len(o.pending) > 0 && now.Sub(o.since) > longUnknown:
			r.recognise(o, o.first.Head, true)
			b := *o.first
			b.Data, o.pending = o.pending, nil
			r.enter(o)
			if o.format.New != nil {
				r.decodeLines(o, &b)
			}
			r.place(o)
			r.left()
		case o.known && !o.flushed && o.thread != nil && now.Sub(o.taken) > o.patience():
			r.enter(o)
			r.flushOrigin(o)
			r.place(o)
			r.left()
		}
	}
}

// agentPatience is how long the result of an agent's call is waited for when nothing else comes: tools take their time.
const agentPatience = 2 * time.Minute

// patience is how long lines are waited for that may belong to a record, when none come.
func (o *origin) patience() time.Duration {
	if o.agent {
		return agentPatience
	}
	return longUnknown
}

// judge takes one event the way that all go.
func (r *reader) judge(ev *tocsin.Event) {
	o, s := r.at, r.share
	if o.told > 0 || o.skip > 0 || len(o.passed) > 0 {
		if o.again(ev) {
			return
		}
	}
	if o.thread != nil {
		o.recent.add(ev.Record)
	}
	r.clock(o, ev)
	o.given++
	o.agent = o.agent || len(ev.Sources) > 0 && ev.Sources[0].Product == "ai_agent"
	s.events++
	r.live.events.Add(1)
	if !ev.Time.IsZero() && len(o.sample) < 64 {
		o.sample = append(o.sample, ev.Time.UnixNano())
	}
	s.facts.See(ev)
	if keep := r.live.o.Keep; keep != nil {
		b := s.open[o.Tenant]
		if b == nil {
			b = keep.Block()
			s.open[o.Tenant] = b
		}
		if b.Add(ev); b.Len() >= fullBlock {
			s.blocks = append(s.blocks, TenantBlock{o.Tenant, b})
			delete(s.open, o.Tenant)
		}
	}
	r.sampled++
	measured := r.sampled%measureEach == 0
	if measured {
		r.hunter.matcher.Profile(r.profile)
	}
	any := r.hunter.look(ev)
	if measured {
		r.hunter.matcher.Profile(nil)
	}
	s.booked = s.booked || r.hunter.booked
	if len(r.live.o.Input.Channels) > 0 {
		s.tables.add(ev, r.live.key)
	}
	if !any {
		return
	}
	if set := r.live.set; slices.ContainsFunc(r.hunter.held, set.Correlated) {
		s.hits.Add(ev, s.shelf.Put(s.hits.Thin(ev)), r.hunter.held...)
	}
	for _, i := range r.hunter.held {
		if r.live.set.Alerts(i) {
			s.match(r, ev, &r.live.set.Rules()[i].Rule, i)
		}
	}
	for _, i := range r.hunter.found {
		s.match(r, ev, r.live.base.rules[i], -1)
	}
}

// again says that an event was told in an earlier life.
func (o *origin) again(ev *tocsin.Event) bool {
	if o.skip > 0 {
		o.skip--
		return true
	}
	if o.passed[ev.Record] {
		delete(o.passed, ev.Record)
		return true
	}
	line, _ := ev.Place().Line()
	return int64(line) < o.told && ev.Record < o.floor
}

// tables are what was noted of connections, by hour since 1970.
type tables map[int64]*channel.Table

// add notes an event for channels.
func (t tables) add(ev *tocsin.Event, key actor.Key) {
	hour := int64(0)
	if !ev.Time.IsZero() {
		hour = ev.Time.Unix() / 3600
	}
	of := t[hour]
	if of == nil {
		of = channel.New(channel.Key(key))
		t[hour] = of
	}
	of.Add(ev)
}

// match notes that a rule holds.
func (s *share) match(r *reader, ev *tocsin.Event, rule *tocsin.Rule, number int) {
	s.held[rule]++
	if s.matches >= shownMatches || s.perRule[rule] >= shownOfRule {
		return
	}
	m := &tocsin.Match{Time: ev.Time, Rule: rule, Event: ev}
	if r.known != nil && r.known(m) {
		return
	}
	s.perRule[rule]++
	m.Event = ev.Clone()
	if number >= 0 {
		m.Held = r.hunter.matcher.Held(m.Event, number)
	}
	s.matches++
	r.live.show(r.group, LiveMatch{Tenant: r.at.Tenant, Match: m})
	r.live.again()
}

// measureEach is of how many events one is measured for what rules cost.
const measureEach = 64

// clockAhead is how far a clock may be ahead of ours before it is said to be off.
const clockAhead = 2 * time.Minute

// clock holds the time of an event to when it was received, unless the run takes times as the records say.
func (r *reader) clock(o *origin, ev *tocsin.Event) {
	at := o.file.ref
	if r.live.o.Replay || ev.Time.IsZero() || at.IsZero() {
		return
	}
	off := ev.Time.Sub(at)
	switch {
	case off > 0:
		ev.Time = at
		if off > clockAhead {
			o.mu.Lock()
			o.ahead++
			o.late = -off
			o.mu.Unlock()
		}
	case !o.past:
		o.mu.Lock()
		o.late = -off
		o.mu.Unlock()
	}
}

// wholeFile reads a file that is read as a whole. Its own lock is free between its blocks, so that what was read can be taken.
func (r *reader) wholeFile(ctx context.Context, o *origin, b *feed.Batch) {
	info, err := os.Stat(b.File)
	if err != nil {
		r.fault(&tocsin.Fault{Source: b.File, Err: err, Hint: "it is read when it is there again"})
		return
	}
	o.known, o.past = true, b.Past
	p, _ := r.live.savedOf(wholeID(b.File))
	o.given, o.skip = 0, max(p.N, o.skip)
	begun := o.skip
	o.told, o.passed = 0, nil
	hooks := source.Hooks{Fault: r.fault, Skip: func(f tocsin.File) {
		o.mu.Lock()
		o.why = f.Path + ": " + f.Skipped
		o.mu.Unlock()
	}}
	_ = r.run.from.Open(source.Unit{Path: b.File, Size: info.Size(), ModTime: info.ModTime()}, hooks, func(s *source.Stream) error {
		f := &file{path: s.Path, format: s.Format.Name, host: cmp.Or(s.Host, o.Host), ref: s.ModTime}
		o.mu.Lock()
		o.file = f // which views look at
		o.mu.Unlock()
		o.format, o.line, o.nth = s.Format, 0, 0
		var th *thread
		if !s.Format.Cut.Alone() {
			th = &thread{}
		}
		seq := 0
		err := s.Frames(func(rec *tocsin.Record) error {
			r.enter(o)
			r.decode(block{file: f, format: s.Format, rec: rec, seq: seq}, th)
			seq++
			r.left()
			r.share.positions[wholeID(b.File)] = position{Kind: o.Kind, N: begun + o.given}.String()
			r.mu.Unlock() // whoever waits may take what was read
			r.mu.Lock()
			o.mu.Lock()
			o.took = time.Now()
			o.mu.Unlock()
			return ctx.Err()
		})
		r.enter(o)
		r.worker.flush(block{file: f, format: s.Format, seq: max(1, seq)}, th)
		r.left()
		return err
	})
	if ctx.Err() != nil {
		return
	}
	r.enter(o)
	r.share.positions[wholeID(b.File)] = position{Kind: o.Kind, N: begun + o.given}.String()
	o.skip = 0
	r.position(o, b)
}
