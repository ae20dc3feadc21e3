package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"iter"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/source"
)

// A Live is the pipeline on streams: what feeds deliver goes the way of a hunt's events, and a State for each tenant is
// turned again and again. Readers note by themselves what they read; several times a second all that they noted, and how
// far they had read then, is taken from them and joined. What is joined is committed every second or so in one piece: the
// positions of the feeds, the pieces of the States that changed, the events for the archive and the campaigns that are to
// be told. So what a commit holds is what is known of the feeds up to exactly its positions.
//
// It owns the goroutines it starts; Put may be called by any number of them.
type Live struct {
	o       LiveOptions
	key     actor.Key
	run     *run
	workers []*reader
	kick    chan struct{} // something telling was noted

	mu      sync.Mutex // of all below: who holds it owns the States
	base    *Findings  // numbers the rules
	set     *sigma.Set
	tenants map[string]*tenant
	due     *Commit // what the next commit holds
	dueSize int64
	turns   int64
	slowest time.Duration
	last    bool // the turn at hand is the last: nothing is put off
	mark    time.Time
	newest  time.Time // event of all origins, also of those that have ended
	failing error     // of the last commit

	kept  sync.Mutex
	saved map[string]string // positions, by commit

	putting sync.RWMutex // held by who puts; whoever holds it alone knows that nothing is being put

	showing sync.Mutex
	shown   map[string][]LiveMatch // by group, the newest last

	origins sync.Map // ID → *origin
	view    atomic.Pointer[View]
	room    chan struct{} // closed while there is room for more
	gate    sync.Mutex
	events  atomic.Int64
	ended   chan struct{}
}

// LiveOptions say how a Live reads, joins and keeps.
type LiveOptions struct {
	// Input is read as far as it says how to read and judge: Source, Decode, Workers, Knowledge, Findings, Known, Key (which is
	// needed), Channels, Scope, Listed and Horizon.
	Input Input
	Set   *sigma.Set
	// Rules names the rules and suppressions, by a hash: what is kept says which it was made with.
	Rules string
	// Rule gives a rule by its id and title, for what is read back; nil knows none.
	Rule func(id, title string) *tocsin.Rule
	// Replay takes times as the records say: the mark follows them. Otherwise no event is later than when it was received.
	Replay bool
	// Lateness is how long after it happened an event may come without being late: a second, or with Replay an hour.
	Lateness time.Duration
	// Idle is how long a stream holds the mark that delivers nothing: 5 seconds.
	Idle time.Duration
	// Commit is the longest between two commits: a second.
	Commit time.Duration
	// Group names the group of tenants that are joined to campaigns together; nil keeps each by itself.
	Group func(tenant string) string
	// Known also refuses matches that campaigns take no notice of, as Input.Known does for all, of a group of tenants by its name;
	// several goroutines call it; nil refuses none.
	Known func(group string, m *tocsin.Match) bool
	// Keep keeps what must not be forgotten; nil forgets all.
	Keep Keeper
	// Committed is told the cursors that were committed, as the feeds know them; it may be nil.
	Committed func(cursors map[string]string)
	// Turned is called after each turn by which something changed; it may be nil and must not wait.
	Turned func(*View)
	Log    *slog.Logger // nil says nothing
}

// A Keeper keeps commits.
type Keeper interface {
	// Block makes an empty block of events. Several goroutines call it.
	Block() EventBlock
	// Commit keeps all of c or, with an error, nothing: then what it held is in the next one too.
	Commit(ctx context.Context, c *Commit) error
}

// An EventBlock is events of one reader, packed. Add keeps nothing of the event but copies.
type EventBlock interface {
	Add(ev *tocsin.Event)
	Len() int // bytes, about
}

