package guard

import (
	"cmp"
	"slices"
	"time"
)

// A call may stand in several records: the session's file, what the agent exported, a hook's payload, a gateway's log. It is
// one call: known by its id, else by session, time and command. The record that tells most of it counts.

// Clocks of records of one call, and how far they may be apart.
const (
	idApart   = 10 * time.Minute // where the id says that it is the same
	textApart = 2 * time.Second  // where session and command do
)

const saidBytes = 400 // of a command that are compared: exporters cut at 512

// saying is the hash of what a call said, 0 for nothing.
func (h hasher) saying(s string) uint64 {
	if len(s) < 2 || s == "{}" {
		return 0
	}
	return h.of(s[:min(len(s), saidBytes)])
}

// isWorldwide says that an id looks like one that is given once in the world (toolu_01…, call_…, a UUID), not like a number
// within a conversation.
func isWorldwide(id string) bool {
	run, letters, digits := 0, 0, 0
	for i := range len(id) {
		switch c := id[i]; {
		case c >= '0' && c <= '9':
			digits++
			run++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters++
			run++
		}
	}
	return run >= 16 && digits >= 2 && letters >= 2
}

// A record is one of a session's.
type record struct {
	in *session
	*noted
}

// differs says that two records do not stand in the same log.
func (a record) differs(b record) bool { return a.source != b.source || a.format != b.format }

func (a record) within(b record, d time.Duration) bool {
	if a.at == 0 || b.at == 0 {
		return true
	}
	return max(a.at-b.at, b.at-a.at) <= int64(d)
}

// joinCalls finds the records of sessions that tell of the same call, and takes out all but one. A session of which a call stands
// in another session is the same principal's; links gives these pairs.
func joinCalls(sessions []*session) (links [][2]*session) {
	var all []record
	slices.SortFunc(sessions, func(a, b *session) int { return cmp.Compare(a.id, b.id) })
	for _, x := range sessions {
		for i := range x.calls {
			if x.calls[i].id != 0 {
				all = append(all, record{x, &x.calls[i]})
			}
		}
	}
	pairs(all, func(r record) uint64 { return r.id }, func(a, c record) bool {
		switch {
		case !a.differs(c) || !a.within(c, idApart):
			return false
		case a.saw&worldwide != 0 && a.at != 0 && c.at != 0:
			return true
		case a.saw&worldwide == 0 && a.in != c.in:
			return false
		}
		return a.said == c.said || a.said == 0 || c.said == 0 // models that are asked the same give the same ids: no time tells them apart
	}, func(a, c record) {
		if a.in != c.in {
			links = append(links, [2]*session{a.in, c.in})
		}
	})
	for _, x := range sessions {
		all = all[:0]
		several := false
		for i := range x.calls {
			c := &x.calls[i]
			several = several || c.format != x.calls[0].format
			if !c.gone && c.said != 0 && c.at != 0 {
				all = append(all, record{x, c})
			}
		}
		if several {
			pairs(all, func(r record) uint64 { return r.said }, func(a, c record) bool { return a.format != c.format && a.within(c, textApart) }, nil)
		}
		x.calls = slices.DeleteFunc(x.calls, func(c noted) bool { return c.gone })
	}
	for _, x := range sessions {
		x.spots = nil
		x.kept = slices.DeleteFunc(x.kept, func(c call) bool { return c.record == noRecord && c.source == "" })
	}
	return links
}

const noRecord = ^uint64(0) // of what is to be taken out

// pairs goes through records of the same key in order of time and takes out those that tell of a call that another record
// tells of.
func pairs(all []record, key func(record) uint64, same func(a, b record) bool, joined func(a, b record)) {
	slices.SortStableFunc(all, func(a, b record) int {
		return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.at, b.at), a.compare(&b.stamp))
	})
	for i := 0; i < len(all); {
		end := i + 1
		for end < len(all) && key(all[end]) == key(all[i]) {
			end++
		}
		for k := i; k < end; k++ {
			if all[k].gone || k+1 == end {
				continue
			}
			met := map[string]bool{} // formats in which the call was found by what it says: once in each
			// Of each kind of record one is of the call; a few in a row are looked at, so that cost stays bounded.
			for l := k + 1; l < min(end, k+16) && !all[k].gone; l++ {
				if all[l].gone || joined == nil && met[all[l].format] || !same(all[k], all[l]) {
					continue
				}
				met[all[l].format] = true
				one, other := all[k], all[l]
				if other.saw.worth() > one.saw.worth() {
					one, other = other, one
				}
				one.takes(other)
				if joined != nil {
					joined(one, other)
				}
			}
		}
		i = end
	}
}

// takes makes a record the one of a call that another record tells of, too. What only the other one meant is its own.
func (a record) takes(b record) {
	b.gone = true
	if a.at == 0 {
		a.at = b.at
	}
	i, found := b.in.find(&b.stamp)
	if !found {
		return
	}
	kept := b.in.kept[i]
	delete(b.in.spots, spot{b.source, b.record})
	b.in.kept[i].stamp, b.in.kept[i].acts = stamp{record: noRecord}, nil
	if k, has := a.in.find(&a.stamp); has {
		a.in.kept[k].gave = append(a.in.kept[k].gave, kept.gave...)
		return
	}
	kept.stamp = a.stamp
	if a.in.spots != nil {
		a.in.spots[spot{a.source, a.record}] = len(a.in.kept)
	}
	a.in.kept = append(a.in.kept, kept)
}

// A spot is where a record stands.
type spot struct {
	source string
	record uint64
}

// find finds what a record meant.
func (x *session) find(s *stamp) (int, bool) {
	if x.spots == nil {
		x.spots = make(map[spot]int, len(x.kept))
		for i := range x.kept {
			x.spots[spot{x.kept[i].source, x.kept[i].record}] = i
		}
	}
	i, found := x.spots[spot{s.source, s.record}]
	return i, found
}
