package campaign

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
)

// What one would act on has to be shown to be the intruder's. So what deeds name is told apart: what the intruder used, and what
// was only touched, which is what is the organisation's own, private, a service of everybody's, or of which nothing shows that it
// is hostile.

const (
	maxUsed    = 120
	maxTouched = 120
	// rare is the share below which a string tells one doer from others well enough to look for it.
	rare = 0.01
	// before is how long before its first telling act an address must have been used in ordinary ways to be somebody's usual one.
	usualFor = 24 * time.Hour
)

// indicators are what by which traces of a campaign can be found elsewhere.
func (s *story) indicators() {
	b := &indicators{s: s, at: map[string]int{}, ours: map[string]bool{}, targets: map[*member]map[uint32]tocsin.Ticks{}}
	for i := range s.c.Victims {
		v := &s.c.Victims[i]
		b.ours[strings.ToLower(v.Value)] = true
		for _, e := range v.Also {
			b.ours[strings.ToLower(e.Value)] = true
		}
	}
	b.sources()
	for _, d := range s.all {
		if d.Weight < Least && d.Level < tocsin.Low {
			continue
		}
		b.hosts(d)
		b.brought(d)
	}
	b.made()
	b.tell()
}

type indicators struct {
	s    *story
	ours map[string]bool // names and addresses of the victims
	all  []tocsin.Indicator
	at   map[string]int

	targets map[*member]map[uint32]tocsin.Ticks
}

// touched says that a role is one of what is not shown to be the intruder's.
func touched(role string) bool { return roleOrder(role) > roleOrder("key") }

func roleOrder(role string) int { return slices.Index(tocsin.IndicatorRoles[:], role) }

// note adds what a deed shows of something. The strongest role is kept: what is the intruder's by one deed is his.
func (b *indicators) note(kind, value, role, why string, d *tocsin.Deed) {
	if value == "" {
		return
	}
	x := tocsin.Indicator{Entity: tocsin.Entity{Kind: kind, Role: role, Value: value}, Why: why}
	exact := false
	if x.First, x.Last, x.Place, exact = b.seen(value, d); !exact {
		x.Why = fullStop(x.Why) + fmt.Sprintf(" Its record is one of %s that begin at this place.", several(d.N, "like act"))
	}
	key := kind + ":" + strings.ToLower(value)
	i, ok := b.at[key]
	if !ok {
		b.at[key] = len(b.all)
		b.all = append(b.all, x)
		return
	}
	o := &b.all[i]
	if roleOrder(role) < roleOrder(o.Role) {
		o.Role, o.Why, o.Place = x.Role, x.Why, x.Place // the place is that of what shows the role
	}
	if o.First.IsZero() || !x.First.IsZero() && x.First.Before(o.First) {
		o.First = x.First
	}
	o.Last = later(o.Last, x.Last)
}

// seen is when a value was named in a run of like deeds, first and last, and where first: by its first target where that is
// it, else by the run as a whole, which is exact where its first record has the value.
func (b *indicators) seen(value string, d *tocsin.Deed) (first, last time.Time, at tocsin.Place, exact bool) {
	first, last, at = d.Time, d.Last, d.Place
	m := b.s.by[d]
	if exact = d.N < 2 || b.inText(value, d); d.N < 2 || m == nil || d.Time.IsZero() {
		return first, last, at, exact
	}
	kind, target := tickKind(d), hash32(value)
	found := false
	for _, k := range b.ticks(m, target) {
		if k.Kind != kind || k.Time < d.Time.UnixNano() || k.Time > d.Last.UnixNano() || k.Outcome != d.Outcome && d.Shown == "" {
			continue
		}
		t := time.Unix(0, k.Time).UTC()
		if p, ok := placeOf(d, k.Record, t); ok && !found {
			found, exact, first, at = true, true, t, p
		}
		if found {
			last = t
		}
	}
	return first, last, at, exact
}

