package engine

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/campaign"
	"github.com/tocsin-ids/tocsin/guard"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/sigma"
	"github.com/tocsin-ids/tocsin/wire"
)

// StateOptions say how a State joins.
type StateOptions struct {
	// Key is the owner's secret: what is sampled is chosen under it. It is kept beside the State and never in it.
	Key actor.Key
	// Horizon is how long what happened is remembered, counted back from the mark; 0 is for ever. Campaigns that are still
	// told keep what is telling of them.
	Horizon time.Duration
	// Whole takes all that was noted for the measure of what is usual, what came later included: for logs that lie there as
	// a whole. Otherwise each action is judged by what was known when it happened.
	Whole bool
	// Apart are pairs of actors' IDs that a person has said are not one campaign.
	Apart [][2]string
	// Set are the rules whose correlations advance with the mark; nil leaves them out. Matches is told what they find, and
	// again under the same Key when more is known of it; Known refuses what campaigns take no notice of. Both may be nil.
	Set     *sigma.Set
	Matches func(*tocsin.Match)
	Known   func(*tocsin.Match) bool
	// Knowledge is what actions mean; nil is Tocsin's own.
	Knowledge *action.Knowledge
	// Channels are rows of channel.Rules that connections and lookups are judged by, whenever the mark passes an hour; nil
	// judges none. Matches is told what they find, as of correlations.
	Channels []*tocsin.Rule
	// Rules names the rules and suppressions that actions are read with, by a hash.
	Rules string
}

// A State is what one owner, a hunt or a tenant, knows of who did what: pages of actions, what is usual, and the campaigns
// that were told. It waits for nothing, reads no clock and opens nothing; it is used by one goroutine at a time.
//
// What it tells at a mark is a function of what was noted until then: how that was cut into turns, shared out among
// readers, delivered again or read back from its written form makes no difference, as long as nothing was let go.
type State struct {
	options  StateOptions
	pages    *actor.Pages
	board    *campaign.Board
	parts    map[string]uint64 // the last number that was noted of each part
	mark     time.Time
	series   *series   // nil without correlations
	channels *channels // nil without channels
	changed  bool      // something was noted since the last turn

	facts  *naming.Facts // nil until somebody asks for them
	book   *guard.Book   // likewise
	names  *naming.Names // of the next turn; nil is none
	named  map[*tocsin.Campaign]*tocsin.Campaign
	lost   map[string]int64 // what could not be read back, or was of other rules, by kind
	ledger ledger

	head       wire.Small
	partsSaved wire.Saved
	forgot     time.Time // before which facts and calls were forgotten

	result   campaign.Result
	current  []*tocsin.Campaign // of the result, those that what is known now tells
	told     []*telling
	standing tocsin.Standing
}

// A telling is a campaign as it was last told.
type telling struct {
	Campaign *tocsin.Campaign
	Level    tocsin.Level // the highest that was told
	Why      string
	Anchors  []uint64 // of all its tellings
	Over     bool     // what is known by now would not tell it
	N        int      // those that were told first have the lower numbers

	from  *tocsin.Campaign // what the board made it of
	saved wire.Saved
}

// NewState makes an empty State.
func NewState(o StateOptions) *State {
	s := &State{options: o, pages: actor.NewPages(o.Key), parts: map[string]uint64{}, standing: tocsin.Standing{}}
	if o.Set != nil {
		s.series = newSeries(s)
	}
	if len(o.Channels) > 0 {
		s.channels = newChannels(s, o.Key)
	}
	s.newBoard()
	return s
}

func (s *State) newBoard() {
	s.board = &campaign.Board{Describe: func(a *tocsin.Actor) { s.pages.Describe(a) }, Lost: func(from, to time.Time) string { return s.pages.Lost(from, to) }, Apart: s.options.Apart}
	if s.names != nil {
		s.board.Names = s.names
	}
}

