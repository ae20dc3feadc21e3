package engine

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/guard"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/wire"
)

// The written form of a State is pieces by name. Each begins with the version of the form and ends with a checksum; between
// is compressed what its part of the State wrote:
//
//	head            the mark, and what the rest was made with
//	parts           the last numbers of parts
//	told/ID         a campaign as it was last told
//	pages/…         actor.Pages
//	hits/…          stretches of hits of correlations
//	channels/…      tables of connections
//	names/…         naming.Facts
//	calls/…         guard.Book
const stateVersion = 2

// ErrState is returned for pieces that are none of a State, or that this version does not read.
var ErrState = errors.New("this is no state that can be read")

// A stateHead is what a State's written form tells of it as a whole.
type stateHead struct {
	Rules   string // names the rules and suppressions that it was made with
	Mark    time.Time
	Horizon time.Duration
	Lost    map[string]int64 `json:",omitempty"`
	Forgot  time.Time        `json:",omitzero"`
}

// A ledger knows what pieces a store may have, so that it is told which ones to drop: those of which nobody says that they are
// put or kept.
type ledger struct {
	names map[string]bool
	now   map[string]bool // those that were put or kept since; nil: none were, or not all
}

// save has pieces given out, and drops those that are neither put nor kept.
func (l *ledger) save(put func(string, []byte) error, drop func(string) error, give func(put func(string, []byte) error, keep func(string)) error) error {
	l.now = map[string]bool{}
	if l.names == nil {
		l.names = map[string]bool{}
	}
	err := give(func(name string, piece []byte) error {
		l.names[name], l.now[name] = true, true
		return put(name, packed(piece))
	}, func(name string) { l.now[name] = true })
	if err != nil {
		l.now = nil
		return err
	}
	for name := range l.names {
		if l.now[name] {
			continue
		}
		if err := drop(name); err != nil {
			l.now = nil
			return err
		}
	}
	return nil
}

