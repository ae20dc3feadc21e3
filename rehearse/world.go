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
