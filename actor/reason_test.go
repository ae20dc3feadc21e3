package actor

import (
	"math"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// Each reason is a feature of the table, with what the table adds for the one driver over the other; there is one at least
// against each of the others.
func TestReasonsAreOfTheTable(t *testing.T) {
	w := Fitted()
	var ticks tocsin.Ticks
	at := int64(1_700_000_000e9)
	for i := range 60 {
		ticks = append(ticks, tocsin.Tick{Time: at, Text: uint32(i/2 + 1), Kind: uint32(i%3 + 1), Record: uint32(i + 1), Length: 30, Count: 3, Words: 1 << (i % 20), Typed: true, Log: logLine})
		at += int64(300e6)
	}
	d, share, evidence, reasons := w.judge(ticks)
	if d != tocsin.Script || len(share) == 0 {
		t.Fatalf("60 lines at an even third of a second are judged %v %v", d, share)
	}
	against := map[tocsin.Driver]bool{}
	for _, r := range reasons {
		ok := false
		for i := range evidence {
			if e := &evidence[i]; e.Feature == r.Feature {
				ok = math.Abs(part(e, r.For)-part(e, r.Against)-r.Weight) < 0.006
			}
		}
		if !ok || r.Weight < leastReason || r.Share < 0 || r.Share > 1 {
			t.Errorf("%+v is not in %+v", r, evidence)
		}
		if r.For == d {
			against[r.Against] = true
		} else if r.Against != d {
			t.Errorf("%+v is not about a %v", r, d)
		}
		if r.Never && (r.N < leastTicks || r.Against != tocsin.Human) {
			t.Errorf("%+v says too much", r)
		}
	}
	if !against[tocsin.Human] || !against[tocsin.Agent] {
		t.Errorf("no reason against one of the others: %+v", reasons)
	}
	ticks[30].Time += int64(90e9)
	for i := range ticks[31:] {
		ticks[31+i].Time += int64(90e9)
	}
	_, _, _, reasons = w.judge(ticks)
	for _, r := range reasons {
		if r.Never {
			t.Errorf("it paused for a minute and a half, and %+v", r)
		}
	}
	if _, share, _, reasons := w.judge(ticks[:leastTicks-1]); len(share)+len(reasons) > 0 {
		t.Errorf("nothing is judged of %d acts, but %v", leastTicks-1, reasons)
	}
}
