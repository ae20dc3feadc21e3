package actor

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
)

// A pair is two nodes, the earlier first.
type pair struct{ a, b *node }

// A reason is what speaks for a pair. Its sentence is made only if the pair is joined.
type reason struct {
	kind     string // of tocsin.Link
	weight   float64
	from, to *note // the deeds that show it; to may be nil
	fromAt   place // the records that do: those of the deeds that have what is shared
	toAt     place // none where one record shows it
	what     int32 // the name that both have, or of a session the one that the other's record gives
	n, of    int   // that so many of so many share it
	gap      int64
	marks    [2]place // of a takeover: where each has what
}

// rather says that a reason is to be told rather than another of its kind.
func (r *reason) rather(o *reason) bool {
	if r.weight != o.weight || r.to == nil || o.to == nil {
		return r.weight > o.weight
	}
	return cmp.Or(cmp.Compare(r.from.first, o.from.first), cmp.Compare(r.to.first, o.to.first)) < 0
}

// A knot collects what speaks for pairs.
type knot struct {
	found map[pair][]reason
	order []pair
}

// add notes a reason; of one kind the heaviest counts, since several say the same again.
func (k *knot) add(x, y *node, r reason) {
	if x == y || x.local || y.local || r.weight <= 0 {
		return
	}
	if y.first < x.first || y.first == x.first && y.name < x.name {
		x, y = y, x
	}
	if x.scope != y.scope && x.scope != "" && y.scope != "" && r.kind != "credential" {
		return
	}
	p := pair{x, y}
	have, ok := k.found[p]
	if !ok {
		k.order = append(k.order, p)
	}
	for i := range have {
		if have[i].kind == r.kind {
			if r.rather(&have[i]) {
				have[i] = r
			}
			return
		}
	}
	k.found[p] = append(have, r)
}

func total(reasons []reason) float64 {
	sum := 0.0
	for i := range reasons {
		sum += reasons[i].weight
	}
	return sum
}

// link joins nodes that are one actor by what they share: a session, a credential, strings that few others write, the
// same target taken up where the other was stopped. Each way to link looks at a bounded number of candidates, so that its
// cost grows with the deeds whatever they are.
func (s *Pages) link(nodes []*node, callers []*caller) {
	k := &knot{found: map[pair][]reason{}}
	s.sessions(nodes, k)
	s.kin(callers, k)
	s.shared(nodes, k)
	s.takeovers(nodes, k)
	s.tie(k)
	k = &knot{found: map[pair][]reason{}}
	s.doors(nodes, callers, k)
	s.tie(k)
}

// tie makes one of the pairs that enough speaks for, the firmest first.
func (s *Pages) tie(k *knot) {
	type sure struct {
		pair
		total float64
	}
	var all []sure
	for _, p := range k.order {
		if t := total(k.found[p]); t >= joined {
			all = append(all, sure{p, t})
		}
	}
	slices.SortStableFunc(all, func(p, q sure) int {
		return cmp.Or(cmp.Compare(q.total, p.total), cmp.Compare(p.a.first, q.a.first), strings.Compare(p.a.name, q.a.name),
			cmp.Compare(p.b.first, q.b.first), strings.Compare(p.b.name, q.b.name))
	})
	for _, p := range all {
		reasons := k.found[p.pair]
		x, y := p.a.root(), p.b.root()
		if x == y {
			continue
		}
		if y.first < x.first || y.first == x.first && y.name < x.name {
			x, y = y, x
		}
		y.up = x
		for i := range reasons {
			p.b.links = append(p.b.links, s.sentence(p.pair, &reasons[i]))
			if reasons[i].kind == "takeover" {
				p.b.adapted = append(p.b.adapted, s.adaptation(p.a, p.b, &reasons[i]))
			}
		}
	}
}

