package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// crowded is a hunt of more of everything than a screen holds.
func crowded() *Hunt {
	h := sampleHunt(0)
	var all List
	for i := range 90 {
		level := []tocsin.Level{tocsin.Medium, tocsin.High, tocsin.Critical}[i%3]
		r := &tocsin.Rule{ID: fmt.Sprint(i), Title: fmt.Sprintf("Something that takes quite some words to say happened on a machine, of kind %d", i), Level: level, Tags: []string{"attack.t1190", "attack.initial-access"}}
		all = append(all, &tocsin.Match{Time: sampleStart, Rule: r, Event: &tocsin.Event{Time: sampleStart, Host: fmt.Sprintf("a-machine-with-a-long-name-%d.branch-office.corp.example", i), Fields: []tocsin.Field{{Name: "User", Value: fmt.Sprintf("user%d", i)}}}})
	}
	h.Matches, h.Campaigns = all, nil
	for i := range 12 {
		c := smallCampaign(i + 1)
		c.Title = fmt.Sprintf("Intrusion into a machine and another by somebody with a rather long name and 3 others: as far as exfiltration %d", i)
		if c.Level = tocsin.Medium; i < 8 {
			c.Level = tocsin.High
		}
		h.Campaigns = append(h.Campaigns, c)
	}
	return h
}

// Whatever the room, each campaign and rule of level high and above is named whole, with its id, and what is not listed is counted.
func TestSevereAreListed(t *testing.T) {
	for _, o := range []TextOptions{{Width: 60, Height: 24}, {Width: 80, Height: 24}, {}, {Width: 120, Whole: true}, {Width: 200, Height: 60, Color: true}, {Width: 100, Full: true}} {
		h := crowded()
		var b bytes.Buffer
		if err := Text(&b, h, o); err != nil {
			t.Fatal(err)
		}
		plain := inkCodes.ReplaceAllString(b.String(), "")
		if !o.Whole && !o.Full {
			harmlessLines(t, plain, max(o.Width, 60, map[bool]int{true: 100}[o.Width == 0]))
		}
		// Folded lines of titles stand in one column.
		said := strings.Join(strings.Fields(strings.Join(leftColumn(plain), " ")), " ")
		for _, c := range h.Campaigns {
			severe := c.Level >= tocsin.High || o.Full
			if severe && !strings.Contains(said, c.Title) {
				t.Errorf("%+v: no title %q", o, c.Title)
			}
			if severe && !strings.Contains(plain, c.ID) {
				t.Errorf("%+v: no id %s", o, c.ID)
			}
		}
		for m := range h.Matches.All(false) {
			if title := m.Rule.Title; (m.Rule.Level >= tocsin.High || o.Full) && !strings.Contains(said, title) {
				t.Errorf("%+v: no rule %q", o, title)
			}
		}
		listed := strings.Contains(plain, "\nUsers\n")
		if !listed && !strings.Contains(plain, "90 users") {
			t.Errorf("%+v: users are neither listed nor counted:\n%s", o, plain)
		}
		for i := range 90 {
			if name := fmt.Sprintf("a-machine-with-a-long-name-%d.branch-office.corp.example", i); o.Full && !strings.Contains(plain, name) {
				t.Errorf("%+v: no host %s", o, name)
			}
		}
		if o.Whole || o.Full {
			for _, l := range strings.Split(plain, "\n") {
				if strings.Contains(strings.Replace(l, "  … and ", "", 1), "…") {
					t.Errorf("%+v: a line is cut: %q", o, l)
				}
			}
		}
	}
}

// leftColumn is the part of each line that a title stands in: up to two spaces.
func leftColumn(s string) (all []string) {
	for _, l := range strings.Split(s, "\n") {
		l = strings.TrimPrefix(strings.TrimSpace(l), "HIGH ")
		l = strings.TrimPrefix(strings.TrimPrefix(l, "CRIT "), "med  ")
		l, _, _ = strings.Cut(l, "  ")
		all = append(all, l)
	}
	return all
}

func TestFold(t *testing.T) {
	p := &page{}
	for _, tt := range []struct {
		in   string
		n    int
		want []string
	}{
		{"one two three", 8, []string{"one two", "three"}}, {"abcdefghijkl", 8, []string{"abcdefgh", "ijkl"}}, {"about 50 % of it", 8, []string{"about", "50 % of", "it"}}, {"", 8, []string{""}}, {"run %TEMP%\\a", 8, []string{"run", "%TEMP%\\a"}},
	} {
		if got := p.fold(tt.in, tt.n); strings.Join(got, "|") != strings.Join(tt.want, "|") {
			t.Errorf("%q: got %q", tt.in, got)
		}
	}
	if got := (&page{whole: true}).fold("a /very/long/path/of/a/file b", 8); strings.Join(got, "|") != "a|/very/long/path/of/a/file|b" {
		t.Errorf("what is kept has its words broken: %q", got)
	}
}
