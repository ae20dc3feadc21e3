package action

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

var update = flag.Bool("update", false, "pack the knowledge anew")

// own is Tocsin's own knowledge, compiled once for all tests.
var own = func() *Knowledge {
	k, _ := NewKnowledge(OwnKnowledge()...)
	return k
}()

func knowledgeFiles(t *testing.T) []KnowledgeFile {
	t.Helper()
	paths, err := filepath.Glob("knowledge/*" + KnowledgeEnd)
	if err != nil || len(paths) == 0 {
		t.Fatal("no files of knowledge", err)
	}
	var files []KnowledgeFile
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, KnowledgeFile{"builtin/" + filepath.Base(p), data})
	}
	return files
}

func TestPacked(t *testing.T) {
	want := knowledgeFiles(t)
	if *update {
		if err := os.WriteFile("knowledge.bin", packKnowledge(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got := OwnKnowledge()
	if len(got) != len(want) {
		t.Fatalf("%d files are embedded, %d are in the folder: run go test ./action -run TestPacked -update", len(got), len(want))
	}
	for i := range want {
		if got[i].Path != want[i].Path || !bytes.Equal(got[i].Data, want[i].Data) {
			t.Errorf("%s differs from what is embedded: run go test ./action -run TestPacked -update", want[i].Path)
		}
	}
}

// TestKnowledgeSamples runs the samples of all rows: each has one that it must tell and one that it must not.
func TestKnowledgeSamples(t *testing.T) {
	k, faults := NewKnowledge(knowledgeFiles(t)...)
	for _, f := range faults {
		t.Error(f)
	}
	trial := k.Test(func(*tocsin.Rule) bool { return true }, decodeSample)
	for _, f := range trial.Failures {
		t.Error(f)
	}
	for _, r := range trial.Untested {
		t.Errorf("%s:%d: %s lacks a sample that it tells or one that it does not", r.File, r.Line, r.ID)
	}
	ids := map[string]bool{}
	for _, r := range k.rows {
		ids[r.id] = true
	}
	lines := 0
	for _, f := range knowledgeFiles(t) {
		lines += bytes.Count(f.Data, []byte("\nid: "))
		if bytes.HasPrefix(f.Data, []byte("id: ")) {
			lines++
		}
	}
	if len(ids) != lines {
		t.Errorf("%d rows of %d: an id stands in two files", len(ids), lines)
	}
	t.Logf("%d rows: %s", len(k.Rules()), trial)
	for f, name := range findingNames {
		if k.events[f] == nil {
			t.Errorf("no row says what %s means", name)
		}
	}
}

func decodeSample(name string, data []byte, emit func(*tocsin.Event)) error {
	return decode.All(name, data, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC), emit)
}