// A Commit is what is to be kept of a moment.
type Commit struct {
	At         time.Time
	Positions  map[string]string // by origin; of files that are read as a whole also by "whole:" and their path
	Gone       []string          // positions that are needed no more
	Pieces     []StatePiece      // of the written form of States: they take the place of those of the same name
	Dropped    []StatePiece      // their names only
	Blocks     []TenantBlock     // in the order in which they were read
	Campaigns  []ToldCampaign    // new or changed since the last commit, as they are now
	Principals []ToldPrincipal
}

// A StatePiece is one piece of the written form of what is known of a tenant.
type StatePiece struct {
	Tenant, Name string
	Data         []byte
}

// A TenantBlock is events of one tenant.
type TenantBlock struct {
	Tenant string
	Events EventBlock
}

// A ToldCampaign is a campaign as it is told now.
type ToldCampaign struct {
	Tenant   string
	Campaign *tocsin.Campaign
}

// A ToldPrincipal is a principal of whom there is something to report.
type ToldPrincipal struct {
	Tenant    string
	Principal *tocsin.Principal
}

// Kept is what a Keeper gives back when a process begins.
type Kept struct {
	Positions map[string]string
	Tenants   []string
	Pieces    func(tenant string) iter.Seq2[string, []byte]
	Bad       func(tenant, piece string, err error) // told of pieces that cannot be read; may be nil
}

// Bytes of events that wait: so many are committed at once, and with so many no more are taken until they are.
const (
	enoughDue = 8 << 20
	mostDue   = 48 << 20
)

// NewLive makes a Live that goes on from what was kept; a nil one is the beginning.
func NewLive(o LiveOptions, kept *Kept) (*Live, error) {
	if o.Input.Key == nil {
		return nil, errors.New("a live run needs a key")
	}
	if o.Input.Workers <= 0 {
		o.Input.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if o.Lateness <= 0 {
		if o.Lateness = time.Second; o.Replay {
			o.Lateness = time.Hour
		}
	}
	o.Idle = cmp.Or(o.Idle, 5*time.Second)
	o.Commit = cmp.Or(o.Commit, time.Second)
	o.Input.Progress = &Progress{}
	from, err := source.New(o.Input.Source)
	if err != nil {
		return nil, err
	}
	l := &Live{o: o, key: keyOf(o.Input.Key), tenants: map[string]*tenant{}, saved: map[string]string{}, shown: map[string][]LiveMatch{}, due: newCommit(), kick: make(chan struct{}, 1), ended: make(chan struct{})}
	l.run = &run{in: o.Input, from: from, folders: map[string][]source.Unit{}, near: map[string]*neighbourhood{}}
	l.room = make(chan struct{})
	close(l.room)
	l.rules(o.Input, o.Set)
	if kept != nil {
		maps.Copy(l.saved, kept.Positions)
		for _, name := range kept.Tenants {
			t, err := l.restored(name, kept)
			if err != nil {
				return nil, err
			}
			l.tenants[name] = t
		}
	}
	for i := range o.Input.Workers {
		l.workers = append(l.workers, newReader(l, i))
	}
	l.publish(time.Now())
	return l, nil
}

func newCommit() *Commit { return &Commit{Positions: map[string]string{}} }

// rules numbers the rules for the readers.
func (l *Live) rules(in Input, set *sigma.Set) {
	in.finds, in.shelf = findsBound, shelfBound
	l.set = set
	l.base = &Findings{set: set, workers: in.Workers, spool: &spool{}}
	l.base.number(&in)
	l.o.Input.Knowledge, l.o.Set = in.Knowledge, set
}

// Cursors are those that a feed of some kinds goes on from, by origin.
func (l *Live) Cursors(kinds ...string) map[string]string {
	l.kept.Lock()
	defer l.kept.Unlock()
	out := map[string]string{}
	for id, text := range l.saved {
		if p, ok := readPosition(text); ok && slices.Contains(kinds, p.Kind) && p.Cursor != "" {
			out[id] = p.Cursor
		}
	}
	return out
}

// Put takes a batch, in the order of its origin. It waits while there is no room.
func (l *Live) Put(ctx context.Context, b *feed.Batch) error {
	l.gate.Lock()
	room := l.room
	l.gate.Unlock()
	select {
	case <-room:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ended:
		return errEnded
	}
	l.putting.RLock()
	defer l.putting.RUnlock()
	w := l.workers[l.readerOf(b.Origin.ID)]
	select {
	case w.in <- b:
		w.put.Add(1)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ended:
		return errEnded
	}
}

// readerOf is the number of the reader that an origin belongs to.
func (l *Live) readerOf(id string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return int(h.Sum32() % uint32(l.o.Input.Workers))
}

var errEnded = errors.New("the run has ended")

// Run joins and commits until ctx ends, then takes what was delivered, commits once more and returns. What feeds deliver
// afterwards is not taken. The last commit may take 8 seconds.
func (l *Live) Run(ctx context.Context) error {
	reading, stop := context.WithCancel(context.Background())
	var busy sync.WaitGroup
	for _, w := range l.workers {
		busy.Go(func() { w.work(reading) })
	}
	const beat, rest = 20 * time.Millisecond, 100 * time.Millisecond
	turned, committed := time.Now(), time.Now()
	pause := rest // from one turn to the next: at least four times what the last one took, so that joining leaves room for reading
	var cost time.Duration
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for ctx.Err() == nil {
		telling := false
		select {
		case <-l.kick:
			telling = true
		case <-tick.C:
		case <-ctx.Done():
		}
		now := time.Now()
		wait := max(pause, time.Second)
		if telling {
			wait = pause
		}
		if since := now.Sub(turned); since < wait {
			if telling && since < pause {
				l.again()
				select {
				case <-time.After(pause - since):
				case <-ctx.Done():
				}
			}
			continue
		}
		due := now.Sub(committed) >= max(l.o.Commit, min(10*cost, 4*l.o.Commit)) || l.heavy()
		l.turn(now, due)
		turned = time.Now()
		pause = min(max(rest, 4*turned.Sub(now)), 2*time.Second)
		if due {
			l.commit(context.WithoutCancel(ctx))
			cost = time.Since(turned)
			committed = time.Now()
		}
	}
	stop()
	busy.Wait()
	last, cancel := context.WithTimeout(context.Background(), 8*time.Second)
	defer cancel()
	l.last = true
	l.turn(time.Now(), false)
	err := l.commit(last)
	close(l.ended)
	return err
}

// heavy says that so much waits for a commit that none is put off.
func (l *Live) heavy() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dueSize > enoughDue && l.failing == nil
}

