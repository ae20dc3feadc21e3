package actor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// small makes the bounds of deeds small enough to be met often.
func small(t *testing.T, plainN, companyN, tellingN int) {
	t.Helper()
	b, s := bounds, share
	t.Cleanup(func() { bounds, share = b, s })
	bounds = [strata]int{plain: plainN, company: companyN, telling: tellingN}
	share = [strata]int{plain: 4, company: 6, telling: 8}
}

// crowd is actions of every stratum, of many doers in few pages, among them some who do very much.
func crowd(n int, seed uint64) []tocsin.Action {
	rng := rand.New(rand.NewPCG(seed, 21))
	levels := []tocsin.Level{tocsin.Informational, tocsin.Low, tocsin.Medium, tocsin.High}
	var all []tocsin.Action
	for i := range n {
		who := fmt.Sprintf("203.0.113.%d", rng.IntN(250))
		if rng.IntN(3) == 0 {
			who = fmt.Sprintf("198.51.100.%d", rng.IntN(3))
		}
		at := time.Duration(rng.Int64N(int64(8 * 10 * time.Minute)))
		a := act(at, who, fmt.Sprintf("h%d", rng.IntN(5)), []string{"scan", "probe", "run"}[rng.IntN(3)], "T1595", tocsin.Failed, levels[rng.IntN(len(levels))],
			fmt.Sprintf("agent:ua%d", rng.IntN(40)))
		a.Tool = fmt.Sprintf("tool%d", rng.IntN(30))
		a.Place.Record = uint64(i)
		a.On = append(a.On, entity("host", fmt.Sprintf("t%d", rng.IntN(200))))
		a.Who = append(a.Who, entity("user", fmt.Sprintf("u%d", rng.IntN(20))))
		a.Rules = []*tocsin.Rule{{ID: fmt.Sprint(rng.IntN(12)), Title: "first", Level: tocsin.Low}, {ID: "r", Title: fmt.Sprintf("rule %d", rng.IntN(20)), Level: tocsin.Level(rng.IntN(5))}}
		if rng.IntN(20) == 0 {
			a.Who = nil
		}
		if rng.IntN(40) == 0 {
			a.Time = time.Time{}
		}
		if rng.IntN(30) == 0 {
			a.Again = true
		}
		all = append(all, a)
	}
	return all
}

// TestBounds holds that what is beyond the bounds of deeds is let go by rules that do not depend on the order in which it
// came or on how it was shared out among readers, that it is counted, and that no bound is exceeded.
func TestBounds(t *testing.T) {
	small(t, 300, 150, 200)
	for seed := range uint64(6) {
		all := crowd(12_000, seed)
		noted := int64(0)
		for i := range all {
			if a := &all[i]; !a.Again && (len(a.Who) > 0 || a.Level > tocsin.Informational) {
				noted++
			}
		}
		var want []string
		for round := range uint64(5) {
			s := shared(round, 1+int(round), all)
			s.Whole()
			s.Actors(0) // what is undated is never sealed, and cut when it is asked for
			n, _, _, _, _ := s.size()
			for st := range strata {
				if n[st] > bounds[st] {
					t.Errorf("%d deeds of stratum %d are held, more than %d", n[st], st, bounds[st])
				}
				for _, p := range s.pages {
					for _, d := range p.of[st].doers {
						if len(d.deeds) > share[st] {
							t.Errorf("a doer has %d deeds of stratum %d in a page, more than %d", len(d.deeds), st, share[st])
						}
					}
				}
			}
			if held, gone := s.held(), s.letGoN(); held+gone != noted || gone == 0 {
				t.Errorf("%d actions are held and %d let go of %d", held, gone, noted)
			}
			got := inventory(s)
			if want == nil {
				want = got
			}
			same(t, fmt.Sprintf("seed %d, round %d", seed, round), want, got)
		}
	}
}

