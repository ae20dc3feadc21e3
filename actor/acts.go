package actor

import "github.com/tocsin-ids/tocsin"

// The kinds of log, numbered as ticks have them. TestLogNumbers holds them to tocsin.Logs.
const (
	logLine = iota + 1
	logProgram
	logWindows
	logSession
	logRequest
	logLogin
	logAPI
	nLogs
)

const (
	// together is how soon after a program's start another one belongs to the same act: a shell starts what a line names, its
	// pipeline and its children, in less, and people and models need more for the next line.
	together = int64(1e9)
	// looped is how soon the same program with nearly the same arguments belongs to the same act, which is a loop.
	looped = int64(10e9)
)

// Acts are what a doer decided to do, out of its ticks, which are in order of time: each line, request, login and call, and
// of programs' starts the first of each act. What a line set off (children, pipelines, loops) and what the machine does by
// itself are none, nor is what only shows that something went on (an alert, a connection, a file written).
func Acts(ticks tocsin.Ticks) tocsin.Ticks {
	ticks = ticks.Events()
	acts := make(tocsin.Ticks, 0, len(ticks))
	var started map[uint32]*tocsin.Tick // the last program of a stream
	hole := false
	for i := range ticks {
		k := &ticks[i]
		hole = hole || k.Hole
		if k.Log == logProgram || k.Log == logWindows {
			if started == nil {
				started = map[uint32]*tocsin.Tick{}
			}
			before := started[k.Stream]
			started[k.Stream] = k
			if before != nil && !k.Hole && follows(k, before) {
				continue
			}
		}
		if k.Log == 0 || k.Log >= nLogs || k.Set {
			continue
		}
		acts = append(acts, *k)
		acts[len(acts)-1].Hole = hole
		hole = false
	}
	return acts
}

// follows says that a program's start belongs to the act of the one before it.
func follows(k, before *tocsin.Tick) bool {
	gap := k.Time - before.Time
	return gap < together || gap < looped && k.Kind == before.Kind && (k.Text == before.Text || like(k, before))
}

// commands says that an act is a command, in whatever log; others are attempts on a service.
func commands(log uint8) bool { return log <= logSession }
