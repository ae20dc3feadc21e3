package actor

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

// What joining goes by. Weights are log-odds in nats; two handles are one actor from joined upwards.
const (
	joined = 3.0

	// A handle is another actor's after a long silence: an address that is given out anew, an account that somebody
	// else uses. What it starts with is eaten up by ln(1 + silence/6 h): 10 hours for what an organisation gives out
	// itself, some five days for an address of the internet.
	lastingOwn   = 4.0
	lastingWorld = 6.0
	silenceUnit  = 6 * time.Hour

	// What happens on a machine without a doer being known is one episode as long as telling things follow each other
	// within twenty minutes. Campaigns join episodes.
	episode = 20 * time.Minute

	// Of how often something happens there is always a week's prior, so that a recording of a minute does not make
	// all things common.
	priorSlots = 7 * 24 * 6
)

// levelWeight is how telling one action of a level is.
var levelWeight = [...]float64{tocsin.Unrated: 0, tocsin.Informational: 0, tocsin.Low: 0.6, tocsin.Medium: 2, tocsin.High: 4, tocsin.Critical: 6}

// A node is a handle for as long as it was one actor's, or an episode on a host.
type node struct {
	name        string // handle as KIND:VALUE
	scope       string // the organisation that gives the handle out; empty for what is one in the world
	local       bool
	deeds       []*note
	first, last int64
	weight      float64
	links       []tocsin.Link // to others of its actor
	up          *node
	adapted     []tocsin.Adaptation
}

// A note is a deed with its key.
type note struct {
	deedKey
	*deed
	weight float64
	orgs   string // its organisation, or that of other logs from the same place
	by     *tocsin.Link
}

// Actors joins what was noted and returns the actors that did something telling, and the episodes on machines whose
// doer is not known, in order of their first action and ID. least is the weight below which an actor is left out. The
// ticks of an actor are returned by the function: a stream for each of its names, in order of time.
func (b *Book) Actors(least float64) (actors []*tocsin.Actor, ticks func(*tocsin.Actor) []tocsin.Ticks) {
	notes := b.notes()
	b.weigh(notes)
	nodes := b.nodes(notes)
	b.link(nodes)
	groups := map[*node][]*node{}
	for _, n := range nodes {
		r := n.root()
		groups[r] = append(groups[r], n)
	}
	times := map[*tocsin.Actor][]tocsin.Ticks{}
	for _, n := range nodes { // in order, so that equal ones stay so
		g := groups[n.root()]
		if g[0] != n {
			continue
		}
		weight := 0.0
		for _, m := range g {
			weight += m.weight
		}
		if weight < least {
			continue
		}
		a, t := b.actor(g)
		times[a] = t
		actors = append(actors, a)
	}
	slices.SortStableFunc(actors, func(x, y *tocsin.Actor) int { return cmp.Or(x.First.Compare(y.First), strings.Compare(x.ID, y.ID)) })
	return actors, func(a *tocsin.Actor) []tocsin.Ticks { return times[a] }
}

func (n *node) root() *node {
	for n.up != nil {
		if n.up.up != nil {
			n.up = n.up.up
		}
		n = n.up
	}
	return n
}

// notes lists the deeds in an order that does not depend on how they came.
func (b *Book) notes() []*note {
	orgs, hosts := b.places()
	all := make([]*note, 0, len(b.deeds))
	for k, d := range b.deeds {
		d.tidy()
		if h, ok := hosts[k.host]; ok {
			k.host = h
		}
		n := &note{deedKey: k, deed: d}
		if d.org != none {
			n.orgs = strings.TrimPrefix(b.names.all[d.org], "org:")
		} else if d.at.source != none {
			n.orgs = orgs[folder(b.names.all[d.at.source])]
		}
		all = append(all, n)
	}
	name := func(i int32) string {
		if i == none {
			return ""
		}
		return b.names.all[i]
	}
	slices.SortFunc(all, func(x, y *note) int {
		if x.first != y.first {
			return cmp.Compare(x.first, y.first)
		}
		if x.at != y.at {
			if b.before(x.at, y.at) {
				return -1
			}
			if b.before(y.at, x.at) {
				return 1
			}
		}
		if c := cmp.Or(strings.Compare(name(x.who), name(y.who)), strings.Compare(name(x.host), name(y.host))); c != 0 {
			return c
		}
		k, l := b.kinds[x.kind], b.kinds[y.kind]
		return cmp.Or(strings.Compare(k.verb, l.verb), strings.Compare(k.tactic, l.tactic), strings.Compare(k.technique, l.technique),
			strings.Compare(k.tool, l.tool), strings.Compare(k.rule, l.rule), cmp.Compare(k.outcome, l.outcome), cmp.Compare(k.level, l.level))
	})
	return all
}

