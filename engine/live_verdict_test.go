package engine

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// TestLiveVerdict says that what a provider said of an account, of which nothing else is known, is a principal of a run as it is
// of a hunt, also after a restart.
func TestLiveVerdict(t *testing.T) {
	set, dir := ownRules(t), t.TempDir()
	const webhook = `{"type":"event","id":"wevt_1","created_at":"2026-03-04T05:06:00Z","data":{"type":"user_profile.enforcement_action_opened","id":"uprof_1","enforcement_action_id":"enac_1","organization_id":"org_1"}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "webhooks.jsonl"), []byte(webhook), 0o600); err != nil {
		t.Fatal(err)
	}
	in := liveOptions(set).Input
	in.Paths, in.Causal = []string{dir}, true
	f, _, err := Hunt(t.Context(), in, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gist := func(all []*tocsin.Principal) (out []string) {
		for _, p := range all {
			out = append(out, p.Name+": "+p.Verdict.String())
		}
		return out
	}
	want := gist(f.Principals)
	if len(want) != 1 {
		t.Fatalf("a hunt finds %q", want)
	}
	m := newMemory()
	for life := range 2 {
		o := liveOptions(set)
		o.Keep = m
		l, err := NewLive(o, m.kept())
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = l.Run(ctx) })
		if life == 0 {
			for _, s := range stretches(t, dir, 1) {
				if err := l.Put(ctx, s.batch()); err != nil {
					t.Fatal(err)
				}
			}
			settled(t, l, 1)
		}
		stop()
		done.Wait()
		v := l.View()
		if len(v.Groups) != 1 {
			t.Fatalf("life %d: %d groups", life, len(v.Groups))
		}
		if d := cmp.Diff(want, gist(v.Groups[0].Principals)); d != "" {
			t.Errorf("life %d: principals differ from a hunt's (-hunt +live):\n%s", life, d)
		}
	}
}

// TestLetGoOfAll says that a state tells what its facts and its book of agents' calls did not keep.
func TestLetGoOfAll(t *testing.T) {
	s := NewState(StateOptions{})
	at := time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)
	for i := range 2000 { // of one account, more verdicts than are kept
		s.Book().Verdict(&tocsin.Event{Time: at, Source: "log", Record: uint64(i + 1), Sources: []tocsin.LogSource{{Product: "ai_agent", Category: "provider_verdict"}},
			Fields: []tocsin.Field{{Name: "principal", Value: "p"}, {Name: "verdict", Value: "enforcement"}, {Name: "category", Value: "opened"}}})
	}
	s.Facts().See(&tocsin.Event{Time: at, Host: "a", Source: "log", Record: 1})
	var book int64
	for _, l := range s.LetGo() {
		if l.Kind == "calls of agents" {
			book += l.N
		}
	}
	if book != 2000-256 {
		t.Errorf("%d calls were let go", book)
	}
}
