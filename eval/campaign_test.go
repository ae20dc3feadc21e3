package eval

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/sigma"
)

// told hunts with campaigns.
func told(t testing.TB, set *sigma.Set, paths ...string) (*engine.Findings, *tocsin.Coverage) {
	t.Helper()
	return toldAs(t, whole, set, paths...)
}

// A view is what campaigns may know of how usual something is.
type view string

// The views. What the whole recording says of it, the future included, is what a hunt knows; what came before is what a live
// run knows.
const (
	whole  view = ""
	causal view = "causal/"
)

func toldAs(t testing.TB, v view, set *sigma.Set, paths ...string) (*engine.Findings, *tocsin.Coverage) {
	t.Helper()
	found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: paths, Key: []byte("eval"), Causal: v == causal, Channels: channel.Rules()}, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	return found, coverage
}

// wilson is the 95 % interval of k of n. E. B. Wilson, Journal of the American Statistical Association 22 (1927).
func wilson(k, n int) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	const z = 1.96
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	low, high = max(0, mid-half), min(1, mid+half)
	if k == 0 {
		low = 0 // what rounding leaves is not
	}
	if k == n {
		high = 1
	}
	return low, high
}

// An alertLabel is what the recording says of an alert, which Tocsin never reads.
type alertLabel struct{ step string }

// blind copies an alert list without its columns of labels, and returns these by line.
func blind(t *testing.T, path, to string) []alertLabel { return blindLate(t, path, to, 0, nil) }

