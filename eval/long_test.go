//go:build long && unix

package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// What takes minutes to hours: go test ./eval -tags long -run TestLong -v -timeout 5h -args -record

// TestLongLines hunts an access log of more and more lines and addresses as a user does: memory must not follow them.
func TestLongLines(t *testing.T) {
	measures(t)
	program := build(t)
	var table strings.Builder
	for _, n := range []int{1_000_000, 3_000_000, 10_000_000} {
		path := accessLog(t, filepath.Join(t.TempDir(), "access.log"), n)
		c := asUser(t, program, 20*time.Minute, path)
		os.Remove(path)
		name := fmt.Sprintf("long/lines/%dm/", n/1_000_000)
		if !c.done {
			t.Errorf("%d lines: not finished in 20 CPU-minutes", n)
			fmt.Fprintf(&table, "\n%10d lines  not finished in 20 CPU-minutes", n)
			continue
		}
		if c.Events != int64(n) || c.Matches == 0 {
			t.Errorf("%d lines: %d events, %d matches", n, c.Events, c.Matches)
		}
		fmt.Fprintf(&table, "\n%10d lines  %8d addresses  %7d matches  %6.1f CPU-s  %7.0f lines/CPU-s  %5.0f MB", n, n/10, c.Matches, c.CPU, c.rate(), c.mb())
		score(t, name+"rate", c.rate(), 0)
		score(t, name+"memory", c.mb(), 0)
	}
	t.Log(table.String())
}

// TestLongSessions hunts a terminal server at which more and more sessions add an account each: time and memory of one more
// session must not grow with their number.
func TestLongSessions(t *testing.T) {
	measures(t)
	program := build(t)
	var table strings.Builder
	of := map[int]cost{}
	for _, n := range []int{1_000, 4_000, 8_000, 16_000, 64_000} {
		path := terminalServer(t, filepath.Join(t.TempDir(), "sysmon.json"), n)
		c := asUser(t, program, 100*time.Second, path)
		of[n] = c
		if !c.done {
			t.Errorf("%d sessions: not finished in 100 CPU-seconds", n)
			fmt.Fprintf(&table, "\n%6d sessions  not finished in 100 CPU-seconds", n)
			continue
		}
		if c.Events != int64(n) || c.Campaigns+c.Attempts == 0 {
			t.Errorf("%d sessions: %d events, %d campaigns and %d actors beside them", n, c.Events, c.Campaigns, c.Attempts)
		}
		fmt.Fprintf(&table, "\n%6d sessions  %6.2f CPU-s  %6.0f µs a session  %5.0f MB  %d campaigns", n, c.CPU-c.Load, 1e6*(c.CPU-c.Load)/float64(n), c.mb(), c.Campaigns)
		score(t, fmt.Sprintf("long/sessions/%dk/memory", n/1000), c.mb(), 0)
		score(t, fmt.Sprintf("long/sessions/%dk/cpu", n/1000), c.CPU-c.Load, 0)
	}
	t.Log(table.String())
	if few, many := of[4_000], of[64_000]; few.done && many.done {
		score(t, "long/sessions/growth", few.rate()/many.rate(), 0)
	}
}

// TestLongCrowds is TestCrowds with crowds of their full size.
func TestLongCrowds(t *testing.T) {
	measures(t)
	kept := 0
	for _, c := range crowds {
		if beside(t, c, c.n) {
			kept++
		}
	}
	share(t, "long/crowd/kept", kept, len(crowds))
}

// TestLongHostileCrowds is TestHostileCrowds with crowds of their full size.
func TestLongHostileCrowds(t *testing.T) { thronged(t, 1) }

// TestLongWorkers is TestWorkers with a million lines and a scan of 700,000.
func TestLongWorkers(t *testing.T) {
	measures(t)
	share(t, "long/workers/different", differing(t, 1_000_000, 700_000), len(workerCounts))
}

var urlHost = regexp.MustCompile(`(://)([^/:@\s"'\\]+)`)

