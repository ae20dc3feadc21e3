package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A pair is two members, the earlier first.
type pair struct{ x, y *member }

// A reason is what speaks for a pair. Its sentence is made only if it is told.
type reason struct {
	kind     string // of tocsin.Link
	weight   float64
	x, y     *member
	from, to *tocsin.Deed // the deeds that show it; to may be nil
	fromAs   string       // a name, as Deed.At has it, by which from shows it; empty where all its records do
	toAs     string       // the same of to
	text     string       // of an effect: what shows it
	firmest  *reason      // of a reason made of several weak ones: the firmest
	what     string       // the machine, string or organisation that they have in common
	n, of    int          // that so many of so many share it
	more     int          // of a reason made of several weak ones: how many
}

// atOnePlace says that a kind of reason is that things happened at one place: those are one piece of evidence, however
// put.
func atOnePlace(kind string) bool { return kind == "pivot" || kind == "host" || kind == "time" }

// rather says that a reason is to be told rather than another of its kind.
func (r *reason) rather(o *reason) bool {
	if r.weight != o.weight {
		return r.weight > o.weight
	}
	c := r.from.Time.Compare(o.from.Time)
	if c == 0 && r.to != nil && o.to != nil {
		c = r.to.Time.Compare(o.to.Time)
	}
	return c < 0
}

// A bond is what speaks for a pair.
type bond struct {
	pair
	reasons []reason
	sum     float64
}

// strong says that a bond is of two cores.
func (b *bond) strong() bool { return b.x.core() && b.y.core() }

// A knot collects bonds.
type knot struct {
	at    map[pair]int32
	bonds []bond
}

// add notes a reason; of one kind the heaviest counts. What is weak on both sides joins nothing.
func (k *knot) add(r reason) {
	if r.x == r.y || r.weight <= 0 || !r.x.core() && !r.y.core() {
		return
	}
	p := pair{r.x, r.y}
	if before(r.y, r.x) < 0 {
		p = pair{r.y, r.x}
	}
	n, ok := k.at[p]
	if !ok {
		k.at[p] = int32(len(k.bonds))
		k.bonds = append(k.bonds, bond{pair: p, reasons: []reason{r}})
		return
	}
	have := k.bonds[n].reasons
	for i := range have {
		if have[i].kind == r.kind || atOnePlace(have[i].kind) && atOnePlace(r.kind) {
			if r.rather(&have[i]) {
				have[i] = r
			}
			return
		}
	}
	k.bonds[n].reasons = append(have, r)
}

// tied are the bonds that can join anything, the firmest first.
func (k *knot) tied() []*bond {
	var all []*bond
	for i := range k.bonds {
		b := &k.bonds[i]
		b.sum = sum(b.reasons)
		if b.sum >= joined || b.strong() && slices.ContainsFunc(b.reasons, func(r reason) bool { return r.weight >= telling }) {
			all = append(all, b)
		}
	}
	slices.SortFunc(all, func(p, q *bond) int {
		return cmp.Or(cmp.Compare(q.sum, p.sum), before(p.x, q.x), before(p.y, q.y))
	})
	return all
}

// telling is the weight from which a reason counts where several that are each too weak come together.
const telling = 1.0

func sum(reasons []reason) float64 {
	t := 0.0
	for i := range reasons {
		t += reasons[i].weight
	}
	return t
}

// join makes one of the members that belong together: first of the cores, then of what is weaker and a core.
func (w *world) join() {
	k := &knot{at: map[pair]int32{}}
	w.pivots(k)
	w.marks(k)
	w.coincidences(k)
	w.shownBonds(k)
	bonds := k.tied()
	for _, b := range bonds {
		if b.strong() {
			w.union(b)
		}
	}
	w.whole(bonds)
	taken := map[*member]bool{}
	for _, b := range bonds {
		if b.strong() {
			continue
		}
		weak := b.x
		if weak.core() {
			weak = b.y
		}
		if !taken[weak] && w.union(b) {
			taken[weak] = true
		}
	}
}

// union makes one of a pair if there is enough evidence for it.
func (w *world) union(b *bond) bool {
	if b.sum < joined || !w.merge(b.x, b.y) {
		return false
	}
	b.y.links = append(b.y.links, b.reasons...)
	return true
}

// merge makes one group of two members' groups, unless somebody has said that they are apart.
func (w *world) merge(x, y *member) bool {
	x, y = x.root(), y.root()
	if x == y {
		return true
	}
	for _, a := range w.apart {
		if p, q := a[0].root(), a[1].root(); p == x && q == y || p == y && q == x {
			return false
		}
	}
	if before(y, x) < 0 {
		x, y = y, x
	}
	y.up = x
	return true
}