// sentence makes a link of a reason.
func (s *Pages) sentence(p pair, r *reason) tocsin.Link {
	l := tocsin.Link{From: p.a.name, To: p.b.name, Kind: r.kind, Weight: r.weight, Time: when(max(r.fromAt.time, r.toAt.time)), Places: []tocsin.Place{s.placeOf(r.fromAt)}}
	if r.toAt != (place{}) {
		l.Places = append(l.Places, s.placeOf(r.toAt))
	}
	a, b := value(p.a.name), value(p.b.name)
	switch r.kind {
	case "session":
		l.Evidence = fmt.Sprintf("one record names both %s and %s", a, b)
		if by := r.from.by; by != nil { // the record has the name that was logged in to
			who, alias := value(s.t.all[r.from.who]), value(s.t.all[r.what])
			l.Places = append(l.Places, s.placeOf(by.place))
			l.Evidence = fmt.Sprintf("%s logged in as %s, and one record names both %s and %s", value(s.t.all[by.who]), who, who, alias)
			if r.from.who == r.what {
				l.Evidence = fmt.Sprintf("%s logged in as %s", value(s.t.all[by.who]), who)
			}
		}
	case "network":
		l.Evidence = fmt.Sprintf("both call from %s, as %d principals do", value(s.t.text(r.what)), r.n)
	case "credential":
		l.Evidence = fmt.Sprintf("both use the same secret, no. %s of this report, as %d of %d do", value(s.t.all[r.what]), r.n, r.of)
	case "mark":
		kind, text, _ := strings.Cut(s.t.all[r.what], ":")
		l.Evidence = fmt.Sprintf("both use the same %s %q, as %d of %d do", kind, clip(text), r.n, r.of)
	case "handover":
		l.Time = when(r.from.first)
		if r.from.at != r.toAt {
			l.Places = append(l.Places, s.placeOf(r.from.at))
		}
		l.Evidence = fmt.Sprintf("%s began %s after %s had ended, with the same %s", b, time.Duration(max(r.gap, 0)).Round(time.Second), a, clip(s.t.all[r.what]))
	case "takeover":
		l.Time, l.Places = when(r.to.first), append(l.Places, s.commonPlaces(r)...)
		l.Evidence = fmt.Sprintf("%s was stopped at %s; %s came there %s later with the same technique", a, value(s.t.text(r.to.host)), b, time.Duration(r.gap).Round(time.Second))
		if r.what != none {
			l.Evidence += " and the same " + clip(s.t.all[r.what])
		}
	}
	return l
}

// commonPlaces are where what two of a takeover have in common was met, as far as those are other records.
func (s *Pages) commonPlaces(r *reason) (all []tocsin.Place) {
	if r.what == none {
		return nil
	}
	for _, p := range r.marks {
		if p != r.fromAt && p != r.toAt {
			all = append(all, s.placeOf(p))
		}
	}
	return all
}

// fewNodes is how many stretches of one handle a record can be tied to.
const fewNodes = 4

