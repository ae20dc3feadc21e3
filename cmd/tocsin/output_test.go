package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What gets an output's name while the run goes on is not replaced, and what was to be written is not lost.
func TestOutputReplacesNothingNew(t *testing.T) {
	const result = `{"kind":"coverage","files_read":1,"files_skipped":0,"bytes":1}` + "\n"
	for name, tt := range map[string]struct {
		before string // "" is no file
		during func(path string) error
	}{
		"appeared":        {"", func(path string) error { return os.WriteFile(path, []byte("a log"), 0o644) }},
		"appeared, empty": {"", func(path string) error { return os.WriteFile(path, nil, 0o644) }},
		"grew":            {result, func(path string) error { return os.WriteFile(path, []byte("a longer log"+result), 0o644) }},
		"another": {result, func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte(result), 0o644), os.Rename(path+".new", path))
		}},
		"a link": {"", func(path string) error {
			return errors.Join(os.WriteFile(path+".log", []byte("a log"), 0o644), os.Symlink(path+".log", path))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out.jsonl")
			if tt.before != "" {
				if err := os.WriteFile(path, []byte(tt.before), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			o, err := createOutput("--output", path, nil, &guard{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.Write([]byte("report")); err != nil {
				t.Fatal(err)
			}
			if err := tt.during(path); err != nil {
				t.Skip(err)
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			err = o.keep()
			o.discard()
			if !errors.Is(err, errAppeared) {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
				t.Errorf("%q, %v", got, err)
			}
			_, aside, _ := strings.Cut(err.Error(), "lies in ")
			if got, err := os.ReadFile(aside); err != nil || string(got) != "report" {
				t.Errorf("the report: %q, %v", got, err)
			}
		})
	}
}

// Nothing lies beside an output before it is written, nor after it was given up.
func TestOutputLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	names := func() (all []string) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	o, err := createOutput("--output", filepath.Join(dir, "out.txt"), nil, &guard{})
	if err != nil || len(names()) != 0 {
		t.Fatal(names(), err)
	}
	if _, err := o.Write([]byte("half")); err != nil || len(names()) != 1 {
		t.Fatal(names(), err)
	}
	o.discard()
	if len(names()) != 0 {
		t.Error(names())
	}
	if _, err := createOutput("--output", filepath.Join(dir, "no", "out.txt"), nil, &guard{}); err == nil || !strings.Contains(err.Error(), "--output") {
		t.Error(err)
	}
}

// TestPartial holds that what was written before a write failed is kept under another name, and that the error says so.
func TestPartial(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "r.jsonl")
	o := &output{flag: "--output", path: path}
	o.Writer = (*beside)(o)
	if _, err := o.Write([]byte("one\n")); err != nil {
		t.Fatal(err)
	}
	if err := o.file.Close(); err != nil { // as good as a full disk
		t.Fatal(err)
	}
	if _, err := o.Write([]byte("two\n")); err == nil || !strings.Contains(err.Error(), "kept as "+path+".partial") {
		t.Errorf("error %v", err)
	}
	o.discard()
	all, err := os.ReadDir(dir)
	if err != nil || len(all) != 1 || all[0].Name() != "r.jsonl.partial" {
		t.Errorf("%v, %v", all, err)
	}
	if b, err := os.ReadFile(path + ".partial"); err != nil || string(b) != "one\n" {
		t.Errorf("%q, %v", b, err)
	}
}
