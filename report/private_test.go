package report

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// words are of prompts, results and arguments; they are in nothing else.
var privateWords = []string{"zebrafish", "walrus", "pelican", "ostrich", "narwhal", "capybara", "tapir", "kakapo", "cassowary", "nmap", "/etc/shadow", "a.tgz"}

func stars(s string, command bool) string { return strings.ReplaceAll(s, "pelican", "***") }

// privateHunt is a hunt in whose matches, campaign, principals and faults there is text of agents' calls.
func privateHunt() *Hunt {
	h := principalHunt(2)
	h.Matches = append(h.Matches.(List), agentMatch("s-1", "org-7/key-3"), agentMatch("o-1", "/home/person1/secret-plan"))
	a := &tocsin.Actor{ID: "agent:claude-code/s-1", Handles: []tocsin.Entity{{Kind: "agent", Value: "claude-code/s-1"}, {Kind: "file", Value: "/srv/walrus"}}, First: sampleStart, Last: sampleStart,
		Links: []tocsin.Link{{From: "a", To: "b", Kind: "mark", Weight: 3, Evidence: "both write kakapo"}}, Adaptations: []tocsin.Adaptation{{Evidence: "kakapo again"}}}
	h.Campaigns = []*tocsin.Campaign{{ID: "c-1", Title: "Intrusion into 2 machines", Level: tocsin.High, Why: "two tactics worked", First: sampleStart, Last: sampleStart, Actors: []*tocsin.Actor{a}, Principals: []string{"org-7/key-3"},
		Steps: []tocsin.Step{{Tactic: "discovery", Techniques: []string{"T1046"}, First: sampleStart, Last: sampleStart, Actions: 3, Actors: []string{a.ID}, Hosts: []string{"192.0.2.10"}, Summary: "nmap of pelican", Commands: []string{"nmap pelican"}, Shown: []string{"kakapo ran"},
			Acts: []tocsin.Act{{Text: "nmap pelican", Actions: 1, Seen: []tocsin.Sight{{Sensor: "ai_agent"}}}}}},
		Links: []tocsin.Link{{From: "a", To: "b", Kind: "mark", Weight: 3, Evidence: "both write kakapo"}}, Gates: []tocsin.Gate{{Change: "narwhal is next"}}, Data: []string{"sent out: tapir"}, Open: []string{"what became of tapir"},
		Marks: []string{"callback:drop.example", "list:kakapo"}, Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "192.0.2.10"}}, {Entity: tocsin.Entity{Kind: "file", Value: "/srv/walrus"}}}}}
	h.Coverage.Faults = append(h.Coverage.Faults, &tocsin.Fault{Source: "sessions/a.jsonl", Line: 9, Err: errors.New(`no call: "zebrafish"`)})
	h.Coverage.Faults = append(h.Coverage.Faults, &tocsin.Fault{Source: "sessions/b.jsonl", Hint: "look again"})
	h.Coverage.FaultN += 2
	h.Principals[0].Evidence[0].Sentence += ` as "narwhal"`
	h.Principals[0].Cleared = []string{"the person asked for `cassowary`"}
	return h
}

