// Package engine runs the pipeline: it reads what a user names, on all processors, and takes each event the one way
// that data flows. It alone knows all the steps.
//
// A run is exact: the same input gives the same result, whatever the number of workers and whichever of them read
// what. What could not be read or decoded is in the coverage of the run, never silently gone.
package engine

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/guard"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/source"
)

// Input says what to read. The zero value of all but Paths works.
type Input struct {
	Paths     []string // files, folders, "-" for Stdin
	Source    source.Options
	Decode    decode.Options
	Watch     func(worker int) Desk    // of a hunt: is given every event besides; may be nil
	Facts     func(worker int) Desk    // is given every event, those outside From and To too, before others are; may be nil
	From, To  time.Time                // events outside are not looked at; a zero bound is open; events without a time are kept
	Workers   int                      // 0: one for each processor
	Progress  *Progress                // may be nil
	Digest    bool                     // the coverage tells the SHA-256 of each file that is read
	Knowledge *action.Knowledge        // of a hunt: what actions mean; nil is Tocsin's own
	Findings  bool                     // of a hunt: an action that knowledge finds telling enough is a match, see FindingLevel
	Known     func(*tocsin.Match) bool // of a hunt: matches that campaigns take no notice of; several goroutines call it; may be nil
	Key       []byte                   // of a hunt: keys fingerprints of credentials and what is sampled; nil joins no campaigns
	Causal    bool                     // of a hunt: campaigns judge each action by what was known when it happened, as a live run would
	Channels  []*tocsin.Rule           // of a hunt: rows of channel.Rules to judge connections and lookups by; nil judges none
	Scope     guard.Grants             // of a hunt: what agents were allowed to do; nil is nothing
	Profile   func() *sigma.Profile    // of a hunt: what rules cost is noted in one for each worker; nil asks for none
	Listed    Listed                   // of a hunt: what else is looked for in events; may be nil
	Horizon   time.Duration            // of a hunt: what is older than that before the last event is let go; 0 keeps all
	Passed    func(source.Passed)      // is told what of Tocsin's archive was passed over as Source allows; several goroutines call it; may be nil

	finds int   // of a hunt: how many finds are in memory; 0: findsBound
	shelf int64 // of a hunt: how many bytes of events are; 0: shelfBound
}

// A Progress can be looked at from another goroutine while a run goes on.
type Progress struct {
	Files, FilesTotal atomic.Int64
	Bytes, BytesTotal atomic.Int64 // of the files as they lie on disk
	Events            atomic.Int64
	Matches           atomic.Int64
}

// A Desk is one worker's share of a run: Event is called for every event that the worker decodes, by one goroutine
// at a time. The event is valid during the call only.
type Desk interface {
	Event(ev *tocsin.Event)
}

// Listed finds in events what is on lists of the user's. What it finds is a match of one of its Rules, by their numbers.
// Several goroutines call Match and Held at a time.
type Listed interface {
	Rules() []*tocsin.Rule
	Match(ev *tocsin.Event, hold func(rule int))
	Held(ev *tocsin.Event, rule int) []tocsin.Field
}

