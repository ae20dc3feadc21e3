package guard

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// judged is what was made of a Book when it was judged last. What a principal is judged by is its own calls, and those of others
// who went to the same targets or have a string or a secret in common with it: who shares nothing with what is new is what
// it was.
type judged struct {
	stale   bool // it is to be looked at
	grants  Grants
	counted map[string]*counted    // by what names the principal
	told    map[*counted]*together // by the first of its members
	all     []*tocsin.Principal
}

// Together are principals who are judged together.
type together struct {
	members []*counted
	out     []*tocsin.Principal
}

// Principals judges all principals, the worst first, then by name. What grants allow is no evidence; nil allows nothing. It may be
// called again whenever more was noted: it costs what concerns those of whom something was. What it returns is the caller's, as far
// as the principals themselves; what they refer to is not to be changed.
func (b *Book) Principals(grants Grants) []*tocsin.Principal {
	b.now, b.call, b.deeds = nil, nil, nil
	c := &b.judged
	if !reflect.DeepEqual(grants, c.grants) {
		c.told, c.stale = nil, true
	}
	c.grants = grants
	if c.stale || c.counted == nil {
		sessions, links := b.views()
		c.stale = false
		c.again(b.principals(sessions, links))
	}
	out := make([]*tocsin.Principal, len(c.all))
	for i, p := range c.all {
		own := *p
		out[i] = &own
	}
	return out
}

// again judges those who changed.
func (c *judged) again(all []*principal) {
	was, told := c.counted, c.told
	c.counted, c.told, c.all = make(map[string]*counted, len(all)), map[*counted]*together{}, nil
	every := make([]*counted, len(all))
	for i, p := range all {
		key := p.by + "\x00" + p.name
		n := was[key]
		if n == nil || !slices.Equal(n.in, p.sessions) {
			n = count(p)
		}
		c.counted[key], every[i] = n, n
	}
	for _, members := range parted(every) {
		t := told[members[0]]
		if t == nil || !slices.Equal(t.members, members) {
			t = &together{members, judge(members, c.grants)}
		}
		c.told[members[0]] = t
		c.all = append(c.all, t.out...)
	}
	slices.SortStableFunc(c.all, func(a, b *tocsin.Principal) int {
		return cmp.Or(cmp.Compare(b.Verdict, a.Verdict), cmp.Compare(b.Score, a.Score), cmp.Compare(a.Name, b.Name), cmp.Compare(a.By, b.By))
	})
}

// links finds what leads from a principal to others.
func (j *counted) links() {
	keys, gave, used := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range j.turns {
		for _, g := range c.gave {
			gave[g] = true
		}
		for i := range c.acts {
			a := &c.acts[i]
			for k := range a.on {
				keys[a.on[k].group] = true
			}
			for _, s := range a.strings {
				keys[s] = true
			}
			if a.credential != "" {
				used[a.credential] = true
			}
		}
	}
	for _, x := range []struct {
		to  *[]string
		all map[string]bool
	}{{&j.keys, keys}, {&j.gave, gave}, {&j.used, used}} {
		for k := range x.all {
			*x.to = append(*x.to, k)
		}
	}
}

// parted parts principals into those who have something in common. Each part is in the order in which they came.
func parted(all []*counted) [][]*counted {
	up := make([]int, len(all))
	for i := range up {
		up[i] = i
	}
	root := func(i int) int {
		for up[i] != i {
			up[i] = up[up[i]]
			i = up[i]
		}
		return i
	}
	first := map[string]int{}
	join := func(i int, key string) {
		if f, ok := first[key]; !ok {
			first[key] = i
		} else if a, b := root(i), root(f); a != b {
			up[max(a, b)] = min(a, b)
		}
	}
	given := map[string]bool{}
	for i, c := range all {
		for _, k := range c.keys {
			join(i, k)
		}
		for _, g := range c.gave {
			given[g] = true
			join(i, "secret "+g)
		}
	}
	for i, c := range all {
		for _, u := range c.used {
			if given[u] {
				join(i, "secret "+u)
			}
		}
	}
	at := make(map[int]int, len(all))
	var out [][]*counted
	for i, c := range all {
		r := root(i)
		n, ok := at[r]
		if !ok {
			n = len(out)
			at[r] = n
			out = append(out, nil)
		}
		out[n] = append(out[n], c)
	}
	return out
}
