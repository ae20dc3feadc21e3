package guard

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A judging is a principal while its calls are gone through.
type judging struct {
	*principal
	out    tocsin.Principal
	number map[*call]int // of its calls, from 1
	of     map[*call]*session
	all    *heap
	here   map[string]*heap // by target
	alert  map[string]int   // by target, the call with which it became suspicious there
	seen   map[string]tocsin.Verdict
	scoped map[string]int // acts that scope records granted, by record
	work   []int          // calls by trade
	others map[string]others

	turnings map[*session]*turning
}

// Grants say what was allowed: scope.Records.
type Grants interface {
	// Covers names the record that grants a principal an act against a target, in a phase, at a time.
	Covers(principal, target, phase string, at time.Time) (id string, ok bool)
}

// A turn is a call of a principal.
type turn struct {
	*call
	by *judging
}

const itself = "" // the target that stands for the agent's own machine

// newJudging begins to go through the calls of a principal that were counted.
func newJudging(c *counted) *judging {
	return &judging{principal: c.principal, out: c.out, number: c.number, of: c.of, work: c.work, all: newHeap("all targets"), here: map[string]*heap{}, alert: map[string]int{},
		seen: map[string]tocsin.Verdict{}, scoped: map[string]int{}, turnings: map[*session]*turning{}, others: map[string]others{}}
}

// judge goes through the calls of principals who have something in common with each other and with nobody else, in order.
func judge(all []*counted, grants Grants) []*tocsin.Principal {
	by := make([]*judging, len(all))
	var turns []turn
	for i, c := range all {
		by[i] = newJudging(c)
		for _, t := range c.turns {
			turns = append(turns, turn{t, by[i]})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return cmp.Or(cmp.Compare(a.at, b.at), a.compare(&b.stamp)) })
	common := map[string]*heap{} // by target, of all who went there
	known := map[string]bool{}   // secrets that results gave away, to whomever
	for i := range turns {
		t := &turns[i]
		for k := range t.acts {
			if a := t.by.ungranted(t.call, &t.acts[k], grants); a != nil {
				t.by.take(t.call, a, common, known)
			}
		}
		for _, g := range t.gave {
			known[g] = true
		}
		t.by.look(t, common, known)
	}
	out := make([]*tocsin.Principal, len(all))
	for i, j := range by {
		out[i] = j.tell()
	}
	return out
}

// counted is a principal whose calls were put in order. It is never changed.
type counted struct {
	*principal
	out    tocsin.Principal
	number map[*call]int // of its calls, from 1
	of     map[*call]*session
	turns  []*call    // those that mean something
	work   []int      // calls by trade
	in     []*session // the sessions as they came
	keys   []string
	gave   []string // secrets that results gave
	used   []string // secrets that were used
}

// count numbers the calls of a principal in their order and finds those that mean something.
func count(p *principal) *counted {
	j := &counted{principal: p, in: slices.Clone(p.sessions), number: map[*call]int{}, of: map[*call]*session{}, work: make([]int, len(trades))}
	type numbered struct {
		stamp
		kept *call
		in   *session
		word bool // a provider's, which is no call
	}
	var every []numbered
	o := &j.out
	o.Name, o.By = j.name, j.by
	slices.SortFunc(j.sessions, func(a, b *session) int {
		x, y := a.first(), b.first()
		return cmp.Or(cmp.Compare(x.at, y.at), x.compare(&y), cmp.Compare(a.id, b.id))
	})
	targets := map[string]bool{}
	agents := map[string]bool{}
	for _, x := range j.sessions {
		o.Sessions = append(o.Sessions, x.id)
		o.Calls += x.more + len(x.calls)
		for i, n := range x.work {
			j.work[i] += n
		}
		if x.agent != "" && !agents[x.agent] {
			agents[x.agent] = true
			o.Agents = append(o.Agents, x.agent)
		}
		for t := range x.targets {
			targets[t] = true
		}
		k := 0
		for i := range x.calls {
			n := numbered{stamp: x.calls[i].stamp, in: x}
			for ; k < len(x.kept) && x.kept[k].compare(&n.stamp) < 0; k++ {
			}
			if k < len(x.kept) && x.kept[k].compare(&n.stamp) == 0 {
				n.kept = &x.kept[k]
				k++
			}
			every = append(every, n)
		}
		for i := range x.verdicts {
			every = append(every, numbered{stamp: x.verdicts[i].stamp, kept: &x.verdicts[i].call, in: x, word: true})
		}
	}
	for t := range targets {
		o.Targets = append(o.Targets, t)
	}
	slices.Sort(o.Targets)
	slices.Sort(o.Agents)
	o.Sight = sightOf(j.sessions)
	slices.SortStableFunc(every, func(a, b numbered) int { return cmp.Or(cmp.Compare(a.at, b.at), a.compare(&b.stamp)) })
	n := 0
	for _, x := range j.sessions {
		n += x.more
	}
	for i := range every {
		if !every[i].word {
			n++
		}
		if every[i].kept != nil {
			j.number[every[i].kept], j.of[every[i].kept] = max(n, 1), every[i].in
			j.turns = append(j.turns, every[i].kept)
		}
	}
	if n := len(every); n > 0 {
		o.First, o.Last = day(every[0].at), day(every[n-1].at)
	}
	j.links()
	return j
}

