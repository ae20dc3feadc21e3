package main

import (
	"fmt"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
)

// failing is what makes a hunt end with exit code 1: a level of what is found, or a verdict on a principal.
type failing struct {
	level   tocsin.Level
	verdict tocsin.Verdict // Ordinary asks for none
}

func parseFailing(text string) (f failing, err error) {
	for _, v := range [...]tocsin.Verdict{tocsin.Suspicious, tocsin.Intrusion, tocsin.Turned} {
		if text == v.String() {
			return failing{verdict: v}, nil
		}
	}
	if f.level, err = tocsin.ParseLevel(text); err != nil {
		return f, fmt.Errorf("--fail-level: %w; or a verdict on principals: suspicious, intrusion, turned", err)
	}
	return f, nil
}

// any says that something was found that makes the hunt fail.
func (f failing) any(found *engine.Findings) bool {
	if f.verdict != tocsin.Ordinary {
		for _, p := range found.Principals {
			if p.Verdict >= f.verdict {
				return true
			}
		}
	}
	if f.level == tocsin.Unrated {
		return false
	}
	for rule := range found.Rules() {
		if rule.Level >= f.level {
			return true
		}
	}
	for _, c := range found.Campaigns {
		if c.Level >= f.level {
			return true
		}
	}
	return false
}
