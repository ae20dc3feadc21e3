package engine

import (
	"slices"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// A campaign names the principals whose agents or accounts are in it, by their names and by their sessions, and none who is
// ordinary; the campaign that was given stays as it is.
func TestBothEnds(t *testing.T) {
	all := []*tocsin.Principal{{Name: "mallory", Sessions: []string{"s-1", "root"}, Verdict: tocsin.Intrusion}, {Name: "key-2", Sessions: []string{"s-2"}, Verdict: tocsin.Suspicious}, {Name: "anna", Sessions: []string{"s-3"}}}
	for _, tt := range []struct {
		name    string
		handles []tocsin.Entity
		want    []string
	}{
		{"by a session", []tocsin.Entity{{Kind: "agent", Value: "claude-code/s-1"}}, []string{"mallory"}},
		{"by the name", []tocsin.Entity{{Kind: "agent", Value: "key-2"}}, []string{"key-2"}},
		{"both, once each", []tocsin.Entity{{Kind: "session", Value: "s-2"}, {Kind: "agent", Value: "codex/s-1"}, {Kind: "agent", Value: "codex/mallory"}}, []string{"key-2", "mallory"}},
		{"a machine's user who is called as a session is", []tocsin.Entity{{Kind: "user", Value: "root"}}, nil},
		{"one who is ordinary", []tocsin.Entity{{Kind: "agent", Value: "codex/s-3"}}, nil},
		{"an address", []tocsin.Entity{{Kind: "address", Value: "192.0.2.1"}}, nil},
	} {
		c := &tocsin.Campaign{Actors: []*tocsin.Actor{{Handles: tt.handles}}}
		list := []*tocsin.Campaign{c}
		bothEnds(list, all)
		if !slices.Equal(list[0].Principals, tt.want) || c.Principals != nil {
			t.Errorf("%s: %v, want %v; %v", tt.name, list[0].Principals, tt.want, c.Principals)
		}
	}
}
