package actor

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// acts makes n actions: what the i-th is called, and the gap before it in seconds.
func acts(n int, act func(i int) (tool, text string, gap float64)) tocsin.Ticks {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var ticks tocsin.Ticks
	for i := range n {
		tool, text, gap := act(i)
		at = at.Add(time.Duration(gap * float64(time.Second)))
		a := tocsin.Action{Time: at, Verb: "run", Log: "line", Tool: tool, Text: text, Place: tocsin.Place{Record: uint64(i + 1)}}
		ticks = append(ticks, TickOf(&a))
	}
	return ticks
}

// person types short lines, thinks, takes up what was typed, and pauses.
func person(n int, seed uint64) tocsin.Ticks {
	draw := rand.New(rand.NewPCG(seed, 1))
	words := []string{"ls", "cd /tmp", "cat notes.txt", "nmap 192.0.2.7", "nmap -p 80 192.0.2.7", "ssh eve@192.0.2.7", "ls -la", "pwd", "whoami", "man nmap", "ping 192.0.2.7"}
	return acts(n, func(int) (string, string, float64) {
		text := words[draw.IntN(len(words))]
		tool := text
		for i := range len(text) {
			if text[i] == ' ' {
				tool = text[:i]
				break
			}
		}
		return tool, text, math.Exp(2.7 + draw.NormFloat64()*1.2)
	})
}

// program tries one thing after the other as fast as it can.
func program(n int, seed uint64) tocsin.Ticks {
	draw := rand.New(rand.NewPCG(seed, 2))
	words := []string{"enable", "shell", "sh", "cat /proc/mounts"}
	return acts(n, func(i int) (string, string, float64) { return "sh", words[i%len(words)], 0.1 + draw.Float64()/2 })
}

// model writes long lines, each another one, with seconds between them.
func model(n int, seed uint64) tocsin.Ticks {
	draw := rand.New(rand.NewPCG(seed, 3))
	tools := []string{"nxc", "nmap", "grep", "python3", "impacket-lookupsid", "curl"}
	return acts(n, func(i int) (string, string, float64) {
		tool := tools[draw.IntN(len(tools))]
		return tool, fmt.Sprintf("%s --target 198.51.100.%d --user 'u%d' --password 'p%d' --option-%d 2>&1 | grep -iE 'found|valid%d' | head -%d", tool, draw.IntN(9), i, i*7, draw.IntN(50), i, 10+i),
			math.Exp(1.6 + draw.NormFloat64()*0.8)
	})
}

func TestJudge(t *testing.T) {
	for seed := range uint64(20) {
		for _, c := range []struct {
			want tocsin.Driver
			make func(int, uint64) tocsin.Ticks
		}{{tocsin.Human, person}, {tocsin.Script, program}, {tocsin.Agent, model}} {
			if got, share, evidence := Judge(c.make(60, seed)); got != c.want {
				t.Errorf("seed %d: %s is judged %s, %v\n%v", seed, c.want, got, share, evidence)
			}
		}
	}
}

// A person must be able to add a judgement up by hand from what is shown.
func TestJudgeAddsUp(t *testing.T) {
	requests := program(60, 2)
	for i := range requests {
		requests[i].Log, requests[i].Typed = logRequest, false
	}
	for _, ticks := range []tocsin.Ticks{person(60, 1), program(60, 1), model(60, 1), model(11, 1), requests} {
		_, share, evidence := Judge(ticks)
		if share == nil {
			t.Errorf("no shares: %v", evidence)
		}
		var sum [3]float64
		for _, e := range evidence {
			sum[0] += e.Human
			sum[1] += e.Script
			sum[2] += e.Agent
		}
		all := math.Exp(sum[0]) + math.Exp(sum[1]) + math.Exp(sum[2])
		if _, told := share["agent"]; !told { // the logs cannot tell it from a script: the two are one
			share["script"] -= math.Exp(sum[2]) / all
			share["agent"] = math.Exp(sum[2]) / all
		}
		for i, name := range []string{"human", "script", "agent"} {
			if d := math.Abs(share[name] - math.Exp(sum[i])/all); d > 1e-9 {
				t.Errorf("%s: shown weights make %v, the share is %v", name, math.Exp(sum[i])/all, share[name])
			}
		}
		if evidence[0].Feature != "prior" {
			t.Errorf("first comes %q", evidence[0].Feature)
		}
	}
}

