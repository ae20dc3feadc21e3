package actor

import (
	"math"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// priorSlots is a week: of how often something happens on a machine that much is always assumed to have been watched, so
// that a recording of a minute does not make all things common.
const priorSlots = 7 * 24 * 6

// levelWeight is how telling one action of a level is, in nats.
var levelWeight = [...]float64{tocsin.Unrated: 0, tocsin.Informational: 0, tocsin.Low: 0.6, tocsin.Medium: 2, tocsin.High: 4, tocsin.Critical: 6}

// usual is what sealed pages say of how often things happen where.
type usual struct {
	of   map[uint64]*often // by host and kind
	seen map[uint64]*watch // of a host
}

// often counts like deeds of one host.
type often struct {
	n     int32
	sizes []bucket // of the deeds, in order
}

// A bucket counts deeds of about one size.
type bucket struct {
	size int32 // the bucket's smallest
	n    int32
}

// bucketOf rounds a size down: up to 16 exactly, then to an eighth.
func bucketOf(n int32) int32 {
	step := int32(1)
	for n/step > 16 {
		step *= 2
	}
	return n / step * step
}

func (o *often) add(n, times int32) {
	b := bucketOf(n)
	o.n += times
	i, ok := slices.BinarySearchFunc(o.sizes, b, func(x bucket, b int32) int { return int(x.size) - int(b) })
	if ok {
		if o.sizes[i].n += times; o.sizes[i].n == 0 {
			o.sizes = slices.Delete(o.sizes, i, i+1)
		}
		return
	}
	o.sizes = slices.Insert(o.sizes, i, bucket{b, times})
}

// median is the upper one of the sizes.
func (o *often) median() float64 {
	left := o.n / 2
	for _, b := range o.sizes {
		if left -= b.n; left < 0 {
			return float64(b.size)
		}
	}
	return 0
}

// replay adds a page that was added before it was written: what came late for it is not part of what is usual.
func (u *usual) replay(s *Pages, p *page) {
	for st := company; st < strata; st++ {
		for _, d := range p.of[st].doers {
			for _, x := range d.deeds {
				if x.taken {
					u.add(s, x, x.size, 1)
				}
			}
		}
	}
	u.watch(s, p, 1)
}

func (u *usual) add(s *Pages, x *deed, size, times int32) {
	k := s.t.deedHash(x)
	o := u.of[k]
	if o == nil {
		o = &often{}
		u.of[k] = o
	}
	if o.add(size, times); o.n <= 0 {
		delete(u.of, k)
	}
}

// take adds a page.
func (u *usual) take(s *Pages, p *page) {
	p.anew()
	for st := company; st < strata; st++ {
		for _, d := range p.of[st].doers {
			for _, x := range d.deeds {
				x.taken, x.size = true, x.acts()
				u.add(s, x, x.size, 1)
			}
		}
	}
	for f := range p.facts {
		p.facts[f] = true
	}
	u.watch(s, p, 1)
}

// drop takes a page away that was added.
func (u *usual) drop(s *Pages, p *page) {
	u.watch(s, p, -1)
	for st := company; st < strata; st++ {
		for _, d := range p.of[st].doers {
			for _, x := range d.deeds {
				if x.taken {
					u.add(s, x, x.size, -1)
				}
				x.taken = false
			}
		}
	}
}

// watch notes of which hosts anything was seen in a page.
func (u *usual) watch(s *Pages, p *page, times int32) {
	hosts := map[uint64]struct{}{}
	for f, taken := range p.facts {
		if taken && !strings.HasPrefix(s.t.all[f.name], "org:") {
			hosts[s.t.hashes[f.name]] = struct{}{}
		}
	}
	for h := range hosts {
		w := u.seen[h]
		if w == nil {
			w = &watch{}
			u.seen[h] = w
		}
		if w.note(p.slot, times); len(w.in) == 0 {
			delete(u.seen, h)
		}
	}
}

// A watch is when anything was seen of a host.
type watch struct {
	in    []int64 // the slots, in order
	slots int64   // how long that is in all
}

func (w *watch) note(slot int64, times int32) {
	i, ok := slices.BinarySearch(w.in, slot)
	if ok == (times > 0) {
		return
	}
	if times < 0 {
		w.in = slices.Delete(w.in, i, i+1)
	}
	// What lies between its neighbours is counted by way of it, or no longer.
	way := int64(0)
	if i > 0 {
		way += min(slot-w.in[i-1], silence)
	}
	if i < len(w.in) {
		way += min(w.in[i]-slot, silence)
	}
	if i > 0 && i < len(w.in) {
		way -= min(w.in[i]-w.in[i-1], silence)
	}
	if times > 0 {
		w.in = slices.Insert(w.in, i, slot)
		w.slots += way
		if len(w.in) == 1 {
			w.slots = 1
		}
		return
	}
	if w.slots -= way; len(w.in) == 0 {
		w.slots = 0
	}
}

// A host is watched for as long as anything is seen of it. A silence counts as a day at most, so that no forged stamp makes
// what is usual look rare.
const silence = 144

// watched is for how many slots a host was watched, at least 1.
func (u *usual) watched(host uint64) float64 {
	w := u.seen[host]
	if w == nil {
		return 1
	}
	return float64(w.slots)
}

// weigh says how telling a deed is where it happened. What a detector calls new or unusual, and what is telling in
// number only, weighs by how seldom its like is on that machine, and by how much more of it there is than usual.
func (u *usual) weigh(s *Pages, p *page, d *deed) float64 {
	k := &s.t.kinds[d.kind]
	w := levelWeight[min(k.level, tocsin.Critical)]
	if w == 0 {
		return 0
	}
	like, median := 1.0, 0.0
	if o := u.of[s.t.deedHash(d)]; o != nil {
		like, median = float64(o.n), o.median()
		if !d.taken {
			like++
		}
	}
	watched := 1.0
	if d.host != none {
		watched = u.watched(s.t.hashes[d.host])
	}
	n := float64(max(d.acts(), 1))
	rare := math.Log((watched + priorSlots) / (like + 1)) // at most 6 to 7
	burst := min(2, 0.25*math.Log(n))
	if like >= 3 {
		burst = min(2, max(0, 0.5*math.Log(n/max(1, median))))
	}
	if k.verb == "alert" || k.level <= tocsin.Low {
		w *= min(1, rare/4)
		burst *= min(1, rare/4)
		if k.verb == "alert" {
			w += max(0, rare-5)
		}
	}
	return w + burst
}
