package campaign

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TestByHand holds that stretches typed by hand are told from those of a machine, and that a quiet after which something
// else is done is a decision.
func TestByHand(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var ticks tocsin.Ticks
	at := day.UnixNano()
	add := func(n int, text func(int) uint32, gap func() time.Duration, tactic uint8) {
		for i := range n {
			at += int64(gap())
			ticks = append(ticks, tocsin.Tick{Time: at, Text: text(i), Kind: uint32(tactic), Target: uint32(tactic), Length: 30, Tactic: tactic, Typed: true, Record: uint32(len(ticks))})
		}
	}
	machine := func() time.Duration { return time.Duration(1500+rng.IntN(4000)) * time.Millisecond }
	hand := func() time.Duration { return time.Duration(4+rng.IntN(90)) * time.Second }
	add(300, func(i int) uint32 { return 1000 + uint32(i) }, machine, 7)
	at += int64(9 * time.Minute)
	quiet := at
	add(60, func(i int) uint32 { return uint32(rng.IntN(8)) }, hand, 4)
	add(240, func(i int) uint32 { return 5000 + uint32(i) }, machine, 9)
	share := Autonomy([]stream{{did: ticks}})
	if share == nil || share.Value < 0.85 || share.Value > 0.95 || share.Low > share.Value || share.High < share.Value {
		t.Errorf("autonomy %+v, want about 0.9", share)
	}
	gates := Gates(ticks)
	if len(gates) == 0 || gates[0].Time.UnixNano() < quiet || gates[0].Time.UnixNano() > quiet+int64(2*time.Minute) {
		t.Errorf("decisions %+v, want the first at %s", gates, time.Unix(0, quiet).UTC())
	}
	if Autonomy([]stream{{did: ticks[:5]}}) != nil {
		t.Error("a share is told of five actions")
	}
}