// sessions joins the names that one action gives its doer: an address and the session it has, an agent and its session.
// A name that many others share says little: every guesser names root.
func (s *Pages) sessions(nodes []*node, k *knot) {
	type handle struct {
		name  int32
		scope string
	}
	of := map[handle][]*node{} // in order of time
	for _, n := range nodes {
		if !n.local {
			h := handle{n.id, n.scope}
			of[h] = append(of[h], n)
		}
	}
	type together struct{ alias, with int32 }
	met, with := map[together]struct{}{}, map[int32]int{} // how many handles a name is given together with
	each := func(visit func(n *node, d *note, alias int32, at place)) {
		for _, n := range nodes {
			for _, d := range n.deeds {
				for _, r := range d.refs {
					if r.role == roleAlias {
						visit(n, d, r.name, d.metAt(r))
					}
				}
			}
		}
	}
	each(func(n *node, _ *note, alias int32, _ place) {
		t := together{alias, n.id}
		if _, ok := met[t]; !ok {
			met[t] = struct{}{}
			with[alias]++
		}
	})
	each(func(n *node, d *note, alias int32, at place) {
		name := s.t.all[alias]
		if strings.HasPrefix(n.name, "caller:") && strings.HasPrefix(name, "address:") {
			return // see doors
		}
		weight := 5.0
		switch {
		case strings.HasPrefix(name, "session:"), strings.HasPrefix(name, "agent:"):
		case strings.HasPrefix(name, "principal:"):
			weight = 4
		case s.t.kinds[d.kind].outcome == tocsin.Worked:
			weight = 4
		default:
			return
		}
		weight -= 1.5 * math.Log(float64(with[alias]))
		if weight <= 0 {
			return
		}
		scope := n.scope
		if world(name) {
			scope = ""
		} else if scope == "" {
			scope = d.org
		}
		all := of[handle{alias, scope}]
		i, _ := slices.BinarySearchFunc(all, d.first-int64(time.Hour), func(m *node, at int64) int { return cmp.Compare(m.last, at) })
		for _, m := range all[i:min(len(all), i+fewNodes)] {
			if d.last >= m.first-int64(time.Hour) {
				k.add(n, m, reason{kind: "session", weight: weight, from: d, fromAt: at, what: alias})
			}
		}
	})
}

// A use is a node that has a mark, the first of its deeds that shows it, and where.
type use struct {
	n  *node
	d  *note
	at place
}

// shared joins nodes by credentials and strings, by how rare they are among the telling handles and in the world
// (prevalence.Weight).
func (s *Pages) shared(nodes []*node, k *knot) {
	const most = 64 // nodes: what more share is no rarity
	uses := map[int32][]use{}
	n := 0
	for _, x := range nodes {
		if x.local || x.weight <= 0 {
			continue
		}
		n++
		for _, d := range x.deeds {
			for _, r := range d.refs {
				if r.role != roleMark && r.role != roleCredential {
					continue
				}
				if u := uses[r.name]; len(u) > 0 && u[len(u)-1].n == x || len(u) > most {
					continue
				}
				uses[r.name] = append(uses[r.name], use{x, d, d.metAt(r)})
			}
		}
	}
	for _, m := range sorted(&s.t, uses, func(u []use) bool { return len(u) > 1 && len(u) <= most }) {
		u := uses[m]
		kind, _, _ := strings.Cut(s.t.all[m], ":")
		link := "mark"
		weight := min(5, prevalence.Weight(s.t.all[m], len(u), n))
		if kind == "key" {
			link = "credential"
		}
		if weight <= 0 {
			continue
		}
		if kind == "agent" {
			s.handovers(m, u, k)
		}
		for i := 1; i < len(u); i++ {
			p, q := u[i-1], u[i]
			if kind == "callback" && !world(p.n.name) && !world(q.n.name) {
				continue // machines that speak to one host are two victims, not one doer
			}
			if kind != "callback" && stated(p.n.name) && stated(q.n.name) {
				continue // whoever kept their logs says that they are two; what one target gave both of them does not gainsay it
			}
			if kind == "key" && s.onePrincipal(p, q, m) {
				continue
			}
			k.add(p.n, q.n, reason{kind: link, weight: weight, from: p.d, to: q.d, fromAt: p.at, toAt: q.at, what: m, n: len(u), of: n})
		}
	}
}

// stated says that a name was given by whoever kept the log of an agent's work, and not read off its doings.
func stated(name string) bool { return strings.HasPrefix(name, "agent:") }

// onePrincipal says that two callers have a key only because it is their principal's: that is stolen whole. Who has a key
// made is tied to who uses it.
func (s *Pages) onePrincipal(p, q use, key int32) bool {
	if !strings.HasPrefix(p.n.name, "caller:") || !strings.HasPrefix(q.n.name, "caller:") {
		return false
	}
	for _, u := range [...]use{p, q} {
		if u.d.refersTo(key, roleMark) {
			return false
		}
	}
	return true
}

