package tell

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

var start = time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)

func at(min int) time.Time { return start.Add(time.Duration(min) * time.Minute) }

func entered(n int) (all []tocsin.Victim) {
	for i := range n {
		all = append(all, tocsin.Victim{Entity: tocsin.Entity{Kind: "host", Value: fmt.Sprintf("db%02d", i)}, Reached: true, First: at(40 + i), Tie: tocsin.Core})
	}
	return all
}

func key(kind string, min int, o tocsin.Outcome) tocsin.KeyEvent {
	return tocsin.KeyEvent{Kind: kind, Time: at(min), Host: "db01", From: "203.0.113.46", Account: "svc", What: "an act", Outcome: o, Tie: tocsin.Core}
}

func campaign(change ...func(c *tocsin.Campaign)) *tocsin.Campaign {
	c := &tocsin.Campaign{ID: "c-0123456789ab", Title: "Intrusion into db00 by 203.0.113.46", Level: tocsin.Medium, Why: "a way in worked", First: at(0), Last: at(10), Actions: 20, Driver: tocsin.Script,
		Victims: entered(1), Key: []tocsin.KeyEvent{key("contact", 0, tocsin.Failed)},
		Actors: []*tocsin.Actor{{ID: "address:203.0.113.46", Handles: []tocsin.Entity{{Kind: "address", Value: "203.0.113.46"}}}}}
	for _, f := range change {
		f(c)
	}
	return c
}

func level(l tocsin.Level) func(*tocsin.Campaign) { return func(c *tocsin.Campaign) { c.Level = l } }
func with(e tocsin.KeyEvent) func(*tocsin.Campaign) {
	return func(c *tocsin.Campaign) { c.Key = append(c.Key, e) }
}
func machines(n int) func(*tocsin.Campaign) {
	return func(c *tocsin.Campaign) { c.Victims = entered(n) }
}
func actions(n int) func(*tocsin.Campaign) { return func(c *tocsin.Campaign) { c.Actions = n } }

// told is what is known after a campaign was told at minute 10.
func told(t *testing.T, c *tocsin.Campaign, change ...func(k *Known)) *Known {
	t.Helper()
	a, ok := Decide(nil, c, Policy{Level: tocsin.Low}, at(10))
	if !ok {
		t.Fatal("it is not told")
	}
	k := Told(nil, c, &a)
	for _, f := range change {
		f(k)
	}
	return k
}

func status(s Status) func(*Known) { return func(k *Known) { k.Status = s } }

