package actor

import (
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A letGo counts what was let go.
type letGo struct {
	n    int64
	when stretched
}

// all counts what was noted of a page.
func (g *letGo) all(p *page) {
	for st := range strata {
		l := &p.of[st]
		g.n += l.noted
		g.when.add(l.gone.from, l.gone.to)
		for _, d := range l.doers {
			for _, x := range d.deeds {
				g.when.add(x.first, x.last)
			}
		}
	}
}

// told counts the actions of a layer that are there.
func (l *layer) told() int64 {
	n := int64(0)
	for _, d := range l.doers {
		for _, x := range d.deeds {
			n += int64(x.n)
		}
	}
	return n
}

// lost is how many of the actions of a layer are no longer there.
func (l *layer) lost() int64 { return max(0, l.noted-l.told()) }

// gone is what of a page was let go, as it was counted last.
type gone struct {
	known         bool
	lost          [strata]int64
	ticks, places letGo
}

// letGo counts what of a page was let go.
func (p *page) letGo() *gone {
	if p.gone.known {
		return &p.gone
	}
	g := gone{known: true}
	for st := range strata {
		l := &p.of[st]
		g.lost[st] = l.lost()
		for _, d := range l.doers {
			if n := int64(d.ticked) - int64(len(d.ticks)); n > 0 {
				g.ticks.n += n
				g.ticks.when.add(p.slot*slotLength, (p.slot+1)*slotLength)
			}
			for _, x := range d.deeds {
				if x.sparse {
					g.places.n++
					g.places.when.add(x.first, x.last)
				}
			}
		}
	}
	p.gone = g
	return &p.gone
}

// LetGo says what was let go, by kind.
func (s *Pages) LetGo() []tocsin.LetGo {
	quiet, worse := s.cleared[0], s.cleared[1]
	var ticks, places letGo
	for _, p := range s.pages {
		g := p.letGo()
		for st := range strata {
			to := &quiet
			if st == telling {
				to = &worse
			}
			if n := g.lost[st]; n > 0 {
				to.n += n
				to.when.add(p.of[st].gone.from, p.of[st].gone.to)
			}
		}
		ticks.n += g.ticks.n
		ticks.when.add(g.ticks.when.from, g.ticks.when.to)
		places.n += g.places.n
		places.when.add(g.places.when.from, g.places.when.to)
	}
	var out []tocsin.LetGo
	for _, g := range []struct {
		kind string
		letGo
		why string
	}{
		{"telling actions", worse, "more than memory is given to: of each actor a share stays, and of actors a random choice"},
		{"quiet actions", quiet, "more than memory is given to: of each actor a share stays, and of actors a random choice"},
		{"tempo", ticks, "times of single actions, of actors who did very much in ten minutes; the actions are counted"},
		{"places", places, "runs of like actions of which only the first places are listed; the actions are counted"},
		{"old", s.old, "older than the horizon"},
	} {
		if g.n > 0 {
			out = append(out, tocsin.LetGo{Kind: g.kind, N: g.n, From: when(g.when.from), To: when(g.when.to), Why: g.why})
		}
	}
	return out
}

// Late counts the actions that came after their page was sealed. They are kept.
func (s *Pages) Late() int64 { return s.late.n }

// Lost is a sentence about the actions of a stretch of time that were let go, or "".
func (s *Pages) Lost(from, to time.Time) string {
	a, b := nanos(from)/slotLength, nanos(to)/slotLength
	quiet, worse := int64(0), int64(0)
	for _, p := range s.pages {
		if p.slot == 0 || p.slot < a || p.slot > b {
			continue
		}
		g := p.letGo()
		quiet += g.lost[plain] + g.lost[company]
		worse += g.lost[telling]
	}
	if quiet+worse == 0 {
		return ""
	}
	return fmt.Sprintf("In its time %d quiet and %d telling actions, of whomever, were let go to bound memory: it may lack some.", quiet, worse)
}
