package decode

import (
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A reading is a log and what must be read in it: a line an event, of "name=value" with semicolons between; "time" and
// "host" are the event's own, "source" is one of its log sources, and a name without a value must have none.
type reading struct{ name, in, want string }

func readings(t *testing.T, list []reading) {
	t.Helper()
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			f, ok := Detect("evidence.log", []byte(c.in))
			if !ok {
				t.Fatalf("no format for %.200q", c.in)
			}
			f = f.For([]byte(c.in), func() []byte { return []byte(c.in) })
			var got []*tocsin.Event
			d := f.New(Options{})
			emit := func(e *tocsin.Event) { got = append(got, e.Clone()) }
			d.Decode(&tocsin.Record{Source: "evidence.log", Data: []byte(c.in), Line: 1, Ref: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, emit)
			d.Flush(emit)
			wants := strings.Split(strings.TrimSpace(c.want), "\n")
			if len(got) != len(wants) {
				t.Fatalf("%d events, want %d: %v", len(got), len(wants), got)
			}
			for i, want := range wants {
				e := got[i]
				for claim := range strings.SplitSeq(want, "; ") {
					name, value, _ := strings.Cut(strings.TrimSpace(claim), "=")
					has := ""
					switch name {
					case "":
						continue
					case "time":
						if !e.Time.IsZero() {
							has = e.Time.Format("2006-01-02T15:04:05.999999999Z07:00")
						}
					case "host":
						has = e.Host
					case "fault":
						if e.Fault != nil {
							has = "yes"
						}
					case "source":
						has = sourceList(e)
						for s := range strings.FieldsSeq(has) {
							if s == value {
								has = s
							}
						}
					default:
						has = e.Text(name)
					}
					if has != value {
						t.Errorf("event %d: %s is %q, want %q (%s)", i+1, name, has, value, show(e))
					}
				}
			}
		})
	}
}
