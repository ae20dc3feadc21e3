package rules

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