// places says of which organisation the logs below a folder are, where those that say so agree; and on which machine
// logs were written that do not name it: the one whose name a folder on the way to them bears, or none.
func (b *Book) places() (orgs map[string]string, hosts map[int32]int32) {
	orgs, hosts = map[string]string{}, map[int32]int32{}
	for _, d := range b.deeds {
		if d.org == none || d.at.source == none {
			continue
		}
		f, o := folder(b.names.all[d.at.source]), strings.TrimPrefix(b.names.all[d.org], "org:")
		if !strings.Contains(o, ".") {
			continue // an account of a cloud platform, whose logs lie anywhere
		}
		if have, ok := orgs[f]; ok && have != o {
			o = ""
		}
		orgs[f] = o
	}
	for k := range b.deeds {
		if k.host == none {
			continue
		}
		path, ok := strings.CutPrefix(b.names.all[k.host], "path:")
		if _, known := hosts[k.host]; !ok || known {
			continue
		}
		hosts[k.host] = none
		for part := range strings.SplitSeq(path, "/") {
			if h, ok := b.names.of["host:"+strings.ToLower(part)]; ok && part != "" {
				hosts[k.host] = h
			}
		}
	}
	return orgs, hosts
}

// folder is the path of a source up to the last folder but one: logs of one organisation lie side by side, those of
// its machines in folders side by side.
func folder(source string) string {
	source, _, _ = strings.Cut(source, "!/")
	for range 2 {
		i := strings.LastIndexByte(source, '/')
		if i < 0 {
			return ""
		}
		source = source[:i]
	}
	return source
}

// weigh says how telling each deed is where it happened. What a detector calls new or unusual, and what is telling in
// number only, weighs by how seldom its like is on that machine, and by how much more of it there is than usual.
func (b *Book) weigh(notes []*note) {
	type where struct {
		host int32
		kind int32
	}
	slots := map[where][]int{}    // numbers of like deeds, a slot each
	spans := map[int32][2]int64{} // of a host, in slots
	for _, n := range notes {
		if n.slot == 0 {
			continue
		}
		w := where{n.host, n.kind}
		slots[w] = append(slots[w], n.n)
		if s, ok := spans[n.host]; !ok {
			spans[n.host] = [2]int64{n.slot, n.slot}
		} else {
			spans[n.host] = [2]int64{min(s[0], n.slot), max(s[1], n.slot)}
		}
	}
	usual := make(map[where]float64, len(slots))
	for w, all := range slots {
		slices.Sort(all)
		usual[w] = float64(all[len(all)/2])
	}
	for _, n := range notes {
		k := b.kinds[n.kind]
		n.weight = levelWeight[min(k.level, tocsin.Critical)]
		if n.weight == 0 {
			continue
		}
		w := where{n.host, n.kind}
		s := spans[n.host]
		rare := math.Log(float64(s[1]-s[0]+1+priorSlots) / (float64(len(slots[w])) + 1)) // at most 6 to 7
		burst := min(2, max(0, 0.5*math.Log(float64(n.n)/max(1, usual[w]))))
		if len(slots[w]) < 3 {
			burst = min(2, 0.25*math.Log(float64(n.n)))
		}
		if k.verb == "alert" || k.level <= tocsin.Low {
			n.weight *= min(1, rare/4)
			burst *= min(1, rare/4)
			if k.verb == "alert" {
				n.weight += max(0, rare-5)
			}
		}
		n.weight += burst
	}
}

// nodes makes a node of each handle's stretch of activity and of each episode on a host. What an account or session
// did after an actor had logged in to it is the actor's.
func (b *Book) nodes(notes []*note) []*node {
	logins := b.logins(notes)
	type handle struct {
		name  int32
		scope string
		local bool
	}
	by := map[handle][]*note{}
	var order []handle
	for _, n := range notes {
		h := handle{name: n.who}
		if n.who == none {
			if n.host == none || n.weight < 0.5 {
				continue
			}
			h = handle{n.host, n.orgs, true}
		} else if l, ok := logins.of(n); ok && l.who != n.who && !strings.HasPrefix(b.names.all[n.who], "address:") {
			h.name, n.by = l.who, &tocsin.Link{From: b.names.all[l.who], To: b.names.all[n.who], Kind: "session", Weight: 5,
				Evidence: fmt.Sprintf("%s logged in as %s, which then acted", value(b.names.all[l.who]), value(b.names.all[n.who])), Time: when(l.at), Places: []tocsin.Place{b.placeOf(l.place)}}
		}
		if !h.local && !world(b.names.all[h.name]) {
			h.scope = n.orgs
		}
		if by[h] == nil {
			order = append(order, h)
		}
		by[h] = append(by[h], n)
	}
	var all []*node
	for _, h := range order {
		var now *node
		name := b.names.all[h.name]
		for _, n := range by[h] {
			if now == nil || apart(name, h.local, now.last, n.first) {
				now = &node{name: name, scope: h.scope, local: h.local, first: n.first, last: n.last}
				all = append(all, now)
			}
			now.deeds = append(now.deeds, n)
			now.last = max(now.last, n.last)
			if now.first == 0 {
				now.first = n.first
			}
		}
	}
	for _, n := range all {
		n.weight = b.heft(n.deeds)
	}
	return all
}

