package main

import (
	"slices"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/feed"
)

// TestLateStreams: of streams whose rest is not known those are behind that still deliver what was received a while ago.
func TestLateStreams(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	day, minute := now.Add(-24*time.Hour), now.Add(-time.Minute)
	for _, c := range []struct {
		name   string
		behind bool
		rest   int64
		took   time.Time
		want   time.Duration
	}{
		{"read to its end", true, 0, minute, 0},
		{"more to read", true, 1, minute, 0}, // its pace says it
		{"new", false, -1, now, 0},
		{"rest not known, still coming", true, -1, now, 24 * time.Hour},
		{"rest not known, nothing comes", true, -1, minute, 0},
	} {
		got := lateStreams(now, []engine.OriginView{{ID: "a", Behind: c.behind, Newest: day, Took: c.took}}, []feed.Stat{{ID: "a", Behind: c.rest}})
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestLags: how long what is there takes at the pace at which it is read, and whether it grows.
func TestLags(t *testing.T) {
	var l lags
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		at            int   // seconds
		read, a, b, c int64 // bytes read of a, and behind
		last          int   // seconds when a was last read
		takes         time.Duration
		grows         bool
	}{
		{0, 0, 0, 0, 0, 0, 0, false},
		{10, 1000, 100, 0, 0, 10, time.Second, false},         // 100 bytes a second
		{12, 1500, 200, 0, 0, 12, 2 * time.Second, false},     // too soon for another pace
		{20, 2000, 1000, 500, 0, 20, 15 * time.Second, false}, // with what waits for its turn
		{61, 6100, 3000, 0, -1, 61, 30 * time.Second, true},
		{70, 7000, 1000, 0, -1, 70, 10 * time.Second, true}, // a minute is not over
		{130, 13000, 500, 0, 0, 130, 5 * time.Second, false},
		{140, 13000, 500, 0, 0, 130, 10 * time.Second, false}, // not read any more
		{200, 13000, 600, 0, 0, 130, 70 * time.Second, true},
	} {
		at := start.Add(time.Duration(c.at) * time.Second)
		b := l.look(at, []feed.Stat{{ID: "a", Read: c.read, Behind: c.a, Last: start.Add(time.Duration(c.last) * time.Second)}, {ID: "b", Behind: c.b}, {ID: "c", Behind: c.c}})
		if b.takes != c.takes || b.grows != c.grows || b.bytes != max(c.a, 0)+max(c.b, 0)+max(c.c, 0) {
			t.Errorf("look %d at %d s: %+v, want %s and grows %v", i, c.at, b, c.takes, c.grows)
		}
	}
	if l.look(start.Add(300*time.Second), nil); len(l.of) != 0 {
		t.Error("what is gone is remembered")
	}
}

// TestNewestMatches: of several tenants the newest are shown, whosever they are, and no more than were asked for.
func TestNewestMatches(t *testing.T) {
	group := func(records ...uint64) (all []engine.LiveMatch) { // the newest first
		for _, n := range records {
			at := time.Unix(int64(n), 0)
			all = append(all, engine.LiveMatch{Match: &tocsin.Match{Time: at, Event: &tocsin.Event{Time: at, Source: "a", Record: n}}})
		}
		return all
	}
	groups := [][]engine.LiveMatch{group(4, 3, 2, 1), group(9, 8, 7), nil, group(6, 5)}
	of := &tocsin.Campaign{Records: []tocsin.Span{{Source: "a", From: 2, To: 7}}}
	for _, c := range []struct {
		of    *tocsin.Campaign
		limit int
		want  []uint64
	}{
		{nil, 3, []uint64{7, 8, 9}}, {nil, 5, []uint64{5, 6, 7, 8, 9}}, {nil, 0, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}}, {nil, 99, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{of, 2, []uint64{6, 7}}, {of, 0, []uint64{2, 3, 4, 5, 6, 7}},
	} {
		var got []uint64
		for _, m := range newestMatches(groups, c.of, c.limit) {
			got = append(got, m.Event.Record)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("limit %d: %v, want %v", c.limit, got, c.want)
		}
	}
}

// TestListenersApart: two listeners are two sources.
func TestListenersApart(t *testing.T) {
	one := func() []feed.Stat { return []feed.Stat{{ID: "listener/http", Path: "http"}} }
	a, b := &web{addr: "127.0.0.1:1", stats: []func() []feed.Stat{one}}, &web{addr: "127.0.0.1:2", stats: []func() []feed.Stat{one}}
	if x, y := a.Stats()[0], b.Stats()[0]; x.ID == y.ID || x.Path == y.Path {
		t.Errorf("%v and %v", x, y)
	}
}
