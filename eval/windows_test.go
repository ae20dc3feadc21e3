package eval

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// liveRules is the number of SigmaHQ's rules that are neither deprecated nor unsupported.
const liveRules = 3780

// TestSigmaHQLoads wants every live rule of SigmaHQ accepted but those whose expand values are missing.
func TestSigmaHQLoads(t *testing.T) {
	measures(t)
	set, faults := sigmaHQ(t, nil)
	expand := 0
	for _, f := range faults {
		if strings.Contains(f.Err.Error(), "%") {
			expand++
			t.Logf("needs values: %v", f)
			continue
		}
		t.Errorf("rejected: %v", f)
	}
	n := len(set.Rules())
	share(t, "sigmahq/loaded", n, n+expand)
	if n+expand != liveRules {
		t.Errorf("%d loaded and %d without values, together not %d", n, expand, liveRules)
	}
}

// TestRegression runs SigmaHQ's own regression tests: each recording must match the rule it was made for, as often as
// its info.yml says.
func TestRegression(t *testing.T) {
	measures(t)
	dir := unpack(t, data(t, "windows/sigma-regression.tar.gz"), func(string) bool { return true })
	var infos []string
	for depth := range 8 {
		more, _ := filepath.Glob(filepath.Join(dir, strings.Repeat("*/", depth), "info.yml"))
		infos = append(infos, more...)
	}
	set, _ := sigmaHQ(t, nil)
	id := regexp.MustCompile(`(?m)^\s*-?\s*id:\s*([0-9a-f-]{36})`)
	count := regexp.MustCompile(`match_count:\s*(\d+)`)
	file := regexp.MustCompile(`path:\s*(\S+\.evtx)`)
	passed, total := 0, 0
	for _, info := range infos {
		var text []byte
		b, err := os.ReadFile(info)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(b) {
			if !bytes.HasPrefix(bytes.TrimSpace(line), []byte("#")) {
				text = append(text, line...)
			}
		}
		_, meta, _ := strings.Cut(string(text), "rule_metadata")
		rule := id.FindStringSubmatch(meta)
		logs := file.FindAllStringSubmatch(meta, -1)
		if rule == nil || len(logs) == 0 {
			continue
		}
		want := 1
		if c := count.FindStringSubmatch(meta); c != nil {
			want, _ = strconv.Atoi(c[1])
		}
		total++
		found, _ := hunt(t, set, filepath.Join(filepath.Dir(info), path.Base(logs[0][1])))
		got := 0
		for m := range found.All(true) {
			if m.Rule.ID == rule[1] {
				got++
			}
		}
		if got < want || want > 1 && got != want {
			t.Errorf("%s: rule %s matched %d times, want %d", info, rule[1], got, want)
			continue
		}
		passed++
	}
	share(t, "sigmahq/regression", passed, total)
	if total != 202 {
		t.Errorf("%d tests, want 202", total)
	}
}

// TestAttackSamples hunts EVTX-ATTACK-SAMPLES, each distinct file once, with all rules of SigmaHQ for Windows.
func TestAttackSamples(t *testing.T) {
	measures(t)
	seen := map[[sha256.Size]byte]bool{}
	dir := t.TempDir()
	err := members(data(t, "windows/evtx-attack-samples.tar.gz"), func(name string, r io.Reader) error {
		b, err := io.ReadAll(r)
		sum := sha256.Sum256(b)
		if err != nil || seen[sum] || !strings.HasSuffix(name, ".evtx") {
			return err
		}
		seen[sum] = true
		return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.evtx", len(seen))), b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	set, _ := sigmaHQ(t, windowsRule)
	found, coverage := hunt(t, set, dir)
	for _, f := range coverage.Faults {
		t.Logf("fault: %v", f)
	}
	events := int(coverage.Events)
	score(t, "evtx-samples/events", float64(events), 0)
	score(t, "evtx-samples/faults", float64(coverage.FaultN), 0)
	score(t, "evtx-samples/rules", float64(len(found.Rules())), 0)
	score(t, "evtx-samples/pairs", float64(found.Len()), 0)
	if events != 8248 || len(seen) != 276 {
		t.Errorf("%d events in %d files, want 8248 in 276", events, len(seen))
	}
}

// TestHexStaysHex guards against the loss that comes of printing hexadecimal values in decimal.
func TestHexStaysHex(t *testing.T) {
	set, _ := sigmaHQ(t, func(r *sigma.Rule) bool { return r.Source.Category == "process_access" })
	found, _ := hunt(t, set, data(t, "windows/evtx-attack-samples.tar.gz"))
	seen := map[string]bool{}
	for m := range found.All(true) {
		v := m.Event.Text("GrantedAccess")
		seen[v] = true
		if v != "" && !strings.HasPrefix(v, "0x") {
			t.Errorf("%s:%d: GrantedAccess is %q", m.Event.Source, m.Event.Record, v)
		}
	}
	t.Log(slices.Sorted(maps.Keys(seen)))
	if len(seen) < 2 {
		t.Error("no rule on process access held at all")
	}
}

// benign are the recordings in which nothing happened that anybody should be woken for.
var benign = []string{
	"web/apache-semicomplete-2015.log.gz",
	"network/zeek-m57-2009",
	"windows/benign-evtx-omer.tar.gz",
	"network/eve-ait-lds1-benign.json.gz",
}

// TestBenign lists what matches in benign recordings, with SigmaHQ's rules and with our own.
func TestBenign(t *testing.T) {
	measures(t)
	hq, _ := sigmaHQ(t, nil)
	for _, rules := range []struct {
		name string
		set  *sigma.Set
	}{{"own", own(t)}, {"sigmahq", hq}} {
		events, loud := 0, 0
		for _, name := range benign {
			found, coverage := hunt(t, rules.set, data(t, name))
			high, all := map[string]int{}, 0
			n := 0
			for m := range found.All(true) {
				all++
				if m.Rule.Level >= tocsin.High {
					n++
					high[fmt.Sprintf("%s [%s]", m.Rule.Title, m.Rule.Level)]++
				}
			}
			events, loud = events+int(coverage.Events), loud+n
			t.Logf("%s, %s rules: %d events, %d of level high or above = %.2f per 10,000; %d of any level", name, rules.name,
				coverage.Events, n, 1e4*float64(n)/float64(max(coverage.Events, 1)), all)
			for _, title := range slices.Sorted(maps.Keys(high)) {
				t.Logf("\t%4d %s", high[title], title)
			}
		}
		share(t, "benign/rules-high/"+rules.name, loud, events)
	}
}

// TestLegitimateLogins counts the alerts of level high or above about the people who log in to the EC2 host of an
// auth.log recording.
func TestLegitimateLogins(t *testing.T) {
	measures(t)
	found, coverage := hunt(t, own(t), data(t, "linux/auth-elastic-ec2.log.gz"))
	n := 0
	for m := range found.All(true) {
		if m.Rule.Level >= tocsin.High {
			n++
			t.Logf("%s %s: %.200s", m.Rule.Level, m.Rule.Title, m.Event.Raw)
		}
	}
	share(t, "benign/logins-high", n, int(coverage.Events))
}

func lines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 1<<24)
	return s
}