func TestDecide(t *testing.T) {
	for _, x := range []struct {
		name   string
		was    *Known
		now    *tocsin.Campaign
		rules  Policy
		at     time.Time
		want   Kind // empty: nothing
		reason string
	}{
		{name: "first", now: campaign(), at: at(10), want: New, reason: "It is told for the first time, at level medium: a way in worked."},
		{name: "first, by its stage", now: campaign(with(key("entry", 5, tocsin.Worked))), at: at(10), want: New, reason: "at level medium: it got from 203.0.113.46 into db01 at 04:05 UTC."},
		{name: "first, by the gravest stage", now: campaign(with(key("entry", 5, tocsin.Worked)), with(key("sent", 6, tocsin.Worked))), at: at(10), want: New,
			reason: "data was sent out from db01 at 04:06 UTC (also: a way in)."},
		{name: "too low", now: campaign(level(tocsin.Low)), at: at(10)},
		{name: "low is asked for", now: campaign(level(tocsin.Low)), rules: Policy{Level: tocsin.Low}, at: at(10), want: New},
		{name: "unrated", now: campaign(level(tocsin.Unrated)), rules: Policy{Level: tocsin.Informational}, at: at(10)},
		{name: "only high", now: campaign(), rules: Policy{Level: tocsin.High}, at: at(10)},
		{name: "a level that nobody knows", now: campaign(level(77)), at: at(10), want: New, reason: "at level critical"},

		{name: "past", now: campaign(), rules: Policy{Since: at(10)}, at: at(30)},
		{name: "past, asked for", now: campaign(), rules: Policy{Since: at(10), Past: true}, at: at(30), want: New},
		{name: "past, and it goes on", now: campaign(), rules: Policy{Since: at(9)}, at: at(30), want: New},
		{name: "no time is not past", now: campaign(func(c *tocsin.Campaign) { c.Last = time.Time{} }), rules: Policy{Since: at(9)}, at: at(30), want: New},

		{name: "nothing new", was: told(t, campaign()), now: campaign(), at: at(1000)},
		{name: "its level rose", was: told(t, campaign()), now: campaign(level(tocsin.High)), at: at(10), want: Worse, reason: "Its level rose from medium to high: a way in worked."},
		{name: "it rose within the policy", was: nil, now: campaign(level(tocsin.High)), rules: Policy{Level: tocsin.High}, at: at(10), want: New},
		{name: "its level fell", was: told(t, campaign(level(tocsin.High))), now: campaign(), at: at(1000)},
		{name: "a machine more", was: told(t, campaign()), now: campaign(machines(2), with(key("lateral", 51, tocsin.Worked))), at: at(52), want: Worse,
			reason: "It went further: it got from 203.0.113.46 into a further machine, db01, at 04:51 UTC: 2 by now."},
		{name: "many machines more", was: told(t, campaign()), now: campaign(machines(12)), at: at(55), want: Worse, reason: "into a further machine, db11, at 04:51 UTC: 12 by now."},
		{name: "a machine more of many", was: told(t, campaign(machines(12))), now: campaign(machines(13)), at: at(1000)},
		{name: "machines that belong to it weakly", was: told(t, campaign()), at: at(1000),
			now: campaign(machines(4), func(c *tocsin.Campaign) {
				for i := range 3 {
					c.Victims[i].Tie = tocsin.Weak
				}
			})},
		{name: "secrets were read", was: told(t, campaign()), now: campaign(with(key("secrets", 11, tocsin.Worked))), at: at(12), want: Worse, reason: "It went further: secrets were read on db01 as svc at 04:11 UTC."},
		{name: "shown by what came of it", was: told(t, campaign()), now: campaign(with(func() tocsin.KeyEvent {
			e := key("secrets", 11, tocsin.Unknown)
			e.Shown = "the key was used"
			return e
		}())), at: at(12), want: Worse},
		{name: "whether secrets were read is not known", was: told(t, campaign()), now: campaign(with(key("secrets", 11, tocsin.Unknown))), at: at(12)},
		{name: "data was sent, the day before", was: told(t, campaign()), now: campaign(with(key("sent", 11, tocsin.Unknown))), at: at(3000), want: Worse, reason: "at 2026-03-01 04:11 UTC."},
		{name: "it was denied", was: told(t, campaign()), now: campaign(with(key("sent", 11, tocsin.Denied))), at: at(12)},
		{name: "a weak act", was: told(t, campaign()), now: campaign(with(func() tocsin.KeyEvent { e := key("sent", 11, tocsin.Worked); e.Tie = tocsin.Weak; return e }())), at: at(12)},
		{name: "a kind that wakes nobody", was: told(t, campaign()), now: campaign(with(key("collection", 11, tocsin.Worked))), at: at(12)},
		{name: "an agent drives it", was: told(t, campaign()), now: campaign(func(c *tocsin.Campaign) { c.Driver = tocsin.Agent }), at: at(12), want: Worse, reason: "It went further: an AI agent turns out to be at the controls."},
		{name: "an agent drove it from the start", was: told(t, campaign(func(c *tocsin.Campaign) { c.Driver = tocsin.Agent })), now: campaign(func(c *tocsin.Campaign) { c.Driver = tocsin.Agent }), at: at(12)},
		{name: "a stage waits a minute", was: told(t, campaign()), now: campaign(with(key("sent", 11, tocsin.Worked))), at: at(11).Add(-time.Second)},
		{name: "unless it need not", was: told(t, campaign()), now: campaign(with(key("sent", 11, tocsin.Worked))), rules: Policy{Gather: -1}, at: at(10), want: Worse},
		{name: "a level does not wait", was: told(t, campaign()), now: campaign(level(tocsin.Critical), with(key("sent", 11, tocsin.Worked))), at: at(10), want: Worse,
			reason: "Its level rose from medium to critical: data was sent out from db01 at 04:11 UTC."},

		{name: "it goes on", was: told(t, campaign()), now: campaign(actions(140)), at: at(25), want: Update, reason: "It goes on: 120 more actions since it was told last, the latest at 04:10 UTC."},
		{name: "it goes on, told just now", was: told(t, campaign()), now: campaign(actions(140)), at: at(25).Add(-time.Second)},
		{name: "more often", was: told(t, campaign()), now: campaign(actions(140)), rules: Policy{Every: time.Minute}, at: at(11), want: Update},
		{name: "no updates", was: told(t, campaign()), now: campaign(actions(140)), rules: Policy{Every: -1}, at: at(1000)},
		{name: "acknowledged", was: told(t, campaign(), status(Acknowledged)), now: campaign(actions(140)), at: at(1000)},
		{name: "acknowledged, and worse", was: told(t, campaign(), status(Acknowledged)), now: campaign(level(tocsin.High)), at: at(11), want: Worse},
		{name: "closed", was: told(t, campaign(), status(Closed)), now: campaign(actions(140)), at: at(1000)},
		{name: "closed, and worse", was: told(t, campaign(), status(Closed)), now: campaign(level(tocsin.High)), at: at(11), want: Worse},
		{name: "benign", was: told(t, campaign(), status(Benign)), now: campaign(level(tocsin.Critical), machines(5)), at: at(1000)},
		{name: "acknowledged before it was told", was: &Known{Of: "c-0123456789ab", Status: Acknowledged}, now: campaign(), at: at(10), want: New},

		{name: "part of another", was: told(t, campaign(func(c *tocsin.Campaign) { c.ID = "c-ffffffffffff" })), now: campaign(func(c *tocsin.Campaign) { c.Was = []string{"c-ffffffffffff"} }), at: at(10), want: Over,
			reason: "It turned out to be part of c-0123456789ab, under which it is told from now on."},
		{name: "that was told", was: told(t, campaign(), func(k *Known) { k.Into = "c-eeeeeeeeeeee" }), now: campaign(level(tocsin.Critical)), at: at(1000)},
		{name: "a policy that is wrong", now: campaign(), rules: Policy{Lang: "de", Base: "ftp://x"}, at: at(10), want: New, reason: "It is told for the first time"},
	} {
		t.Run(x.name, func(t *testing.T) {
			a, ok := Decide(x.was, x.now, x.rules, x.at)
			if ok != (x.want != "") || ok && a.Kind != x.want {
				t.Fatalf("%q, %v; want %q", a.Kind, ok, x.want)
			}
			if !strings.Contains(a.Reason, x.reason) {
				t.Errorf("%q; want %q", a.Reason, x.reason)
			}
			if !ok {
				return
			}
			if a.ID == "" || a.Title == "" || a.Verdict == "" || a.Lang != "en" || len(a.Hosts) == 0 || len(a.Actors) != 1 {
				t.Errorf("%+v", a)
			}
			if _, again := Decide(Told(x.was, x.now, &a), x.now, x.rules, x.at.Add(1000*time.Hour)); again {
				t.Error("it is told again though nothing changed")
			}
		})
	}
}

