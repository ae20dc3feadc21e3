package decode

import (
	"testing"
	"time"
)

func TestISOTime(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	tests := []struct{ in, want, rest string }{
		{"2026-03-04T05:06:07Z", "2026-03-04T05:06:07Z", ""},
		{"2026-03-04T05:06:07.123456+0100", "2026-03-04T04:06:07.123456Z", ""},
		{"2026-03-04 05:06:07,5 -07:30 next", "2026-03-04T12:36:07.5Z", " next"},
		{"2026/03/04 05:06:07 [error]", "2026-03-04T04:06:07Z", " [error]"},
		{"2026-03-04T05:06:07+01", "2026-03-04T04:06:07Z", ""},
		{"2026-03-04T05:06:07-", "2026-03-04T04:06:07Z", "-"},
		{"2026-03-04T25:06:07Z", "", "2026-03-04T25:06:07Z"},
		{"2026-3-04T05:06:07Z", "", "2026-3-04T05:06:07Z"},
		{"2026-03-04", "", "2026-03-04"},
	}
	for _, tt := range tests {
		got, rest, ok := isoTime(tt.in, Options{Zone: berlin})
		if s := got.Format(time.RFC3339Nano); ok != (tt.want != "") || ok && s != tt.want || rest != tt.rest {
			t.Errorf("%q: %s, rest %q, %v; want %s, rest %q", tt.in, s, rest, ok, tt.want, tt.rest)
		}
	}
	if n := testing.AllocsPerRun(10, func() { parseTime("2026-03-04T05:06:07.123456+0100", Options{}) }); n != 0 {
		t.Errorf("%v allocations for a stamp, want 0", n)
	}
}
