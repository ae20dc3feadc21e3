package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// event makes one of NAME=VALUE pairs; host= is its host.
func event(pairs ...string) *tocsin.Event {
	ev := &tocsin.Event{Source: "logs/a.log", Record: 7, Time: time.Date(2026, 11, 20, 10, 30, 0, 0, time.UTC)}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		if name == "host" {
			ev.Host = value
			continue
		}
		ev.Fields = append(ev.Fields, tocsin.Field{Name: name, Value: value})
	}
	return ev
}

// A field is found under the names of Sigma, ECS and the log, and the very name first.
func TestFieldNamesOfOthers(t *testing.T) {
	for _, tt := range []struct {
		name string
		ev   *tocsin.Event
		want string
	}{
		{"source.ip", event("c-ip=192.0.2.1"), "192.0.2.1"},
		{"source.ip", event("id.orig_h=192.0.2.1", "id.resp_h=192.0.2.2"), "192.0.2.1"},
		{"IpAddress", event("src_ip=192.0.2.1"), "192.0.2.1"},
		{"src_ip", event("IpAddress=192.0.2.1", "src_ip=192.0.2.9"), "192.0.2.9"},
		{"destination.ip", event("id.orig_h=192.0.2.1", "id.resp_h=192.0.2.2"), "192.0.2.2"},
		{"process.command_line", event("CommandLine=whoami"), "whoami"},
		{"winlog.event_data.CommandLine", event("CommandLine=whoami"), "whoami"},
		{"winlog.event_data.ServiceFileName", event("ServiceFileName=x.exe"), "x.exe"},
		{"host.name", event("host=web01"), "web01"},
		{"Computer", event("host=web01", "Computer=web01.corp.example"), "web01.corp.example"},
		{"user", event("TargetUserName=ann", "TargetDomainName=CORP"), `CORP\ann`},
		{"day", event(), "2026-11-20"},
		{"hour", event(), "2026-11-20 10:00"},
		{"time", event(), "2026-11-20T10:30:00.000Z"},
		{"place", event(), "logs/a.log:7"},
		{"dns.question.name", event("dns.rrname=a.example", "dns.rrname=b.example"), "a.example,b.example"},
		{"no_such", event("c-ip=192.0.2.1"), ""},
	} {
		if got := strings.Join(refTo(tt.name).values(tt.ev), ","); got != tt.want {
			t.Errorf("%s of %v: %q, want %q", tt.name, tt.ev.Fields, got, tt.want)
		}
	}
	seen := map[string]string{}
	for line := range strings.Lines(aliasesText) {
		if line[0] == '#' {
			continue
		}
		for _, n := range strings.Fields(line) {
			if seen[n] != "" {
				t.Errorf("%s is on two lines of aliases.txt", n)
			}
			seen[n] = line
		}
	}
}

func TestAccounts(t *testing.T) {
	for _, tt := range []struct {
		name, domain, text string
		is, isNot          []string
	}{
		{"ann", "", "ann", []string{"ann", "ANN", "a*", "?nn"}, []string{"an", `CORP\ann`, "ann@corp.example", "bob"}},
		{"ann", "CORP", `CORP\ann`, []string{"ann", `corp\ann`, `CORP\*`, "ann@corp.example"}, []string{`OTHER\ann`, "ann@other.example"}},
		{`CORP\ann`, "", `CORP\ann`, []string{"ann", `corp\ANN`}, []string{`CORP\bob`}},
		{"ann@corp.example", "", "ann@corp.example", []string{"ann", "ann@corp.example", `CORP\ann`}, []string{"ann@corp.test", `EXAMPLE\ann`}},
		{"ann", "CORP.EXAMPLE", "ann@CORP.EXAMPLE", []string{"ann@corp.example"}, nil},
		{"ann", "-", "ann", nil, nil},
		{`.\ann`, "", "ann", []string{"ann"}, nil},
		{"a@b", "", "a@b", []string{"a@b"}, []string{"a"}},
	} {
		a := parseAccount(tt.name, tt.domain)
		if a.String() != tt.text {
			t.Errorf("%s of %s: %s, want %s", tt.name, tt.domain, a, tt.text)
		}
		for _, w := range tt.is {
			if !a.is(w) {
				t.Errorf("%s is not %s", a, w)
			}
		}
		for _, w := range tt.isNot {
			if a.is(w) {
				t.Errorf("%s is %s", a, w)
			}
		}
	}
}

