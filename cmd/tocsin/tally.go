package main

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// A tally counts what has one key, and says when it was first and last seen.
type tally struct {
	Count   int64
	Success int64
	Failure int64
	First   time.Time
	Last    time.Time
	Sums    []float64
}

func (t *tally) span(first, last time.Time) {
	if !first.IsZero() && (t.First.IsZero() || first.Before(t.First)) {
		t.First = first
	}
	if last.After(t.Last) {
		t.Last = last
	}
}

func (t *tally) join(o *tally) {
	t.Count += o.Count
	t.Success += o.Success
	t.Failure += o.Failure
	t.span(o.First, o.Last)
	if t.Sums == nil && len(o.Sums) > 0 {
		t.Sums = make([]float64, len(o.Sums))
	}
	for i, s := range o.Sums {
		t.Sums[i] += s
	}
}

// What a worker's groups may be, of each table. A value is cut to mostValue bytes, beyond which nobody tells values apart.
const (
	mostGroups     = 200_000
	mostGroupBytes = 48 << 20
	mostValue      = 1 << 10
)

// groups are tallies by their keys: the values of columns, each ended by a zero byte. They are bounded: where there are
// too many, the rarest are let go and counted, so that what is frequent stays, and is low by little.
type groups struct {
	tallies map[string]*tally
	bytes   int64
	key     []byte // of the group at hand
	lost    lost
}

// lost is what groups let go.
type lost struct {
	groups, events int64
	low            int64 // no count that is shown is too low by more
}

func newGroups() *groups { return &groups{tallies: map[string]*tally{}} }

// begin and value make the key of the next at.
func (g *groups) begin() { g.key = g.key[:0] }

func (g *groups) value(v string) {
	if len(v) > mostValue {
		v = strings.ToValidUTF8(v[:mostValue], "") + "…"
	}
	if strings.IndexByte(v, 0) >= 0 {
		v = strings.ReplaceAll(v, "\x00", "␀")
	}
	g.key = append(append(g.key, v...), 0)
}

// at is the tally of the key at hand.
func (g *groups) at() *tally {
	if t := g.tallies[string(g.key)]; t != nil {
		return t
	}
	if len(g.tallies) >= mostGroups || g.bytes >= mostGroupBytes {
		g.prune()
	}
	t := &tally{}
	g.tallies[string(g.key)] = t
	g.bytes += int64(len(g.key))
	return t
}

// prune lets go the rarer half.
func (g *groups) prune() {
	counts := make([]int64, 0, len(g.tallies))
	for _, t := range g.tallies {
		counts = append(counts, t.Count)
	}
	slices.Sort(counts)
	bound := counts[len(counts)/2]
	g.lost.low += bound
	for k, t := range g.tallies {
		if t.Count <= bound {
			g.lost.groups++
			g.lost.events += t.Count
			g.bytes -= int64(len(k))
			delete(g.tallies, k)
		}
	}
}

// join adds another worker's groups.
func (g *groups) join(o *groups) {
	for k, t := range o.tallies {
		if own := g.tallies[k]; own != nil {
			own.join(t)
		} else {
			g.tallies[k] = t
		}
	}
	g.lost.groups += o.lost.groups
	g.lost.events += o.lost.events
	g.lost.low += o.lost.low
}

// rename gives each value of a column another name, and joins the groups that are one then; only those whose first value
// is only, unless that is empty.
func (g *groups) rename(column int, only string, to func(string) string) {
	for _, k := range slices.Sorted(maps.Keys(g.tallies)) {
		values := valuesOf(k)
		if only != "" && values[0] != only {
			continue
		}
		if n := to(values[column]); n != values[column] {
			values[column] = n
			g.begin()
			for _, v := range values {
				g.value(v)
			}
			t := g.tallies[k]
			delete(g.tallies, k)
			if own := g.tallies[string(g.key)]; own != nil {
				own.join(t)
			} else {
				g.tallies[string(g.key)] = t
			}
		}
	}
}

// valuesOf are the values that a key is made of.
func valuesOf(key string) []string { return strings.Split(strings.TrimSuffix(key, "\x00"), "\x00") }
