package action

import "github.com/tocsin-ids/tocsin"

// A sensorKey tells sensors apart by where their log sources stand, which events share.
type sensorKey struct {
	first  *tocsin.LogSource
	n      int
	format string
}

// sensorOf names what told of an event: the most particular of its log sources, and the format, which tells a copy that a
// collector made from the log itself.
func (r *Reader) sensorOf(ev *tocsin.Event) string {
	if len(ev.Sources) == 0 {
		return ev.Format
	}
	k := sensorKey{&ev.Sources[0], len(ev.Sources), ev.Format}
	if k == r.lastSensor {
		return r.sensor
	}
	s, ok := r.sensors[k]
	if !ok {
		if r.sensors == nil || len(r.sensors) >= maxWays {
			r.sensors = map[sensorKey]string{}
		}
		s = ev.Sources[len(ev.Sources)-1].String()
		if ev.Format != "" {
			s += ", " + ev.Format
		}
		r.sensors[k] = s
	}
	r.lastSensor, r.sensor = k, s
	return s
}
