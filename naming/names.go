package naming

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Names is what Facts add up to at some time. It is never changed, and may be used by several goroutines.
type Names struct {
	all []Known
	of  map[tocsin.Entity][]int // of those that are not doubted, by both their names
}

// A Known is a fact with the time for which it holds: zero is without a bound.
type Known struct {
	tocsin.Naming
	Since, Until time.Time
}

// At says that the fact holds at a time; of a time that is not known, that it holds always.
func (k *Known) At(t time.Time) bool {
	if t.IsZero() {
		return k.Since.IsZero() && k.Until.IsZero()
	}
	return (k.Since.IsZero() || !t.Before(k.Since)) && (k.Until.IsZero() || t.Before(k.Until))
}

// All are the facts, doubted ones too, by kind, name and time.
func (n *Names) All() []Known { return n.all }

// About are the facts that are not doubted about a name.
func (n *Names) About(e tocsin.Entity) []Known {
	var out []Known
	for _, i := range n.of[tocsin.Entity{Kind: e.Kind, Value: e.Value}] {
		out = append(out, n.all[i])
	}
	return out
}

// Machine is the host that an address was all the time from one moment to another, and the fact that says so.
func (n *Names) Machine(address string, from, to time.Time) (tocsin.Naming, bool) {
	var best *Known
	for _, i := range n.of[tocsin.Entity{Kind: "address", Value: address}] {
		k := &n.all[i]
		if k.Kind != "machine" || !k.At(from) || !k.At(to) {
			continue
		}
		if best == nil || better(k, best) {
			best = k
		}
	}
	if best == nil {
		return tocsin.Naming{}, false
	}
	return best.Naming, true
}

// better says which of two names of one machine is to be told: the surer one, then the longer.
func better(a, b *Known) bool {
	g := func(k *Known) int { return slices.Index(grades[:], k.Grade) }
	return cmp.Or(cmp.Compare(min(g(a), int(claimed)), min(g(b), int(claimed))), cmp.Compare(strings.Count(a.Name.Value, "."), strings.Count(b.Name.Value, ".")),
		cmp.Compare(g(a), g(b)), cmp.Compare(a.N, b.N), strings.Compare(b.Name.Value, a.Name.Value)) > 0
}

// Host is the host that an address was at a time, or "". It is sure where the machine's own record says so, or two kinds of
// record do.
func (n *Names) Host(address string, at time.Time) (host string, sure bool) {
	m, ok := n.Machine(address, at, at)
	if !ok {
		return "", false
	}
	return m.Name.Value, borneOut(&m)
}

// borneOut says that a fact rests on the machine's own record, or on two kinds of record.
func borneOut(m *tocsin.Naming) bool {
	return m.Grade == own.String() || slices.ContainsFunc(m.By, func(id string) bool { return evidence(id) != evidence(m.By[0]) })
}

// Others are the further names, a SID among them, of a host or a user that records are sure of, sorted.
func (n *Names) Others(kind, name string) []string {
	if strings.HasPrefix(name, "s-1-5-") {
		name = strings.ToUpper(name)
	} else if sidOf(name) == "" {
		name = strings.ToLower(name)
	}
	var all []string
	for _, i := range n.of[tocsin.Entity{Kind: kind, Value: name}] {
		k := &n.all[i]
		switch {
		case k.Kind != "alias" && k.Kind != "sid" && k.Kind != "account", k.Of.Kind != kind || k.Name.Kind != kind:
			continue
		case k.Grade != own.String() && !sameMachine(k.Of.Value, k.Name.Value):
			continue
		}
		other := k.Of.Value
		if other == name {
			other = k.Name.Value
		}
		if !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	slices.Sort(all)
	return all
}
