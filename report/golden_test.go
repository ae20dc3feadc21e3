package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/NAME.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}

// writers are all formats, by the name of their golden file.
func writers() map[string]func(io.Writer, *Hunt) error {
	return map[string]func(io.Writer, *Hunt) error{
		"hunt.jsonl":          JSONL,
		"hunt.csv":            CSV,
		"hunt.ocsf.jsonl":     OCSF,
		"hunt.navigator.json": Navigator,
		"hunt.stix.json":      STIX,
		"hunt.txt":            func(w io.Writer, h *Hunt) error { return Text(w, h, TextOptions{}) },
		"hunt.small.txt": func(w io.Writer, h *Hunt) error {
			return Text(w, h, TextOptions{Width: 80, Height: 24, Color: true})
		},
	}
}

func TestGolden(t *testing.T) {
	for name, write := range writers() {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b, sampleHunt(12)); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
			var again bytes.Buffer
			if err := write(&again, sampleHunt(12)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), again.Bytes()) {
				t.Error("a second report of the same hunt differs")
			}
		})
	}
}
