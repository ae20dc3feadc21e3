package main

import (
	"github.com/tocsin-ids/tocsin/pseudonym"
	"github.com/tocsin-ids/tocsin/report"
)

// pseudonymise puts pseudonyms in what is to be reported: the formats do not know of it.
func (c *huntCmd) pseudonymise(s std, h *report.Hunt) error {
	key, err := c.key(s)
	if err != nil {
		return err
	}
	names := pseudonym.New(key)
	for _, x := range h.Campaigns {
		names.Learn(x)
	}
	for i := range h.Aside {
		names.Learn(&h.Aside[i])
	}
	for i := range h.Tried {
		names.Learn(&h.Tried[i])
	}
	for _, x := range h.Principals {
		names.Learn(x)
	}
	names.Learn(h.Coverage)
	names.LearnMatches(h.Matches)
	h.Matches = names.Told(h.Matches)
	for i, x := range h.Campaigns {
		h.Campaigns[i] = pseudonym.Tell(names, x)
	}
	for i := range h.Aside {
		h.Aside[i] = *pseudonym.Tell(names, &h.Aside[i])
	}
	for i := range h.Tried {
		h.Tried[i] = *pseudonym.Tell(names, &h.Tried[i])
	}
	for i, x := range h.Principals {
		h.Principals[i] = pseudonym.Tell(names, x)
	}
	h.Coverage = pseudonym.Tell(names, h.Coverage)
	h.Coverage.Pseudonyms = true
	return nil
}
