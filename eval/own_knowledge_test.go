package eval

import (
	"context"
	"crypto/md5"
	"io"
	"math/big"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
)

// TestOwnKnowledge counts the recorded attacks on Windows in which our own rules and knowledge, without any collection, find
// something of level medium or above, set by set, and the findings of that level in ordinary use. Rows of knowledge were
// added by what two thirds of each set show; the others, held aside, are counted apart too.
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
		all, apart := 0, 0
		err := members(data(t, set.archive), func(name string, _ io.Reader) error {
			if strings.HasSuffix(name, ".evtx") {
				all++
				if heldAside(name) {
					apart++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		in, _, _ := telling(set.archive)
		hit, hitApart := 0, 0
		for source := range in {
			if strings.HasSuffix(source, ".evtx") {
				hit++
				if heldAside(source) {
					hitApart++
				}
			}
		}
		share(t, "windows/own-knowledge/attack-files/"+set.figure, hit, all)
		share(t, "windows/own-knowledge/attack-files-held-aside/"+set.figure, hitApart, apart)
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
	hit, hitApart, apart := 0, 0, 0
	for archive := range archives {
		if heldAside(archive) {
			apart++
		}
		for source := range in {
			if strings.HasPrefix(source, archive+"!") {
				hit++
				if heldAside(archive) {
					hitApart++
				}
				break
			}
		}
	}
	share(t, "windows/own-knowledge/attack-files/otrf", hit, len(archives))
	share(t, "windows/own-knowledge/attack-files-held-aside/otrf", hitApart, apart)
	_, n, events := telling("windows/benign-evtx-omer.tar.gz")
	score(t, "benign/own-knowledge/medium-per-10k", 1e4*float64(n)/float64(events), 0)
}

// heldAside says that a recording is of the third that no row was made by.
func heldAside(name string) bool {
	sum := md5.Sum([]byte(path.Base(name)))
	return new(big.Int).Mod(new(big.Int).SetBytes(sum[:]), big.NewInt(3)).Sign() == 0
}
