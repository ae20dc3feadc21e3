package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rehearse"
)

// A running is a process of "tocsin run" that a test started.
type running struct {
	cmd  *exec.Cmd
	url  string
	errs *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startRun starts the program and waits until its console has an address.
func startRun(t *testing.T, program string, args ...string) *running {
	t.Helper()
	r := &running{errs: &lockedBuffer{}, cmd: exec.Command(program, append([]string{"run", "--listen", "127.0.0.1:0", "--no-installed"}, args...)...)}
	r.cmd.Stderr = r.errs
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1)
	go func() {
		s := bufio.NewScanner(out)
		for s.Scan() {
			if url, ok := strings.CutPrefix(s.Text(), "console: "); ok {
				found <- url
			}
		}
		close(found)
	}()
	select {
	case r.url = <-found:
	case <-time.After(30 * time.Second):
	}
	if r.url == "" {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		t.Fatalf("it does not begin:\n%s", r.errs)
	}
	return r
}

func (r *running) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}

// get reads what the API says, into v.
func (r *running) get(path string, v any) error {
	resp, err := http.Get(r.url + path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(v)
}

// number is a metric.
func (r *running) number(name string) float64 {
	resp, err := http.Get(r.url + "/metrics")
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.ParseFloat(strings.TrimSpace(v), 64)
			return n
		}
	}
	return -1
}

// A rotator writes lines to files as servers do, and rotates them as logrotate does.
type rotator struct {
	dir   string
	rng   *rand.Rand
	mu    sync.Mutex
	lines int
	turns int
}

// write appends lines of one file.
func (r *rotator) write(t *testing.T, name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r.lines += strings.Count(text, "\n")
}

// rotate renames a file, and compresses what was renamed before.
func (r *rotator) rotate(t *testing.T, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := filepath.Join(r.dir, name)
	if _, err := os.Stat(path); err != nil {
		return
	}
	r.turns++
	if old, err := os.ReadFile(path + ".1"); err == nil {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(old)
		_ = z.Close()
		if err := os.WriteFile(fmt.Sprintf("%s.%d.gz", path, r.turns), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path + ".1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
}

// A receiver counts alerts by their ids.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	ids   map[string]int
	about map[string]string // by id: campaign, kind and level
}

func newReceiver() *receiver {
	r := &receiver{ids: map[string]int{}, about: map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		var m struct {
			Data struct{ Campaign, Kind, Principal string }
		}
		_ = json.Unmarshal(body, &m)
		a := m.Data
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ids[q.Header.Get("webhook-id")]++
		r.about[q.Header.Get("webhook-id")] = a.Campaign + a.Principal + " " + a.Kind
	}))
	return r
}

// story is what of campaigns must be the same however their files were rotated.
func story(all []*tocsin.Campaign) (out []string) {
	for _, c := range all {
		var victims []string
		for i := range c.Victims {
			victims = append(victims, c.Victims[i].Value)
		}
		slices.Sort(victims)
		out = append(out, fmt.Sprintf("%s %s: %s to %s, %d actions, %d alerts, %s %v", c.Level, c.Title, c.First.Format(time.RFC3339Nano), c.Last.Format(time.RFC3339Nano), c.Actions, c.Alerts, c.Driver, victims))
	}
	slices.Sort(out)
	return out
}

// saidIn counts what events say, wherever they stand, and tells where each was said last.
func saidIn(t *testing.T, dir string) (map[string]int, map[string]string) {
	t.Helper()
	n, where := map[string]int{}, map[string]string{}
	var mu sync.Mutex
	_, err := engine.Read(context.Background(), engine.Input{Paths: []string{dir}}, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			mu.Lock()
			defer mu.Unlock()
			said := fmt.Sprintf("%s %s %s %v", ev.Format, ev.Time.Format(time.RFC3339Nano), ev.Host, ev.Fields)
			n[said]++
			where[said] = strings.Clone(ev.Place().String())
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, where
}

// TestRunKilled kills a run at random moments while files are written, rotated and compressed, also while it is down. It ends
// with the campaigns of a hunt through the same lines, each event is kept once, and each alert was told under one id.
// TOCSIN_RUN_KILLS says how often in all, TOCSIN_RUN_SEED with which seed to begin.
func TestRunKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	kills := 8
	if n, err := strconv.Atoi(os.Getenv("TOCSIN_RUN_KILLS")); err == nil {
		kills = n
	}
	program := buildProgram(t)
	const each = 8 // kills of one run
	first, _ := strconv.Atoi(os.Getenv("TOCSIN_RUN_SEED"))
	for seed := first; (seed-first)*each < kills; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { killedRun(t, program, uint64(seed), min(each, kills-(seed-first)*each)) })
	}
}

