package actor

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A pair is two nodes, the earlier first.
type pair struct{ a, b *node }

// link joins nodes that are one actor by what they share: a session, a credential, strings that few others write, the
// same target taken up where the other was stopped.
func (b *Book) link(nodes []*node) {
	found := map[pair][]tocsin.Link{}
	var order []pair
	add := func(x, y *node, l tocsin.Link) {
		if x == y || x.local || y.local {
			return
		}
		if y.first < x.first || y.first == x.first && y.name < x.name {
			x, y = y, x
		}
		if x.scope != y.scope && x.scope != "" && y.scope != "" && l.Kind != "credential" {
			return
		}
		p := pair{x, y}
		if found[p] == nil {
			order = append(order, p)
		}
		for i, have := range found[p] {
			if have.Kind == l.Kind { // several of one kind say the same again
				if l.Weight > have.Weight {
					found[p][i] = l
				}
				return
			}
		}
		l.From, l.To = x.name, y.name
		found[p] = append(found[p], l)
	}
	b.sessions(nodes, add)
	b.shared(nodes, add)
	b.takeovers(nodes, add)

	slices.SortStableFunc(order, func(p, q pair) int { return cmp.Compare(total(found[q]), total(found[p])) })
	for _, p := range order {
		links := found[p]
		if total(links) < joined {
			continue
		}
		x, y := p.a.root(), p.b.root()
		if x == y {
			continue
		}
		if y.first < x.first || y.first == x.first && y.name < x.name {
			x, y = y, x
		}
		y.up = x
		p.b.links = append(p.b.links, links...)
		for _, l := range links {
			if l.Kind == "takeover" {
				p.b.adapted = append(p.b.adapted, b.adaptation(p.a, p.b, links))
			}
		}
	}
}

func total(links []tocsin.Link) float64 {
	sum := 0.0
	for _, l := range links {
		sum += l.Weight
	}
	return sum
}

// sessions joins the names that one action gives its doer: an address and the session it has, an agent and its session.
// A name that many others share says little: every guesser names root.
func (b *Book) sessions(nodes []*node, add func(x, y *node, l tocsin.Link)) {
	type handle struct {
		name  string
		scope string
	}
	of := map[handle][]*node{}
	for _, n := range nodes {
		if !n.local {
			of[handle{n.name, n.scope}] = append(of[handle{n.name, n.scope}], n)
		}
	}
	with := map[int32]map[string]bool{} // the handles that a name is given together with
	each := func(visit func(n *node, d *note, alias int32)) {
		for _, n := range nodes {
			for _, d := range n.deeds {
				for _, x := range d.alias {
					visit(n, d, x)
				}
			}
		}
	}
	each(func(n *node, _ *note, alias int32) {
		if with[alias] == nil {
			with[alias] = map[string]bool{}
		}
		with[alias][n.name] = true
	})
	each(func(n *node, d *note, alias int32) {
		name := b.names.all[alias]
		weight := 5.0
		switch {
		case strings.HasPrefix(name, "session:"), strings.HasPrefix(name, "agent:"):
		case strings.HasPrefix(name, "principal:"):
			weight = 4.5
		case b.kinds[d.kind].outcome == tocsin.Worked:
			weight = 4
		default:
			return
		}
		weight -= 1.5 * math.Log(float64(len(with[alias])))
		if weight <= 0 {
			return
		}
		scope := n.scope
		if world(name) {
			scope = ""
		} else if scope == "" {
			scope = d.orgs
		}
		for _, m := range of[handle{name, scope}] {
			if d.first <= m.last+int64(time.Hour) && d.last >= m.first-int64(time.Hour) {
				add(n, m, tocsin.Link{Kind: "session", Weight: weight, Evidence: fmt.Sprintf("one record names both %s and %s", value(n.name), value(name)),
					Time: when(d.first), Places: []tocsin.Place{b.placeOf(d.at)}})
			}
		}
	})
}

// markWeight says how much the sharing of a string tells before its rarity is taken into account.
var markWeight = map[string]float64{"key": 1, "token": 1, "callback": 1, "hash": 0.5, "list": -0.5, "dropped": -1, "agent": -2}

