package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// diffCampaign is a campaign of one actor against hosts, of which the first n were entered.
func diffCampaign(id, from string, level tocsin.Level, n int, hosts ...string) *tocsin.Campaign {
	c := &tocsin.Campaign{ID: id, Title: "Somebody at " + from, Level: level, Actions: 10, First: sampleStart, Last: sampleStart.Add(time.Hour),
		Actors: []*tocsin.Actor{{ID: "address:" + from, Handles: []tocsin.Entity{{Kind: "address", Value: from}}}},
		Steps:  []tocsin.Step{{Tactic: "initial-access", Worked: min(n, 1), Places: []tocsin.Place{{Time: sampleStart, Source: "logs/auth.log", Record: 7}}}}}
	for i, h := range hosts {
		c.Victims = append(c.Victims, tocsin.Victim{Entity: tocsin.Entity{Kind: "host", Value: h}, Reached: i < n})
	}
	return c
}

func resultOf(t *testing.T, name string, h *Hunt) *Result {
	t.Helper()
	var b bytes.Buffer
	if err := JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	r, err := ReadResult(name, &b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func diffSample(t *testing.T) *Difference {
	before, after := sampleHunt(6), sampleHunt(6)
	before.Matches, after.Matches = List{sampleMatch(0), sampleMatch(3), sampleMatch(4)}, List{sampleMatch(0), sampleMatch(0), sampleMatch(1), sampleMatch(3)}
	louder := *sampleMatch(3)
	rule := *louder.Rule
	rule.Level = tocsin.Critical
	louder.Rule = &rule
	after.Matches = append(after.Matches.(List), &louder)
	before.Campaigns = []*tocsin.Campaign{
		diffCampaign("c-000000000001", "203.0.113.1", tocsin.High, 1, "web01", "db01"), // goes on, and gets further
		diffCampaign("c-000000000002", "203.0.113.2", tocsin.Medium, 1, "web02"),       // turns out to be of the first
		diffCampaign("c-000000000003", "203.0.113.3", tocsin.Medium, 1, "web03"),       // another id, the same content
		diffCampaign("c-000000000004", "203.0.113.4", tocsin.High, 1, "web04"),         // gone
	}
	grown := diffCampaign("c-000000000001", "203.0.113.1", tocsin.High, 2, "web01", "db01")
	grown.Was = []string{"c-000000000002"}
	after.Campaigns = []*tocsin.Campaign{grown, diffCampaign("c-000000000033", "203.0.113.3", tocsin.Medium, 1, "web03"), diffCampaign("c-000000000005", "203.0.113.5", tocsin.Critical, 1, "web03")}
	return Diff(resultOf(t, "monday.jsonl", before), resultOf(t, "tuesday.jsonl", after))
}

func TestDiff(t *testing.T) {
	d := diffSample(t)
	var got []string
	for _, c := range d.Changes {
		got = append(got, fmt.Sprintf("%s %s %s %s %d/%d %s", c.Change, c.What, c.ID[max(0, len(c.ID)-3):], c.Level, c.Was, c.N, strings.Join(c.Why, "; ")))
	}
	want := []string{
		"new campaign 005 critical 0/10 ",
		"new finding 002 high 0/1 ",
		"worse finding 004 critical 1/2 level low → critical",
		"worse campaign 001 high 20/10 entered besides: host db01",
		"gone campaign 004 high 10/10 ",
		"gone finding 005 informational 1/1 ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if d.Same != 2 || d.Worst() != tocsin.Critical {
		t.Errorf("%d the same, worst %s", d.Same, d.Worst())
	}
	if back := Diff(d.B, d.B); len(back.Changes) > 0 || back.Worst() != tocsin.Unrated {
		t.Errorf("a result differs from itself: %v", back.Changes)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"diff.txt": func(b *bytes.Buffer) error { return d.Text(b, TextOptions{}) }, "diff.jsonl": func(b *bytes.Buffer) error { return d.JSONL(b) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

// What is no result is an error that names the line.
func TestReadResultRefuses(t *testing.T) {
	for _, text := range []string{"Mar  1 08:00:07 web1 sshd[77]: x\n", `{"kind":"match","rule":7}` + "\n"} {
		if _, err := ReadResult("x", strings.NewReader("\n"+text)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if r, err := ReadResult("x", strings.NewReader("")); err != nil || !r.Empty() {
		t.Errorf("%v, %v", r, err)
	}
}
