package eval

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
)

// untranslated is how a French report marks a sentence that it has to tell in English.
var untranslated = regexp.MustCompile("«\u00a0[^»]*» \\(en anglais\\)")

// TestFrenchIsWhole tells each campaign of both examples and of the recordings in French: no sentence is left in English.
func TestFrenchIsWhole(t *testing.T) {
	told := 0
	t.Run("example", func(t *testing.T) { told += inFrench(t, "../example/intrusion", "../example/benign") })
	if testing.Short() {
		return // the recordings are long
	}
	if _, err := os.Stat(filepath.Join(dataDir(), "MANIFEST.tsv")); err != nil {
		without(t, "no recordings")
	}
	for _, dir := range []string{"campaign/apt29-zeek", "campaign/otrf-Log4Shell", "campaign/sans-forensics-2021", "cloud", "linux", "network", "operator", "web", "windows", "agents"} {
		t.Run(dir, func(t *testing.T) { told += inFrench(t, data(t, dir)) })
	}
	t.Logf("%d campaigns were told", told)
}

// inFrench tells the campaigns found below paths, and gives how many there are.
func inFrench(t *testing.T, paths ...string) int {
	t.Helper()
	found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: paths, Key: []byte("eval")}, own(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	missing := map[string]bool{}
	for _, c := range found.Campaigns {
		var b bytes.Buffer
		h := &report.Hunt{Campaigns: []*tocsin.Campaign{c}, Coverage: coverage}
		if err := report.Incident(&b, h, "fr"); err != nil {
			t.Fatal(err)
		}
		for _, s := range untranslated.FindAllString(b.String(), -1) {
			missing[s] = true
		}
	}
	for s := range missing {
		t.Errorf("not in French: %s", s)
	}
	t.Logf("%d campaigns, %d sentences without French", len(found.Campaigns), len(missing))
	return len(found.Campaigns)
}
