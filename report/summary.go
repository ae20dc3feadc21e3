package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A tally counts the matches that have something in common: a rule, a host, a user, an address.
type tally struct {
	name        string
	rule        *tocsin.Rule // of a tally of a rule
	n           int
	by          [tocsin.Critical + 1]int // by level
	first, last time.Time
	tactics     map[string]bool // by id
	hosts       map[string]bool
	rules       map[*tocsin.Rule]bool
}

func (t *tally) add(m *tocsin.Match, host string) {
	r := rule(m)
	t.n++
	t.by[levelOf(r)]++
	span(&t.first, &t.last, when(m))
	t.hosts[host] = true
	if t.rules[r] {
		return
	}
	t.rules[r] = true
	for _, c := range r.Tactics() {
		t.tactics[c.ID] = true
	}
}

// A tallies counts by name. Names of hosts and accounts are written in any case; the first way is kept.
type tallies map[string]*tally

func (all tallies) add(name string, m *tocsin.Match, host string) *tally {
	key := strings.ToLower(name)
	t := all[key]
	if t == nil {
		t = &tally{name: name, tactics: map[string]bool{}, hosts: map[string]bool{}, rules: map[*tocsin.Rule]bool{}}
		all[key] = t
	}
	t.add(m, host)
	return t
}

// worst lists tallies, the worst first: by the number of their critical matches, then high, and so on. Ties go by name.
func (all tallies) worst() []*tally {
	list := make([]*tally, 0, len(all))
	for _, t := range all {
		list = append(list, t)
	}
	slices.SortFunc(list, func(a, b *tally) int {
		for l := tocsin.Critical; ; l-- {
			if c := cmp.Compare(b.by[l], a.by[l]); c != 0 || l == tocsin.Unrated {
				return cmp.Or(c, cmp.Compare(a.name, b.name))
			}
		}
	})
	return list
}

// A summary is all tallies of a hunt.
type summary struct {
	total                       tally
	rules, hosts, users, places tallies
	tactics                     map[string]int // matches by id
}

func summarize(h *Hunt) *summary {
	s := &summary{rules: tallies{}, hosts: tallies{}, users: tallies{}, places: tallies{}, tactics: map[string]int{},
		total: tally{tactics: map[string]bool{}, hosts: map[string]bool{}, rules: map[*tocsin.Rule]bool{}}}
	keys := make(map[*tocsin.Rule]string)
	i := -1
	for m := range h.matches().All(false) {
		i++
		host := event(m).Host
		s.total.add(m, host)
		r := rule(m)
		key, ok := keys[r]
		if !ok { // rules that share a title stay apart; the number only tells them apart
			key = r.Title + "\x00" + r.ID + "\x00" + strconv.Itoa(i)
			keys[r] = key
		}
		s.rules.add(key, m, host).rule = r
		if host != "" {
			s.hosts.add(host, m, host)
		}
		who := peopleOf(event(m))
		if who.user != "" {
			s.users.add(who.user, m, host)
		}
		if who.source != "" {
			s.places.add(who.source, m, host)
		}
		for _, t := range r.Tactics() {
			s.tactics[t.ID]++
		}
	}
	return s
}

// tacticNames lists tactics in the order of the matrix.
func tacticNames(has map[string]bool) []string {
	var names []string
	for _, t := range tocsin.Tactics() {
		if has[t.ID] {
			names = append(names, t.Name)
		}
	}
	return names
}

// count writes a number with commas between thousands.
func count[N int | int64](n N) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// several writes a number with its noun.
func several[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "ss") || strings.HasSuffix(noun, "ch") {
		return count(n) + " " + noun + "es"
	}
	return count(n) + " " + noun + "s"
}

// size writes a number of bytes.
func size(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, u := float64(n), -1
	for f >= 999.5 && u < len(units)-1 {
		f /= 1000
		u++
	}
	prec := 0
	if f < 9.95 {
		prec = 1
	}
	return strconv.FormatFloat(f, 'f', prec, 64) + " " + units[u:u+1] + "B"
}

// lasting writes a duration to the precision that matters.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + lasting(-max(d, -math.MaxInt64))
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	case d < 10*time.Minute:
		return strings.TrimSuffix(strconv.FormatFloat(d.Minutes(), 'f', 1, 64), ".0") + " min"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		return strconv.FormatFloat(d.Hours(), 'f', 1, 64) + " h"
	}
	if days := d.Hours() / 24; days < 2*365 {
		return strconv.FormatFloat(days, 'f', 1, 64) + " days"
	}
	return strconv.FormatFloat(d.Hours()/24/365.25, 'f', 1, 64) + " years"
}

// A skipped is the files that were not read for one reason.
type skipped struct {
	why  string
	n    int
	path string // the first of them
}

// notRead returns the reasons for files not read, the most frequent first, and how many files were read.
func notRead(c *tocsin.Coverage) (why []skipped, files, read int) {
	at := make(map[string]int)
	for i := range c.Files {
		f := &c.Files[i]
		if f.Skipped == "" {
			read++
			continue
		}
		k, ok := at[f.Skipped]
		if !ok {
			k = len(why)
			at[f.Skipped] = k
			why = append(why, skipped{why: f.Skipped, path: f.Path})
		}
		why[k].n++
	}
	slices.SortStableFunc(why, func(a, b skipped) int { return cmp.Compare(b.n, a.n) })
	return why, len(c.Files), read
}
