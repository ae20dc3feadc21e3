package actor

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// actor makes one of the nodes of a group, the earliest first.
func (s *Pages) actor(g []*node) *tocsin.Actor {
	a := &tocsin.Actor{ID: g[0].name, Local: g[0].local}
	seen := map[string]bool{}
	n := 0
	for _, x := range g {
		n += len(x.deeds)
	}
	all := make([]*note, 0, n)
	for _, x := range g {
		a.Links = append(a.Links, x.links...)
		a.Adaptations = append(a.Adaptations, x.adapted...)
		if !seen[x.name] {
			seen[x.name] = true
			a.Handles = append(a.Handles, named(x.name))
		}
		for _, d := range x.deeds {
			if strings.HasPrefix(x.name, "caller:") {
				for _, r := range d.refs {
					if name := s.t.all[r.name]; r.role == roleAlias && !seen[name] {
						seen[name] = true
						a.Handles = append(a.Handles, named(name))
					}
				}
			}
			if d.by != nil {
				if name := s.t.all[d.who]; !seen[name] {
					seen[name] = true
					a.Handles = append(a.Handles, named(name))
					a.Links = append(a.Links, s.loggedIn(d))
				}
			}
			all = append(all, d)
		}
	}
	order := func(x, y *note) int {
		switch {
		case x.first != 0 || y.first != 0:
			return cmp.Compare(x.first, y.first)
		case s.t.before(x.at, y.at):
			return -1
		case s.t.before(y.at, x.at):
			return 1
		}
		return 0
	}
	if !slices.IsSortedFunc(all, order) {
		slices.SortStableFunc(all, order)
	}
	a.Deeds = make([]tocsin.Deed, n)
	for i, x := range all {
		d := &a.Deeds[i]
		*d = s.deed(x)
		if !d.Time.IsZero() && (a.First.IsZero() || d.Time.Before(a.First)) {
			a.First = d.Time
		}
		if d.Last.After(a.Last) {
			a.Last = d.Last
		}
	}
	s.made[a] = all
	return a
}

// loggedIn is why a deed of one name is another's: that one had logged in as it.
func (s *Pages) loggedIn(d *note) tocsin.Link {
	from, to := s.t.all[d.by.who], s.t.all[d.who]
	l := tocsin.Link{From: from, To: to, Kind: "session", Weight: 5, Time: when(d.by.at), Places: []tocsin.Place{s.placeOf(d.by.place)},
		Evidence: value(from) + " logged in as " + value(to) + ", which then acted"}
	acted := d.at
	if d.via != (ref{}) {
		acted = d.metAt(d.via)
		l.Evidence = value(from) + " logged in as " + value(s.t.all[d.via.name]) + ", whose " + value(to) + " then acted"
	}
	if d.via != (ref{}) || acted.time >= d.by.at {
		l.Places = append(l.Places, s.placeOf(acted))
	}
	return l
}

// deed is a note in the words of the vocabulary, without its places but the first.
func (s *Pages) deed(n *note) tocsin.Deed {
	k := &s.t.kinds[n.kind]
	d := tocsin.Deed{N: int(n.acts()), Weight: n.w, Seen: s.sights(n.deed), Last: when(n.last), Sparse: n.sparse}
	d.Time, d.Org = when(n.first), n.org
	if n.host != none {
		d.Host = value(s.t.all[n.host])
	}
	d.Verb, d.Tactic, d.Technique, d.Tool, d.Outcome, d.Level = k.verb, k.tactic, k.technique, k.tool, k.outcome, k.level
	d.Text, d.Bytes, d.Place, d.Rules = n.text, n.bytes, s.placeOf(n.at), n.rules
	if n.log > 0 {
		d.Log = tocsin.Logs[n.log-1]
	}
	if n.row != none {
		d.Row = &tocsin.Rule{ID: strings.TrimPrefix(s.t.all[n.row], "row:")} // the rest is in the knowledge
	}
	if d.Shown, d.ShownAt = s.odd(n.deed); d.Shown != "" && d.Outcome == tocsin.Unknown {
		d.Outcome = tocsin.Worked
	} else {
		d.Shown, d.ShownAt = "", tocsin.Place{}
	}
	if n.who != none {
		d.Who = append(d.Who, named(s.t.all[n.who]))
	}
	for _, r := range n.refs { // in order of role and name
		name := s.t.all[r.name]
		if at, last := n.metAs(&s.t, r); at != n.at || last != n.last {
			d.Mention(name, s.placeOf(at), when(last))
		}
		switch r.role {
		case roleOn:
			e := named(name)
			e.Role = "target"
			d.On = append(d.On, e)
		case roleAlias:
			d.Who = append(d.Who, named(name))
		case roleMark:
			d.Marks = append(d.Marks, name)
		case roleCredential:
			if d.Credential == "" {
				d.Credential = name
			}
			d.Marks = append(d.Marks, name)
		}
	}
	return d
}