// whole joins what was joined already, where several links that are each too weak come together: each counts as far as
// it is about another machine or string, and they must come to half as much again.
func (w *world) whole(bonds []*bond) {
	type about struct {
		kind string
		y    *member
	}
	for range 4 {
		sums, seen := map[pair]float64{}, map[pair]map[about]bool{}
		first := map[pair]*reason{}
		var order []pair
		for _, p := range bonds {
			if !p.strong() {
				continue
			}
			x, y := p.x.root(), p.y.root()
			if x == y {
				continue
			}
			if before(y, x) < 0 {
				x, y = y, x
			}
			s := pair{x, y}
			if seen[s] == nil {
				seen[s] = map[about]bool{}
				order = append(order, s)
			}
			for i := range p.reasons {
				r := &p.reasons[i]
				if a := (about{r.kind, p.y}); r.weight >= telling && !seen[s][a] {
					seen[s][a] = true
					sums[s] += r.weight - 0.5
					if first[s] == nil || r.rather(first[s]) {
						first[s] = r
					}
				}
			}
		}
		slices.SortStableFunc(order, func(p, q pair) int {
			return cmp.Or(cmp.Compare(sums[q], sums[p]), before(p.x, q.x), before(p.y, q.y))
		})
		any := false
		for _, s := range order {
			if sums[s] < 1.5*joined {
				break
			}
			if x, y := s.x.root(), s.y.root(); x != y && w.merge(x, y) {
				y.links = append(y.links, reason{kind: "together", weight: sums[s], x: x, y: y, from: first[s].from, to: first[s].to, firmest: first[s], more: len(seen[s])})
				any = true
			}
		}
		if !any {
			return
		}
	}
}

// link is a reason in the words of the vocabulary.
func (r *reason) link() tocsin.Link {
	if r.kind == "together" {
		l := r.firmest.link()
		l.Kind, l.Weight = r.kind, r.weight
		l.Evidence = fmt.Sprintf("%d links between what belongs to the one and to the other, each weak; the firmest: %s", r.more, l.Evidence)
		return l
	}
	x, y, from, to := r.x, r.y, r.from, r.to
	fromAt, toAt := placed(from, r.fromAs), tocsin.Place{}
	l := tocsin.Link{Kind: r.kind, Weight: r.weight, Time: fromAt.Time, Places: []tocsin.Place{fromAt}, Tie: tocsin.Weak}
	if to != nil {
		toAt = placed(to, r.toAs)
		l.Places = append(l.Places, toAt)
		l.Time = toAt.Time
	}
	if x.core() && y.core() {
		l.Tie = tocsin.Core
	}
	switch r.kind {
	case "pivot":
		l.Evidence = fmt.Sprintf("%s had reached %s (%s) %s before %s acted from it", x.ID, r.what, what(from), lasting(max(0, toAt.Time.Sub(fromAt.Time))), y.ID)
	case "effect":
		l.Evidence = fmt.Sprintf("%s worked: %s", what(from), r.text)
	case "account":
		l.Evidence = fmt.Sprintf("the mail went to %s, whose account %s uses", r.what, y.ID)
	case "callback":
		if r.n == 0 {
			l.Evidence = fmt.Sprintf("%s names %s, to which %s then went", x.ID, clip(r.what), y.ID)
			break
		}
		fallthrough
	case "mark", "credential":
		kind, text, _ := strings.Cut(r.what, ":")
		l.Time = later(fromAt.Time, toAt.Time)
		l.Evidence = fmt.Sprintf("both have the same %s %q, as %d of %d do", kind, clip(text), r.n, r.of)
	case "host", "time":
		where := ""
		if r.kind == "time" {
			where = " in logs that name no organisation"
			if r.what != "" {
				where = " in " + r.what
			}
		}
		if toAt.Time.Before(fromAt.Time) {
			from, to, fromAt, toAt = to, from, toAt, fromAt
			l.Time, l.Places = toAt.Time, []tocsin.Place{fromAt, toAt}
		}
		l.Evidence = fmt.Sprintf("%s and, %s later, %s%s, where such things are seldom", what(from), lasting(toAt.Time.Sub(fromAt.Time)), what(to), where)
	}
	if before(y, x) < 0 {
		x, y = y, x
	}
	l.From, l.To = x.ID, y.ID
	return l
}

// placed is where a deed shows a name; empty where all its records do.
func placed(d *tocsin.Deed, name string) tocsin.Place {
	if name == "" {
		return d.Place
	}
	at, _ := d.At(name)
	return at
}

// lasting is a duration to the precision that matters.
func lasting(d time.Duration) string {
	switch {
	case d < time.Second:
		return "less than a second"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h", int(d.Hours()))
}

func later(x, y time.Time) time.Time {
	if y.After(x) {
		return y
	}
	return x
}
