package campaign

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// book is what records say, for tests: hosts by address, with a ? where it is not sure, and further names by KIND:NAME.
type book struct {
	hosts  map[string]string
	others map[string][]string
}

func (b book) Host(address string, at time.Time) (string, bool) {
	h, unsure := strings.CutPrefix(b.hosts[address], "?")
	return h, h != "" && !unsure
}

func (b book) Others(kind, name string) []string { return b.others[kind+":"+strings.ToLower(name)] }

// An aim is a deed for TestVictims: who did it, where it was seen, what to, how.
type aim struct {
	who, host, on, verb, tactic string
	outcome                     tocsin.Outcome
}

// aimedAt tells the victims of one campaign: an actor who is in at gate1, and what is given.
func aimedAt(t *testing.T, names Names, aims ...aim) []string {
	t.Helper()
	entity := func(s string) tocsin.Entity {
		kind, value, _ := strings.Cut(s, ":")
		return tocsin.Entity{Kind: kind, Value: value}
	}
	a := &tocsin.Actor{ID: "session:gate1/7", Handles: []tocsin.Entity{{Kind: "session", Value: "gate1/7"}, {Kind: "address", Value: "203.0.113.9"}}, First: day}
	aims = append([]aim{{"session:gate1/7", "gate1", "", "run", "credential-access", tocsin.Worked}, {"session:gate1/7", "gate1", "", "run", "impact", tocsin.Worked}}, aims...)
	for i, x := range aims {
		d := tocsin.Deed{N: 1, Last: day.Add(time.Duration(i) * time.Minute), Weight: 6}
		d.Time, d.Host, d.Verb, d.Tactic, d.Outcome, d.Level = d.Last, x.host, x.verb, x.tactic, x.outcome, tocsin.High
		d.Who = []tocsin.Entity{entity(x.who)}
		for on := range strings.FieldsSeq(x.on) {
			d.On = append(d.On, entity(strings.ReplaceAll(on, "~", " ")))
		}
		a.Deeds = append(a.Deeds, d)
		a.Last = d.Time
	}
	b := &Board{Names: names}
	r := b.Build([]*tocsin.Actor{a})
	if len(r.Campaigns) != 1 {
		t.Fatalf("%d campaigns", len(r.Campaigns))
	}
	var all []string
	for _, v := range r.Campaigns[0].Victims {
		s := v.Kind + ":" + v.Value
		for _, e := range v.Also {
			s += " =" + e.Kind + ":" + e.Value
		}
		if !v.Reached {
			s = "? " + s
		}
		if s != "host:gate1" {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return all
}

// TestVictims: one thing is one victim, and what is no machine and no account of anybody's is none.
func TestVictims(t *testing.T) {
	const me = "session:gate1/7"
	at := func(host, on string) aim {
		return aim{me, host, on, "login", "lateral-movement", tocsin.Worked}
	}
	for name, c := range map[string]struct {
		names Names
		aims  []aim
		want  []string
	}{
		"short name, full name and address": {book{hosts: map[string]string{"10.0.0.5": "fs01.corp.example"}},
			[]aim{at("gate1", "host:FS01"), at("gate1", "host:fs01.corp.example."), at("gate1", "address:10.0.0.5")},
			[]string{"host:fs01.corp.example =address:10.0.0.5 =host:fs01"}},
		"a short name that two machines have": {nil,
			[]aim{at("gate1", "host:fs01"), at("gate1", "host:fs01.corp.example"), at("gate1", "host:fs01.lab.example")},
			[]string{"host:fs01", "host:fs01.corp.example", "host:fs01.lab.example"}},
		"a name that NetBIOS cut": {nil,
			[]aim{at("gate1", "host:a-very-long-machine.corp.example"), at("gate1", "host:A-VERY-LONG-MAC")},
			[]string{"host:a-very-long-machine.corp.example =host:a-very-long-mac"}},
		"other names by records": {book{others: map[string][]string{"host:web": {"srv7.corp.example"}, "host:srv7.corp.example": {"web"}}},
			[]aim{at("gate1", "host:web"), at("gate1", "host:srv7.corp.example")},
			[]string{"host:srv7.corp.example =host:web"}},
		"a claim of one machine to be another that acts itself": {book{hosts: map[string]string{"10.0.0.66": "?mail1.corp.example"}},
			[]aim{{me, "mail1", "", "run", "execution", tocsin.Worked}, {"address:10.0.0.66", "10.0.0.66", "", "run", "execution", tocsin.Worked}},
			[]string{"address:10.0.0.66", "host:mail1"}},
		"a claim of a machine of which nothing else is known": {book{hosts: map[string]string{"10.0.0.66": "?lap7"}},
			[]aim{at("gate1", "address:10.0.0.66")}, []string{"host:lap7 =address:10.0.0.66"}},
		"patterns, ranges, variables, words that stand for a name": {nil,
			[]aim{at("gate1", "host:$target host:{host} host:<ip> host:*.corp.example host:target address:10.0.0.1-20 address:10.0.0.0/24 host:10.0.0.x address:255.255.255.255 address:224.0.0.1 address:127.0.0.1 host:localhost host:a..b")},
			nil},
		"the actor's own address": {nil, []aim{at("gate1", "address:203.0.113.9")}, nil},
		"servers that a machine takes things from": {nil,
			[]aim{{me, "gate1", "host:files.relay.example", "run", "stealth", tocsin.Worked}, {me, "gate1", "address:198.51.100.7", "connect", "command-and-control", tocsin.Worked},
				{me, "gate1", "host:mirror.relay.example", "request", "reconnaissance", tocsin.Worked}, {me, "gate1", "host:fs01.corp.local", "run", "execution", tocsin.Worked}},
			[]string{"host:fs01.corp.local"}},
		"what was only tried and never answered": {nil,
			[]aim{{me, "gate1", "address:10.0.0.77", "login", "lateral-movement", tocsin.Failed}, {me, "gate1", "address:10.0.0.78", "login", "lateral-movement", tocsin.Unknown}, {"address:10.0.0.3", "", "address:10.0.0.79", "probe", "initial-access", tocsin.Failed}},
			[]string{"? address:10.0.0.79"}},
		"a domain of other machines": {nil,
			[]aim{at("gate1", "host:corp.local"), at("gate1", "host:dc1.corp.local")}, []string{"host:dc1.corp.local"}},
		"an account by several names": {nil,
			[]aim{at("gate1", `user:CORP\ann`), at("gate1", "user:ann@corp.example"), at("gate1", "user:ann")},
			[]string{`user:CORP\ann =user:ann =user:ann@corp.example`}},
		"local accounts of two machines": {nil,
			[]aim{at("web1", `user:web1\root`), at("web2", `user:web2\root`), at("web2", "user:root")},
			[]string{"host:web1", "host:web2", `user:web1\root`, `user:web2\root =user:root`}},
		"a SID": {book{others: map[string][]string{"user:s-1-5-21-1-2-3-1104": {`corp\ann`}}},
			[]aim{at("gate1", "user:S-1-5-21-1-2-3-1104"), at("gate1", `user:corp\ann`)},
			[]string{`user:corp\ann =user:S-1-5-21-1-2-3-1104`}},
		"the account of a machine": {nil,
			[]aim{at("gate1", "host:fs01.corp.local"), at("gate1", "user:FS01$@CORP.LOCAL")},
			[]string{"host:fs01.corp.local =user:FS01$@CORP.LOCAL"}},
		"placeholders, roles and what every machine has": {nil,
			[]aim{at("gate1", `user:<empty>@<empty> user:$user user:%USERNAME% user:- user:NT~AUTHORITY\SYSTEM user:corp\* principal:arn:aws:sts::111122223333:assumed-role/app/cli principal:arn:aws:iam::111122223333:role/app`)},
			nil},
		"a cloud account": {nil,
			[]aim{at("gate1", "principal:arn:aws:iam::111122223333:user/ops/eve")}, []string{"principal:arn:aws:iam::111122223333:user/ops/eve"}},
	} {
		if d := cmp.Diff(c.want, aimedAt(t, c.names, c.aims...)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestVictimOnce: a deed that names a machine in two ways is counted once, and what is said later of names is told.
func TestVictimOnce(t *testing.T) {
	actors := script(t, intrusion)
	d := &actors[0].Deeds[2]
	d.On = []tocsin.Entity{{Kind: "address", Value: "10.0.0.5"}, {Kind: "host", Value: "web1"}}
	b := &Board{}
	before := b.Build(actors).Campaigns[0]
	b.Names = book{hosts: map[string]string{"10.0.0.5": "web1.corp.example"}}
	after := b.Build(actors).Campaigns[0]
	count := func(c *tocsin.Campaign) string {
		machines, _, _ := c.Aimed(true)
		n := 0
		for _, v := range machines {
			n += v.Actions
		}
		return fmt.Sprint(len(machines), " machines, ", n, " actions")
	}
	if got := count(before); got != "3 machines, 10 actions" {
		t.Errorf("without names: %s", got)
	}
	if got := count(after); got != "2 machines, 9 actions" {
		t.Errorf("with names: %s", got)
	}
	if !strings.Contains(after.Title, "web1.corp.example and db1.corp.example") {
		t.Errorf("title %q", after.Title)
	}
}

// TestLogins: an address is the host whose own record has the login that the network's record is of, where nothing else fits,
// in its organisation only.
func TestLogins(t *testing.T) {
	deed := func(second int, org, host, verb, from, to string) tocsin.Deed {
		d := tocsin.Deed{N: 1}
		d.Time, d.Org, d.Host, d.Verb, d.Outcome = day.Add(time.Duration(second)*time.Second), org, host, verb, tocsin.Worked
		d.Who = []tocsin.Entity{{Kind: "address", Value: from}}
		if to != "" {
			d.On, d.Text = []tocsin.Entity{{Kind: "address", Value: to}}, to+":22"
		}
		return d
	}
	web := deed(30, "a", "", "connect", "10.0.0.1", "10.0.0.8")
	web.Text = "10.0.0.8:443"
	a := &tocsin.Actor{Deeds: []tocsin.Deed{
		deed(0, "a", "", "connect", "10.0.0.1", "10.0.0.5"), deed(1, "a", "App1", "login", "10.0.0.1", ""),
		deed(0, "b", "", "connect", "10.0.0.1", "10.0.0.5"), deed(1, "b", "other1", "login", "10.0.0.1", ""),
		deed(10, "a", "", "connect", "10.0.0.1", "10.0.0.6"), deed(15, "a", "late1", "login", "10.0.0.1", ""), // too late
		deed(20, "a", "", "connect", "10.0.0.1", "10.0.0.7"), deed(20, "a", "x1", "login", "10.0.0.1", ""), deed(21, "a", "x2", "login", "10.0.0.1", ""), // two fit
		web, deed(30, "a", "web1", "login", "10.0.0.1", ""), // no login's connection
	}}
	w := newWorld([]*tocsin.Actor{a}, nil, nil)
	if d := cmp.Diff(map[spot]string{{"a", "10.0.0.5"}: "app1", {"b", "10.0.0.5"}: "other1"}, w.entered, cmp.AllowUnexported(spot{})); d != "" {
		t.Error(d)
	}
}
