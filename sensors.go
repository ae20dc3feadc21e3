package tocsin

// alikeFor is how far apart sensors of one machine stamp one act, in nanoseconds: they write it down when it begins, is allowed or
// has ended, to the second or to the millisecond.
const alikeFor = int64(5e9)

// fewTicks is how many ticks before and behind one are looked at for another sensor's of the same act.
const fewTicks = 16

// once leaves out of ticks, which are in order, what another sensor tells of as well: an act is told by the sensor that tells of the
// most. Two ticks of one sensor are two acts. Like SameEvent's, the ticks are copied where one is left out.
func (t Ticks) once() Ticks {
	var counts [8]struct {
		sensor uint16
		n      int
	}
	sensors := 0
next:
	for i := range t {
		for k := range counts[:sensors] {
			if counts[k].sensor == t[i].Sensor {
				counts[k].n++
				continue next
			}
		}
		if sensors < len(counts) {
			counts[sensors].sensor, counts[sensors].n = t[i].Sensor, 1
			sensors++
		}
	}
	if sensors < 2 {
		return t
	}
	rather := func(x, y uint16) bool { // x tells of more than y
		nx, ny := 0, 0
		for _, c := range counts[:sensors] {
			if c.sensor == x {
				nx = c.n
			}
			if c.sensor == y {
				ny = c.n
			}
		}
		return nx > ny || nx == ny && x < y
	}
	used := make(map[uint64]bool, len(t)/2) // a tick that stands for one of another sensor stands for no second one of it
	out := make(Ticks, 0, len(t))
	hole := false
	for i := range t {
		k := &t[i]
		if k.Sensor != 0 && k.Dated() {
			found := false
			for step := 1; step <= fewTicks && !found; step++ {
				for _, j := range [...]int{i - step, i + step} {
					if j < 0 || j >= len(t) || t[j].Sensor == 0 || t[j].Sensor == k.Sensor || max(t[j].Time-k.Time, k.Time-t[j].Time) > alikeFor ||
						!rather(t[j].Sensor, k.Sensor) || !t[j].tellsOf(k) || used[uint64(j)<<16|uint64(k.Sensor)] {
						continue
					}
					used[uint64(j)<<16|uint64(k.Sensor)], found = true, true
					break
				}
			}
			if found {
				hole = hole || k.Hole
				continue
			}
		}
		out = append(out, *k)
		out[len(out)-1].Hole = k.Hole || hole
		hole = false
	}
	return out
}

// tellsOf says that two ticks of different sensors can be of one act: they have all words of the shorter text in common, which are
// two or more, or their texts are one.
func (t *Tick) tellsOf(o *Tick) bool {
	if t.Text == o.Text {
		return true
	}
	both := t.Words & o.Words
	return (both == t.Words || both == o.Words) && t.Like(o)
}
