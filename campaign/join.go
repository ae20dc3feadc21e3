package campaign

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A pair is two members, the earlier first.
type pair struct{ x, y *member }

// A board collects what speaks for pairs.
type board struct {
	found map[pair][]tocsin.Link
	order []pair
}

// place says that a kind of link is that things happened at one place: those are one piece of evidence, however put.
func place(kind string) bool { return kind == "pivot" || kind == "host" || kind == "time" }

// add notes a link; of one kind the heaviest counts.
func (b *board) add(x, y *member, l tocsin.Link) {
	if x == y || l.Weight <= 0 {
		return
	}
	if y.First.Before(x.First) || y.First.Equal(x.First) && y.ID < x.ID {
		x, y = y, x
	}
	l.From, l.To = x.ID, y.ID
	p := pair{x, y}
	links, ok := b.found[p]
	if !ok {
		b.order = append(b.order, p)
	}
	for i := range links {
		if links[i].Kind == l.Kind || place(links[i].Kind) && place(l.Kind) {
			if l.Weight > links[i].Weight {
				links[i] = l
			}
			return
		}
	}
	b.found[p] = append(links, l)
}

func sum(links []tocsin.Link) float64 {
	t := 0.0
	for _, l := range links {
		t += l.Weight
	}
	return t
}

// join makes one of the members that belong together: first of the cores, then of what is weaker and a core.
func (w *world) join() {
	b := &board{found: map[pair][]tocsin.Link{}}
	w.pivots(b)
	w.strings(b)
	w.coincidences(b)
	slices.SortStableFunc(b.order, func(p, q pair) int { return cmp.Compare(sum(b.found[q]), sum(b.found[p])) })
	strong := func(p pair) bool { return p.x.core() && p.y.core() }
	for _, p := range b.order {
		if strong(p) {
			b.union(p)
		}
	}
	b.whole(w)
	taken := map[*member]bool{}
	for _, p := range b.order {
		if strong(p) || !p.x.core() && !p.y.core() {
			continue
		}
		weak := p.x
		if weak.core() {
			weak = p.y
		}
		if !taken[weak] && b.union(p) {
			taken[weak] = true
		}
	}
}

// union makes one of a pair if there is enough evidence for it.
func (b *board) union(p pair) bool {
	links := b.found[p]
	if sum(links) < joined {
		return false
	}
	p.y.links = append(p.y.links, links...)
	if x, y := p.x.root(), p.y.root(); x != y {
		if y.First.Before(x.First) || y.First.Equal(x.First) && y.ID < x.ID {
			x, y = y, x
		}
		y.up = x
	}
	return true
}

// whole joins what was joined already, where several links that are each too weak come together: each counts as far as
// it is about another machine or string, and they must come to half as much again.
func (b *board) whole(w *world) {
	for range 4 {
		type sides struct{ x, y *member }
		sums, seen := map[sides]float64{}, map[sides]map[string]bool{}
		var order []sides
		for _, p := range b.order {
			if !p.x.core() || !p.y.core() {
				continue
			}
			x, y := p.x.root(), p.y.root()
			if x == y {
				continue
			}
			if y.First.Before(x.First) || y.First.Equal(x.First) && y.ID < x.ID {
				x, y = y, x
			}
			s := sides{x, y}
			if seen[s] == nil {
				seen[s] = map[string]bool{}
				order = append(order, s)
			}
			for _, l := range b.found[p] {
				if about := l.Kind + p.y.ID; l.Weight >= 1 && !seen[s][about] {
					seen[s][about] = true
					sums[s] += l.Weight - 0.5
				}
			}
		}
		slices.SortStableFunc(order, func(p, q sides) int { return cmp.Compare(sums[q], sums[p]) })
		any := false
		for _, s := range order {
			if x, y := s.x.root(), s.y.root(); x != y && sums[s] >= 1.5*joined {
				if y.First.Before(x.First) || y.First.Equal(x.First) && y.ID < x.ID {
					x, y = y, x
				}
				y.up = x
				y.links = append(y.links, tocsin.Link{From: x.ID, To: y.ID, Kind: "together", Weight: sums[s], Time: y.First,
					Evidence: fmt.Sprintf("%d links between what belongs to the one and to the other, each weak", len(seen[s]))})
				any = true
			}
		}
		if !any {
			return
		}
	}
}

// follows is how long after somebody got into a machine what comes from it is put down to that.
const follows = 24 * time.Hour

