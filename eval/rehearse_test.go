package eval

import (
	"flag"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/rehearse"
	"github.com/tocsin-ids/tocsin/sigma"
)

var rehearsals = flag.Int("rehearsals", 1, fmt.Sprintf("how many seeds of each setting TestRehearsals plays; %d are published", publishedSeeds))

const publishedSeeds = 4

// attackPace brings the median of the gaps that rehearsals draw, of agents at code, to that of recorded agents in attacks, between
// 3 and 4 s.
const attackPace = 0.5

// TestRehearsals plays rehearsals and scores what a hunt says of them against the truth, at rising evasion. The
// settings at which it breaks are the detector's limits.
func TestRehearsals(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "whole rehearsals are not for -short")
	}
	if *rehearsals < publishedSeeds {
		sampled(t)
	}
	set := own(t)
	for _, s := range []struct {
		name string
		opt  rehearse.Options
	}{
		{"plain", rehearse.Options{Pace: attackPace}},
		{"rotate 40", rehearse.Options{Pace: attackPace, Rotate: 40}},
		{"rotate 15, rename", rehearse.Options{Pace: attackPace, Rotate: 15, Rename: true}},
		{"jitter 0.5", rehearse.Options{Pace: attackPace, Jitter: 0.5}},
		{"slow", rehearse.Options{}},
		{"jitter 1, pace 3", rehearse.Options{Pace: 3 * attackPace, Jitter: 1}},
		{"all", rehearse.Options{Pace: 2 * attackPace, Jitter: 0.5, Rotate: 25, Rename: true}},
		{"autonomy 0.6", rehearse.Options{Pace: attackPace, Autonomy: 0.6}},
		{"human throughout", rehearse.Options{Tempo: "human", Targets: 8}},
	} {
		var sum rehearsalScore
		n := *rehearsals
		within, agents, people := 0, 0, 0
		for seed := range n {
			opt := s.opt
			opt.Seed = uint64(seed + 1)
			one := playRehearsal(t, set, opt)
			if math.Abs(one.autonomy) <= 0.05 {
				within++
			}
			if one.agent {
				agents++
			}
			if one.human {
				people++
			}
			sum.add(one)
			if n <= 3 {
				t.Logf("    %s seed %d: %+v", s.name, opt.Seed, one)
			}
		}
		f1 := 2 * float64(sum.gatesHit) / max(1, float64(sum.gatesTrue+sum.gatesSaid))
		t.Logf("%-18s %d seeds: autonomy within 5 points %d of %d (mean error %.1f points, %d not told), gates F1 %.2f (%d of %d found, %d said), victims in one campaign %d of %d (%d machines said), benign names %d of %d, re-linked %d of %d, called agent %d and human %d of %d",
			s.name, n, within, n, 100*sum.error/float64(max(1, n-sum.untold)), sum.untold, f1, sum.gatesHit, sum.gatesTrue, sum.gatesSaid, sum.victimsIn, sum.victims, sum.machines, sum.strangers, sum.names, sum.relinked, sum.blocks, agents, people, n)
		key := "rehearsal/" + slug(s.name)
		if s.opt.Tempo == "" {
			share(t, key+"/autonomy-within-5", within, n)
			share(t, key+"/share-told", n-sum.untold, n)
			scoreWithin(t, key+"/autonomy-error", 100*sum.error/float64(max(1, n-sum.untold)), n, math.NaN(), math.NaN())
		} else {
			share(t, key+"/called-human", people, n)
		}
		score(t, key+"/gates-f1", f1, sum.gatesTrue)
		share(t, key+"/gates-found", sum.gatesHit, sum.gatesTrue)
		share(t, key+"/gates-wrong", sum.gatesSaid-sum.gatesHit, sum.gatesSaid)
		share(t, key+"/victims", sum.victimsIn, sum.victims)
		share(t, key+"/benign", sum.strangers, sum.names)
		share(t, key+"/relinked", sum.relinked, sum.blocks)
		share(t, key+"/agent", agents, n)
	}
}

