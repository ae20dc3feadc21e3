package main

import "testing"

func TestDescription(t *testing.T) {
	parts := []string{"1/2 files", ", 10 events", ", 5/s", ", 3 matches"}
	for _, c := range []struct {
		width int
		want  string
	}{
		{200, "1/2 files, 10 events, 5/s, 3 matches"},
		{70, "1/2 files, 10 events, 5/s"},
		{55, "1/2 files"},
		{20, ""},
	} {
		if got := description(c.width, parts...); got != c.want {
			t.Errorf("%d columns: %q, want %q", c.width, got, c.want)
		}
	}
}