// shared joins nodes by credentials and strings. A string that n of the N telling handles share weighs ln(N/n) and what
// its kind adds, at most 5; N counts fifty handles more than there are, for those of the world that were not seen.
func (b *Book) shared(nodes []*node, add func(x, y *node, l tocsin.Link)) {
	const most = 64 // nodes: what more share is no rarity
	type use struct {
		n *node
		d *note
	}
	uses := map[int32][]use{}
	telling := 0
	for _, n := range nodes {
		if n.local || n.weight <= 0 {
			continue
		}
		telling++
		for _, d := range n.deeds {
			for _, set := range [][]int32{d.marks, d.creds} {
				for _, x := range set {
					if u := uses[x]; len(u) > 0 && u[len(u)-1].n == n || len(u) > most {
						continue
					}
					uses[x] = append(uses[x], use{n, d})
				}
			}
		}
	}
	marks := make([]int32, 0, len(uses))
	for m := range uses {
		marks = append(marks, m)
	}
	slices.SortFunc(marks, func(x, y int32) int { return strings.Compare(b.names.all[x], b.names.all[y]) })
	for _, m := range marks {
		u := uses[m]
		if len(u) < 2 || len(u) > most {
			continue
		}
		kind, text, _ := strings.Cut(b.names.all[m], ":")
		link, what := "mark", kind
		weight := min(5, math.Log(float64(telling+50)/float64(len(u)))+markWeight[kind])
		if kind == "key" {
			link, what = "credential", "credential"
		}
		if weight <= 0 {
			continue
		}
		if kind == "agent" {
			b.handovers(m, len(u), func(yield func(*node) bool) {
				for _, x := range u {
					if !yield(x.n) {
						return
					}
				}
			}, add)
		}
		for i := 1; i < len(u); i++ {
			p, q := u[i-1], u[i]
			if kind == "callback" && !world(p.n.name) && !world(q.n.name) {
				continue // machines that speak to one host are two victims, not one doer
			}
			add(p.n, q.n, tocsin.Link{Kind: link, Weight: weight, Time: when(max(p.d.first, q.d.first)),
				Evidence: fmt.Sprintf("both use the same %s %q, as %d of %d do", what, clip(text), len(u), telling),
				Places:   []tocsin.Place{b.placeOf(p.d.at), b.placeOf(q.d.at)}})
		}
	}
}

// handovers joins nodes that share a string where one begins just as another ends: an address that is left for the next.
// As with takeovers, it weighs by how seldom those with the string begin.
func (b *Book) handovers(mark int32, n int, nodes iter.Seq[*node], add func(x, y *node, l tocsin.Link)) {
	const soon = int64(10 * time.Minute)
	all := slices.SortedFunc(nodes, func(x, y *node) int { return cmp.Or(cmp.Compare(x.first, y.first), strings.Compare(x.name, y.name)) })
	rate := float64(n) / (float64(all[len(all)-1].first-all[0].first) + float64(24*time.Hour))
	for i, y := range all {
		for j := i - 1; j >= 0 && i-j <= 8; j-- {
			x := all[j]
			gap := y.first - x.last
			if gap < -int64(10*time.Second) || gap > soon {
				continue
			}
			weight := min(5, -math.Log(min(1, rate*float64(max(gap, int64(time.Second))))))
			if weight > 0 {
				add(x, y, tocsin.Link{Kind: "handover", Weight: weight, Time: when(y.first), Places: []tocsin.Place{b.placeOf(y.deeds[0].at)},
					Evidence: fmt.Sprintf("%s began %s after %s had ended, with the same %s", value(y.name), time.Duration(max(gap, 0)).Round(time.Second), value(x.name), clip(b.names.all[mark]))})
			}
		}
	}
}

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// within is how soon somebody who was stopped goes on in another guise.
const within = 30 * time.Minute

