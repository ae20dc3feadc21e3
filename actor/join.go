package actor

import (
	"cmp"
	"math"
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
)

// A node is a handle for as long as it was one actor's, or an episode on a host.
type node struct {
	id          int32  // of the handle in the table
	name        string // the handle as KIND:VALUE
	scope       string // the organisation that gives the handle out; empty for what is one in the world
	local       bool
	deeds       []*note
	first, last int64
	weight      float64
	links       []tocsin.Link // to others of its actor
	up          *node
	adapted     []tocsin.Adaptation
}

// A note is a deed of a page, as joining sees it.
type note struct {
	*deed
	who  int32
	host int32 // where it happened: the deed's host, or that for which it stands in
	slot int64
	own  float64 // the deed's weight
	w    float64 // the same, by who did it: see strange
	org  string  // its organisation, or that of other logs from the same place
	by   *login  // what made it another's
	via  ref     // of by: the name of its doer that was logged in to; empty where that is who
}

// ready makes the notes of a page of what is not ordinary, weighed and in order. Only a seal fixes the weights: what is asked
// for in between must not matter later.
func (s *Pages) ready(p *page, fix bool) {
	if p.notes != nil {
		return
	}
	n := 0
	for st := company; st < strata; st++ {
		for _, d := range p.of[st].doers {
			n += len(d.deeds)
		}
	}
	all, notes := make([]*note, 0, n), make([]note, n)
	for st := company; st < strata; st++ {
		for _, d := range p.of[st].doers {
			for _, x := range d.deeds {
				w := float64(x.weight)
				if !x.weighed {
					w = float64(float32(s.usual.weigh(s, p, x)))
					if fix {
						x.weight, x.weighed = float32(w), true
						p.touch(d)
					}
				}
				s.t.sortRefs(x)
				notes[len(all)] = note{deed: x, who: d.who, slot: p.slot, own: w, w: w}
				all = append(all, &notes[len(all)])
			}
		}
	}
	slices.SortFunc(all, s.t.order)
	p.notes, p.whole, p.fixed = all, nil, fix
}

// sortRefs puts what a deed refers to in order of role and name.
func (t *nameTable) sortRefs(d *deed) {
	if len(d.refs) > 1 {
		slices.SortFunc(d.refs, func(a, b ref) int {
			return cmp.Or(cmp.Compare(a.role, b.role), strings.Compare(t.all[a.name], t.all[b.name]))
		})
	}
}

// all are the notes of a page, which is ready, and those of the ordinary use of whom wanted holds.
func (s *Pages) all(p *page, wanted names) []*note {
	var more []*doer
	sign := uint64(1)
	for _, d := range p.of[plain].doers {
		if s.t.wants(wanted, d) {
			more = append(more, d)
			sign += mix(s.t.doerHash(d), uint64(len(d.deeds)))
		}
	}
	if p.whole != nil && p.sign == sign {
		return p.whole
	}
	p.whole, p.sign = p.notes, sign
	if len(more) == 0 {
		return p.whole
	}
	p.whole = slices.Clone(p.notes)
	for _, d := range more {
		for _, x := range d.deeds {
			s.t.sortRefs(x)
			p.whole = append(p.whole, &note{deed: x, who: d.who, slot: p.slot})
		}
	}
	slices.SortFunc(p.whole, s.t.order)
	return p.whole
}

// names are numbers of names: false as whose ordinary use is wanted, true as where ordinary use is wanted that went there.
type names map[int32]bool

// wanted are the names whose ordinary use can be of anybody who is told of: those that did something that is not, and those
// that such deeds name as their doers, or as what was logged in to; and to whom requests would have made a server speak.
func (s *Pages) wanted() names {
	all := names{}
	for _, p := range s.pages {
		for st := company; st < strata; st++ {
			for _, d := range p.of[st].doers {
				if d.who == none {
					continue
				}
				all[d.who] = false
				for _, x := range d.deeds {
					for _, r := range x.refs {
						if r.role == roleAlias || r.role == roleOn && s.t.account(r.name) {
							all[r.name] = false
						}
					}
				}
			}
		}
	}
	for _, name := range s.called() {
		if n, ok := s.t.of[name]; ok {
			all[n] = true
		}
	}
	return all
}

