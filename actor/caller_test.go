package actor

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// call is a call of a cloud's API.
func call(at time.Duration, address, client, session, principal, technique string, level tocsin.Level) tocsin.Action {
	a := act(at, address, "", "create", technique, tocsin.Worked, level)
	a.Log, a.Tool, a.Tactic, a.Org = "api", client, "persistence", "aws:111122223333"
	a.Who = []tocsin.Entity{{Kind: "caller", Value: address + " with " + client + session + ", as " + principal}, {Kind: "address", Value: address}, {Kind: "principal", Value: principal}}
	return a
}

// calls are what is called, with at, from where, by what client, session and principal.
func calledBy(all ...tocsin.Action) []*tocsin.Actor {
	s := NewPages(Key{1})
	for i := range all {
		all[i].Place.Record = uint64(i + 1)
		s.Add(&all[i])
	}
	s.Whole()
	return s.Actors(0)
}

// ids are those of actors, each with the callers that it goes by.
func ids(actors []*tocsin.Actor) []string {
	var all []string
	for _, a := range actors {
		n := 0
		for _, h := range a.Handles {
			if h.Kind == "caller" {
				n++
			}
		}
		all = append(all, strings.Repeat("+", n)+a.ID)
	}
	slices.Sort(all)
	return all
}

const office, strangeNet = "198.51.100.10", "203.0.113.77"

func TestCallers(t *testing.T) {
	m := tocsin.Medium
	for _, c := range []struct {
		name string
		all  []tocsin.Action
		want int // actors
	}{
		{"a stolen key elsewhere is somebody else", []tocsin.Action{
			call(0, office, "browser", "", "ann", "T1", m), call(time.Minute, strangeNet, "aws-cli", "", "ann", "T2", m)}, 2},
		{"one session after another of one client", []tocsin.Action{
			call(0, strangeNet, "aws-cli", ", session 1", "ann", "T1", m), call(time.Minute, strangeNet, "aws-cli", ", session 2", "ann", "T2", m)}, 1},
		{"two programs of one principal, alone there", []tocsin.Action{
			call(0, strangeNet, "aws-cli", "", "ann", "T1", m), call(time.Minute, strangeNet, "boto3", "", "ann", "T2", m)}, 1},
		{"an office", []tocsin.Action{
			call(0, office, "browser", "", "ann", "T1", m), call(time.Minute, office, "boto3", "", "ann", "T2", m),
			call(2*time.Minute, office, "browser", "", "bob", "T1", m), call(3*time.Minute, office, "browser", "", "cid", "T1", m)}, 4},
		{"two addresses of one network", []tocsin.Action{
			call(0, "203.0.113.7", "aws-cli", "", "ann", "T1", m), call(time.Minute, "203.0.113.8", "aws-cli", "", "ann", "T2", m)}, 1},
	} {
		if got := ids(calledBy(c.all...)); len(got) != c.want {
			t.Errorf("%s: %d actors, want %d: %q", c.name, len(got), c.want, got)
		}
	}
}

// TestKeyHandedOn holds that who has a key made is tied to who uses it, and that two who use a principal's key are not.
func TestKeyHandedOn(t *testing.T) {
	const key = "key:0123456789abcdef"
	maker := call(0, strangeNet, "aws-cli", "", "ann", "T1", tocsin.Medium)
	maker.Marks = []string{key}
	user := call(time.Minute, "192.0.2.99", "boto3", "", "backup", "T2", tocsin.Medium)
	user.Credential = key
	if got := ids(calledBy(maker, user)); len(got) != 1 {
		t.Errorf("made and used: %q", got)
	}
	maker.Marks, maker.Credential = nil, key
	user.Who[2].Value = "ann"
	if got := ids(calledBy(maker, user)); len(got) != 2 {
		t.Errorf("used by both: %q", got)
	}
}

// TestStrange holds how what callers did weighs: more where their principal is in use elsewhere, as long as that is not
// everywhere; less for code's own work and for who works beside others; as it is for who is alone.
func TestStrange(t *testing.T) {
	low := tocsin.Low
	weight := func(of string, all ...tocsin.Action) float64 {
		for _, a := range calledBy(all...) {
			if strings.HasPrefix(a.ID, "caller:"+of) {
				return a.Deeds[0].Weight
			}
		}
		t.Fatalf("nobody from %s", of)
		return 0
	}
	alone := weight(strangeNet, call(time.Minute, strangeNet, "aws-cli", "", "ann", "T2", low))
	home := call(0, office, "browser", "", "ann", "T1", low)
	if w := weight(strangeNet, home, call(time.Minute, strangeNet, "aws-cli", "", "ann", "T2", low)); w < 1.9*alone {
		t.Errorf("elsewhere at the time: %.2f, alone %.2f", w, alone)
	}
	if w := weight(strangeNet, home, call(3*time.Hour, strangeNet, "aws-cli", "", "ann", "T2", low)); w > 1.1*alone {
		t.Errorf("elsewhere hours later: %.2f, alone %.2f", w, alone)
	}
	var many []tocsin.Action
	for i := range 12 {
		many = append(many, call(time.Duration(i)*time.Second, "198.18."+string(rune('0'+i%10))+".1", "runner", "", "ann", "T1", low))
	}
	if w := weight(strangeNet, append(many, call(time.Minute, strangeNet, "aws-cli", "", "ann", "T2", low))...); w > 1.3*alone {
		t.Errorf("a principal in use everywhere: %.2f, alone %.2f", w, alone)
	}
	if w := weight(office, call(0, office, "terraform", "", "ci", "T1", low)); w > 0.6*alone {
		t.Errorf("code's own work: %.2f, alone %.2f", w, alone)
	}
	if w := weight(office, home, call(time.Minute, office, "browser", "", "bob", "T1", low)); w > 0.8*alone {
		t.Errorf("beside others: %.2f, alone %.2f", w, alone)
	}
}

// TestCallersInAnyOrder holds that callers are the same whatever the order they are read in, in one part or several, and
// asked for again.
func TestCallersInAnyOrder(t *testing.T) {
	var all []tocsin.Action
	for i := range 60 {
		at := time.Duration(i) * time.Minute
		all = append(all, call(at, office, "browser", "", "ann", "T1", tocsin.Low), call(at, strangeNet, "aws-cli", ", session "+string(rune('a'+i%5)), "ann", "T2", tocsin.Medium),
			call(at, office, "terraform", "", "ci", "T3", tocsin.Low))
	}
	for i := range all {
		all[i].Place.Record = uint64(i + 1)
	}
	told := func(parts int, order []int) []string {
		s := NewPages(Key{1})
		for part := range parts {
			p := s.Fresh()
			for n, i := range order {
				if n%parts == part {
					p.Add(&all[i])
				}
			}
			s.Merge(p)
		}
		s.Whole()
		s.Actors(0)
		var out []string
		for _, a := range s.Actors(0) {
			out = append(out, a.ID)
			for _, d := range a.Deeds {
				out = append(out, time.Duration(d.Weight*1e9).String())
			}
			for _, l := range a.Links {
				out = append(out, l.Evidence)
			}
		}
		return out
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	want := told(1, order)
	if len(want) < 6 {
		t.Fatalf("%q", want)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 4 {
		r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		if got := told(3, order); !slices.Equal(got, want) {
			t.Fatalf("got %q\nwant %q", got, want)
		}
	}
}
