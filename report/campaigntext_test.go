package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestCampaignText(t *testing.T) {
	for _, n := range []int{0, 9} {
		for _, o := range []TextOptions{{}, {Width: 80, Height: 24}, {Width: 60, Height: 24, Color: true}, {Width: 200, Height: 90}} {
			h := campaignHunt(60, n)
			var b bytes.Buffer
			if err := Text(&b, h, o); err != nil {
				t.Fatal(err)
			}
			wide, high := o.Width, o.Height
			if wide == 0 {
				wide, high = 100, 40+4*len(h.Campaigns[0].Key) // nobody said how high the screen is: key events are whole
			}
			lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
			block := (&page{wide: wide}).campaign(h.Campaigns[0], h.end(), maxTextKeys) // which is told whole, as are the titles of the severe
			if len(lines) >= high+len(block.lines)+20 {
				t.Errorf("%+v: %d lines", o, len(lines))
			}
			harmlessLines(t, b.String(), wide)
			if i, j := strings.Index(b.String(), "c-3f9a1c2b7d04"), strings.Index(b.String(), "Worst first"); i < 0 || j < i {
				t.Errorf("%+v: the campaign is at %d, the rules at %d", o, i, j)
			}
			if n == 9 && !strings.Contains(b.String(), " more\n") {
				t.Errorf("%+v: 11 campaigns, and no word of those not shown", o)
			}
		}
	}
}

// harmlessLines fails for a line that does not fit or that a terminal would obey.
func harmlessLines(t *testing.T, s string, wide int) {
	t.Helper()
	for _, l := range strings.Split(s, "\n") {
		plain := inkCodes.ReplaceAllString(l, "")
		if width(plain) > wide {
			t.Errorf("%d columns: %q", width(plain), plain)
		}
		for _, r := range plain {
			if hidden(r) {
				t.Errorf("%U in %q", r, plain)
			}
		}
	}
}

// None looked for, and none found, are not the same.
func TestNoCampaign(t *testing.T) {
	for _, tt := range []struct {
		name string
		h    *Hunt
		want bool
	}{
		{"not looked for", sampleHunt(3), false},
		{"none found", &Hunt{Matches: sampleHunt(3).Matches, Campaigns: []*tocsin.Campaign{}}, true},
		{"no match either", &Hunt{Campaigns: []*tocsin.Campaign{}}, false},
	} {
		var b bytes.Buffer
		if err := Text(&b, tt.h, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(b.String(), "No campaign."); got != tt.want {
			t.Errorf("%s: said is %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestExplain(t *testing.T) {
	for _, o := range []TextOptions{{}, {Width: 60, Color: true}, {Width: 140}} {
		for _, c := range []*tocsin.Campaign{sampleCampaign(), hostileCampaign(), smallCampaign(1), {}} {
			h := sampleHunt(0)
			var b bytes.Buffer
			if err := Explain(&b, h, c, o); err != nil {
				t.Fatal(err)
			}
			if err := ExplainList(&b, &Hunt{Campaigns: []*tocsin.Campaign{c, nil}, Coverage: h.Coverage}, o); err != nil {
				t.Fatal(err)
			}
			harmlessLines(t, b.String(), max(o.Width, 60, map[bool]int{true: 100}[o.Width == 0]))
		}
	}
	var b bytes.Buffer
	if err := Explain(&b, sampleHunt(0), sampleCampaign(), TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "campaign.explain.txt", b.Bytes())
}

func TestPercent(t *testing.T) {
	for f, want := range map[float64]string{0: "0 %", 0.0001: "< 1 %", 0.5: "50 %", 0.996: "> 99 %", 1: "100 %", 7: "100 %", -1: "0 %"} {
		if got := english.percent(f); got != want {
			t.Errorf("%v: got %s, want %s", f, got, want)
		}
	}
}
