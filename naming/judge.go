package naming

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

const (
	// near is how close, in microseconds, sightings of two machines at one address are taken for at the same time: an address
	// is not given to another machine within minutes.
	near = int64(5 * time.Minute / time.Microsecond)

	// hold is how long an address that several machines had stays with one of them beyond its sightings, in microseconds: as
	// long as a usual lease.
	hold = int64(24 * time.Hour / time.Microsecond)

	// mostHomes is how many addresses of a family a machine has at a time; a name of more is a service's.
	mostHomes = 4

	// mostMailboxes is how many accounts get what is sent to one address; with more it is a list's.
	mostMailboxes = 1
)

// A stretch is a machine's sightings at an address without another machine's between.
type stretch struct {
	host        string
	grade       grade
	by          []*saying
	n           int64
	first, last int64
	from, to    place
	doubt       string
	weight      int // how sure it is at this address: told, told and borne out (see weigh), claimed, own
}

// take joins a span of a fact.
func (t *stretch) take(x *fact, s *span) {
	if len(t.by) == 0 || s.first < t.first || s.first == t.first && s.from.compare(t.from) < 0 {
		t.first, t.from = s.first, s.from
	}
	if len(t.by) == 0 || s.last > t.last || s.last == t.last && s.to.compare(t.to) > 0 {
		t.last, t.to = s.last, s.to
	}
	t.grade = max(t.grade, x.say.grade)
	t.n += s.n
	if !slices.Contains(t.by, x.say) {
		t.by = append(t.by, x.say)
	}
}

// naming is the stretch as it is told.
func (t *stretch) naming(kind string, of, name tocsin.Entity) tocsin.Naming {
	slices.SortFunc(t.by, func(a, b *saying) int { return cmp.Or(cmp.Compare(b.grade, a.grade), cmp.Compare(a.number, b.number)) })
	n := tocsin.Naming{Kind: kind, Of: of, Name: name, Grade: t.grade.String(), N: t.n, First: timeOf(t.first), Last: timeOf(t.last), Doubt: t.doubt}
	for _, s := range t.by {
		if !slices.Contains(n.By, s.row.id) {
			n.By = append(n.By, s.row.id)
		}
	}
	n.From = tocsin.Place{Time: n.First, Source: t.from.source, Record: t.from.record}
	n.To = tocsin.Place{Time: n.Last, Source: t.to.source, Record: t.to.record}
	return n
}

// evidence is the kind of a record as far as it counts for another witness.
func (s *saying) evidence() string { return evidence(s.row.id) }

// evidence is the kind of a row's records as far as it counts for another witness: what the DNS says forwards and backwards
// are two.
func evidence(id string) string {
	kind, _, _ := strings.Cut(id, "-")
	if strings.HasSuffix(id, "-ptr") {
		kind += "-ptr"
	}
	return kind
}

// Names judges what was collected so far.
func (f *Facts) Names() *Names {
	f.settle()
	j := &judging{facts: f, at: map[string]map[string]*stretches{}, alias: map[[2]string]bool{}}
	keys := slices.Sorted(maps.Keys(f.facts))
	for _, k := range keys {
		if x := f.facts[k]; x.say.kind == "machine" {
			j.sight(x)
		} else if x.say.kind == "alias" && x.say.grade >= claimed {
			j.alias[[2]string{x.of, x.name}], j.alias[[2]string{x.name, x.of}] = true, true
		}
	}
	n := &Names{of: map[tocsin.Entity][]int{}}
	j.domains = f.domains()
	j.machines(n)
	j.others(n, keys)
	slices.SortStableFunc(n.all, func(a, b Known) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Of.Value, b.Of.Value), a.First.Compare(b.First), strings.Compare(a.Name.Value, b.Name.Value))
	})
	for i := range n.all {
		if k := &n.all[i]; k.Doubt == "" {
			for _, e := range []tocsin.Entity{k.Of, k.Name} {
				n.of[e] = append(n.of[e], i)
			}
		}
	}
	return n
}