// inText says that the first record of a run has a value: its text does, or it is all that the run has of its kind, or what the
// records have in common.
func (b *indicators) inText(value string, d *tocsin.Deed) bool {
	if strings.Contains(strings.ToLower(d.Text), strings.ToLower(value)) {
		return true
	}
	others := 0
	for _, e := range d.On {
		if e.Value != value && e.Kind != "user" && (e.Kind != "host" || b.s.name(e.Value, d) != b.s.name(d.Host, d)) {
			others++
		}
	}
	for _, w := range d.Who {
		if w.Value == value {
			return true
		}
	}
	return others == 0
}

// ticks are those of a member that aimed at what has a hash, in order of time.
func (b *indicators) ticks(m *member, target uint32) tocsin.Ticks {
	index, ok := b.targets[m]
	if !ok {
		index = map[uint32]tocsin.Ticks{}
		for _, all := range m.Ticks {
			for _, k := range all {
				if k.Tactic != 0 { // ordinary use names nothing that is told
					index[k.Target] = append(index[k.Target], k)
				}
			}
		}
		for _, all := range index {
			all.Sort()
		}
		b.targets[m] = index
	}
	return index[target]
}

// hash32 and tickKind are how a tick tells its target, and its verb and tool.
func hash32(s string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(s))
	return max(h.Sum32(), 1)
}

func tickKind(d *tocsin.Deed) uint32 {
	h := fnv.New32a()
	h.Write([]byte(d.Verb + "\x00" + d.Tool))
	return h.Sum32()
}

// placeOf is where a run of like deeds has the record of a tick, if one of its sources only has such a record.
func placeOf(d *tocsin.Deed, record uint32, at time.Time) (tocsin.Place, bool) {
	const most = 4096 // records that are looked at
	found, n := tocsin.Place{}, 0
	looked := 0
	for _, p := range d.Spans {
		if p.To < 1<<32 { // no event within a line, whose number is folded in a tick
			if r := uint64(record); p.From <= r && r <= p.To {
				found, n = tocsin.Place{Time: at, Source: p.Source, Record: r}, n+1
			}
			continue
		}
		for r := p.From; r <= p.To && looked < most; r++ {
			if looked++; uint32(r^r>>32) == record {
				found, n = tocsin.Place{Time: at, Source: p.Source, Record: r}, n+1
			}
		}
	}
	return found, n == 1
}

// sources are the addresses that the actors came from.
func (b *indicators) sources() {
	for _, m := range b.s.g {
		if !m.foreign {
			continue
		}
		var from map[string][]*tocsin.Deed // the deeds of each address
		ordinary := false
		for _, h := range m.Handles {
			if h.Kind != "address" || !tocsin.Internet(h.Value) {
				continue
			}
			if from == nil {
				from, ordinary = cameFrom(m), usual(m)
			}
			b.source(from[h.Value], h.Value, ordinary)
		}
	}
}

// cameFrom are the deeds of a member by the addresses that their records name as who did them.
func cameFrom(m *member) map[string][]*tocsin.Deed {
	from := map[string][]*tocsin.Deed{}
	for i := range m.Deeds {
		d := &m.Deeds[i]
		for k, e := range d.Who {
			if e.Kind == "address" && !slices.ContainsFunc(d.Who[:k], func(o tocsin.Entity) bool { return o.Kind == e.Kind && o.Value == e.Value }) {
				from[e.Value] = append(from[e.Value], d)
			}
		}
	}
	return from
}