// takeovers joins an actor that was stopped at a target with one that was not known there and goes on with the same
// thing soon after. It weighs by how seldom strangers come to that target: when they come k times in a while, that one
// comes by chance within a time t of the stop has the probability of about kt.
func (b *Book) takeovers(nodes []*node, add func(x, y *node, l tocsin.Link)) {
	type visit struct {
		n           *node
		first, last *note // telling deeds there
		denied      *note // the last that was, if it came at the end
		acts        int   // how often it did something telling there
		techniques  map[string]bool
		marks       map[int32]bool
	}
	at := map[int32]map[*node]*visit{}
	for _, n := range nodes {
		if n.local || n.weight <= 0 {
			continue
		}
		for _, d := range n.deeds {
			k := &b.kinds[d.kind]
			if d.host == none || k.level < tocsin.Low {
				continue
			}
			if at[d.host] == nil {
				at[d.host] = map[*node]*visit{}
			}
			v := at[d.host][n]
			if v == nil {
				v = &visit{n: n, first: d, techniques: map[string]bool{}, marks: map[int32]bool{}}
				at[d.host][n] = v
			}
			v.acts += d.n
			if v.last == nil || d.last >= v.last.last {
				v.last = d
			}
			if k.technique != "" {
				v.techniques[k.technique] = true
			}
			for _, m := range d.marks {
				v.marks[m] = true
			}
			switch {
			case k.outcome == tocsin.Denied && (v.denied == nil || d.last >= v.denied.last):
				v.denied = d
			case v.denied != nil && k.outcome == tocsin.Worked && d.first > v.denied.last:
				v.denied = nil // it went on all the same
			}
		}
	}
	hosts := make([]int32, 0, len(at))
	for h := range at {
		hosts = append(hosts, h)
	}
	slices.SortFunc(hosts, func(x, y int32) int { return strings.Compare(b.names.all[x], b.names.all[y]) })
	for _, h := range hosts {
		var visits []*visit
		for _, v := range at[h] {
			visits = append(visits, v)
		}
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
				x := visits[j]
				if x.denied == nil || x.n.name == y.n.name || y.first.first < x.denied.first || y.first.first-x.denied.last > int64(within) || x.last.last > y.last.last {
					continue
				}
				same := 0
				for t := range y.techniques {
					if x.techniques[t] {
						same++
					}
				}
				if same == 0 {
					continue
				}
				gap := max(y.first.first-x.denied.last, int64(time.Second))
				weight := min(5, -math.Log(min(1, rate*float64(gap))))
				var common []string
				for m := range y.marks {
					if x.marks[m] {
						common = append(common, b.names.all[m])
					}
				}
				slices.Sort(common)
				if len(common) == 0 {
					weight-- // it may be anybody
				}
				if least := 6 - 3*min(len(common), 1); weight <= 0 || x.acts < least || y.acts < least {
					continue
				}
				text := fmt.Sprintf("%s was stopped at %s; %s came there %s later with the same technique", value(x.n.name), value(b.names.all[h]), value(y.n.name), time.Duration(gap).Round(time.Second))
				if len(common) > 0 {
					text += " and the same " + clip(common[0])
				}
				add(x.n, y.n, tocsin.Link{Kind: "takeover", Weight: weight, Evidence: text, Time: when(y.first.first),
					Places: []tocsin.Place{b.placeOf(x.denied.at), b.placeOf(y.first.at)}})
				break
			}
		}
	}
}

