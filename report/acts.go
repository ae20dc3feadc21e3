package report

import (
	"strings"
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

// acts lists what was done in a step, a line each: the first one's text, how many more are like it, the places by all sensors.
func (e *explanation) acts(indent int, all []tocsin.Act) {
	for i := range all[:min(len(all), 8)] {
		a := &all[i]
		s := "> " + visible(shorten(a.Text, 512))
		if a.Actions > 1 {
			s += " and " + count(a.Actions-1) + " more like it"
		}
		e.para(indent, s)
		if len(a.Seen) == 0 {
			continue
		}
		var places []string
		for k := range a.Seen[:min(len(a.Seen), maxSights)] {
			x := &a.Seen[k]
			p := place(&x.Place)
			if off := x.Off; off >= time.Second {
				p += " (" + lasting(off) + " later)"
			}
			places = append(places, p)
		}
		s = strings.Join(places, ", ")
		if a.Row != "" {
			s += "; known by " + visible(shorten(a.Row, 64))
		}
		e.para(indent, e.ink("36", "evidence")+" "+s)
	}
}
