package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var updateDoc = flag.Bool("update-doc", false, "write the output of the examples in docs/search.md anew")

// shellWords are the words of a command without anything that a shell would expand.
func shellWords(line string) []string { return strings.Fields(line) }

// The examples of docs/search.md give what stands there.
func TestSearchDoc(t *testing.T) {
	file, err := filepath.Abs("../../docs/search.md")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	logs := regexp.MustCompile("(?ms)^```log (\\S+)\n(.*?)^```\n").FindAllSubmatch(doc, -1)
	for _, m := range logs {
		name := filepath.FromSlash(string(m[1]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, m[2], 0o644); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	got := regexp.MustCompile("(?ms)^```console\n\\$ (tocsin [^\n]*)\n(.*?)^```\n").ReplaceAllFunc(doc, func(block []byte) []byte {
		n++
		line, _, _ := strings.Cut(strings.TrimPrefix(string(block), "```console\n$ "), "\n")
		var out bytes.Buffer
		ctx := context.Background()
		code := run(ctx, shellWords(line)[1:], std{ctx, strings.NewReader(""), &out, &out})
		text := "```console\n$ " + line + "\n" + out.String()
		if code != 0 {
			text += "[exit status " + string(rune('0'+code)) + "]\n"
		}
		return []byte(text + "```\n")
	})
	if len(logs) < 3 || n < 10 {
		t.Fatalf("%d logs and %d examples", len(logs), n)
	}
	if *updateDoc {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(got, doc) {
		a, b := strings.Split(string(doc), "\n"), strings.Split(string(got), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("docs/search.md:%d: has\n%s\nand the command gives\n%s\n(go test ./cmd/tocsin -run SearchDoc -update-doc writes it anew)", i+1, a[i], b[i])
			}
		}
		t.Fatal("docs/search.md: an example's output is of another length")
	}
}
