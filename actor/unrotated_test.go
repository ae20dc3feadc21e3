package actor

import "testing"

// TestUnrotated says that a log that was rotated is written on under its name.
func TestUnrotated(t *testing.T) {
	for source, want := range map[string]string{
		"/var/log/auth.log":                     "/var/log/auth.log",
		"/var/log/auth.log@20261128T150405Z":    "/var/log/auth.log",
		"/var/log/auth.log@20261128T150405.12Z": "/var/log/auth.log",
		"/var/log/auth.log@2026Z":               "/var/log/auth.log@2026Z",
		"user@host/logZ":                        "user@host/logZ",
		"":                                      "",
	} {
		if got := unrotated(source); got != want {
			t.Errorf("%q is written on as %q, want %q", source, got, want)
		}
	}
}
