package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A sort is what deeds have in common that are counted as one kind of thing: the rule or alert that they raised, else what
// was done.
type sort struct{ title, technique string }

func sortOf(d *tocsin.Deed) sort {
	if len(d.Rules) > 0 {
		return sort{title: d.Rules[0].Title}
	}
	return sort{d.Verb, d.Technique}
}

func (s sort) String() string {
	if s.technique == "" {
		return s.title
	}
	return s.title + " " + s.technique
}

// what says a deed in a few words.
func what(d *tocsin.Deed) string { return done(d, d.N) }

// clip bounds what is quoted within a sentence.
func clip(s string) string { return tocsin.Shorten(s, 200) }

// include adds a text to a short list unless it is there.
func include(list []string, s string, most int) []string {
	if s == "" || len(list) >= most || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// inside says that a deed is of somebody who is in: it had its effect on the machine.
func inside(d *tocsin.Deed) bool {
	if d.Outcome == tocsin.Failed || d.Outcome == tocsin.Denied {
		return false
	}
	switch d.Tactic {
	case "", "reconnaissance", "resource-development":
		return false
	case "initial-access":
		if d.Shown != "" {
			return true
		}
		if d.Verb == "probe" || d.Verb == "scan" || d.Verb == "request" {
			return false // that a server answered is no sign that it gave in
		}
		return d.Level >= tocsin.Medium && d.Outcome == tocsin.Worked // an alert tells of an attempt; see attempt
	case "credential-access":
		if guess(d) {
			return d.Outcome == tocsin.Worked && d.Level >= tocsin.Medium
		}
	}
	return true
}

// guess says that a deed is a login, or guesses at one.
func guess(d *tocsin.Deed) bool {
	return d.Verb == "login" || d.Technique == "T1110" || strings.HasPrefix(d.Technique, "T1110.")
}

// size is a number of bytes for a person to read.
func size(n int64) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%d bytes", n)
	case n < 10_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	case n < 10_000_000_000:
		return fmt.Sprintf("%d MB", n/1_000_000)
	}
	return fmt.Sprintf("%d GB", n/1_000_000_000)
}

// several is a number of things.
func several(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