// pivots joins an actor with what acts from a machine that it had reached.
func (w *world) pivots(b *board) {
	from := map[string][]*member{} // who acts from a machine
	for _, m := range w.all {
		for _, h := range m.machines() {
			from[w.named(h)] = append(from[w.named(h)], m)
		}
	}
	for _, x := range w.all {
		for _, d := range x.telling {
			if d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied || d.Level < tocsin.Medium && d.Verb != "login" || d.Verb == "read" || d.Verb == "list" || d.Tactic == "initial-access" && d.Verb != "login" {
				continue // looked at, or tried on, is not got into
			}
			for _, h := range reached(d) {
				for _, y := range from[w.named(h)] {
					if y == x || len(y.telling) == 0 || x.Local && y.Local {
						continue
					}
					t := y.telling[0].Time
					gap := t.Sub(d.Time)
					if gap < -time.Minute || gap > follows {
						continue
					}
					weight := 3.5
					if gap > time.Hour {
						weight -= math.Log(gap.Hours())
					}
					if d.Level >= tocsin.High {
						weight++
					}
					b.add(x, y, tocsin.Link{Kind: "pivot", Weight: weight, Time: t,
						Evidence: fmt.Sprintf("%s had reached %s (%s) %s before %s acted from it", x.ID, h, what(d), span(gap), y.ID),
						Places:   []tocsin.Place{d.Place, y.telling[0].Place}})
				}
			}
		}
	}
}

// named is the host that an address is known to be of, else the machine's name in lower case.
func (w *world) named(machine string) string {
	if h, ok := w.machine[machine]; ok {
		return h
	}
	return strings.ToLower(machine)
}

