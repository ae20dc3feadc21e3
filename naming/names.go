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
