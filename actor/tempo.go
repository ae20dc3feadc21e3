package actor

import (
	"slices"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// quiet is the silence that ends being busy.
const quiet = 30 * time.Minute

// window is the stretch of time that occupancy counts.
const window = int64(5 * time.Minute)

// most stretches of the tempo chart.
const maxMinutes = 240

// TempoOf measures the times of ticks, which are in order of time. Those without a time count for nothing; of an event
// with several parts one counts.
func TempoOf(ticks tocsin.Ticks) tocsin.Tempo {
	ticks = ticks.Events()
	t := tocsin.Tempo{Actions: len(ticks)}
	if len(ticks) == 0 {
		return t
	}
	first, last := ticks[0].Time, ticks[len(ticks)-1].Time
	t.Peak1s, t.Peak10s, t.Peak60s = peak(ticks, time.Second), peak(ticks, 10*time.Second), peak(ticks, time.Minute)
	type text struct{ text, kind, target uint32 }
	texts, tools, targets := map[text]struct{}{}, map[uint32]struct{}{}, map[uint32]struct{}{}
	var gaps []time.Duration
	windows := int64(1)
	known, overlap, outcomes, failed, after, changed := 0, 0, 0, 0, 0, 0
	for i := range ticks {
		k := &ticks[i]
		texts[text{k.Text, k.Kind, k.Target}] = struct{}{}
		tools[k.Kind] = struct{}{}
		if k.Target != 0 {
			targets[k.Target] = struct{}{}
		}
		if k.Outcome != tocsin.Unknown {
			outcomes++
			if k.Failed() {
				failed++
			}
		}
		if i == 0 {
			continue
		}
		p := &ticks[i-1]
		if gap := time.Duration(k.Time - p.Time); !k.Hole {
			gaps = append(gaps, gap)
			if gap <= quiet {
				t.Busy += gap
			}
		}
		if (k.Time-first)/window != (p.Time-first)/window {
			windows++
		}
		if p.End != 0 {
			known++
			if k.Time < p.End {
				overlap++
			}
		}
		if p.Failed() {
			after++
			if k.Text != p.Text {
				changed++
			}
		}
	}
	slices.Sort(gaps)
	for _, q := range []int{10, 50, 90, 99} {
		if len(gaps) > 0 {
			t.Gaps = append(t.Gaps, gaps[(len(gaps)-1)*q/100])
		}
	}
	t.Occupancy = float64(windows) / float64((last-first)/window+1)
	t.Overlap, t.Failed, t.Changed = ratio(overlap, known), ratio(failed, outcomes), ratio(changed, after)
	t.Unique = ratio(len(texts), len(ticks))
	t.Tools, t.Targets = len(tools), len(targets)
	t.PerMinute = chart(ticks, first, last)
	return t
}

// chart counts the ticks in equal stretches: minutes where so many are enough.
func chart(ticks tocsin.Ticks, first, last int64) []int {
	n := min((last-first)/int64(time.Minute)+1, maxMinutes)
	counts := make([]int, n)
	length := (last-first)/n + 1
	for i := range ticks {
		counts[(ticks[i].Time-first)/length]++
	}
	return counts
}

// peak is the most ticks that lie within a stretch of time.
func peak(ticks tocsin.Ticks, within time.Duration) int {
	most, from := 0, 0
	for to := range ticks {
		for ticks[to].Time-ticks[from].Time >= int64(within) {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

func ratio(n, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}
