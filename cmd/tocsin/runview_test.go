package main

import (
	"testing"
	"time"

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

// TestListenersApart: two listeners are two sources.
func TestListenersApart(t *testing.T) {
	one := func() []feed.Stat { return []feed.Stat{{ID: "listener/http", Path: "http"}} }
	a, b := &web{addr: "127.0.0.1:1", stats: []func() []feed.Stat{one}}, &web{addr: "127.0.0.1:2", stats: []func() []feed.Stat{one}}
	if x, y := a.Stats()[0], b.Stats()[0]; x.ID == y.ID || x.Path == y.Path {
		t.Errorf("%v and %v", x, y)
	}
}