// again asks for a turn.
func (l *Live) again() {
	select {
	case l.kick <- struct{}{}:
	default:
	}
}

// turn takes what the readers noted and joins it. Before a commit all that was put until then is taken: feeds rely on it that
// what is committed of all origins together is all that came before some moment.
func (l *Live) turn(now time.Time, commit bool) {
	var shares []map[string]*share
	if commit {
		l.putting.Lock()
		l.drain()
	}
	for _, w := range l.workers {
		shares = append(shares, w.hand())
	}
	if commit {
		l.putting.Unlock()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	began := time.Now()
	for _, s := range shares {
		for group, of := range s {
			l.take(group, of)
		}
	}
	mark := l.markAt(now)
	if mark.After(l.mark) {
		l.mark = mark
	}
	changed := false
	for _, name := range slices.Sorted(maps.Keys(l.tenants)) {
		if l.tenants[name].turn(l, l.mark) {
			changed = true
		}
	}
	l.turns++
	l.slowest = max(l.slowest, time.Since(began))
	v := l.publish(now)
	if changed && l.o.Turned != nil {
		l.o.Turned(v)
	}
}

// drain waits until the readers have taken all that was put, but for a file that is read as a whole. Nothing is being put.
func (l *Live) drain() {
	for _, w := range l.workers {
		for w.took.Load() < w.put.Load() && !w.whole.Load() {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

// take joins a reader's share to what its group knows.
func (l *Live) take(group string, s *share) {
	t := l.tenants[group]
	if t == nil {
		t = l.newTenant(group)
		l.tenants[group] = t
	}
	t.take(s)
	maps.Copy(l.due.Positions, s.positions)
	for _, id := range s.gone {
		delete(l.due.Positions, id)
		l.due.Gone = append(l.due.Gone, id)
	}
	l.due.Blocks = append(l.due.Blocks, s.blocks...)
	for _, b := range s.blocks {
		l.dueSize += int64(b.Events.Len())
	}
	if l.dueSize > mostDue {
		l.shut()
	}
}

// shut lets Put wait, open lets it go on.
func (l *Live) shut() {
	l.gate.Lock()
	defer l.gate.Unlock()
	select {
	case <-l.room:
		l.room = make(chan struct{})
	default:
	}
}

func (l *Live) open() {
	l.gate.Lock()
	defer l.gate.Unlock()
	select {
	case <-l.room:
	default:
		close(l.room)
	}
}

// commit keeps what was joined.
func (l *Live) commit(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.due
	c.At = time.Now().UTC()
	c.Pieces, c.Dropped, c.Campaigns, c.Principals = nil, nil, nil, nil
	for _, name := range slices.Sorted(maps.Keys(l.tenants)) {
		if err := l.tenants[name].written(c); err != nil {
			return l.failed(fmt.Errorf("what is known of %s cannot be written: %w", cmp.Or(name, "the tenant"), err))
		}
	}
	if len(c.Positions)+len(c.Gone)+len(c.Pieces)+len(c.Dropped)+len(c.Blocks)+len(c.Campaigns)+len(c.Principals) == 0 {
		return nil
	}
	if l.o.Keep != nil {
		if err := l.o.Keep.Commit(ctx, c); err != nil {
			return l.failed(err)
		}
	}
	for _, t := range l.tenants {
		t.kept()
	}
	cursors := l.save(c)
	if l.o.Committed != nil {
		l.o.Committed(cursors)
	}
	if l.failing != nil {
		l.o.Log.Info("kept again", "after", l.failing.Error())
	}
	l.due, l.dueSize, l.failing = newCommit(), 0, nil
	l.open()
	return nil
}

// save takes the positions of a commit for what the feeds go on from.
func (l *Live) save(c *Commit) (cursors map[string]string) {
	l.kept.Lock()
	defer l.kept.Unlock()
	cursors = map[string]string{}
	for id, text := range c.Positions {
		l.saved[id] = text
		if p, ok := readPosition(text); ok && p.Cursor != "" {
			cursors[id] = p.Cursor
		}
	}
	for _, id := range c.Gone {
		delete(l.saved, id)
	}
	return cursors
}

// savedOf is the position of an origin.
func (l *Live) savedOf(id string) (position, bool) {
	l.kept.Lock()
	defer l.kept.Unlock()
	return readPosition(l.saved[id])
}

// failed notes that a commit failed. What it held is in the next one.
func (l *Live) failed(err error) error {
	if l.failing == nil || l.failing.Error() != err.Error() {
		l.o.Log.Error("not kept; it is tried again", "error", err.Error())
	}
	l.failing = err
	return err
}

// SetRules takes other rules and settings; nothing that is known is lost. Events that were read before stay as they were
// read.
func (l *Live) SetRules(in Input, set *sigma.Set, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.workers { // no reader is to judge by the rules of one set and the numbers of another
		w.mu.Lock()
		defer w.mu.Unlock()
	}
	for _, w := range l.workers {
		for group, s := range w.handing() {
			l.take(group, s)
		}
	}
	in.Source, in.Decode, in.Workers, in.Progress, in.Key = l.o.Input.Source, l.o.Input.Decode, l.o.Input.Workers, l.o.Input.Progress, l.o.Input.Key
	l.o.Input, l.o.Rules = in, name
	l.rules(in, set)
	for _, w := range l.workers {
		w.renew()
	}
	for _, t := range l.tenants {
		t.renew(l)
	}
}

// markAt is the time before which nothing more is expected: where nothing else is known, of the clock; of streams that
// deliver what is older, or all of a replay, by what they delivered last.
func (l *Live) markAt(now time.Time) time.Time {
	var mark time.Time
	if !l.o.Replay {
		mark = now.Add(-l.o.Lateness)
	}
	held := false
	l.origins.Range(func(_, v any) bool {
		o := v.(*origin)
		o.mu.Lock()
		at, last, behind, end := o.newest, o.took, o.behind, o.end
		o.mu.Unlock()
		if at.IsZero() {
			return true
		}
		if at.After(l.newest) {
			l.newest = at
		}
		if end || now.Sub(last) > l.o.Idle || !l.o.Replay && !behind {
			return true
		}
		if at = at.Add(-l.o.Lateness); !held || at.Before(mark) {
			if l.o.Replay || at.Before(mark) {
				mark, held = at, true
			}
		}
		return true
	})
	if l.o.Replay && !held && !l.newest.IsZero() {
		// All are idle, or ended: what was delivered is judged to its end. What comes all the same is late, and joined.
		mark = l.newest.Add(restSpan)
	}
	return mark
}

// restSpan is how far beyond the newest event a replay's mark goes when nothing more comes: longer than the timespans of
// rules, so that their windows are judged.
const restSpan = 25 * time.Hour

// Events is how many events were taken since the process began.
func (l *Live) Events() int64 { return l.events.Load() }

// Costs are what rules took since they were last read, about: one of so many events is measured.
func (l *Live) Costs() map[*tocsin.Rule]time.Duration {
	out := map[*tocsin.Rule]time.Duration{}
	for _, w := range l.workers {
		w.mu.Lock()
		for i, n := range w.profile.Nanos {
			if n > 0 {
				out[&w.profiled.Rules()[i].Rule] += time.Duration(n * measureEach)
			}
		}
		w.mu.Unlock()
	}
	return out
}

// View is what is known as of the last turn. It is never changed.
func (l *Live) View() *View { return l.view.Load() }

// groupOf is the group that a tenant is joined in.
func (l *Live) groupOf(tenant string) string {
	if l.o.Group == nil {
		return tenant
	}
	return l.o.Group(tenant)
}

// knownOf is what Input.Known and Known refuse of a group, which may be another at each call; nil is nothing.
func (l *Live) knownOf(group *string) func(*tocsin.Match) bool {
	all, own := l.o.Input.Known, l.o.Known
	if own == nil {
		return all
	}
	return func(m *tocsin.Match) bool { return all != nil && all(m) || own(*group, m) }
}

// Failing says why the last commit failed; nil says that it did not.
func (l *Live) Failing() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failing
}

// Faults are those that were told, in order, and how many there were in all.
func (l *Live) Faults() (faults []*tocsin.Fault, n int64) {
	l.run.mu.Lock()
	defer l.run.mu.Unlock()
	all := slices.Clone(l.run.faults)
	sortFaults(all)
	return all[:min(len(all), tocsin.MaxFaults)], l.run.faultN
}

var _ feed.Sink = (*Live)(nil)

// wholeID is under which the position of a file that is read as a whole is kept while it is read.
func wholeID(path string) string { return "whole:" + path }

// originsInOrder lists the streams by their ids.
func (l *Live) originsInOrder() (all []*origin) {
	of := map[string]*origin{}
	l.origins.Range(func(id, v any) bool { of[id.(string)] = v.(*origin); return true })
	for _, id := range slices.Sorted(maps.Keys(of)) {
		all = append(all, of[id])
	}
	return all
}

// formatOf is the format that an origin names; false is that it names none.
func formatOf(name string) (decode.Format, bool) {
	if name == "" {
		return decode.Format{}, false
	}
	return decode.ByName(name)
}
