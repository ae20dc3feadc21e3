package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

func TestShared(t *testing.T) {
	x, y := traits{}, traits{}
	x.add("account", `WEB1\ann`)
	y.add("account", `web1\Ann`)
	x.add("tool", "sshd")
	for _, h := range []string{"a", "b", "c", "d"} {
		x.add("host", h)
		y.add("host", strings.ToUpper(h))
	}
	y.add("string", "dropped:/tmp/x")
	both, common, lacks := shared(x, y)
	if d := cmp.Diff([]string{`account:WEB1\ann`, "host:A", "host:B", "host:C"}, both); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"address", "tool"}, lacks); d != "" {
		t.Error(d)
	}
	if common["host"] != 4 || common["account"] != 1 || len(common) != 2 {
		t.Errorf("counted %v", common)
	}
	if again, _, l := shared(y, x); !slices.Equal(again, both) || !slices.Equal(l, lacks) {
		t.Error("what two share depends on who is named first")
	}
}

func TestNearest(t *testing.T) {
	at := func(mins ...int) (all []*tocsin.Deed) {
		for _, m := range mins {
			d := &tocsin.Deed{}
			if m >= 0 {
				d.Time = time.Date(2026, 3, 1, 8, m, 0, 0, time.UTC)
			}
			all = append(all, d)
		}
		return all
	}
	for _, tt := range []struct {
		x, y []*tocsin.Deed
		want time.Duration
	}{
		{at(1, 20), at(9, 40), 8 * time.Minute}, {at(5), at(1, 2, 3, 30, 50), 2 * time.Minute}, {at(5), at(5), 0}, {at(-1), at(3), -1}, {nil, at(3), -1}, {at(-1, 7), at(-1, 3), 4 * time.Minute},
	} {
		if got, back := nearest(tt.x, tt.y), nearest(tt.y, tt.x); got != tt.want || back != tt.want {
			t.Errorf("got %v and %v, want %v", got, back, tt.want)
		}
	}
}
