package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/campaign"
)

var month = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// monthOf makes about n deeds of an estate in a month: strangers that knock, accounts at work, addresses of its own, and a
// hundredth that is telling by itself; in order of time.
func monthOf(n, hosts int) []tocsin.Action {
	rng := rand.New(rand.NewPCG(1, 2))
	usual := []tocsin.Action{
		{Verb: "login", Tactic: "credential-access", Technique: "T1110", Outcome: tocsin.Failed, Level: tocsin.Low},
		{Verb: "scan", Tactic: "reconnaissance", Technique: "T1595.003", Outcome: tocsin.Failed, Level: tocsin.Low},
		{Verb: "list", Tactic: "discovery", Technique: "T1033", Outcome: tocsin.Worked, Level: tocsin.Low},
		{Verb: "run", Outcome: tocsin.Worked, Level: tocsin.Informational},
		{Verb: "login", Outcome: tocsin.Worked, Level: tocsin.Informational},
		{Verb: "request", Outcome: tocsin.Worked, Level: tocsin.Informational},
	}
	telling := []tocsin.Action{
		{Verb: "probe", Tactic: "initial-access", Technique: "T1190", Outcome: tocsin.Failed, Level: tocsin.Medium},
		{Verb: "read", Tactic: "credential-access", Technique: "T1552", Outcome: tocsin.Worked, Level: tocsin.Medium},
		{Verb: "run", Tactic: "lateral-movement", Technique: "T1021.002", Outcome: tocsin.Worked, Level: tocsin.Medium},
		{Verb: "create", Tactic: "persistence", Technique: "T1543.003", Outcome: tocsin.Worked, Level: tocsin.Medium},
	}
	entity := func(kind, format string, a ...any) tocsin.Entity {
		return tocsin.Entity{Kind: kind, Value: fmt.Sprintf(format, a...)}
	}
	all := make([]tocsin.Action, n)
	for i := range all {
		a := usual[rng.IntN(len(usual))]
		if rng.IntN(100) == 0 {
			a = telling[rng.IntN(len(telling))]
		}
		a.Host, a.Org = fmt.Sprintf("h%d.corp.example", rng.IntN(hosts)), "corp.example"
		a.Time = month.Add(time.Duration(rng.Int64N(int64(30 * 24 * time.Hour))))
		a.Text = fmt.Sprint(a.Verb, " ", i%997)
		a.On = []tocsin.Entity{entity("host", "%s", a.Host)}
		switch rng.IntN(3) {
		case 0:
			s := rng.IntN(10_000)
			a.Who = []tocsin.Entity{entity("address", "198.51.%d.%d", s/250, s%250)}
			a.Marks = []string{fmt.Sprintf("agent:ua%d", rng.IntN(500))}
		case 1:
			a.Who = []tocsin.Entity{entity("session", "%s/%d", a.Host, rng.IntN(50)), entity("user", `corp\u%d`, rng.IntN(400))}
		default:
			a.Who = []tocsin.Entity{entity("address", "10.0.%d.%d", rng.IntN(4), rng.IntN(250))}
			a.On = append(a.On, entity("user", `corp\u%d`, rng.IntN(400)))
		}
		all[i] = a
	}
	slices.SortStableFunc(all, func(x, y tocsin.Action) int { return x.Time.Compare(y.Time) })
	for i := range all {
		all[i].Place = tocsin.Place{Time: all[i].Time, Source: "log/" + all[i].Host, Record: uint64(i + 1)}
	}
	return all
}

// noted is a State that was told of actions, sealed up to the last.
func noted(all []tocsin.Action) *State {
	s := NewState(StateOptions{Key: actor.Key{1}})
	for i := range all {
		s.Note("a", uint64(i+1), &all[i])
	}
	s.pages.Seal(all[len(all)-1].Time)
	return s
}

