package engine

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A tenant is what is known of one tenant, or of a group of them that is joined together.
type tenant struct {
	name  string
	state *State

	namedAt  time.Time // when names were judged
	revision uint64    // of the facts that they were judged by
	booked   bool      // the book of agents' calls has changed since principals were judged

	naming, judging time.Duration // what the last time took

	principals []*tocsin.Principal
	judgedAt   time.Time
	campaigns  []*tocsin.Campaign // as they are told: with names and principals
	told       map[string]telt    // campaigns and principals as they are told
	held       map[*tocsin.Rule]int64
	view       *GroupView
	dirty      bool // the view is not of now
}

// A telt is how something was told.
type telt struct {
	from *tocsin.Campaign // as the State names it
	who  []string         // principals in it
	now  *tocsin.Campaign
	text []byte // of a principal
	due  bool   // for the next commit
}

// A LiveMatch is a rule that held, for those who look on.
type LiveMatch struct {
	Tenant string
	*tocsin.Match
}

// A View is what a live run knows at some time. It is never changed.
type View struct {
	At, Mark time.Time
	Turns    int64
	Slowest  time.Duration // the slowest turn since the process began
	Events   int64         // since the process began
	Groups   []*GroupView  // by name
	Origins  []OriginView  // by id
}

// A GroupView is what is known of a tenant, or of a group of them.
type GroupView struct {
	Name       string
	Campaigns  []*tocsin.Campaign // the most severe first
	Principals []*tocsin.Principal
	Aside      []tocsin.Aside
	Attempts   int
	Tried      []tocsin.Entity
	Standing   tocsin.Standing
	Held       map[*tocsin.Rule]int64
	Late       int64
	Pages      int // that are held
	LetGo      []tocsin.LetGo
}

// An OriginView says how a stream is read.
type OriginView struct {
	ID, Kind, Path, Tenant, Format string
	Events, Faults, Ahead          int64         // Ahead: events whose stamp was later than when they were received
	Newest                         time.Time     // about: of the block before
	Took                           time.Time     // when something came last
	Late                           time.Duration // how long after its stamp the last event was received; negative: before it
	Behind                         bool          // it delivers what was received a while ago
	Why                            string        // why it is not read, if it is not
}

// Bounds of what a view holds.
const (
	mostMatches   = 1000
	namesPause    = 5 * time.Second
	judgePause    = time.Second
	mostViewAside = 500
	restAfter     = 10 // times what something took, until it is done again
)

// beginning is a mark before which nothing happens.
var beginning = time.Unix(1, 0)

func (l *Live) stateOptions(t *tenant) StateOptions {
	in := l.o.Input
	return StateOptions{Key: l.key, Horizon: in.Horizon, Set: l.set, Known: l.knownOf(&t.name), Knowledge: in.Knowledge, Channels: in.Channels, Rules: l.o.Rules,
		Matches: func(m *tocsin.Match) {
			l.show(t.name, LiveMatch{t.name, m})
			t.held[m.Rule]++
		}}
}

func (l *Live) newTenant(name string) *tenant {
	t := &tenant{name: name, told: map[string]telt{}, held: map[*tocsin.Rule]int64{}}
	t.state = NewState(l.stateOptions(t))
	return t
}

// show keeps one of the newest matches of a group, for those who look on: at once, before anything is joined. A correlation that
// is told again takes its own place.
func (l *Live) show(group string, m LiveMatch) {
	l.showing.Lock()
	defer l.showing.Unlock()
	all := l.shown[group]
	if m.Key != ([16]byte{}) {
		all = slices.DeleteFunc(all, func(x LiveMatch) bool { return x.Key == m.Key && x.Rule == m.Rule })
	}
	if all = append(all, m); len(all) > 2*mostMatches {
		all = slices.Clone(all[len(all)-mostMatches:])
	}
	l.shown[group] = all
}

// Matches are the newest ones of a group, the newest first, at most a thousand since the process began.
func (l *Live) Matches(group string) []LiveMatch {
	l.showing.Lock()
	defer l.showing.Unlock()
	all := l.shown[group]
	all = slices.Clone(all[max(0, len(all)-mostMatches):])
	slices.Reverse(all)
	return all
}

// take takes a reader's share.
func (t *tenant) take(s *share) {
	if s.events == 0 {
		return
	}
	if s.noted {
		t.state.Merge(s.pages)
	}
	t.state.MergeHits(s.set, s.hits)
	t.state.MergeChannels(s.tables)
	if s.booked {
		t.state.Book().Merge(s.book)
		t.booked = true
	}
	t.state.Facts().Merge(s.facts)
	for r, n := range s.held {
		t.held[r] += n
		t.dirty = true
	}
}

// turn joins what was taken, and reports whether anything is told otherwise than before.
func (t *tenant) turn(l *Live, mark time.Time) bool {
	now := time.Now()
	if f := t.state.Facts(); f.Revision() != t.revision && (l.last || now.Sub(t.namedAt) >= max(namesPause, restAfter*t.naming)) {
		t.state.Names(f.Names())
		t.namedAt, t.revision, t.naming = now, f.Revision(), time.Since(now)
	}
	if mark.IsZero() { // which would be the end of time
		mark = beginning
	}
	changed := len(t.state.Turn(mark)) > 0
	if began := time.Now(); t.booked && (l.last || began.Sub(t.judgedAt) >= max(judgePause, restAfter*t.judging)) {
		t.principals, t.judgedAt, t.booked = t.state.Book().Principals(l.o.Input.Scope), began, false
		t.judging = time.Since(began)
		changed = t.tellPrincipals() || changed
	}
	changed = t.tell() || changed
	t.dirty = t.dirty || changed
	return changed
}