// TestWhen: what waits is told by asking again at the time that When names.
func TestWhen(t *testing.T) {
	was := told(t, campaign())
	for _, x := range []struct {
		now  *tocsin.Campaign
		from time.Time
		ok   bool
	}{
		{campaign(), time.Time{}, false},
		{campaign(with(key("sent", 11, tocsin.Worked))), at(11), true},
		{campaign(actions(99)), at(25), true},
		{campaign(level(tocsin.High)), time.Time{}, true},
	} {
		from, ok := When(was, x.now, Policy{})
		if ok != x.ok || !from.Equal(x.from) {
			t.Errorf("%v %v; want %v %v", from, ok, x.from, x.ok)
		}
		if ok && !from.IsZero() {
			if _, early := Decide(was, x.now, Policy{}, from.Add(-1)); early {
				t.Error("told before")
			}
			if _, then := Decide(was, x.now, Policy{}, from); !then {
				t.Error("not told then")
			}
		}
	}
}

// TestStableID: deciding again after a crash, with what was kept, gives the same id, in whatever language; other news another.
func TestStableID(t *testing.T) {
	seen := map[string]string{}
	id := func(name string, was *Known, now *tocsin.Campaign, rules Policy, at time.Time) string {
		t.Helper()
		if was != nil { // as it comes back from a store
			b, err := json.Marshal(was)
			if err != nil {
				t.Fatal(err)
			}
			was = &Known{}
			if err := json.Unmarshal(b, was); err != nil {
				t.Fatal(err)
			}
		}
		a, ok := Decide(was, now, rules, at)
		if !ok {
			t.Fatal(name, "is not told")
		}
		rules.Lang = "fr"
		b, _ := Decide(was, now, rules, at.Add(17*time.Second))
		if a.ID != b.ID || len(a.ID) != 34 {
			t.Errorf("%s: %s, then %s", name, a.ID, b.ID)
		}
		if seen[a.ID] != "" {
			t.Errorf("%s has the id of %s", name, seen[a.ID])
		}
		seen[a.ID] = name
		return a.ID
	}
	c := campaign()
	id("new", nil, c, Policy{}, at(10))
	id("another tenant's", nil, c, Policy{Tenant: "b"}, at(10))
	id("another campaign", nil, campaign(func(c *tocsin.Campaign) { c.ID = "c-2" }), Policy{}, at(10))
	was := told(t, c)
	id("high", was, campaign(level(tocsin.High)), Policy{}, at(12))
	id("critical", was, campaign(level(tocsin.Critical)), Policy{}, at(12))
	id("two", was, campaign(machines(2)), Policy{}, at(12))
	id("three", was, campaign(machines(3)), Policy{}, at(12))
	id("update", was, campaign(actions(99)), Policy{}, at(100))
	a, _ := Decide(was, campaign(actions(99)), Policy{}, at(100))
	id("second update", Told(was, campaign(actions(99)), &a), campaign(actions(999)), Policy{}, at(200))
	// What came besides before the crash was noted is the same news.
	x, _ := Decide(nil, campaign(), Policy{}, at(10))
	y, _ := Decide(nil, campaign(level(tocsin.High), machines(3), with(key("sent", 12, tocsin.Worked))), Policy{}, at(13))
	if x.ID != y.ID {
		t.Error("a campaign is new once")
	}
}

