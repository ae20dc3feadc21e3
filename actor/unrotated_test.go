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
		"/var/log/auth.log.1":                   "/var/log/auth.log",
		"/var/log/auth.log.12.gz":               "/var/log/auth.log",
		"/var/log/messages-20261128":            "/var/log/messages",
		"/var/log/auth.log.1@20261128T150405Z":  "/var/log/auth.log",
		"logs/10.0.0.1":                         "logs/10.0.0.1",
		"a/.1":                                  "a/.1",
		"session.jsonl.gz":                      "session.jsonl.gz",
		"":                                      "",
	} {
		if got := unrotated(source); got != want {
			t.Errorf("%q is written on as %q, want %q", source, got, want)
		}
	}
}
