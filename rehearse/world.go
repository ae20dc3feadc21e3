package rehearse

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// words name organisations.
var words = []string{"alder", "basalt", "cinder", "dunlin", "ember", "fathom", "granite", "harrow", "ibis", "juniper", "kestrel", "larch",
	"meadow", "nimbus", "orchard", "pelican", "quarry", "rowan", "saffron", "thistle", "umber", "verdant", "willow", "xenolith", "yarrow",
	"zephyr", "anchor", "birch", "copper", "delta", "elm", "falcon", "garnet", "heron", "indigo", "jasper", "kelp", "lantern", "maple", "nutmeg"}

var names = []string{"amara", "bruno", "celia", "dario", "edith", "farid", "greta", "hugo", "ines", "jonas", "kaya", "liam", "mona", "nadia",
	"oscar", "petra", "quinn", "rosa", "samir", "tove", "ursula", "viktor", "wanda", "xavier", "yusuf", "zoe"}

// An org is one organisation.
type org struct {
	name, domain, netbios string
	public                string // address of its web server
	net                   string // first three numbers of its inside network
	people                []string
	account               string // at the cloud
	cloudKey              string
	reached               bool
	shell                 string // path of what was left on the web server
	session               int
}

func (o *org) host(h string) string { return h + "." + o.domain }

// inside is the address of a machine inside.
func (o *org) inside(h string) string {
	last := map[string]int{"web1": 10, "app1": 20, "db1": 30, "dc1": 5, "ws1": 101, "ws2": 102, "ws3": 103}[h]
	return fmt.Sprintf("%s.%d", o.net, last)
}

func (s *stage) pick(list []string) string { return list[s.rng.IntN(len(list))] }

func (s *stage) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	for i := range b {
		b[i] = digits[s.rng.IntN(16)]
	}
	return string(b)
}

func (s *stage) build() {
	s.truth = &Truth{Campaign: Campaign{Gates: []Gate{}}, Blocks: []Adaptation{}}
	order := s.rng.Perm(len(words))
	for i := range s.opt.Targets {
		o := &org{name: words[order[i]], public: fmt.Sprintf("203.0.113.%d", 10+i), net: fmt.Sprintf("10.%d.%d", s.rng.IntN(4), s.rng.IntN(8)), session: 20 + s.rng.IntN(400)}
		o.domain, o.netbios = o.name+".example", o.name
		o.account = fmt.Sprintf("%012d", 100000000000+s.rng.Int64N(800000000000))
		o.cloudKey = "AKIAEXAMPLE" + fmt.Sprintf("%09d", s.rng.IntN(1000000000))
		for _, k := range s.rng.Perm(len(names))[:6+s.rng.IntN(5)] {
			o.people = append(o.people, names[k])
		}
		s.orgs = append(s.orgs, o)
		s.truth.Campaign.Orgs = append(s.truth.Campaign.Orgs, o.domain)
		for _, p := range o.people {
			s.truth.Benign.Accounts = append(s.truth.Benign.Accounts, p+"@"+o.domain)
		}
	}
	for i := range 120 {
		s.clients = append(s.clients, fmt.Sprintf("198.51.100.%d", 5+i))
	}
	for range 400 {
		s.clients = append(s.clients, fmt.Sprintf("2001:db8:%x:%x::%x", s.rng.IntN(1<<16), s.rng.IntN(1<<16), 1+s.rng.IntN(1<<12)))
	}
	s.truth.Benign.Addresses = slices.Clone(s.clients)
}

// quantiles of a distribution, interpolated on a logarithmic scale.
type quantiles struct{ p, v []float64 }

// Measured distances of actions, start to start, in seconds.
var (
	// LLM agents in an Active Directory lab, start to start within a run: 3,024 commands of 23 runs, April to May 2026
	// (operator/llm-cochise); the tail beyond a minute is that of previous result to next start, 4,642 commands of 14 models.
	agentGaps = quantiles{[]float64{0, 0.17, 0.27, 0.6, 0.87, 0.95, 0.99, 1}, []float64{0.4, 1, 2, 5, 15, 60, 121, 240}}
	// Trainees in cyber range games, 12,250 gaps below half an hour of 156 people, 2019 to 2022 (operator/human-kypo).
	humanGaps = quantiles{[]float64{0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1}, []float64{0.3, 0.6, 3.6, 12.8, 44, 126, 775, 1500}}
	// Bots at a honeypot, January 2017: distances of commands and logins of one session (operator/script-cowrie-2017).
	scriptGaps = quantiles{[]float64{0, 0.5, 0.9, 1}, []float64{0.15, 0.5, 1.1, 2.5}}
)

func (s *stage) draw(q quantiles) time.Duration {
	u := s.rng.Float64()
	for i := 1; i < len(q.p); i++ {
		if u <= q.p[i] {
			f := (u - q.p[i-1]) / (q.p[i] - q.p[i-1])
			return time.Duration(math.Exp(math.Log(q.v[i-1])+f*(math.Log(q.v[i])-math.Log(q.v[i-1]))) * float64(time.Second))
		}
	}
	return time.Duration(q.v[len(q.v)-1] * float64(time.Second))
}

// machineGap is the time from one action to the next of what is not done by hand.
func (s *stage) machineGap() time.Duration {
	var d time.Duration
	switch s.opt.Tempo {
	case "script":
		d = s.draw(scriptGaps)
	case "human":
		d = s.draw(humanGaps)
	default:
		d = s.draw(agentGaps)
	}
	f := s.opt.Pace
	if s.opt.Jitter > 0 {
		f *= math.Exp(s.rng.NormFloat64() * s.opt.Jitter)
	}
	return max(time.Duration(float64(d)*f), 50*time.Millisecond)
}
