package rehearse_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin/rehearse"
)

// small is a rehearsal that takes some milliseconds.
var small = rehearse.Options{Seed: 7, Targets: 6, Days: 2, Noise: 0.03}

func play(t testing.TB, opt rehearse.Options) (dir string, truth *rehearse.Truth) {
	t.Helper()
	dir = t.TempDir()
	truth, err := rehearse.Write(dir, opt, false)
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// written is every file below dir with what it holds and its time.
func written(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		at := ""
		if rel != "TRUTH.json" {
			at = info.ModTime().UTC().Format(time.RFC3339)
		}
		all[rel] = at + "\n" + string(b)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSameOptionsGiveSameBytes(t *testing.T) {
	for name, opt := range map[string]rehearse.Options{
		"usual":   small,
		"evading": {Seed: 3, Targets: 5, Noise: 0.03, Jitter: 1, Pace: 2, Rotate: 10, Rename: true, Autonomy: 0.4, Gates: 9},
	} {
		t.Run(name, func(t *testing.T) {
			one, _ := play(t, opt)
			two, _ := play(t, opt)
			a, b := written(t, one), written(t, two)
			if !maps.Equal(a, b) {
				t.Errorf("the same options gave other bytes: %s", cmp.Diff(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))))
			}
			opt.Seed++
			three, _ := play(t, opt)
			if maps.Equal(a, written(t, three)) {
				t.Error("another seed gave the same bytes")
			}
		})
	}
}

