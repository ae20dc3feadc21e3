package actor

import (
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// started makes the starts of programs: their names, arguments and times in seconds.
func started(log string, all ...tocsin.Action) tocsin.Ticks {
	var ticks tocsin.Ticks
	for i := range all {
		a := all[i]
		a.Verb, a.Log, a.Place.Record = "run", log, uint64(i+1)
		ticks = append(ticks, TickOf(&a))
	}
	return ticks
}

func program1(tool, text string, at float64) tocsin.Action {
	return tocsin.Action{Tool: tool, Text: text, Time: time.Unix(1_800_000_000, int64(at*1e9))}
}

func TestLogNumbers(t *testing.T) {
	if len(tocsin.Logs) != nLogs-1 || tocsin.Logs[logLine-1] != "line" || tocsin.Logs[logWindows-1] != "windows" || tocsin.Logs[logSession-1] != "session" || tocsin.Logs[logAPI-1] != "api" {
		t.Errorf("tocsin.Logs are %q", tocsin.Logs)
	}
	if logNumber("login") != logLogin || logNumber("") != 0 || logNumber("nothing") != 0 {
		t.Error("kinds of log are numbered otherwise")
	}
}

// What a line starts is one act; lines themselves are always acts.
func TestActs(t *testing.T) {
	child := program1("net1", "net1 user", 30.4)
	child.Set = true
	service := program1("tiworker", "tiworker.exe -Embedding", 60)
	service.Set = true
	pipeline := []tocsin.Action{
		program1("ps", "ps aux", 0), program1("grep", "grep ssh", 0.01), program1("awk", "awk {print}", 0.02), // a pipeline
		program1("ping", "ping -c 1 192.0.2.1", 10), program1("ping", "ping -c 1 192.0.2.2", 13), program1("ping", "ping -c 1 192.0.2.3", 16), // a loop
		program1("net", "net user", 30), child,
		program1("id", "id", 45), service,
		program1("whoami", "whoami", 90),
	}
	for _, log := range []string{"program", "windows"} {
		acts := started(log, pipeline...).Acts()
		var at []int64
		for i := range acts {
			at = append(at, acts[i].Time/1e9-1_800_000_000)
		}
		if want := []int64{0, 10, 30, 45, 90}; len(at) != len(want) || at[1] != 10 || at[2] != 30 || at[3] != 45 || at[4] != 90 {
			t.Errorf("%s: acts at %v, want %v", log, at, want)
		}
	}
	if n := len(started("line", pipeline...).Acts()); n != len(pipeline)-2 {
		t.Errorf("%d acts of lines, want %d", n, len(pipeline)-2)
	}
	if n := len(started("", pipeline...).Acts()); n != 0 {
		t.Errorf("%d acts where the log tells of none", n)
	}
}

// A driver that was never recorded in a kind of log is not named there, and the reason is given.
func TestJudgeNamesWhatWasRecorded(t *testing.T) {
	for seed := range uint64(5) {
		for name, ticks := range map[string]tocsin.Ticks{"a model": model(60, seed), "a person": person(60, seed)} {
			for i := range ticks {
				ticks[i].Log = logWindows
			}
			d, share, evidence := Judge(ticks)
			if d != tocsin.Undecided || share != nil || len(evidence) != 1 || evidence[0].Feature != "log" || evidence[0].Seen == "" {
				t.Errorf("%s on Windows is judged %s, %v, %v", name, d, share, evidence)
			}
		}
	}
}

// What an agent's own harness noted is an agent's, also where it does the same again and again.
func TestJudgeTakesTheOwnersWord(t *testing.T) {
	ticks := acts(40, func(i int) (string, string, float64) { return "tool", "tool --image case.img --plugin list", 3 })
	for i := range ticks {
		ticks[i].Log = logSession
	}
	if d, share, evidence := Judge(ticks); d != tocsin.Agent {
		t.Errorf("judged %s, %v\n%v", d, share, evidence)
	}
}

// Whatever is sent, an even pace is a script's.
func TestJudgeKnowsAnEvenPace(t *testing.T) {
	for _, pace := range []time.Duration{1500 * time.Millisecond, 3 * time.Second, 8 * time.Second} {
		ticks := model(40, 7)
		for i := range ticks {
			ticks[i].Time = ticks[0].Time + int64(i)*int64(pace+20*time.Millisecond) + int64(i%3)*int64(50*time.Millisecond)
		}
		if d, share, evidence := Judge(ticks); d == tocsin.Agent || d == tocsin.Human {
			t.Errorf("every %s: judged %s, %v\n%v", pace, d, share, evidence)
		}
	}
}

// Several who use one name at once show each their own gaps.
func TestJudgeKeepsStreamsApart(t *testing.T) {
	one, two := person(60, 1), person(60, 2)
	for i := range two {
		two[i].Stream++
		two[i].Record += 1000
	}
	both := append(one, two...)
	both.Sort()
	if d, share, _ := Judge(both); d == tocsin.Agent || share["human"] < 0.5 {
		t.Errorf("two people are judged %s, %v", d, share)
	}
}