// handovers joins nodes that share a string where one begins just as another ends: an address that is left for the next.
// As with takeovers, it weighs by how seldom those with the string begin.
func (s *Pages) handovers(mark int32, u []use, k *knot) {
	const soon = int64(10 * time.Minute)
	all := slices.Clone(u)
	slices.SortFunc(all, func(x, y use) int {
		return cmp.Or(cmp.Compare(x.n.first, y.n.first), strings.Compare(x.n.name, y.n.name))
	})
	rate := float64(len(all)) / (float64(all[len(all)-1].n.first-all[0].n.first) + float64(24*time.Hour))
	for i := range all {
		y := all[i].n
		for j := i - 1; j >= 0 && i-j <= 8; j-- {
			x := all[j].n
			if x.last == 0 || y.first == 0 {
				continue // which came first, and how soon, is not known of two logs
			}
			gap := y.first - x.last
			if gap < -int64(10*time.Second) || gap > soon {
				continue
			}
			weight := min(5, -math.Log(min(1, rate*float64(max(gap, int64(time.Second))))))
			k.add(x, y, reason{kind: "handover", weight: weight, from: y.deeds[0], fromAt: all[j].at, toAt: all[i].at, what: mark, gap: gap})
		}
	}
}

// clip bounds what is quoted within a sentence.
func clip(s string) string { return tocsin.Shorten(s, 200) }

// within is how soon somebody who was stopped goes on in another guise.
const within = 30 * time.Minute

// A visit is what a node did at one target that is telling.
type visit struct {
	n           *node
	first, last *note
	denied      *note // the last that was, if it came at the end
	acts        int   // how often it did something telling there
	techniques  map[string]bool
	marks       map[int32]place // and where each was first met
}

// note adds a deed.
func (v *visit) note(t *nameTable, d *note, k *kind) {
	v.acts += int(d.n)
	if v.last == nil || d.last >= v.last.last {
		v.last = d
	}
	if k.technique != "" {
		v.techniques[k.technique] = true
	}
	for _, r := range d.refs {
		if r.role == roleMark {
			at := d.metAt(r)
			if had, ok := v.marks[r.name]; !ok || t.before(at, had) {
				v.marks[r.name] = at
			}
		}
	}
	switch {
	case k.outcome == tocsin.Denied && (v.denied == nil || d.last >= v.denied.last):
		v.denied = d
	case v.denied != nil && k.outcome == tocsin.Worked && d.first > v.denied.last:
		v.denied = nil // it went on all the same
	}
}

// takeovers joins an actor that was stopped at a target with one that was not known there and goes on with the same
// thing soon after. It weighs by how seldom strangers come to that target: when they come k times in a while, that one
// comes by chance within a time t of the stop has the probability of about kt.
func (s *Pages) takeovers(nodes []*node, k *knot) {
	type spot struct {
		host int32
		n    *node
	}
	at := map[spot]*visit{}
	by := map[int32][]*visit{}
	stopped := map[int32]bool{}
	for _, n := range nodes {
		if n.local || n.weight <= 0 {
			continue
		}
		for _, d := range n.deeds {
			if s.t.kinds[d.kind].level >= tocsin.Low && s.t.kinds[d.kind].outcome == tocsin.Denied {
				stopped[d.host] = true
			}
		}
	}
	for _, n := range nodes {
		if n.local || n.weight <= 0 {
			continue
		}
		for _, d := range n.deeds {
			kind := &s.t.kinds[d.kind]
			if d.host == none || kind.level < tocsin.Low || !stopped[d.host] || kind.verb == "run" {
				continue // what runs on a machine did not come to it
			}
			v := at[spot{d.host, n}]
			if v == nil {
				v = &visit{n: n, first: d, techniques: map[string]bool{}, marks: map[int32]place{}}
				at[spot{d.host, n}] = v
				by[d.host] = append(by[d.host], v)
			}
			v.note(&s.t, d, kind)
		}
	}
	for _, h := range sorted(&s.t, by, func(v []*visit) bool { return len(v) > 1 }) {
		visits := by[h]
		slices.SortFunc(visits, func(x, y *visit) int {
			return cmp.Or(cmp.Compare(x.first.first, y.first.first), strings.Compare(x.n.name, y.n.name))
		})
		from, to := visits[0].first.first, visits[0].last.last
		for _, v := range visits {
			to = max(to, v.last.last)
		}
		rate := float64(len(visits)) / (float64(to-from) + float64(7*24*time.Hour)) // strangers by nanosecond
		for i, y := range visits {
			for j := i - 1; j >= 0 && i-j <= 32; j-- {
				if s.takeover(visits[j], y, rate, k) {
					break
				}
			}
		}
	}
}

