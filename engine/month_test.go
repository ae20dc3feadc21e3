package engine

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

// deedOf is an action at a machine of corp.example.
func deedOf(at time.Time, host, who, verb, tactic, technique string, outcome tocsin.Outcome, level tocsin.Level, on ...string) tocsin.Action {
	kind, value, _ := strings.Cut(who, ":")
	a := tocsin.Action{Time: at, Host: host + ".corp.example", Org: "corp.example", Who: []tocsin.Entity{{Kind: kind, Value: value}}, Verb: verb, Tactic: tactic, Technique: technique,
		Outcome: outcome, Level: level, Text: verb + " " + technique + " at " + host}
	for _, o := range on {
		kind, value, _ := strings.Cut(o, ":")
		a.On = append(a.On, tocsin.Entity{Kind: kind, Value: value})
	}
	return a
}

// office is ordinary days of fifty machines: people and administrators at work, strangers at the door, a monitor.
func office(days, perDay int, seed uint64) []tocsin.Action {
	rng := rand.New(rand.NewPCG(seed, 77))
	var all []tocsin.Action
	for range days * perDay {
		at := month.Add(time.Duration(rng.Int64N(int64(days) * int64(24*time.Hour))))
		host := fmt.Sprintf("pc%d", rng.IntN(50))
		user := fmt.Sprintf(`user:corp\u%d`, rng.IntN(40))
		switch rng.IntN(10) {
		case 0, 1, 2: // at work
			all = append(all, deedOf(at, host, user, "run", "", "", tocsin.Worked, tocsin.Informational))
		case 3, 4:
			all = append(all, deedOf(at, host, fmt.Sprintf("address:10.0.0.%d", rng.IntN(50)), "login", "", "", tocsin.Worked, tocsin.Informational, user))
		case 5: // mistyped
			all = append(all, deedOf(at, host, fmt.Sprintf("address:10.0.0.%d", rng.IntN(50)), "login", "credential-access", "T1110", tocsin.Failed, tocsin.Low, user))
		case 6: // looks around
			all = append(all, deedOf(at, host, user, "list", "discovery", "T1057", tocsin.Worked, tocsin.Low))
		default: // strangers
			who := fmt.Sprintf("address:198.51.100.%d", rng.IntN(200))
			for k := range 1 + rng.IntN(3) {
				all = append(all, deedOf(at.Add(time.Duration(k)*time.Second), "web", who, "scan", "reconnaissance", "T1595.003", tocsin.Failed, tocsin.Low, "host:web.corp.example"))
			}
		}
	}
	return all
}

// breach is an intrusion: from outside into a server, and from there into a second machine, within three hours.
func breach(n int, day int) []tocsin.Action {
	at := month.Add(time.Duration(day)*24*time.Hour + time.Duration(9+n)*time.Hour)
	who, first, second := fmt.Sprintf("address:203.0.113.%d", 10+n), fmt.Sprintf("srv%d", n), fmt.Sprintf("db%d", n)
	session := fmt.Sprintf("session:%s.corp.example/%d", second, 70+n)
	minute := func(m int) time.Time { return at.Add(time.Duration(m) * time.Minute) }
	return []tocsin.Action{
		deedOf(minute(0), first, who, "probe", "initial-access", "T1190", tocsin.Worked, tocsin.High),
		deedOf(minute(5), first, who, "create", "persistence", "T1505.003", tocsin.Worked, tocsin.High),
		deedOf(minute(9), first, who, "run", "discovery", "T1033", tocsin.Worked, tocsin.Low),
		deedOf(minute(15), first, who, "read", "credential-access", "T1552", tocsin.Worked, tocsin.Medium),
		deedOf(minute(30), first, who, "login", "lateral-movement", "T1021", tocsin.Worked, tocsin.Medium, "host:"+second+".corp.example"),
		deedOf(minute(33), second, session, "read", "collection", "T1005", tocsin.Worked, tocsin.Medium),
		deedOf(minute(50), second, session, "send", "exfiltration", "T1048", tocsin.Worked, tocsin.High, "domain:x.relay.example"),
		deedOf(minute(170), first, who, "delete", "stealth", "T1070", tocsin.Worked, tocsin.Medium),
	}
}