// called are the names of where attacks on servers came from, and of where they would have made a server speak to: that something
// went there is told however ordinary it looks, since it shows that the attack worked.
func (s *Pages) called() []string {
	var all []string
	for _, p := range s.pages {
		for _, d := range p.of[telling].doers {
			for _, x := range d.deeds {
				k := &s.t.kinds[x.kind]
				if address, ok := strings.CutPrefix(s.t.text(d.who), "address:"); ok && k.technique == "T1190" && k.tactic == "initial-access" && tocsin.Internet(address) {
					all = append(all, "address:"+address)
				}
				if k.verb != "probe" {
					continue
				}
				for _, r := range x.refs {
					if host, ok := strings.CutPrefix(s.t.all[r.name], "callback:"); ok && r.role == roleMark {
						all = append(all, "address:"+host, "domain:"+host)
					}
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// account says that a name is one that is logged in to.
func (t *nameTable) account(name int32) bool {
	return strings.HasPrefix(t.all[name], "user:") || strings.HasPrefix(t.all[name], "session:")
}

// wants says that what a doer did can be of anybody who is told of.
func (t *nameTable) wants(wanted names, d *doer) bool {
	if _, ok := wanted[d.who]; ok {
		return true
	}
	return slices.ContainsFunc(d.deeds, func(x *deed) bool { return t.leads(wanted, x) })
}

// leads says that a deed names one of those who are wanted, as who did it or as what was logged in to.
func (t *nameTable) leads(wanted names, x *deed) bool {
	for _, r := range x.refs {
		if called, ok := wanted[r.name]; ok && (r.role == roleAlias || r.role == roleOn && (called || t.account(r.name))) {
			return true
		}
	}
	return false
}

// order is one that does not depend on how deeds came.
func (t *nameTable) order(x, y *note) int {
	if x.first != y.first {
		return cmp.Compare(x.first, y.first)
	}
	if x.at != y.at {
		if t.before(x.at, y.at) {
			return -1
		}
		if t.before(y.at, x.at) {
			return 1
		}
	}
	if x.who != y.who || x.deed.host != y.deed.host {
		if c := cmp.Or(strings.Compare(t.text(x.who), t.text(y.who)), strings.Compare(t.text(x.deed.host), t.text(y.deed.host))); c != 0 {
			return c
		}
	}
	k, l := &t.kinds[x.kind], &t.kinds[y.kind]
	return cmp.Or(strings.Compare(k.verb, l.verb), strings.Compare(k.tactic, l.tactic), strings.Compare(k.technique, l.technique),
		strings.Compare(k.tool, l.tool), strings.Compare(k.rule, l.rule), cmp.Compare(k.outcome, l.outcome), cmp.Compare(k.level, l.level))
}

// Actors joins what was noted and returns the actors that did something telling, and the episodes on machines whose
// doer is not known, in order of their first action and ID. least is the weight below which an actor is left out, unless it
// went where a request told a server to go. They are not yet described: see Describe.
func (s *Pages) Actors(least float64) []*tocsin.Actor {
	s.made, s.stirred = map[*tocsin.Actor][]*note{}, false
	notes := s.notes()
	nodes := s.nodes(notes)
	callers := s.callers(nodes)
	s.strange(callers)
	s.bulk = s.bulks(notes, least)
	s.link(nodes, callers)
	groups := map[*node][]*node{}
	weight := map[*node]float64{}
	called := map[*node]bool{}
	to := names{}
	for _, name := range s.called() {
		if n, ok := s.t.of[name]; ok {
			to[n] = true
		}
	}
	for _, n := range nodes {
		weight[n.root()] += n.weight
		if len(to) > 0 && n.goes(to) {
			called[n.root()] = true
		}
	}
	for _, n := range nodes {
		if r := n.root(); weight[r] >= least || called[r] {
			groups[r] = append(groups[r], n)
		}
	}
	var actors []*tocsin.Actor
	for _, n := range nodes { // in order, so that equal ones stay so
		if g := groups[n.root()]; len(g) > 0 && g[0] == n {
			actors = append(actors, s.actor(g))
		}
	}
	slices.SortStableFunc(actors, func(x, y *tocsin.Actor) int { return cmp.Or(x.First.Compare(y.First), strings.Compare(x.ID, y.ID)) })
	return actors
}

// goes says that a node did something to one of some names.
func (n *node) goes(to names) bool {
	for _, d := range n.deeds {
		for _, r := range d.refs {
			if r.role == roleOn && to[r.name] {
				return true
			}
		}
	}
	return false
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

// notes are those of all pages, in order.
func (s *Pages) notes() []*note {
	pages := s.inOrder()
	for _, p := range pages {
		if !p.fixed {
			p.notes = nil // weighed by what was usual then
			s.trimPage(p)
			s.cutPage(p)
		}
		s.ready(p, false)
	}
	wanted := s.wanted()
	s.asked = wanted
	n := 0
	for _, p := range pages {
		n += len(s.all(p, wanted))
	}
	all := make([]*note, 0, n)
	for _, p := range pages {
		all = append(all, p.whole...)
	}
	if len(pages) > 1 && pages[1].slot == 0 { // what has no time is not in order by its pages
		slices.SortFunc(all, s.t.order)
	}
	orgs, hosts := s.places()
	source, org := none, ""
	for _, x := range all {
		x.host, x.by, x.via, x.w = x.deed.host, nil, ref{}, x.own
		if h, ok := hosts[x.host]; ok {
			x.host = h
		}
		switch {
		case x.deed.org != none:
			x.org = strings.TrimPrefix(s.t.all[x.deed.org], "org:")
		case x.at.source != none:
			if x.at.source != source {
				source, org = x.at.source, orgs["path:"+folder(s.t.all[x.at.source])]
			}
			x.org = org
		}
	}
	return all
}

// places says of which organisation the logs below a folder are, and on which machine logs were written that do not name
// it: the one whose name a folder on the way to them bears, or none.
//
// Logs are of an organisation if they name it on most of the pages on which they name a machine at all, and no other as
// often: so a few records with a forged name do not move a machine.
func (s *Pages) places() (orgs map[string]string, hosts map[int32]int32) {
	orgs, hosts = map[string]string{}, map[int32]int32{}
	known := map[string]int32{}
	stand := map[int32]bool{}
	learn := func(host int32) {
		if host == none {
			return
		}
		if name := s.t.all[host]; strings.HasPrefix(name, "path:") {
			stand[host] = true
		} else if h, ok := strings.CutPrefix(name, "host:"); ok {
			h = strings.ToLower(h)
			if have, ok := known[h]; !ok || name < s.t.all[have] {
				known[h] = host
			}
		}
	}
	named := map[string]int{} // pages on which the logs below a folder name a machine
	says := map[[2]string]int{}
	for _, p := range s.pages {
		here := map[string]bool{}
		for f := range p.facts {
			o, ok := strings.CutPrefix(s.t.all[f.name], "org:")
			if !ok {
				learn(f.name)
				if strings.HasPrefix(s.t.all[f.name], "host:") {
					here[above(s.t.all[f.folder])] = true
				}
				continue
			}
			if strings.Contains(o, ".") { // else an account of a cloud platform, whose logs lie anywhere
				says[[2]string{s.t.all[f.folder], o}]++
			}
		}
		for f := range here {
			named[f]++
		}
		for _, n := range p.notes {
			learn(n.deed.host)
		}
	}
	for k, n := range says {
		folder, o := k[0], k[1]
		if 2*n <= named[folder] {
			continue
		}
		if _, ok := orgs[folder]; ok {
			o = ""
		}
		orgs[folder] = o
	}
	for h := range stand {
		hosts[h] = none
		for part := range strings.SplitSeq(strings.TrimPrefix(s.t.all[h], "path:"), "/") {
			if at, ok := known[strings.ToLower(part)]; ok && part != "" {
				hosts[h] = at
			}
		}
	}
	return orgs, hosts
}

// above is the folder, as path:NAME, in which a folder lies.
func above(folder string) string {
	i := strings.LastIndexByte(folder, '/')
	if i < 0 {
		return "path:"
	}
	return folder[:i]
}

// nodes makes a node of each handle's stretch of activity and of each episode on a host. What an account or session
// did after an actor had logged in to it is the actor's.
func (s *Pages) nodes(notes []*note) []*node {
	logins := s.logins(notes)
	type handle struct {
		name  int32
		scope string
		local bool
	}
	now := map[handle]*node{}
	world := s.worlds()
	var all []*node
	for _, n := range notes {
		h := handle{name: n.who}
		if n.who == none {
			if n.host == none || n.w < 0.5 {
				continue
			}
			h = handle{n.host, n.org, true}
		} else if l, via := logins.of(n); l != nil && l.who != n.who && !strings.HasPrefix(s.t.all[n.who], "address:") {
			h.name, n.by, n.via = l.who, l, via
		}
		if !h.local && !world(h.name) {
			h.scope = n.org
		}
		at := now[h]
		if at == nil || apart(h.local, !h.local && world(h.name), at.last, n.first) {
			at = &node{id: h.name, name: s.t.all[h.name], scope: h.scope, local: h.local, first: n.first, last: n.last}
			now[h] = at
			all = append(all, at)
		}
		at.deeds = append(at.deeds, n)
		at.last = max(at.last, n.last)
		if at.first == 0 {
			at.first = n.first
		}
	}
	for _, n := range all {
		n.weight = s.weight(n.deeds)
	}
	return all
}

// weight is how telling deeds are together: of like ones the most telling counts, whatever their number.
func (s *Pages) weight(deeds []*note) float64 {
	type like struct{ tactic, technique, what string }
	var best map[like]float64
	var sum []float64
	for _, n := range deeds {
		if n.w == 0 {
			continue
		}
		if len(deeds) == 1 {
			return n.w
		}
		k := &s.t.kinds[n.kind]
		key := like{k.tactic, k.technique, k.rule}
		if k.rule == "" {
			key.what = k.verb
		}
		if best == nil {
			best = map[like]float64{}
		}
		best[key] = max(best[key], n.w)
	}
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

// apart says that a handle was silent for so long that another may have it now.
func apart(local, world bool, last, next int64) bool {
	silence := time.Duration(next - last)
	if local {
		return silence > episode
	}
	if silence < time.Hour {
		return false
	}
	start := lastingOwn
	if world {
		start = lastingWorld
	}
	return start-math.Log(1+silence.Hours()/silenceUnit.Hours()) < joined
}

// worlds remembers of which names world holds.
func (s *Pages) worlds() func(int32) bool {
	known := make([]int8, len(s.t.all))
	return func(i int32) bool {
		if known[i] == 0 {
			known[i] = -1
			if world(s.t.all[i]) {
				known[i] = 1
			}
		}
		return known[i] > 0
	}
}

// world says that a handle is one in the world, not only within an organisation: public addresses, agents, keys.
func world(name string) bool {
	v, ok := strings.CutPrefix(name, "address:")
	if !ok {
		return strings.HasPrefix(name, "agent:") || strings.HasPrefix(name, "principal:") || strings.HasPrefix(name, "caller:")
	}
	return tocsin.Internet(v)
}

func value(name string) string {
	_, v, _ := strings.Cut(name, ":")
	return v
}

func named(name string) tocsin.Entity {
	kind, v, _ := strings.Cut(name, ":")
	return tocsin.Entity{Kind: kind, Role: "source", Value: v}
}

func (s *Pages) placeOf(p place) tocsin.Place {
	if p.source == none {
		return tocsin.Place{Time: when(p.time)}
	}
	return tocsin.Place{Time: when(p.time), Source: s.t.all[p.source], Record: p.record}
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

func (s *Pages) logins(notes []*note) logins {
	all := logins{}
	for _, n := range notes {
		k := &s.t.kinds[n.kind]
		if n.who == none || k.verb != "login" || k.outcome != tocsin.Worked {
			continue
		}
		if who := s.t.all[n.who]; !strings.HasPrefix(who, "address:") && !(strings.HasPrefix(who, "user:") && k.tactic == "privilege-escalation") {
			continue
		}
		for _, r := range n.refs {
			if r.role != roleOn && r.role != roleAlias {
				continue
			}
			at := n.metAt(r)
			l := login{at.time, n.who, at}
			if name := s.t.all[r.name]; strings.HasPrefix(name, "user:") || strings.HasPrefix(name, "session:") {
				key := [2]int32{r.name, n.host}
				if has := all[key]; len(has) > 0 && has[len(has)-1] == l {
					continue // named as target and as alias
				}
				all[key] = append(all[key], l)
			}
		}
	}
	for _, l := range all {
		slices.SortFunc(l, func(x, y login) int {
			switch {
			case x.at != y.at:
				return cmp.Compare(x.at, y.at)
			case s.t.before(x.place, y.place):
				return -1
			case s.t.before(y.place, x.place):
				return 1
			}
			return strings.Compare(s.t.text(x.who), s.t.text(y.who))
		})
	}
	return all
}

// of is the login that a deed of an account or session follows, by its own name or that of its account, which is then via; nil
// if there is none.
func (l logins) of(n *note) (_ *login, via ref) {
	if at := l.by(n.who, n); at != nil {
		return at, ref{}
	}
	for _, r := range n.refs {
		if r.role != roleAlias {
			continue
		}
		if at := l.by(r.name, n); at != nil {
			return at, r
		}
	}
	return nil, ref{}
}

func (l logins) by(who int32, n *note) *login {
	all := l[[2]int32{who, n.host}]
	i, _ := slices.BinarySearchFunc(all, n.last+1, func(x login, at int64) int { return cmp.Compare(x.at, at) })
	if i > 0 && n.first-all[i-1].at < int64(lasts) {
		return &all[i-1]
	}
	return nil
}