func TestRound(t *testing.T) {
	store := map[string]*Known{}
	round := func(min int, all ...*tocsin.Campaign) (kinds []string) {
		for _, n := range Round(func(id string) *Known { return store[id] }, all, Policy{}, at(min)) {
			store[n.Known.Of] = n.Known
			if n.Alert.ID != "" {
				kinds = append(kinds, string(n.Alert.Kind)+" "+n.Alert.Campaign)
			}
		}
		return kinds
	}
	named := func(id string, change ...func(*tocsin.Campaign)) *tocsin.Campaign {
		return campaign(append(change, func(c *tocsin.Campaign) { c.ID = id })...)
	}
	was := func(ids ...string) func(*tocsin.Campaign) { return func(c *tocsin.Campaign) { c.Was = ids } }
	for _, x := range []struct {
		min  int
		all  []*tocsin.Campaign
		want []string
	}{
		{10, []*tocsin.Campaign{named("c-1"), named("c-2", level(tocsin.High)), named("c-3", level(tocsin.Low))}, []string{"new c-1", "new c-2"}},
		{12, []*tocsin.Campaign{named("c-1"), named("c-2", level(tocsin.High))}, nil},
		{13, []*tocsin.Campaign{named("c-1", level(tocsin.High), was("c-2"))}, []string{"over c-2"}}, // high was told of a part
		{14, []*tocsin.Campaign{named("c-1", level(tocsin.High), was("c-2"))}, nil},
		{15, []*tocsin.Campaign{named("c-1", level(tocsin.Critical), was("c-2"))}, []string{"worse c-1"}},
		{16, []*tocsin.Campaign{named("c-3", level(tocsin.Critical), was("c-1", "c-2"))}, []string{"over c-1"}}, // c-3 was not told
		{17, []*tocsin.Campaign{named("c-3", level(tocsin.Critical), was("c-1", "c-2"))}, nil},
		{19, []*tocsin.Campaign{named("c-3", level(tocsin.Critical), was("c-1", "c-2"), machines(2))}, []string{"worse c-3"}},
	} {
		if got := round(x.min, x.all...); !slices.Equal(got, x.want) {
			t.Errorf("minute %d: %v, want %v", x.min, got, x.want)
		}
	}
}

