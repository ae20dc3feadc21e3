package eval

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
)

// TestOwnKnowledge counts the recorded attacks on Windows in which our own rules and knowledge, without any collection, find
// something of level medium or above, set by set, and the findings of that level in ordinary use. Rows of knowledge were
// added by what EVTX-ATTACK-SAMPLES shows; of the other sets only the score was looked at.
func TestOwnKnowledge(t *testing.T) {
	measures(t)
	telling := func(name string) (map[string]bool, int, int) {
		t.Helper()
		in := engine.Input{Paths: []string{data(t, name)}, Knowledge: knowledge(t), Findings: true}
		found, coverage, err := engine.Hunt(context.Background(), in, own(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer found.Close()
		in1, n := map[string]bool{}, 0
		for m := range found.All(true) {
			if m.Rule.Level >= tocsin.Medium {
				in1[m.Event.Source] = true
				n++
			}
		}
		return in1, n, int(coverage.Events)
	}
	for _, set := range []struct{ figure, archive string }{
		{"evtx-samples", "windows/evtx-attack-samples.tar.gz"},
		{"deepblue", "windows/deepblue-yamato.tar.gz"},
		{"sigma-regression", "windows/sigma-regression.tar.gz"},
	} {
		all := 0
		err := members(data(t, set.archive), func(name string, _ io.Reader) error {
			if strings.HasSuffix(name, ".evtx") {
				all++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		in, _, _ := telling(set.archive)
		hit := 0
		for source := range in {
			if strings.HasSuffix(source, ".evtx") {
				hit++
			}
		}
		share(t, "windows/own-knowledge/attack-files/"+set.figure, hit, all)
	}
	archives := map[string]bool{}
	for _, end := range []string{"zip", "tar.gz"} {
		for depth := 1; depth < 5; depth++ {
			more, err := filepath.Glob(filepath.Join(data(t, "windows/otrf-atomic"), strings.Repeat("*/", depth)+"*."+end))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range more {
				archives[path] = true
			}
		}
	}
	in, _, _ := telling("windows/otrf-atomic")
	hit := 0
	for path := range archives {
		for source := range in {
			if strings.HasPrefix(source, path+"!") {
				hit++
				break
			}
		}
	}
	share(t, "windows/own-knowledge/attack-files/otrf", hit, len(archives))
	_, n, events := telling("windows/benign-evtx-omer.tar.gz")
	score(t, "benign/own-knowledge/medium-per-10k", 1e4*float64(n)/float64(events), 0)
}