// tell names what campaigns are about, as a hunt does at its end.
func (t *tenant) tell() (changed bool) {
	named := t.state.Named(t.state.Result().Campaigns)
	all := slices.Clone(named)
	bothEnds(all, t.principals)
	for i, c := range named {
		old, ok := t.told[c.ID]
		if ok && old.from == c && slices.Equal(old.who, all[i].Principals) {
			all[i] = old.now
			continue
		}
		if ok && same(old.now, all[i]) { // judged anew, it came to the same
			old.from = c
			t.told[c.ID] = old
			all[i] = old.now
			continue
		}
		t.told[c.ID] = telt{from: c, who: all[i].Principals, now: all[i], due: true}
		changed = true
	}
	if changed || len(all) != len(t.campaigns) {
		t.dirty = true
	}
	t.campaigns = all
	return changed
}

// tellPrincipals notes which principals are told otherwise than before.
func (t *tenant) tellPrincipals() (changed bool) {
	for _, p := range t.principals {
		if p.Verdict == tocsin.Ordinary {
			continue
		}
		text, err := json.Marshal(p)
		if old := t.told["principal:"+p.Name]; err == nil && !bytes.Equal(old.text, text) {
			t.told["principal:"+p.Name] = telt{text: text, due: true}
			changed = true
		}
	}
	return changed
}

// written adds to a commit what changed since the last one that was kept.
func (t *tenant) written(c *Commit) error {
	put := func(name string, piece []byte) error {
		c.Pieces = append(c.Pieces, StatePiece{t.name, name, piece})
		return nil
	}
	drop := func(name string) error {
		c.Dropped = append(c.Dropped, StatePiece{Tenant: t.name, Name: name})
		return nil
	}
	if err := t.state.Save(put, drop); err != nil {
		return err
	}
	for _, x := range t.campaigns {
		if t.told[x.ID].due {
			c.Campaigns = append(c.Campaigns, ToldCampaign{t.name, x})
		}
	}
	for _, p := range t.principals {
		if t.told["principal:"+p.Name].due {
			c.Principals = append(c.Principals, ToldPrincipal{t.name, p})
		}
	}
	return nil
}

// kept says that what written gave was kept.
func (t *tenant) kept() {
	t.state.Saved()
	for id, x := range t.told {
		if x.due {
			x.due = false
			t.told[id] = x
		}
	}
}

// renew takes the rules of the run.
func (t *tenant) renew(l *Live) {
	t.booked = true // what agents are granted may have changed
	t.state.SetOptions(l.stateOptions(t), l.o.Rule)
}

// restored reads back what was kept of a tenant.
func (l *Live) restored(name string, kept *Kept) (*tenant, error) {
	t := l.newTenant(name)
	bad := func(piece string, err error) {
		l.o.Log.Error("a piece of what was known cannot be read and is left out", "tenant", name, "piece", piece, "error", err.Error())
		if kept.Bad != nil {
			kept.Bad(name, piece, err)
		}
	}
	var err error
	if t.state, err = LoadState(kept.Pieces(name), l.stateOptions(t), l.o.Rule, bad); err != nil {
		return nil, err
	}
	t.booked = true
	t.turn(l, t.state.mark) // tells again what was told
	t.kept()
	return t, nil
}

// publish makes the view of now.
func (l *Live) publish(now time.Time) *View {
	v := &View{At: now.UTC(), Mark: l.mark, Turns: l.turns, Slowest: l.slowest, Events: l.events.Load()}
	for _, t := range l.tenants {
		if t.dirty || t.view == nil {
			t.look()
		}
		v.Groups = append(v.Groups, t.view)
	}
	slices.SortFunc(v.Groups, func(a, b *GroupView) int { return strings.Compare(a.Name, b.Name) })
	for _, o := range l.originsInOrder() {
		o.mu.Lock()
		f := o.file
		o.mu.Unlock()
		f.mu.Lock()
		events, faults, format := f.all.events, f.all.faults, f.format
		f.mu.Unlock()
		o.mu.Lock()
		v.Origins = append(v.Origins, OriginView{ID: o.ID, Kind: o.Kind, Path: o.Path, Tenant: o.Tenant, Format: format, Events: events, Faults: faults, Ahead: o.ahead,
			Newest: o.newest, Took: o.took, Late: o.late, Behind: o.behind, Why: o.why})
		o.mu.Unlock()
	}
	l.view.Store(v)
	return v
}

// look makes the tenant's view.
func (t *tenant) look() {
	r := t.state.Result()
	v := &GroupView{Name: t.name, Campaigns: t.campaigns, Principals: t.principals, Aside: r.Aside[:min(len(r.Aside), mostViewAside)], Attempts: r.Attempts, Tried: r.Tried,
		Standing: t.state.Standing(), Held: map[*tocsin.Rule]int64{}, Late: t.state.Late(), LetGo: t.state.LetGo(), Pages: t.state.pages.Count()}
	for r, n := range t.held {
		v.Held[r] = n
	}
	t.view, t.dirty = v, false
}
