package channel

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// What makes a channel. RITA's default configuration is the source where it is named; the others were chosen on its test data,
// on the office days of M57-Patents and on an hour of AIT-LDS, see docs/measured.md.
const (
	leastTurns    = 20              // of a beacon
	leastHours    = 3               // in which it was seen
	presence      = 0.7             // of the hours from its first to its last connection
	leastInterval = 5               // seconds; what is faster is a transfer
	mostSize      = 32 << 10        // bytes sent a turn: a beacon asks for orders
	regularity    = 0.7             // see rhythm.regular; random arrivals have 0.5
	evenness      = 0.6             // see rhythm.even: jitter of up to 80 % either way
	veryEven      = 0.9             // with which skew does not matter: some turns left out make it
	jitterTurns   = 50              // to tell jitter that is drawn evenly between bounds
	jitterLeast   = 0.1             // of the median, between the bounds
	flatLeast     = 0.44            // see rhythm.flat
	flatMost      = 0.68            //
	outsideHours  = 12              // of a beacon from outside: half of RITA's day; guessing passwords slowly takes less
	leastSteady   = 0.5             // how alike sizes are, as evenness
	manyNames     = 500             // different names below a domain; RITA's score of 0.5
	someNames     = 200             // RITA's least is 100
	longNames     = 20              // bytes of a name before the domain, in the mean: what carries data fills labels
	fewRepeats    = 0.6             // different names by lookups
	namesAnHour   = 100             // at its busiest
	manyMissing   = 100             // domains that do not exist
	someMissing   = 40              //
	moreMissing   = 5               // times as many as the median of the hosts that have any
	leastLong     = 8 * 3600        // seconds; RITA's medium
	muchSent      = 100 << 20       // bytes: an upload that the reader of actions rates medium when it is one connection
	hugeSent      = 1 << 30         // bytes
	usualTimes    = 5               // an upload is as many times what else was sent
	hugeTimes     = 20              //
	leastSite     = 5               // hosts, without which nothing is said of how few contact a place
	leastShown    = 12 * time.Hour  // of recording, before "it began within" says something
	maxSeries     = 1000            // places of a match
	browsers      = "Mozilla/5.0 (" // how browsers' user agents begin
)

// A site is what the input says of all hosts together.
type site struct {
	t       *Table
	hosts   int
	at      map[string]int // how many hosts contact an area
	agents  map[string]int // how many have a user agent or program
	missing []float64      // domains that do not exist, of each host that asked for any
}

// A view is what a source has to do with a destination.
type view struct {
	s *source
	d dest
	p *pair
	r rhythm
}

// A finding is a view that a row holds for, with the reasons.
type finding struct {
	view
	row  string
	held []tocsin.Field
	from uint32 // the cells from here on are the series
}

// area is what of a destination is compared between hosts: the domain that somebody registered, or the network of an address.
func (d dest) area() string {
	if d.kind != flow {
		if a, err := netip.ParseAddr(d.name); err == nil {
			return network(a)
		}
		return registered(d.name)
	}
	a, err := netip.ParseAddr(d.name)
	if err != nil {
		return d.name
	}
	return network(a)
}

// network is as much of an address as a hoster usually gives to one customer of some size.
func network(a netip.Addr) string {
	bits := 24
	if a = a.Unmap(); a.Is6() {
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return a.String()
	}
	return p.String()
}