// agentSessions writes all recorded sessions of agents into a folder, a file a source, again and again until there are n: each copy has
// sessions, principals, calls and targets of its own. It gives the bytes that it wrote.
func agentSessions(t testing.TB, dir string, n int) (bytes int64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(data(t, "agents"), "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for round := 0; n > 0; round++ {
		rename := func(s string) string {
			if round == 0 {
				return s
			}
			s = octets.ReplaceAllString(s, fmt.Sprintf("10.%d.$3.$4", 100+round))
			s = labName.ReplaceAllString(s, fmt.Sprintf("${1}%d", round))
			return urlHost.ReplaceAllString(s, fmt.Sprintf("${1}${2}.r%d.example", round))
		}
		for _, f := range files {
			source := strings.TrimSuffix(filepath.Base(f), ".jsonl.gz")
			all := chats(t, source)
			all = all[:min(n, len(all))]
			n -= len(all)
			out, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.jsonl", source, round)))
			if err != nil {
				t.Fatal(err)
			}
			e := json.NewEncoder(out)
			for _, c := range changed(all, func(m *message) {
				m.Content = rename(m.Content)
				if m.CallID != "" {
					m.CallID = fmt.Sprintf("%s.%d", m.CallID, round)
				}
				for i := range m.Calls {
					m.Calls[i].ID = fmt.Sprintf("%s.%d", m.Calls[i].ID, round)
					m.Calls[i].Function.Arguments = rename(m.Calls[i].Function.Arguments)
				}
			}) {
				c.Session, c.Principal = fmt.Sprintf("%s-%d", c.Session, round), fmt.Sprintf("%s-%d", c.Principal, round)
				if err := e.Encode(c); err != nil {
					t.Fatal(err)
				}
			}
			size, _ := out.Seek(0, 1)
			if bytes += size; out.Close() != nil {
				t.Fatal("not written")
			}
		}
	}
	return bytes
}

// TestLongAgents hunts 3,000 and 30,000 sessions of agents as a user does: what a call costs, and memory, must not grow faster than the input.
func TestLongAgents(t *testing.T) {
	measures(t)
	program := build(t)
	var of [2]cost
	var size [2]int64
	for i, n := range []int{3_000, 30_000} {
		dir := t.TempDir()
		size[i] = agentSessions(t, dir, n)
		c := asUser(t, program, 20*time.Minute, dir)
		if !c.done {
			t.Fatalf("%d sessions: not finished in 20 CPU-minutes", n)
		}
		name := fmt.Sprintf("guard/long/%d/", n)
		t.Logf("%d sessions, %d MB: %d events, %d matches, %d campaigns, %.1f CPU-s, %.0f calls by CPU-s, %.0f MB", n, size[i]/1e6, c.Events, c.Matches, c.Campaigns, c.CPU-c.Load, c.rate(), c.mb())
		of[i] = c
		score(t, name+"rate", c.rate(), 0)
		score(t, name+"memory", c.mb(), 0)
		if i > 0 {
			break
		}
		files, _ := filepath.Glob(filepath.Join(dir, "*.jsonl"))
		naive := spends(func() {
			for _, f := range files {
				in, err := os.Open(f)
				if err != nil {
					t.Fatal(err)
				}
				for d := json.NewDecoder(in); d.More(); {
					var v map[string]any
					if err := d.Decode(&v); err != nil {
						t.Fatal(err)
					}
				}
				in.Close()
			}
		})
		score(t, name+"times-json", (c.CPU-c.Load)/naive.Seconds(), 0)
	}
	if of[1].Events < 8*of[0].Events {
		t.Errorf("%d events of ten times as many sessions, %d before", of[1].Events, of[0].Events)
	}
	score(t, "guard/long/growth/call", of[0].rate()/of[1].rate(), 0)
	score(t, "guard/long/growth/memory", of[1].mb()/of[0].mb()/(float64(size[1])/float64(size[0])), 0)
}
