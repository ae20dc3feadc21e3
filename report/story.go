package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// quietAfter is the quiet that ends a busy stretch, as [tocsin.Tempo] has it.
const quietAfter = 30 * time.Minute

// story tells a campaign in plain words, sentence by sentence: when, against whom, how far, in which order, who was
// driving, what was lost, and whether it is over. end is when the logs end, zero where that is not known.
func (w *words) story(c *tocsin.Campaign, end time.Time) []text {
	var all []text
	who := w.several(doers(c), w.actor)
	act := w.acted
	if doers(c) == 1 {
		act = w.actedOne
	}
	whom := w.targets(c)
	if n := len(c.Orgs); n > 0 {
		whom = append(whom, fill(w.inOrgs, w.several(n, w.org), w.vals(c.Orgs, 5))...)
	}
	if n := c.Omitted["victims"]; n > 0 {
		whom = append(whom, fill(w.andTargets, w.several(n, w.unlistedTarget))...)
	}
	if weak := weakBeside(c); weak > 0 {
		whom = append(whom, fill(w.andWeak, w.several(weak, w.target))...)
	}
	all = append(all, fill(act, w.span(c.First, c.Last), who, whom))
	reached, n := 0, 0
	for _, t := range w.tolls(c) {
		n += t.n
		reached += t.reached
	}
	switch {
	case n == 0:
	case c.Omitted["victims"] > 0:
		all = append(all, fill(w.reachedListed, w.entered(c)))
	case reached == 0:
		all = append(all, say(w.reachedNone))
	case reached == n && n > 1:
		all = append(all, say(w.reachedAll))
	default:
		all = append(all, fill(w.reachedSome, w.entered(c)))
	}
	if order := tacticsInOrder(c); len(order) > 0 {
		var names []string
		for _, slug := range order[:min(len(order), 15)] {
			names = append(names, w.tactic(slug))
		}
		all = append(all, fill(w.order, quote(strings.Join(names, ", "))))
	}
	all = append(all, w.drivenBy(c)...)
	if n, fastest := adaptations(c); n > 0 {
		all = append(all, fill(w.adapted, w.times(n), w.lasting(fastest)))
	}
	if len(c.Data) > 0 {
		all = append(all, fill(w.dataTouched, w.tells("data", c.Data, 3)))
	}
	return append(all, w.state(c, end)...)
}

// weakBeside is how many of the listed victims belong to the campaign weakly, where others do not.
func weakBeside(c *tocsin.Campaign) (n int) {
	for i := range c.Victims {
		if c.Victims[i].Tie == tocsin.Weak {
			n++
		}
	}
	if n == len(c.Victims) {
		return 0
	}
	return n
}

// state says whether it was still going on when the logs end. That it is over, no log can say.
func (w *words) state(c *tocsin.Campaign, end time.Time) []text {
	if !datable(end) || !datable(c.Last) {
		return nil
	}
	silence, quiet := end.Sub(c.Last), longestQuiet(c)
	switch {
	case silence < time.Second:
		return []text{fill(w.activeLast, stampOf(end))}
	case silence <= quietAfter:
		return []text{fill(w.active, stampOf(end), w.lasting(silence), stampOf(c.Last))}
	case silence <= quiet:
		return []text{fill(w.paused, w.lasting(silence), w.lasting(quiet))}
	}
	return []text{fill(w.silent, w.lasting(silence))}
}

// longestQuiet is the longest of the quiets after which the campaign went on.
func longestQuiet(c *tocsin.Campaign) time.Duration {
	var most time.Duration
	for i := range c.Gates {
		if g := &c.Gates[i]; datable(g.Quiet) && datable(g.Time) {
			most = max(most, g.Time.Sub(g.Quiet))
		}
	}
	return most
}

// A toll is how many victims of a kind there are, and how many of them were reached.
type toll struct {
	what       noun
	n, reached int
}

// tolls counts the listed victims by what they are; kinds of which there is none are left out.
func (w *words) tolls(c *tocsin.Campaign) (all []toll) {
	var n [2][3]int
	for i, reached := range []bool{true, false} {
		machines, accounts, others := c.Aimed(reached)
		n[i] = [3]int{len(machines), len(accounts), len(others)}
	}
	for k, what := range []noun{w.machine, w.account, w.target} {
		if t := (toll{what, n[0][k] + n[1][k], n[0][k]}); t.n > 0 {
			all = append(all, t)
		}
	}
	return all
}

// targets says how many victims there are, by what they are.
func (w *words) targets(c *tocsin.Campaign) text {
	var parts []string
	for _, t := range w.tolls(c) {
		parts = append(parts, w.several(t.n, t.what))
	}
	if len(parts) == 0 {
		return say(w.nobody)
	}
	return say(w.listed(parts))
}

// entered says how many of the victims were reached, by what they are.
func (w *words) entered(c *tocsin.Campaign) string {
	var parts []string
	for _, t := range w.tolls(c) {
		parts = append(parts, fill(w.enteredOf, w.number(t.reached), w.several(t.n, t.what), w.several(t.reached, t.what), w.number(t.n)).plain())
	}
	return w.listed(parts)
}

// listed joins parts of a sentence.
func (w *words) listed(parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return strings.Join(parts[:len(parts)-1], ", ") + w.and + parts[len(parts)-1]
}

