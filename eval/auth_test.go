package eval

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// expectation is one test of crowdsec-hub-expectations.json.
type expectation struct {
	Test   string `json:"test"`
	Type   string `json:"log_type"`
	Log    string `json:"log"`
	Remote bool   `json:"needs_remote_data"`
	Expect []struct {
		Source   string `json:"source"`
		Scenario string `json:"scenario"`
	} `json:"expect"`
}

// TestHub asks whether each source that a test of CrowdSec's hub expects is named by a match of level low or above
// when the test's log is hunted by itself with Tocsin's own rules.
func TestHub(t *testing.T) {
	measures(t)
	archive := data(t, "linux/crowdsec-hub-tests.tar.gz")
	text, err := os.ReadFile(data(t, "linux/crowdsec-hub-expectations.json"))
	if err != nil {
		t.Fatal(err)
	}
	var tests []expectation
	if err := json.Unmarshal(text, &tests); err != nil {
		t.Fatal(err)
	}
	dir := unpack(t, archive, func(string) bool { return true })
	set := own(t)
	type score struct{ sources, found, tests, whole int }
	families := map[string]*score{}
	var all score
	var missed []string
	for _, x := range tests {
		want := map[string]bool{}
		for _, e := range x.Expect {
			if e.Source != "" {
				want[e.Source] = true
			}
		}
		if x.Remote || len(want) == 0 {
			continue
		}
		found, _ := hunt(t, set, filepath.Join(dir, filepath.FromSlash(x.Log)))
		named := map[string]bool{}
		for m := range found.All(true) {
			if m.Rule.Level < tocsin.Low {
				continue
			}
			for _, f := range slices.Concat(m.Event.Fields, m.Held) {
				named[f.Value] = true
			}
		}
		s := families[x.Type]
		if s == nil {
			s = &score{}
			families[x.Type] = s
		}
		got := 0
		for src := range want {
			if named[src] {
				got++
			} else {
				missed = append(missed, fmt.Sprintf("%s (%s): %s", x.Test, x.Type, src))
			}
		}
		for _, s := range []*score{s, &all} {
			s.sources += len(want)
			s.found += got
			s.tests++
			if got == len(want) {
				s.whole++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(families)) {
		s := families[name]
		t.Logf("%-24s %3d of %3d sources, %d of %d tests", name, s.found, s.sources, s.whole, s.tests)
	}
	slices.Sort(missed)
	t.Logf("missed:\n\t%s", strings.Join(missed, "\n\t"))
	share(t, "hub/sources", all.found, all.sources)
	share(t, "hub/whole", all.whole, all.tests)
}

// namedServices are the services of fail2ban's logs that the formats Tocsin promises to read cover.
var namedServices = map[string]bool{
	"sshd": true, "sshd-journal": true, "selinux-ssh": true, "pam-generic": true, "zzz-sshd-obsolete-multiline": true,
	"apache-auth": true, "apache-badbots": true, "apache-botsearch": true, "apache-fakegooglebot": true, "apache-modsecurity": true,
	"apache-nohome": true, "apache-noscript": true, "apache-overflows": true, "apache-pass": true, "apache-shellshock": true,
	"nginx-bad-request": true, "nginx-botsearch": true, "nginx-forbidden": true, "nginx-http-auth": true, "nginx-limit-req": true,
	"haproxy-http-auth": true, "traefik-auth": true, "php-url-fopen": true, "cowrie": true,
}

// TestFail2ban hunts fail2ban's labelled lines, a file a service, and asks which of them a match of any level names.
func TestFail2ban(t *testing.T) {
	measures(t)
	dir := unpack(t, data(t, "linux/fail2ban-labelled-logs.tar.gz"), func(name string) bool { return strings.HasPrefix(name, "logs/") })
	set := own(t)
	type label struct {
		Match bool   `json:"match"`
		Host  string `json:"host"`
	}
	type score struct{ hit, want int }
	var promised, other score
	wrong, clean := 0, 0
	out := t.TempDir()
	var missed, false_ []string
	services := map[string]*score{}
	paths, _ := filepath.Glob(filepath.Join(dir, "logs", "*"))
	more, _ := filepath.Glob(filepath.Join(dir, "logs", "*", "*"))
	for _, path := range append(paths, more...) {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		name := filepath.Base(path)
		labels := map[uint64]label{} // by line of the written file
		var lines []string
		var next *label
		for _, line := range strings.Split(string(text), "\n") {
			if at := strings.Index(line, "failJSON:"); strings.HasPrefix(line, "#") {
				if at >= 0 {
					next = &label{Match: true}
					if err := json.Unmarshal([]byte(line[at+len("failJSON:"):]), next); err != nil {
						next = nil
					}
				}
				continue
			}
			if strings.TrimSpace(line) == "" {
				continue
			}
			lines = append(lines, line)
			if next != nil {
				labels[uint64(len(lines))] = *next
				next = nil
			}
		}
		if len(lines) == 0 {
			continue
		}
		file := filepath.Join(out, name)
		if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		found, _ := hunt(t, set, file)
		hit := map[uint64][]string{}
		for m := range found.All(true) {
			if m.Series == nil {
				hit[m.Event.Record] = append(hit[m.Event.Record], m.Rule.Title)
			}
			for _, p := range m.Series {
				hit[p.Record] = append(hit[p.Record], m.Rule.Title)
			}
		}
		s := &score{}
		services[name] = s
		for n := range uint64(len(lines) + 1) {
			l, ok := labels[n]
			if !ok {
				continue
			}
			if !l.Match {
				clean++
				if len(hit[n]) > 0 {
					wrong++
					false_ = append(false_, fmt.Sprintf("%s:%d %s: %.150s", name, n, strings.Join(hit[n], ", "), lines[n-1]))
				}
				continue
			}
			s.want++
			if len(hit[n]) > 0 {
				s.hit++
			} else {
				missed = append(missed, fmt.Sprintf("%s:%d %.180s", name, n, lines[n-1]))
			}
		}
		if namedServices[name] {
			promised.hit, promised.want = promised.hit+s.hit, promised.want+s.want
		} else {
			other.hit, other.want = other.hit+s.hit, other.want+s.want
		}
	}
	for _, name := range slices.Sorted(maps.Keys(services)) {
		s := services[name]
		if s.want == 0 {
			continue
		}
		t.Logf("%-28s %3d of %3d", name, s.hit, s.want)
	}
	t.Logf("missed:\n\t%s", strings.Join(missed, "\n\t"))
	t.Logf("matched though labelled no match:\n\t%s", strings.Join(false_, "\n\t"))
	share(t, "fail2ban/promised", promised.hit, promised.want)
	share(t, "fail2ban/attacks", promised.hit+other.hit, promised.want+other.want)
	share(t, "fail2ban/clean-matched", wrong, clean)
}