// SetOptions goes on with other options: rules that were read anew, pairs that are apart, another horizon. The key stays what
// it was. Pages, campaigns that were told and channels stay; hits of correlations stay if all correlations and the rules that
// they build on are what they were, else they are let go and counted. rule gives a rule by its id and title, or nil, where the
// options do not have it, for what pages and calls say of rules; it may be nil. What workers hand over afterwards is of the new rules.
func (s *State) SetOptions(o StateOptions, rule func(id, title string) *tocsin.Rule) {
	o.Key = s.options.Key
	s.options = o
	rule = o.ruleOf(rule)
	s.pages.Rename(rule)
	if s.book != nil {
		s.book.Rename(rule)
	}
	s.series = s.series.renewed(s)
	s.channels = s.channels.renewed(s)
	s.newBoard()
	s.changed = true
}

// Facts is what the owner knows of names of machines and accounts. What workers gathered is merged into it, and it is written,
// read back and forgotten with the State. Nothing is asked of it by itself: see Names.
func (s *State) Facts() *naming.Facts {
	if s.facts == nil {
		s.facts = naming.New(s.options.Key)
	}
	return s.facts
}

// Book is what the owner knows of calls of agents. What workers noted is merged into it, and it is written, read back and
// forgotten with the State.
func (s *State) Book() *guard.Book {
	if s.book == nil {
		s.book = guard.Keyed(s.options.Key)
	}
	return s.book
}

// Names says what is known of names from the next turn on; nil is nothing. A turn that nothing else asks for is made for it.
func (s *State) Names(n *naming.Names) {
	if n == s.names {
		return
	}
	s.names = n
	if s.board.Names = nil; n != nil {
		s.board.Names = n
	}
	s.changed = true
}

// Named gives campaigns of Turn or Result with the machines that their addresses were, as a hunt tells them. A campaign of which
// that has not changed is the one that was given before. The list is the caller's.
func (s *State) Named(all []*tocsin.Campaign) []*tocsin.Campaign {
	out := slices.Clone(all)
	if s.names == nil {
		return out
	}
	named := make(map[*tocsin.Campaign]*tocsin.Campaign, len(all))
	for i, c := range all {
		n := s.names.Name(c, s.board.Acts)
		if had := s.named[c]; had != nil && reflect.DeepEqual(had.Names, n.Names) && maps.Equal(had.Omitted, n.Omitted) {
			n = had
		}
		named[c], out[i] = n, n
	}
	s.named = named
	return out
}

// Note notes an action that a part of the input (a file, a partition) delivered under a number that rises. What is
// delivered again is not counted again.
func (s *State) Note(part string, seq uint64, a *tocsin.Action) {
	if s.fresh(part, seq) {
		s.pages.Add(a)
	}
}

// Done forgets the number of a part that delivers no more, ever.
func (s *State) Done(part string) {
	for _, p := range []string{part, "hits of " + part, "connections of " + part} {
		if _, ok := s.parts[p]; ok {
			delete(s.parts, p)
			s.partsSaved.Change()
		}
	}
}

// fresh says that something was not delivered before.
func (s *State) fresh(part string, seq uint64) bool {
	if last, ok := s.parts[part]; !ok {
		part = strings.Clone(part)
	} else if seq <= last {
		return false
	}
	s.parts[part] = seq
	s.partsSaved.Change()
	return true
}

// Merge adds what another reader of the same owner has noted. It is not to be used afterwards.
func (s *State) Merge(p *actor.Pages) { s.pages.Merge(p) }

// Hold notes rules that hold for an event, for the correlations that build on them, as a part delivered it under a number
// of its own series.
func (s *State) Hold(part string, seq uint64, ev *tocsin.Event, rules ...int) {
	if s.series != nil && s.fresh("hits of "+part, seq) {
		s.series.add(ev, rules)
	}
}

