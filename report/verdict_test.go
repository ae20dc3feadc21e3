package report

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	drivers "github.com/tocsin-ids/tocsin/actor"
)

// unmarked is a document as it reads: without marks, markup and line breaks.
func unmarked(s string) string {
	s = regexp.MustCompile(`</?(strong|code|bdi|p|li|h[1-6])>`).ReplaceAllString(s, "")
	s = strings.NewReplacer("**", "", "`", "", `\`, "").Replace(html.UnescapeString(s))
	return strings.Join(strings.Fields(s), " ")
}

// verdictCases are campaigns of every kind of judgement.
func verdictCases() map[string]*tocsin.Campaign {
	undecided, few, local, silent := *sampleCampaign(), *smallCampaign(2), *smallCampaign(3), *smallCampaign(4)
	undecided.Driver, undecided.Share, undecided.Autonomy = tocsin.Undecided, map[string]float64{"human": 0.4, "script": 0.35, "agent": 0.25}, nil
	for _, c := range []*tocsin.Campaign{&few, &local, &silent} {
		c.Driver, c.Judged, c.Share = tocsin.Undecided, 0, nil
		a := *c.Actors[0]
		a.Driver, a.Share = tocsin.Undecided, nil
		c.Actors = []*tocsin.Actor{&a}
	}
	few.Actors[0].Evidence = []tocsin.Evidence{{Feature: "acts", Seen: "its actions show 3 decisions of its own; 10 are needed"}}
	local.Actors[0].Local = true
	return map[string]*tocsin.Campaign{"an agent": sampleCampaign(), "a script": smallCampaign(1), "undecided": &undecided, "few acts": &few, "no doer": &local, "nothing typed": &silent}
}

// All formats say of one campaign the same driver, share, level and counts.
func TestOneVerdict(t *testing.T) {
	for name, c := range verdictCases() {
		h := &Hunt{Campaigns: []*tocsin.Campaign{c}, Made: sampleStart}
		verdict, entered, level := english.verdict(c).plain(), english.entered(c), english.levels[c.Level.String()]
		if verdict == "" || entered == "" {
			t.Fatalf("%s: nothing is said", name)
		}
		for format, write := range map[string]func(io.Writer) error{
			"text":     func(w io.Writer) error { return Text(w, h, TextOptions{Width: 90, Height: 24}) },
			"explain":  func(w io.Writer) error { return Explain(w, h, c, TextOptions{}) },
			"markdown": func(w io.Writer) error { return Incident(w, h, "en") },
			"incident": func(w io.Writer) error { return IncidentHTML(w, h, "en") },
			"nis2":     func(w io.Writer) error { return Notification(w, h, nil, Notice{}) },
			"stix":     func(w io.Writer) error { return STIX(w, h) },
			"jsonl":    func(w io.Writer) error { return JSONL(w, h) },
			"html": func(w io.Writer) error {
				_, err := w.Write(pageData(h, &english, false))
				return err
			},
		} {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatalf("%s: %s: %v", name, format, err)
			}
			got := unmarked(b.String())
			if format == "jsonl" || format == "html" || format == "stix" {
				got = texts(t, b.Bytes())
			}
			if !strings.Contains(got, verdict) {
				t.Errorf("%s: %s does not say %q", name, format, verdict)
			}
			if format == "jsonl" || format == "html" {
				line := b.String()
				for _, want := range []string{`"driver":"` + c.Driver.String() + `"`, `"level":"` + c.Level.String() + `"`, `"actions":` + english.gapless(c.Actions)} {
					if !strings.Contains(line, want) {
						t.Errorf("%s: %s has no %s", name, format, want)
					}
				}
				continue
			}
			if short := levelShort[c.Level]; format != "nis2" && !strings.Contains(strings.ToLower(got), level) && !strings.Contains(got, short) {
				t.Errorf("%s: %s does not say the level", name, format)
			}
			if reachedOf(c) > 0 && reachedOf(c) < len(c.Victims) && !strings.Contains(got, entered) {
				t.Errorf("%s: %s does not say that it entered %q", name, format, entered)
			}
			if format != "text" {
				continue
			}
			for _, share := range regexp.MustCompile(`[<>]? ?\d+ %`).FindAllString(got, -1) {
				if !strings.Contains(verdict, strings.TrimSpace(share)) {
					t.Errorf("%s: the summary says %s beside %q", name, share, verdict)
				}
			}
			if !strings.Contains(got, several(c.Actions, "action")) {
				t.Errorf("%s: the summary does not count %d actions", name, c.Actions)
			}
		}
	}
}

func (w *words) gapless(n int) string { return strings.ReplaceAll(w.number(n), w.thousands, "") }

// texts are all texts of lines of JSON.
func texts(t *testing.T, b []byte) string {
	t.Helper()
	var all []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			all = append(all, v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for d := json.NewDecoder(bytes.NewReader(b)); ; {
		var v any
		if err := d.Decode(&v); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		walk(v)
	}
	return strings.Join(all, "\n")
}

// Every symbol of every family of features has its words in both languages, and every kind of link; a sentence that is missing
// would be left out without a word.
func TestSureWords(t *testing.T) {
	var reasons, rests []string
	for k := range sureIn["en"].reasons {
		reasons = append(reasons, k)
	}
	for k := range sureIn["en"].rests {
		rests = append(rests, k)
	}
	for _, f := range drivers.Features(nil) {
		if k := f.Family + "/" + f.Symbol; sureIn["en"].reasons[k] == "" {
			t.Errorf("nothing for %s", k)
		}
	}
	for lang, s := range sureIn {
		if len(s.reasons) != len(reasons) || len(s.rests) != len(rests) || len(s.kinds) != len(sureIn["en"].kinds) {
			t.Errorf("%s has other words than en", lang)
		}
		for _, k := range slices.Concat(reasons, rests) {
			if s.reasons[k] == "" && s.rests[k] == "" {
				t.Errorf("%s: nothing for %s", lang, k)
			}
		}
	}
}

func TestJoins(t *testing.T) {
	a := &tocsin.Actor{ID: "address:203.0.113.9", Handles: []tocsin.Entity{{Kind: "address", Value: "203.0.113.9"}}}
	web1 := &tocsin.Actor{ID: "host:web1", Local: true, Handles: []tocsin.Entity{{Kind: "host", Value: "web1"}}}
	c := &tocsin.Campaign{Actors: []*tocsin.Actor{a, web1}, Joins: []tocsin.Join{
		{From: a.ID, To: web1.ID, Weight: 3.2, Rests: []string{"time"}, Lacks: []string{"account", "address", "tool", "host"}, Apart: 13 * 60e9},
		{From: a.ID, To: "user:ann", Weight: 9, Rests: []string{"credential", "pivot"}, Shared: []string{"account:ann", "key:2", "tool:cat", "tool:curl"}, Common: map[string]int{"account": 1, "key": 1, "tool": 5}, Lacks: []string{"host"}, Apart: -1},
		{From: a.ID, To: "user:bob", Weight: 4.6, Rests: []string{"together"}, Between: 4, Apart: -1},
	}}
	want := []string{
		"203.0.113.9 and what happened on web1: joined because both did what is seldom in one organisation close in time (13 min apart). These two share no account, address, tool or host. That is about 25 times likelier of one intruder than by chance (weight 3.20, where 3 is enough).",
		"203.0.113.9 and user:ann: joined by a secret that both used and because one acted from a machine that the other had got into. They share account ann, secret 2 and 5 tools (cat, curl and 3 more), but no host. That is more than 1,000 times likelier of one intruder than by chance (weight 9.00, where 3 is enough).",
		"203.0.113.9 and user:bob: joined by 4 links between what belongs to the one and what belongs to the other, each too weak by itself. That is about 99 times likelier of one intruder than by chance (weight 4.60, where 3 is enough).",
	}
	for i, got := range english.joins(c, 9) {
		if got.plain() != want[i] {
			t.Errorf("got  %s\nwant %s", got.plain(), want[i])
		}
	}
}

func reachedOf(c *tocsin.Campaign) int {
	n := 0
	for i := range c.Victims {
		if c.Victims[i].Reached {
			n++
		}
	}
	return n
}