// BenchmarkReplay is recovery: a month of 300 machines, 100,000 deeds, is read back from its written form and turned once.
func BenchmarkReplay(b *testing.B) {
	all := monthOf(100_000, 300)
	s := noted(all)
	written := store{}
	written.save(b, s, nil)
	size := 0
	for _, piece := range written {
		size += len(piece)
	}
	mark := all[len(all)-1].Time
	deeds := s.pages.Len()
	s, all = nil, nil
	var held, read, turned float64
	b.ReportAllocs()
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		at := cpuNow()
		s := written.load(b, StateOptions{Key: actor.Key{1}}, nil)
		read += (cpuNow() - at).Seconds()
		at = cpuNow()
		s.Turn(mark)
		turned += (cpuNow() - at).Seconds()
		runtime.GC()
		runtime.ReadMemStats(&after)
		held = max(held, float64(after.HeapAlloc)-float64(before.HeapAlloc))
		runtime.KeepAlive(s)
	}
	b.ReportMetric(read/float64(b.N), "cpu-s/read")
	b.ReportMetric(turned/float64(b.N), "cpu-s/turn")
	b.ReportMetric(held/1e6, "MB-held")
	b.ReportMetric(float64(size)/1e6, "MB-written")
	b.ReportMetric(float64(deeds), "deeds")
}

