package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/console"
)

const triedRule = `title: Whoami
id: 4c1f1d3c-7d7e-4f7e-9d37-1f3a0d6d2b11
name: whoami
status: test
description: Somebody asks who they are.
author: nobody
date: 2026-11-28
logsource: {category: process_creation, product: linux}
detection:
    selection:
        CommandLine|startswith: 'whoami '
    condition: selection
falsepositives: [administrators]
level: low
`

const triedCorrelation = triedRule + `---
title: Whoami again and again
id: 0e0b5bd4-5f8e-4b51-8b5e-0b2f7cf1a0c2
status: test
description: Somebody asks who they are, again and again.
author: nobody
date: 2026-11-28
correlation:
    type: event_count
    rules: [whoami]
    group-by: [Computer]
    timespan: 1h
    condition: {gte: 50}
level: high
`

// TestTry holds rules that are not in use against an archive, part of which has its own files and part of which is in the spool.
func TestTry(t *testing.T) {
	cfg := &Config{Data: filepath.Join(t.TempDir(), "data"), Listen: "127.0.0.1:0", Zone: "UTC"}
	cfg.Rules.NoInstalled = true
	v, err := newService(cfg, &runCmd{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	day := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	linux := []tocsin.LogSource{{Category: "process_creation", Product: "linux"}}
	agent := []tocsin.LogSource{{Category: "prompt", Product: "ai_agent"}}
	other := []tocsin.LogSource{{Category: "webserver"}}
	var b archive.Block
	keep := func(from, to int) {
		for i := from; i < to; i++ { // 100 in an hour, of which 20 ask who they are on each of two machines and one is of an agent
			ev := &tocsin.Event{Time: day.Add(time.Duration(i) * 36 * time.Second), Source: "audit.log", Record: uint64(i + 1), Format: "json", Host: fmt.Sprintf("web%d", i%2), Sources: linux}
			ev.Add("Computer", ev.Host)
			switch {
			case i%5 < 2:
				ev.Add("CommandLine", fmt.Sprintf("whoami --n=%d", i))
			case i%100 == 3:
				ev.Sources = agent
				ev.Add("session", "s-1")
				ev.Add("prompt", "zebrafish")
			case i%5 == 2:
				ev.Sources = other
			default:
				ev.Add("CommandLine", "ls")
			}
			b.Add(ev)
		}
		if err := v.archive.Append("", &b); err != nil {
			t.Fatal(err)
		}
		m, err := v.archive.Sync()
		if err == nil {
			err = v.archive.Committed(m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	keep(0, 300)
	for range 2 {
		if _, err := v.archive.Roll(day.Add(4 * time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	keep(300, 400)
	try := func(q console.Trial) *console.Tried {
		t.Helper()
		q.Limit = max(q.Limit, 5)
		got, err := v.Try(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	records := func(all []*tocsin.Match) (numbers []uint64) {
		for _, m := range all {
			numbers = append(numbers, m.Event.Record)
		}
		return numbers
	}

	got := try(console.Trial{Rules: triedRule})
	if got.Events != 400 || got.Fitting != 316 || got.Matches != 160 || got.More != "" || len(got.Faults)+len(got.Notes) != 0 {
		t.Errorf("%+v", got)
	}
	if want := []console.HostMatches{{Host: "web0", Matches: 80}, {Host: "web1", Matches: 80}}; !slices.Equal(got.Hosts, want) {
		t.Errorf("hosts %v", got.Hosts)
	}
	if n := records(got.First); !slices.Equal(n, []uint64{1, 2, 6, 7, 11}) {
		t.Errorf("the first are %v", n)
	}
	if m := got.First[0]; m.Rule.Title != "Whoami" || len(m.Held) != 1 || m.Held[0].Name != "CommandLine" {
		t.Errorf("held %v of %v", m.Held, m.Event.Fields)
	}
	got = try(console.Trial{Rules: "title: A\nlogsource: {product: ai_agent}\ndetection: {a: {prompt: zebrafish}, condition: a}\n"})
	if got.Matches != 4 || strings.Contains(fmt.Sprint(got.First[0].Held, got.First[0].Event.Fields), "zebrafish") {
		t.Errorf("what an agent was asked is shown: %+v", got.First)
	}
	got = try(console.Trial{Rules: triedRule, From: day.Add(3*time.Hour - time.Second), To: day.Add(3*time.Hour + time.Minute)})
	if n := records(got.First); got.Matches != 2 || !slices.Equal(n, []uint64{301, 302}) {
		t.Errorf("of a minute: %d, %v", got.Matches, n)
	}
	if got = try(console.Trial{Rules: triedRule, Tenant: "other"}); got.Events != 0 || got.Matches != 0 {
		t.Errorf("of another tenant: %+v", got)
	}
	if got = try(console.Trial{Rules: strings.Replace(triedRule, "linux", "macos", 1)}); got.Events != 400 || got.Fitting != 0 || got.Matches != 0 {
		t.Errorf("of another log source: %+v", got)
	}
	got = try(console.Trial{Rules: strings.Replace(triedCorrelation, "gte: 50", "gte: 20", 1), Limit: 9})
	if got.Matches == 0 || got.Matches == 160 || got.First[0].Rule.Title != "Whoami again and again" || len(got.First[0].Series) < 20 {
		t.Errorf("a correlation: %d matches, the first %+v", got.Matches, got.First)
	}
	if got = try(console.Trial{Rules: triedCorrelation}); got.Matches != 0 || got.Fitting != 316 {
		t.Errorf("a correlation that does not hold: %+v", got)
	}

	// What is wrong is said with its line, and nothing is tried.
	got = try(console.Trial{Rules: strings.Replace(triedRule, "condition: selection", "condition: selektion", 1)})
	if len(got.Faults) != 1 || got.Faults[0].Line < 9 || got.Faults[0].Line > 12 || !strings.Contains(got.Faults[0].What, "selektion") || got.Events != 0 {
		t.Errorf("a condition without its search: %+v", got)
	}
	for what, text := range map[string]string{"no YAML": "title: [", "no rule": "a: b", "a part": strings.SplitAfter(triedCorrelation, "---\n")[1]} {
		if got = try(console.Trial{Rules: text}); len(got.Faults) == 0 || got.Events != 0 {
			t.Errorf("%s: %+v", what, got)
		}
	}
	if got = try(console.Trial{Rules: strings.Replace(triedRule, "CommandLine|", "CommandLin|", 1)}); len(got.Notes) == 0 || !strings.Contains(fmt.Sprint(got.Notes), "CommandLine") || got.Matches != 0 {
		t.Errorf("a field that nobody gives: %+v", got)
	}
	if _, err := v.Try(t.Context(), console.Trial{Rules: "# nothing", Limit: 1}); !errors.Is(err, console.ErrRefused) {
		t.Errorf("nothing: %v", err)
	}

	// One at a time, and for so long.
	v.trying.Lock()
	if _, err := v.Try(t.Context(), console.Trial{Rules: triedRule, Limit: 1}); !errors.Is(err, console.ErrRefused) {
		t.Errorf("a second one: %v", err)
	}
	v.trying.Unlock()
	ctx, stop := context.WithDeadline(t.Context(), time.Now())
	defer stop()
	if got, err := v.Try(ctx, console.Trial{Rules: triedRule, Limit: 1}); err != nil || got.More != "time" {
		t.Errorf("without time: %+v %v", got, err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := v.Try(gone, console.Trial{Rules: triedRule, Limit: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("for nobody: %v", err)
	}

	// By the API.
	s := httptest.NewServer(v.console)
	defer s.Close()
	body, _ := json.Marshal(map[string]any{"rules": triedRule, "limit": 2})
	res, err := http.Post(s.URL+"/api/v1/rules/try", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	var told struct {
		Matches int
		First   []struct {
			Kind string
			Rule struct{ Title string }
		}
	}
	if err := json.Unmarshal(text, &told); err != nil || res.StatusCode != 200 || told.Matches != 160 || len(told.First) != 2 || told.First[1].Kind != "match" || told.First[1].Rule.Title != "Whoami" {
		t.Errorf("%s %v %s", res.Status, err, text)
	}
}

// TestTryBounds: a trial keeps only so much of what correlations count, and tells only so many machines apart.
func TestTryBounds(t *testing.T) {
	set, _ := triedRules(triedCorrelation)
	full := 0
	d := newTrial(set, 3, 100, func() { full++ })
	ev := &tocsin.Event{Sources: []tocsin.LogSource{{Category: "process_creation", Product: "linux"}}}
	for i := range tryHosts + 10 {
		ev.Time, ev.Record, ev.Host = time.Unix(int64(20_000-i), 0), uint64(i), fmt.Sprint("h", i)
		ev.Fields = append(ev.Fields[:0], tocsin.Field{Name: "CommandLine", Value: "whoami x"}, tocsin.Field{Name: "Computer", Value: "c"})
		d.Event(ev)
	}
	if want := tryHosts + 10 - tryHits/100; full != want {
		t.Errorf("it was full %d times, not %d", full, want)
	}
	set, _ = triedRules(triedRule)
	d = newTrial(set, 3, 1, func() { t.Error("full") })
	for i := range tryHosts + 10 {
		ev.Time, ev.Record, ev.Host = time.Unix(int64(20_000-i), 0), uint64(i), fmt.Sprint("h", i)
		d.Event(ev)
	}
	out := &console.Tried{}
	if first := joinTrials([]*trial{d}, out); len(first) != 3 || first[0].Event.Record != tryHosts+9 || first[0].Event.Host != fmt.Sprint("h", tryHosts+9) {
		t.Errorf("the first: %v", first)
	}
	if out.Matches != tryHosts+10 || len(out.Hosts) != tryShown || out.MoreHosts != tryHosts-tryShown {
		t.Errorf("%d matches, %d hosts and %d more", out.Matches, len(out.Hosts), out.MoreHosts)
	}
}
