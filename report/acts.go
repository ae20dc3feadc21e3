package report

import (
	"time"

	"github.com/tocsin-ids/tocsin"
)

// maxActsShown is how many of a step's acts a report for people lists; the JSONL has all.
const maxActsShown = 3

// maxSights is how many places of an act are listed.
const maxSights = 12

// sightings are the places of the first acts of a step, each with the sensor that told of it; where nothing is known of the
// sensors, the places alone.
func (w *words) sightings(s *tocsin.Step) []string {
	var out []string
	if len(s.Acts) == 0 {
		for i := range s.Places[:min(len(s.Places), maxActsShown)] {
			out = append(out, place(&s.Places[i]))
		}
		return out
	}
	for i := range s.Acts[:min(len(s.Acts), maxActsShown)] {
		seen := s.Acts[i].Seen
		for k := range seen[:min(len(seen), maxSights)] {
			out = append(out, w.sighting(&seen[k]))
		}
	}
	return out
}

// sighting is a place with its sensor, and how far its time is from that of the act's first sight.
func (w *words) sighting(x *tocsin.Sight) string {
	p := place(&x.Place)
	if x.Sensor == "" {
		return p
	}
	p += " (" + visible(shorten(x.Sensor, 120))
	if off := x.Off; off >= time.Second {
		p += ", +" + w.lasting(off)
	}
	return p + ")"
}

// acts lists what was done in a step, a line each: its text, how often, the first place, and how many sensors more saw it.
func (e *explanation) acts(indent int, all []tocsin.Act) {
	for i := range all[:min(len(all), 8)] {
		a := &all[i]
		s := "> " + visible(shorten(a.Text, 512))
		if a.Actions > 1 {
			s += " (" + english.times(a.Actions) + ")"
		}
		e.para(indent, s)
		if len(a.Seen) == 0 {
			continue
		}
		s = place(&a.Seen[0].Place)
		if n := len(a.Seen) - 1; n > 0 {
			s += " and " + several(n, "more sensor")
			if off := a.Seen[n].Off; off >= time.Second {
				s += ", up to " + lasting(off) + " later"
			}
		}
		if a.Row != "" {
			s += "; known by " + visible(shorten(a.Row, 64))
		}
		e.para(indent, e.ink("36", "evidence")+" "+s)
	}
}
