package actor

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

var day = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func entity(kind, value string) tocsin.Entity { return tocsin.Entity{Kind: kind, Value: value} }

// act is an action of an address at a host.
func act(at time.Duration, who, host, verb, technique string, outcome tocsin.Outcome, level tocsin.Level, marks ...string) tocsin.Action {
	a := tocsin.Action{Time: day.Add(at), Host: host, Who: []tocsin.Entity{entity("address", who)}, On: []tocsin.Entity{entity("host", host)}, Verb: verb,
		Technique: technique, Outcome: outcome, Level: level, Marks: marks, Text: fmt.Sprintf("%s %s %d", verb, host, at)}
	if technique != "" {
		a.Tactic = "reconnaissance"
	}
	a.Place = tocsin.Place{Time: a.Time, Source: "log/" + host, Record: uint64(at / time.Millisecond)}
	return a
}

// story is actions of several doers at several hosts.
func story() []tocsin.Action {
	var all []tocsin.Action
	for i := range 400 {
		who := fmt.Sprintf("203.0.113.%d", 1+i%7)
		level := tocsin.Low
		if i%11 == 0 {
			level = tocsin.Medium
		}
		a := act(time.Duration(i)*17*time.Second, who, fmt.Sprintf("h%d", i%3), "scan", "T1595.003", tocsin.Failed, level, "agent:tool/"+fmt.Sprint(i%4))
		a.Credential = []string{"", "", "key:0123456789abcdef"}[i%3]
		all = append(all, a)
	}
	return all
}

func book(all []tocsin.Action) *Book {
	var b Book
	for i := range all {
		b.Add(&all[i])
	}
	return &b
}

// TestOrder holds that actions in any order, shared out among any number of books, give the same actors.
func TestOrder(t *testing.T) {
	want, _ := book(story()).Actors(0)
	if len(want) == 0 {
		t.Fatal("no actors")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		all := story()
		rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var books []*Book
		for range 1 + round {
			books = append(books, &Book{})
		}
		for i := range all {
			books[rng.IntN(len(books))].Add(&all[i])
		}
		for _, b := range books[1:] {
			books[0].Merge(b)
		}
		got, _ := books[0].Actors(0)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("with %d books: %s", len(books), diff)
		}
	}
}

// TestBound holds that a book stays small whatever comes, keeps what is telling, and counts what it let go; and that what
// it keeps does not depend on how it came.
func TestBound(t *testing.T) {
	if testing.Short() {
		t.Skip("adds half a million actions")
	}
	fill := func(from, to int) *Book {
		var b Book
		for i := from; i < to; i++ {
			level := tocsin.Low
			if i%100_000 == 7 {
				level = tocsin.High
			}
			a := act(time.Duration(i)*time.Millisecond, fmt.Sprintf("2001:db8::%x:%x", i>>16, i&0xffff), "h", "scan", "T1595", tocsin.Failed, level)
			b.Add(&a)
		}
		return &b
	}
	const n = 400_000
	whole := fill(0, n)
	if whole.quiet.n > maxQuiet || whole.ticks > maxTicks {
		t.Errorf("%d quiet deeds and %d ticks", whole.quiet.n, whole.ticks)
	}
	if whole.telling.n != 4 {
		t.Errorf("%d telling deeds, want 4", whole.telling.n)
	}
	kept := 0
	for _, d := range whole.deeds {
		kept += d.n
	}
	if int64(kept)+whole.Dropped() != n {
		t.Errorf("%d kept and %d let go, want %d in all", kept, whole.Dropped(), n)
	}
	halves := fill(0, n/2)
	halves.Merge(fill(n/2, n))
	if len(halves.deeds) != len(whole.deeds) || halves.Dropped() != whole.Dropped() {
		t.Errorf("in halves: %d deeds kept and %d actions let go, want %d and %d", len(halves.deeds), halves.Dropped(), len(whole.deeds), whole.Dropped())
	}
}

// handles are those of the actor that has the one given.
func handles(t *testing.T, all []tocsin.Action, of string) map[string]bool {
	t.Helper()
	actors, _ := book(all).Actors(0)
	for _, a := range actors {
		has := map[string]bool{}
		for _, h := range a.Handles {
			has[h.Value] = true
		}
		if has[of] {
			return has
		}
	}
	t.Fatalf("no actor has %s", of)
	return nil
}

func TestJoinedByCredential(t *testing.T) {
	a := act(0, "203.0.113.1", "h1", "login", "T1110", tocsin.Failed, tocsin.Medium)
	b := act(time.Hour, "198.51.100.1", "h2", "login", "T1110", tocsin.Failed, tocsin.Medium)
	a.Credential, b.Credential = "key:0123456789abcdef", "key:0123456789abcdef"
	if has := handles(t, []tocsin.Action{a, b}, "203.0.113.1"); !has["198.51.100.1"] {
		t.Errorf("the same credential from two addresses: %v", has)
	}
	b.Credential = "key:aaaaaaaaaaaaaaaa"
	if has := handles(t, []tocsin.Action{a, b}, "203.0.113.1"); has["198.51.100.1"] {
		t.Errorf("other credentials: %v", has)
	}
}