// settle notes that the store did all that it was told.
func (l *ledger) settle() {
	if l.now != nil {
		l.names, l.now = l.now, nil
	}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// packed is a piece as a store has it.
func packed(piece []byte) []byte {
	b := make([]byte, 1+s2.MaxEncodedLen(len(piece)))
	b[0] = stateVersion
	b = b[:1+len(s2.Encode(b[1:], piece))]
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// unpacked is what packed was given.
func unpacked(b []byte) ([]byte, error) {
	n := len(b) - 4
	if n < 1 {
		return nil, fmt.Errorf("%w: it ends early", ErrState)
	}
	if b[0] != stateVersion {
		return nil, fmt.Errorf("%w: it is of version %d, and this is version %d of Tocsin's states", ErrState, b[0], stateVersion)
	}
	if crc32.Checksum(b[:n], castagnoli) != binary.LittleEndian.Uint32(b[n:]) {
		return nil, fmt.Errorf("%w: its checksum is another, so that it was changed or damaged", ErrState)
	}
	if size, err := s2.DecodedLen(b[1:n]); err != nil || size > maxPiece {
		return nil, fmt.Errorf("%w: it is too large", ErrState)
	}
	piece, err := s2.Decode(nil, b[1:n])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	return piece, nil
}

// maxPiece bounds what is unpacked of a piece, in bytes.
const maxPiece = 1 << 30

// Save gives put each piece of the State's written form that has changed since the last Save that was kept, at first all, and
// drop the names of those that are gone; a name may be dropped that was never kept. The pieces belong to put. What was given
// counts as kept only when [State.Saved] is called after a Save that returned nil: until then, and after an error of put or
// drop, which is returned, the next Save gives it again. Between Save and Saved the State may go on. The key is in no piece.
func (s *State) Save(put func(name string, piece []byte) error, drop func(name string) error) error {
	return s.ledger.save(put, drop, s.give)
}

// Saved says that all that the last Save gave is kept for good, and all that it dropped is gone.
func (s *State) Saved() {
	if s.ledger.now == nil {
		return // that Save failed
	}
	s.ledger.settle()
	s.head.Settle()
	s.partsSaved.Settle()
	for _, t := range s.told {
		t.saved.Settle()
	}
	s.pages.Saved()
	s.series.settle()
	s.channels.settle()
	if s.facts != nil {
		s.facts.Saved()
	}
	if s.book != nil {
		s.book.Saved()
	}
}

// give gives out the pieces that changed, and names those that did not.
func (s *State) give(put func(string, []byte) error, keep func(string)) error {
	head := stateHead{Rules: s.options.Rules, Mark: s.mark, Horizon: s.options.Horizon, Lost: s.lost, Forgot: s.forgot}
	written, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if err := s.head.Save("head", written, put, keep); err != nil {
		return err
	}
	one := func(name string, of *wire.Saved, piece func() ([]byte, error)) error {
		if of.Clean {
			keep(name)
			return nil
		}
		b, err := piece()
		if err == nil {
			of.Given = true
			err = put(name, b)
		}
		return err
	}
	if err := one("parts", &s.partsSaved, func() ([]byte, error) { return json.Marshal(s.parts) }); err != nil {
		return err
	}
	for _, t := range s.told {
		if err := one("told/"+t.Campaign.ID, &t.saved, func() ([]byte, error) { return json.Marshal(t) }); err != nil {
			return err
		}
	}
	below := func(prefix string, save func(func(string, []byte) error, func(string)) error) error {
		return save(func(name string, b []byte) error { return put(prefix+name, b) }, func(name string) { keep(prefix + name) })
	}
	if err := below("pages/", s.pages.Save); err != nil {
		return err
	}
	if err := below("hits/", s.series.save); err != nil {
		return err
	}
	if err := below("channels/", s.channels.save); err != nil {
		return err
	}
	if s.facts != nil {
		if err := below("names/", s.facts.Save); err != nil {
			return err
		}
	}
	if s.book != nil {
		return below("calls/", s.book.Save)
	}
	return nil
}

// LoadState reads the pieces of a State's written form, in any order; they belong to it. The State goes on as if it had never been
// written. A piece that cannot be read is told to bad, which may be nil, and left out: the rest counts, and LetGo says how many
// there were. rule gives a rule by its id and title, or nil, where options do not have it; it may be nil. A State that was made with other rules goes on as
// SetOptions says. An error is only returned for pieces of a later version than this one reads: nothing is to be made of them, and
// nothing to be written over them.
func LoadState(pieces iter.Seq2[string, []byte], o StateOptions, rule func(id, title string) *tocsin.Rule, bad func(name string, err error)) (*State, error) {
	s := NewState(o)
	rule = o.ruleOf(rule)
	s.ledger.names = map[string]bool{}
	all := map[string]map[string][]byte{} // by room
	spoilt := func(name string, err error) {
		s.lose(lostPieces, 1)
		s.ledger.names[name] = true // to be dropped
		if bad != nil {
			bad(name, err)
		}
	}
	for name, b := range pieces {
		if len(b) > 0 && b[0] > stateVersion {
			return nil, fmt.Errorf("%w: %s is of version %d, and this is version %d of Tocsin's states: use the Tocsin that wrote it, or a later one", ErrState, name, b[0], stateVersion)
		}
		s.ledger.names[name] = true
		piece, err := unpacked(b)
		if err != nil {
			spoilt(name, err)
			continue
		}
		room, rest, _ := strings.Cut(name, "/")
		if all[room] == nil {
			all[room] = map[string][]byte{}
		}
		all[room][rest] = piece
	}
	inRoom := func(room string) func(string, error) {
		return func(name string, err error) { spoilt(room+"/"+name, fmt.Errorf("%w: %w", ErrState, err)) }
	}
	var head stateHead
	if b, ok := all["head"][""]; ok {
		if err := json.Unmarshal(b, &head); err != nil {
			spoilt("head", fmt.Errorf("%w: %w", ErrState, err))
			head = stateHead{}
		}
	}
	for kind, n := range head.Lost {
		s.lose(kind, n)
	}
	s.forgot = head.Forgot
	if b, ok := all["parts"][""]; ok {
		var parts map[string]uint64
		if err := json.Unmarshal(b, &parts); err != nil {
			spoilt("parts", fmt.Errorf("%w: %w", ErrState, err))
		} else if parts != nil {
			s.parts = parts
			s.partsSaved.Clean = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all["told"])) {
		var t *telling
		err := json.Unmarshal(all["told"][name], &t)
		if err == nil && (t == nil || t.Campaign == nil || t.Campaign.ID != name || slices.Contains(t.Campaign.Actors, nil)) {
			err = errors.New("it is no campaign")
		}
		if err != nil {
			inRoom("told")(name, err)
			continue
		}
		t.saved.Clean = true
		s.told = append(s.told, t)
	}
	slices.SortStableFunc(s.told, func(a, b *telling) int { return cmp.Compare(a.N, b.N) })
	s.pages = actor.LoadPages(all["pages"], o.Key, rule, inRoom("pages"))
	s.mark = head.Mark
	if m := s.pages.Mark(); m.After(s.mark) { // the head is lost
		s.mark = m
	}
	s.series.load(all["hits"], s.mark, inRoom("hits"))
	s.channels.load(all["channels"], s.mark, inRoom("channels"))
	if len(all["names"]) > 0 {
		s.facts = naming.Load(all["names"], o.Key, inRoom("names"))
	}
	if len(all["calls"]) > 0 {
		s.book = guard.Load(all["calls"], o.Key, rule, inRoom("calls"))
	}
	s.changed = true
	if o.Horizon > 0 {
		for _, t := range s.told {
			s.result.Campaigns = append(s.result.Campaigns, t.Campaign)
		}
		s.pin()
	}
	return s, nil
}

// ruleOf finds a rule by its id and title: one that somebody else knows, of the Set, of Channels or of the Knowledge; else nil.
func (o *StateOptions) ruleOf(other func(id, title string) *tocsin.Rule) func(id, title string) *tocsin.Rule {
	var known map[[2]string]*tocsin.Rule
	return func(id, title string) *tocsin.Rule {
		if other != nil {
			if r := other(id, title); r != nil {
				return r
			}
		}
		if known == nil {
			known = map[[2]string]*tocsin.Rule{}
			k := o.Knowledge
			if k == nil {
				k = ownKnowledge()
			}
			for _, r := range slices.Concat(k.Rules(), o.Channels) {
				known[[2]string{r.ID, r.Title}] = r
			}
			if o.Set != nil {
				for _, r := range o.Set.Rules() {
					known[[2]string{r.ID, r.Title}] = &r.Rule
				}
			}
		}
		return known[[2]string{id, title}]
	}
}

// same says that a campaign is told as it was, where pointers do not tell.
func same(x, y *tocsin.Campaign) bool {
	if x.Level != y.Level || x.Actions != y.Actions || !x.First.Equal(y.First) || !x.Last.Equal(y.Last) || x.Title != y.Title || len(x.Actors) != len(y.Actors) || len(x.Links) != len(y.Links) {
		return false
	}
	a, err := json.Marshal(x)
	b, err2 := json.Marshal(y)
	return err == nil && err2 == nil && bytes.Equal(a, b)
}