// TestBoundsOfADeed holds that of more targets, names, strings, credentials, rules and places than a deed keeps the same ones
// stay, whatever the order.
func TestBoundsOfADeed(t *testing.T) {
	var all []tocsin.Action
	for i := range 3 * 64 * 300 {
		a := act(time.Duration(i%600)*time.Second, "203.0.113.1", "h", "probe", "T1190", tocsin.Failed, tocsin.Medium, fmt.Sprintf("agent:%d", i%(3*maxMarks)))
		a.Place = tocsin.Place{Time: a.Time, Source: fmt.Sprintf("log/%d", i%7), Record: uint64(i / 7)}
		a.On = []tocsin.Entity{entity("host", fmt.Sprint("t", i%(3*maxOn)))}
		a.Who = append(a.Who, entity("user", fmt.Sprint("u", i%(3*maxAlias))))
		a.Credential = fmt.Sprintf("key:%016x", i%(3*maxMarks))
		a.Rules = []*tocsin.Rule{{Title: "same"}, {Title: fmt.Sprintf("rule %02d", i%(3*maxRules)), Level: tocsin.Level(i % 3)}}
		a.Bytes = int64(i)
		all = append(all, a)
	}
	var want []string
	for round := range uint64(4) {
		s := shared(round, 1+int(round), all)
		s.blocks = 200
		s.Whole()
		var x *deed
		for _, p := range s.pages {
			for _, d := range p.of[telling].doers {
				x = d.deeds[0]
			}
		}
		n := [roles]int{}
		for _, r := range x.refs {
			n[r.role]++
		}
		if n != [roles]int{roleOn: maxOn, roleAlias: maxAlias, roleMark: maxMarks, roleCredential: maxMarks} || len(x.rules) != maxRules || len(x.blocks) != 200 || !x.sparse || int(x.n) != len(all) {
			t.Errorf("%v refs, %d rules, %d blocks of %d actions", n, len(x.rules), len(x.blocks), x.n)
		}
		got := inventory(s)
		if want == nil {
			want = got
		}
		same(t, fmt.Sprint("round ", round), want, got)
	}
}

// TestNamesDie holds that the names of what is let go are let go as well: one who asks for a million names fills no memory.
func TestNamesDie(t *testing.T) {
	s := NewPages(Key{1})
	n := 300_000
	if testing.Short() {
		n = 100_000
	}
	most := 0
	for i := range n {
		a := act(time.Second, "203.0.113.7", "h", "resolve", "T1071", tocsin.Worked, tocsin.Medium)
		a.On = []tocsin.Entity{entity("domain", fmt.Sprintf("x%08d.%s.example", i, strings.Repeat("a", 40)))}
		a.Marks = []string{fmt.Sprintf("callback:%d", i)}
		a.Tool = fmt.Sprintf("t%d", i)
		s.Add(&a)
		most = max(most, len(s.t.all)+len(s.t.kinds))
	}
	if most > 140_000 {
		t.Errorf("%d names and kinds were held at once", most)
	}
	s.Whole()
	s.sweep()
	if n, _, _, _, names := s.size(); n[telling] != share[telling] || names > share[telling]*(maxOn+maxMarks)+10 {
		t.Errorf("%d deeds and %d names are held", n[telling], names)
	}
	if held, gone := s.held(), s.letGoN(); held+gone != int64(n) {
		t.Errorf("%d held and %d let go of %d", held, gone, n)
	}
}

// TestNobodyCrowdsOut holds that whoever picks names, without knowing the key, sweeps out nothing of what others did
// elsewhere in the page or in other pages.
func TestNobodyCrowdsOut(t *testing.T) {
	for _, level := range []tocsin.Level{tocsin.Low, tocsin.Medium} {
		s := NewPages(Key{9})
		for i := range 1000 { // the intrusion
			a := act(time.Duration(i)*time.Second, fmt.Sprintf("198.51.100.%d", i%256), "victim", "run", "T1059", tocsin.Worked, level)
			a.Tool = fmt.Sprint("tool", i/256)
			s.Add(&a)
		}
		before := s.held()
		for i := range 200_000 { // one address with another program each, in the same pages and others
			a := act(time.Duration(i%3000)*time.Second, "2001:db8::4:5f96", "www", "request", "T1595", tocsin.Failed, level)
			a.Tool = fmt.Sprintf("ua%d", i)
			s.Add(&a)
		}
		s.Whole()
		left := int64(0)
		for _, p := range s.pages {
			for _, d := range p.of[stratumOf(level)].doers {
				for _, x := range d.deeds {
					if s.t.text(d.who) != "address:2001:db8::4:5f96" {
						left += int64(x.n)
					} else if len(d.deeds) > share[stratumOf(level)] {
						t.Errorf("%s: it has %d deeds in a page", level, len(d.deeds))
					}
				}
			}
		}
		if left != before {
			t.Errorf("%s: of %d actions of others %d are left", level, before, left)
		}
		if s.letGoN() == 0 {
			t.Errorf("%s: what was let go is not counted", level)
		}
	}
}

