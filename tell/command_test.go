//go:build unix

package tell

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func script(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "told")
	if err := os.WriteFile(name, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCommand(t *testing.T) {
	t.Setenv("TOCSIN_TEST_LEAK", "leaked")
	out := filepath.Join(t.TempDir(), "out")
	c, err := NewCommand(CommandOptions{Path: script(t, `{ cat; echo; echo "$TOCSIN_ALERT_ID $1 $2"; env; pwd; } > "$OUT"; echo taken`), Args: []string{"$(id)", "b c"}, Env: []string{"OUT=" + out}})
	if err != nil {
		t.Fatal(err)
	}
	a := hostile(t)
	body, err := JSON(&a)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Send(t.Context(), a.ID, body)
	if err != nil || answer != "exit 0 taken" {
		t.Fatal(answer, err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, rest, _ := strings.Cut(string(b), "\n")
	if got != string(body) || !strings.HasPrefix(rest, a.ID+" $(id) b c\n") || strings.Contains(rest, "leaked") || !strings.HasSuffix(rest, "\n/\n") {
		t.Errorf("%q\n%q", got, rest)
	}
}

func TestCommandFails(t *testing.T) {
	for what, x := range map[string]struct{ text, want string }{
		"exit 3":          {"echo why >&2; exit 3", "exit status 3: why"},
		"much":            {"head -c 1000000 /dev/zero | tr '\\0' x; exit 1", "exit status 1: xxx"},
		"forever":         {"sleep 60 & sleep 60", "killed after 300ms"},
		"does not read":   {"exit 1", "exit status 1"},
		"control":         {"printf 'a\\033[31mb'; exit 1", `a\x1b[31mb`},
		"kills itself":    {"kill -9 $$", "killed"},
		"writes for ever": {"yes", "killed after 300ms"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := CommandOptions{Path: script(t, x.text), Timeout: 10 * time.Second}
			if strings.Contains(x.want, "300ms") {
				o.Timeout = 300 * time.Millisecond
			}
			c, err := NewCommand(o)
			if err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			_, err = c.Send(t.Context(), "a-1", []byte(strings.Repeat("x", 300_000)))
			if err == nil || !strings.Contains(err.Error(), x.want) || len(err.Error()) > 600 || time.Since(begin) > 9*time.Second {
				t.Errorf("%v after %s", err, time.Since(begin))
			}
		})
	}
	// What it leaves behind does not hold up the next.
	c, err := NewCommand(CommandOptions{Path: script(t, "sleep 60 &\nexit 0")})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := c.Send(t.Context(), "a-1", nil); err != nil || !strings.HasPrefix(answer, "exit 0") {
		t.Error(answer, err)
	}
}

func TestCommandOptions(t *testing.T) {
	loose := script(t, "")
	if err := os.Chmod(loose, 0o722); err != nil {
		t.Fatal(err)
	}
	for _, o := range []CommandOptions{{}, {Path: "told"}, {Path: "/nowhere/at/all"}, {Path: t.TempDir()}, {Path: file(t, "")}, {Path: loose}, {Path: script(t, ""), Env: []string{"x"}}} {
		if _, err := NewCommand(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
