package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin/store"
)

// TestAudit checks an audit log, writes it out, and checks that.
func TestAudit(t *testing.T) {
	dir := t.TempDir()
	db, err := store.Open(filepath.Join(dir, storeFile), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tocsin := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := run(t.Context(), append([]string{"audit"}, args...), std{t.Context(), strings.NewReader(""), &out, &out})
		return code, out.String()
	}
	is := func(wantCode int, want string, args ...string) {
		t.Helper()
		if code, said := tocsin(args...); code != wantCode || !strings.Contains(said, want) {
			t.Errorf("%q: exit %d, want %d and %q\n%s", args, code, wantCode, want, said)
		}
	}
	is(0, "no entries yet", "verify", "--data", dir)
	if err := db.Audit(t.Context(), store.Entry{Who: "ann", What: "login"}, store.Entry{Who: "bob", What: "login"}); err != nil {
		t.Fatal(err)
	}
	end, err := db.Head(t.Context())
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	later := "3" + strings.TrimPrefix(end.String(), "2")
	file := filepath.Join(dir, "log.jsonl")
	is(0, "2 entries, each following from those before it\nnote this elsewhere, and give it to --noted next time: "+end.String()+"\n", "verify", "--data", dir)
	is(0, "the end that was noted (entry 2) is in it\n", "verify", "--data", dir, "--noted", end.String())
	is(1, "broken: entry 3: it is missing", "verify", "--data", dir, "--noted", later)
	is(0, `"who":"bob"`, "export", "--data", dir)
	is(0, "2 entries; note the end elsewhere: "+end.String(), "export", "--data", dir, "-o", file)
	is(2, "is there already", "export", "--data", dir, "-o", file)
	is(2, "-o: open ", "export", "--data", dir, "-o", filepath.Join(dir, "none", "log.jsonl"))
	is(0, "2 entries, each following", "verify", "--file", file, "--noted", end.String())
	is(1, "broken: entry 3: it is missing", "verify", "--file", file, "--noted", later)
}
