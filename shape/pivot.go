package shape

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Pivot is something that findings name, to search for elsewhere.
type Pivot struct {
	Kind, Value string // account, address, hash or file
	N           int    // matches and campaigns that name it
	Level       tocsin.Level
	First, Last time.Time
}

// pivots are the kinds of entities that are worth a search.
var pivots = map[string]string{"user": "account", "principal": "account", "address": "address", "hash": "hash", "file": "file", "process": "file", "callback": "address", "dropped": "file"}

// Pivots lists what matches and campaigns name, by kind and value. Values that grep could not be given are left out and
// counted: of fewer than three characters, or of several lines.
func Pivots(all Matches, campaigns []*tocsin.Campaign) (list []Pivot, left int) {
	seen := map[[2]string]*Pivot{}
	add := func(kind, value string, level tocsin.Level, first, last time.Time) {
		kind = pivots[kind]
		if kind == "" || value == "" {
			return
		}
		key := [2]string{kind, value}
		p := seen[key]
		if p == nil {
			p = &Pivot{Kind: kind, Value: value, First: first, Last: last}
			seen[key] = p
		}
		p.N++
		p.Level = max(p.Level, level)
		if !first.IsZero() && (p.First.IsZero() || first.Before(p.First)) {
			p.First = first
		}
		if last.After(p.Last) {
			p.Last = last
		}
	}
	for m := range all.All(false) {
		level := tocsin.Unrated
		if m.Rule != nil {
			level = m.Rule.Level
		}
		if m.Event == nil {
			continue
		}
		for _, e := range m.Event.Entities() {
			add(e.Kind, strings.Clone(e.Value), level, m.Time, m.Time)
		}
	}
	for _, c := range campaigns {
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				add(h.Kind, h.Value, c.Level, a.First, a.Last)
			}
		}
		for _, v := range c.Victims {
			add(v.Kind, v.Value, c.Level, v.First, v.Last)
		}
		for _, mark := range c.Marks {
			kind, value, _ := strings.Cut(mark, ":")
			add(kind, value, c.Level, c.First, c.Last)
		}
	}
	for _, p := range slices.SortedFunc(maps.Values(seen), func(a, b *Pivot) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Value, b.Value))
	}) {
		if len(p.Value) < 3 || strings.ContainsFunc(p.Value, func(c rune) bool {
			return c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == '\u2028' || c == '\u2029'
		}) {
			left++
			continue
		}
		list = append(list, *p)
	}
	return list, left
}