// TestManyDoers holds that a page that more doers fill than it has room for costs other pages nothing until the bound of all
// is met, and keeps its own most.
func TestManyDoers(t *testing.T) {
	if testing.Short() {
		t.Skip("a few seconds")
	}
	s := NewPages(Key{3})
	for i := range 200 {
		a := act(24*time.Hour+time.Duration(i)*time.Minute, fmt.Sprintf("198.51.100.%d", i), "victim", "run", "T1059", tocsin.Worked, tocsin.High)
		s.Add(&a)
	}
	n := 3 * bounds[telling]
	for i := range n {
		a := act(time.Duration(i%500)*time.Second, fmt.Sprintf("2001:db8::%x:%x", i>>16, i&0xffff), "www", "probe", "T1190", tocsin.Failed, tocsin.Medium)
		s.Add(&a)
	}
	s.Whole()
	size, _, _, _, _ := s.size()
	if size[telling] > bounds[telling] || size[telling] < bounds[telling]/4 {
		t.Errorf("%d deeds are held, the bound is %d", size[telling], bounds[telling])
	}
	others := 0
	for _, p := range s.pages {
		for _, d := range p.of[telling].doers {
			if strings.HasPrefix(s.t.text(d.who), "address:198.") {
				others += len(d.deeds)
			}
		}
	}
	if others != 200 {
		t.Errorf("of 200 deeds of another day %d are left", others)
	}
	if held, gone := s.held(), s.letGoN(); held+gone != int64(n+200) {
		t.Errorf("%d held and %d let go of %d", held, gone, n+200)
	}
}

// TestQuietBound meets the bounds of what is ordinary and of what is telling in company only, at three times what they are.
func TestQuietBound(t *testing.T) {
	if testing.Short() {
		t.Skip("ten seconds")
	}
	s := NewPages(Key{4})
	for i := range 300 {
		a := act(time.Duration(i)*time.Second, fmt.Sprintf("198.51.100.%d", i), "victim", "run", "T1059", tocsin.Worked, tocsin.High)
		s.Add(&a)
	}
	n := 3 * bounds[plain]
	for i := range n {
		level := tocsin.Informational
		if i%3 == 0 {
			level = tocsin.Low
		}
		a := act(time.Duration(i%86400)*time.Second, fmt.Sprintf("2001:db8::%x:%x", i>>16, i&0xffff), "www", "request", "", tocsin.Worked, level)
		s.Add(&a)
	}
	s.Whole()
	size, ticks, blocks, _, names := s.size()
	if size[plain] > bounds[plain] || size[company] > bounds[company] || size[telling] != 300 || ticks > maxTicks[plain]+maxTicks[company]+maxTicks[telling] || blocks > allBlocks || names > n {
		t.Errorf("%v deeds, %d ticks, %d blocks, %d names", size, ticks, blocks, names)
	}
	if held, gone := s.held(), s.letGoN(); held+gone != int64(n+300) {
		t.Errorf("%d held and %d let go of %d", held, gone, n+300)
	}
}

// TestTicksBound holds that which times of actions are kept does not depend on how they were shared out, within a doer and
// over all, and that a doer's earliest stay.
func TestTicksBound(t *testing.T) {
	fill := func(parts, n int) *Pages {
		to := make([]*Pages, parts)
		for k := range to {
			to[k] = NewPages(Key{1})
			for i := k * n / parts; i < (k+1)*n/parts; i++ { // each reader has a stretch of time
				a := act(time.Duration(i)*time.Second/20, "203.0.113.7", "h", "scan", "T1595", tocsin.Failed, tocsin.Medium)
				a.Place.Record = uint64(i)
				to[k].Add(&a)
			}
		}
		for _, p := range to[1:] {
			to[0].Merge(p)
		}
		to[0].Whole()
		return to[0]
	}
	const n = 40_000
	want := fill(1, n)
	actors := want.Actors(0)
	want.Describe(actors[0])
	holes := 0
	for _, ticks := range actors[0].Ticks {
		for i := range ticks {
			if ticks[i].Hole {
				holes++
			}
		}
	}
	if holes == 0 || actors[0].Tempo.Actions > n || actors[0].Tempo.Actions < ownTicks {
		t.Errorf("of %d actions tempo knows %d, with %d holes", n, actors[0].Tempo.Actions, holes)
	}
	for _, parts := range []int{2, 5, 8} {
		same(t, fmt.Sprint(parts, " readers"), inventory(want), inventory(fill(parts, n)))
	}
}

