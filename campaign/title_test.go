package campaign

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tocsin-ids/tocsin"
)

func TestTitle(t *testing.T) {
	host := func(name string, reached bool) tocsin.Victim {
		return tocsin.Victim{Entity: tocsin.Entity{Kind: "host", Value: name}, Reached: reached}
	}
	user := func(name string) tocsin.Victim {
		return tocsin.Victim{Entity: tocsin.Entity{Kind: "user", Value: name}, Reached: true}
	}
	actor := func(kind, name string) *tocsin.Actor {
		return &tocsin.Actor{ID: kind + ":" + name, Handles: []tocsin.Entity{{Kind: kind, Value: name}}}
	}
	local := &tocsin.Actor{ID: "host:web1", Local: true, Handles: []tocsin.Entity{{Kind: "host", Value: "web1"}}}
	step := func(tactic string, actions, failed int) tocsin.Step {
		return tocsin.Step{Tactic: tactic, Actions: actions, Worked: actions - failed, Failed: failed}
	}
	unknown := func(tactic string) tocsin.Step { return tocsin.Step{Tactic: tactic, Actions: 2, Failed: 1} }
	weak := host("db1", true)
	weak.Tie = tocsin.Weak
	loose := actor("address", "203.0.113.7")
	loose.Tie = tocsin.Weak
	far := []tocsin.Step{step("initial-access", 1, 0), step("execution", 2, 1), step("discovery", 3, 0), step("exfiltration", 1, 0), step("impact", 4, 4)}
	long := strings.Repeat("n", longName+1)
	for _, tt := range []struct {
		name string
		c    tocsin.Campaign
		want string
	}{
		{"one machine, one doer", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", true)}, Actors: []*tocsin.Actor{actor("address", "203.0.113.9")}, Steps: far}, "Intrusion into web1 by 203.0.113.9: as far as exfiltration"},
		{"two machines, others counted, machines that acted are no doers", tocsin.Campaign{Level: tocsin.Critical, Victims: []tocsin.Victim{host("web1", true), host("db1", true)}, Actors: []*tocsin.Actor{local, actor("address", "203.0.113.9"), actor("user", `web1\ann`), actor("user", `db1\bob`)}}, "Intrusion into web1 and db1 by 203.0.113.9 and 2 others"},
		{"below high", tocsin.Campaign{Level: tocsin.Medium, Victims: []tocsin.Victim{host("web1", true)}, Actors: []*tocsin.Actor{actor("user", "ann"), actor("user", "bob")}, Steps: far[1:3]}, "Unusual activity on web1 by ann and 1 other: execution and discovery"},
		{"the furthest is not shown to have worked", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", true)}, Steps: append(far[:3:3], unknown("exfiltration"))}, "Intrusion into web1: as far as an attempt at exfiltration"},
		{"of two as far, the one that is shown", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", true)}, Steps: append(far[:4:4], unknown("impact"))}, "Intrusion into web1: as far as exfiltration"},
		{"two, of which one is shown", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", true)}, Steps: []tocsin.Step{unknown("execution"), far[2]}}, "Intrusion into web1: discovery and an attempt at execution"},
		{"what is weak is not counted", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", true), weak}, Actors: []*tocsin.Actor{loose, actor("address", "203.0.113.9")}}, "Intrusion into web1 by 203.0.113.9"},
		{"unless all of it is weak", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{weak}, Actors: []*tocsin.Actor{loose}}, "Intrusion into db1 by 203.0.113.7"},
		{"below high, tried only", tocsin.Campaign{Level: tocsin.Medium, Victims: []tocsin.Victim{host("web1", false), host("web2", false), host("web3", false)}, Actors: []*tocsin.Actor{local}}, "Unusual activity aimed at 3 machines"},
		{"nobody named", tocsin.Campaign{Level: tocsin.Low, Actors: []*tocsin.Actor{actor("user", "ann")}}, "Unusual activity by ann"},
		{"tried only", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", false)}}, "Attack on web1"},
		{"accounts", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{user("ann"), user("bob")}, Orgs: []string{"a.example", "b.example"}}, "Intrusion into accounts ann and bob of 2 organisations"},
		{"more than are listed", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host("web1", true)}, Omitted: map[string]int{"victims": 4}}, "Intrusion into more than 1 machine"},
		{"the last part of a long name", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{user("arn:aws:iam::111122223333:role/" + strings.Repeat("p", 40) + "/deploy")}}, "Intrusion into account deploy"},
		{"a name too long to quote is counted", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host(long, true)}, Actors: []*tocsin.Actor{actor("agent", long)}}, "Intrusion into 1 machine by one agent"},
		{"two names too long together", tocsin.Campaign{Level: tocsin.High, Victims: []tocsin.Victim{host(long[:40], true), host(long[:41], true)}}, "Intrusion into " + long[:40] + " and 1 other machine"},
		{"a caller, by whence where the client is long", tocsin.Campaign{Level: tocsin.High, Actors: []*tocsin.Actor{actor("caller", "203.0.113.9 with "+long+", key …ABCD")}}, "Intrusion by 203.0.113.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Title(&tt.c)
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if n := utf8.RuneCountInString(got); n > 220 || strings.Contains(got, "…") {
				t.Errorf("%d characters: %q", n, got)
			}
		})
	}
}
