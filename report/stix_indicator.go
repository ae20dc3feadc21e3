package report

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// How long after it was last seen an indicator of a kind is worth looking for: addresses change hands soon, names later, files
// and accounts do not. The lengths are a choice; STIX 2.1 (4.7) says what valid_until means, not how long it is.
var validFor = map[string]time.Duration{"address": 30 * 24 * time.Hour, "domain": 90 * 24 * time.Hour, "url": 90 * 24 * time.Hour}

// indicators writes what the intruder used as indicators, each with its role, why and how long it is of use; what has no
// pattern in STIX stands in the note on key events.
func (s *stix) indicators(c *tocsin.Campaign, id string, created time.Time) {
	for i := range c.Used[:min(len(c.Used), maxSTIXList)] {
		x := &c.Used[i]
		pattern := indicatorPattern(x)
		if pattern == "" {
			continue
		}
		from, last := created, created
		span(&from, &last, x.Last)
		if datable(x.First) {
			from = x.First
		}
		s.relate("indicates", s.domain("indicator", "used\x00"+c.ID+"\x00"+x.Kind+"\x00"+x.Value, created, func() {
			s.strAt("name", english.indicatorRole(x.Role)+": "+x.Value)
			s.strAt("description", x.Why+" Seen at "+x.Place.String()+".")
			s.strsAt("indicator_types", []string{"malicious-activity"})
			s.strAt("pattern", "["+pattern+"]")
			s.strAt("pattern_type", "stix")
			s.strAt("valid_from", from.UTC().Format(stamp))
			if d := validFor[x.Kind]; d > 0 {
				s.strAt("valid_until", last.Add(d).UTC().Format(stamp))
			}
			s.strsAt("labels", []string{"role:" + x.Role})
		}), id, created)
	}
}

// entityOf is an indicator as an entity of which STIX has observables and patterns; kinds of which it has none are left as they are.
func entityOf(x *tocsin.Indicator) tocsin.Entity {
	return tocsin.Entity{Kind: x.Kind, Role: "source", Value: strings.ToValidUTF8(x.Value, "\uFFFD")}
}

func indicatorPattern(x *tocsin.Indicator) string {
	e := entityOf(x)
	switch {
	case e.Value == "":
		return ""
	case e.Kind == "agent":
		return "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = " + literal(e.Value)
	case e.Kind == "hash" && hashName(e.Value) == "":
		return ""
	}
	return comparison(&e, []string{"address", "domain", "url", "hash", "user", "principal", "file"})
}

// touched writes what was only touched as observed data, which says of nothing that it is hostile, and why in a note.
func (s *stix) touched(c *tocsin.Campaign, created time.Time) {
	var refs, lines []string
	for i := range c.Touched[:min(len(c.Touched), maxSTIXList)] {
		x := &c.Touched[i]
		e := entityOf(x)
		object := s.observable(&e)
		if object == "" {
			continue
		}
		first, last := created, created
		if datable(x.First) {
			first, last = x.First, x.First
		}
		if datable(x.Last) && x.Last.After(first) {
			last = x.Last
		}
		ref := s.domain("observed-data", "touched\x00"+c.ID+"\x00"+x.Kind+"\x00"+x.Value, created, func() {
			s.strAt("first_observed", first.UTC().Format(stamp))
			s.strAt("last_observed", last.UTC().Format(stamp))
			s.intAt("number_observed", 1)
			s.strsAt("object_refs", []string{object})
			s.strsAt("labels", []string{"role:" + x.Role})
		})
		if !contains(refs, ref) {
			refs = append(refs, ref)
		}
		lines = append(lines, english.indicatorRole(x.Role)+": "+x.Value+". "+x.Why)
	}
	if len(refs) == 0 {
		return
	}
	s.domain("note", "touched\x00"+c.ID, created, func() {
		s.strAt("abstract", english.key.touched)
		s.strAt("content", english.key.touchedNote+"\n"+strings.Join(lines, "\n"))
		s.strsAt("object_refs", refs)
	})
}

// keyEvents writes the key events as a note on the campaign, a line each, and below them what was used that has no pattern.
func (s *stix) keyEvents(c *tocsin.Campaign, id string, created time.Time) {
	var lines []string
	for i := range c.Key[:min(len(c.Key), maxSTIXList)] {
		e := &c.Key[i]
		line := stampOf(e.Time) + " UTC, " + english.keyKind(e.Kind) + weak(e.Tie) + ": " + e.What
		if about := english.about(e).plain(); about != "" {
			line += " (" + about + ")"
		}
		for k := range e.Places {
			line += map[bool]string{true: "; ", false: ", "}[k == 0] + e.Places[k].String()
		}
		lines = append(lines, line)
	}
	for i := range c.Used[:min(len(c.Used), maxSTIXList)] {
		if x := &c.Used[i]; indicatorPattern(x) == "" {
			lines = append(lines, english.indicatorRole(x.Role)+": "+x.Value+". "+x.Why)
		}
	}
	if len(lines) == 0 {
		return
	}
	s.domain("note", "key events\x00"+c.ID, created, func() {
		s.strAt("abstract", english.key.head)
		s.strAt("content", strings.Join(lines, "\n"))
		s.strsAt("object_refs", []string{id})
	})
}

// hostileIn are the values that campaigns show to be an intruder's, by which a rule's matches may be known elsewhere.
func hostileIn(all []*tocsin.Campaign) map[string]bool {
	values := map[string]bool{}
	for _, c := range all {
		for i := range c.Used {
			values[c.Used[i].Value] = true
		}
	}
	return values
}