// views are all pairs, in order of their sources and destinations, and what they say of the site.
func (t *Table) views() (all [][]view, st *site) {
	st = &site{t: t, at: map[string]int{}, agents: map[string]int{}}
	for _, s := range t.sources {
		var areas, agents map[string]bool
		if s.ours {
			areas, agents = map[string]bool{}, map[string]bool{}
		}
		var mine []view
		for _, p := range s.pairs {
			if !s.ours && p.n < leastTurns && !p.stayed() {
				continue
			}
			mine = append(mine, view{s: s, d: p.to, p: p})
			if !s.ours {
				continue
			}
			if p.to.kind != missing {
				areas[p.to.area()] = true
			}
			if p.texts != nil {
				for _, a := range p.agents {
					agents[a] = true
				}
			}
		}
		if len(mine) == 0 {
			continue
		}
		slices.SortFunc(mine, func(a, b view) int {
			return cmp.Or(cmp.Compare(a.d.kind, b.d.kind), cmp.Compare(a.d.name, b.d.name), cmp.Compare(a.d.port, b.d.port))
		})
		for i := range mine {
			mine[i].r = mine[i].p.rhythm(t)
		}
		all = append(all, mine)
		if len(areas) > 0 {
			st.hosts++
		}
		for a := range areas {
			st.at[a]++
		}
		for a := range agents {
			st.agents[a]++
		}
		if p := t.pairs[link{s, dest{kind: missing}}]; p != nil && s.ours {
			st.missing = append(st.missing, float64(p.distinct()))
		}
	}
	slices.SortFunc(all, func(a, b []view) int { return cmp.Compare(a[0].s.name, b[0].s.name) })
	slices.Sort(st.missing)
	return all, st
}

// common says that many hosts contact an area: it is ordinary there.
func (st *site) common(area string) bool {
	n := st.at[area]
	return n >= 10 || n >= 3 && 4*n >= st.hosts
}

// rare says that there are enough hosts to tell, and that hardly any contacts an area.
func (st *site) rare(area string) bool {
	return st.hosts >= leastSite && st.at[area] <= max(1, st.hosts/20)
}

// Judge holds the rows that rules are of against what was noted, and returns what holds, in order of time, source and place.
func (t *Table) Judge(rules []*tocsin.Rule) []*tocsin.Match {
	if t.Empty() || len(rules) == 0 {
		return nil
	}
	t.trim()
	all, st := t.views()
	var found []finding
	for _, mine := range all {
		found = append(found, st.judge(mine)...)
	}
	var out []*tocsin.Match
	for i := range found {
		rule := rows[found[i].row].rule
		if slices.Contains(rules, rule) {
			out = append(out, found[i].match(t, rule))
		}
	}
	slices.SortStableFunc(out, func(a, b *tocsin.Match) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Event.Source, b.Event.Source), cmp.Compare(a.Event.Record, b.Event.Record))
	})
	return out
}

// judge finds the channels of one source.
func (st *site) judge(mine []view) (found []finding) {
	begin, end := uint32(math.MaxUint32), uint32(0)
	for i := range mine {
		if r := &mine[i].r; r.turns > 0 {
			begin, end = min(begin, r.first), max(end, r.last)
		}
	}
	told := map[string]bool{}             // addresses that are told by name
	for i := len(mine) - 1; i >= 0; i-- { // names before addresses
		v := &mine[i]
		var f *finding
		switch v.d.kind {
		case flow, named:
			if v.d.kind == flow && (told[v.d.name] || st.byName(mine, v)) {
				continue
			}
			f = st.beacon(v, begin, end)
			if f != nil && v.d.kind == named {
				for _, a := range v.p.all().peers {
					told[a] = true
				}
			}
		case asked:
			f = st.lookups(v)
		case missing:
			f = st.nonexistent(v)
		}
		if f != nil {
			found = append(found, *f)
		}
		if f := st.stayed(v); f != nil {
			found = append(found, *f)
		}
	}
	return append(found, st.uploads(mine)...)
}

// byName says that most connections to an address were made by a server's name, and are judged by it.
func (st *site) byName(mine []view, v *view) bool {
	if v.d.port != 80 && v.d.port != 443 && v.d.port != 8080 {
		return false
	}
	n := int64(0)
	for i := range mine {
		if mine[i].d.kind == named && slices.Contains(mine[i].p.all().peers, v.d.name) {
			n += mine[i].r.n
		}
	}
	return 2*n >= v.r.n
}

func (v *view) port() string { return "port " + strconv.Itoa(int(v.d.port)) }

