//go:build long && unix

package eval

import (
	"fmt"
	"os"
	"path/filepath"
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

// TestLongWorkers is TestWorkers with a million lines and a scan of 700,000.
func TestLongWorkers(t *testing.T) {
	measures(t)
	share(t, "long/workers/different", differing(t, 1_000_000, 700_000), len(workerCounts))
}
