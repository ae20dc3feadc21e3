package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstalled holds that rules update installs where hunt finds it, that the report says which rules ran and what Windows
// logs lack, and that --no-installed and --rules give the same on every machine.
func TestInstalled(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", filepath.Join(dir, "data"))
	rule := "title: Account made in a test\nid: 11111111-1111-4111-8111-111111111111\nlogsource: {product: windows, service: security}\n" +
		"detection: {s: {EventID: 4720}, condition: s}\nlevel: high\n"
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	w := tar.NewWriter(z)
	_ = w.WriteHeader(&tar.Header{Name: "r/a.yml", Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(rule))})
	_, _ = w.Write([]byte(rule))
	_, _ = w.Close(), z.Close()
	archive, log := filepath.Join(dir, "r.tar.gz"), filepath.Join(dir, "a.jsonl")
	other := filepath.Join(dir, "other.yml")
	for name, text := range map[string]string{
		archive: packed.String(),
		log: `{"EventID":4720,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Hostname":"WS1.corp.example",` +
			`"TimeCreated":"2026-11-20T10:00:00.000Z","TargetUserName":"svc","TargetDomainName":"CORP","SubjectUserName":"bob"}` + "\n",
		other: strings.NewReplacer("a test", "another", "EventID: 4720", "EventID: 1").Replace(rule),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tocsin := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if code := run(t.Context(), args, std{t.Context(), strings.NewReader(""), &out, &out}); code != 0 {
			t.Fatalf("%v: exit %d\n%s", args, code, out.String())
		}
		return strings.Join(strings.Fields(out.String()), " ")
	}
	const title, bare = "Account made in a test", "1 event of Windows logs read without a rule collection: `tocsin rules update`"
	hunt := func(flags ...string) string {
		return tocsin(append([]string{"hunt", "--no-campaigns", log}, flags...)...)
	}
	check := func(what, got string, want ...string) {
		t.Helper()
		for _, w := range want {
			yes := true
			if n, ok := strings.CutPrefix(w, "!"); ok {
				yes, w = false, n
			}
			if strings.Contains(got, w) != yes {
				t.Errorf("%s: want %v %q in\n%s", what, yes, w, got)
			}
		}
	}
	check("before", hunt(), bare, "!"+title, "!installed (")
	check("update", tocsin("rules", "update", "--from", archive), "1 rules installed in "+filepath.Join(dir, "data", "tocsin", "rules"), "--no-installed leaves them out")
	check("after", hunt(), title, "1 installed (", "!"+bare)
	check("jsonl", hunt("-q", "-f", "jsonl"), `"kind":"installed"`, `"rules":1}`, `!"windows_without_collection"`)
	check("left out", hunt("--no-installed"), bare, "!"+title)
	check("left out, jsonl", hunt("--no-installed", "-q", "-f", "jsonl"), `"windows_without_collection":1`, `!"installed"`)
	check("left out, page", hunt("--no-installed", "-q", "-f", "html"), bare)
	check("left out, report", hunt("--no-installed", "-q", "-f", "markdown"), "Windows logs that were read without a rule collection: 1.")
	check("others given", hunt("--rules", other), "1 of "+other, "!"+title, "!"+bare)
	check("installed alone", hunt("--no-builtin"), title, "! own")

	if err := os.Remove(filepath.Join(dir, "data", "tocsin", "rules", "tocsin-rules.json")); err != nil {
		t.Fatal(err)
	}
	check("of somebody else", hunt(), "1 rejected", "!"+title)
}