// live runs actions through a State with a horizon of a week and a turn every ten minutes.
func live(t *testing.T, all []tocsin.Action, each func(s *State, mark time.Time, changed []*tocsin.Campaign)) *State {
	t.Helper()
	slices.SortStableFunc(all, func(x, y tocsin.Action) int { return x.Time.Compare(y.Time) })
	s := NewState(StateOptions{Key: actor.Key{5}, Horizon: 7 * 24 * time.Hour})
	next := 0
	for mark := month; mark.Before(month.Add(30*24*time.Hour + 20*time.Minute)); mark = mark.Add(10 * time.Minute) {
		for next < len(all) && all[next].Time.Before(mark) {
			a := &all[next]
			next++
			a.Place = tocsin.Place{Time: a.Time, Source: "log/" + a.Host, Record: uint64(next)}
			s.Note("a", uint64(next), a)
		}
		changed := s.Turn(mark)
		if each != nil {
			each(s, mark, changed)
		}
	}
	return s
}

// TestMonth holds that of a month in which six intrusions happen among ordinary days, six campaigns are told, each under one
// id from its first telling on, and that memory does not grow.
func TestMonth(t *testing.T) {
	if testing.Short() {
		t.Skip("a month takes ten seconds")
	}
	all := office(30, 120, 1)
	days := []int{1, 6, 11, 15, 20, 25}
	for n, d := range days {
		all = append(all, breach(n, d)...)
	}
	heap := map[int]float64{}
	pages := 0
	ids := map[string]map[string]bool{} // by the address of the intruder
	s := live(t, all, func(s *State, mark time.Time, changed []*tocsin.Campaign) {
		for _, c := range changed {
			for _, a := range c.Actors {
				for _, h := range a.Handles {
					if strings.HasPrefix(h.Value, "203.0.113.") {
						if ids[h.Value] == nil {
							ids[h.Value] = map[string]bool{}
						}
						ids[h.Value][c.ID] = true
					}
				}
			}
		}
		day := int(mark.Sub(month) / (24 * time.Hour))
		if mark.Equal(month.Add(time.Duration(day)*24*time.Hour)) && slices.Contains([]int{8, 15, 22, 30}, day) {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			heap[day] = float64(m.HeapAlloc)
			pages = max(pages, s.pages.Len())
		}
	})
	got := s.Result().Campaigns
	if len(got) != len(days) {
		for _, c := range got {
			t.Log(c.ID, c.Was, c.Title, c.First, c.Last, c.Why)
		}
		t.Errorf("%d campaigns, want %d", len(got), len(days))
	}
	for _, c := range got {
		from := map[string]bool{}
		for _, a := range c.Actors {
			for _, h := range a.Handles {
				if strings.HasPrefix(h.Value, "203.0.113.") {
					from[h.Value] = true
				}
			}
		}
		if len(from) != 1 || c.Level < tocsin.High || len(c.Was) > 0 {
			t.Errorf("%s %s of %v, was %v", c.Level, c.Title, from, c.Was)
		}
		if c.Last.Sub(c.First) > 24*time.Hour {
			t.Errorf("%s goes on from %s to %s", c.Title, c.First, c.Last)
		}
	}
	for who, all := range ids {
		if len(all) != 1 {
			t.Errorf("what %s did was told under %d ids", who, len(all))
		}
	}
	if len(ids) != len(days) {
		t.Errorf("of %d intruders %d were told", len(days), len(ids))
	}
	for day, h := range heap {
		if h > 1.25*heap[8] || h < 0.75*heap[8] {
			t.Errorf("after day %d %.1f MB are held, after day 8 %.1f MB", day, h/1e6, heap[8]/1e6)
		}
	}
	t.Logf("%d actions, at most %d deeds held, %.2f to %.2f MB", len(all), pages, heap[8]/1e6, heap[30]/1e6)

	// What comes late within the horizon counts; what is older is let go and counted.
	let := func() int64 {
		n := int64(0)
		for _, g := range s.LetGo() {
			if g.Kind == "old" {
				n += g.N
			}
		}
		return n
	}
	old, late, before := let(), s.Late(), tale(t, got)
	for i := range 50 {
		a := deedOf(month.Add(time.Duration(i)*time.Hour), "srv9", "address:203.0.113.99", "create", "persistence", "T1505.003", tocsin.Worked, tocsin.High)
		a.Place = tocsin.Place{Time: a.Time, Source: "log/late", Record: uint64(i + 1)}
		s.Note("late", uint64(i+1), &a)
	}
	s.Turn(s.mark.Add(10 * time.Minute))
	if n := let() - old; n < 50 {
		t.Errorf("of 50 actions older than the horizon %d are counted", n)
	}
	if s.Late() != late || tale(t, s.Result().Campaigns) != before {
		t.Error("what is older than the horizon changes what is told, or is counted as late")
	}
	a := deedOf(s.mark.Add(-24*time.Hour), "srv5", "address:203.0.113.15", "send", "exfiltration", "T1048", tocsin.Worked, tocsin.High)
	a.Place = tocsin.Place{Time: a.Time, Source: "log/late", Record: 99}
	s.Note("late", 99, &a)
	if s.Late() != late+1 {
		t.Errorf("%d came late, want %d", s.Late(), late+1)
	}
}