// TestTakeover holds that who is stopped and goes on from another address is the same one, and that a stranger who only
// happens to come then is not.
func TestTakeover(t *testing.T) {
	var all []tocsin.Action
	for i := range 20 {
		all = append(all, act(time.Duration(i)*3*time.Second, "203.0.113.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low, "agent:tool/1"))
	}
	for i := range 4 {
		all = append(all, act(time.Minute+time.Duration(i)*3*time.Second, "203.0.113.1", "h", "scan", "T1595.003", tocsin.Denied, tocsin.Low, "agent:tool/1"))
	}
	benign := append([]tocsin.Action(nil), all...)
	for i := range 20 {
		all = append(all, act(2*time.Minute+time.Duration(i)*3*time.Second, "198.51.100.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low, "agent:tool/1"))
	}
	if has := handles(t, all, "203.0.113.1"); !has["198.51.100.1"] {
		t.Errorf("went on after a block: %v", has)
	}
	actors, _ := book(all).Actors(0)
	if len(actors) != 1 || len(actors[0].Adaptations) != 1 || actors[0].Adaptations[0].After <= 0 {
		t.Errorf("adaptations of %+v", actors)
	}
	benign = append(benign, act(2*time.Minute, "198.51.100.1", "h", "scan", "T1595.003", tocsin.Failed, tocsin.Low))
	if has := handles(t, benign, "203.0.113.1"); has["198.51.100.1"] {
		t.Errorf("somebody who mistyped a path after a block: %v", has)
	}
}

// TestSilence holds that an address that an organisation gives out anew is another actor's after a night, and one of the
// internet is not.
func TestSilence(t *testing.T) {
	for address, want := range map[string]int{"10.0.0.5": 2, "203.0.113.5": 1} {
		all := []tocsin.Action{act(0, address, "h", "run", "T1046", tocsin.Worked, tocsin.Medium), act(30*time.Hour, address, "h", "run", "T1046", tocsin.Worked, tocsin.Medium)}
		if actors, _ := book(all).Actors(0); len(actors) != want {
			t.Errorf("%s: %d actors, want %d", address, len(actors), want)
		}
	}
}

// TestLogin holds that what an account does after somebody logged in to it from elsewhere is put down to them.
func TestLogin(t *testing.T) {
	in := act(0, "203.0.113.9", "web1", "login", "", tocsin.Worked, tocsin.Informational)
	in.On = append(in.On, entity("user", `web1\deploy`))
	did := act(time.Minute, "", "web1", "read", "T1003", tocsin.Worked, tocsin.Medium)
	did.Who = []tocsin.Entity{entity("session", "web1/7"), entity("user", `web1\deploy`)}
	if has := handles(t, []tocsin.Action{in, did}, "203.0.113.9"); !has["web1/7"] {
		t.Errorf("%v", has)
	}
	did.Time = day.Add(48 * time.Hour)
	if has := handles(t, []tocsin.Action{in, did}, "web1/7"); has["203.0.113.9"] {
		t.Errorf("two days later: %v", has)
	}
}

// TestHostByFolder holds that a log that does not name its machine is of the machine whose name its folder bears.
func TestHostByFolder(t *testing.T) {
	a := act(0, "203.0.113.9", "web1.corp.example", "login", "T1110", tocsin.Failed, tocsin.Medium)
	b := act(time.Minute, "203.0.113.9", "", "probe", "T1190", tocsin.Worked, tocsin.Medium)
	b.Place.Source = "logs/web1.corp.example/access.log"
	actors, _ := book([]tocsin.Action{a, b}).Actors(0)
	for _, d := range actors[0].Deeds {
		if d.Host != "web1.corp.example" {
			t.Errorf("%s at %q", d.Verb, d.Host)
		}
	}
}

// TestByHand holds that stretches typed by hand are told from those of a machine, and that a quiet after which something
// else is done is a decision.
func TestByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var ticks tocsin.Ticks
	at := day.UnixNano()
	add := func(n int, text func(int) uint32, gap func() time.Duration, tactic uint8) {
		for i := range n {
			at += int64(gap())
			ticks = append(ticks, tocsin.Tick{Time: at, Text: text(i), Kind: uint32(tactic), Target: uint32(tactic), Length: 30, Tactic: tactic, Typed: true, Record: uint32(len(ticks))})
		}
	}
	machine := func() time.Duration { return time.Duration(1500+rng.IntN(4000)) * time.Millisecond }
	hand := func() time.Duration { return time.Duration(4+rng.IntN(90)) * time.Second }
	add(300, func(i int) uint32 { return 1000 + uint32(i) }, machine, 7)
	at += int64(9 * time.Minute)
	quiet := at
	add(60, func(i int) uint32 { return uint32(rng.IntN(8)) }, hand, 4)
	add(240, func(i int) uint32 { return 5000 + uint32(i) }, machine, 9)
	share := Autonomy([]tocsin.Ticks{ticks})
	if share == nil || share.Value < 0.85 || share.Value > 0.95 || share.Low > share.Value || share.High < share.Value {
		t.Errorf("autonomy %+v, want about 0.9", share)
	}
	gates := Gates(ticks)
	if len(gates) == 0 || gates[0].Time.UnixNano() < quiet || gates[0].Time.UnixNano() > quiet+int64(2*time.Minute) {
		t.Errorf("decisions %+v, want the first at %s", gates, time.Unix(0, quiet).UTC())
	}
	if Autonomy([]tocsin.Ticks{ticks[:5]}) != nil {
		t.Error("a share is told of five actions")
	}
}

func BenchmarkBook(b *testing.B) {
	all := story()
	b.ReportAllocs()
	for b.Loop() {
		if actors, _ := book(all).Actors(0); len(actors) == 0 {
			b.Fatal("no actors")
		}
	}
}
