package actor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

func TestTempoOf(t *testing.T) {
	const s = int64(time.Second)
	start := time.Date(2026, 3, 4, 5, 0, 0, 0, time.UTC).UnixNano()
	ticks := tocsin.Ticks{
		{Time: 0, Text: 9}, // no time
		{Time: start, End: start + 3*s, Text: 1, Kind: 1, Target: 1, Record: 1, Outcome: tocsin.Failed},
		{Time: start, End: start + 3*s, Text: 1, Kind: 2, Target: 1, Record: 1, Outcome: tocsin.Failed}, // a part of the same event
		{Time: start + s/2, Text: 2, Kind: 1, Target: 2, Record: 2, Outcome: tocsin.Worked},
		{Time: start + 4*s, Text: 1, Kind: 1, Target: 1, Record: 3, Outcome: tocsin.Denied},
		{Time: start + 5*s, Text: 1, Kind: 1, Target: 1, Record: 4},
		{Time: start + 3600*s, Text: 3, Kind: 3, Record: 5},
	}
	got := TempoOf(ticks)
	got.PerMinute = nil
	want := tocsin.Tempo{Actions: 5, Busy: 5 * time.Second, Peak1s: 2, Peak10s: 4, Peak60s: 4,
		Gaps:      []time.Duration{500 * time.Millisecond, time.Second, 3500 * time.Millisecond, 3500 * time.Millisecond},
		Occupancy: 2.0 / 13, Overlap: 1, Unique: 3.0 / 5, Tools: 2, Targets: 2, Failed: 2.0 / 3, Changed: 0.5}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(tocsin.Tempo{}, TempoOf(nil)); d != "" {
		t.Error(d)
	}
}

func TestTempoChart(t *testing.T) {
	minute := int64(time.Minute)
	for _, last := range []int64{0, 1, 59 * minute, 10_000 * minute} {
		ticks := tocsin.Ticks{{Time: 5}, {Time: 5 + last/2}, {Time: 5 + last}}
		n := 0
		chart := TempoOf(ticks).PerMinute
		for _, k := range chart {
			n += k
		}
		if n != 3 || len(chart) > maxMinutes || chart[0] == 0 || chart[len(chart)-1] == 0 {
			t.Errorf("over %d ns: %d stretches with %d actions", last, len(chart), n)
		}
	}
}