// adaptation is what two nodes joined by a takeover show.
func (b *Book) adaptation(x, y *node, links []tocsin.Link) tocsin.Adaptation {
	a := tocsin.Adaptation{From: x.name, To: y.name}
	for _, l := range links {
		if l.Kind == "takeover" {
			a.Resumed = l.Time
			if len(l.Places) > 0 {
				a.Blocked = l.Places[0].Time
			}
			a.Evidence = l.Evidence
		}
	}
	if a.Resumed.Before(a.Blocked) {
		a.Blocked = a.Resumed
	}
	a.After = a.Resumed.Sub(a.Blocked)
	ax, _, _ := strings.Cut(x.name, ":")
	if ay, _, _ := strings.Cut(y.name, ":"); ax == ay && ax == "address" {
		a.Changed = append(a.Changed, "address")
	} else {
		a.Changed = append(a.Changed, "account")
	}
	agents := func(n *node) (agents, tools map[string]bool) {
		agents, tools = map[string]bool{}, map[string]bool{}
		for _, d := range n.deeds {
			if t := b.kinds[d.kind].tool; t != "" {
				tools[t] = true
			}
			for _, m := range d.marks {
				if s, ok := strings.CutPrefix(b.names.all[m], "agent:"); ok {
					agents[s] = true
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

// actor makes one of the nodes of a group, the earliest first.
func (b *Book) actor(g []*node) (*tocsin.Actor, []tocsin.Ticks) {
	a := &tocsin.Actor{ID: g[0].name, Local: g[0].local}
	var ticks []tocsin.Ticks
	lent := map[string]tocsin.Ticks{}
	seen := map[string]bool{}
	for _, n := range g {
		a.Links = append(a.Links, n.links...)
		a.Adaptations = append(a.Adaptations, n.adapted...)
		if t := b.between(n.name, n.first, n.last); len(t) > 0 && !n.local {
			ticks = append(ticks, t)
		}
		if kind, v, _ := strings.Cut(n.name, ":"); !seen[n.name] {
			seen[n.name] = true
			a.Handles = append(a.Handles, tocsin.Entity{Kind: kind, Role: "source", Value: v})
		}
		for _, d := range n.deeds {
			if d.by != nil && !seen[d.by.To] {
				seen[d.by.To] = true
				kind, v, _ := strings.Cut(d.by.To, ":")
				a.Handles = append(a.Handles, tocsin.Entity{Kind: kind, Role: "source", Value: v})
				a.Links = append(a.Links, *d.by)
			}
			if d.by != nil { // its ticks lie with the account
				lent[d.by.To] = append(lent[d.by.To], b.between(d.by.To, d.first, d.last)...)
			}
			a.Deeds = append(a.Deeds, b.deed(d))
		}
	}
	slices.SortStableFunc(a.Deeds, func(x, y tocsin.Deed) int { return x.Time.Compare(y.Time) })
	for _, d := range a.Deeds {
		if !d.Time.IsZero() && (a.First.IsZero() || d.Time.Before(a.First)) {
			a.First = d.Time
		}
		if d.Last.After(a.Last) {
			a.Last = d.Last
		}
	}
	for _, h := range a.Handles {
		if t := lent[h.Kind+":"+h.Value]; len(t) > 0 {
			t.Sort()
			ticks = append(ticks, slices.Compact(t))
		}
	}
	return a, ticks
}

func (b *Book) deed(n *note) tocsin.Deed {
	k := &b.kinds[n.kind]
	d := tocsin.Deed{N: n.n, Weight: n.weight, Last: when(n.last), Sparse: n.sparse}
	d.Time, d.Org = when(n.first), n.orgs
	if n.host != none {
		d.Host = value(b.names.all[n.host])
	}
	d.Verb, d.Tactic, d.Technique, d.Tool, d.Outcome, d.Level = k.verb, k.tactic, k.technique, k.tool, k.outcome, k.level
	d.Text, d.Bytes, d.Place = n.text, n.bytes, b.placeOf(n.at)
	if n.who != none {
		kind, v, _ := strings.Cut(b.names.all[n.who], ":")
		d.Who = append(d.Who, tocsin.Entity{Kind: kind, Role: "source", Value: v})
	}
	entities := func(to []tocsin.Entity, set []int32, role string) []tocsin.Entity {
		for _, x := range b.sorted(set) {
			kind, v, _ := strings.Cut(x, ":")
			to = append(to, tocsin.Entity{Kind: kind, Role: role, Value: v})
		}
		return to
	}
	d.Who = entities(d.Who, n.alias, "source")
	d.On = entities(nil, n.on, "target")
	d.Marks = append(b.sorted(n.marks), b.sorted(n.creds)...)
	if c := b.sorted(n.creds); len(c) > 0 {
		d.Credential = c[0]
	}
	d.Rules = slices.Clone(n.rules)
	slices.SortFunc(d.Rules, func(x, y *tocsin.Rule) int {
		return cmp.Or(cmp.Compare(y.Level, x.Level), strings.Compare(x.Title, y.Title))
	})
	for _, s := range n.spans {
		if s.source != none {
			d.Spans = append(d.Spans, tocsin.Span{Source: b.names.all[s.source], From: s.from, To: s.to})
		}
	}
	slices.SortFunc(d.Spans, func(x, y tocsin.Span) int {
		return cmp.Or(strings.Compare(x.Source, y.Source), cmp.Compare(x.From, y.From))
	})
	return d
}

func (b *Book) sorted(set []int32) []string {
	if len(set) == 0 {
		return nil
	}
	out := make([]string, len(set))
	for i, x := range set {
		out[i] = b.names.all[x]
	}
	slices.Sort(out)
	return out
}