// machines are those that a member acts from: by the name it goes by first, and its addresses. Where it logged in from
// elsewhere is not whence it acts.
func (m *member) machines() []string {
	var all []string
	for i, h := range m.Handles {
		v := h.Value
		switch {
		case h.Kind == "address":
		case i > 0:
			continue
		case h.Kind == "host":
		case h.Kind == "session":
			v, _, _ = strings.Cut(v, "/")
		case h.Kind == "user":
			machine, _, ok := strings.Cut(v, `\`)
			if !ok {
				continue
			}
			v = machine
		default:
			continue
		}
		if v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

// reached are the machines on which a deed had its effect.
func reached(d *tocsin.Deed) []string {
	var all []string
	switch d.Verb {
	case "scan", "resolve", "list", "alert", "connect":
	default:
		for _, e := range d.On {
			if e.Kind == "host" || e.Kind == "address" {
				all = append(all, e.Value)
			}
		}
	}
	if len(all) == 0 && d.Host != "" && d.Verb != "resolve" && d.Verb != "connect" && d.Verb != "scan" {
		all = append(all, d.Host)
	}
	return all
}

// strings joins members by credentials and strings that few share, and by places that one sends machines to and the
// other goes to.
func (w *world) strings(b *board) {
	const most = 64
	type use struct {
		m *member
		d *tocsin.Deed
	}
	ours := map[string]bool{} // machines that logs are from
	for _, m := range w.all {
		for i := range m.Deeds {
			if h := m.Deeds[i].Host; h != "" {
				ours[strings.ToLower(h)] = true
			}
		}
	}
	uses, visits, used := map[string][]use{}, map[string][]use{}, map[string][]use{}
	add := func(all map[string][]use, k string, m *member, d *tocsin.Deed) {
		if u := all[k]; len(u) <= most && (len(u) == 0 || u[len(u)-1].m != m) {
			all[k] = append(u, use{m, d})
		}
	}
	for _, m := range w.all {
		for i := range m.Deeds {
			d := &m.Deeds[i]
			for _, s := range d.Marks {
				add(uses, s, m, d)
			}
			if d.Tactic == "command-and-control" || d.Tactic == "exfiltration" {
				for _, e := range d.On {
					if (e.Kind == "domain" || e.Kind == "host" || e.Kind == "address" && public(e.Value)) && !ours[strings.ToLower(e.Value)] {
						add(uses, "callback:"+e.Value, m, d)
					}
				}
			}
			for _, e := range d.On {
				if e.Kind == "user" && d.Verb == "login" && d.Outcome == tocsin.Worked {
					add(used, e.Value, m, d)
				}
				if e.Kind == "domain" || e.Kind == "address" || e.Kind == "host" {
					add(visits, e.Value, m, d)
				}
			}
		}
	}
	for _, m := range w.all {
		for _, d := range m.telling {
			if d.Verb != "mail" {
				continue
			}
			for _, e := range d.On {
				for _, y := range used[e.Value] {
					if gap := y.m.Last.Sub(d.Time); gap < 0 || gap > 7*24*time.Hour {
						continue
					}
					b.add(m, y.m, tocsin.Link{Kind: "account", Weight: 4 - math.Log(float64(len(used[e.Value]))), Time: y.d.Time,
						Evidence: fmt.Sprintf("the mail went to %s, whose account %s uses", e.Value, y.m.ID), Places: []tocsin.Place{d.Place, y.d.Place}})
				}
			}
		}
	}
	marks := make([]string, 0, len(uses))
	for s := range uses {
		marks = append(marks, s)
	}
	slices.Sort(marks)
	for _, s := range marks {
		u := uses[s]
		kind, text, _ := strings.Cut(s, ":")
		if kind == "callback" {
			to := visits[host(text)]
			for _, x := range u {
				for _, y := range to {
					if x.m == y.m || len(to) > most || y.d.Time.Sub(x.d.Time).Abs() > follows {
						continue
					}
					b.add(x.m, y.m, tocsin.Link{Kind: "callback", Weight: min(5, math.Log(float64(len(w.all)+50)/float64(len(to)))), Time: y.d.Time,
						Evidence: fmt.Sprintf("%s names %s, to which %s then went", x.m.ID, clip(text), y.m.ID), Places: []tocsin.Place{x.d.Place, y.d.Place}})
				}
			}
		}
		if len(u) < 2 || len(u) > most {
			continue
		}
		weight, link := min(5, math.Log(float64(len(w.all)+50)/float64(len(u)))), "mark"
		switch kind {
		case "key":
			weight, link = weight+1, "credential"
		case "token", "callback":
			weight++
		case "agent":
			weight -= 2
		case "dropped", "list":
			weight -= 0.5
		}
		for i := 1; i < len(u); i++ {
			p, q := u[i-1], u[i]
			weight := weight
			if kind == "callback" && !public(host(text)) { // an address that organisations give out anew
				weight -= math.Log(1 + max(0, q.d.Time.Sub(p.d.Last).Hours())/6)
			}
			b.add(p.m, q.m, tocsin.Link{Kind: link, Weight: weight, Time: later(p.d.Time, q.d.Time),
				Evidence: fmt.Sprintf("both have the same %s %q, as %d of %d do", kind, clip(text), len(u), len(w.all)),
				Places:   []tocsin.Place{p.d.Place, q.d.Place}})
		}
	}
}

// host is the host of a callback, which may have a port.
func host(text string) string {
	if h, port, ok := strings.Cut(text, ":"); ok && !strings.Contains(port, ":") {
		return h
	}
	return text
}

// A moment is a ten-minute slot in which a member did something telling on a host.
type moment struct {
	m    *member
	d    *tocsin.Deed
	host string
	slot int64
}

// coincidences joins members by telling things that happen on one machine, or in one organisation, close in time. If
// k other moments at least as telling are spread over a time T, that one falls within D of a given time by chance has the
// probability of about k(2D+1)/T.
func (w *world) coincidences(b *board) {
	byHost, byOrg := map[string][]moment{}, map[string][]moment{}
	for _, m := range w.all {
		if strings.HasPrefix(m.ID, "agent:") {
			continue // an agent's log tells what it was asked to do, not where
		}
		seen := map[string]int{}
		for _, d := range m.telling {
			if d.Time.IsZero() || !m.Local && !inside(d) && (m.stranger() || d.Level < tocsin.Medium) {
				continue // that strangers knock, and that people mistype, is no coincidence
			}
			at := moment{m, d, d.Org + "\x00" + strings.ToLower(d.Host), d.Time.UnixNano() / int64(slot)}
			key := fmt.Sprint(at.host, "\x00", at.slot)
			if i, ok := seen[key]; ok && i >= 0 { // the most telling of a slot
				list := byHost[at.host]
				if list[i].d.Weight < d.Weight {
					list[i].d = d
				}
				continue
			}
			seen[key] = len(byHost[at.host])
			byHost[at.host] = append(byHost[at.host], at)
		}
	}
	hosts := make([]string, 0, len(byHost))
	for h, list := range byHost {
		hosts = append(hosts, h)
		slices.SortStableFunc(list, func(x, y moment) int { return cmp.Or(cmp.Compare(x.slot, y.slot), strings.Compare(x.m.ID, y.m.ID)) })
	}
	slices.Sort(hosts)
	for _, h := range hosts {
		org, name, _ := strings.Cut(h, "\x00")
		byOrg[org] = append(byOrg[org], byHost[h]...)
		if name != "" {
			w.near(b, byHost[h], "host", name)
		}
	}
	orgs := make([]string, 0, len(byOrg))
	for o := range byOrg {
		orgs = append(orgs, o)
	}
	slices.Sort(orgs)
	for _, o := range orgs {
		list := byOrg[o]
		slices.SortStableFunc(list, func(x, y moment) int {
			return cmp.Or(cmp.Compare(x.slot, y.slot), strings.Compare(x.host, y.host), strings.Compare(x.m.ID, y.m.ID))
		})
		w.near(b, list, "time", o)
	}
}

// oddities is how many telling things an intrusion causes in its organisation in a slot beside those that show what it is:
// in the four networks of AIT-ADS, three to six in the hour to hour and a half of each attack.
const oddities = 0.25

// stranger says that a member comes from outside.
func (m *member) stranger() bool {
	return !m.Local && strings.HasPrefix(m.ID, "address:") && public(strings.TrimPrefix(m.ID, "address:"))
}

// near weighs the nearness of moments of different members in a list that is in order of time: of two cores by how
// few are as telling there; of a weak member by how seldom its kind is, against how many oddities an
// intrusion causes.
func (w *world) near(b *board, list []moment, kind, where string) {
	if len(list) < 2 {
		return
	}
	span := float64(min(list[len(list)-1].slot-list[0].slot, priorSlots)) + priorSlots // recordings may be islands in time
	var weights []float64                                                              // of the members, each once
	seen := map[*member]bool{}
	kinds := map[string]int{}
	type mine struct {
		m    *member
		kind string
	}
	ownKinds := map[mine]int{}
	for _, at := range list {
		if !seen[at.m] {
			seen[at.m] = true
			weights = append(weights, at.m.weight)
		}
		k := sortOf(at.d)
		kinds[k]++
		ownKinds[mine{at.m, k}]++
	}
	slices.Sort(weights)
	chance := func(x, y moment) float64 {
		if !x.m.core() || !y.m.core() {
			weak := x
			if x.m.core() {
				weak = y
			}
			k := sortOf(weak.d)
			return float64(kinds[k]-ownKinds[mine{weak.m, k}]+1) / span / oddities
		}
		i, _ := slices.BinarySearch(weights, min(x.m.weight, y.m.weight))
		k := len(weights) - i - 2 // others as telling
		p := (float64(max(k, 0)) + 1) / span
		if kind == "time" {
			p *= math.E // another machine
		}
		return p
	}
	const apart = 288 // slots: two days
	for i, y := range list {
		tried := map[*member]bool{}
		for j := i - 1; j >= 0 && y.slot-list[j].slot <= apart && len(tried) < 24; j-- {
			x := list[j]
			if x.m == y.m || tried[x.m] || !x.m.core() && !y.m.core() || x.m.stranger() && y.m.stranger() {
				continue
			}
			if weak := x.m; !x.m.core() || !y.m.core() {
				if weak.core() {
					weak = y.m
				}
				at := x
				if weak == y.m {
					at = y
				}
				if !weak.Local && (weak.stranger() || at.d.Level < tocsin.Medium && stages[at.d.Tactic] < 3 && at.d.Tactic != "command-and-control") {
					continue // who is known and did little needs more than to have been there
				}
			}
			if kind == "time" && x.host == y.host && x.d.Host != "" {
				continue // weighed by the host already
			}
			tried[x.m] = true
			weight := -math.Log(min(1, chance(x, y)*(2*float64(y.slot-x.slot)+1)))
			if weight <= 0 {
				continue
			}
			place := "on " + where
			if kind == "time" {
				place = "in one organisation"
				if where != "" {
					place = "in " + where
				}
			}
			b.add(x.m, y.m, tocsin.Link{Kind: kind, Weight: min(5, weight), Time: y.d.Time,
				Evidence: fmt.Sprintf("%s and, %s later, %s %s, where such things are seldom", what(x.d), elapsed(y.d.Time.Sub(x.d.Time)), what(y.d), place),
				Places:   []tocsin.Place{x.d.Place, y.d.Place}})
		}
	}
}

// sortOf is the kind of a deed: the rule or alert it raised, else what was done.
func sortOf(d *tocsin.Deed) string {
	if len(d.Rules) > 0 {
		return d.Rules[0].Title
	}
	return d.Verb + " " + d.Technique
}

func elapsed(d time.Duration) string { return span(max(d, -d)) }

// span is a duration to the precision that matters.
func span(d time.Duration) string {
	switch {
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

func clip(s string) string {
	if len(s) > 80 {
		return strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// public says that an address is one of the internet.
func public(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsUnspecified() && !a.IsMulticast()
}
