package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/prevalence"
)

const (
	maxKey = 15 // key events of a campaign
	maxOn  = 8  // things that one names
)

// A keyKind says which deeds are of a kind of key event.
type keyKind struct {
	kind string
	most int // how many are told, the first in time; of persistence and secrets one of a technique, of accounts one of a name
	fits func(*story, *tocsin.Deed) bool
}

// keyKinds are the kinds that deeds tell by themselves: contact, entry, lateral and last depend on others. What failed or was
// denied is none of them.
var keyKinds = []keyKind{
	{"download", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "command-and-control" && brings(d) && hostile(d) && !s.toProvider(d)
	}},
	{"control", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "command-and-control" && !toMail(d) && !brings(d) && hostile(d) && !s.toProvider(d)
	}},
	{"callout", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "command-and-control" && !hostile(d) && (s.obeys(d) || s.calls(d)) && !s.toProvider(d)
	}},
	{"privilege", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "privilege-escalation" && d.Weight >= Least || asSuperuser(d) || s.bySuperuser(d) || s.elevated(d)
	}},
	{"secrets", 3, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "credential-access" && !guess(d) && (d.Level >= tocsin.Medium || d.Weight >= 1)
	}},
	{"account", 3, func(s *story, d *tocsin.Deed) bool { return makesAccount(d) }},
	{"key", 2, func(s *story, d *tocsin.Deed) bool { return addsKey(d) }},
	{"persistence", 3, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "persistence" && !makesAccount(d) && !addsKey(d) && d.Verb != "delete" && d.Verb != "list" && d.Verb != "read" && d.Weight >= Least && (d.Technique != "T1098" || d.Level >= tocsin.Medium)
	}},
	{"impairment", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "defense-impairment" && d.Level >= tocsin.Medium
	}},
	{"traces", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "stealth" && of3(d, "T1070") && d.Level >= tocsin.Medium
	}},
	{"collection", 1, func(s *story, d *tocsin.Deed) bool { return d.Tactic == "collection" && d.Weight >= Least }},
	{"upload", 1, func(s *story, d *tocsin.Deed) bool {
		return outgoing(d) && !s.left(d)
	}},
	{"sent", 1, func(s *story, d *tocsin.Deed) bool {
		return outgoing(d) && s.left(d)
	}},
	{"impact", 1, func(s *story, d *tocsin.Deed) bool {
		return d.Tactic == "impact" && (d.Level >= tocsin.Medium || d.Weight >= 1)
	}},
}

// keyOrder is the place of a kind among those of one moment.
func keyOrder(kind string) int { return slices.Index(tocsin.KeyKinds[:], kind) }

// of3 says that a deed is of a technique, or of one below it.
func of3(d *tocsin.Deed, technique string) bool {
	return d.Technique == technique || strings.HasPrefix(d.Technique, technique+".")
}

func makesAccount(d *tocsin.Deed) bool { return of3(d, "T1136") && d.Verb == "create" }

// addsKey says that a deed lays a key with which one can come back.
func addsKey(d *tocsin.Deed) bool {
	return (d.Technique == "T1098.004" || d.Technique == "T1098.001") && d.Verb != "read" && d.Verb != "list"
}

// toProvider says that all hosts that a deed names are services of everybody's.
func (s *story) toProvider(d *tocsin.Deed) bool {
	hosts := callbacks(d)
	for _, e := range onOf(d, "address", "domain", "host") {
		if e.Kind != "host" || s.name(e.Value, d) != s.name(d.Host, d) {
			hosts = append(hosts, e.Value)
		}
	}
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(h string) bool {
		kind, _ := prevalence.Provider(h)
		return kind == ""
	})
}

// toMail says that a deed writes to mail servers, which are nobody's host to call back to.
func toMail(d *tocsin.Deed) bool { return d.Technique == "T1071.003" }

// brings says that a deed fetches a file.
func brings(d *tocsin.Deed) bool { return d.Technique == "T1105" }