// heft is how telling deeds are together: of like ones the most telling counts, whatever their number.
func (b *Book) heft(deeds []*note) float64 {
	best := map[[3]string]float64{}
	for _, n := range deeds {
		k := &b.kinds[n.kind]
		key := [3]string{k.tactic, k.technique, k.rule}
		if k.rule == "" {
			key[2] = k.verb
		}
		best[key] = max(best[key], n.weight)
	}
	sum := make([]float64, 0, len(best))
	for _, w := range best {
		sum = append(sum, w)
	}
	slices.Sort(sum) // adding in one order gives one result
	total := 0.0
	for _, w := range sum {
		total += w
	}
	return total
}

// between is the ticks of a handle in a stretch of time.
func (b *Book) between(name string, first, last int64) tocsin.Ticks {
	id, ok := b.names.of[name]
	if !ok {
		return nil
	}
	t := b.own[id]
	t.Sort()
	from, _ := slices.BinarySearchFunc(t, first, func(t tocsin.Tick, at int64) int { return cmp.Compare(t.Time, at) })
	to, _ := slices.BinarySearchFunc(t, last+1, func(t tocsin.Tick, at int64) int { return cmp.Compare(t.Time, at) })
	return t[from:max(from, to)]
}

// apart says that a handle was silent for so long that another may have it now.
func apart(name string, local bool, last, next int64) bool {
	silence := time.Duration(next - last)
	if local {
		return silence > episode
	}
	start := lastingOwn
	if world(name) {
		start = lastingWorld
	}
	return start-math.Log(1+silence.Hours()/silenceUnit.Hours()) < joined
}

// world says that a handle is one in the world, not only within an organisation: public addresses, agents, keys.
func world(name string) bool {
	v, ok := strings.CutPrefix(name, "address:")
	if !ok {
		return strings.HasPrefix(name, "agent:") || strings.HasPrefix(name, "principal:")
	}
	a, err := netip.ParseAddr(v)
	return err == nil && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

func value(name string) string {
	_, v, _ := strings.Cut(name, ":")
	return v
}

func when(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

func (b *Book) placeOf(p place) tocsin.Place {
	if p.source == none {
		return tocsin.Place{Time: when(p.time)}
	}
	return tocsin.Place{Time: when(p.time), Source: b.names.all[p.source], Record: p.record}
}

// A login is when somebody got into an account or session.
type login struct {
	at    int64
	who   int32
	place place
}

// logins by the account or session that was got into, and its host, in order of time.
type logins map[[2]int32][]login

// lasts is how long what an account does is put down to who logged in to it last.
const lasts = 12 * time.Hour

func (b *Book) logins(notes []*note) logins {
	all := logins{}
	for _, n := range notes {
		k := b.kinds[n.kind]
		if n.who == none || k.verb != "login" || k.outcome != tocsin.Worked || !strings.HasPrefix(b.names.all[n.who], "address:") {
			continue
		}
		l := login{n.first, n.who, n.at}
		for _, set := range [][]int32{n.on, n.alias} {
			for _, x := range set {
				if name := b.names.all[x]; strings.HasPrefix(name, "user:") || strings.HasPrefix(name, "session:") {
					all[[2]int32{x, n.host}] = append(all[[2]int32{x, n.host}], l)
				}
			}
		}
	}
	return all
}

// of is the login that a deed of an account or session follows, by its own name or that of its account.
func (l logins) of(n *note) (login, bool) {
	if at, ok := l.by(n.who, n); ok {
		return at, true
	}
	for _, x := range n.alias {
		if at, ok := l.by(x, n); ok {
			return at, true
		}
	}
	return login{}, false
}

func (l logins) by(who int32, n *note) (login, bool) {
	all := l[[2]int32{who, n.host}]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].at <= n.last && n.first-all[i].at < int64(lasts) {
			return all[i], true
		}
	}
	return login{}, false
}