// TestSlow holds that an intruder who acts once a day for a month is one campaign under one id, to which the horizon does nothing,
// and that knowing them does not grow.
func TestSlow(t *testing.T) {
	if testing.Short() {
		t.Skip("a month takes ten seconds")
	}
	all := office(30, 120, 2)
	tactics := [][3]string{{"probe", "initial-access", "T1190"}, {"create", "persistence", "T1505.003"}, {"run", "execution", "T1059"}, {"read", "credential-access", "T1552"}, {"send", "exfiltration", "T1048"}}
	for d := range 30 {
		k := tactics[d%len(tactics)]
		if d == 0 {
			for m, k := range tactics[:3] { // it begins with what is told at once
				all = append(all, deedOf(month.Add(time.Duration(180+m)*time.Minute), "srv1", "address:203.0.113.50", k[0], k[1], k[2], tocsin.Worked, tocsin.High))
			}
			continue
		}
		all = append(all, deedOf(month.Add(time.Duration(d)*24*time.Hour+3*time.Hour), "srv1", "address:203.0.113.50", k[0], k[1], k[2], tocsin.Worked, tocsin.High))
	}
	ids := map[string]bool{}
	deeds := map[int]int{}
	s := live(t, all, func(s *State, mark time.Time, changed []*tocsin.Campaign) {
		for _, c := range changed {
			ids[c.ID] = true
		}
		deeds[int(mark.Sub(month)/(24*time.Hour))] = s.pages.Len()
	})
	got := s.Result().Campaigns
	if len(got) != 1 || len(ids) != 1 {
		for _, c := range got {
			t.Log(c.ID, c.Was, c.Title, c.First, c.Last, c.Why)
		}
		t.Fatalf("%d campaigns under %d ids, want one", len(got), len(ids))
	}
	c := got[0]
	if c.Level < tocsin.High || c.First.Sub(month) > 4*time.Hour || c.Last.Sub(month) < 29*24*time.Hour || c.Actions != 32 {
		t.Errorf("%s, %s to %s, %d actions: %s", c.Level, c.First, c.Last, c.Actions, c.Why)
	}
	if deeds[29] > deeds[9]*5/4 {
		t.Errorf("%d deeds are held after 29 days, %d after 9", deeds[29], deeds[9])
	}
}

// TestToldOnce holds that a campaign of which nothing is telling by itself is known again at the next turn, however often it
// is told.
func TestToldOnce(t *testing.T) {
	s := NewState(StateOptions{Key: actor.Key{1}})
	seq := uint64(0)
	note := func(a tocsin.Action) {
		seq++
		a.Place = tocsin.Place{Time: a.Time, Source: "log", Record: seq}
		s.Note("a", seq, &a)
	}
	for i, k := range [][3]string{{"list", "discovery", "T1033"}, {"change", "persistence", "T1098"}, {"run", "execution", "T1059"}, {"read", "collection", "T1005"}, {"change", "privilege-escalation", "T1548"}, {"stop", "defense-impairment", "T1562"}} {
		for n := range 60 {
			note(deedOf(month.Add(time.Duration(i*60+n)*time.Second), "srv1", "address:203.0.113.5", k[0], k[1], k[2], tocsin.Worked, tocsin.Low))
		}
	}
	told := map[string]bool{}
	for i := range 40 {
		note(deedOf(month.Add(time.Duration(i)*10*time.Minute), "pc1", `user:corp\eve`, "run", "", "", tocsin.Worked, tocsin.Informational))
		for _, c := range s.Turn(month.Add(time.Duration(i+1) * 10 * time.Minute)) {
			told[c.ID] = true
		}
	}
	if len(told) != 1 || len(s.Result().Campaigns) != 1 {
		t.Errorf("it was told under %d ids, and is %d campaigns", len(told), len(s.Result().Campaigns))
	}
}
