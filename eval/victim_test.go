package eval

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/naming"
	"github.com/tocsin-ids/tocsin/report"
)

// TestVictims holds the campaigns of the example and of the recordings to what a victim is: counts agree wherever they stand,
// none is an address that the intruder comes from, no two are one machine by what the records say of names, and each was aimed at
// within the campaign.
func TestVictims(t *testing.T) {
	victims(t, filepath.Join("..", "example", "intrusion"))
	if testing.Short() || dataDir() == "" {
		return
	}
	for _, p := range []string{"campaign/apt29-zeek", "campaign/otrf-Log4Shell", "campaign/sans-forensics-2021", "campaign/ait-ads/fox_alerts.csv.gz", "windows/otrf-atomic",
		"windows/evtx-attack-samples.tar.gz", "windows/eqllib", "network/eve-frank", "operator/human-kypo.tar.gz", "agents/cochise-2026.jsonl.gz", "cloud/stratus-detonation.tar.gz"} {
		victims(t, data(t, p))
	}
}

func victims(t *testing.T, path string) {
	t.Helper()
	facts := naming.New([16]byte{})
	in := engine.Input{Paths: []string{path}, Key: []byte("eval"), Workers: 1}
	found, coverage, err := engine.Hunt(context.Background(), in, own(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	in.Key = nil
	if _, err := engine.Read(context.Background(), in, func(int) engine.Desk { return engine.DeskFunc(facts.See) }); err != nil {
		t.Fatal(err)
	}
	names := facts.Names()
	if len(found.Campaigns) == 0 {
		t.Errorf("%s: no campaign", path)
	}
	acts := map[string]bool{}
	for _, c := range found.Campaigns {
		for _, a := range c.Actors {
			for i := range a.Deeds {
				acts[strings.ToLower(a.Deeds[i].Host)] = true
			}
		}
	}
	for _, c := range found.Campaigns {
		of := filepath.Base(path) + ": " + c.Title
		come := map[string]bool{}
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				if h.Kind == "address" && tocsin.Internet(h.Value) {
					come[h.Value] = true
				}
			}
		}
		called := map[string]string{}
		for _, v := range c.Victims {
			for _, e := range append([]tocsin.Entity{v.Entity}, v.Also...) {
				key := strings.ToLower(e.Value)
				if come[e.Value] && e.Kind == "address" && e.Value == v.Value {
					t.Errorf("%s: %s is where the intruder comes from", of, e.Value)
				}
				if v.Kind != "user" && v.Kind != "principal" {
					if other := called[key]; other != "" && other != v.Value {
						t.Errorf("%s: %s and %s are both called %s", of, other, v.Value, key)
					}
					called[key] = v.Value
				}
			}
			if v.Kind == "address" {
				if a, err := netip.ParseAddr(v.Value); err != nil || a.IsMulticast() || a.IsLoopback() || a.IsUnspecified() {
					t.Errorf("%s: %q is no address of a machine", of, v.Value)
				}
				if h, sure := names.Host(v.Value, v.First); sure {
					t.Errorf("%s: %s is %s by what records say", of, v.Value, h)
				}
			}
			if strings.ContainsAny(v.Value, "<>{}*?%") || strings.Contains(strings.TrimSuffix(v.Value, "$"), "$") && !strings.Contains(v.Value, "$@") {
				t.Errorf("%s: %q is nobody's name", of, v.Value)
			}
			if !v.First.IsZero() && (v.First.Before(c.First) || v.First.After(c.Last)) || v.Last.After(c.Last) {
				t.Errorf("%s: %s is of %v – %v, the campaign of %v – %v", of, v.Value, v.First, v.Last, c.First, c.Last)
			}
		}
		for _, v := range c.Victims {
			for _, o := range names.Others("host", v.Value) {
				if other := called[o]; v.Kind == "host" && other != "" && other != v.Value && !(acts[o] && acts[v.Value]) {
					t.Errorf("%s: %s and %s are one machine by what records say", of, v.Value, other)
				}
			}
		}
		counts(t, of, c, coverage)
	}
}

// counts holds that a campaign's numbers are the same in the title, the sentence and the lists, in every format that says them.
func counts(t *testing.T, of string, c *tocsin.Campaign, coverage *tocsin.Coverage) {
	t.Helper()
	machines, accounts, _ := c.Aimed(true)
	tried, triedAccounts, _ := c.Aimed(false)
	entered := func(n, all int, noun string) string {
		if all != 1 {
			noun += "s"
		}
		return fmt.Sprintf("%d of %d %s", n, all, noun)
	}
	if n := len(machines); n > 2 && !strings.Contains(c.Title, fmt.Sprintf(" %d machines", n)) {
		t.Errorf("%s: the title does not say that %d machines were entered", of, n)
	}
	for _, v := range machines[:min(len(machines), 2)] {
		if len(machines) < 3 && !strings.Contains(c.Title, v.Value) && !strings.Contains(c.Title, " and 1 other machine") {
			t.Errorf("%s: the title does not name %s", of, v.Value)
		}
	}
	h := &report.Hunt{Coverage: coverage, Campaigns: []*tocsin.Campaign{c}}
	var text bytes.Buffer
	if err := report.ExplainList(&text, h, report.TextOptions{Width: 400}); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		n, all int
		noun   string
	}{{len(machines), len(machines) + len(tried), "machine"}, {len(accounts), len(accounts) + len(triedAccounts), "account"}} {
		if s := entered(x.n, x.all, x.noun); x.all > 0 && !strings.Contains(text.String(), s) {
			t.Errorf("%s: the list does not say %q: %s", of, s, text.String())
		}
	}
	if n := len(c.Orgs); n > 1 && !strings.Contains(c.Title, fmt.Sprintf(" of %d organisations", n)) || n < 2 && strings.Contains(c.Title, " organisations") {
		t.Errorf("%s: of %d organisations", of, n)
	}
	var dossier bytes.Buffer
	if err := report.Incident(&dossier, h, "en"); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		n, all int
		noun   string
	}{{len(machines), len(machines) + len(tried), "machine"}, {len(accounts), len(accounts) + len(triedAccounts), "account"}} {
		noun := x.noun
		if x.all != 1 {
			noun += "s"
		}
		if x.all > 0 && !strings.Contains(dossier.String(), fmt.Sprintf("%d %s", x.all, noun)) {
			t.Errorf("%s: the incident report does not say %d %s", of, x.all, noun)
		}
	}
}