func TestDecidePrincipal(t *testing.T) {
	p := func(v tocsin.Verdict) *tocsin.Principal {
		return &tocsin.Principal{Name: "ops@shop.example", Verdict: v, Calls: 40, First: at(0), Last: at(10), Agents: []string{"claude-code"}, Targets: []string{"10.0.0.5"},
			Evidence: []tocsin.Ground{{ID: "g", Weight: 3, Sentence: "it read keys at 10.0.0.5"}}}
	}
	if _, ok := DecidePrincipal(nil, p(tocsin.SecurityWork), Policy{Level: tocsin.Informational}, at(10)); ok {
		t.Error("security work is told")
	}
	a, ok := DecidePrincipal(nil, p(tocsin.Suspicious), Policy{}, at(10))
	if !ok || a.Kind != New || a.Level != tocsin.Medium || a.Reason != "Its agents do more of what intruders do than ordinary work has: it read keys at 10.0.0.5." || a.Principal != "ops@shop.example" {
		t.Errorf("%v %+v", ok, a)
	}
	was := ToldPrincipal(nil, p(tocsin.Suspicious), &a)
	if _, ok := DecidePrincipal(was, p(tocsin.Suspicious), Policy{}, at(999)); ok {
		t.Error("told again")
	}
	b, ok := DecidePrincipal(was, p(tocsin.Turned), Policy{Lang: "fr"}, at(11))
	if !ok || b.Kind != Worse || b.Level != tocsin.High || b.Judged != tocsin.Turned || b.ID == a.ID || !strings.HasPrefix(b.Reason, "Son agent semble s’être retourné contre lui") {
		t.Errorf("%v %+v", ok, b)
	}
	was = ToldPrincipal(was, p(tocsin.Turned), &b)
	if _, ok := DecidePrincipal(was, p(tocsin.Intrusion), Policy{}, at(11)); ok {
		t.Error("what is less than was told is told")
	}
	was = ToldPrincipal(nil, p(tocsin.Suspicious), &a)
	was.Status = Benign
	if _, ok := DecidePrincipal(was, p(tocsin.Turned), Policy{}, at(11)); ok {
		t.Error("benign is told")
	}
	if _, ok := DecidePrincipal(nil, p(tocsin.Suspicious), Policy{Since: at(10)}, at(11)); ok {
		t.Error("what is past is told")
	}
	for tenant, want := range map[string]string{"": "https://tocsin.example/#principal:org%2F%22a%22%20%281%29", "a&b": "https://tocsin.example/?tenant=a%26b#principal:org%2F%22a%22%20%281%29"} {
		x := p(tocsin.Suspicious)
		x.Name = `org/"a" (1)`
		if a, _ := DecidePrincipal(nil, x, Policy{Base: "https://tocsin.example/", Tenant: tenant}, at(10)); a.Link != want || a.safeLink() != want {
			t.Errorf("tenant %q: link %s", tenant, a.Link)
		}
	}
}

// TestStages: each stage has a kind of key event that there is, and says what it is in both languages.
func TestStages(t *testing.T) {
	for _, s := range stages {
		if s.shown != byMachines && s.shown != byDriver && !slices.Contains(tocsin.KeyKinds[:], s.shown) {
			t.Errorf("%s: there is no kind of key event %s", s.name, s.shown)
		}
		for lang, w := range wordsIn {
			if w.stages[s.name] == "" || s.sentence[lang] == "" {
				t.Errorf("%s is not said in %s", s.name, lang)
			}
			for _, f := range []fact{{stage: &s}, {stage: &s, host: "h{on}", from: "f", account: "[a]", on: "o", time: at(1), n: 3}} {
				if got := f.say(lang, at(1)); strings.ContainsAny(strings.NewReplacer("h{on}", "", "[a]", "").Replace(got), "[]{}") || strings.Contains(got, "  ") || got == "" {
					t.Errorf("%s in %s: %q", s.name, lang, got)
				}
			}
		}
	}
	for n, want := range map[int]int{0: 0, 1: 0, 2: 2, 4: 3, 9: 5, 1_000_000: 10_000} {
		if rung(n) != want {
			t.Errorf("rung(%d) = %d, want %d", n, rung(n), want)
		}
	}
}

// TestFloodOfMachines: an intruder who gets into 5,000 machines one by one is told a dozen times.
func TestFloodOfMachines(t *testing.T) {
	var was *Known
	n := 0
	for i := 1; i <= 5000; i += 29 {
		c := campaign(machines(i))
		if a, ok := Decide(was, c, Policy{Every: -1}, at(10+2*i)); ok {
			was = Told(was, c, &a)
			n++
		}
	}
	if n < 8 || n > len(ladder)+1 {
		t.Errorf("%d alerts", n)
	}
}

func TestFrench(t *testing.T) {
	c := campaign(level(tocsin.High), machines(2), with(key("lateral", 51, tocsin.Worked)))
	a, ok := Decide(told(t, campaign()), c, Policy{Lang: "fr", Base: "https://tocsin.example/"}, at(52))
	if !ok || !strings.HasPrefix(a.Reason, "Son niveau est passé de moyen à élevé\u00a0: il est entré depuis 203.0.113.46 sur une autre machine, db01, à 04:51 UTC") || a.Link != "https://tocsin.example/campaigns/c-0123456789ab" || a.Title != "Intrusion touchant db00, par 203.0.113.46" || a.Driven != "script" {
		t.Errorf("%+v", a)
	}
}