// Spellings are one account where a SID ties them, and nowhere else.
func TestTies(t *testing.T) {
	const sid, other = "S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1105"
	tie := newTies()
	for _, a := range []account{
		{"ann", "CORP", sid}, {"ann", "CORP", sid}, {"Ann", "corp.example", sid}, {"ann", "", ""},
		{"bob", "CORP", ""}, {"bob", "corp.example", ""},
		{"svc", "CORP", sid + "0"}, {"svc", "CORP", other}, {"svc", "corp.example", other},
		{"eve", "CORP", ""}, {"EVE", "CORP", ""}, {"eve", "CORP", ""},
	} {
		tie.note(a)
	}
	one := tie.one()
	for from, want := range map[string]string{
		"Ann@corp.example": `CORP\ann`, `corp\ANN`: `CORP\ann`, "ann": "ann",
		"bob@corp.example": "bob@corp.example", `CORP\bob`: `CORP\bob`,
		"svc@corp.example": "svc@corp.example", `CORP\svc`: `CORP\svc`,
		`CORP\EVE`: `CORP\eve`, "nobody": "nobody",
	} {
		if got := one(from); got != want {
			t.Errorf("%s: %s, want %s", from, got, want)
		}
	}
}

// What groups let go is counted, and what is frequent stays and is low by no more than is said.
func TestGroupsAreBounded(t *testing.T) {
	g := newGroups()
	add := func(v string) {
		g.begin()
		g.value(v)
		g.at().Count++
	}
	const rare, often = 3 * mostGroups / 2, 5000
	for i := range rare {
		add(fmt.Sprint("rare", i))
		if i%(rare/often) == 0 {
			add("often")
		}
	}
	if len(g.tallies) > mostGroups || g.lost.groups == 0 || g.lost.events != g.lost.groups {
		t.Errorf("%d groups, lost %+v", len(g.tallies), g.lost)
	}
	n := g.tallies["often\x00"].Count
	if n > often || n+g.lost.low < often {
		t.Errorf("often counted %d, low by at most %d, was %d", n, g.lost.low, often)
	}
	var kept int64
	for _, x := range g.tallies {
		kept += x.Count
	}
	if kept+g.lost.events != rare+often {
		t.Errorf("%d kept and %d lost of %d", kept, g.lost.events, rare+often)
	}
	g = newGroups()
	long := strings.Repeat("x", 3*mostValue)
	for i := range 2 * mostGroupBytes / mostValue {
		add(fmt.Sprint(i, long))
	}
	if g.bytes > mostGroupBytes+2*mostValue || g.lost.groups == 0 {
		t.Errorf("%d bytes, lost %+v", g.bytes, g.lost)
	}
}

// A query holds where all of it does.
func TestQuery(t *testing.T) {
	ev := event("host=web01.corp.example", "TargetUserName=ann", "TargetDomainName=CORP", "IpAddress=192.0.2.7", "LogonType=3")
	for _, tt := range []struct {
		q    queryFlags
		want bool
	}{
		{queryFlags{}, true},
		{queryFlags{Host: []string{"web01"}}, true},
		{queryFlags{Host: []string{"web0"}}, false},
		{queryFlags{Host: []string{"db01", "web*"}}, true},
		{queryFlags{User: []string{`corp\ann`}}, true},
		{queryFlags{User: []string{"bob"}}, false},
		{queryFlags{Address: []string{"192.0.2.0/24"}}, true},
		{queryFlags{Address: []string{"192.0.2.8", "2001:db8::/32"}}, false},
		{queryFlags{Field: []string{"host=web01"}}, true},
		{queryFlags{Field: []string{"user=ann"}}, true},
		{queryFlags{Field: []string{"source.ip=192.0.2.0/28"}}, true},
		{queryFlags{Field: []string{"source.ip=192.0.2.*", "winlog.logon.type=3"}}, true},
		{queryFlags{Field: []string{"source.ip=192.0.2.7"}, Not: []string{"LogonType=3"}}, false},
		{queryFlags{Not: []string{"LogonType=10"}}, true},
		{queryFlags{Not: []string{"ANN"}}, false},
		{queryFlags{Host: []string{"web01"}, User: []string{"bob"}}, false},
		{queryFlags{Text: []string{"ANN"}, Regex: []string{"^ann$"}}, true},
	} {
		q, err := tt.q.query()
		if err != nil {
			t.Errorf("%+v: %v", tt.q, err)
		} else if got := q.wants(ev); got != tt.want {
			t.Errorf("%+v: %v, want %v", tt.q, got, tt.want)
		}
	}
	_, err := (&queryFlags{Address: []string{"web01"}, Field: []string{"x"}, Regex: []string{"("}}).query()
	for _, want := range []string{"--address web01", "--field x", "--regex"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s: %v", want, err)
		}
	}
}

func TestNumber(t *testing.T) {
	var got []string
	for _, n := range []float64{0, 12, -3, 1e15, 0.5, 1.25, 1e20} {
		got = append(got, number(n))
	}
	if d := cmp.Diff([]string{"0", "12", "-3", "1000000000000000", "0.5", "1.25", "100000000000000000000"}, got); d != "" {
		t.Error(d)
	}
}