// obeys says that a connection is of a program that was started on its machine a short while before in a way in which hardly anybody
// starts it.
func (s *story) obeys(d *tocsin.Deed) bool {
	if d.Verb != "connect" || d.Tool == "" || d.Time.IsZero() {
		return false
	}
	from, _ := slices.BinarySearchFunc(s.all, d.Time.Add(-soon), func(x *tocsin.Deed, at time.Time) int { return x.Time.Compare(at) })
	for _, x := range s.all[from:min(from+fewAlike, len(s.all))] {
		if !x.Time.After(d.Time) && hostile(x) && (x.Tool == d.Tool || typed(x) && program(x.Text) == d.Tool) && s.place(x) == s.place(d) {
			return true
		}
	}
	return false
}

// calls says that a deed is regular connections of one who had fetched a tool or malware before.
func (s *story) calls(d *tocsin.Deed) bool {
	return d.Verb == "connect" && slices.ContainsFunc(d.Rules, func(r *tocsin.Rule) bool { return r.Correlation == "channel" }) &&
		slices.ContainsFunc(s.all, func(x *tocsin.Deed) bool {
			return s.by[x] == s.by[d] && brings(x) && hostile(x) && x.Time.Before(d.Last)
		})
}

// happened says that a deed is not known to have failed, by any sensor.
func (s *story) happened(d *tocsin.Deed) bool {
	o := s.act[d].outcome()
	return o != tocsin.Failed && o != tocsin.Denied
}

// outgoing says that a deed serves to send data out: what lists or fetches does not.
func outgoing(d *tocsin.Deed) bool {
	return d.Tactic == "exfiltration" && d.Weight >= Least && d.Verb != "list" && d.Verb != "read" && d.Verb != "request"
}

// left says that data is known to have left: who did it was told so, or the network counted it. That a program was started with
// such arguments does not say it.
func (s *story) left(d *tocsin.Deed) bool {
	if d.N == 0 {
		d = s.counted(d)
	}
	worked := s.act[d].outcome() == tocsin.Worked
	return slices.ContainsFunc(s.act[d].deeds, func(x *tocsin.Deed) bool {
		return x.Bytes > 0 || x.Shown != "" || worked && slices.ContainsFunc(x.Who, func(e tocsin.Entity) bool {
			return e.Kind == "agent" || e.Kind == "caller" || e.Kind == "principal"
		})
	})
}

// counted is the deed that the record of a correlation's tells of by itself, or the correlation's where there is none.
func (s *story) counted(d *tocsin.Deed) *tocsin.Deed {
	if s.at == nil {
		s.at = map[standing]*tocsin.Deed{}
		for _, x := range s.all {
			if x.N > 0 {
				s.at[standing{x.Place.Source, x.Place.Record}] = x
			}
		}
	}
	return cmp.Or(s.at[standing{d.Place.Source, d.Place.Record}], d)
}

// A standing is a record by where it stands.
type standing struct {
	source string
	record uint64
}

// elevators are programs that run others with an administrator's rights.
var elevators = []string{"sudo ", "doas ", "pkexec ", "gsudo "}

// elevated says that a deed ran a command as another by one of elevators, and that it was let.
func (s *story) elevated(d *tocsin.Deed) bool {
	if d.Technique == "T1069.001" || d.Tactic == "" || s.act[d].outcome() != tocsin.Worked {
		return false
	}
	for _, x := range s.act[d].deeds {
		for _, e := range elevators {
			if strings.HasPrefix(x.Text, e) {
				return true
			}
		}
	}
	return false
}

// bySuperuser says that a deed was done by one who may do anything on its machine.
func (s *story) bySuperuser(d *tocsin.Deed) bool {
	return stepped(d) && !s.by[d].Local && slices.ContainsFunc(d.Who, func(e tocsin.Entity) bool {
		return e.Kind == "user" && slices.Contains(superusers, strings.ToLower(plainAccount(e.Value)))
	})
}

// plainAccount is an account's name without its domain or machine.
func plainAccount(account string) string {
	name := account[strings.LastIndexByte(account, '\\')+1:]
	name, _, _ = strings.Cut(name, "@")
	return name
}