// BenchmarkCommit is a commit of a State that knows 100,000 deeds of a month, after each 1,000 further actions.
func BenchmarkCommit(b *testing.B) {
	all := monthOf(100_000, 300)
	s := noted(all)
	kept := store{}
	kept.save(b, s, nil)
	at := all[len(all)-1].Time
	seq, size, pieces := uint64(len(all)), 0, 0
	var took []float64
	for b.Loop() {
		for range 1000 {
			a := all[int(seq)%len(all)]
			at = at.Add(time.Millisecond)
			seq++
			a.Time, a.Place = at, tocsin.Place{Time: at, Source: "log/new", Record: seq}
			s.Note("a", seq, &a)
		}
		began := cpuNow()
		if err := s.Save(func(_ string, piece []byte) error { size += len(piece); pieces++; return nil }, func(string) error { return nil }); err != nil {
			b.Fatal(err)
		}
		s.Saved()
		took = append(took, (cpuNow()-began).Seconds()*1000)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-cpu-ms")
	b.ReportMetric(took[len(took)-1], "worst-cpu-ms")
	b.ReportMetric(float64(size)/float64(b.N)/1000, "kB/commit")
	b.ReportMetric(float64(pieces)/float64(b.N), "pieces/commit")
}

// growing makes the i-th action of an adversary that grows one thing.
func growing(what string, i int) tocsin.Action {
	a := tocsin.Action{Host: fmt.Sprintf("h%d.corp.example", i%300), Org: "corp.example", Verb: "create", Tactic: "persistence", Technique: fmt.Sprint("T", i%500), Outcome: tocsin.Worked,
		Level: tocsin.Medium, Who: []tocsin.Entity{{Kind: "address", Value: fmt.Sprintf("10.9.%d.%d", i>>8&255, i&255)}}, Text: fmt.Sprint("text ", i)}
	switch what {
	case "actor":
		a.Who[0].Value = "203.0.113.9"
	case "host":
		a.Host = "bastion.corp.example"
		a.Who[0] = tocsin.Entity{Kind: "session", Value: fmt.Sprint("bastion.corp.example/", i)}
	case "mark":
		a.Marks = []string{"token:one", fmt.Sprint("token:", i/2)}
	case "account":
		a.Verb, a.Tactic, a.Technique = "login", "credential-access", "T1110"
		a.On = []tocsin.Entity{{Kind: "user", Value: `corp\root`}}
		a.Who = append(a.Who, tocsin.Entity{Kind: "user", Value: `corp\root`})
	}
	return a
}

// BenchmarkTurn is a Turn after each 1,000 further actions within ten minutes, of a State that knows 20,000 deeds of a month, or
// 100,000; so while all that is new is ordinary use of strangers; and so while somebody makes one actor, one machine, one string or
// one account grow.
func BenchmarkTurn(b *testing.B) {
	for _, what := range []string{"ordinary", "large", "quiet", "actor", "host", "mark", "account"} {
		b.Run(what, func(b *testing.B) {
			deeds := 20_000
			if what == "large" || what == "quiet" {
				deeds = 100_000
			}
			all := monthOf(deeds, 300)
			s := noted(all)
			at := all[len(all)-1].Time
			s.Turn(at)
			more := monthOf(30_000, 300)
			var took []float64
			seq := uint64(len(all))
			for b.Loop() {
				for range 1000 {
					i := int(seq) % len(more)
					a := more[i]
					switch what {
					case "ordinary", "large":
					case "quiet":
						a = deedOf(at, fmt.Sprint("www", seq%5), fmt.Sprintf("address:192.0.2.%d", seq%250), "request", "", "", tocsin.Worked, tocsin.Informational, "host:www.corp.example")
					default:
						a = growing(what, int(seq))
					}
					if at = at.Add(600 * time.Millisecond); what == "quiet" { // a turn is a fifth of a second
						at = at.Add(-600*time.Millisecond + 200*time.Microsecond)
					}
					a.Time = at
					a.Place = tocsin.Place{Time: at, Source: "log/new", Record: seq}
					seq++
					s.Note("a", seq, &a)
				}
				began := cpuNow()
				s.Turn(at)
				took = append(took, (cpuNow()-began).Seconds()*1000)
			}
			slices.Sort(took)
			b.ReportMetric(took[len(took)/2], "p50-cpu-ms")
			b.ReportMetric(took[len(took)*99/100], "p99-cpu-ms")
			b.ReportMetric(took[0], "least-cpu-ms")
			b.ReportMetric(float64(s.pages.Len()), "deeds")
			b.ReportMetric(float64(len(s.Result().Campaigns)), "campaigns")
		})
	}
}

// BenchmarkSessions is N sessions on one terminal server, each of which makes a user: the cost of each does not grow with N.
func BenchmarkSessions(b *testing.B) {
	for _, n := range []int{1_000, 4_000, 16_000, 64_000} {
		all := make([]tocsin.Action, n)
		for i := range all {
			at := month.Add(time.Duration(i) * time.Second)
			all[i] = tocsin.Action{Time: at, Host: "ts1.corp.example", Org: "corp.example", Verb: "create", Tactic: "persistence", Technique: "T1136.001", Outcome: tocsin.Worked, Level: tocsin.Medium,
				Who:  []tocsin.Entity{{Kind: "session", Value: fmt.Sprint("ts1.corp.example/", i)}, {Kind: "user", Value: fmt.Sprintf(`corp\u%d`, i%50)}},
				On:   []tocsin.Entity{{Kind: "host", Value: "ts1.corp.example"}, {Kind: "user", Value: fmt.Sprint("new", i)}},
				Text: "net user new /add", Tool: "net", Place: tocsin.Place{Time: at, Source: "log/ts1", Record: uint64(i + 1)}}
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			var add, join, build time.Duration
			for b.Loop() {
				at := cpuNow()
				p := actor.NewPages(actor.Key{1})
				for i := range all {
					p.Add(&all[i])
				}
				p.Whole()
				add += cpuNow() - at
				at = cpuNow()
				actors := p.Actors(campaign.Least)
				join += cpuNow() - at
				at = cpuNow()
				(&campaign.Board{Describe: p.Describe}).Build(actors)
				build += cpuNow() - at
			}
			each := float64(b.N) * float64(n)
			b.ReportMetric(float64((add+join+build).Nanoseconds())/each, "cpu-ns/deed")
			b.ReportMetric(float64(add.Nanoseconds())/each, "cpu-ns/add")
			b.ReportMetric(float64(join.Nanoseconds())/each, "cpu-ns/join")
			b.ReportMetric(float64(build.Nanoseconds())/each, "cpu-ns/build")
		})
	}
}
