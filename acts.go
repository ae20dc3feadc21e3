package tocsin

import "math/bits"

const (
	// together is how soon after a program's start another one belongs to the same act: a shell starts what a line names, its
	// pipeline and its children, in less, and people and models need more for the next line.
	together = int64(1e9)
	// looped is how soon the same program with nearly the same arguments belongs to the same act, which is a loop.
	looped = int64(10e9)
)

// Acts are what a doer decided to do, out of its ticks, which are in order: each line, request, login and call, and
// of programs' starts the first of each act. What a line set off (children, pipelines, loops) and what the machine does by
// itself are none, nor is what only shows that something went on (an alert, a connection, a file written).
func (t Ticks) Acts() Ticks {
	for len(t) > 0 && t[0].Time == 0 {
		t = t[1:] // neither its time nor its place is known
	}
	t = t.single().once()
	acts := make(Ticks, 0, len(t))
	var started map[uint32]*Tick // the last program of a stream
	hole := false
	for i := range t {
		k := &t[i]
		hole = hole || k.Hole
		if k.starts() {
			if started == nil {
				started = map[uint32]*Tick{}
			}
			before := started[k.Stream]
			started[k.Stream] = k
			if before != nil && !k.Hole && k.follows(before) {
				continue
			}
		}
		if k.Log == 0 || int(k.Log) > len(Logs) || k.Set {
			continue
		}
		acts = append(acts, *k)
		acts[len(acts)-1].Hole = hole
		hole = false
	}
	return acts
}

// starts says that a tick is the start of a program, by the kind of its log.
func (t *Tick) starts() bool {
	if t.Log == 0 || int(t.Log) > len(Logs) {
		return false
	}
	l := Logs[t.Log-1]
	return l == "program" || l == "windows"
}

// follows says that a program's start belongs to the act of the one before it.
func (t *Tick) follows(before *Tick) bool {
	if !t.Dated() || !before.Dated() {
		return false
	}
	gap := t.Time - before.Time
	return gap < together || gap < looped && t.Kind == before.Kind && (t.Text == before.Text || t.Like(before))
}

// Like says that two texts differ in little: at least half of their words, of which there are two or more, are the same.
func (t *Tick) Like(o *Tick) bool {
	both, any := bits.OnesCount64(t.Words&o.Words), bits.OnesCount64(t.Words|o.Words)
	return any >= 2 && 2*both >= any
}