// With features only no format holds a word of a prompt, a result or an argument; who, where and how telling stay.
func TestFeaturesOnly(t *testing.T) {
	whole, h := privateHunt(), Private(privateHunt(), Privacy{FeaturesOnly: true, Redact: stars})
	for name, write := range everyFormat() {
		s := written(t, func(w io.Writer) error { return write(w, h) })
		for _, word := range privateWords {
			if strings.Contains(strings.ReplaceAll(s, "unmapped", ""), word) {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
	p := h.Principals[0]
	for name, write := range map[string]func(io.Writer, *Hunt) error{"explain": func(w io.Writer, h *Hunt) error { return ExplainPrincipal(w, h, p, TextOptions{}) },
		"abuse": func(w io.Writer, h *Hunt) error { return Abuse(w, h, p, "en") }} {
		s := written(t, func(w io.Writer) error { return write(w, h) })
		for _, word := range privateWords {
			if strings.Contains(s, word) {
				t.Errorf("%s holds %q", name, word)
			}
		}
		if !strings.Contains(s, "org-7/key-3") || !strings.Contains(s, "192.0.2.0/24") {
			t.Errorf("%s lost who and where:\n%s", name, s)
		}
	}
	s := written(t, func(w io.Writer) error { return JSONL(w, h) })
	for _, want := range []string{`"command.characters":"24"`, `"result.characters":"18"`, `"tool":"Bash"`, `"session":"s-1"`, `"indicators":["callback:drop.example"]`, `"omitted":{"indicators":1}`, `"score":8.3`, `"quote":""`, `3 actions; texts withheld`} {
		if !strings.Contains(s, want) {
			t.Errorf("lacks %s", want)
		}
	}
	// The words are where they were: nothing was taken out of what was given.
	if s := written(t, func(w io.Writer) error { return JSONL(w, whole) }); !strings.Contains(s, "kakapo") || !strings.Contains(s, "nmap") {
		t.Error("the sample does not hold the words")
	}
}

// Without asking for anything: prose, results and contents are gone, calls stand with secrets masked, and of ordinary principals
// there are counts only.
func TestPrivateByDefault(t *testing.T) {
	h := Private(privateHunt(), Privacy{Redact: stars})
	for name, write := range everyFormat() {
		s := written(t, func(w io.Writer) error { return write(w, h) })
		for _, word := range []string{"secret-plan", "person1", "ostrich", "capybara", "diary.example", "kakapo 22"} {
			if strings.Contains(s, word) {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
	var lines []string
	for l := range strings.Lines(written(t, func(w io.Writer) error { return JSONL(w, h) })) {
		if strings.Contains(l, "Network mapped") {
			lines = append(lines, l)
		}
	}
	if len(lines) != 2 {
		t.Fatalf("%d matches of calls", len(lines))
	}
	if !strings.Contains(lines[0], `"command":"nmap -p- ***.example"`) || strings.Contains(lines[0], "pelican") {
		t.Errorf("a call of one of whom there is something to report: %s", lines[0])
	}
	if strings.Contains(lines[1], "nmap") || strings.Contains(lines[1], "walrus") || !strings.Contains(lines[1], `"principal":"principal-`) {
		t.Errorf("a call of somebody ordinary: %s", lines[1])
	}
	named := privateHunt()
	named.Names = true
	if s := written(t, func(w io.Writer) error { return JSONL(w, Private(named, Privacy{Redact: stars})) }); !strings.Contains(s, "/home/person1/secret-plan") {
		t.Error("--names does not name")
	}
}

// A campaign's step is without its texts where only ordinary principals' agents did it, and logs of machines are as they were.
func TestPrivateSteps(t *testing.T) {
	h := privateHunt()
	a := &tocsin.Actor{ID: "agent:codex/o-1", Handles: []tocsin.Entity{{Kind: "agent", Value: "codex/o-1"}}}
	c := h.Campaigns[0]
	c.Actors = append(c.Actors, a)
	c.Steps = append(c.Steps, tocsin.Step{Tactic: "execution", Actors: []string{a.ID}, Summary: "made jellyfish", Commands: []string{"make jellyfish"}, Actions: 1})
	host := smallCampaign(3)
	h.Campaigns = append(h.Campaigns, host)
	out := Private(h, Privacy{Redact: stars})
	if s := out.Campaigns[0].Steps; s[0].Commands == nil || s[1].Commands != nil || strings.Contains(s[1].Summary, "jellyfish") {
		t.Errorf("%+v", s)
	}
	if out := Private(h, Privacy{FeaturesOnly: true}); out.Campaigns[1] != host {
		t.Error("a campaign without agents was changed")
	}
	for m := range Private(h, Privacy{FeaturesOnly: true}).Matches.All(true) {
		if m.Rule.ID != "r-1" {
			if len(m.Event.Fields) > 0 && strings.HasSuffix(m.Event.Fields[0].Name, ".characters") {
				t.Errorf("a machine's log is withheld: %v", m.Event.Fields[0])
			}
		}
	}
	if c.Steps[1].Commands == nil {
		t.Error("what was given was changed")
	}
}