// TestTicksInAll meets the bound of all ticks at three times what it is.
func TestTicksInAll(t *testing.T) {
	if testing.Short() {
		t.Skip("ten seconds")
	}
	const doers = 60
	n := 3 * maxTicks[telling]
	fill := func(parts int) *Pages {
		to := make([]*Pages, parts)
		for k := range to {
			to[k] = NewPages(Key{1})
			a := act(0, "", "h", "scan", "T1595", tocsin.Failed, tocsin.Medium)
			for i := k; i < n; i += parts {
				a.Time = day.Add(time.Duration(i) * 10 * time.Millisecond)
				a.Who[0].Value = addresses[i%doers]
				a.Place.Record = uint64(i)
				to[k].Add(&a)
			}
		}
		for _, p := range to[1:] {
			to[0].Merge(p)
		}
		to[0].Whole()
		return to[0]
	}
	one, four := fill(1), fill(4)
	if _, ticks, _, _, _ := one.size(); ticks > maxTicks[plain]+maxTicks[company]+maxTicks[telling] || ticks < maxTicks[telling]/4 {
		t.Errorf("%d ticks are held, the bound is %d", ticks, maxTicks[telling])
	}
	if one.ticks != four.ticks {
		t.Errorf("a doer has %d ticks in a page, with four readers %d", one.ticks, four.ticks)
	}
	same(t, "four readers", inventory(one), inventory(four))
}

var addresses = func() (all [256]string) {
	for i := range all {
		all[i] = fmt.Sprintf("203.0.113.%d", i)
	}
	return all
}()

// TestFactsBound holds that whoever names a million machines fills no memory with them, in one page or in many.
func TestFactsBound(t *testing.T) {
	s := NewPages(Key{1})
	n := 3 * maxFacts * 20
	for i := range n {
		a := act(time.Duration(i%20)*10*time.Minute, "", fmt.Sprint("h", i), "run", "", tocsin.Worked, tocsin.Informational)
		a.Who = nil
		s.Add(&a)
	}
	s.Whole()
	for _, p := range s.pages {
		if len(p.facts) > maxFacts {
			t.Errorf("a page has %d facts", len(p.facts))
		}
	}
}

// TestLongNames holds that of a long name no more is kept than of others, and that one that ends within a character or is no
// UTF-8 is one name.
func TestLongNames(t *testing.T) {
	s := NewPages(Key{1})
	for i := range 2000 {
		a := act(time.Duration(i%500)*time.Second, "203.0.113.7", "h", "probe", "T1190", tocsin.Failed, tocsin.Medium, "agent:"+strings.Repeat("é", 4000+i), "token:\xff"+fmt.Sprint(i%3))
		a.On = []tocsin.Entity{entity("url", fmt.Sprintf("/%d%s", i, strings.Repeat("a", 8000)))}
		a.Who = append(a.Who, entity("user", strings.Repeat("é\xff", 3000)))
		a.Tool = strings.Repeat("b", 5000+i)
		s.Add(&a)
	}
	s.Whole()
	bytes := 0
	for _, n := range s.t.all {
		bytes += len(n)
	}
	n, _, _, _, _ := s.size()
	if n[telling] != 1 || bytes > 2000*600 {
		t.Errorf("%d deeds, %d bytes of names", n[telling], bytes)
	}
	for _, p := range s.pages {
		for _, d := range p.of[telling].doers {
			for _, x := range d.deeds {
				have := map[[2]int32]bool{}
				for _, r := range x.refs {
					k := [2]int32{r.name, int32(r.role)}
					if have[k] {
						t.Errorf("%.40q is kept twice", s.t.text(r.name))
					}
					have[k] = true
				}
				if want := 1 + 3 + 1 + maxOn; len(x.refs) != want {
					t.Errorf("%d names, want %d", len(x.refs), want)
				}
			}
		}
	}
}