// beacon judges whether connections are regular, and how ordinary that is.
func (st *site) beacon(v *view, begin, end uint32) *finding {
	r := &v.r
	steady := 1.0
	if r.size > 0 {
		steady = (r.size - r.sizeMad) / r.size
	}
	switch {
	case r.turns < leastTurns, r.hours < leastHours, float64(r.hours) < presence*float64(r.of), r.size > mostSize, steady < leastSteady,
		r.median < leastInterval, r.median < 4*float64(r.slot) && r.slot > 1, r.regular() < regularity && r.even() < veryEven, r.even() < evenness:
		return nil
	case len(v.p.ports) > 0 && 2*len(v.p.ports) < min(r.turns, maxPorts): // few connections, told again while they go on
		return nil
	case v.d.kind == flow && ordinaryPlaces[v.port()], v.d.kind == named && isOrdinary(v.d.name):
		return nil
	}
	f := &finding{view: *v, row: "called"}
	f.rhythm()
	if !v.s.ours {
		if r.hours < outsideHours {
			return nil
		}
		return f
	}
	area := v.d.area()
	if st.common(area) {
		return nil
	}
	f.row = "regular"
	f.prevalence(st, area)
	var why []string
	if _, err := netip.ParseAddr(v.d.name); err == nil && st.t.nameless(v.d.name) {
		why = append(why, "no name was looked up for the address")
	} else if err == nil && v.d.kind == named {
		why = append(why, "requests name the server by its address")
	}
	if v.d.kind == flow && v.d.port >= 1024 && !usualPorts[v.d.port] {
		why = append(why, "unusual "+v.port())
	}
	if r.jitters() {
		why = append(why, fmt.Sprintf("any interval between %.0f and %.0f s is as likely, as jitter is drawn", r.low, r.high))
	}
	if v.p.odd {
		why = append(why, "a certificate that nobody vouches for")
	}
	for _, a := range v.p.all().agents {
		if st.hosts >= leastSite && st.agents[a] <= 1 && !strings.HasPrefix(a, browsers) {
			why = append(why, "a client that no other host has: "+a)
			break
		}
	}
	if stamp(end).Sub(stamp(begin)) >= leastShown && stamp(r.first).Sub(stamp(begin)) >= stamp(end).Sub(stamp(begin))/4 && r.last+2*uint32(r.median)+3600 >= end {
		why = append(why, "it began within the recording and went on to its end")
	}
	if len(why) > 0 {
		f.add("evidence", strings.Join(why, "; "))
	}
	if len(why) >= 2 && st.rare(area) {
		f.row = "beacon"
	}
	return f
}

// usualPorts above 1023 are those of services that ordinary hosts use on the internet.
var usualPorts = map[uint16]bool{1194: true, 1935: true, 3128: true, 3478: true, 4500: true, 5060: true, 5061: true, 5222: true, 5223: true, 5228: true, 8080: true, 8443: true, 8883: true}

// lookups judges names below one domain.
func (st *site) lookups(v *view) *finding {
	r, area := &v.r, v.d.area()
	names := v.p.distinct()
	busiest := v.p.busiest(func(c *cell) int64 { return int64(c.n) })
	if names < someNames || names < maxNames && float64(names) < fewRepeats*float64(r.n) || busiest < namesAnHour || st.common(area) || isOrdinary(v.d.name) || !v.s.ours {
		return nil
	}
	length := float64(r.sent) / float64(r.n)
	f := &finding{view: *v, row: "bulk"}
	f.count("lookups", r.n)
	more := ""
	if names == maxNames {
		more = " or more"
	}
	f.add("different names", strconv.Itoa(names)+more)
	f.add("name before the domain", fmt.Sprintf("%.0f bytes in the mean", length))
	f.count("lookups in the busiest hour", busiest)
	f.prevalence(st, area)
	f.add("examples", strings.Join(v.p.all().few, " "))
	if names >= manyNames && length >= longNames && (st.hosts < leastSite || st.at[area] <= max(2, st.hosts/20)) {
		f.row = "tunnel"
	}
	return f
}

