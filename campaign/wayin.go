package campaign

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// wayIn asks how the intruder got in, as far as nothing shows it: of the campaign, then of each machine that was entered.
func (s *story) wayIn(shown bool, next func(string)) {
	c := s.c
	var entry *tocsin.KeyEvent
	if i := slices.IndexFunc(c.Key, func(e tocsin.KeyEvent) bool { return e.Kind == "entry" }); i >= 0 {
		entry = &c.Key[i]
	}
	const look = "look at mail, remote access and published services before "
	switch {
	case entry != nil && entry.Technique == "T1190":
		next("The way in seen is a service that was made to run a program (T1190)" + onMachine(entry.Host) + ", at " + clock(entry.Time, "a time that is not known") + ": find the request that did it, and from where it came.")
	case shown:
	case entry != nil:
		how := "How it was obtained is not shown: " + look + "it."
		if c.TriedBefore(entry) {
			how = "Passwords had been tried before it: see whether one of these was right, or from where else it was known."
		}
		next("The earliest access seen is at " + clock(entry.Time, "a time that is not known") + onMachine(entry.Host) + ": " + clip(entry.What) + ". " + how)
	case s.sought():
		next("How the intruder got in is not shown; ways in were sought from " + clock(c.First, "its first action") + " on: look at the requests and logins that worked from then on.")
		return
	default:
		next("How the intruder got in is not shown: " + look + clock(c.First, "its first action") + ".")
		return // which is asked of all machines
	}
	known := map[string]bool{}
	for _, d := range s.all {
		if !s.happened(d) || !(d.Verb == "login" && d.Outcome == tocsin.Worked || d.Tactic == "initial-access" && inside(d) || d.Tactic == "lateral-movement" || ran(d)) {
			continue
		}
		for _, m := range s.machinesOf(d) {
			_, name, _ := strings.Cut(m, ":")
			known[name] = true
		}
	}
	if entry != nil {
		known[entry.Host] = true
	}
	var without []string
	machines, _, _ := c.Aimed(true)
	for _, v := range machines {
		if !known[v.Value] {
			without = include(without, v.Value, 8)
		}
	}
	if len(without) > 0 {
		next("How the intruder got into " + strings.Join(without, ", ") + " is not shown: look at what reached there before the first act on each.")
	}
}

// sought says that the first tactic that is told is one of who is not in yet.
func (s *story) sought() bool {
	for _, d := range s.all {
		if d.Tactic != "" && d.Weight > 0 {
			return d.Tactic == "reconnaissance" || d.Tactic == "initial-access"
		}
	}
	return false
}

// onMachine names a machine within a sentence, if one is known.
func onMachine(host string) string {
	if host == "" {
		return ""
	}
	return " on " + clip(host)
}
