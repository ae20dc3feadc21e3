package sigma

// A Profile is what rules cost: how often each was looked at, how often it held, and how long that took by a clock that is
// given. What the index costs, which says which rules to look at, is shared by all and not in it; a test that several rules
// have is remembered for an event and is the cost of the first that asks.
type Profile struct {
	Clock  func() int64 // nanoseconds of any epoch
	Looked []int64      // by rule
	Held   []int64
	Nanos  []int64
}

// NewProfile returns an empty profile of the set, for one matcher.
func (s *Set) NewProfile(clock func() int64) *Profile {
	n := len(s.exprs)
	return &Profile{Clock: clock, Looked: make([]int64, n), Held: make([]int64, n), Nanos: make([]int64, n)}
}

// Join adds what another profile of the same set says.
func (p *Profile) Join(o *Profile) {
	for i := range p.Looked {
		p.Looked[i] += o.Looked[i]
		p.Held[i] += o.Held[i]
		p.Nanos[i] += o.Nanos[i]
	}
}

// Profile notes from now on what rules cost; nil ends it.
func (m *Matcher) Profile(p *Profile) { m.profile = p }

// measured is holds with what it costs.
func (m *Matcher) measured(n int32) bool {
	p := m.profile
	began := p.Clock()
	held := m.holds(m.set.exprs[n])
	p.Nanos[n] += p.Clock() - began
	p.Looked[n]++
	if held {
		p.Held[n]++
	}
	return held
}
