package guard

import (
	"cmp"
	"slices"
)

// clusters are sessions that have calls in common, as far as the ids of these tell.
type clusters struct {
	of    map[uint64]*session // a session with a call of an id that is given once in the world
	up    map[*session]*session
	known map[*session]int // how many calls were looked at
}

// root is the session that stands for all that one has calls in common with.
func (c *clusters) root(x *session) *session {
	for c.up[x] != nil {
		if over := c.up[c.up[x]]; over != nil {
			c.up[x] = over
		}
		x = c.up[x]
	}
	return x
}

// look takes in the calls that are new.
func (b *Book) look() {
	c := &b.calls
	if c.of == nil {
		*c = clusters{of: map[uint64]*session{}, up: map[*session]*session{}, known: map[*session]int{}}
	}
	for _, x := range b.sessions {
		n := c.known[x]
		if n > len(x.calls) { // some were forgotten
			n = 0
		}
		for i := n; i < len(x.calls); i++ {
			k := &x.calls[i]
			if k.id == 0 || k.saw&worldwide == 0 {
				continue
			}
			y := c.of[k.id]
			if y == nil {
				c.of[k.id] = x
			} else if a, b := c.root(x), c.root(y); a != b {
				c.up[a] = b
				a.view, b.view = nil, nil
			}
		}
		c.known[x] = len(x.calls)
	}
}

// A cluster is sessions that are looked at together.
type cluster struct{ sessions []*session }

// views makes what is judged of the sessions that changed, and gives the pairs of sessions that have a call in common. What was
// noted is not changed.
func (b *Book) views() (all map[string]*session, links [][2]*session) {
	b.look()
	by := map[*session]*cluster{}
	stale := map[*session]bool{}
	for _, x := range b.sessions {
		r := b.calls.root(x)
		g := by[r]
		if g == nil {
			g = &cluster{}
			by[r] = g
		}
		g.sessions = append(g.sessions, x)
		stale[r] = stale[r] || x.view == nil
	}
	all = make(map[string]*session, len(b.sessions))
	for r, g := range by {
		if stale[r] {
			g.anew()
		}
		for _, x := range g.sessions {
			all[x.id] = x.view
			for _, y := range x.view.common {
				links = append(links, [2]*session{x.view, y})
			}
		}
	}
	slices.SortFunc(links, func(a, b [2]*session) int {
		return cmp.Or(cmp.Compare(a[0].id, b[0].id), cmp.Compare(a[1].id, b[1].id))
	})
	return all, links
}

// anew makes what is judged of the sessions of a cluster.
func (g *cluster) anew() {
	views := make([]*session, len(g.sessions))
	for i, x := range g.sessions {
		v := *x
		v.view, v.spots, v.store, v.newTargets = nil, nil, stored{}, nil
		v.calls, v.kept = slices.Clone(x.calls), slices.Clone(x.kept)
		for k := range v.kept {
			v.kept[k].gave = slices.Clip(v.kept[k].gave)
		}
		x.view, views[i] = &v, &v
	}
	links := joinCalls(views)
	slices.SortFunc(links, func(a, b [2]*session) int {
		return cmp.Or(cmp.Compare(a[0].id, b[0].id), cmp.Compare(a[1].id, b[1].id))
	})
	for _, l := range slices.Compact(links) {
		l[0].common = append(l[0].common, l[1])
	}
	for _, v := range views {
		v.order()
	}
}