// Read reads all input and gives each event to a desk; desk(i) is called once for each worker before anything is
// read. The error is not nil only when the run was stopped by ctx or in names a format that there is not. Of a run that was
// stopped the coverage tells what was read, is marked as partial, and lists the files that were not begun.
func Read(ctx context.Context, in Input, desk func(worker int) Desk) (*tocsin.Coverage, error) {
	n := in.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	if in.Progress == nil {
		in.Progress = &Progress{}
	}
	in.Source.From, in.Source.To = in.From, in.To
	if in.Facts != nil { // they are taken of all events
		in.Source.From, in.Source.To, in.Source.Needs = time.Time{}, time.Time{}, nil
	}
	from, err := source.New(in.Source)
	if err != nil {
		return nil, err
	}
	r := &run{in: in, from: from, units: make(chan source.Unit), blocks: make(chan block), folders: map[string][]source.Unit{}, near: map[string]*neighbourhood{}}
	var all []*worker
	var busy sync.WaitGroup
	for i := range n {
		w := &worker{run: r, desk: desk(i), decoders: map[string]decode.Decoder{}, sources: map[*tocsin.LogSource]*sourceCount{}}
		if in.Facts != nil {
			w.facts = in.Facts(i)
		}
		all = append(all, w)
		busy.Go(func() { w.work(ctx) })
	}
	units := from.List(in.Paths, r.skip)
	r.progress().FilesTotal.Store(int64(len(units)))
	for _, u := range units {
		r.progress().BytesTotal.Add(u.Size)
		folder := folderOf(u.Path)
		r.folders[folder] = append(r.folders[folder], u)
	}
	for _, in := range r.folders {
		slices.SortStableFunc(in, func(a, b source.Unit) int { return strings.Compare(a.Path, b.Path) })
	}
	r.open.Add(len(units))
feed:
	for i, u := range units {
		select {
		case r.units <- u:
		case <-ctx.Done():
			r.open.Add(i - len(units))
			for _, u := range units[i:] {
				r.skip(tocsin.File{Path: u.Path, Skipped: "the run was stopped before it was begun"})
			}
			break feed
		}
	}
	close(r.units)
	go func() {
		r.open.Wait() // every unit is read, so that no block can come any more
		close(r.blocks)
	}()
	busy.Wait()
	c := r.coverage(all)
	if ctx.Err() != nil {
		c.Partial = fmt.Sprintf("%s when %d of %d files had been begun; what was being read may lack its end", context.Cause(ctx), len(r.files), len(units))
	}
	return c, ctx.Err()
}

// A run is what the workers share.
type run struct {
	in     Input
	from   *source.Reader
	units  chan source.Unit
	blocks chan block
	open   sync.WaitGroup // units not yet read

	mu      sync.Mutex
	files   []*file
	skipped []tocsin.File
	faults  []*tocsin.Fault
	faultN  int64

	digests  []tocsin.Digest
	unhashed int64
	out      outside // what of the archive was passed over

	mistakes int64
	mistake  *tocsin.Fault // the first in order

	folders map[string][]source.Unit  // what lies in each folder, in the order of paths
	near    map[string]*neighbourhood // of folders that were looked at last
}

// A file is one stream of a run; its spans come from whichever workers decoded its blocks.
type file struct {
	path, format string
	host         string    // for events that name none
	ref          time.Time // when it was last written; zero where that is not known
	zoneBy       string    // why its local stamps were read as they were, where other logs tell
	mu           sync.Mutex
	all          span   // of the blocks up to one …
	early        []span // … and of those that were decoded before one that comes before them
}

// add takes the span of one more block.
func (f *file) add(s span) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.early = append(f.early, s)
	for i := 0; i < len(f.early); i++ {
		if f.early[i].seq == f.all.seq {
			f.all.join(f.early[i])
			f.early = slices.Delete(f.early, i, i+1)
			i = -1
		}
	}
}

// A block is a record of a stream on its way to a worker.
type block struct {
	file   *file
	format decode.Format
	rec    *tocsin.Record
	seq    int
}

func (r *run) progress() *Progress { return r.in.Progress }

func (r *run) skip(f tocsin.File) {
	r.mu.Lock()
	r.skipped = append(r.skipped, f)
	r.mu.Unlock()
}

func (r *run) fault(f *tocsin.Fault) {
	c := *f
	c.Source = strings.Clone(f.Source)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faultN++
	if m := (*Mistake)(nil); errors.As(f, &m) {
		r.mistakes++
		if r.mistake == nil || orderFaults(&c, r.mistake) < 0 {
			r.mistake = &c
		}
	}
	// The first in order are kept, but order is only known at the end: keep some more than are shown.
	if r.faults = append(r.faults, &c); len(r.faults) >= 4*tocsin.MaxFaults {
		sortFaults(r.faults)
		r.faults = r.faults[:2*tocsin.MaxFaults]
	}
}

// sortFaults puts faults in an order that does not hang on who found them first.
func sortFaults(f []*tocsin.Fault) {
	slices.SortStableFunc(f, orderFaults)
}

func orderFaults(a, b *tocsin.Fault) int {
	if c := cmp.Or(strings.Compare(a.Source, b.Source), cmp.Compare(a.Line, b.Line)); c != 0 {
		return c
	}
	return strings.Compare(a.Error(), b.Error())
}

type sourceCount struct {
	list []tocsin.LogSource
	n    int64
}

