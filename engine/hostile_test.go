package engine

import (
	"context"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// A mistake of ours that some event brings out costs what that event says and is told; all else is read.
func TestGuarded(t *testing.T) {
	dir := t.TempDir()
	a := write(t, dir, "a.log", accessLog(1000))
	b := write(t, dir, "b.log", accessLog(1000))
	events := 0
	c, err := Read(context.Background(), Input{Paths: []string{a, b}, Workers: 1}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) {
			events++
			if ev.Source == a && ev.Record == 7 {
				panic("out of range")
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := a + ":7: access: a mistake in Tocsin: out of range"; c.FaultN != 1 || !strings.HasPrefix(c.Faults[0].Error(), want) {
		t.Errorf("%d faults, want one: %s", c.FaultN, want)
	}
	if events != 2000 || c.Events != 2000 {
		t.Errorf("%d events came, %d counted, want 2000", events, c.Events)
	}
}

// Streams that are cut into a great many small blocks cost no memory for each.
func TestManyBlocks(t *testing.T) {
	path := write(t, t.TempDir(), "broken.json", strings.Repeat("{\"a\":\n", 50_000))
	c, err := Read(context.Background(), Input{Paths: []string{path}, Workers: 2}, func(int) Desk { return DeskFunc(func(*tocsin.Event) {}) })
	if err != nil {
		t.Fatal(err)
	}
	if c.FaultN != 50_000 || len(c.Faults) != tocsin.MaxFaults || c.Faults[tocsin.MaxFaults-1].Line != tocsin.MaxFaults {
		t.Errorf("%d faults, of which %d are kept, the last %v", c.FaultN, len(c.Faults), c.Faults[len(c.Faults)-1])
	}
}

// A stamp that was never set tells no time, so that the span of a run does not begin in 1601.
func TestNeverSet(t *testing.T) {
	path := write(t, t.TempDir(), "events.jsonl", `{"EventID":1,"Channel":"System","TimeCreated":"1601-01-01T00:00:00Z","Computer":"pc.example"}
{"EventID":1,"Channel":"System","TimeCreated":"2026-11-20T10:00:00Z","Computer":"pc.example"}
`)
	undated := 0
	c, err := Read(context.Background(), Input{Paths: []string{path}, Workers: 1}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) {
			if ev.Time.IsZero() {
				undated++
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Events != 2 || undated != 1 || c.First.Year() != 2026 {
		t.Errorf("%d events, %d of them undated, from %v; want 2, 1, from 2026", c.Events, undated, c.First)
	}
}