func TestTruthOnDiskIsTheTruthReturned(t *testing.T) {
	dir, truth := play(t, small)
	b, err := os.ReadFile(filepath.Join(dir, "TRUTH.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read rehearse.Truth
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	want, err := json.Marshal(truth)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(string(b), ": null") {
		t.Error("TRUTH.json holds null where a list is meant")
	}
}

// TestOptionsAreHonoured plays the corners of the parameters: what was asked for is what the truth says was done.
func TestOptionsAreHonoured(t *testing.T) {
	for name, o := range map[string]rehearse.Options{
		"usual":                  {Targets: 30},
		"autonomy 1, no gates":   {Autonomy: 1, Gates: -1},
		"autonomy 0.95":          {Autonomy: 0.95, Targets: 20},
		"autonomy 0.5":           {Autonomy: 0.5, Targets: 20},
		"autonomy 0.3":           {Autonomy: 0.3, Targets: 20},
		"autonomy 0.01":          {Autonomy: 0.01},
		"all by hand":            {Autonomy: -1},
		"all by hand, 8 gates":   {Autonomy: -1, Gates: 8},
		"no gates":               {Gates: -1},
		"1 gate":                 {Gates: 1},
		"4 gates":                {Gates: 4},
		"7 gates":                {Gates: 7},
		"12 gates":               {Gates: 12},
		"12 gates, 1 target":     {Gates: 12, Targets: 1},
		"40 targets":             {Targets: 40},
		"a day":                  {Days: 1},
		"nobody blocks":          {Blocks: -1},
		"all block":              {Blocks: 6},
		"script":                 {Tempo: "script"},
		"human":                  {Tempo: "human"},
		"slow":                   {Pace: 30, Targets: 3},
		"rotates":                {Rotate: 10},
		"rotates, all by hand":   {Rotate: 10, Autonomy: -1},
		"renames":                {Rename: true, Rotate: 20},
		"jitters":                {Jitter: 2, Targets: 3},
		"another time, no noise": {Start: time.Date(2031, 12, 30, 0, 0, 0, 0, time.UTC), Noise: -1},
	} {
		t.Run(name, func(t *testing.T) {
			o.Seed = 11
			if o.Targets == 0 {
				o.Targets = 6
			}
			if o.Noise == 0 {
				o.Noise = 0.01
			}
			dir, truth := play(t, o)
			got := truth.Options
			want := func(asked, usual int) int {
				switch asked {
				case 0:
					return usual
				case -1:
					return 0
				}
				return asked
			}
			if n := len(truth.Campaign.Orgs); n != o.Targets {
				t.Errorf("%d organisations, want %d", n, o.Targets)
			}
			// A person does one action at a decision at least; at most six refusals a block come on top of what was shared out.
			beside := float64(want(o.Gates, 5)+6*len(truth.Blocks)) / float64(len(truth.Actions))
			autonomy := got.Autonomy
			if o.Tempo == "human" {
				autonomy = 0
			}
			if a := truth.Campaign.Autonomy; math.Abs(a-autonomy) > min(0.03, max(0.01, beside)) {
				t.Errorf("autonomy %.3f, want %.3f", a, autonomy)
			}
			if n := want(o.Gates, 5); len(truth.Campaign.Gates) != n {
				t.Errorf("%d gates, want %d", len(truth.Campaign.Gates), n)
			}
			if n := min(want(o.Blocks, 4), o.Targets); len(truth.Blocks) != n {
				t.Errorf("%d blocks, want %d", len(truth.Blocks), n)
			}
			checkShape(t, truth)
			checkActors(t, truth, o)

			// What goes on anyway covers the days asked for and lasts as long as the campaign.
			end := got.Start.Add(time.Duration(got.Days) * 24 * time.Hour)
			if truth.Campaign.Last.After(end) {
				end = truth.Campaign.Last
			}
			for path, b := range written(t, filepath.Join(dir, "telemetry")) {
				if strings.Contains(b, `"GET ?`) {
					t.Errorf("%s: a web shell is used that was never left there", path)
				}
				if strings.HasSuffix(path, "auth.log") {
					at, err := time.Parse(time.RFC3339, b[:strings.IndexByte(b, '\n')])
					if err != nil || at.Before(end.Add(-2*time.Hour)) {
						t.Errorf("%s ends at %s, want about %s", path, at, end)
					}
				}
			}
		})
	}
}

// checkShape holds the truth against itself: order, phases, quiets, shares.
func checkShape(t *testing.T, truth *rehearse.Truth) {
	t.Helper()
	byHand := 0
	entered := map[string]bool{} // organisations with a way in
	decided := map[time.Time]int{}
	for i, a := range truth.Actions {
		if i > 0 && a.Time.Before(truth.Actions[i-1].Time) {
			t.Fatalf("action %d is before the one before", i)
		}
		if a.Human != (a.Actor == "operator" || truth.Options.Tempo == "human") {
			t.Errorf("action %d of %s: human is %v", i, a.Actor, a.Human)
		}
		if a.Human {
			byHand++
		}
		if entered[a.Org] = entered[a.Org] || a.Tactic == "persistence"; !entered[a.Org] && !strings.HasSuffix(a.File, "access.log") && !strings.HasSuffix(a.File, "conn.log") {
			t.Fatalf("action %d, %s in %s, is before there was a way in", i, a.What, a.File)
		}
		if a.Gate {
			if decided[a.Time]++; !a.Human {
				t.Errorf("action %d after a decision was not done by hand", i)
			}
		}
		if !slices.Contains(truth.Campaign.Orgs, a.Org) || a.Tactic == "" || a.What == "" || a.Host == "" || !slices.Contains([]string{"worked", "failed", "denied"}, a.Outcome) {
			t.Errorf("action %d: %+v", i, a)
		}
	}
	if a := 1 - float64(byHand)/float64(len(truth.Actions)); math.Abs(a-truth.Campaign.Autonomy) > 1e-9 {
		t.Errorf("autonomy is said to be %.4f and is %.4f", truth.Campaign.Autonomy, a)
	}
	if len(decided) != len(truth.Campaign.Gates) {
		t.Errorf("%d actions are the first after a decision, want %d", len(decided), len(truth.Campaign.Gates))
	}
	for i, g := range truth.Campaign.Gates {
		if decided[g.Time] != 1 {
			t.Errorf("gate %d: %d actions at %s are marked as the first after it", i, decided[g.Time], g.Time)
		}
		if g.Time.Sub(g.Quiet) < 2*time.Minute || g.Time.Sub(g.Quiet) > 12*time.Hour {
			t.Errorf("gate %d: quiet for %s", i, g.Time.Sub(g.Quiet))
		}
		if g.Before == "" || g.After == "" {
			t.Errorf("gate %d: from %q to %q", i, g.Before, g.After)
		}
		if i > 0 && g.Before != truth.Campaign.Gates[i-1].After && len(truth.Campaign.Gates) > 5 {
			t.Errorf("gate %d leaves %s, gate %d led to %s", i, g.Before, i-1, truth.Campaign.Gates[i-1].After)
		}
		for _, a := range truth.Actions {
			if a.Time.After(g.Quiet) && a.Time.Before(g.Time) {
				t.Errorf("gate %d: %s at %s, within its quiet", i, a.What, a.Time)
			}
		}
	}
	if !truth.Campaign.First.Equal(truth.Actions[0].Time) || !truth.Campaign.Last.Equal(truth.Actions[len(truth.Actions)-1].Time) {
		t.Error("the campaign does not last from its first action to its last")
	}
	reached := map[string]bool{}
	for _, v := range truth.Victims {
		if v.Reached {
			reached[v.Host] = true
		}
	}
	for h := range reached {
		if !slices.ContainsFunc(truth.Actions, func(a rehearse.Action) bool { return a.Host == h && a.Outcome == "worked" }) {
			t.Errorf("%s is said to be reached; no action there worked", h)
		}
	}
	if len(reached) == 0 {
		t.Error("no machine was reached")
	}
}

// checkActors holds the actors, their addresses and names against what was asked for.
func checkActors(t *testing.T, truth *rehearse.Truth, o rehearse.Options) {
	t.Helper()
	addresses := map[string]string{} // address → agent
	of := map[string]int{}
	for _, a := range truth.Actions {
		of[a.Actor]++
	}
	for _, a := range truth.Actors {
		if a.ID == "operator" {
			if a.Driver != "human" || of[a.ID] == 0 {
				t.Errorf("the operator: driver %s, %d actions", a.Driver, of[a.ID])
			}
			continue
		}
		if a.Driver != truth.Options.Tempo {
			t.Errorf("%s: driven by %s, want %s", a.ID, a.Driver, truth.Options.Tempo)
		}
		for _, ip := range a.Addresses {
			if addresses[ip] != "" {
				t.Errorf("%s and %s both come from %s", a.ID, addresses[ip], ip)
			}
			addresses[ip] = a.ID
		}
		if o.Rename && len(a.Addresses) > 1 && len(a.UserAgents) < 2 {
			t.Errorf("%s moved %d times and kept its name", a.ID, len(a.Addresses)-1)
		}
		if !o.Rename && len(a.UserAgents) != 1 {
			t.Errorf("%s: goes by %q", a.ID, a.UserAgents)
		}
	}
	for id := range of {
		if !slices.ContainsFunc(truth.Actors, func(a rehearse.Actor) bool { return a.ID == id }) {
			t.Errorf("%s acts and is no actor", id)
		}
	}
	side := 3
	if o.Tempo == "human" {
		side = 1
	}
	switch {
	case o.Rotate == 0 && len(addresses) != side+len(truth.Blocks):
		t.Errorf("%d addresses, want one for each agent and block", len(addresses))
	case o.Rotate > 0 && len(addresses) < len(truth.Actions)/o.Rotate/3:
		t.Errorf("%d addresses for %d actions, want a new one each %d", len(addresses), len(truth.Actions), o.Rotate)
	}
	for _, b := range truth.Blocks {
		if addresses[b.From] == "" || addresses[b.From] != addresses[b.To] || b.From == b.To || !b.Resumed.After(b.Blocked) {
			t.Errorf("block: %+v", b)
		}
		denied, last := 0, b.Blocked
		for _, a := range truth.Actions {
			if a.Org == b.Org && !a.Time.Before(b.Blocked) && a.Time.Before(b.Resumed) && a.Outcome == "denied" {
				denied, last = denied+1, a.Time
			}
		}
		if denied < 3 || b.Resumed.Sub(last) < 15*time.Second {
			t.Errorf("%s: %d refusals between %s and %s, the last at %s", b.Org, denied, b.Blocked, b.Resumed, last)
		}
	}
}

// TestTempo holds the gaps of the agents against the model asked for.
func TestTempo(t *testing.T) {
	median := func(o rehearse.Options) float64 {
		o.Seed, o.Targets, o.Noise, o.Gates, o.Autonomy = 5, 12, 0.01, -1, 1
		_, truth := play(t, o)
		last := map[string]time.Time{}
		var gaps []float64
		for _, a := range truth.Actions {
			if !last[a.Actor].IsZero() {
				gaps = append(gaps, a.Time.Sub(last[a.Actor]).Seconds())
			}
			last[a.Actor] = a.Time
		}
		slices.Sort(gaps)
		return gaps[len(gaps)/2]
	}
	for _, tt := range []struct {
		name      string
		opt       rehearse.Options
		low, high float64 // of the median, s
	}{
		{"agent", rehearse.Options{}, 5, 12},
		{"script", rehearse.Options{Tempo: "script"}, 1.5, 2.5},
		{"human", rehearse.Options{Tempo: "human"}, 9, 18},
		{"agent at a third", rehearse.Options{Pace: 3}, 15, 36},
		{"agent with jitter", rehearse.Options{Jitter: 1}, 4, 16},
	} {
		if m := median(tt.opt); m < tt.low || m > tt.high {
			t.Errorf("%s: median gap %.2f s, want %g to %g", tt.name, m, tt.low, tt.high)
		}
	}
}

func TestBadOptions(t *testing.T) {
	for _, tt := range []struct {
		want string
		opt  rehearse.Options
	}{
		{"targets: -3", rehearse.Options{Targets: -3}},
		{"targets: 4000", rehearse.Options{Targets: 4000}},
		{"autonomy: 1.5", rehearse.Options{Autonomy: 1.5}},
		{"autonomy: -0.2", rehearse.Options{Autonomy: -0.2}},
		{"autonomy: NaN", rehearse.Options{Autonomy: math.NaN()}},
		{"gates: 13", rehearse.Options{Gates: 13}},
		{"gates: -2", rehearse.Options{Gates: -2}},
		{"days: 31", rehearse.Options{Days: 31}},
		{"days: -1", rehearse.Options{Days: -1}},
		{`tempo: "bot"`, rehearse.Options{Tempo: "bot"}},
		{"jitter: NaN", rehearse.Options{Jitter: math.NaN()}},
		{"jitter: -0.1", rehearse.Options{Jitter: -0.1}},
		{"pace: -1", rehearse.Options{Pace: -1}},
		{"pace: +Inf", rehearse.Options{Pace: math.Inf(1)}},
		{"rotate: -1", rehearse.Options{Rotate: -1}},
		{"noise: -2", rehearse.Options{Noise: -2}},
		{"noise: NaN", rehearse.Options{Noise: math.NaN()}},
		{"blocks: -2", rehearse.Options{Blocks: -2}},
		{"start: 0099-", rehearse.Options{Start: time.Date(99, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{`session-format: "cursor"; want claude-code, codex, opencode,`, rehearse.Options{SessionFormat: "cursor"}},
		{"lower pace or jitter", rehearse.Options{Pace: 100, Jitter: 3}},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		_, err := rehearse.Write(dir, tt.opt, false)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v; want %q", tt.opt, err, tt.want)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: something was written all the same", tt.want)
		}
	}
}

// Another name of a file that is written anew keeps what it had, and nothing is written through a symbolic link.
func TestLinksAreNotWrittenThrough(t *testing.T) {
	dir, other := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	truth := filepath.Join(dir, "TRUTH.json")
	if err := errors.Join(os.WriteFile(other, []byte("kept"), 0o644), os.Link(other, truth)); err != nil {
		t.Skip(err)
	}
	if _, err := rehearse.Write(dir, small, true); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(other); err != nil || string(b) != "kept" {
		t.Errorf("%.20q, %v", b, err)
	}
	if err := errors.Join(os.Remove(truth), os.Symlink(other, truth)); err != nil {
		t.Skip(err)
	}
	if _, err := rehearse.Write(dir, small, true); err == nil || !strings.Contains(err.Error(), "symbolic link") {
		t.Error(err)
	}
}

func TestFolderIsNotOverwritten(t *testing.T) {
	dir := t.TempDir() // there, and empty
	if _, err := rehearse.Write(dir, small, false); err != nil {
		t.Fatal(err)
	}
	before := written(t, dir)
	other := small
	other.Seed++
	if _, err := rehearse.Write(dir, other, false); !errors.Is(err, rehearse.ErrNotEmpty) || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--force") {
		t.Errorf("a folder that holds a rehearsal: %v", err)
	}
	if !maps.Equal(before, written(t, dir)) {
		t.Error("what was there was changed")
	}
	if _, err := rehearse.Write(dir, small, true); err != nil {
		t.Error(err)
	}
	if !maps.Equal(before, written(t, dir)) {
		t.Error("the same again is not the same")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := rehearse.Write(file, small, true); err == nil {
		t.Error("wrote into a file")
	}
}

func BenchmarkWrite(b *testing.B) {
	for range b.N {
		_, truth := play(b, rehearse.Options{Seed: 1})
		b.ReportMetric(float64(truth.Records), "records/op")
	}
}

// TestLines says that Lines gives what Write writes.
func TestLines(t *testing.T) {
	opt := rehearse.Options{Seed: 3, Targets: 2, Days: 1}
	dir := t.TempDir()
	truth, err := rehearse.Write(dir, opt, false)
	if err != nil {
		t.Fatal(err)
	}
	all, also, err := rehearse.Lines(opt)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != truth.Records || also.Records != truth.Records {
		t.Errorf("%d records, Write says %d, Lines %d", len(all), truth.Records, also.Records)
	}
	files := map[string]string{}
	for i, l := range all {
		if i > 0 && l.At.Before(all[i-1].At) {
			t.Fatalf("record %d is before the one that comes before it", i)
		}
		files[l.File] += l.Text
	}
	for name, text := range files {
		b, err := os.ReadFile(filepath.Join(dir, "telemetry", name))
		if err != nil || string(b) != text {
			t.Errorf("%s: %v; not as Write wrote it", name, err)
		}
	}
}