// ungranted is an act without those of its targets that were granted; nil if all were.
func (j *judging) ungranted(c *call, a *act, grants Grants) *act {
	if grants == nil || c.at == 0 || a.ground != "" { // when it was is not known, so that no record can cover it
		return a
	}
	granted := func(target string) bool {
		id, ok := grants.Covers(j.name, target, a.tactic, day(c.at))
		if ok {
			j.scoped[id]++
		}
		return ok
	}
	if len(a.on) == 0 {
		if granted("own") {
			return nil
		}
		return a
	}
	var left []target
	for _, t := range a.on {
		name := t.name
		if t.wide.IsValid() && !t.wide.IsSingleIP() {
			name = t.wide.String()
		}
		if !granted(name) {
			left = append(left, t)
		}
	}
	switch len(left) {
	case 0:
		return nil
	case len(a.on):
		return a
	}
	b := *a
	b.on = left
	return &b
}

// take adds an act to what is known of the principal, and of the targets that it went to.
func (j *judging) take(c *call, a *act, common map[string]*heap, known map[string]bool) {
	if a.ground != "" {
		j.all.set(a.ground, j.all.count[a.ground]+1, c, a)
		return
	}
	switch a.verb { // who tries out what is his own attacks nobody
	case "probe", "scan", "request":
		if a.own || len(a.on) == 0 && programs["fetchers"][a.tool] {
			return
		}
	}
	j.all.add(c, a, known)
	if len(a.on) == 0 {
		at(j.here, itself).add(c, a, known)
	}
	done := ""
	for i := range a.on {
		g := a.on[i].group
		if g == done {
			continue
		}
		done = g
		at(j.here, g).add(c, a, known)
		at(common, g).share(j, c, a, known)
	}
	for _, s := range a.links(known) {
		at(common, s).share(j, c, a, known)
	}
}

// links are what leads from an act to the same campaign's acts of other principals besides its targets: secrets that a result gave
// away, to whomever, and unusual strings. Secrets that no result gave are left out: strangers have passwords in common.
func (a *act) links(known map[string]bool) []string {
	if a.credential != "" && known[a.credential] {
		return append([]string{"secret " + a.credential}, a.strings...)
	}
	return a.strings
}

// mostHeaps bounds the targets of a principal, and what principals have in common, for which evidence is added up. Beyond it only what
// is known already is added to; all of it counts for the principal.
const mostHeaps = 16384

// at is the heap of a target; nil if there are too many.
func at(m map[string]*heap, where string) *heap {
	h := m[where]
	if h == nil && len(m) < mostHeaps {
		h = newHeap(where)
		m[where] = h
	}
	return h
}

// look says what is to be said of the principal after a call.
func (j *judging) look(t *turn, common map[string]*heap, known map[string]bool) {
	n := j.number[t.call]
	say := func(where string, v tocsin.Verdict) {
		if v > j.seen[where] {
			if j.seen[where] == tocsin.Ordinary {
				j.alert[where] = n
			}
			j.seen[where] = v
		}
		if v > j.out.Verdict {
			if j.out.Verdict < tocsin.Suspicious {
				j.out.FirstAlert = n
			}
			j.out.Verdict = v
		}
	}
	for i := range t.acts {
		a := &t.acts[i]
		if h := j.here[itself]; len(a.on) == 0 && h != nil {
			say(itself, min(h.verdict(), tocsin.Suspicious))
		}
		for k := range a.on {
			if h := j.here[a.on[k].group]; h != nil {
				v := h.verdict()
				if c := common[h.where]; c != nil && h.took() && c.verdict() > v {
					most := tocsin.Intrusion
					if h.score < suspiciousFrom/3 { // who did so little may be a stranger who came by
						most = tocsin.Suspicious
					}
					v = max(v, min(c.verdict(), most))
					j.rest(h.where, c, t.call, a)
				}
				say(h.where, v)
			}
		}
		if j.all.took() {
			for _, s := range a.links(known) {
				if h := common[s]; h != nil && h.verdict() > max(j.all.verdict(), j.seen["*"]) {
					say("*", h.verdict())
					j.rest(itself, h, t.call, a)
				}
			}
		}
	}
	for _, g := range j.reported(t.call) {
		say(g, j.here[g].verdict())
	}
	v := j.all.verdict()
	if v == tocsin.Intrusion && !j.chained() {
		v = tocsin.Suspicious
	}
	say("*", v)
	if w := j.turned(t.call); w > v && v < tocsin.Intrusion { // who runs an intrusion has an agent that does as it is told
		at(j.here, itself)
		say(itself, w)
	}
}