// keyEvents tells the campaign in at most maxKey acts.
func (s *story) keyEvents() {
	var all []tocsin.KeyEvent
	add := func(e *tocsin.KeyEvent) {
		if e != nil {
			all = append(all, *e)
		}
	}
	first := s.contact()
	add(first)
	if first != nil {
		s.since = first.Time
	}
	entry := s.entry()
	add(entry)
	for i := range keyKinds {
		all = append(all, s.keyOf(&keyKinds[i])...)
	}
	add(s.lateral(entry))
	add(s.last())
	all = s.cutKey(all)
	slices.SortStableFunc(all, func(x, y tocsin.KeyEvent) int {
		switch { // where no time is known the order of the kinds is all there is; the last stays last
		case x.Kind == "last" || y.Kind == "last":
			return cmp.Compare(keyOrder(x.Kind), keyOrder(y.Kind))
		case x.Time.IsZero() || y.Time.IsZero():
			return 0
		}
		return cmp.Or(x.Time.Compare(y.Time), cmp.Compare(keyOrder(x.Kind), keyOrder(y.Kind)))
	})
	s.c.Key = all
}

// cutKey leaves out what is beyond the bound: further events of kinds that have several, the last first.
func (s *story) cutKey(all []tocsin.KeyEvent) []tocsin.KeyEvent {
	for _, kind := range [...]string{"persistence", "secrets", "account", "key"} {
		for n := len(all) - 1; n > 0 && len(all) > maxKey; n-- {
			if all[n].Kind == kind && all[n-1].Kind == kind {
				all = slices.Delete(all, n, n+1)
				s.omit("key_events", 1)
			}
		}
	}
	return all
}

// firm says that a deed is of one who is telling by himself, or that nobody in the campaign is: what is weak may be another's. What
// was before the first sign of the intruder is ordinary use.
func (s *story) firm(d *tocsin.Deed) bool {
	if d.Time.Before(s.since) && !d.Time.IsZero() {
		return false
	}
	return s.by[d].core() || !slices.ContainsFunc(s.g, (*member).core)
}

// keyOf are the events of a kind, the first in time.
func (s *story) keyOf(k *keyKind) []tocsin.KeyEvent {
	var events []tocsin.KeyEvent
	told := map[string]bool{}
	more := 0
	for _, counted := range [...]bool{true, false} {
		for i, d := range s.all {
			if (d.N > 0) != counted || !s.firm(d) || !k.fits(s, d) || !s.happened(d) {
				continue
			}
			group := s.likes(k, i)
			best := s.lead(group)
			name := s.sameKey(k.kind, group)
			if told[name] || k.kind == "account" && name == "" && len(events) > 0 {
				continue
			}
			told[name] = true
			if len(events) == k.most {
				if k.most > 1 {
					more++
				}
				continue
			}
			events = append(events, *s.event(k.kind, best, group))
		}
		if len(events) > 0 || k.most > 1 {
			break // what a correlation says is of acts that are told already, unless nothing else tells of this
		}
	}
	s.omit("key_events", more)
	return events
}

// sameKey is what tells events of a kind that has several apart.
func (s *story) sameKey(kind string, group []*tocsin.Deed) string {
	switch kind {
	case "account":
		for _, d := range group {
			if a := s.account(d); a != "" {
				return plainAccount(a)
			}
		}
		return ""
	case "key":
		return s.name(group[0].Host, group[0]) + group[0].Technique
	case "persistence", "secrets":
		return group[0].Technique
	}
	return kind
}

// likes are the deeds of the kind that tell of the same as one: on its machine, within what sensors differ by, about no other
// account. They begin with it.
func (s *story) likes(k *keyKind, i int) []*tocsin.Deed {
	d := s.all[i]
	group := []*tocsin.Deed{d}
	about := s.account(d)
	consider := func(x *tocsin.Deed) bool {
		if x.Time.Sub(d.Time).Abs() > alike {
			return false
		}
		if x != d && x.N > 0 && x.Verb == d.Verb && k.fits(s, x) && s.happened(x) && s.place(x) == s.place(d) && x.Technique[:min(len(x.Technique), 5)] == d.Technique[:min(len(d.Technique), 5)] {
			switch a := s.account(x); {
			case k.kind == "account" && a != "" && about != "" && plainAccount(a) != plainAccount(about):
				return true
			case k.kind == "account" && about == "":
				about = a
			case k.kind != "account" && s.act[x] != s.act[d] && !partOf(d.Text, x.Text):
				return true
			}
			group = append(group, x)
		}
		return true
	}
	if d.Time.IsZero() {
		return append(group, s.others(d)...)
	}
	for j := i + 1; j < len(s.all) && j < i+fewAlike && consider(s.all[j]); j++ {
	}
	for j := i - 1; j >= 0 && j > i-fewAlike && consider(s.all[j]); j-- {
	}
	for _, x := range s.others(d) { // where other sensors saw it, an agent's own log among them
		if !slices.Contains(group, x) {
			group = append(group, x)
		}
	}
	return group
}

