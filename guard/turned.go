package guard

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tocsin-ids/tocsin"
)

// Thresholds of what speaks for an agent that was turned, in nats.
const (
	turnedSuspiciousFrom = 3.0
	turnedFrom           = 4.0
)

// Shares of a weight that count where it is not clear that nobody asked for it, or that it does harm.
const (
	unheardShare = 0.7 // the person's messages are not recorded
	sentShare    = 0.6 // of turned-told, where no secret goes along: projects say themselves where their data goes
	wantedShare  = 0.5 // the person asked for such things, but where to or what stood in a result only
)

// A turning is what speaks for a session's agent having been turned against its principal: deeds to its own machine, data
// or limits that nobody had asked for. It is added up by session, for what one session was told is nothing to another.
type turning struct {
	score   float64
	pieces  map[string]*piece // by ground
	foreign *deed             // the first reading of what others wrote
	cleared map[string]bool   // titles of deeds that the person had asked for
	unheard bool              // the person's messages are not recorded
}

// A piece is a ground, how often it was met in full or in part, and where it was last.
type piece struct {
	kinds  map[string]bool
	weight float64
	call   *call
	row    *tocsin.Rule
}

// take adds the deeds of a call.
func (t *turning) take(c *call) {
	for i := range c.deeds {
		d := &c.deeds[i]
		if d.kind == "foreign" {
			if t.foreign == nil {
				t.foreign = d
			}
			continue
		}
		if d.kind == "reported" { // which harms whom it is about
			continue
		}
		share := 1.0
		switch {
		case !d.heard:
			share, t.unheard = unheardShare, true
		case d.named || d.wanted && !d.told && !d.copied:
			if t.cleared == nil {
				t.cleared = map[string]bool{}
			}
			t.cleared[d.row.Title] = true
			continue
		case d.wanted:
			share = wantedShare
		}
		id := "turned-" + d.kind
		if d.flowing {
			id = "turned-sent-secrets"
		}
		t.add(id, d.row, share, c)
		if t.foreign != nil {
			t.add("turned-foreign", t.foreign.row, share, c)
		}
		told := d.told && d.kind != "wiped" || d.copied                                // what is there is listed before it is deleted
		if told && d.kind != "secrets" && d.kind != "fetched" && d.kind != "startup" { // people's installers and aliases stand in instructions
			if d.kind == "sent" && !d.flowing {
				share *= sentShare
			}
			t.add("turned-told", d.row, share, c)
		}
	}
}

// add adds to a ground, once for each kind of deed.
func (t *turning) add(id string, row *tocsin.Rule, share float64, c *call) {
	p := t.pieces[id]
	if p == nil {
		if t.pieces == nil {
			t.pieces = map[string]*piece{}
		}
		p = &piece{kinds: map[string]bool{}}
		t.pieces[id] = p
	}
	if p.kinds[row.ID] {
		return
	}
	p.kinds[row.ID] = true
	g, n := grounds[id], len(p.kinds)
	w := min(share*(g.nats(n)-g.nats(n-1)), g.most-p.weight)
	p.weight += w
	t.score += w
	p.call, p.row = c, row
}

func (t *turning) verdict() tocsin.Verdict {
	switch {
	case t.score >= turnedFrom && !t.unheard:
		return tocsin.Turned
	case t.score >= turnedSuspiciousFrom:
		return tocsin.Suspicious
	}
	return tocsin.Ordinary
}

// turned adds the deeds of a call of the principal and gives the verdict on the session.
func (j *judging) turned(c *call) tocsin.Verdict {
	if len(c.deeds) == 0 {
		return tocsin.Ordinary
	}
	x := j.of[c]
	t := j.turnings[x]
	if t == nil {
		t = &turning{}
		j.turnings[x] = t
	}
	t.take(c)
	return t.verdict()
}

// tellTurned adds what speaks for it to what is said of the principal: of the session for which most does. What clears it
// is said only where something is left to clear.
func (j *judging) tellTurned() {
	o := &j.out
	var worst *turning
	for _, x := range j.sessions {
		if t := j.turnings[x]; t != nil && (worst == nil || t.score > worst.score) {
			worst = t
		}
	}
	if worst == nil || o.Verdict < tocsin.Suspicious {
		return
	}
	if worst.verdict() >= tocsin.Suspicious {
		var all []tocsin.Ground
		for id, p := range worst.pieces {
			all = append(all, tocsin.Ground{ID: id, Weight: p.weight, Call: j.number[p.call], Session: j.of[p.call].id, Quote: p.call.text, Place: p.call.place,
				Sentence: grounds[id].said(len(p.kinds), p.row.Title, itself)})
		}
		add := func(score *float64, to *[]tocsin.Ground) {
			*score += worst.score
			*to = append(*to, all...)
			slices.SortFunc(*to, func(a, b tocsin.Ground) int { return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.ID, b.ID)) })
		}
		add(&o.Score, &o.Evidence)
		for i := range o.ByTarget {
			if o.ByTarget[i].Target == itself {
				add(&o.ByTarget[i].Score, &o.ByTarget[i].Evidence)
			}
		}
		if worst.unheard {
			o.Cleared = append(o.Cleared, "what the person asked for is not recorded, so that it may be what was asked: no more than suspicious can be said")
		}
	}
	for _, title := range slices.Sorted(maps.Keys(worst.cleared)) {
		o.Cleared = append(o.Cleared, "the person asked for it: "+title)
	}
}
