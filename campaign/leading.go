package campaign

// heard is how much more a tactic counts than others for who is named in a title: who got in, who gained rights and who took or
// destroyed something is who is asked for.
var heard = map[string]float64{
	"initial-access": 2, "privilege-escalation": 2, "exfiltration": 2, "impact": 2, "credential-access": 1.5, "lateral-movement": 1.5, "persistence": 1.5,
}

// fromAway is how much more somebody from outside counts than a name of the victim's own, under which he then acts.
const fromAway = 1.5

// leading is the member to name in one line: the one whose steps tell the most, each tactic by its most telling action; of equals
// the one who acted most. It is nil where no doer is known.
func (s *story) leading() *member {
	var best *member
	most, acts := -1.0, 0
	for _, m := range s.g {
		if m.Local {
			continue
		}
		tactics := map[string]float64{}
		n := 0
		for i := range m.Deeds {
			d := &m.Deeds[i]
			n += d.N
			if d.Tactic == "" {
				continue
			}
			w := d.Weight
			if !inside(d) {
				w /= 4
			}
			tactics[d.Tactic] = max(tactics[d.Tactic], w*max(1, heard[d.Tactic]))
		}
		sum := total(tactics)
		if m.foreign {
			sum *= fromAway
		}
		if sum > most || sum == most && n > acts {
			best, most, acts = m, sum, n
		}
	}
	return best
}
