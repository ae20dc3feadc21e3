package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// packSample is a pack in French, three hours before its first deadline, by clocks of one hour before Greenwich.
func packSample(format string) PackOptions {
	aware := time.Date(2026, 3, 2, 14, 0, 0, 0, time.UTC)
	return PackOptions{Format: format, Lang: "fr", Now: aware.Add(21 * time.Hour), Moments: Moments{Aware: aware, Classified: aware.Add(6 * time.Hour), Zone: time.FixedZone("+01:00", 3600),
		Sent: map[string]time.Time{"nis2.early-warning": aware.Add(20 * time.Hour)}}}
}

func packText(t *testing.T, o PackOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Pack(&b, campaignHunt(20, 0), nil, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPackJSON(t *testing.T) {
	golden(t, "pack.fr.json", []byte(packText(t, packSample("json"))))
	var got struct {
		Kind      string
		Deadlines []struct {
			Regime, Report, State, Needs string
			Due                          *time.Time
			Latest                       bool
		}
		Moments []struct {
			ID, Blank string
			Time      *time.Time
		}
	}
	if err := json.Unmarshal([]byte(packText(t, packSample("json"))), &got); err != nil {
		t.Fatal(err)
	}
	state := map[string]string{}
	for _, d := range got.Deadlines {
		state[d.Regime+"."+d.Report] = d.State
		if (d.Due == nil) != (d.Needs != "") {
			t.Errorf("%s.%s: due %v, needs %q", d.Regime, d.Report, d.Due, d.Needs)
		}
	}
	for k, want := range map[string]string{"nis2.early-warning": "sent", "nis2.notification": "due", "dora.initial": "passed", "cra-vulnerability.final": "unknown"} {
		if state[k] != want {
			t.Errorf("%s is %q, want %q", k, state[k], want)
		}
	}
	for _, m := range got.Moments {
		if (m.Time == nil) != (m.Blank != "") {
			t.Errorf("moment %s: %v, blank %q", m.ID, m.Time, m.Blank)
		}
	}
}

// What no log can show is a blank; nothing that depends on a moment that is not known has a date.
func TestPackBlanks(t *testing.T) {
	s := packText(t, PackOptions{})
	for _, want := range []string{"[TO BE FILLED IN: awareness]", "[TO BE FILLED IN: date and time (UTC) at which the entity became aware", "[TO BE FILLED IN: does it apply: yes or no, and why]", "[TO BE FILLED IN: likely consequences]", "By the logs, probably"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is not said", want)
		}
	}
	if strings.Contains(s, "due in") || strings.Contains(s, "passed") {
		t.Error("a deadline is told though nothing is known")
	}
}

func TestPackFaults(t *testing.T) {
	h := campaignHunt(5, 0)
	for _, tt := range []struct {
		o    PackOptions
		want string
	}{{PackOptions{Format: "pdf"}, "pdf"}, {PackOptions{Lang: "de"}, "de"}, {PackOptions{Moments: Moments{Sent: map[string]time.Time{"nis3.final": time.Now()}}}, "nis3.final"}} {
		if err := Pack(&bytes.Buffer{}, h, nil, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want an error on %s", err, tt.want)
		}
	}
	if err := Pack(&bytes.Buffer{}, &Hunt{}, nil, PackOptions{}); err != ErrNoCampaign {
		t.Errorf("no campaign: %v", err)
	}
}

// A table of the user's own is the one that counts.
func TestPackOwnTable(t *testing.T) {
	table, err := OwnRegimes()
	if err != nil {
		t.Fatal(err)
	}
	table.Regimes = table.Regimes[:1]
	table.Regimes[0].Clocks = slices.Clone(table.Regimes[0].Clocks)
	table.Regimes[0].Clocks[0].After = "12 hours"
	table.Regimes[0].Name.En = "Law of <b>here</b>"
	o := PackOptions{Regimes: table, Moments: Moments{Aware: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)}}
	s := packText(t, o)
	if !strings.Contains(s, "Saturday, 28 November 2026, 22:00 (UTC)") || strings.Contains(s, "GDPR") {
		t.Error("the table is not the one given")
	}
	if strings.Contains(s, "<b>") {
		t.Error("the table's text is markup")
	}
}

// In reports and drafts a judgement is called one: the title of a campaign, its story, its driver, what is the intruder's.
func TestJudgementsAreCalledSo(t *testing.T) {
	for name, write := range drafts() {
		if strings.HasSuffix(name, ".html") {
			continue
		}
		var b bytes.Buffer
		h := campaignHunt(20, 0)
		if err := write(&b, h); err != nil {
			t.Fatal(err)
		}
		s := b.String()
		w := &english
		if strings.Contains(name, ".fr.") {
			w = &french
		}
		h.Campaigns[0] = only(h.Campaigns[0])
		for _, line := range strings.Split(s, "\n") {
			for _, title := range []string{h.Campaigns[0].Title} {
				if strings.Contains(line, title) && !strings.Contains(line, set(w.lang, w.finding)) {
					t.Errorf("%s: the title is told as a fact: %.120s", name, line)
				}
			}
		}
		if !strings.Contains(s, set(w.lang, w.byLogs)) {
			t.Errorf("%s: the story is not said to be by the logs", name)
		}
		if strings.Contains(s, set(w.lang, w.key.used)) {
			t.Errorf("%s: %q is told as a fact", name, w.key.used)
		}
	}
}
