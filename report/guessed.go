package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A Guessed sums up the guesses of one kind of all files.
type Guessed struct {
	Kind  string `json:"kind"`
	N     int64  `json:"n"`     // events
	Of    int64  `json:"of"`    // all events of those files
	Files int64  `json:"files"` //
	Path  string `json:"path"`  // the file with most of them
	Taken string `json:"taken"` // of that file
	Why   string `json:"why"`   // of that file
	Same  bool   `json:"same"`  // the same was taken in all files
}

// guessedBy sums up guesses by kind, in the order in which kinds are met; of equal files the first in path order stands for all.
func guessedBy(all []tocsin.Guess) []Guessed {
	var sums []Guessed
	most := map[string]int64{}
	for i := range all {
		g := &all[i]
		at := slices.IndexFunc(sums, func(s Guessed) bool { return s.Kind == g.Kind })
		if at < 0 {
			at = len(sums)
			sums = append(sums, Guessed{Kind: g.Kind, Same: true, Taken: g.Taken})
		}
		s := &sums[at]
		s.N, s.Of, s.Files, s.Same = s.N+g.N, s.Of+g.Of, s.Files+1, s.Same && s.Taken == g.Taken
		if g.N > most[g.Kind] {
			most[g.Kind] = g.N
			s.Path, s.Taken, s.Why = g.Path, g.Taken, g.Why
		}
	}
	slices.SortStableFunc(sums, func(a, b Guessed) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Kind, b.Kind)) })
	return sums
}

// guessedOf says in a sentence what was guessed: "12 of 40 events of auth.log: year not written, taken to be 2026 because …".
func (w *words) guessedOf(s *Guessed) text {
	what := say(quote(s.Kind))
	if n := w.guessKinds[s.Kind]; n != "" {
		what = say(n)
	}
	where := say(quote(s.Path))
	if s.Files > 1 {
		where = fill(w.guessFiles, w.long(s.Files), quote(s.Path))
	}
	taken := w.tell("taken", or(s.Taken, "?"))
	if !s.Same {
		taken = fill(w.guessMostly, w.tell("taken", or(s.Taken, "?")))
	}
	return fill(w.guessRow, w.long(s.N), w.long(s.Of), where, what, taken, w.tell("guess", or(s.Why, "?")))
}

// GuessesInWords says in plain English what the times of events rest on that their records do not say, and which events are
// years away from all others: one line for each kind.
func GuessesInWords(c *tocsin.Coverage) []string {
	var lines []string
	for _, s := range guessedBy(c.Guesses) {
		lines = append(lines, visible(english.guessedOf(&s).plain()))
	}
	if len(c.Strays) > 0 {
		lines = append(lines, visible(english.straysOf(c.Strays).plain()))
	}
	return lines
}

// guesses are the lines of a page that say what times rest on, at most so many: the kinds in a few words and, where there is
// room, in whole sentences.
func (p *page) guesses(c *tocsin.Coverage, most int) []string {
	const label = "  Guessed   "
	said := kindsInWords(c)
	if said == "" {
		return nil
	}
	room := p.wide - len(label)
	if most > 1 || p.whole {
		whole := GuessesInWords(c)
		if len(whole) > 1 {
			whole = append([]string{said}, whole...)
		}
		said = strings.Join(whole, ". ")
	}
	lines := wrap(strings.SplitAfter(said, " "), "", "", room)
	if len(lines) > most && !p.whole {
		lines = append(lines[:most-1], clip(strings.Join(lines[most-1:], ""), room))
	}
	for i := range lines {
		lines[i] = strings.Repeat(" ", len(label)) + strings.TrimRight(lines[i], " ")
	}
	lines[0] = label + lines[0][len(label):]
	return lines
}

// kindsInWords says in a few words what times rest on: "zone of 40 events (UTC), year of 12 (2026)".
func kindsInWords(c *tocsin.Coverage) string {
	var parts []string
	for i, s := range guessedBy(c.Guesses) {
		n := count(s.N)
		if i == 0 {
			n = several(s.N, "event")
		}
		parts = append(parts, visible(s.Kind)+" of "+n+" ("+clip(visible(s.Taken), 24)+")")
	}
	var strays int64
	for i := range c.Strays {
		strays += c.Strays[i].N
	}
	if strays > 0 {
		parts = append(parts, several(strays, "event")+" years away not in the span")
	}
	return strings.Join(parts, ", ")
}

// straysOf names the events that are years away from all others.
func (w *words) straysOf(all []tocsin.Stray) text {
	var n int64
	first := &all[0]
	for i := range all {
		n += all[i].N
		if all[i].N > first.N {
			first = &all[i]
		}
	}
	where := say(quote(first.Path))
	if len(all) > 1 {
		where = fill(w.guessFiles, w.long(int64(len(all))), quote(first.Path))
	}
	when := stampOf(first.From) + " UTC"
	if !first.From.Equal(first.To) {
		when = spanText(first.From, first.To)
	}
	return fill(w.strayRow, w.long(n), where, when)
}