// Where no agent was recorded it is not judged against a script, and nothing is said against it.
func TestJudgeTellsNoAgentApart(t *testing.T) {
	requests := program(60, 3)
	for i := range requests {
		requests[i].Log, requests[i].Typed = logRequest, false
	}
	d, share, evidence, reasons := fitted.judge(requests)
	if _, told := share["agent"]; d != tocsin.Script || told || math.Abs(share["human"]+share["script"]-1) > 1e-9 {
		t.Errorf("%s, %v", d, share)
	}
	if e := evidence[len(evidence)-1]; e.Feature != "log" || e.Script != e.Agent {
		t.Errorf("%v", e)
	}
	for _, r := range reasons {
		if r.For == tocsin.Agent || r.Against == tocsin.Agent || r.Feature == "log" {
			t.Errorf("%v", r)
		}
	}
	if len(reasons) == 0 {
		t.Errorf("no reasons")
	}
}

// Logs with whole seconds and those with fractions are judged alike, and when it was does not matter.
func TestJudgeReadsStampsAlike(t *testing.T) {
	ticks := model(60, 4)
	_, fine, _ := Judge(ticks)
	coarse, later := append(tocsin.Ticks(nil), ticks...), append(tocsin.Ticks(nil), ticks...)
	for i := range ticks {
		coarse[i].Time -= coarse[i].Time % int64(time.Second)
		later[i].Time += 1000 * int64(time.Hour)
	}
	for what, other := range map[string]tocsin.Ticks{"whole seconds": coarse, "later": later} {
		if _, share, _ := Judge(other); !cmp.Equal(share, fine) {
			t.Errorf("%s: %v, not %v", what, share, fine)
		}
	}
}

func TestJudgeNeedsEnough(t *testing.T) {
	d, share, evidence := Judge(model(leastTicks-1, 1))
	if d != tocsin.Undecided || share != nil || len(evidence) != 1 || evidence[0].Feature != "acts" {
		t.Errorf("%d actions are judged %s", leastTicks-1, d)
	}
	untimed := model(50, 1)
	for i := range untimed {
		untimed[i].Time = 0
	}
	if d, _, _ := Judge(untimed); d != tocsin.Undecided {
		t.Errorf("actions without times are judged %s", d)
	}
}

// Tools' names are not looked at: others in their place give the same judgement.
func TestJudgeKnowsNoNames(t *testing.T) {
	ticks := model(60, 5)
	_, want, _ := Judge(ticks)
	for i := range ticks {
		ticks[i].Kind = ticks[i].Kind*2654435761 + 12345
		ticks[i].Text = ticks[i].Text*2654435761 + 54321
	}
	if _, share, _ := Judge(ticks); !cmp.Equal(share, want) {
		t.Errorf("with other names %v, not %v", share, want)
	}
}

// Attempts on a service tell people from machines, and no machine from another.
func TestAttemptsTellNoMachines(t *testing.T) {
	for f := commandFamilies; f < nFamilies; f++ {
		for s, w := range fitted.of[f] {
			if w[1] != w[2] {
				t.Errorf("%s, symbol %d: %v", families[f].name, s, w)
			}
		}
	}
}

func TestFeaturesAreWhatJudgeWeighs(t *testing.T) {
	ticks := model(60, 6)
	var sum [3]float64
	for i, f := range Features(ticks) {
		at := 0
		for ; at < nFamilies && families[at].name != f.Family; at++ {
		}
		symbol := i
		for k := range at {
			symbol -= len(families[k].symbols)
		}
		for k := range sum {
			sum[k] += f.Value * fitted.of[at][symbol][k]
		}
	}
	for k := range sum {
		sum[k] += fitted.Prior[0][k]
	}
	p := softmax(sum)
	_, share, _ := Judge(ticks)
	if math.Abs(p[2]-share["agent"]) > 0.02 { // Judge rounds what it shows
		t.Errorf("features make %v, Judge says %v", p, share)
	}
}

// Whatever a log holds, a judgement is a distribution.
func FuzzJudge(f *testing.F) {
	f.Add([]byte("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var ticks tocsin.Ticks
		for ; len(b) >= 8; b = b[8:] {
			n := binary.LittleEndian.Uint64(b)
			ticks = append(ticks, tocsin.Tick{Time: int64(n), Log: uint8(n >> 40 % (nLogs + 1)), Stream: uint32(n >> 50 & 1), Words: n * n, Text: uint32(n >> 3), Kind: uint32(n >> 5 & 3), Target: uint32(n >> 7), Length: uint16(n), Count: uint8(n >> 9),
				Operators: uint8(n >> 11), Typed: n&1 != 0, Outcome: tocsin.Outcome(n >> 13 & 3)})
		}
		ticks.Sort()
		TempoOf(ticks)
		_, share, _ := Judge(ticks)
		if share == nil {
			return
		}
		if sum := share["human"] + share["script"] + share["agent"]; math.Abs(sum-1) > 1e-9 {
			t.Errorf("shares add up to %v", sum)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	ticks := model(1000, 1)
	b.ReportAllocs()
	for b.Loop() {
		Judge(ticks)
	}
}