// nonexistent judges domains that do not exist.
func (st *site) nonexistent(v *view) *finding {
	n := v.p.distinct()
	usual := 0.0
	if len(st.missing) > 1 {
		usual = quantile(st.missing, 0.5)
	}
	if !v.s.ours || n < someMissing || float64(n) < moreMissing*usual {
		return nil
	}
	f := &finding{view: *v, row: "unknown"}
	f.count("lookups", v.r.n)
	f.count("domains that do not exist", int64(n))
	f.add("of the median host", fmt.Sprintf("%.0f", usual))
	f.count("lookups in the busiest hour", v.p.busiest(func(c *cell) int64 { return int64(c.n) }))
	f.add("examples", strings.Join(v.p.all().few, " "))
	if n >= manyMissing && len(st.missing) > 1 && madeUp(v.p.all().few) {
		f.row = "generated"
	}
	return f
}

// madeUp says that most of some domains look as if no person made them: few vowels or many digits in long labels. Words of
// European languages have some 40 % vowels; random letters have 23 % (with y).
func madeUp(domains []string) bool {
	odd := 0
	for _, d := range domains {
		label, _, _ := strings.Cut(d, ".")
		vowels, digits := 0, 0
		for i := 0; i < len(label); i++ {
			switch c := label[i]; {
			case strings.IndexByte("aeiouy", c) >= 0:
				vowels++
			case c >= '0' && c <= '9':
				digits++
			}
		}
		if n := len(label); n >= 8 && (10*vowels < 3*n || 10*digits > 3*n) {
			odd++
		}
	}
	return 2*odd > len(domains)
}

// stayed judges the longest connection.
func (st *site) stayed(v *view) *finding {
	if v.d.kind != flow || v.r.long < leastLong || ordinaryPlaces[v.port()] || v.s.ours && st.common(v.d.area()) {
		return nil
	}
	f := &finding{view: *v, row: "long", from: v.r.longAt}
	f.add("open for", (time.Duration(v.r.long) * time.Second).String())
	f.size("sent", v.r.sent)
	f.size("received", v.r.got)
	if v.s.ours {
		f.prevalence(st, v.d.area())
	}
	return f
}

// uploads judges what a source sent to each place by what it sent to others.
func (st *site) uploads(mine []view) (found []finding) {
	if !mine[0].s.ours {
		return nil
	}
	sent := map[string]uint64{}
	for i := range mine {
		if k := mine[i].d.kind; k == flow || k == named {
			sent[mine[i].d.area()] = max(sent[mine[i].d.area()], mine[i].r.sent)
		}
	}
	for i := range mine {
		v := &mine[i]
		if k := v.d.kind; k != flow && k != named || v.r.sent < muchSent || v.r.sent < v.r.got {
			continue
		}
		area, other := v.d.area(), uint64(0)
		for a, n := range sent {
			if a != area {
				other = max(other, n)
			}
		}
		if v.r.sent/usualTimes < other || st.common(area) || v.d.kind == named && slices.ContainsFunc(mine, func(x view) bool {
			return x.d.kind == flow && x.r.sent >= muchSent && slices.Contains(v.p.all().peers, x.d.name)
		}) {
			continue
		}
		f := finding{view: *v, row: "sent"}
		f.size("sent", v.r.sent)
		f.size("received", v.r.got)
		f.size("most sent to another place", other)
		f.count("connections", v.r.n)
		f.add("hours", strconv.Itoa(v.r.hours))
		f.prevalence(st, area)
		if v.r.sent >= hugeSent && v.r.sent/hugeTimes >= other && st.rare(area) && len(sent) > leastSite {
			f.row = "upload"
		}
		found = append(found, f)
	}
	return found
}

// all are the texts of a pair, none where there are none.
func (p *pair) all() texts {
	if p.texts == nil {
		return texts{}
	}
	return *p.texts
}