// doers is the number of actors, those that are not listed included, at least one. What happened on a machine is nobody's by
// itself, and who belongs to the campaign weakly is counted only where nobody else does.
func doers(c *tocsin.Campaign) int {
	n, weak := 0, 0
	for _, a := range actorsOf(c) {
		switch {
		case a.Local:
		case a.Tie == tocsin.Weak:
			weak++
		default:
			n++
		}
	}
	if n == 0 {
		n = weak
	}
	return max(1, n+max(0, c.Omitted["actors"]))
}

// actorsOf are the campaign's actors, without any that is nil.
func actorsOf(c *tocsin.Campaign) []*tocsin.Actor {
	return slices.DeleteFunc(slices.Clone(c.Actors), func(a *tocsin.Actor) bool { return a == nil })
}

// tacticsInOrder are the slugs of the steps' tactics, each once, in the order in which they began.
func tacticsInOrder(c *tocsin.Campaign) []string {
	var all []string
	for i := range c.Steps {
		if s := c.Steps[i].Tactic; s != "" && !contains(all, s) && !c.Loose(&c.Steps[i]) {
			all = append(all, s)
		}
	}
	return all
}

// adaptations is how often the actors went on after a countermeasure, and how fast the fastest time.
func adaptations(c *tocsin.Campaign) (n int, fastest time.Duration) {
	for _, a := range actorsOf(c) {
		for i := range a.Adaptations {
			if d := a.Adaptations[i].After; n == 0 || d < fastest {
				fastest = d
			}
			n++
		}
	}
	return n, fastest
}

// percent writes a share to the whole percent; one that is not quite all or nothing does not read as if it were.
func (w *words) percent(f float64) string {
	n, sign := 0, ""
	switch {
	case math.IsNaN(f):
		return "?"
	case f <= 0:
	case f >= 1:
		n = 100
	case f < 0.01:
		n, sign = 1, "< "
	case f > 0.99:
		n, sign = 99, "> "
	default:
		n = int(math.Round(f * 100))
	}
	return sign + strconv.Itoa(n) + w.gap + "%"
}

// number writes a count as the language does.
func (w *words) number(n int) string { return w.long(int64(n)) }

func (w *words) long(n int64) string { return strings.ReplaceAll(count(n), ",", w.thousands) }

// several is a count with its noun.
func (w *words) several(n int, noun noun) string {
	return w.counted(int64(n), noun)
}

// counted is several of a count of 64 bits.
func (w *words) counted(n int64, noun noun) string { return w.long(n) + " " + w.plural(n, noun) }

// plural is the form of a noun that goes with a number.
func (w *words) plural(n int64, noun noun) string {
	if n == 1 || n == 0 && w.zeroIsOne {
		return noun[0]
	}
	return noun[1]
}

// times is how often.
func (w *words) times(n int) string {
	if n == 1 {
		return w.once
	}
	return w.several(n, w.time)
}

func (w *words) more(n int) string { return fill(w.andMore, w.number(n)).plain() }

// lasting is a length of time in the language.
func (w *words) lasting(d time.Duration) string {
	s := lasting(d)
	if w.lang == "en" {
		return s
	}
	s = strings.NewReplacer(".", ",", "days", "jours", "years", "ans", " ", w.gap).Replace(s)
	return s
}

// day and clock are a time's two halves; moment is both.
func (w *words) day(t time.Time) string { return w.date(t.UTC()) }

// date is the day of a time in its own zone.
func (w *words) date(t time.Time) string {
	d := strconv.Itoa(t.Day())
	if t.Day() == 1 {
		d += w.firstDay
	}
	return d + w.gap + w.months[t.Month()-1] + w.gap + t.Format("2006")
}

func (w *words) clock(t time.Time) string { return t.UTC().Format(w.clockForm) }

func (w *words) moment(t time.Time) string {
	if !datable(t) {
		return w.noTime
	}
	return fill(w.dayAt, w.day(t), w.clock(t)).plain() + " (UTC)"
}

// span is from when to when, as a sentence begins with it.
func (w *words) span(first, last time.Time) string {
	switch {
	case !datable(first) || !datable(last) || last.Before(first):
		return w.noSpan
	case w.day(first) == w.day(last) && w.clock(first) == w.clock(last):
		return fill(w.onDayAt, w.day(first), w.clock(first)).plain()
	case w.day(first) == w.day(last):
		return fill(w.onDay, w.day(first), w.clock(first), w.clock(last)).plain()
	}
	return fill(w.fromTo, fill(w.dayAt, w.day(first), w.clock(first)), fill(w.dayAt, w.day(last), w.clock(last)), w.lasting(last.Sub(first))).plain()
}

// stampOf is a time for a table: the same in all languages.
func stampOf(t time.Time) string {
	if !datable(t) {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// tactic is a tactic's name in lower case; of one that ATT&CK does not have, what was given.
func (w *words) tactic(slug string) string {
	if s, ok := w.tactics[slug]; ok {
		return s
	}
	return shorten(slug, 40)
}

// tells lists sentences of a class, at most n, with how many more there are.
func (w *words) tells(class string, all []string, n int) text {
	var t text
	for i, s := range all {
		if i == n {
			return append(t, say(" "+w.more(len(all)-n))...)
		}
		if i > 0 {
			t = append(t, say(w.sure().between)...)
		}
		t = append(t, w.tell(class, s)...)
	}
	return t
}