// partOf says that one of two command lines is a part of the other, as a shell's has those of what it starts.
func partOf(x, y string) bool {
	plain := func(line string) string { // without what runs it and where its program lies
		for _, e := range elevators {
			line = strings.TrimPrefix(line, e)
		}
		_, args, _ := strings.Cut(line, " ")
		return program(line) + " " + args
	}
	a, b := plain(x), plain(y)
	return len(a) > 4 && strings.Contains(y, a) || len(b) > 4 && strings.Contains(x, b)
}

// program is what a command line starts, without its folder, as Deed.Tool has it.
func program(line string) string {
	end := " "
	if rest, quoted := strings.CutPrefix(line, `"`); quoted {
		line, end = rest, `"`
	}
	word, _, _ := strings.Cut(line, end)
	return strings.TrimSuffix(strings.ToLower(word[strings.LastIndexAny(word, `/\`)+1:]), ".exe")
}

// others are the further deeds of an act.
func (s *story) others(d *tocsin.Deed) []*tocsin.Deed {
	return slices.DeleteFunc(slices.Clone(s.act[d].deeds), func(x *tocsin.Deed) bool { return x == d })
}

// lead is the deed that says best what was done: one that is known to have worked, that names the account, and in the fewest words.
func (s *story) lead(group []*tocsin.Deed) *tocsin.Deed {
	return slices.MinFunc(group, func(x, y *tocsin.Deed) int {
		rank := func(d *tocsin.Deed) (n int) {
			if a := s.account(d); makesAccount(d) && a != "" && hasWord(strings.ToLower(d.Text), strings.ToLower(plainAccount(a))) {
				n -= 4
			}
			if d.Outcome == tocsin.Worked {
				n -= 2
			}
			if s.by[d].Local {
				n++
			}
			if ofSession(d) { // the machine's own log says where, and as whom
				n += 4
			}
			return n
		}
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(len(x.Text), len(y.Text)), x.Time.Compare(y.Time), x.Place.Compare(y.Place))
	})
}

// account is the account that a deed makes, or whose it changes, by what its record names; "" where that is not known.
func (s *story) account(d *tocsin.Deed) string {
	all := onOf(d, "user", "principal")
	if len(all) > 0 {
		return all[0].Value
	}
	return madeBy(d.Text)
}

// onOf are the things of some kinds that a deed was done to, as far as its first record names them: a run of like deeds has
// those of all.
func onOf(d *tocsin.Deed, kinds ...string) []tocsin.Entity {
	var all, sure []tocsin.Entity
	if sampled(d) {
		return nil
	}
	text := strings.ToLower(d.Text)
	for _, e := range d.On {
		if !slices.Contains(kinds, e.Kind) || e.Value == "" {
			continue
		}
		all = append(all, e)
		if strings.Contains(text, strings.ToLower(e.Value)) || (e.Kind == "user" || e.Kind == "principal") && hasWord(text, strings.ToLower(plainAccount(e.Value))) {
			sure = append(sure, e)
		}
	}
	if len(sure) > 0 || len(all) > 1 {
		return sure
	}
	return all
}

// hasWord says that a text has a name as a word.
func hasWord(text, name string) bool {
	for from := 0; name != ""; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(name)
		part := func(c byte) bool {
			return c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z'
		}
		if (i == 0 || !part(text[i-1])) && (end == len(text) || !part(text[end])) {
			return true
		}
		from = end
	}
	return false
}

// event tells of a deed, and of others that tell of the same, as one event of a kind.
func (s *story) event(kind string, d *tocsin.Deed, group []*tocsin.Deed) *tocsin.KeyEvent {
	e := &tocsin.KeyEvent{Kind: kind, Time: d.Time, Host: s.name(d.Host, d), Technique: d.Technique, Outcome: s.act[d].outcome(), Shown: d.Shown, Tie: tocsin.Weak,
		What: cmp.Or(strings.TrimSpace(d.Text), what(d))}
	e.Account, e.From = doneBy(d)
	if who := onOf(d, "user", "principal"); d.Verb == "login" && len(who) > 0 {
		e.Account = who[0].Value // as whom
	}
	switch kind {
	case "account", "key":
		for _, x := range group {
			for _, t := range onOf(x, "user", "principal") {
				e.On = include(e.On, t.Kind+":"+t.Value, maxOn)
			}
		}
		if a := s.sameKey("account", group); kind == "account" && len(e.On) == 0 && a != "" {
			e.On = []string{"user:" + a}
		}
		fallthrough
	case "persistence":
		if to := s.machinesOf(d); e.Host == "" && len(to) == 1 { // typed elsewhere, to be done there
			_, e.Host, _ = strings.Cut(to[0], ":")
		}
	case "secrets":
		for _, t := range d.On {
			if d.Log == "api" && t.Kind == "file" { // what a call names as its object
				e.On = include(e.On, t.Kind+":"+t.Value, maxOn)
			}
		}
	case "entry", "lateral":
		for _, x := range group {
			if by := marked(x, "server:"); kind == "entry" && len(by) == 1 {
				e.Server = by[0]
			}
		}
		if by := marked(d, "server:"); kind == "entry" && len(by) == 1 {
			e.Server = by[0]
		}
		e.On = s.machinesOf(d)
		if len(e.On) == 1 {
			_, e.Host, _ = strings.Cut(e.On[0], ":")
		}
	case "download", "control", "callout", "upload", "sent":
		for _, h := range callbacks(d) {
			if strings.Contains(strings.ToLower(d.Text), h) || len(callbacks(d)) == 1 {
				e.On = include(e.On, hostEntity(h), maxOn)
			}
		}
		for _, t := range onOf(d, "address", "host", "domain", "url") {
			if machine(t.Kind) && s.name(t.Value, d) == s.name(d.Host, d) {
				continue
			}
			e.On = include(e.On, t.Kind+":"+t.Value, maxOn)
		}
	}
	if len(e.On) > maxOn {
		e.On = e.On[:maxOn]
	}
	seen := map[string]bool{}
	sights := []tocsin.Sight{}
	for _, x := range append([]*tocsin.Deed{d}, group...) {
		if s.by[x].core() {
			e.Tie = tocsin.Core
		}
		if ofSession(x) && x.Who[0].Value != e.Account {
			e.Agent = cmp.Or(e.Agent, x.Who[0].Value)
		}
		all := x.Seen
		if len(all) == 0 || s.act[x] != s.act[d] && x.N == 0 {
			all = []tocsin.Sight{{Place: x.Place}}
		}
		sights = append(sights, all...)
	}
	// The nearest place of each sensor.
	slices.SortStableFunc(sights, func(x, y tocsin.Sight) int {
		return cmp.Or(cmp.Compare(x.Place.Time.Sub(d.Time).Abs(), y.Place.Time.Sub(d.Time).Abs()), x.Place.Compare(y.Place))
	})
	e.Places = append(e.Places, d.Place) // the record that is quoted comes first
	for _, x := range d.Seen {
		if x.Place.Compare(d.Place) == 0 {
			seen[cmp.Or(x.Sensor, x.Place.Source)] = true
		}
	}
	for _, x := range sights {
		at := cmp.Or(x.Sensor, x.Place.Source)
		if seen[at] || len(e.Places) == maxSights || slices.ContainsFunc(e.Places, func(p tocsin.Place) bool { return p.Compare(x.Place) == 0 }) {
			continue
		}
		seen[at] = true
		e.Places = append(e.Places, x.Place)
	}
	slices.SortFunc(e.Places[1:], tocsin.Place.Compare)
	return e
}

// A run of like deeds keeps some of what its records name, by a hash under the owner's key: what has so many names or more may
// lack any of them. They are the bounds of package actor.
const (
	fullWho = 7 // with the name that it goes by
	fullOn  = 48
	// fullPlain is that of ordinary use.
	fullPlain = 8
)

// sampled says that not all that a run of deeds was done to is known.
func sampled(d *tocsin.Deed) bool {
	return d.N > 1 && (len(d.On) >= fullOn || (d.Tactic == "" || d.Level <= tocsin.Informational) && len(d.On) >= fullPlain)
}

// doneBy is by whom a deed was done, as far as its record says: the account, and the address or machine it came from. Of a run it
// is known where it has one account only.
func doneBy(d *tocsin.Deed) (account, from string) {
	accounts := 0
	for _, e := range d.Who {
		switch e.Kind {
		case "agent", "user", "principal":
			if account == "" {
				account = e.Value
			}
			if e.Kind != "agent" {
				accounts++
			}
		case "address", "host":
			if from == "" {
				from = e.Value
			}
		}
	}
	if d.N > 1 && (accounts > 1 || len(d.Who) >= fullWho) && d.Who[0].Value != account {
		account = ""
	}
	return account, from
}

// machinesOf are the machines that a deed reached: where it was recorded, unless it was typed there to reach another.
func (s *story) machinesOf(d *tocsin.Deed) []string {
	var all []string
	here := ""
	if d.Host != "" {
		here = s.name(d.Host, d)
	}
	for _, t := range d.On {
		if !machine(t.Kind) || t.Kind == "address" && address(t.Value) == "" {
			continue
		}
		if kind, name := s.w.machineOf(t.Value, d); name != "" && (here == "" || typed(d)) && s.name(t.Value, d) != here && !s.w.external(name, t, d) {
			all = include(all, kind+":"+s.name(t.Value, d), maxOn)
		}
	}
	if len(all) == 0 && here != "" {
		all = append(all, "host:"+here)
	}
	return all
}

// contact is the first act of who comes from outside, else the first telling one.
func (s *story) contact() *tocsin.KeyEvent {
	kind := "sign"
	var first *tocsin.Deed
	for _, d := range s.all { // in order of time
		outside := s.by[d].foreign
		if !outside && !stepped(d) || d.N == 0 || !s.firm(d) || first != nil && (!first.Time.IsZero() || d.Time.IsZero()) {
			continue
		}
		first = d
		if kind = "sign"; outside {
			kind = "contact"
		}
	}
	if first == nil {
		return nil
	}
	return s.event(kind, first, s.others(first))
}

// entry is the first way in that worked.
func (s *story) entry() *tocsin.KeyEvent {
	guessed := map[string]bool{} // member and machine
	for _, d := range s.all {
		m := s.by[d]
		at := m.ID + "\x00" + s.name(d.Host, d)
		if d.Verb == "login" && !s.happened(d) {
			guessed[at] = true
		}
		if !s.firm(d) || !s.happened(d) {
			continue
		}
		worked := d.Outcome == tocsin.Worked
		switch {
		case ran(d): // a program that ran below a server is one that was made to
		case d.Tactic == "initial-access" && inside(d) && worked:
		case m.Local:
			continue
		case d.Verb == "login" && worked && d.Host != "" && (m.foreign || guessed[at]):
		case d.Verb == "login" && worked && ofSession(d) && d.Weight >= Least && !of3(d, "T1110"):
		case strings.HasPrefix(m.ID, "caller:") && m.foreign && worked && d.Verb != "login":
		default:
			continue
		}
		return s.event("entry", d, s.logins(d))
	}
	return nil
}

// logins are the deeds that tell of the same login, or of the same act.
func (s *story) logins(d *tocsin.Deed) []*tocsin.Deed {
	group := s.others(d)
	who := onOf(d, "user", "principal")
	if d.Verb != "login" || d.Time.IsZero() || len(who) == 0 {
		return group
	}
	from, _ := slices.BinarySearchFunc(s.all, d.Time.Add(-alike), func(x *tocsin.Deed, at time.Time) int { return x.Time.Compare(at) })
	for i := from; i < min(from+fewLogins, len(s.all)) && s.all[i].Time.Sub(d.Time) <= alike; i++ {
		x := s.all[i]
		if x != d && x.Verb == "login" && x.Outcome == tocsin.Worked && s.place(x) == s.place(d) && sameDoer(x, d) &&
			slices.ContainsFunc(onOf(x, "user", "principal"), func(e tocsin.Entity) bool { return plainAccount(e.Value) == plainAccount(who[0].Value) }) {
			group = append(group, x)
		}
	}
	return group
}

// fromOutside says that a deed's own record names an address of the internet as where it was done from.
func fromOutside(d *tocsin.Deed) bool {
	return slices.ContainsFunc(d.Who, func(e tocsin.Entity) bool { return e.Kind == "address" && tocsin.Internet(e.Value) })
}

// lateral is the first act on another machine than the one that was entered, from a machine within reach. Without an entry
// it has to be known from which machine it was done.
func (s *story) lateral(entry *tocsin.KeyEvent) *tocsin.KeyEvent {
	for _, d := range s.all {
		if d.N == 0 || !s.firm(d) || fromOutside(d) || !s.happened(d) || d.Weight < Least || d.Tactic != "lateral-movement" && (d.Verb != "login" || d.Outcome != tocsin.Worked) {
			continue
		}
		to := s.machinesOf(d)
		if len(to) != 1 || entry != nil && (d.Time.Before(entry.Time) || slices.Contains(entry.On, to[0]) || slices.Contains(entry.Places, d.Place)) {
			continue
		}
		_, target, _ := strings.Cut(to[0], ":")
		here := s.name(d.Host, d)
		if d.Host != "" && here != target && d.Outcome != tocsin.Worked {
			continue // that it was tried from there does not say that it was let in
		}
		if _, from := doneBy(d); entry == nil && (from == "" || s.name(from, d) == target) && (d.Host == "" || here == target) {
			continue
		}
		return s.event("lateral", d, s.others(d))
	}
	return nil
}

// last is the last act of the campaign, whatever it is.
func (s *story) last() *tocsin.KeyEvent {
	var d *tocsin.Deed
	for _, x := range s.all {
		if x.N > 0 && !x.Last.After(s.c.Last) && (d == nil || cmp.Or(x.Last.Compare(d.Last), cmp.Compare(flag(stepped(x)), flag(stepped(d))), cmp.Compare(d.N, x.N)) >= 0) {
			d = x
		}
	}
	if d == nil {
		return nil
	}
	e := s.event("last", d, s.others(d))
	if !d.Last.After(d.Time) {
		return e
	}
	e.Time = d.Last
	p, ok := s.placeAt(d, d.Last)
	if n := len(d.Spans); !ok && n > 0 && d.N > 1 { // logs are written in order
		p, ok = tocsin.Place{Time: d.Last, Source: d.Spans[n-1].Source, Record: d.Spans[n-1].To}, true
	}
	switch {
	case d.N > 1:
		e.What += fmt.Sprintf(" (%d times alike, this is the last)", d.N)
		e.Places = e.Places[:0]
		fallthrough
	default:
		if ok && !slices.Contains(e.Places, p) {
			e.Places = append(e.Places, p)
		}
	}
	return e
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// placeAt is where the act of a run of like ones stands that was done at a time, if that is known.
func (s *story) placeAt(d *tocsin.Deed, at time.Time) (tocsin.Place, bool) {
	n, found := 0, tocsin.Place{}
	kind := tickKind(d)
	for _, ticks := range s.by[d].Ticks {
		from, _ := slices.BinarySearchFunc(ticks, at.UnixNano(), func(k tocsin.Tick, at int64) int { return cmp.Compare(k.Time, at) })
		for i := from; i < len(ticks) && ticks[i].Time == at.UnixNano(); i++ {
			if p, ok := placeOf(d, ticks[i].Record, at); ok && ticks[i].Kind == kind && (n == 0 || p != found) {
				n, found = n+1, p
			}
		}
	}
	return found, n == 1
}

// hostEntity is KIND:VALUE of a host that is written as a name or an address, with or without a port.
func hostEntity(h string) string {
	if address(h) != "" {
		return "address:" + address(h)
	}
	return "domain:" + host(h)
}