// takeover says whether y took up there what x was stopped at.
func (s *Pages) takeover(x, y *visit, rate float64, k *knot) bool {
	if x.denied == nil || x.denied.last == 0 || y.first.first == 0 || x.n.name == y.n.name || y.first.first < x.denied.first || y.first.first-x.denied.last > int64(within) || x.last.last > y.last.last {
		return false
	}
	same := false
	for t := range y.techniques {
		same = same || x.techniques[t]
	}
	if !same {
		return false
	}
	gap := max(y.first.first-x.denied.last, int64(time.Second))
	weight := min(5, -math.Log(min(1, rate*float64(gap))))
	common := none
	for m := range y.marks {
		if _, both := x.marks[m]; both {
			common = s.t.least(common, m)
		}
	}
	least := 3
	if common == none {
		weight-- // it may be anybody
		least = 6
	}
	if weight <= 0 || x.acts < least || y.acts < least {
		return false
	}
	r := reason{kind: "takeover", weight: weight, from: x.denied, to: y.first, fromAt: x.denied.at, toAt: y.first.at, what: common, gap: gap}
	if common != none {
		r.marks = [2]place{x.marks[common], y.marks[common]}
	}
	k.add(x.n, y.n, r)
	return true
}

// adaptation is what two nodes joined by a takeover show.
func (s *Pages) adaptation(x, y *node, r *reason) tocsin.Adaptation {
	a := tocsin.Adaptation{From: x.name, To: y.name, Resumed: when(r.to.first), Blocked: when(r.from.last)}
	if a.Resumed.Before(a.Blocked) {
		a.Blocked = a.Resumed
	}
	a.After = a.Resumed.Sub(a.Blocked)
	a.Evidence = s.sentence(pair{x, y}, r).Evidence
	ax, _, _ := strings.Cut(x.name, ":")
	if ay, _, _ := strings.Cut(y.name, ":"); ax == ay && ax == "address" {
		a.Changed = append(a.Changed, "address")
	} else {
		a.Changed = append(a.Changed, "account")
	}
	agents := func(n *node) (agents, tools map[string]bool) {
		agents, tools = map[string]bool{}, map[string]bool{}
		for _, d := range n.deeds {
			if t := s.t.kinds[d.kind].tool; t != "" {
				tools[t] = true
			}
			for _, r := range d.refs {
				if r.role != roleMark {
					continue
				}
				if text, ok := strings.CutPrefix(s.t.all[r.name], "agent:"); ok {
					agents[text] = true
				}
			}
		}
		return
	}
	xa, xt := agents(x)
	ya, yt := agents(y)
	if differ(xa, ya) {
		a.Changed = append(a.Changed, "user_agent")
	}
	if differ(xt, yt) {
		a.Changed = append(a.Changed, "tool")
	}
	return a
}

func differ(x, y map[string]bool) bool {
	for k := range y {
		if x[k] {
			return false
		}
	}
	return len(x) > 0 && len(y) > 0
}