// source tells of one of them, by the acts whose records name it. ordinary says that it was used in ordinary ways before.
func (b *indicators) source(deeds []*tocsin.Deed, value string, ordinary bool) {
	var first *tocsin.Deed
	acts, alerts, entered, shown := 0, 0, 0, b.s.c.Level >= tocsin.High
	var last time.Time
	for _, d := range deeds {
		if first == nil || d.Time.Before(first.Time) {
			first = d
		}
		last = later(last, d.Last)
		shown = shown || d.Tactic != "" && hostile(d)
		a := b.s.act[d]
		if a.lead != d {
			continue
		}
		acts += a.n
		if a.alert {
			alerts += max(a.n, 1)
		}
		if d.Verb == "login" && d.N > 0 && a.outcome() == tocsin.Worked {
			entered += a.n
		}
	}
	if first == nil {
		return
	}
	d := *first
	d.Last = last
	why := several(acts, "act") + " came from there"
	switch alerts = min(alerts, acts); {
	case alerts == acts && acts > 1:
		why += ", all of them with an alert"
	case alerts > 0:
		why += fmt.Sprintf(", %d of them with an alert", alerts)
	}
	if entered > 0 {
		why += "; " + several(entered, "login") + " from there worked"
	}
	role := "source"
	switch kind, name := prevalence.Provider(value); {
	case b.own(value):
		role, why = "internal", "It is the organisation's own."
	case kind != "":
		role, why = "provider", "It is a service of everybody's ("+name+"): others come from there too."
	case common(value):
		role, why = "shared", "Many logs have it in the place of another address. "+why
	case ordinary:
		role, why = "shared", "Accounts were used from there in ordinary ways before: it may be where they usually are, or many may share it. "+why
	case !b.s.firm(first):
		role = "near"
	case !shown: // what was done after logging in from there may be an administrator's work
		role, why = "near", "What is known does not show that it is hostile. "+why
	}
	b.note("address", value, role, fullStop(why), &d)
}

// common says that an address is one that people write for any.
func common(address string) bool {
	share, why := prevalence.Share("callback:" + address)
	return why != "" && share >= rare
}

// fullStop is a sentence with its full stop.
func fullStop(s string) string { return strings.TrimRight(s, ". ") + "." }

// usual says that accounts were used from where a member came from in ordinary ways before anything telling: two or more, or one for
// a day or longer.
func usual(m *member) bool {
	var telling time.Time
	if len(m.telling) > 0 {
		telling = m.telling[0].Time
	}
	names := map[string]bool{}
	var first time.Time
	for i := range m.Deeds {
		d := &m.Deeds[i]
		if d.Verb != "login" || d.Outcome != tocsin.Worked || d.Weight >= Least || d.Time.IsZero() || !d.Last.Before(telling) {
			continue
		}
		if first.IsZero() || d.Time.Before(first) {
			first = d.Time
		}
		for _, e := range d.On {
			if e.Kind == "user" || e.Kind == "principal" {
				names[plainAccount(e.Value)] = true
			}
		}
	}
	return len(names) > 1 || len(names) == 1 && telling.Sub(first) > usualFor
}

