//go:build unix

package eval

import (
	"archive/zip"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

// A yardstick is what a script of a few lines would do to read the same bytes; it looks for nothing. Speed is told as a
// ratio to it, measured in the same run, so that a slow or busy machine slows both.
type yardstick func(t testing.TB, paths []string) (events int64)

// speeds are the kinds of log whose speed is published. EVTX, for which the standard library has no reader, is held against
// the yardstick of the same kind of events as JSON.
var speeds = []struct {
	name  string
	paths func(t testing.TB) []string
	naive yardstick
}{
	{"windows-json", windowsJSON, decodeJSON},
	{"evtx", func(t testing.TB) []string {
		return []string{data(t, "windows/evtx-attack-samples.tar.gz"), data(t, "windows/deepblue-yamato.tar.gz"), data(t, "windows/benign-evtx-omer.tar.gz")}
	}, nil},
	{"nginx", func(t testing.TB) []string { log, _ := generated(t, "nginx", 1_000_000); return []string{log} },
		byExpression(`^(\S+) \S+ (\S+) \[([^\]]+)\] "(\S+) (\S+) ([^"]*)" (\d+) (\d+) "([^"]*)" "([^"]*)"`)},
	{"sshd", func(t testing.TB) []string { log, _ := generated(t, "sshd", 1_000_000); return []string{log} },
		byExpression(`^(\w+ +\d+ [\d:]+) (\S+) (\w[\w-]*)\[(\d+)\]: (.*)$`)},
	{"zeek", func(t testing.TB) []string { return []string{data(t, "network/zeek-rita.tar.gz")} }, splitTabs},
}

func windowsJSON(t testing.TB) []string { return []string{data(t, "windows/otrf-atomic")} }

// decodeJSON reads the lines of JSON in the archives below paths with encoding/json.
func decodeJSON(t testing.TB, paths []string) (events int64) {
	decode := func(r io.Reader) {
		for s := lines(r); s.Scan(); {
			var v map[string]any
			if json.Unmarshal(s.Bytes(), &v) == nil {
				events++
			}
		}
	}
	err := filepath.WalkDir(paths[0], func(path string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tar.gz") && err == nil {
			return members(path, func(_ string, r io.Reader) error { decode(r); return nil })
		}
		if err != nil || filepath.Ext(path) != ".zip" {
			return err
		}
		z, err := zip.OpenReader(path)
		if err != nil {
			return err
		}
		defer z.Close()
		for _, f := range z.File {
			if filepath.Ext(f.Name) != ".json" {
				continue
			}
			r, err := f.Open()
			if err != nil {
				return err
			}
			decode(r)
			r.Close()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// byExpression takes lines apart with one regular expression.
func byExpression(expression string) yardstick {
	re := regexp.MustCompile(expression)
	return func(t testing.TB, paths []string) (events int64) {
		f, err := os.Open(paths[0])
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for s := lines(f); s.Scan(); {
			if re.FindStringSubmatch(s.Text()) != nil {
				events++
			}
		}
		return events
	}
}

// splitTabs reads the compressed logs of a tar.gz and cuts their lines at tabs.
func splitTabs(t testing.TB, paths []string) (events int64) {
	err := members(paths[0], func(name string, r io.Reader) error {
		if !strings.HasSuffix(name, ".log.gz") {
			return nil
		}
		z, err := gzip.NewReader(r)
		if err != nil {
			return err
		}
		for s := lines(z); s.Scan(); {
			if !strings.HasPrefix(s.Text(), "#") && len(strings.Split(s.Text(), "\t")) > 1 {
				events++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// TestSpeed measures hunts with all rules on one processor, with campaigns and with rules alone, against the yardsticks: the
// processor time of an event as a ratio, each the least of three measured in turn.
func TestSpeed(t *testing.T) {
	measures(t)
	timed(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	set := everything(t)
	asJSON := 0.0 // the yardstick's seconds an event
	for _, s := range speeds {
		paths := s.paths(t)
		var naive, alone, joined float64
		var events, matches, campaigns int64
		for round := range 3 {
			if s.naive != nil {
				n := int64(0)
				spent := spends(func() { n = s.naive(t, paths) })
				naive = least(naive, spent.Seconds()/float64(n))
				if n == 0 {
					t.Fatalf("%s: the yardstick reads nothing", s.name)
				}
				if events > 0 && (n < events*95/100 || n > events*105/100) {
					t.Errorf("%s: the yardstick reads %d events, a hunt %d", s.name, n, events)
				}
			}
			for _, key := range [2][]byte{nil, []byte("eval")} {
				var found *engine.Findings
				spent := spends(func() {
					f, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: paths, Workers: 1, Key: key}, set, nil)
					if err != nil {
						t.Fatal(err)
					}
					found, events = f, coverage.Events
				})
				one := spent.Seconds() / float64(events)
				if key == nil {
					alone = least(alone, one)
				} else {
					joined = least(joined, one)
					if round > 0 && campaigns != int64(len(found.Campaigns)) {
						t.Errorf("%s: %d campaigns, then %d", s.name, campaigns, len(found.Campaigns))
					}
					campaigns = int64(len(found.Campaigns))
				}
				if matches > 0 && matches != int64(found.Len()) {
					t.Errorf("%s: %d matches, then %d", s.name, matches, found.Len())
				}
				matches = int64(found.Len())
			}
		}
		if matches == 0 {
			t.Errorf("%s: nothing found in %d events", s.name, events)
		}
		if s.name == "windows-json" {
			asJSON = naive
		}
		if s.naive == nil {
			naive = asJSON
		}
		t.Logf("%-12s %8d events, %7d matches, %3d campaigns: yardstick %.2f µs an event, rules alone %.2f, with campaigns %.2f", s.name, events, matches, campaigns, 1e6*naive, 1e6*alone, 1e6*joined)
		score(t, "speed/"+s.name+"/with-campaigns", joined/naive, 0)
		score(t, "speed/"+s.name+"/rules-alone", alone/naive, 0)
		score(t, "speed/"+s.name+"/campaigns-add", joined/alone, 0)
	}
}

// TestLoadingSpeed measures loading and compiling all rules against reading their YAML alone.
func TestLoadingSpeed(t *testing.T) {
	measures(t)
	timed(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	data(t, "sigma/sigmahq.tar.gz")
	files, err := sigmaHQFiles()
	if err != nil {
		t.Fatal(err)
	}
	mine, err := rules.Files()
	if err != nil {
		t.Fatal(err)
	}
	files = append(mine, files...)
	naive, loading := 0.0, 0.0
	for range 3 {
		read := 0
		naive = least(naive, spends(func() {
			for _, f := range files {
				var v map[string]any
				if yaml.Unmarshal(f.Data, &v) == nil {
					read++
				}
			}
		}).Seconds())
		var set *sigma.Set
		loading = least(loading, spends(func() { set, _ = compile(t, files, nil) }).Seconds())
		if len(set.Rules()) < liveRules || read < liveRules {
			t.Errorf("%d rules compiled, %d files read", len(set.Rules()), read)
		}
	}
	t.Logf("%d files: YAML alone %.2f s, loading %.2f s", len(files), naive, loading)
	score(t, "speed/loading", loading/naive, 0)
}

// spends is the processor time that do takes, on a heap that was swept before.
func spends(do func()) time.Duration {
	runtime.GC()
	before := cpu()
	do()
	return cpu() - before
}

// least is the smaller of what there was so far, 0 for nothing, and one more.
func least(sofar, more float64) float64 {
	if sofar == 0 {
		return more
	}
	return min(sofar, more)
}
