package engine

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// TestFindings holds that what knowledge says of an event is a match: from FindingLevel on, once an event and row, the same
// with any number of workers and without campaigns, not where a rule tells the same technique, and only if asked for.
func TestFindings(t *testing.T) {
	dir := t.TempDir()
	const head = "2026-11-20T10:00:0"
	const sudo = "+00:00 web1.corp.example sudo[9]: bob : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND="
	for name, lines := range map[string][]string{
		"a.log": {"/usr/bin/cat /etc/shadow", "/usr/bin/whoami", "/usr/bin/apt update"},
		"b.log": {"/usr/bin/systemctl stop auditd", "/usr/bin/cat /etc/shadow ; /usr/bin/cat /etc/shadow"},
	} {
		var text []byte
		for i, l := range lines {
			text = append(text, head+string(rune('0'+i))+sudo+l+"\n"...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rules, faults := sigma.Parse("r.yml", []byte("title: Audit stopped\nlevel: medium\ntags: [attack.t1562.001]\nlogsource: {product: linux}\ndetection:\n  s:\n    CommandLine|contains: auditd\n  condition: s\n"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	set, faults := sigma.Compile(rules, sigma.Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	told := func(in Input) (ids []string) {
		in.Paths = []string{dir}
		f, _, err := Hunt(context.Background(), in, set, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		n := 0
		for m := range f.All(true) {
			ids = append(ids, filepath.Base(m.Event.Source)+" "+m.Rule.Title)
		}
		for _, of := range f.Rules() {
			n += of
		}
		if n != len(ids) || f.Len() != n {
			t.Errorf("%d matches, %d by rule, %d gone through", f.Len(), n, len(ids))
		}
		return ids
	}
	want := []string{"a.log Hashes of local accounts read", "b.log Audit stopped", "b.log Hashes of local accounts read"}
	for _, in := range []Input{{Findings: true, Workers: 1}, {Findings: true, Workers: 3}, {Findings: true, Key: []byte("k")}, {Findings: true, finds: 1, shelf: 1}} {
		if got := told(in); !slices.Equal(got, want) {
			t.Errorf("%+v tells %q, want %q", in, got, want)
		}
	}
	if got := told(Input{}); !slices.Equal(got, want[1:2]) {
		t.Errorf("unasked %q, want only the rule's match", got)
	}
	// What somebody knows of is no part of a campaign, whether a rule or a row says so.
	known := func(m *tocsin.Match) bool { return true }
	in := Input{Paths: []string{dir}, Key: []byte("k")}
	for _, in.Known = range []func(*tocsin.Match) bool{nil, known} {
		f, _, err := Hunt(context.Background(), in, set, nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(f.Campaigns); (n > 0) != (in.Known == nil) {
			t.Errorf("%d campaigns with all known: %v", n, in.Known != nil)
		}
		f.Close()
	}
}
