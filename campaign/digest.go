package campaign

import (
	"hash/maphash"
	"math"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// digestSeed makes digests of one run that nobody who writes logs can make equal.
var digestSeed = maphash.MakeSeed()

// A digester hashes what stories are made of. Texts and lists are hashed with their lengths.
type digester struct {
	maphash.Hash
	buf [8]byte
}

func (h *digester) flags(all ...bool) {
	x := uint64(len(all))
	for i, f := range all {
		if f {
			x |= 1 << (8 + i)
		}
	}
	h.word(x)
}

func (h *digester) word(x uint64) {
	for i := range h.buf {
		h.buf[i] = byte(x >> (8 * i))
	}
	h.Write(h.buf[:])
}

func (h *digester) text(all ...string) {
	for _, s := range all {
		h.word(uint64(len(s)))
		h.WriteString(s)
	}
}

func (h *digester) time(t time.Time) { h.word(uint64(t.UnixNano())) }

func (h *digester) place(p tocsin.Place) {
	h.time(p.Time)
	h.text(p.Source)
	h.word(p.Record)
}

func (h *digester) entities(all []tocsin.Entity) {
	h.word(uint64(len(all)))
	for i := range all {
		h.text(all[i].Kind, all[i].Value)
	}
}

// digest tells apart all that a campaign of a group of members can be made of.
func (w *world) digest(g []*member) uint64 {
	h := &digester{}
	h.SetSeed(digestSeed)
	for _, m := range g {
		h.text(m.ID)
		h.entities(m.Handles)
		h.word(uint64(len(m.Links)))
		for i := range m.Links {
			l := &m.Links[i]
			h.text(l.From, l.To, l.Kind, l.Evidence)
			h.word(math.Float64bits(l.Weight))
		}
		h.word(uint64(len(m.Adaptations)))
		for i := range m.Adaptations {
			a := &m.Adaptations[i]
			h.text(a.From, a.To, a.Evidence)
			h.text(a.Changed...)
			h.time(a.Blocked)
			h.time(a.Resumed)
		}
		h.word(uint64(len(m.Deeds)))
		for i := range m.Deeds {
			w.deed(h, &m.Deeds[i])
		}
		h.word(uint64(len(m.links)))
		for i := range m.links {
			r := &m.links[i]
			h.text(r.kind, r.x.ID, r.y.ID, r.what, r.fromAs, r.toAs, r.text)
			h.word(math.Float64bits(r.weight))
			h.word(uint64(r.n)<<42 | uint64(r.of)<<21 | uint64(r.more))
			h.place(r.from.Place)
			if r.to != nil {
				h.place(r.to.Place)
			}
		}
	}
	return h.Sum64()
}

func (w *world) deed(h *digester, d *tocsin.Deed) {
	h.time(d.Time)
	h.time(d.Last)
	h.word(uint64(d.N))
	h.word(uint64(d.Bytes))
	h.word(math.Float64bits(d.Weight))
	h.buf = [8]byte{byte(d.Level), byte(d.Outcome)}
	if d.Sparse {
		h.buf[2] = 1
	}
	h.Write(h.buf[:3])
	h.text(d.Org, d.Host, w.named(d.Host), d.Verb, d.Tactic, d.Technique, d.Tool, d.Text, d.Credential)
	h.place(d.Place)
	h.text(d.Shown)
	h.place(d.ShownAt)
	h.entities(d.Who)
	h.entities(d.On)
	for i := range d.On { // the same name may turn out another machine's
		w.digestName(h, d, &d.On[i])
	}
	for i := range d.Who {
		w.digestName(h, d, &d.Who[i])
	}
	w.digestName(h, d, &tocsin.Entity{Kind: "host", Value: d.Host})
	h.word(uint64(len(d.Marks)))
	h.text(d.Marks...)
	h.word(uint64(len(d.Named)))
	if len(d.Named) > 0 {
		for i := range d.Who {
			h.named(d, d.Who[i].Kind+":"+d.Who[i].Value)
		}
		for i := range d.On {
			h.named(d, d.On[i].Kind+":"+d.On[i].Value)
		}
		for _, m := range d.Marks {
			h.named(d, m)
		}
	}
	h.word(uint64(len(d.Rules)))
	for _, r := range d.Rules {
		h.text(r.Title)
	}
	h.word(uint64(len(d.Seen)))
	for i := range d.Seen {
		h.text(d.Seen[i].Sensor)
		h.place(d.Seen[i].Place)
	}
	h.word(uint64(len(d.Spans)))
	for i := range d.Spans {
		h.text(d.Spans[i].Source)
		h.word(d.Spans[i].From)
		h.word(d.Spans[i].To)
	}
}

// named is where and when a deed has a name.
func (h *digester) named(d *tocsin.Deed, name string) {
	at, last := d.At(name)
	h.place(at)
	h.time(last)
}

// digestName tells apart what is known of a name that a deed has.
func (w *world) digestName(h *digester, d *tocsin.Deed, e *tocsin.Entity) {
	kind := e.Kind
	switch kind {
	case "host", "address":
		_, name := w.machineOf(e.Value, d)
		h.text(name)
		h.flags(w.acting[name], w.domains[name], name != "" && w.outside(name))
		kind = "host"
	case "user":
		if a, ok := accountOf(*e, d.Org); ok {
			h.flags(w.acting[a.scope])
		}
	default:
		return
	}
	if w.names != nil {
		h.text(w.names.Others(kind, e.Value)...)
	}
}
