package report

import (
	"github.com/tocsin-ids/tocsin"
)

// partial says that the run ended before all was read, and why; "" if it did not. Every format says it: a reader of one that
// did not would take what is there for all there was.
func partial(h *Hunt) string {
	c := h.covered()
	if c == nil || c.Partial == "" {
		return ""
	}
	return fill(english.partial, visible(shorten(c.Partial, maxShown))).plain()
}

// partialFinding is a line of a format that has findings and nothing besides, by which the result is known to be partial.
func partialFinding(why string) *tocsin.Match {
	return &tocsin.Match{
		Rule:  &tocsin.Rule{ID: "tocsin-partial", Title: "Partial result", Description: why, Level: tocsin.Informational},
		Event: &tocsin.Event{},
	}
}
