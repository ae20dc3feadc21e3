package tocsin

import "testing"

// TestOnce holds that an act of which several sensors tell is one act, and that two acts of which one sensor tells are two.
func TestOnce(t *testing.T) {
	const second = int64(1e9)
	tick := func(at int64, sensor uint16, text uint32, words uint64) Tick {
		return Tick{Time: 1e18 + at*second, Record: uint32(at)*4 + uint32(sensor), Text: text, Words: words, Sensor: sensor, Stream: uint32(sensor), Log: 2}
	}
	for name, c := range map[string]struct {
		ticks Ticks
		want  int
	}{
		"two sensors":                        {Ticks{tick(0, 1, 7, 0b111), tick(1, 2, 8, 0b11), tick(9, 1, 9, 0b11000), tick(10, 2, 9, 0b11000), tick(20, 1, 3, 0b110000)}, 3},
		"one sensor twice":                   {Ticks{tick(0, 1, 7, 0b11), tick(1, 1, 7, 0b11)}, 2},
		"another sensor, once for two":       {Ticks{tick(0, 1, 7, 0b11), tick(1, 1, 7, 0b11), tick(2, 2, 7, 0b11)}, 2},
		"another sensor, more often":         {Ticks{tick(0, 1, 7, 0b11), tick(1, 2, 7, 0b11), tick(2, 2, 7, 0b11)}, 2},
		"another sensor, later":              {Ticks{tick(0, 1, 7, 0b11), tick(6, 2, 7, 0b11)}, 2},
		"other words":                        {Ticks{tick(0, 1, 7, 0b11), tick(1, 2, 8, 0b1100)}, 2},
		"a sensor of which nothing is known": {Ticks{tick(0, 0, 7, 0b11), tick(1, 2, 7, 0b11)}, 2},
	} {
		if got := len(c.ticks.Events()); got != c.want {
			t.Errorf("%s: %d acts, want %d", name, got, c.want)
		}
	}
}
