package slot

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	names := map[string]uint8{"a": 1, "ab": 2, "aab": 3, "aaab": 4, "src_ip": 5, strings.Repeat("x", 300): 6, "ä": 7}
	table := Of(names)
	for name, want := range names {
		if got := table.Slot(name); got != want {
			t.Errorf("%.20s: %d, want %d", name, got, want)
		}
	}
	for _, name := range []string{"", "b", "A", "src_iq", "src_ip "} {
		if got := table.Slot(name); got != 0 {
			t.Errorf("%q: %d, want none", name, got)
		}
	}
}