// A rehearsalScore is how one rehearsal was seen through.
type rehearsalScore struct {
	campaigns                      int
	autonomy, error                float64 // said less true; of untold ones nothing
	untold                         int
	gatesTrue, gatesSaid, gatesHit int
	victims, victimsIn             int
	machines                       int // said to be reached
	names, strangers               int // handles in the campaign, and of them those of benign people
	blocks, relinked               int
	agent, human                   bool
	level                          tocsin.Level
}

func (s *rehearsalScore) add(o rehearsalScore) {
	s.error += math.Abs(o.error)
	s.untold += o.untold
	s.gatesTrue += o.gatesTrue
	s.gatesSaid += o.gatesSaid
	s.gatesHit += o.gatesHit
	s.victims += o.victims
	s.victimsIn += o.victimsIn
	s.machines += o.machines
	s.names += o.names
	s.strangers += o.strangers
	s.blocks += o.blocks
	s.relinked += o.relinked
}

func playRehearsal(t *testing.T, set *sigma.Set, opt rehearse.Options) rehearsalScore {
	t.Helper()
	dir := t.TempDir()
	truth, err := rehearse.Write(dir, opt, true)
	if err != nil {
		t.Fatal(err)
	}
	found, _ := told(t, set, filepath.Join(dir, "telemetry"))
	s := rehearsalScore{campaigns: len(found.Campaigns), gatesTrue: len(truth.Campaign.Gates), blocks: len(truth.Blocks), autonomy: math.NaN()}
	theirs := map[string]bool{} // the operator's addresses
	for _, a := range truth.Actors {
		for _, v := range a.Addresses {
			theirs[v] = true
		}
	}
	var best *tocsin.Campaign // the one with most of the victims
	most := -1
	reached := map[string]bool{}
	for _, v := range truth.Victims {
		if v.Reached {
			reached[strings.ToLower(v.Host)] = true
		}
	}
	s.victims = len(reached)
	for _, c := range found.Campaigns {
		in := 0
		for h := range reached {
			if slices.ContainsFunc(c.Victims, func(v tocsin.Victim) bool { return v.Value == h }) {
				in++
			}
		}
		if in > most {
			most, best = in, c
		}
	}
	if best == nil {
		s.untold = 1
		return s
	}
	s.victimsIn, s.level = most, best.Level
	machines, _, _ := best.Aimed(true)
	s.machines = len(machines)
	for _, v := range machines {
		if !slices.ContainsFunc(append([]tocsin.Entity{v.Entity}, v.Also...), func(e tocsin.Entity) bool { return reached[e.Value] }) {
			t.Logf("    seed %d: %s %v was not reached", opt.Seed, v.Value, v.Also)
		}
	}
	for _, v := range best.Victims {
		if theirs[v.Value] {
			t.Errorf("seed %d: the operator's own address %s is a victim", opt.Seed, v.Value)
		}
	}
	benign := map[string]bool{}
	for _, a := range truth.Benign.Addresses {
		benign[a] = true
	}
	for _, a := range best.Actors {
		for _, h := range a.Handles {
			s.names++
			if benign[h.Value] || strings.Contains(h.Value, ":bad:") || ofPeople(h.Value, truth) {
				s.strangers++
			}
		}
	}
	if best.Autonomy == nil {
		s.untold = 1
	} else {
		s.autonomy = best.Autonomy.Value - truth.Campaign.Autonomy
		s.error = s.autonomy
	}
	s.gatesSaid = len(best.Gates)
	for _, g := range truth.Campaign.Gates {
		if slices.ContainsFunc(best.Gates, func(x tocsin.Gate) bool { return x.Time.Sub(g.Time).Abs() <= 2*time.Minute }) {
			s.gatesHit++
		}
	}
	for _, b := range truth.Blocks {
		for _, a := range best.Actors {
			has := func(v string) bool {
				return slices.ContainsFunc(a.Handles, func(e tocsin.Entity) bool { return e.Value == v })
			}
			if has(b.From) && has(b.To) {
				s.relinked++
				break
			}
		}
	}
	s.agent, s.human = best.Driver == tocsin.Agent, best.Driver == tocsin.Human
	return s
}