// Turn says that nothing that happened before mark will come any more (what does all the same is late, and counts), and
// returns the campaigns that are new or have changed since the last turn, the most severe first. The zero mark is the end of
// time.
func (s *State) Turn(mark time.Time) []*tocsin.Campaign {
	switch {
	case mark.IsZero():
		s.advance(endOfTime)
		if s.options.Whole {
			s.pages.Whole()
		} else {
			s.pages.Seal(mark)
		}
		s.changed = true
	case mark.After(s.mark):
		if s.series != nil || s.channels != nil { // page by page, so that it does not matter how many a turn passes
			for _, end := range s.pages.Open(mark) {
				s.advance(end)
				s.pages.Seal(end)
			}
		}
		s.advance(mark)
		s.mark = mark
		s.pages.Seal(mark)
		if s.options.Horizon > 0 {
			s.pages.Forget(mark.Add(-s.options.Horizon))
			s.series.forget(mark.Add(-s.options.Horizon))
			s.channels.forget(mark.Add(-s.options.Horizon))
			s.forget(mark.Add(-s.options.Horizon))
		}
	}
	if !s.changed && !s.pages.Stirred() {
		if s.options.Horizon > 0 {
			s.pin()
		}
		return nil
	}
	s.changed = false
	s.result = s.board.Build(s.pages.Actors(campaign.Least))
	s.result.Aside = append(s.result.Aside, s.pages.Bulk()...)
	changed := s.tell()
	if s.options.Horizon > 0 {
		s.pin()
	}
	s.stand()
	return changed
}

// forget lets go facts and calls before a time, from hour to hour.
func (s *State) forget(before time.Time) {
	if before.Sub(s.forgot) < time.Hour {
		return
	}
	s.forgot = before
	if s.facts != nil {
		s.facts.Forget(before)
	}
	if s.book != nil {
		s.book.Forget(before)
	}
}

// advance tells what is certain by a mark of correlations and channels.
func (s *State) advance(mark time.Time) {
	s.series.advance(mark)
	s.channels.advance(mark)
}

// tell gives campaigns the ids under which they were told before, and returns those that changed.
func (s *State) tell() []*tocsin.Campaign {
	by := map[uint64]*telling{}
	for _, t := range s.told {
		for _, a := range t.Anchors {
			if by[a] == nil {
				by[a] = t
			}
		}
	}
	used := map[*telling]bool{}
	ids := map[string]bool{}
	for _, t := range s.told {
		ids[t.Campaign.ID] = true
	}
	order := slices.Clone(s.result.Campaigns)
	slices.SortStableFunc(order, func(x, y *tocsin.Campaign) int { return cmp.Or(x.First.Compare(y.First), strings.Compare(x.ID, y.ID)) })
	at := map[*tocsin.Campaign]*tocsin.Campaign{}
	var changed []*tocsin.Campaign
	for _, c := range order {
		old := s.before(c, by, used)
		if len(old) == 1 && old[0].from == c {
			at[c] = old[0].Campaign
			continue
		}
		now := *c
		var was *tocsin.Campaign
		t := &telling{Level: c.Level, Why: c.Why, from: c}
		if len(old) > 0 { // of two that turn out one, the elder's
			t = old[0]
			t.saved.Change()
			was = t.Campaign
			now.ID = t.Campaign.ID
			t.from = c
			now.Was = slices.Clone(t.Campaign.Was)
			for _, o := range old[1:] {
				now.Was = append(append(now.Was, o.Campaign.ID), o.Campaign.Was...)
				if o.Level > t.Level {
					t.Level, t.Why = o.Level, o.Why
				}
				t.Anchors = append(t.Anchors, o.Anchors...)
				s.told = slices.DeleteFunc(s.told, func(x *telling) bool { return x == o })
			}
			slices.Sort(now.Was)
			now.Was = slices.Compact(now.Was)
		} else {
			for n := 2; ids[now.ID]; n++ { // a part of what was told as one
				now.ID = fmt.Sprintf("%s%04x", c.ID[:len(c.ID)-4], n)
			}
			if n := len(s.told); n > 0 {
				t.N = s.told[n-1].N + 1
			}
			s.told = append(s.told, t)
		}
		ids[now.ID] = true
		if now.Level >= t.Level {
			t.Level, t.Why = now.Level, now.Why
		} else {
			now.Level, now.Why = t.Level, t.Why+", as it was told before"
			now.Title = campaign.Title(&now) // it says what the level does
		}
		t.Anchors = anchors(t.Anchors, c.Anchors)
		t.Campaign, t.Over = &now, false
		used[t] = true
		at[c] = &now
		if was == nil || !same(was, &now) {
			changed = append(changed, &now)
		}
	}
	for i, c := range s.result.Campaigns {
		s.result.Campaigns[i] = at[c]
	}
	// What was told stays told, also when what is known by now would not be enough.
	s.current = slices.Clone(s.result.Campaigns)
	for _, t := range s.told {
		if used[t] {
			continue
		}
		if !t.Over {
			t.Over = true
			t.saved.Change()
			now := *t.Campaign
			now.Why += "; by what is known since then it would not be told again"
			t.Campaign = &now
			changed = append(changed, &now)
		}
		s.result.Campaigns = append(s.result.Campaigns, t.Campaign)
	}
	worst := func(x, y *tocsin.Campaign) int {
		return cmp.Or(cmp.Compare(y.Level, x.Level), cmp.Compare(len(y.Steps), len(x.Steps)), x.First.Compare(y.First), strings.Compare(x.ID, y.ID))
	}
	slices.SortStableFunc(s.result.Campaigns, worst)
	slices.SortStableFunc(changed, worst)
	return changed
}