// A worker reads units and decodes blocks, its own and, when it has no unit, those that others have to spare.
type worker struct {
	*run
	desk     Desk
	facts    Desk                      // nil where nobody asks for them
	decoders map[string]decode.Decoder // of formats whose blocks stand alone
	sources  map[*tocsin.LogSource]*sourceCount

	// Of the block at hand:
	span   span
	ref    time.Time // when its file was last written, and what no stamp in it is later than; zero if that is not known
	far    time.Time
	window window
	line   uint64   // of the event before, which was the nth of it
	nth    int64    //
	first  uint64   // line of the block …
	ids    bool     // … (in EVTX, of any of its records)
	before int64    // … and events that it may have told before the block
	host   string   // for events that name none
	stored bool     // its events were decoded, numbered and weighed before
	given  []uint64 // the records of the events that its decoder gave, as often as it gave them
}

func (w *worker) work(ctx context.Context) {
	units := w.units
	for {
		select {
		case u, ok := <-units:
			if !ok {
				units = nil
				continue
			}
			if m := try(func() { w.read(ctx, u) }); m != nil {
				w.mistake(u.Path, 0, "reading", m, "please report it; the rest of this file was not read")
			}
			w.progress().Files.Add(1)
			w.open.Done()
		case b, ok := <-w.blocks:
			if !ok {
				return
			}
			w.decode(b, nil)
		}
	}
}

// read goes through the streams of one file or archive.
func (w *worker) read(ctx context.Context, u source.Unit) {
	hooks := source.Hooks{
		Skip:   w.skip,
		Fault:  w.fault,
		Bytes:  func(n int64) { w.progress().Bytes.Add(n) },
		Passed: w.passed,
	}
	if w.in.Digest {
		hooks.Digest = func(size int64, sum [32]byte, ok bool) { w.hashed(u.Path, size, sum, ok) }
	}
	looks := neighbourLooks
	_ = w.from.Open(u, hooks, func(s *source.Stream) error { // its error is ctx's, which Read returns
		f := &file{path: s.Path, format: s.Format.Name, host: s.Host, ref: s.ModTime}
		w.mu.Lock()
		w.files = append(w.files, f)
		w.mu.Unlock()
		format := s.Format
		alone := s.Format.Cut.Alone()
		var th *thread
		if !alone {
			th = &thread{}
		}
		seq := 0
		err := s.Frames(func(rec *tocsin.Record) error {
			if seq == 0 {
				var ok bool
				if format, ok = w.settleByNeighbours(ctx, u, f, format, rec, &looks); ok && alone {
					alone, th = false, &thread{}
				}
			}
			b := block{file: f, format: format, rec: rec, seq: seq}
			seq++
			if alone {
				select {
				case w.blocks <- b: // somebody has nothing to do
					return ctx.Err()
				default:
				}
			}
			w.decode(b, th)
			return ctx.Err()
		})
		w.flush(block{file: f, format: format, seq: seq}, th)
		return err
	})
}

