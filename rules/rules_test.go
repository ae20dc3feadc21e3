package rules

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/sigma"
)

var update = flag.Bool("update", false, "pack the rules anew")

func sources(t *testing.T) []File {
	t.Helper()
	var files []File
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yml") {
			return err
		}
		data, err := os.ReadFile(path)
		files = append(files, File{"builtin/" + filepath.ToSlash(path), data})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestPacked(t *testing.T) {
	want := sources(t)
	if *update {
		if err := os.WriteFile("rules.bin", Pack(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d files are embedded, %d are in the folder: run go test ./rules -update", len(got), len(want))
	}
	for i := range want {
		if got[i].Path != want[i].Path || !bytes.Equal(got[i].Data, want[i].Data) {
			t.Errorf("%s differs from what is embedded: run go test ./rules -update", want[i].Path)
		}
	}
}

func TestUnpackDamaged(t *testing.T) {
	whole := Pack([]File{{"a.yml", []byte("title: a")}})
	for n := range whole {
		if files, err := Unpack(whole[:n]); err == nil && len(files) > 0 {
			t.Errorf("the first %d of %d bytes gave %d files and no error", n, len(whole), len(files))
		}
	}
}

// TestSamples runs the samples beside the rules: each rule has one that it must match and one that it must not.
func TestSamples(t *testing.T) {
	var parsed []*sigma.Rule
	var cases []sigma.Case
	for _, f := range sources(t) {
		rules, faults := sigma.Parse(f.Path, f.Data)
		for _, f := range faults {
			t.Error(f)
		}
		parsed = append(parsed, rules...)
		name := strings.TrimSuffix(f.Path, ".yml") + ".txtar"
		data, err := os.ReadFile(filepath.FromSlash(strings.TrimPrefix(name, "builtin/")))
		if err != nil {
			t.Error(err)
			continue
		}
		more, faults := sigma.ParseCases(name, data)
		for _, f := range faults {
			t.Error(f)
		}
		cases = append(cases, more...)
	}
	set, faults := sigma.Compile(parsed, sigma.Options{})
	for _, f := range faults {
		t.Error(f)
	}
	report := sigma.TestRules(set, cases, func(name string, data []byte, emit func(*tocsin.Event)) error {
		return decode.All(name, data, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), emit)
	})
	for _, f := range report.Failures {
		t.Error(f)
	}
	for _, r := range report.Untested {
		t.Errorf("%s:%d: %s lacks a sample that matches or one that does not", r.File, r.Line, r.Title)
	}
	t.Logf("%d rules, %d samples: %s", len(set.Rules()), len(cases), report)
	if len(set.Rules()) < 80 {
		t.Errorf("%d rules, want at least 80", len(set.Rules()))
	}
}