// reported adds that a call wrote down what was found at targets where the principal had gone through phases, and gives these.
func (j *judging) reported(c *call) (groups []string) {
	for i := range c.deeds {
		d := &c.deeds[i]
		for _, g := range d.about {
			h := j.here[g]
			if h == nil || len(h.phases) < 2 {
				continue
			}
			a := &act{text: c.text, row: d.row}
			h.set("reported", h.count["reported"]+1, c, a)
			j.all.set("reported", j.all.count["reported"]+1, c, a)
			groups = append(groups, g)
		}
	}
	return groups
}

// rest notes that what is said of the principal at a target rests on others that went there too.
func (j *judging) rest(where string, h *heap, c *call, a *act) {
	if n := len(h.by) - 1; n > 0 {
		j.others[where] = others{n, strings.Join(h.order, ", "), remark{c, a}}
	}
}

// others are principals who share a target or a string.
type others struct {
	n      int
	phases string
	at     remark
}

// shared is the ground that says so.
func (j *judging) shared(where string) []tocsin.Ground {
	o, ok := j.others[where]
	if !ok {
		return nil
	}
	name := where
	if where == itself {
		name = "what it shares with them, a secret, a callback or a file"
	}
	return []tocsin.Ground{{ID: "shared", Call: j.number[o.at.call], Session: j.of[o.at.call].id, Quote: o.at.act.text, Place: o.at.call.place, Rule: o.at.act.row,
		Sentence: grounds["shared"].said(o.n, phaseName(o.phases), name)}}
}

// chained says that two phases were gone through at one target that is not the agent's own machine.
func (j *judging) chained() bool {
	for where, h := range j.here {
		if where != itself && len(h.phases) >= 2 {
			return true
		}
	}
	return false
}

// tell writes down what was found.
func (j *judging) tell() *tocsin.Principal {
	o := &j.out
	o.Score = j.all.score
	o.Evidence = j.grounds(j.all)
	for _, where := range slices.Sorted(maps.Keys(j.others)) {
		o.Evidence = append(o.Evidence, j.shared(where)...)
	}
	for id, n := range j.scoped {
		o.Scope = append(o.Scope, tocsin.Authorised{ID: id, Acts: n})
		if o.Verdict == tocsin.Ordinary {
			o.Verdict = tocsin.SecurityWork
		}
	}
	slices.SortFunc(o.Scope, func(a, b tocsin.Authorised) int { return cmp.Compare(a.ID, b.ID) })
	clear, most := cleared(j.work, o.Calls)
	o.Cleared = append(o.Cleared, clear...)
	if most && o.Verdict == tocsin.Ordinary {
		o.Verdict = tocsin.SecurityWork
	}
	for _, s := range o.Scope {
		o.Cleared = append(o.Cleared, strconv.Itoa(s.Acts)+" acts are inside the scope record "+s.ID)
	}
	for where, v := range j.seen {
		if v == tocsin.Ordinary || where == "*" {
			continue
		}
		h := j.here[where]
		o.ByTarget = append(o.ByTarget, tocsin.TargetVerdict{Target: where, Verdict: v, Score: h.score, FirstAlert: j.alert[where], Phases: h.order, Evidence: append(j.grounds(h), j.shared(where)...), Course: j.course(h)})
	}
	j.tellTurned()
	slices.SortFunc(o.ByTarget, func(a, b tocsin.TargetVerdict) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Target, b.Target))
	})
	return o
}

// phaseName is what tactics are called in a sentence.
func phaseName(slugs string) string { return strings.ReplaceAll(slugs, "-", " ") }

func (j *judging) grounds(h *heap) []tocsin.Ground {
	var out []tocsin.Ground
	for id, n := range h.count {
		g, r := grounds[id], h.last[id]
		w := g.nats(n)
		if w == 0 {
			continue
		}
		x := j.ground(id, r)
		x.Weight, x.Techniques = w, h.techniques[id]
		what := phaseName(r.act.tactic)
		if r.act.ground != "" {
			what = r.act.text
		}
		if r.act.row != nil && id != "phases" {
			what = r.act.row.Title
		}
		x.Sentence = g.said(n, what, h.where)
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b tocsin.Ground) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.ID, b.ID)) })
	return out
}