// ofPeople says that a name is of an employee, or of a machine that people sit at.
func ofPeople(name string, truth *rehearse.Truth) bool {
	for _, a := range truth.Benign.Accounts {
		who, _, _ := strings.Cut(a, "@")
		if strings.HasSuffix(name, `\`+who) {
			return true
		}
	}
	return strings.HasPrefix(name, "10.") && (strings.HasSuffix(name, ".101") || strings.HasSuffix(name, ".102") || strings.HasSuffix(name, ".103"))
}

// TestRehearsalBothEnds plays rehearsals of which the sessions of the operator's agents are among the logs, in each format in turn. What victims' logs and
// the sessions tell is to be one campaign that names the principal, and what both tell of one act.
func TestRehearsalBothEnds(t *testing.T) {
	measures(t)
	if testing.Short() {
		without(t, "whole rehearsals are not for -short")
	}
	n := 16 * *rehearsals / publishedSeeds
	if *rehearsals < publishedSeeds {
		sampled(t)
		n = 1
	}
	set := own(t)
	one, acts, both, named, strangers := 0, 0, 0, 0, 0
	formats := rehearse.SessionFormats()
	for seed := range n {
		dir := t.TempDir()
		truth, err := rehearse.Write(dir, rehearse.Options{Seed: uint64(seed + 1), Pace: attackPace, Targets: 12, SessionFormat: formats[seed%len(formats)]}, true)
		if err != nil {
			t.Fatal(err)
		}
		found, _ := told(t, set, filepath.Join(dir, "telemetry"))
		by := map[tocsin.Place]bool{} // records of what agents did, as victims' logs have them
		for _, a := range truth.Actions {
			if !a.Human && a.File != "" {
				by[tocsin.Place{Source: filepath.Join(dir, "telemetry", filepath.FromSlash(a.File)), Record: uint64(a.Record)}] = true
			}
		}
		benign := map[string]bool{}
		for _, a := range truth.Benign.Addresses {
			benign[a] = true
		}
		var kept []string // the logs of sessions
		err = filepath.WalkDir(filepath.Join(dir, "telemetry", "operator"), func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				kept = append(kept, path)
			}
			return err
		})
		if err != nil || len(kept) == 0 {
			t.Fatalf("no session is kept: %v", err)
		}
		whole := false
		for _, c := range found.Campaigns {
			lacks := slices.ContainsFunc(truth.Victims, func(v rehearse.Victim) bool {
				return v.Reached && !slices.ContainsFunc(c.Victims, func(x tocsin.Victim) bool { return x.Value == strings.ToLower(v.Host) })
			})
			sessions := len(c.Principals) == 1 // and it is that of all sessions, from the log of each of which something is in the campaign
			for _, p := range found.Principals {
				for _, a := range truth.Actors {
					for _, s := range a.Sessions {
						sessions = sessions && (p.Name != c.Principals[0] || slices.Contains(p.Sessions, s))
					}
				}
			}
			for _, path := range kept {
				sessions = sessions && slices.ContainsFunc(c.Records, func(r tocsin.Span) bool { return r.Source == path })
			}
			whole = whole || !lacks && sessions
			for _, a := range c.Actors {
				for _, h := range a.Handles {
					named++
					if benign[h.Value] || ofPeople(h.Value, truth) {
						strangers++
					}
				}
			}
			for _, s := range c.Steps {
				for _, a := range s.Acts {
					host := slices.ContainsFunc(a.Seen, func(x tocsin.Sight) bool { return by[tocsin.Place{Source: x.Place.Source, Record: x.Place.Record}] })
					if !host {
						continue
					}
					acts++
					if slices.ContainsFunc(a.Seen, func(x tocsin.Sight) bool { return strings.HasPrefix(x.Sensor, "ai_agent") }) {
						both++
					} else {
						t.Logf("    seed %d: at one end only: %s", seed+1, a.Text)
					}
				}
			}
		}
		if whole {
			one++
		} else {
			t.Logf("    seed %d, %s: %d campaigns, none of which is whole", seed+1, truth.Options.SessionFormat, len(found.Campaigns))
		}
	}
	t.Logf("both ends: one campaign in %d of %d, %d of %d listed acts of agents told by both, benign names %d of %d", one, n, both, acts, strangers, named)
	share(t, "rehearsal/both-ends/one-campaign", one, n)
	share(t, "rehearsal/both-ends/acts", both, acts)
	share(t, "rehearsal/both-ends/benign", strangers, named)
}