// Describe says of an actor that the last Actors returned where its deeds were read, and how it works: its ticks, its tempo,
// and what drives it.
func (s *Pages) Describe(a *tocsin.Actor) {
	for i, x := range s.made[a] {
		a.Deeds[i].Spans = s.t.spans(x.deed)
	}
	if a.Local {
		return
	}
	type spot struct {
		name string
		page pageKey
	}
	acted := map[spot]stretched{}
	slots := map[string][]pageKey{}
	for i := range a.Deeds {
		d := &a.Deeds[i]
		if len(d.Who) == 0 {
			continue
		}
		var from, to int64
		k := spot{d.Who[0].Kind + ":" + d.Who[0].Value, pageKey{0, none}}
		if d.Time.IsZero() {
			source, ok := s.t.of[d.Place.Source]
			if !ok {
				continue
			}
			k.page.source = source
		} else {
			from, to = d.Time.UnixNano(), d.Last.UnixNano()
			k.page.slot = from / slotLength
		}
		st, ok := acted[k]
		if !ok {
			slots[k.name] = append(slots[k.name], k.page)
		}
		st.add(from, to)
		acted[k] = st
	}
	a.Ticks = nil
	var own tocsin.Ticks
	for _, h := range a.Handles {
		name := h.Kind + ":" + h.Value
		var all tocsin.Ticks
		cut := false
		for _, page := range slots[name] { // in order, since the deeds are
			all, cut = s.ticksOf(all, name, page, acted[spot{name, page}], cut)
		}
		if len(all) > 0 {
			a.Ticks = append(a.Ticks, all)
			own = append(own, all...)
		}
	}
	own.Sort()
	a.Tempo = TempoOf(own)
	a.Driver, a.Share, a.Evidence, a.Reasons = fitted.judge(own)
}

// ticksOf appends what a name did on a page within a stretch of time, in order; on one of what has no time, all. It says whether the last of it is missing.
func (s *Pages) ticksOf(to tocsin.Ticks, name string, key pageKey, within stretched, hole bool) (_ tocsin.Ticks, cut bool) {
	who, ok := s.t.of[name]
	p := s.pages[key]
	if !ok || p == nil {
		return to, hole
	}
	n := len(to)
	full := far // the time after which some are missing
	for st := range strata {
		d := p.of[st].doers[doerKey(who, none)]
		if d == nil {
			continue
		}
		latest := int64(0)
		for _, t := range d.ticks {
			if latest = max(latest, t.Time); key.source != none || t.Time >= within.from && t.Time <= within.to {
				to = append(to, t)
			}
		}
		if int(d.ticked) > len(d.ticks) {
			full = min(full, latest)
		}
	}
	added := to[n:]
	added.Sort()
	for i := range added {
		if hole || added[i].Time > full {
			added[i].Hole, hole = true, false
			if added[i].Time > full {
				break
			}
		}
	}
	return to, hole || full < far
}
