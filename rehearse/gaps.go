package rehearse

import (
	_ "embed"
	"fmt"
	"math"
	"strings"
	"time"
)

// gaps.tsv holds how far apart actions are, start to start, up to half an hour, by who acts: quantiles of recordings on which
// tocsin's judgement of drivers was neither fitted nor measured. People: one class of trainees of a cyber range (KYPO,
// 2020-07-15, 2,335 gaps). Scripts: guessers of SSH passwords (loghub OpenSSH, 1,104, in whole seconds). Agents: coding with
// Claude Code (oh-my-posh, 2026, 1,157), up to a minute, since in longer ones a person was waited for.
//
//go:embed gaps.tsv
var gapsTable string

// quantiles of a distribution, interpolated on a logarithmic scale.
type quantiles struct{ p, v []float64 }

var humanGaps, scriptGaps, agentGaps = gapsOf("human"), gapsOf("script"), gapsOf("agent")

// gapsOf are the quantiles of a driver, in seconds.
func gapsOf(driver string) (q quantiles) {
	for line := range strings.Lines(gapsTable) {
		if !strings.HasPrefix(line, driver+"\t") {
			continue
		}
		var p, v float64
		if _, err := fmt.Sscan(line[len(driver):], &p, &v); err != nil {
			panic("gaps.tsv: " + line) // it is part of the program
		}
		q.p, q.v = append(q.p, p), append(q.v, v)
	}
	return q
}

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