// own says that an address or a name is the organisation's, or is private and so nobody's in particular.
func (b *indicators) own(value string) bool {
	w := b.s.w
	if a := address(value); a != "" {
		if !tocsin.Internet(a) || b.ours[a] || w.machine[a] != "" {
			return true
		}
		if w.names != nil {
			if h, sure := w.names.Host(a, b.s.c.Last); h != "" && sure && w.acting[h] {
				return true
			}
		}
		return false
	}
	name := strings.ToLower(host(value))
	if b.ours[name] || w.acting[name] || !strings.Contains(name, ".") {
		return true
	}
	for _, end := range inner {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	for d := name; d != ""; _, d, _ = strings.Cut(d, ".") {
		if w.domains[d] {
			return true
		}
	}
	return false
}

// hosts are where the machines within reach were made to speak to: the hosts that commands, requests and connections name.
func (b *indicators) hosts(d *tocsin.Deed) {
	role := hostRole(d)
	if role == "" || d.N == 0 && !hostile(d) && !b.s.calls(d) { // what a correlation says is of acts that are told by themselves
		return
	}
	var all []string
	for _, m := range d.Marks {
		if h, ok := strings.CutPrefix(m, "callback:"); ok {
			all = append(all, h)
		}
	}
	if d.Tactic == "command-and-control" || d.Tactic == "exfiltration" {
		for _, e := range d.On {
			switch {
			case e.Kind == "url":
				b.url(e.Value, role, d)
			case e.Kind == "domain" || e.Kind == "address" || e.Kind == "host" && !b.own(e.Value):
				all = append(all, e.Value)
			}
		}
		for _, u := range urlsIn(d.Text) {
			b.url(u, role, d)
		}
	}
	for _, h := range all {
		b.host(h, role, d)
	}
}

// hostRole is what hosts are that a deed speaks to, or "" where it speaks to none.
func hostRole(d *tocsin.Deed) string {
	switch {
	case toMail(d):
		return "mail"
	case d.Tactic == "exfiltration" && (outgoing(d) || d.Level >= tocsin.Medium):
		return "drop"
	case d.Tactic == "exfiltration":
		return "contacted"
	case brings(d):
		return "download"
	case d.Tactic == "command-and-control", slices.ContainsFunc(d.Marks, func(m string) bool { return strings.HasPrefix(m, "callback:") }):
		return "callback"
	}
	return ""
}

// host notes one host by name or address, with or without a port.
func (b *indicators) host(value, role string, d *tocsin.Deed) {
	kind, value, ok := strings.Cut(hostEntity(strings.ToLower(value)), ":")
	if !ok || value == "" || kind == "domain" && hostName(value) == "" {
		return
	}
	role, why := b.judge(value, role, d)
	if role != "" {
		b.note(kind, value, role, why, d)
	}
}

// url notes an address of a file or page.
func (b *indicators) url(value, role string, d *tocsin.Deed) {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || strings.ContainsAny(value, "<>$*{}") {
		return
	}
	b.host(u.Hostname(), role, d)
	if role, why := b.judge(u.Hostname(), role, d); role != "" && !touched(role) {
		b.note("url", value, role, why, d)
	}
}

// judge says which role a host has for all that is known, and why; "" where it is not worth telling.
func (b *indicators) judge(value, role string, d *tocsin.Deed) (string, string) {
	how := namedBy(value, d)
	kind, name := prevalence.Provider(value)
	share, common := prevalence.Share("callback:" + value)
	switch {
	case kind == "cloud" && !tocsin.Internet(value) && address(value) != "":
		return "", "" // what each machine of a cloud asks about itself
	case b.own(value) && address(value) != "" && !tocsin.Internet(value):
		if b.ours[address(value)] || role == "mail" || share >= 0.5 {
			return "", ""
		}
		return "internal", fullStop("A private address, which is another machine's elsewhere: find out which machine had it. " + how)
	case b.own(value):
		return "", ""
	case role == "mail":
		why := "Mail was written straight to it, past the organisation's own server: it is where the mail was for."
		if kind != "" {
			why += " It is a service of everybody's (" + name + ")."
		}
		return "mail", why
	case kind != "" && role == "drop":
		return "provider", fullStop("Data was being sent to a service of everybody's (" + name + "): ask it to preserve and then delete it. " + how)
	case kind != "":
		return "provider", fullStop("It is a service of everybody's (" + name + "). " + how)
	case share >= rare && common != "":
		return "contacted", fullStop("Many name it (" + common + "). " + how)
	case !b.s.firm(d):
		return "near", fullStop(how)
	case role == "drop" && (typed(d) || hostile(d)) && !b.s.left(d):
		return role, fullStop(how) + " That data went there is not recorded."
	case role == "drop" && typed(d), role != "contacted" && hostile(d):
		return role, fullStop(how)
	}
	return "contacted", fullStop("What is known does not show that it is hostile. " + how)
}

// hostile says that a deed is hardly ever done in ordinary work, so that what it speaks to is the intruder's.
func hostile(d *tocsin.Deed) bool {
	if d.Level >= tocsin.Medium || d.Shown != "" {
		return true
	}
	return slices.ContainsFunc(d.Rules, func(r *tocsin.Rule) bool { return r.Level >= tocsin.Medium })
}

// namedBy is how a deed names a host, as a sentence. Of a run of like deeds only the first one's text is known.
func namedBy(value string, d *tocsin.Deed) string {
	at := ""
	if d.Host != "" {
		at = " on " + d.Host
	}
	switch {
	case d.N > 1 && d.Verb != "alert" && !strings.Contains(strings.ToLower(d.Text), value):
		return fmt.Sprintf("It was spoken to%s, in one of %d acts of a kind (%s)", at, d.N, strings.TrimSpace(d.Verb+" "+d.Technique))
	case d.Verb == "alert":
		return "An alert names it: " + cmp.Or(strings.TrimSpace(d.Text), what(d))
	case d.Text != "" && typed(d) && (d.Verb != "connect" || !strings.HasPrefix(strings.ToLower(d.Text), value)):
		return "A command" + at + " names it: " + strings.TrimSpace(d.Text)
	case d.Text != "":
		return "It was spoken to" + at + ": " + d.Verb + " " + strings.TrimSpace(d.Text)
	}
	return "It was spoken to" + at + ": " + what(d)
}

// brought are files that were brought, and rare names of what asked.
func (b *indicators) brought(d *tocsin.Deed) {
	if !b.s.firm(d) {
		return
	}
	for _, m := range d.Marks {
		kind, value, _ := strings.Cut(m, ":")
		if share, _ := prevalence.Share(m); share >= rare {
			continue
		}
		switch {
		case kind == "hash" && hostile(d):
			b.note("hash", value, "tool", fullStop("A file with this digest was used: "+what(d)), d)
		case kind == "dropped" && hostile(d):
			b.note("file", value, "tool", fullStop("A file was laid under this name: "+what(d)), d)
		case kind == "agent" && !strings.HasPrefix(value, "ja3") && !strings.HasPrefix(value, "ja4") && !strings.HasPrefix(value, "hassh"):
			// A fingerprint of a library is shared by all that is built with it.
			b.note("agent", value, "client", fullStop("What asked called itself so, as few others would: "+cmp.Or(strings.TrimSpace(d.Text), what(d))), d)
		}
	}
}

// made are accounts and keys that were made.
func (b *indicators) made() {
	s := b.s
	scoped := map[string]bool{}
	made, added := map[string]bool{}, map[string]bool{} // accounts and keys that a record says were made
	for _, d := range s.all {
		if s.act[d].outcome() != tocsin.Worked {
			continue
		}
		if name := s.account(d); makesAccount(d) && name != "" {
			made[plainAccount(name)] = true
		}
		if key := publicKeyIn(d.Text); key != "" {
			added[key] = true
		}
		if d.Technique == "T1098.001" && addsKey(d) {
			for _, e := range onOf(d, "principal") {
				added[e.Value] = true
			}
		}
	}
	for _, says := range [...]func(d *tocsin.Deed, name string) bool{ // a name with its machine or domain says more than one without
		func(d *tocsin.Deed, name string) bool {
			return strings.ContainsAny(name, `\@:`) && hasWord(strings.ToLower(d.Text), strings.ToLower(plainAccount(name)))
		},
		func(d *tocsin.Deed, name string) bool { return strings.ContainsAny(name, `\@:`) },
		func(d *tocsin.Deed, name string) bool { return true },
	} {
		for _, d := range s.all {
			if !makesAccount(d) || !s.happened(d) || !s.firm(d) && !s.toldOf(d) {
				continue
			}
			name := s.account(d)
			if name == "" || scoped[plainAccount(name)] || !says(d, name) {
				continue
			}
			scoped[plainAccount(name)] = true
			kind := "user"
			if slices.ContainsFunc(d.On, func(e tocsin.Entity) bool { return e.Kind == "principal" && e.Value == name }) {
				kind = "principal"
			}
			said := "It was made: "
			if !made[plainAccount(name)] {
				said = "It was to be made; that it was is not recorded: "
			}
			b.note(kind, name, "account", fullStop(said+cmp.Or(strings.TrimSpace(d.Text), what(d))), d)
		}
	}
	for _, d := range s.all {
		if !s.firm(d) || !s.happened(d) {
			continue
		}
		if key := publicKeyIn(d.Text); key != "" && (addsKey(d) || d.Tactic == "persistence") {
			said := "It was added to the keys with which one may log in."
			if !added[key] && !s.keyAdded(d) {
				said = "It was to be added to the keys with which one may log in; that it was is not recorded."
			}
			b.note("key", key, "key", said, d)
		}
		for _, e := range onOf(d, "principal") {
			if d.Technique == "T1098.001" && addsKey(d) {
				said := "A key was made for it: "
				if !added[e.Value] {
					said = "A key was to be made for it; that it was is not recorded: "
				}
				b.note("principal", e.Value, "key", fullStop(said+d.Text), d)
			}
		}
	}
}

// keyAdded says that a key is known to have been added on the machine of a deed, by what another record of the same says.
func (s *story) keyAdded(d *tocsin.Deed) bool {
	host := s.name(d.Host, d)
	return slices.ContainsFunc(s.c.Key, func(e tocsin.KeyEvent) bool {
		return e.Kind == "key" && e.Host == host && e.Outcome == tocsin.Worked && e.Time.Sub(d.Time).Abs() <= alike
	})
}

// toldOf says that a deed is of an account that a key event tells of.
func (s *story) toldOf(d *tocsin.Deed) bool {
	name := plainAccount(s.account(d))
	for i := range s.c.Key {
		for _, on := range s.c.Key[i].On {
			if _, v, _ := strings.Cut(on, ":"); s.c.Key[i].Kind == "account" && plainAccount(v) == name {
				return true
			}
		}
	}
	return false
}

// tell puts them into the campaign.
func (b *indicators) tell() {
	c := b.s.c
	slices.SortStableFunc(b.all, func(x, y tocsin.Indicator) int {
		return cmp.Or(cmp.Compare(roleOrder(x.Role), roleOrder(y.Role)), x.First.Compare(y.First), strings.Compare(x.Kind, y.Kind), strings.Compare(x.Value, y.Value))
	})
	for _, x := range b.all {
		switch {
		case touched(x.Role) && len(c.Touched) < maxTouched:
			c.Touched = append(c.Touched, x)
		case touched(x.Role):
			b.s.omit("touched", 1)
		case len(c.Used) < maxUsed:
			c.Used = append(c.Used, x)
		default:
			b.s.omit("used", 1)
		}
	}
	b.marks()
}

// marks are what was used as KIND:VALUE, and the strings that tell one doer from another.
func (b *indicators) marks() {
	c := b.s.c
	missing := 0
	seen := map[string]bool{}
	add := func(v string) {
		if seen[v] {
			return
		}
		if seen[v] = true; len(c.Marks) == maxUsed {
			missing++
			return
		}
		c.Marks = append(c.Marks, v)
	}
	for _, x := range c.Used {
		switch {
		case x.Role == "source" || x.Kind == "url":
			add(x.Kind + ":" + x.Value)
		case x.Kind == "address" || x.Kind == "domain":
			add("callback:" + x.Value)
		case x.Kind == "file":
			add("dropped:" + x.Value)
		default:
			add(x.Kind + ":" + x.Value)
		}
	}
	byWeight := slices.Clone(b.s.all)
	slices.SortStableFunc(byWeight, func(x, y *tocsin.Deed) int { return cmp.Compare(y.Weight, x.Weight) })
	for _, d := range byWeight {
		if d.Weight < Least {
			break
		}
		for _, m := range d.Marks {
			if kind, _, _ := strings.Cut(m, ":"); kind == "key" || kind == "token" || kind == "list" {
				add(m)
			}
		}
	}
	b.s.omit("indicators", missing)
}

// urlsIn are the addresses of files and pages that a text names, at most 8.
func urlsIn(text string) []string {
	var all []string
	for rest := text; len(all) < 8; {
		i := strings.Index(rest, "://")
		if i < 0 {
			break
		}
		from := i
		for from > 0 && (rest[from-1]|0x20 >= 'a' && rest[from-1]|0x20 <= 'z') {
			from--
		}
		scheme := strings.ToLower(rest[from:i])
		end := strings.IndexAny(rest[i+3:], " \t\r\n\"'`|;<>()")
		if end < 0 {
			end = len(rest) - i - 3
		}
		if scheme == "http" || scheme == "https" || scheme == "ftp" {
			all = include(all, rest[from:i+3+end], 8)
		}
		rest = rest[i+3+end:]
	}
	return all
}
