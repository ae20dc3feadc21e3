package actor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// resent is ticks at the pace of a script that sleeps for 1 to 3 seconds.
func resent(ticks tocsin.Ticks, seed uint64) tocsin.Ticks {
	draw := rand.New(rand.NewPCG(seed, 4))
	out := slices.Clone(ticks)
	for i := 1; i < len(out); i++ {
		out[i].Time = out[i-1].Time + int64(time.Second) + draw.Int64N(int64(2*time.Second))
	}
	return out
}

// A script may send any text: a person's lines make no person of it, nor a model's an agent when they are sent again and again. Sent
// once, a model's at about its pace are not always told from its own.
func TestScriptsThatSleep(t *testing.T) {
	for seed := range uint64(20) {
		if d, share, evidence := Judge(resent(person(60, seed), seed)); d != tocsin.Script {
			t.Errorf("seed %d: a person's lines, sent with sleeps of 1 to 3 s, are judged %s: %v\n%v", seed, d, share, evidence)
		}
		list := model(8, seed)
		var again tocsin.Ticks
		for run := range 8 {
			for i, k := range list {
				k.Text += uint32(run) // another address or token in it
				k.Stream, k.Record = uint32(run), uint32(100*run+i+1)
				again = append(again, k)
			}
		}
		if d, share, evidence := Judge(resent(again, seed)); d != tocsin.Script {
			t.Errorf("seed %d: a list of commands in eight sessions is judged %s: %v\n%v", seed, d, share, evidence)
		}
	}
}

// In logs of requests only scripts are named: what is left of the others' shares is not told.
func TestUnsureRequestsTellNothing(t *testing.T) {
	said := map[tocsin.Driver]int{}
	for seed := range uint64(60) {
		draw := rand.New(rand.NewPCG(seed, 5))
		slow, same := draw.Float64()*20, 1+draw.IntN(40)
		requests := acts(40, func(i int) (string, string, float64) {
			return "", fmt.Sprintf("GET /page-%d", i%same), slow * draw.Float64()
		})
		for i := range requests {
			requests[i].Log, requests[i].Typed = logRequest, false
		}
		d, share, evidence := Judge(requests)
		said[d]++
		if (d == tocsin.Script) != (share != nil) || len(evidence) == 0 {
			t.Errorf("seed %d: %s with shares %v and evidence %v", seed, d, share, evidence)
		}
	}
	if said[tocsin.Script] == 0 || said[tocsin.Undecided] == 0 || len(said) != 2 {
		t.Errorf("requests are judged %v; want scripts, some unsure, and nothing else", said)
	}
}

func TestBatches(t *testing.T) {
	at := []float64{0, 10, 10.2, 10.4, 20, 30, 30.5, 31.9}
	var ticks tocsin.Ticks
	for _, s := range at {
		ticks = append(ticks, tocsin.Tick{Time: int64(1e18 + s*1e9), Log: logLine})
	}
	ticks = append(tocsin.Ticks{{Time: -5, Log: logLine}}, ticks...) // no time
	if got, want := batches(ticks), []int{0, 1, 3, 3, 3, 1, 2, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("batches %v, want %v", got, want)
	}
	other := slices.Clone(ticks)
	other[3].Stream = 1
	if got, want := batches(other), []int{0, 1, 2, 1, 2, 1, 2, 2, 1}; !slices.Equal(got, want) {
		t.Errorf("batches of two streams %v, want %v", got, want)
	}
}

// A list that is sent again is of an earlier form, whatever else stands in its places; one line again and again is none.
func TestRows(t *testing.T) {
	list := func(runs int, lengths ...uint16) (c counts) {
		var ticks tocsin.Ticks
		for run := range runs {
			for i, n := range lengths {
				ticks = append(ticks, tocsin.Tick{Time: int64(len(ticks)+1) * 5e9, Log: logLine, Text: uint32(100*run + i), Length: n, Count: 2, Stream: uint32(run)})
			}
		}
		c.order(ticks)
		return c
	}
	if c := list(3, 5, 9, 14, 20); c.n[famOrder] != [maxSymbols]int{4, 2} {
		t.Errorf("a list three times: %v", c.n[famOrder])
	}
	if c := list(3, 5, 5, 5, 5); c.all[famOrder] != 0 {
		t.Errorf("one form throughout: %v", c.n[famOrder])
	}
}

func TestSpread(t *testing.T) {
	c := counts{long: []float64{1, 1, 1, 1, 1, 1, 1}}
	if c.spread(); c.all[famSpread] != 0 {
		t.Error("seven gaps have a spread")
	}
	c.long = append(c.long, 1)
	if c.spread(); c.n[famSpread][0] != 8 {
		t.Errorf("equal gaps: %v", c.n[famSpread])
	}
	c = counts{long: []float64{0, 2, 0, 2, 0, 2, 0, 2}} // σ is 1
	if c.spread(); c.n[famSpread][5] != 8 {
		t.Errorf("gaps of σ 1: %v", c.n[famSpread])
	}
}