func killedRun(t *testing.T, program string, seed uint64, kills int) {
	rng := rand.New(rand.NewPCG(seed, 99))
	lines, _, err := rehearse.Lines(rehearse.Options{Seed: seed + 1, Targets: 3, Days: 1, Noise: 0.3})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	for _, l := range lines {
		path := filepath.Join(whole, l.File)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.WriteString(l.Text)
		_ = f.Close()
	}
	to := newReceiver()
	defer to.Close()
	config := filepath.Join(dir, "run.yaml")
	logs, data := filepath.Join(dir, "logs"), filepath.Join(dir, "data")
	_ = os.MkdirAll(logs, 0o755)
	// A day is played within seconds, so that what a killed run is late by is hours of it.
	text := fmt.Sprintf("lateness: 48h\nsources:\n  files: [{glob: %q}]\nalerts:\n  routes: [{name: test, kind: webhook, url: %q}]\n", logs+"/**", to.URL)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	w := &rotator{dir: logs, rng: rng}
	var written atomic.Bool
	var stop atomic.Bool
	var writing sync.WaitGroup
	defer func() { stop.Store(true); writing.Wait() }()
	writing.Go(func() {
		rng := rand.New(rand.NewPCG(seed, 7))
		began, n := time.Now(), 0
		long := time.Duration(kills)*time.Second + 2*time.Second // the whole of it
		for i := 0; i < len(lines) && !stop.Load(); {
			upto := min(len(lines), int(float64(len(lines))*float64(time.Since(began))/float64(long)))
			for ; i < upto; i++ {
				w.write(t, lines[i].File, lines[i].Text)
				n++
				if rng.IntN(len(lines)/60+1) == 0 && !strings.Contains(lines[i].File, "/agents/") { // no harness rotates sessions
					w.rotate(t, lines[i].File)
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
		written.Store(true)
	})
	for range kills {
		r := startRun(t, program, "--config", config, "--data", data, "--replay", "-q")
		time.Sleep(time.Duration(20+rng.IntN(1600)) * time.Millisecond)
		r.kill()
		time.Sleep(time.Duration(rng.IntN(300)) * time.Millisecond)
	}
	r := startRun(t, program, "--config", config, "--data", data, "--replay", "-q")
	defer r.kill()
	deadline := time.Now().Add(90 * time.Second)
	for !written.Load() && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	// A hunt that knows no more than what came before.
	rules, err := loadRunRules(&Config{Rules: ConfigRules{NoInstalled: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := rules.input
	in.Key, in.Paths, in.Causal = []byte("a key of this test"), []string{whole}, true
	found, coverage, err := engine.Hunt(context.Background(), in, rules.set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	want := story(found.Campaigns)
	var got []string
	var all []*tocsin.Campaign
	for same := 0; time.Now().Before(deadline) && same < 3; time.Sleep(500 * time.Millisecond) {
		all = nil
		if err := r.get("/api/v1/campaigns?limit=1000&detail=1", &all); err != nil {
			continue
		}
		if got = story(all); slices.Equal(got, want) {
			same++
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("campaigns (-hunt +run):\n%s\n%s", d, r.errs)
	}
	waiting := func() float64 { return r.number("tocsin_alerts_unsent") }
	for waiting() > 0 && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	_ = r.cmd.Process.Signal(os.Interrupt)
	if err := r.cmd.Wait(); err != nil && r.cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("it ends with %v\n%s", err, r.errs)
	}
	// Each event is in the archive, once.
	have, where := saidIn(t, filepath.Join(data, "archive"))
	should, _ := saidIn(t, whole)
	wrong := 0
	for said, n := range have {
		if d := n - should[said]; d != 0 {
			if wrong++; wrong < 10 {
				t.Errorf("%d times too often, the last at %s: %s", d, where[said], said)
			}
		}
	}
	for said, n := range should {
		if have[said] == 0 {
			if wrong++; wrong < 10 {
				t.Errorf("%d times, and not in the archive: %s", n, said)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d events of %d are not in the archive as they were written", wrong, coverage.Events)
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	told := map[string]int{}
	again := 0
	for id, k := range to.ids {
		again += k - 1
		told[to.about[id]]++
	}
	for about, k := range told {
		if strings.HasSuffix(about, " new") && k > 1 {
			t.Errorf("%s: told under %d ids", about, k)
		}
	}
	for _, c := range all {
		if c.Level >= tocsin.Medium && told[c.ID+" new"] == 0 && !slices.ContainsFunc(c.Was, func(id string) bool { return told[id+" new"] > 0 }) {
			t.Errorf("%s (%s) was never told; %v", c.ID, c.Title, told)
		}
	}
	t.Logf("%d kills, %d lines, %d rotations, %d campaigns, %d alerts, of them sent again %d", kills, w.lines, w.turns, len(all), len(to.ids), again)
}
