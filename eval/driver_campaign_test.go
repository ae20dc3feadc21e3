package eval

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestCampaignDrivers hunts recordings of known drivers and scores what is said of whole campaigns, as a user reads it:
// honeypots and scanners, tests on Windows, trainees' shells, agents' logs. Each archive of tests is hunted by itself.
func TestCampaignDrivers(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "whole recordings are not for -short")
	}
	set := own(t)
	var c, long, typed confusion
	contrary := 0
	for _, r := range []struct {
		driver tocsin.Driver
		path   string
	}{
		{tocsin.Human, "operator/human-kypo.tar.gz"},
		{tocsin.Script, "operator/script-cowrie-2017"},
		{tocsin.Script, "web/scanners-dvwa"},
		{tocsin.Script, "windows/eqllib"},
		{tocsin.Script, "windows/otrf-atomic"},
		{tocsin.Agent, "agents/cochise-2025.jsonl.gz"},
		{tocsin.Agent, "agents/cochise-2026.jsonl.gz"},
		{tocsin.Agent, "agents/dfir-dev.jsonl.gz"},
		{tocsin.Agent, "agents/nyu-baseline.jsonl.gz"},
		{tocsin.Agent, "agents/entire-bmad.jsonl.gz"},
		{tocsin.Agent, "agents/native/claude-code"},
	} {
		var one confusion
		for _, path := range archives(t, data(t, r.path)) {
			found, _ := told(t, set, path)
			for _, k := range found.Campaigns {
				one[r.driver][k.Driver]++
				if k.Driver == tocsin.Agent && r.driver != tocsin.Agent {
					t.Logf("    called agent: %s: %s", path, k.Title)
				}
				if contradicts(k) {
					contrary++
					t.Logf("    contradicts itself: %s: %s, %s and %.2f", path, k.Title, k.Driver, k.Autonomy.Value)
				}
				if k.Actions < 20 {
					continue
				}
				long[r.driver][k.Driver]++
				if strings.HasPrefix(r.path, "operator/") || strings.HasPrefix(r.path, "agents/") { // logs of commands
					typed[r.driver][k.Driver]++
				}
			}
		}
		row := one[r.driver]
		t.Logf("%-6s %-40s %3d campaigns: human %d, script %d, agent %d, undecided %d", r.driver, r.path, one.units(r.driver), row[tocsin.Human], row[tocsin.Script], row[tocsin.Agent], row[tocsin.Undecided])
		for d, n := range row {
			c[r.driver][d] += n
		}
	}
	others := c.units(tocsin.Human) + c.units(tocsin.Script)
	share(t, "driver/campaigns/others-called-agent", c[tocsin.Human][tocsin.Agent]+c[tocsin.Script][tocsin.Agent], others)
	share(t, "driver/campaigns/agents-called-agent", long[tocsin.Agent][tocsin.Agent], long.units(tocsin.Agent))
	undecided, all := 0, 0
	for d := tocsin.Human; d <= tocsin.Agent; d++ {
		undecided, all = undecided+typed[d][tocsin.Undecided], all+typed.units(d)
	}
	share(t, "driver/campaigns/undecided", undecided, all)
	share(t, "driver/campaigns/contradict", contrary, others+c.units(tocsin.Agent))
}

// archives are the archives below a folder of tests, each of which is of its own; other paths are hunted whole.
func archives(t *testing.T, path string) []string {
	if !strings.HasSuffix(path, "otrf-atomic") {
		return []string{path}
	}
	var all []string
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err == nil && (strings.HasSuffix(p, ".zip") || strings.HasSuffix(p, ".tar.gz")) {
			all = append(all, p)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// contradicts says that a campaign is told to be a machine's and mostly done by hand, or the other way round.
func contradicts(c *tocsin.Campaign) bool {
	if c.Autonomy == nil || c.Driver == tocsin.Undecided {
		return false
	}
	return (c.Driver == tocsin.Human) != (c.Autonomy.Value < 0.5)
}
