package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

// stateMagic begins the written form of a State; its last byte is the version.
const stateMagic = "tocsin state\x01"

// ErrState is returned for bytes that are no State, or one that this version does not read.
var ErrState = errors.New("this is no state that can be read")

// A stateHead is what a State's written form tells besides its pages.
type stateHead struct {
	Rules    string // names the rules and suppressions that it was made with
	Mark     time.Time
	Horizon  time.Duration
	Parts    map[string]uint64
	Told     []*telling
	Hits     []hits
	Channels *writtenChannels `json:",omitempty"`
}

// AppendBinary appends the written form of a State: what was told, and the pages from which all else is made anew. The key
// is not in it.
func (s *State) AppendBinary(b []byte) ([]byte, error) {
	channels, err := s.channels.written()
	if err != nil {
		return nil, err
	}
	head, err := json.Marshal(stateHead{Channels: channels, Rules: s.options.Rules, Mark: s.mark, Horizon: s.options.Horizon, Parts: s.parts, Told: s.told, Hits: s.series.written()})
	if err != nil {
		return nil, err
	}
	b = append(b, stateMagic...)
	b = binary.AppendUvarint(b, uint64(len(head)))
	b = append(b, head...)
	return s.pages.AppendBinary(b)
}

// ReadState reads the written form of a State, which goes on as if it had never been written. rule gives a rule by its id
// and title, or nil; it may be nil. A State that was made with other rules (see StateOptions.Rules) is refused: it is to be
// made anew from what its pages were made of.
func ReadState(b []byte, o StateOptions, rule func(id, title string) *tocsin.Rule) (*State, error) {
	b, ok := bytes.CutPrefix(b, []byte(stateMagic[:len(stateMagic)-1]))
	if !ok || len(b) == 0 {
		return nil, ErrState
	}
	if b[0] != stateMagic[len(stateMagic)-1] {
		return nil, fmt.Errorf("%w: it is of version %d, and this is version %d of Tocsin's states", ErrState, b[0], stateMagic[len(stateMagic)-1])
	}
	n, k := binary.Uvarint(b[1:])
	if k <= 0 || n > uint64(len(b)-1-k) {
		return nil, fmt.Errorf("%w: it ends early", ErrState)
	}
	var head stateHead
	if err := json.Unmarshal(b[1+k:][:n], &head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	if head.Rules != o.Rules {
		return nil, fmt.Errorf("%w: it was made with other rules or suppressions", ErrState)
	}
	pages, err := actor.ReadPages(b[1+k:][n:], o.Key, rule)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	s := NewState(o)
	s.pages, s.mark = pages, head.Mark
	if err := s.series.replay(head.Hits, head.Mark); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	if err := s.channels.read(head.Channels); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrState, err)
	}
	if head.Parts != nil {
		s.parts = head.Parts
	}
	s.told = slices.DeleteFunc(head.Told, func(t *telling) bool { return t == nil || t.Campaign == nil || slices.Contains(t.Campaign.Actors, nil) })
	s.changed = true
	if o.Horizon > 0 {
		for _, t := range s.told {
			s.result.Campaigns = append(s.result.Campaigns, t.Campaign)
		}
		s.pin()
	}
	return s, nil
}

// same says that a campaign is told as it was, where pointers do not tell.
func same(x, y *tocsin.Campaign) bool {
	a, err := json.Marshal(x)
	b, err2 := json.Marshal(y)
	return err == nil && err2 == nil && bytes.Equal(a, b)
}