// passed notes what of an archive was not read because it cannot hold what was asked for.
func (r *run) passed(p source.Passed) {
	if r.in.Passed != nil {
		r.in.Passed(p)
	}
	if !p.Outside {
		r.skip(tocsin.File{Path: p.Path, Skipped: fmt.Sprintf("%d of %d row groups, with %d events, have not all the values that were asked for", p.Groups, p.Of, p.Events)})
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.join(outside{p.Events, p.First, p.Last})
}

// hashed notes the digest of a file.
func (r *run) hashed(path string, size int64, sum [32]byte, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !ok {
		r.unhashed++
		return
	}
	r.digests = append(r.digests, tocsin.Digest{Kind: "input", Path: path, Bytes: size, SHA256: hex.EncodeToString(sum[:])})
}

// decoder is the one for the next block of a format: the thread's, or without one the worker's.
func (w *worker) decoder(f decode.Format, th *thread) decode.Decoder {
	if th != nil {
		if th.decoder == nil {
			th.decoder = f.New(w.in.Decode)
		}
		return th.decoder
	}
	d, ok := w.decoders[f.Name]
	if !ok {
		d = f.New(w.in.Decode)
		w.decoders[f.Name] = d
	}
	return d
}

// decode takes a block's events, all of them once, whatever mistakes of ours it brings out.
func (w *worker) decode(b block, th *thread) {
	w.begin(b, th)
	w.span.bytes = int64(len(b.rec.Data))
	d := w.decoder(b.format, th)
	if m := try(func() { d.Decode(b.rec, w.event) }); m != nil {
		w.again(b, th, m)
	} else if th != nil {
		th.saw(b.rec.Data, b.rec.Line, b.rec.Offset)
	}
	w.end(b)
	w.from.Release(b.rec)
}

// flush takes what waits at the end of a stream.
func (w *worker) flush(b block, th *thread) {
	w.begin(b, th)
	d := w.decoder(b.format, th)
	if m := try(func() { d.Flush(w.event) }); m != nil {
		delete(w.decoders, b.format.Name)
		w.mistake(b.file.path, 0, b.format.Name, m, "please report it; what waited for the end of the file was not read")
	}
	w.end(b)
}

func (w *worker) begin(b block, th *thread) {
	w.span, w.window, w.given = span{seq: b.seq}, window{}, w.given[:0]
	if th == nil || b.seq == 0 {
		w.line, w.nth, w.first, w.before = 0, 0, 0, 0
	}
	if b.rec != nil {
		w.first, w.before, w.ids = uint64(b.rec.Line), b.rec.Before, b.format.Cut == decode.Chunks
	}
	w.host, w.stored = b.file.host, b.format.Cut == decode.Packed
	w.written(b.file)
}

func (w *worker) end(b block) {
	w.settle()
	b.file.add(w.span)
	w.progress().Events.Add(w.span.events)
}

// event takes one decoded event the way that all go.
func (w *worker) event(ev *tocsin.Event) {
	w.given = append(w.given, ev.Record)
	if !w.stored {
		w.span.numbers.add(ev)
		w.number(ev)
	}
	if ev.Host == "" {
		ev.Host = w.host
	}
	if ev.Fault != nil {
		w.span.faults++
		w.fault(ev.Fault)
		if len(ev.Fields) == 0 {
			return
		}
	}
	if w.weigh(ev) {
		w.hold(ev)
		return
	}
	if w.within(ev.Time) {
		w.moment(ev.Time)
		w.take(ev)
	} else {
		w.leave(ev)
	}
}

// leave counts an event outside the bounds that the user set.
func (w *worker) leave(ev *tocsin.Event) {
	w.span.leave(ev.Time)
	if w.facts != nil {
		defer w.spare(ev)
		w.facts.Event(ev)
	}
}

// number gives each event of a line a number of its own, where the decoder has not done so. Decoders give the events of one
// line one after the other.
func (w *worker) number(ev *tocsin.Event) {
	if ev.Record == w.line {
		w.nth++
	} else {
		w.line, w.nth = ev.Record, 1
		if ev.Record == w.first || w.ids {
			w.nth += w.before
		}
	}
	ev.Record = tocsin.Nth(ev.Record, w.nth)
}

// within says that a time is not outside the bounds that the user set; what has no time never is.
func (w *worker) within(t time.Time) bool {
	return t.IsZero() || (w.in.From.IsZero() || !t.Before(w.in.From)) && (w.in.To.IsZero() || !t.After(w.in.To))
}

// take counts an event and gives it to the desk.
func (w *worker) take(ev *tocsin.Event) {
	w.span.events++
	w.span.guesses.add(ev)
	if ev.Time.IsZero() {
		w.span.timeless++
	}
	if len(ev.Sources) > 0 {
		c := w.sources[&ev.Sources[0]]
		if c == nil {
			c = &sourceCount{list: ev.Sources}
			w.sources[&ev.Sources[0]] = c
		}
		c.n++
	}
	defer w.spare(ev)
	if w.facts != nil {
		w.facts.Event(ev)
	}
	w.desk.Event(ev)
}

// spare lets the run outlive a mistake of ours that an event brings out at the desk: it costs what that event says.
func (w *worker) spare(ev *tocsin.Event) {
	if p := recover(); p != nil {
		line, _ := ev.Place().Line()
		w.mistake(ev.Source, int64(line), ev.Format, newMistake(p), "please report it; this event was read and not judged to the end")
	}
}

// coverage adds up what the workers saw.
func (r *run) coverage(workers []*worker) *tocsin.Coverage {
	c := &tocsin.Coverage{Files: r.skipped, Digests: r.digests, Unhashed: r.unhashed}
	if !r.in.Digest {
		c.Unhashed = int64(len(r.files))
	}
	slices.SortFunc(c.Digests, func(a, b tocsin.Digest) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.SHA256, b.SHA256))
	})
	var all eras
	out := r.out
	for _, f := range r.files {
		s := f.all
		faults, doubted := s.doubts.faults(f.path)
		r.faults = append(r.faults, faults...)
		r.faultN += int64(len(faults))
		c.Doubted += doubted
		c.Guesses = append(c.Guesses, s.guesses.of(f, r.in.Decode)...)
		first, last := s.eras.bulk()
		c.Files = append(c.Files, tocsin.File{Path: f.path, Format: f.format, Bytes: s.bytes, Events: s.events,
			Faults: s.faults + int64(len(faults)), Timeless: s.timeless, First: first, Last: last})
		c.Events += s.events
		c.Timeless += s.timeless
		c.Bytes += s.bytes
		out.join(s.out)
		for _, x := range s.eras {
			all.join(x)
		}
		c.Gaps = append(c.Gaps, s.gaps(f.path)...)
	}
	c.First, c.Last = all.bulk()
	c.Outside, c.OutFirst, c.OutLast = out.n, out.min, out.max
	for _, f := range r.files {
		if x := f.all.eras.outside(c.First, c.Last); x.n > 0 {
			c.Strays = append(c.Strays, tocsin.Stray{Path: f.path, N: x.n, From: x.first, To: x.last})
		}
	}
	slices.SortStableFunc(c.Strays, func(a, b tocsin.Stray) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), a.From.Compare(b.From), cmp.Compare(a.N, b.N))
	})
	slices.SortStableFunc(c.Files, func(a, b tocsin.File) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Skipped, b.Skipped), strings.Compare(a.Format, b.Format),
			a.First.Compare(b.First), a.Last.Compare(b.Last), cmp.Compare(a.Bytes, b.Bytes), cmp.Compare(a.Events, b.Events))
	})
	slices.SortStableFunc(c.Guesses, func(a, b tocsin.Guess) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), slices.Index(guessKinds[:], a.Kind)-slices.Index(guessKinds[:], b.Kind), cmp.Compare(a.N, b.N), strings.Compare(a.Why, b.Why))
	})
	slices.SortStableFunc(c.Gaps, func(a, b tocsin.Gap) int {
		if more := cmp.Compare(b.Missing(), a.Missing()); more != 0 {
			return more
		}
		if d := b.To.Sub(b.From).Abs() - a.To.Sub(a.From).Abs(); d != 0 {
			return int(max(-1, min(1, d)))
		}
		return cmp.Or(strings.Compare(a.Path, b.Path), a.From.Compare(b.From), strings.Compare(a.Kind, b.Kind))
	})
	c.Gaps = c.Gaps[:min(len(c.Gaps), gapsKept)]
	sortFaults(r.faults)
	c.Faults = r.faults[:min(len(r.faults), tocsin.MaxFaults)]
	c.FaultN = r.faultN
	c.Mistakes, c.Mistake = r.mistakes, r.mistake
	seen, known := map[tocsin.LogSource]int64{}, map[tocsin.LogSource]bool{}
	for _, w := range workers {
		for _, s := range w.sources {
			seen[s.list[0]] += s.n
			for _, l := range s.list {
				known[l] = true
			}
		}
	}
	c.Known = slices.SortedFunc(maps.Keys(known), func(a, b tocsin.LogSource) int { return strings.Compare(a.String(), b.String()) })
	for l, n := range seen {
		c.Sources = append(c.Sources, tocsin.SourceCount{Source: l, Events: n})
	}
	slices.SortFunc(c.Sources, func(a, b tocsin.SourceCount) int {
		if a.Events != b.Events {
			return int(max(-1, min(1, b.Events-a.Events)))
		}
		return strings.Compare(a.Source.String(), b.Source.String())
	})
	return c
}

// A DeskFunc is a Desk made of a function.
type DeskFunc func(ev *tocsin.Event)

// Event calls f.
func (f DeskFunc) Event(ev *tocsin.Event) { f(ev) }