// before are the tellings of which a campaign has an anchor, the eldest first, each for one campaign only.
func (s *State) before(c *tocsin.Campaign, by map[uint64]*telling, used map[*telling]bool) []*telling {
	var old []*telling
	for _, a := range c.Anchors {
		if t := by[a]; t != nil && !used[t] && !slices.Contains(old, t) {
			old = append(old, t)
			used[t] = true
		}
	}
	slices.SortStableFunc(old, func(x, y *telling) int {
		return cmp.Or(x.Campaign.First.Compare(y.Campaign.First), strings.Compare(x.Campaign.ID, y.Campaign.ID))
	})
	return old
}

// anchors keeps those of earlier tellings within a bound: the first and the last ones.
func anchors(have, more []uint64) []uint64 {
	for _, a := range more {
		if !slices.Contains(have, a) {
			have = append(have, a)
		}
	}
	const most = 4 * tocsin.MaxAnchors
	if n := len(have); n > most {
		have = append(have[:most/2:most/2], have[n-most/2:]...)
	}
	return have
}

// pin keeps what is telling of campaigns that go on beyond the horizon.
func (s *State) pin() {
	names := map[string]bool{}
	for _, c := range s.result.Campaigns {
		if !s.mark.IsZero() && c.Last.Before(s.mark.Add(-s.options.Horizon)) {
			continue
		}
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				names[h.Kind+":"+h.Value] = true
			}
		}
	}
	s.pages.Pin(names)
}

// stand makes the standing anew.
func (s *State) stand() {
	all := tocsin.Standing{}
	for _, c := range s.result.Campaigns {
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				e := tocsin.Entity{Kind: h.Kind, Value: h.Value}
				have, ok := all[e]
				if !ok || c.Level > have.Level || c.Level == have.Level && a.Tie == tocsin.Core && have.Tie != tocsin.Core {
					have.Campaign, have.Level, have.Driver, have.Tie = c.ID, c.Level, c.Driver, a.Tie
					all[e] = have
				}
			}
		}
	}
	s.standing = all
}

// Result is what is told as of the last turn.
func (s *State) Result() campaign.Result { return s.result }

// Standing is what is known of names as of the last turn. It is never changed: each turn makes another.
func (s *State) Standing() tocsin.Standing { return s.standing }

// LetGo is what was noted and not kept, of facts and the book too.
func (s *State) LetGo() []tocsin.LetGo {
	all := slices.Concat(s.pages.LetGo(), s.series.letGo(), s.channels.letGo())
	if s.facts != nil {
		all = append(all, s.facts.LetGo()...)
	}
	if s.book != nil {
		all = append(all, s.book.LetGo()...)
	}
	for _, kind := range slices.Sorted(maps.Keys(s.lost)) {
		all = append(all, tocsin.LetGo{Kind: kind, N: s.lost[kind], Why: lostWhy[kind]})
	}
	return all
}

// lose counts what could not go on.
func (s *State) lose(kind string, n int64) {
	if n > 0 {
		if s.lost == nil {
			s.lost = map[string]int64{}
		}
		s.lost[kind] += n
	}
}

const (
	lostHits   = "hits of other rules"
	lostPieces = "pieces of what was known"
)

var lostWhy = map[string]string{
	lostHits:   "correlations, or rules that they build on, were changed: what they had seen of windows that were open is not known",
	lostPieces: "of what was written of an earlier run some could not be read",
}

// Late counts the actions that came after the mark had passed them. They are kept.
func (s *State) Late() int64 { return s.pages.Late() }