// judging is the work of Names.
type judging struct {
	facts *Facts
	at    map[string]map[string]*stretches // by address and host
	alias map[[2]string]bool               // both ways

	domains map[string]bool // those that machines and accounts here are of
}

// domains are the domains of the networks at hand: those that a machine's own record or a ticket shows, or that two
// machines of networks of one's own claim to be of.
func (f *Facts) domains() map[string]bool {
	shown, claims := map[string]bool{}, map[string]map[string]bool{}
	for _, x := range f.facts {
		domain := ""
		switch {
		case x.say.kind == "user" && x.say.grade == own:
			domain, _, _ = strings.Cut(x.name, `\`)
			if _, realm, ok := strings.Cut(x.name, "@"); ok {
				domain = realm
			}
		case x.say.kind == "machine" && x.say.grade > told:
			_, domain, _ = strings.Cut(x.name, ".")
		}
		switch {
		case !strings.Contains(domain, "."):
		case x.say.grade == own:
			shown[domain] = true
		case !tocsin.Internet(x.of):
			if claims[domain] == nil {
				claims[domain] = map[string]bool{}
			}
			claims[domain][x.name] = true
		}
	}
	for domain, names := range claims {
		shown[domain] = shown[domain] || len(names) > 1
	}
	return shown
}

// stretches are those of one host at one address, in order of time; those without a time first.
type stretches struct {
	host    string
	spans   []*stretch // one for each span, then one for each stretch
	domain  bool       // other names at the address are below it
	crowded bool       // the address has more names by one kind of record than are kept
}

func (j *judging) sight(x *fact) {
	hosts := j.at[x.of]
	if hosts == nil {
		hosts = map[string]*stretches{}
		j.at[x.of] = hosts
	}
	h := hosts[x.name]
	if h == nil {
		h = &stretches{host: x.name}
		hosts[x.name] = h
	}
	_, ofKey := j.facts.keyOf(x.say, x.of, x.name)
	h.crowded = h.crowded || len(j.facts.shares[string(ofKey)].facts) >= perName
	for i := range x.spans {
		t := &stretch{host: x.name}
		t.take(x, &x.spans[i])
		h.spans = append(h.spans, t)
	}
}

// same says that two hosts' names can be of one machine.
func (j *judging) same(a, b string) bool { return sameMachine(a, b) || j.alias[[2]string{a, b}] }

// weigh says how sure the sightings at an address are. Names that others call a machine by count for more where two kinds of
// record agree, or the address and the name's domain are of the networks at hand. A domain's own name leads to machines that
// serve it: it is none of theirs.
func (j *judging) weigh(address string, hosts map[string]*stretches) {
	for name, h := range hosts {
		kinds := map[string]bool{}
		for other, o := range hosts {
			if !j.same(name, other) {
				h.domain = h.domain || strings.HasSuffix(other, "."+name)
				continue
			}
			for _, s := range o.spans {
				kinds[s.by[0].evidence()] = true
			}
		}
		_, domain, _ := strings.Cut(name, ".")
		h.domain = h.domain || j.domains[name]
		for _, s := range h.spans {
			switch {
			case s.grade > told:
				s.weight = 1 + int(s.grade)
			case len(kinds) > 1, j.domains[domain] && !tocsin.Internet(address):
				s.weight = 1
			}
			if h.domain {
				s.doubt = "the name of a domain"
			}
		}
	}
}

// overlap says that two stretches are at the same time; what has no time is at any.
func overlap(a, b *stretch) bool {
	return a.first == undated || b.first == undated || a.first <= b.last+near && b.first <= a.last+near
}

// machines tells which machines addresses are.
func (j *judging) machines(n *Names) {
	addresses := slices.Sorted(maps.Keys(j.at))
	for _, a := range addresses {
		j.weigh(a, j.at[a])
		j.contradicted(j.at[a])
	}
	j.elsewhere(addresses)
	for _, a := range addresses {
		j.tell(n, a)
	}
}

// contradicted doubts what another machine's sightings at the same time, as sure or surer, speak against.
func (j *judging) contradicted(hosts map[string]*stretches) {
	names := slices.Sorted(maps.Keys(hosts))
	var all []*stretch
	for _, h := range names {
		if !hosts[h].domain {
			all = append(all, hosts[h].spans...)
		}
	}
	slices.SortStableFunc(all, func(a, b *stretch) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last), strings.Compare(a.host, b.host), cmp.Compare(a.weight, b.weight))
	})
	// pass looks at each after those that come before it, or with back after it.
	pass := func(back bool) {
		type active struct {
			*stretch
			reach int64
		}
		var now []active // the farthest reaching of each host and weight
		for _, s := range all {
			if s.first == undated {
				continue
			}
			for _, o := range now {
				if o.weight >= s.weight && (back && o.reach-near <= s.last || !back && o.reach+near >= s.first) && !j.same(o.host, s.host) {
					s.doubt = "contradicted"
					break
				}
			}
			i := slices.IndexFunc(now, func(o active) bool { return o.host == s.host && o.weight == s.weight })
			switch {
			case i < 0 && back:
				now = append(now, active{s, s.first})
			case i < 0:
				now = append(now, active{s, s.last})
			case back:
				now[i].reach = min(now[i].reach, s.first)
			default:
				now[i].reach = max(now[i].reach, s.last)
			}
		}
	}
	pass(false)
	slices.Reverse(all)
	pass(true)
	slices.Reverse(all)
	j.between(all)
	j.restless(all)
	for _, s := range all {
		if s.first == undated && slices.ContainsFunc(all, func(o *stretch) bool { return o.weight >= s.weight && !j.same(o.host, s.host) }) {
			s.doubt = "contradicted"
		}
	}
}

// between doubts what lies between two surer sightings of another machine, in the time for which an address is held.
func (j *judging) between(all []*stretch) {
	const weights = 4
	before := make([][weights]*stretch, len(all)) // the last that is surer than each weight
	var surer [weights]*stretch
	note := func(s *stretch) {
		for w := range s.weight {
			surer[w] = s
		}
	}
	for i, s := range all {
		before[i] = surer
		if s.first != undated && s.doubt == "" {
			note(s)
		}
	}
	surer = [weights]*stretch{}
	for i, s := range slices.Backward(all) {
		if s.first == undated || s.doubt != "" {
			continue
		}
		x, y := before[i][s.weight], surer[s.weight]
		note(s)
		if x != nil && y != nil && y.first-x.last <= hold && j.same(x.host, y.host) && !j.same(x.host, s.host) {
			s.doubt = "contradicted"
		}
	}
}

// restless doubts all sightings of a stretch of time in which an address goes from one machine to another and back more often
// than addresses are given out.
func (j *judging) restless(all []*stretch) {
	const most = 3                    // changes within the time for which an address is held
	var changes, stretches [][2]int64 // from the last sighting of the one to the first of the other
	var last *stretch
	for _, s := range all {
		if s.first == undated || s.doubt != "" {
			continue
		}
		if last != nil && !j.same(last.host, s.host) {
			changes = append(changes, [2]int64{last.last, s.first})
		}
		last = s
	}
	for i := most; i < len(changes); i++ {
		from, to := changes[i-most][0], changes[i][1]
		if to-from > hold {
			continue
		}
		if n := len(stretches); n > 0 && stretches[n-1][1] >= from {
			stretches[n-1][1] = to
		} else {
			stretches = append(stretches, [2]int64{from, to})
		}
	}
	for _, s := range all {
		if s.doubt == "" && s.first != undated && slices.ContainsFunc(stretches, func(x [2]int64) bool { return s.first <= x[1] && s.last >= x[0] }) {
			s.doubt = "the address goes from machine to machine too often to be one's"
		}
	}
}

// elsewhere doubts what is claimed or told of a name that was at another address of the family at that time, by the
// machine's own record, or at more addresses than a machine has.
func (j *judging) elsewhere(addresses []string) {
	type sighting struct {
		*stretch
		address string
		six     bool
	}
	by := map[string][]sighting{}
	for _, a := range addresses {
		for _, h := range slices.Sorted(maps.Keys(j.at[a])) {
			for _, s := range j.at[a][h].spans {
				by[first(h)] = append(by[first(h)], sighting{s, a, strings.Contains(a, ":")})
			}
		}
	}
	for _, all := range by {
		slices.SortStableFunc(all, func(a, b sighting) int { return cmp.Compare(a.first, b.first) })
		mine := map[string][]sighting{} // by address: where its own records saw it
		for _, s := range all {
			if s.grade != own || s.doubt != "" {
				continue
			}
			m := mine[s.address]
			if n := len(m); n > 0 && m[n-1].first != undated && m[n-1].host == s.host && s.first-m[n-1].last <= hold {
				c := *m[n-1].stretch // it was there in between, too
				c.last = max(c.last, s.last)
				m[n-1].stretch = &c
				continue
			}
			mine[s.address] = append(m, s)
		}
		var now []sighting
		for i, s := range all {
			now = slices.DeleteFunc(now, func(o sighting) bool { return o.first != undated && o.last+near < s.first })
			if s.doubt == "" && s.grade < own && s.first != undated && len(mine[s.address]) == 0 && len(mine) <= 8*mostHomes {
				for _, address := range slices.Sorted(maps.Keys(mine)) {
					if slices.ContainsFunc(mine[address], func(o sighting) bool {
						return o.six == s.six && o.first != undated && overlap(o.stretch, s.stretch) && j.same(o.host, s.host)
					}) {
						s.doubt = "the machine itself was at " + address + " then"
						break
					}
				}
			}
			now = append(now, all[i])
			homes := map[string]bool{}
			for _, o := range now {
				if o.six == s.six && o.host == s.host && o.grade < own {
					homes[o.address] = true
				}
				if len(homes) > mostHomes {
					break
				}
			}
			if len(homes) > mostHomes {
				for _, o := range now {
					if o.six == s.six && o.host == s.host && o.grade < own && o.doubt == "" {
						o.doubt = fmt.Sprintf("a name of more than %d addresses at a time is a service's, or one that many give", mostHomes)
					}
				}
				now = slices.DeleteFunc(now, func(o sighting) bool {
					return len(now) > 64*mostHomes && o.doubt != "" && o.host == s.host && o.last < s.last
				})
			}
		}
	}
}

// tell tells of an address.
func (j *judging) tell(n *Names, address string) {
	hosts := j.at[address]
	names := slices.Sorted(maps.Keys(hosts))
	var usable []*stretch
	for _, h := range names {
		st := hosts[h]
		slices.SortStableFunc(st.spans, func(a, b *stretch) int { return cmp.Compare(a.first, b.first) })
		few := ""
		if !slices.ContainsFunc(st.spans, func(s *stretch) bool { return s.doubt == "" && s.weight > 0 }) {
			few = "told by one kind of record only"
		}
		if st.crowded {
			few = fmt.Sprintf("the address has %d names or more by one kind of record", perName)
		}
		for _, s := range st.spans {
			if s.doubt == "contradicted" {
				s.doubt = j.against(hosts, names, s)
			} else if s.doubt == "" {
				s.doubt = few
			}
			if s.doubt == "" {
				usable = append(usable, s)
			}
		}
	}
	slices.SortStableFunc(usable, func(a, b *stretch) int { return cmp.Compare(a.first, b.first) })
	for _, h := range names {
		j.runs(n, address, hosts[h], usable)
	}
}

// against is what speaks against a sighting.
func (j *judging) against(hosts map[string]*stretches, names []string, s *stretch) string {
	var others []string
	for _, h := range names {
		if !j.same(h, s.host) && !hosts[h].domain && slices.ContainsFunc(hosts[h].spans, func(o *stretch) bool { return o.weight >= s.weight && overlap(o, s) }) {
			others = append(others, h)
		}
	}
	if len(others) == 0 {
		return "other machines had the address at the same time"
	}
	more := ""
	if len(others) > 3 {
		more = fmt.Sprintf(" and %d more", len(others)-3)
	}
	return strings.Join(others[:min(len(others), 3)], ", ") + more + " had the address at the same time"
}

// runs joins the sightings of a host at an address between which no other machine had it, and tells each.
func (j *judging) runs(n *Names, address string, st *stretches, usable []*stretch) {
	of, name := tocsin.Entity{Kind: "address", Value: address}, tocsin.Entity{Kind: "host", Value: st.host}
	others := slices.DeleteFunc(slices.Clone(usable), func(o *stretch) bool { return o.first == undated || j.same(o.host, st.host) })
	var run *stretch
	out := func() {
		if run == nil {
			return
		}
		k := Known{Naming: run.naming("machine", of, name)}
		if run.first != undated && len(others) > 0 {
			since, until := run.first-hold, run.last+hold
			for _, o := range others {
				if o.last < run.first {
					since = max(since, min(o.last+hold, run.first)) // until then it stays with the other
				}
				if o.first > run.last {
					until = min(until, o.first)
				}
			}
			k.Since, k.Until = timeOf(since), timeOf(until)
		}
		n.all = append(n.all, k)
		run = nil
	}
	for _, s := range st.spans {
		if run != nil && ((run.doubt == "") != (s.doubt == "") || run.first == undated || slices.ContainsFunc(others, func(o *stretch) bool { return o.first > run.last && o.last < s.first })) {
			out()
		}
		if run == nil {
			c := *s
			c.by = slices.Clone(s.by)
			run = &c
			continue
		}
		if s.last > run.last || s.last == run.last && s.to.compare(run.to) > 0 {
			run.last, run.to = s.last, s.to
		}
		if s.first == run.first && s.from.compare(run.from) < 0 {
			run.from = s.from
		}
		run.n += s.n
		run.grade = max(run.grade, s.grade)
		for _, by := range s.by {
			if !slices.Contains(run.by, by) {
				run.by = append(run.by, by)
			}
		}
	}
	out()
}

// others tells the facts of other kinds.
func (j *judging) others(n *Names, keys []string) {
	type pair struct {
		kind string
		ends [2]tocsin.Entity
	}
	at := map[pair]*stretch{}
	var order []pair
	of := map[pair]int{} // how many names of a kind something has, by kind and of
	for _, key := range keys {
		x := j.facts.facts[key]
		if x.say.kind == "machine" {
			continue
		}
		p := pair{x.say.kind, [2]tocsin.Entity{{Kind: kindOf(x.say.of.kind, x.of), Value: x.of}, {Kind: kindOf(x.say.name.kind, x.name), Value: x.name}}}
		t := at[p]
		if t == nil {
			t = &stretch{}
			at[p] = t
			order = append(order, p)
			of[pair{x.say.kind, [2]tocsin.Entity{p.ends[0]}}]++
		}
		for i := range x.spans {
			t.take(x, &x.spans[i])
		}
	}
	for _, p := range order {
		t, names := at[p], of[pair{p.kind, [2]tocsin.Entity{p.ends[0]}}]
		switch {
		case p.kind == "mailbox" && names > mostMailboxes:
			t.doubt = fmt.Sprintf("goes to %d mailboxes: a list", names)
		case names >= perName:
			t.doubt = fmt.Sprintf("one of %d names or more", perName)
		case p.kind == "alias" && first(p.ends[0].Value) != first(p.ends[1].Value) && names > mostHomes:
			t.doubt = fmt.Sprintf("one of %d names", names)
		}
		n.all = append(n.all, Known{Naming: t.naming(p.kind, p.ends[0], p.ends[1])})
	}
}

// kindOf is the kind of entity of one end of a fact.
func kindOf(side, value string) string {
	switch side {
	case "address":
		return "address"
	case "host", "sid": // the SID of a machine is one more name of it
		return "host"
	case "place":
		if addressOf(value) != "" {
			return "address"
		}
		return "host"
	}
	return "user"
}