// blindLate is blind with the alerts of some steps so many hours later than they were.
func blindLate(t *testing.T, path, to string, hours float64, late map[string]bool) []alertLabel {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bufio.NewReader(z))
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w := csv.NewWriter(out)
	head, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	label := slices.Index(head, "event_label")
	if label < 0 {
		t.Fatalf("%s has no event_label", path)
	}
	keep := func(row []string) []string {
		var all []string
		for i, v := range row {
			if !strings.HasSuffix(head[i], "_label") {
				all = append(all, v)
			}
		}
		return all
	}
	labels := []alertLabel{{}, {}} // line 0 is not there, line 1 the header
	if err := w.Write(keep(head)); err != nil {
		t.Fatal(err)
	}
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(head, "time")
	when := func(row []string) float64 {
		s, err := strconv.ParseFloat(row[at], 64)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, row := range rows {
		if late[row[label]] {
			row[at] = strconv.FormatFloat(when(row)+hours*3600, 'f', -1, 64)
		}
	}
	if late != nil {
		slices.SortStableFunc(rows, func(a, b []string) int { return cmp.Compare(when(a), when(b)) })
	}
	for _, row := range rows {
		labels = append(labels, alertLabel{row[label]})
		if err := w.Write(keep(row)); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
	return labels
}

// TestAlertCampaigns scores the reconstruction of AIT-ADS from its alerts: reduction, step recall and purity together,
// each network apart.
func TestAlertCampaigns(t *testing.T) {
	measures(t)
	for _, v := range []view{whole, causal} {
		alertCampaigns(t, v)
	}
}

func alertCampaigns(t *testing.T, v view) {
	set := own(t)
	worst := map[string]*measured{}
	note := func(network, name string, value float64, n int) {
		score(t, string(v)+"ait-ads/"+network+"/"+name, value, n)
		if w := worst[name]; w == nil || value < w.value {
			worst[name] = &measured{value: value, n: n}
		}
	}
	for _, network := range []string{"fox", "santos", "shaw", "wardbeck"} {
		path := data(t, "campaign/ait-ads/"+network+"_alerts.csv.gz")
		blinded := filepath.Join(t.TempDir(), network+".csv")
		labels := blind(t, path, blinded)
		found, coverage := toldAs(t, v, set, blinded)
		s := scoreAlerts(found.Campaigns, labels)
		alerts := len(labels) - 2
		shown := len(found.Campaigns) + len(found.Aside)
		days := coverage.Last.Sub(coverage.First).Hours() / 24
		s.reduction = 1 - float64(shown)/float64(alerts)
		t.Logf("%s%-16s %7d alerts, %d campaigns, %d others shown: reduction %.2f %%, steps %d of %d (missed: %s; %d of them among the leads), purity %.1f %% (%d alerts), without dirb and wpscan %.1f %% (%d); %.1f incidents a day",
			v, network, alerts, len(found.Campaigns), len(found.Aside), 100*s.reduction, s.steps-len(s.missed), s.steps, strings.Join(s.missed, " "), s.led, 100*s.purity, s.size, 100*s.purityQuiet, s.sizeQuiet, float64(len(found.Campaigns))/days)
		for _, c := range found.Campaigns {
			t.Logf("    %-8s %s %s – %s, %d actions, %d actors, %d links", c.Level, c.Title, c.First.Format(time.DateTime), c.Last.Format(time.DateTime), c.Actions, len(c.Actors), len(c.Links))
		}
		note(network, "reduction", s.reduction, alerts)
		note(network, "step-recall", s.recall, s.steps)
		note(network, "step-recall-with-leads", float64(s.steps-len(s.missed)+s.led)/float64(max(1, s.steps)), s.steps)
		note(network, "purity", s.purity, s.size)
		note(network, "purity-without-dirb-wpscan", s.purityQuiet, s.sizeQuiet)
	}
	for name, w := range worst {
		score(t, string(v)+"ait-ads/worst/"+name, w.value, w.n)
	}
}

// TestQuietGaps moves the second half of AIT-ADS's intrusions, the change of user and the root that was gained, hours back from the
// web server's break-in: they are still one campaign. The gap was chosen on these labs.
func TestQuietGaps(t *testing.T) {
	measures(t)
	set := own(t)
	late := map[string]bool{"attacker_change_user": true, "escalated_sudo_command": true}
	for _, hours := range []int{10, 16, 24, 36} {
		joined, n := 0, 0
		for _, network := range []string{"fox", "santos", "shaw", "wardbeck"} {
			blinded := filepath.Join(t.TempDir(), network+".csv")
			labels := blindLate(t, data(t, "campaign/ait-ads/"+network+"_alerts.csv.gz"), blinded, float64(hours), late)
			found, _ := toldAs(t, whole, set, blinded)
			s := scoreAlerts(found.Campaigns, labels)
			n++
			if !slices.Contains(s.missed, "escalated_sudo_command") && !slices.Contains(s.missed, "webshell_cmd") {
				joined++
			} else {
				t.Logf("%d h, %s: missed %s", hours, network, strings.Join(s.missed, " "))
			}
		}
		score(t, fmt.Sprintf("ait-ads/root-later/%dh/one-campaign", hours), float64(joined)/float64(n), n)
	}
}

// An alertScore is how one network's alerts were put together.
type alertScore struct {
	reduction, recall, purity, purityQuiet float64
	steps, size, sizeQuiet                 int
	missed                                 []string
	led                                    int // of the missed steps, those with an alert among the campaign's leads
}

// scoreAlerts takes the campaign that holds most steps for the right one.
func scoreAlerts(all []*tocsin.Campaign, labels []alertLabel) alertScore {
	steps := map[string]bool{}
	for _, l := range labels {
		if l.step != "" && l.step != "-" {
			steps[l.step] = true
		}
	}
	best := alertScore{steps: len(steps)}
	for s := range steps {
		best.missed = append(best.missed, s)
	}
	most := 0
	for _, c := range all {
		has := map[string]bool{}
		right, size, rightQuiet, sizeQuiet := 0, 0, 0, 0
		for _, s := range c.Records {
			for i := s.From; i <= s.To && i < uint64(len(labels)); i++ {
				step := labels[i].step
				loud := step == "dirb" || step == "wpscan"
				size++
				if !loud {
					sizeQuiet++
				}
				if step == "-" || step == "" {
					continue
				}
				has[step] = true
				right++
				if !loud {
					rightQuiet++
				}
			}
		}
		if len(has) <= most {
			continue
		}
		most = len(has)
		best.missed = best.missed[:0]
		for s := range steps {
			if !has[s] {
				best.missed = append(best.missed, s)
			}
		}
		slices.Sort(best.missed)
		led := map[string]bool{}
		for _, l := range c.Leads {
			if l.Place.Record < uint64(len(labels)) {
				if s := labels[l.Place.Record].step; slices.Contains(best.missed, s) {
					led[s] = true
				}
			}
		}
		best.led = len(led)
		best.recall = float64(len(has)) / float64(max(1, len(steps)))
		best.size, best.sizeQuiet = size, sizeQuiet
		best.purity = float64(right) / float64(max(1, size))
		best.purityQuiet = float64(rightQuiet) / float64(max(1, sizeQuiet))
	}
	return best
}

// TestSeparateCampaigns hunts recordings of separate intrusions together: each must be one campaign, none merged.
func TestSeparateCampaigns(t *testing.T) {
	measures(t)
	data(t, "campaign")
	intrusions := []struct {
		name  string
		paths []string
	}{
		// Two hosts of two networks, two days apart, from two addresses: nothing joins them.
		{"Log4Shell, Linux", []string{"campaign/otrf-Log4Shell/*jndi_reference.zip"}},
		{"Log4Shell, Windows", []string{"campaign/otrf-Log4Shell/*java_serialized_object.zip"}},
		{"SANS October", []string{"campaign/sans-forensics-2021/2021-10"}},
		{"SANS December", []string{"campaign/sans-forensics-2021/2021-12"}},
		{"APT29 day 1", []string{"campaign/apt29-zeek/day1"}},
		{"APT29 day 2", []string{"campaign/apt29-zeek/day2"}},
	}
	var paths []string
	of := map[string]string{}
	for _, in := range intrusions {
		for _, p := range in.paths {
			all, _ := filepath.Glob(filepath.Join(dataDir(), filepath.FromSlash(p)))
			if len(all) == 0 {
				data(t, p)
			}
			for _, path := range all {
				paths = append(paths, path)
				of[path] = in.name
			}
		}
	}
	for _, v := range []view{whole, causal} {
		found, _ := toldAs(t, v, own(t), paths...)
		in := map[string][]string{}
		merged := 0
		for _, c := range found.Campaigns {
			names := map[string]int{}
			for _, s := range c.Records {
				for path, name := range of {
					if strings.HasPrefix(s.Source, path) {
						names[name] += int(s.To - s.From + 1)
					}
				}
			}
			if len(names) > 1 {
				merged++
			}
			for n := range names {
				in[n] = append(in[n], c.ID)
			}
			t.Logf("%-8s %s %s – %s: %d actions of %v", c.Level, c.Title, c.First.Format(time.DateTime), c.Last.Format(time.DateTime), c.Actions, names)
			for _, v := range c.Victims[:min(len(c.Victims), 12)] {
				t.Logf("      victim %s:%s reached=%v %v", v.Kind, v.Value, v.Reached, v.Tactics)
			}
		}
		one := 0
		for _, i := range intrusions {
			if len(in[i.name]) == 1 {
				one++
			}
			t.Logf("%-18s in %d campaigns", i.name, len(in[i.name]))
		}
		t.Logf("%d of %d intrusions are one campaign each; %d campaigns hold more than one", one, len(intrusions), merged)
		share(t, string(v)+"separate/one-each", one, len(intrusions))
		share(t, string(v)+"separate/merged", merged, len(found.Campaigns))
	}
}

// TestSingleTechniques hunts single-technique captures together: those of different labs and days are not chained.
func TestSingleTechniques(t *testing.T) {
	measures(t)
	path := data(t, "windows/otrf-atomic")
	found, _ := told(t, own(t), path)
	chained := 0
	for _, c := range found.Campaigns {
		captures := map[string]bool{}
		for _, s := range c.Records {
			captures[filepath.Base(strings.SplitN(s.Source, "!/", 2)[0])] = true
		}
		long := c.Last.Sub(c.First) > 24*time.Hour
		if len(c.Orgs) > 1 || long {
			chained++
			t.Logf("chained: %s %v %s – %s, %d captures", c.Title, c.Orgs, c.First.Format(time.DateTime), c.Last.Format(time.DateTime), len(captures))
		}
	}
	t.Logf("%d campaigns of single-technique captures; %d span labs or days", len(found.Campaigns), chained)
	share(t, "separate/chained", chained, len(found.Campaigns))
}

// TestBenignCampaigns counts the campaigns in recordings of ordinary days.
func TestBenignCampaigns(t *testing.T) {
	measures(t)
	for _, v := range []view{whole, causal} {
		events, all := 0, map[tocsin.Level]int{}
		for _, name := range append([]string{"linux/auth-elastic-ec2.log.gz"}, benign...) {
			found, coverage := toldAs(t, v, own(t), data(t, name))
			high := 0
			for _, c := range found.Campaigns {
				if c.Level >= tocsin.High {
					high++
				}
				all[c.Level]++
				t.Logf("    %-8s %s (%s)", c.Level, c.Title, c.Why)
				for _, s := range c.Steps {
					t.Logf("        %s %s %s", s.First.Format(time.DateTime), s.Tactic, s.Summary)
				}
			}
			t.Logf("%-42s %6d events: %d campaigns, %d of level high or above; %d actors only tried", name, coverage.Events, len(found.Campaigns), high, found.Attempts)
			events += int(coverage.Events)
		}
		share(t, string(v)+"benign/campaigns-high", all[tocsin.High]+all[tocsin.Critical], events)
		share(t, string(v)+"benign/campaigns-medium", all[tocsin.Medium], events)
	}
}
