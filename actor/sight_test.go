package actor

import (
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TestSights holds how many acts a deed is: of each text as often as the sensor says that saw it most often.
func TestSights(t *testing.T) {
	for _, c := range []struct {
		name string
		of   map[string][]string // texts by sensor
		acts int
	}{
		{"one sensor", map[string][]string{"a": {"net user x", "net user x", "net view"}}, 3},
		{"two that agree", map[string][]string{"a": {"net user x", "net view"}, "b": {`"C:\bin\net.exe"  user x`, "net.exe view"}}, 2},
		{"the same twice", map[string][]string{"a": {"net user x", "net user x"}, "b": {"net user x", "net user x"}}, 2},
		{"each sees what the other does not", map[string][]string{"a": {"net user x"}, "b": {"net view"}}, 2},
		{"one sees more", map[string][]string{"a": {"net user x", "net view", "net view"}, "b": {"net user x"}, "c": {"net user x", "net view"}}, 3},
	} {
		s := NewPages(Key{1})
		n := 0
		for sensor, texts := range c.of {
			for i, text := range texts {
				a := act(time.Duration(i)*time.Second, "203.0.113.1", "h1", "run", "T1087", tocsin.Worked, tocsin.Medium)
				a.Tool, a.Text, a.Sensor, a.Place.Source = "net", text, sensor, "log/"+sensor
				s.Add(&a)
				n++
			}
		}
		s.Whole()
		d := s.Actors(0)[0].Deeds
		if len(d) != 1 || d[0].N != c.acts || len(d[0].Seen) != len(c.of) {
			t.Errorf("%s: %+v, want %d acts of %d sensors", c.name, d, c.acts, len(c.of))
		}
		if held := s.held(); held != int64(n) || s.letGoN() != 0 {
			t.Errorf("%s: %d of %d actions held, %d let go", c.name, held, n, s.letGoN())
		}
	}
}

// More texts and sensors than are told apart are still counted, and no act more than the most that one sensor told of.
func TestSightsAreBounded(t *testing.T) {
	s := NewPages(Key{1})
	for sensor := range 3 * maxSensors {
		for i := range 10 * maxWorded {
			a := act(time.Duration(i)*time.Second, "203.0.113.1", "h1", "run", "T1087", tocsin.Worked, tocsin.Medium)
			a.Tool, a.Text, a.Sensor = "net", fmt.Sprint("net user ", i), fmt.Sprint("sensor", sensor)
			s.Add(&a)
		}
	}
	s.Whole()
	d := s.Actors(0)[0].Deeds[0]
	if d.N != 10*maxWorded || len(d.Seen) != maxSensors {
		t.Errorf("%d acts of %d sensors", d.N, len(d.Seen))
	}
}