// stayed says that a connection lasted for long.
func (p *pair) stayed() bool {
	return slices.ContainsFunc(p.cells, func(c cell) bool { return c.long >= leastLong })
}

// busiest is the most of a number within one hour of the clock.
func (p *pair) busiest(of func(*cell) int64) (most int64) {
	hour, n := uint32(0), int64(0)
	for i := range p.cells {
		if h := p.cells[i].at / 3600; h != hour {
			hour, n = h, 0
		}
		n += of(&p.cells[i])
		most = max(most, n)
	}
	return most
}

func (f *finding) add(name, value string) {
	f.held = append(f.held, tocsin.Field{Name: name, Value: value})
}

func (f *finding) count(name string, n int64) { f.add(name, strconv.FormatInt(n, 10)) }

// size tells of bytes, where the logs do.
func (f *finding) size(name string, n uint64) {
	switch {
	case n == 0:
	case n >= 10<<20:
		f.add(name, fmt.Sprintf("%d MB", n>>20))
	case n >= 10<<10:
		f.add(name, fmt.Sprintf("%d kB", n>>10))
	default:
		f.add(name, fmt.Sprintf("%d bytes", n))
	}
}

// prevalence tells how many hosts contact a place.
func (f *finding) prevalence(st *site, area string) {
	f.add("hosts that contact it", fmt.Sprintf("%d of %d", st.at[area], st.hosts))
}

// rhythm tells how regular connections are.
func (f *finding) rhythm() {
	r := &f.r
	f.count("connections", r.n)
	if r.bad > 0 {
		f.count("of them denied", r.bad)
	}
	f.add("median interval", fmt.Sprintf("%.0f s", r.median))
	f.add("spread", fmt.Sprintf("%.0f s (median deviation)", r.mad))
	f.add("hours", fmt.Sprintf("%d of %d", r.hours, r.of))
	f.add("regularity", fmt.Sprintf("%.2f", r.regular()))
	f.size("sent a turn", uint64(r.size))
	f.size("sent", r.sent)
	f.size("received", r.got)
}

// match makes a match of a finding: the event is the last connection as far as it is known.
func (f *finding) match(t *Table, rule *tocsin.Rule) *tocsin.Match {
	cells := f.p.cells
	if f.from > 0 {
		i, _ := slices.BinarySearchFunc(cells, f.from, func(c cell, at uint32) int { return cmp.Compare(c.at, at) })
		cells = cells[i : i+1]
	}
	last := cells[len(cells)-1]
	m := &tocsin.Match{Time: stamp(last.at), Rule: rule, Held: f.held}
	ev := &tocsin.Event{Time: m.Time, Sources: t.lists[f.p.list], Source: t.logs[last.log], Record: last.record}
	if t.place(f.s.name) == unknown {
		ev.Host = f.s.name
	} else {
		ev.Add("src_ip", f.s.name)
	}
	switch f.d.kind {
	case flow:
		ev.Add("dst_ip", f.d.name)
		ev.Add("dst_port", strconv.Itoa(int(f.d.port)))
	case named:
		ev.Add("cs-host", f.d.name)
		if peers := f.p.all().peers; len(peers) > 0 {
			ev.Add("dst_ip", peers[0])
		}
	case asked:
		ev.Add("query", f.d.name)
	case missing:
		ev.Add("query", f.p.all().few[0])
	}
	if agents := f.p.all().agents; len(agents) > 0 {
		ev.Add("cs-user-agent", agents[0])
	}
	m.Event = ev
	for _, c := range cells[max(0, len(cells)-maxSeries):] {
		m.Series = append(m.Series, tocsin.Place{Time: stamp(c.at), Source: t.logs[c.log], Record: c.record})
	}
	h := fnv.New128a()
	fmt.Fprintf(h, "%s\x00%s\x00%d\x00%s\x00%d", rule.ID, f.s.name, f.d.kind, f.d.name, f.d.port)
	h.Sum(m.Key[:0])
	return m
}
