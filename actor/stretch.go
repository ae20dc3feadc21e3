package actor

import (
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Autonomy estimates the share of actions that were done without a human; nil where it cannot be told.
func Autonomy(ticks []Tick) *tocsin.Share { return nil }

// Gates finds the points at which a person seems to have decided.
func Gates(ticks []Tick) []tocsin.Gate {
	ticks = events(ticks)
	var gates []tocsin.Gate
	for i := 1; i < len(ticks); i++ {
		p, k := &ticks[i-1], &ticks[i]
		if gap := k.Time - p.Time; gap > int64(2*time.Minute) && gap < int64(12*time.Hour) && p.Tactic != k.Tactic {
			gates = append(gates, tocsin.Gate{Quiet: time.Unix(0, p.Time).UTC(), Time: time.Unix(0, k.Time).UTC(), Change: "another tactic", Weight: 1})
		}
	}
	return gates
}
