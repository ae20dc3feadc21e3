package eval

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A crowd is much of what means little, written where example/intrusion lies.
type crowd struct {
	name  string
	n     int // as published
	write func(t testing.TB, path string, n int) string
	file  string // below the recording
}

var crowds = []crowd{
	{"one address in 60,000 disguises", 270_000, disguises, "web01/nginx/access.log.1"},
	{"an address a request", 300_000, strangers, "web01/nginx/access.log.1"},
	{"forged host names", 600_000, forgedHosts, "web01/auth.log.1"},
}

// TestCrowds hunts example/intrusion beside crowds that are large enough to meet the bounds on memory.
func TestCrowds(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "crowds are not for -short")
	}
	kept := 0
	for _, c := range crowds {
		n := c.n / 10
		if c.name == crowds[0].name {
			n = c.n // a tenth of the disguises meets no bound
		}
		if beside(t, c, n) {
			kept++
		}
	}
	share(t, "crowd/kept", kept, len(crowds))
}

// beside says that example/intrusion has the same campaigns beside n of a crowd as alone.
func beside(t *testing.T, c crowd, n int) bool {
	t.Helper()
	dir := example(t)
	set := own(t)
	alone, _ := told(t, set, dir)
	want := outline(alone)
	if len(want) < 3 {
		t.Fatalf("alone it has %d campaigns: %v", len(want), want)
	}
	path := c.write(t, filepath.Join(dir, filepath.FromSlash(c.file)), n)
	found, coverage := told(t, set, dir)
	got := outline(found)
	for _, f := range coverage.Files {
		if f.Path == path && f.Events != int64(n) {
			t.Errorf("%s: %d events of %d lines", c.name, f.Events, n)
		}
	}
	t.Logf("beside %d of %s: %d campaigns, let go: %v", n, c.name, len(got), coverage.LetGo)
	if d := cmp.Diff(want, got); d != "" {
		t.Logf("beside %d of %s (-alone +beside):\n%s", n, c.name, d)
		return false
	}
	return true
}

// example copies example/intrusion to a folder of its own.
func example(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "intrusion")
	if err := os.CopyFS(dir, os.DirFS("../example/intrusion")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// outline is what must stay of campaigns whatever goes on beside them.
func outline(found *engine.Findings) []string {
	var all []string
	for _, c := range found.Campaigns {
		all = append(all, fmt.Sprintf("%s %s: %d actions, %d alerts, %d actors, %d victims, %d links, driven by %s: %s",
			c.ID, c.Level, c.Actions, c.Alerts, len(c.Actors), len(c.Victims), len(c.Links), c.Driver, c.Title))
	}
	return all
}

// TestWorkers hunts an access log, a scan and example/intrusion together with more and fewer workers and the folders in
// another order: everything found must be the same to the byte.
func TestWorkers(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "crowds are not for -short")
	}
	share(t, "workers/different", differing(t, 100_000, 70_000), len(workerCounts))
}

var workerCounts = []int{1, 2, 3, 4, 8}

// differing counts the runs whose result is not that of the first.
func differing(t *testing.T, visits, scanned int) int {
	t.Helper()
	dir := example(t)
	access, scan := t.TempDir(), t.TempDir()
	accessLog(t, filepath.Join(access, "shop", "nginx", "access.log"), visits)
	scanLog(t, filepath.Join(scan, "www", "nginx", "access.log"), scanned)
	paths := []string{access, scan, filepath.Join(dir, "web01"), filepath.Join(dir, "cloud"), filepath.Join(dir, "agent")}
	set := own(t)
	different, first := 0, ""
	for i, workers := range workerCounts {
		order := slices.Clone(paths)
		for range i {
			order = append(order[1:], order[0])
		}
		sum, campaigns, matches := fingerprint(t, set, order, workers)
		t.Logf("%d workers: %d campaigns, %d matches, %.12s", workers, campaigns, matches, sum)
		if campaigns < 3 || matches == 0 {
			t.Errorf("%d workers: %d campaigns and %d matches", workers, campaigns, matches)
		}
		if first == "" {
			first = sum
		}
		if sum != first {
			different++
		}
	}
	return different
}

// fingerprint is a hash of all that a hunt finds, written as lines of JSON.
func fingerprint(t *testing.T, set *sigma.Set, paths []string, workers int) (sum string, campaigns, matches int) {
	t.Helper()
	found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: paths, Workers: workers, Key: []byte("eval")}, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := sha256.New()
	for _, c := range found.Campaigns {
		writeJSON(t, h, c)
	}
	writeJSON(t, h, found.Aside)
	writeJSON(t, h, found.Attempts)
	for m := range found.All(true) {
		writeJSON(t, h, []any{m.Rule.ID, m.Event.Source, m.Event.Record, m.Event.Time, m.Held, m.Series})
	}
	writeJSON(t, h, coverage.LetGo)
	return fmt.Sprintf("%x", h.Sum(nil)), len(found.Campaigns), found.Len()
}

func writeJSON(t *testing.T, h hash.Hash, v any) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	h.Write(append(b, '\n'))
}

// TestSessions hunts a terminal server with a few hundred sessions: each is read, and each is somebody. What many cost is
// TestLongSessions'.
func TestSessions(t *testing.T) {
	const n = 300
	found, coverage := told(t, own(t), terminalServer(t, filepath.Join(t.TempDir(), "sysmon.json"), n))
	if coverage.Events != n || coverage.FaultN != 0 {
		t.Errorf("%d events and %d faults of %d lines", coverage.Events, coverage.FaultN, n)
	}
	doers := found.Attempts
	for _, c := range found.Campaigns {
		doers += len(c.Actors)
	}
	if doers < n {
		t.Errorf("%d doers in %d sessions", doers, n)
	}
}
