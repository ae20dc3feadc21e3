// Package eval scores Tocsin on labelled recordings. It is tests only: go test ./eval -v prints one line a figure, and a
// figure below its bound in figures.tsv is a failed test.
//
// The recordings are read from TOCSIN_DATA, or from ../../shared/data. Where TOCSIN_DATA is set, one that is missing is a
// failure, and time and memory are measured too; where it is not, the bounds that could not be tested are listed at the
// end. What takes minutes to hours needs -tags long. Nothing of the recordings is part of the project.
package eval

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/action"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

// data is the path of a recording. Where it is not there the test fails if TOCSIN_DATA says that there are recordings, and
// is skipped otherwise.
func data(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(dataDir(), filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("TOCSIN_DATA") != "" {
			t.Fatalf("TOCSIN_DATA lacks a recording: %s is not there", path)
		}
		without(t, "no recording %s", name)
	}
	return path
}

// dataDir is the folder that holds the recordings.
func dataDir() string {
	if dir := os.Getenv("TOCSIN_DATA"); dir != "" {
		return dir
	}
	return "../../shared/data"
}

// unpack extracts those members of a tar.gz that want takes below a temporary folder, which it returns.
func unpack(t testing.TB, archive string, want func(name string) bool) string {
	t.Helper()
	dir := t.TempDir()
	err := members(archive, func(name string, r io.Reader) error {
		if !want(name) || !filepath.IsLocal(name) {
			return nil
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		return os.WriteFile(path, b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// members goes through the files of a tar.gz.
func members(archive string, visit func(name string, r io.Reader) error) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	tr := tar.NewReader(z)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(strings.TrimPrefix(h.Name, "./"), tr); err != nil {
			return err
		}
	}
}

// compile makes a set of those rules of files that want takes; nil takes all. The faults are rules that cannot be used.
func compile(t testing.TB, files []rules.File, want func(*sigma.Rule) bool) (*sigma.Set, []*tocsin.Fault) {
	t.Helper()
	var all []*sigma.Rule
	var faults []*tocsin.Fault
	for _, f := range files {
		parsed, bad := sigma.Parse(f.Path, f.Data)
		faults = append(faults, bad...)
		for _, r := range parsed {
			if want == nil || want(r) {
				all = append(all, r)
			}
		}
	}
	set, bad := sigma.Compile(all, sigma.Options{})
	return set, append(faults, bad...)
}

// sigmaHQ reads SigmaHQ's live rules: those below rules and rules-*.
var sigmaHQFiles = sync.OnceValues(func() ([]rules.File, error) {
	dir := dataDir()
	var files []rules.File
	err := members(filepath.Join(dir, "sigma", "sigmahq.tar.gz"), func(name string, r io.Reader) error {
		top, _, _ := strings.Cut(name, "/")
		if top != "rules" && !strings.HasPrefix(top, "rules-") || !strings.HasSuffix(name, ".yml") {
			return nil
		}
		b, err := io.ReadAll(r)
		files = append(files, rules.File{Path: name, Data: b})
		return err
	})
	return files, err
})

func sigmaHQ(t testing.TB, want func(*sigma.Rule) bool) (*sigma.Set, []*tocsin.Fault) {
	t.Helper()
	data(t, "sigma/sigmahq.tar.gz")
	files, err := sigmaHQFiles()
	if err != nil {
		t.Fatal(err)
	}
	return compile(t, files, want)
}

// windowsRule takes the rules that can hold for a Windows event.
func windowsRule(r *sigma.Rule) bool {
	return r.Source.Product == "windows" || r.Source.Product == ""
}

// own compiles Tocsin's own rules.
func own(t testing.TB) *sigma.Set {
	t.Helper()
	files, err := rules.Files()
	if err != nil {
		t.Fatal(err)
	}
	set, faults := compile(t, files, nil)
	for _, f := range faults {
		t.Error(f)
	}
	return set
}

// hunt runs a set of rules over paths.
func hunt(t testing.TB, set *sigma.Set, paths ...string) (*engine.Findings, *tocsin.Coverage) {
	t.Helper()
	found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: paths}, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found, coverage
}

// knowledge is Tocsin's own.
func knowledge(t testing.TB) *action.Knowledge {
	t.Helper()
	k, faults := action.NewKnowledge(action.OwnKnowledge()...)
	for _, f := range faults {
		t.Error(f)
	}
	return k
}
