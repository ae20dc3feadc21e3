package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// The page's data holds each campaign as JSONL does, with its story, and the runs of its records by source.
func TestHTMLCampaigns(t *testing.T) {
	h := campaignHunt(12, 2)
	h.Campaigns[0].Records = append(h.Campaigns[0].Records, tocsin.Span{Source: "logs/access.log.gz", From: 40, To: 41})
	_, _, _, data := page12(t, h)
	var d struct {
		CampaignCount, Attempts int
		Aside                   []tocsin.Aside
		Campaigns               []struct {
			ID, Level, Title, Rated string
			Story                   []string
			Spans                   [][]any
			Cut                     bool
			Steps, Victims          []any
			Actors                  []struct{ ID string }
			Records                 []any
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if d.CampaignCount != 4 || len(d.Campaigns) != 4 || d.Attempts != 214 || len(d.Aside) != 2 {
		t.Fatalf("%d of %d campaigns, %d attempts, %d aside", len(d.Campaigns), d.CampaignCount, d.Attempts, len(d.Aside))
	}
	c := d.Campaigns[0]
	if c.ID != "c-3f9a1c2b7d04" || c.Level != "critical" || len(c.Steps) != 9 || len(c.Victims) != 10 || len(c.Actors) != 2 || c.Cut || len(c.Records) != 0 {
		t.Errorf("%+v", c)
	}
	if want := `[[logs/access.log.gz false 1 9 40 41] [logs/auth.log false 2 20] [logs/dc.zip!/Sysmon.evtx false 1 1]]`; fmt.Sprint(c.Spans) != want {
		t.Errorf("spans %v, want %s", c.Spans, want)
	}
	if story := strings.Join(c.Story, " "); !strings.HasPrefix(story, "From 1 March 2026, 08:00 to 2 March 2026, 13:25 (UTC, 29.4 h), 3 actors acted against 6 machines and 2 accounts of 3 organisations (shop.example") || !strings.Contains(c.Rated, "Rated critical: data left") {
		t.Errorf("%s %s", story, c.Rated)
	}
}

// Lists that are longer than a page can show are cut, and said to be; what was not looked for is not there.
func TestHTMLCampaignsBounded(t *testing.T) {
	c := smallCampaign(1)
	for i := range maxPageList + 5 {
		c.Marks = append(c.Marks, fmt.Sprint("token:", i, strings.Repeat("x", 10_000)))
	}
	_, _, _, data := page12(t, &Hunt{Campaigns: []*tocsin.Campaign{c}})
	var d struct {
		Campaigns []struct {
			Indicators []string
			Cut        bool
		}
	}
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	if got := d.Campaigns[0]; !got.Cut || len(got.Indicators) != maxPageList || len(got.Indicators[0]) > 8*maxPageList+10 {
		t.Errorf("cut is %v, %d indicators of %d bytes", got.Cut, len(got.Indicators), len(got.Indicators[0]))
	}
	for name, h := range map[string]*Hunt{"null": sampleHunt(1), "0": {Campaigns: []*tocsin.Campaign{}}} {
		_, _, _, data := page12(t, h)
		if has := strings.Contains(string(data), `"campaigns":[`); has != (name == "0") {
			t.Errorf("%s: campaigns in the data is %v", name, has)
		}
	}
}

// TestTolls: the page's tiles count machines and accounts as the sentence does.
func TestTolls(t *testing.T) {
	c := &tocsin.Campaign{Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "fs01"}, Reached: true}, {Entity: tocsin.Entity{Kind: "address", Value: "192.0.2.7"}},
		{Entity: tocsin.Entity{Kind: "user", Value: "ann"}, Reached: true}}}
	var j jsonText
	writeCampaigns(&j, &Hunt{Campaigns: []*tocsin.Campaign{c}}, &english)
	if s := string(j.b); !strings.Contains(s, `"toll":[[1,2,"machines"],[1,1,"account"]]`) || !strings.Contains(s, "against 2 machines and 1 account") || !strings.Contains(s, "Entered: 1 of 2 machines and 1 of 1 account.") {
		t.Error(s)
	}
}
