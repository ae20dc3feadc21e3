package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// --stats says what was let go, when and why; a time that is not known, or that JSON has no form for, is null.
func TestStatsLetGo(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	h := &report.Hunt{Matches: report.List{}, Coverage: &tocsin.Coverage{Partial: "stopped", LetGo: []tocsin.LetGo{
		{Kind: "quiet actions", N: 12, From: at, To: at.Add(time.Minute), Why: "more than 16,384 names in ten minutes"},
		{Kind: "late", N: 1, To: time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), Why: "their ten minutes were closed"},
	}}}
	path := filepath.Join(t.TempDir(), "stats.json")
	to, err := createOutput("--stats", path, nil, &guard{})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeStats(to, h, nil, 0, at); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		LetGo   any    `json:"let_go"`
		Partial string `json:"partial"`
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := []any{
		map[string]any{"kind": "quiet actions", "n": 12.0, "from": "2026-03-01T08:00:00Z", "to": "2026-03-01T08:01:00Z", "why": "more than 16,384 names in ten minutes"},
		map[string]any{"kind": "late", "n": 1.0, "from": nil, "to": nil, "why": "their ten minutes were closed"},
	}
	if d := cmp.Diff(any(want), got.LetGo); d != "" || got.Partial != "stopped" {
		t.Errorf("partial %q, (-want +got):\n%s", got.Partial, d)
	}
}
