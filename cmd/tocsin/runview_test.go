package main

import (
	"slices"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/feed"
)

// TestReadLag: a log that was old when it was read, and was read to its end, is not behind.
func TestReadLag(t *testing.T) {
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
		{"more to read", true, 1, minute, 24 * time.Hour},
		{"new", false, 1, now, 0},
		{"rest not known, still coming", true, -1, now, 24 * time.Hour},
		{"rest not known, nothing comes", true, -1, minute, 0},
	} {
		got := readLag(now, []engine.OriginView{{ID: "a", Behind: c.behind, Newest: day, Took: c.took}}, []feed.Stat{{ID: "a", Behind: c.rest}})
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
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
