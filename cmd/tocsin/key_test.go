package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// hunted is what a hunt of the example writes as JSONL.
func hunted(t *testing.T, args ...string) string {
	t.Helper()
	var out, wrong bytes.Buffer
	args = append([]string{"hunt", "-q", "-f", "jsonl"}, append(args, "../../example/intrusion")...)
	if code := run(context.Background(), args, std{in: strings.NewReader(""), out: &out, err: &wrong}); code != 0 {
		t.Fatalf("exit code %d: %s", code, wrong.String())
	}
	return out.String()
}

// What is printed does not depend on the key, whether random or of a file, and holds nothing made with it.
func TestKeyDoesNotShow(t *testing.T) {
	var files []string
	for _, key := range []string{strings.Repeat("a", 16), "another key, and a longer one\n"} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	first := hunted(t, "--key-file", files[0])
	if !strings.Contains(first, `"kind":"campaign"`) || !strings.Contains(first, "key:1") {
		t.Fatal("the example has no campaign in which a secret is used, so this tests nothing")
	}
	if again := hunted(t, "--key-file", files[0]); again != first {
		t.Error("the same key gives another result")
	}
	for what, args := range map[string][]string{"another key": {"--key-file", files[1]}, "a random key": nil} {
		other := hunted(t, args...)
		if fingerprint := regexp.MustCompile(`key:[0-9a-f]{16}`).FindString(first + other); fingerprint != "" {
			t.Errorf("%s: %s left", what, fingerprint)
		}
		if d := cmp.Diff(first, other); d != "" {
			t.Errorf("%s: (-a key +this) %.2000s", what, d)
		}
	}
}

func TestParseHorizon(t *testing.T) {
	for s, want := range map[string]time.Duration{"": 0, "36h": 36 * time.Hour, "7d": 7 * 24 * time.Hour, "90m": 90 * time.Minute,
		"0": -1, "-1h": -1, "-3d": -1, "0d": -1, "d": -1, "1.5d": -1, "week": -1, "999999999d": -1, "99999999999999999999d": -1} {
		got, err := parseHorizon(s)
		if want >= 0 && (got != want || err != nil) || want < 0 && err == nil {
			t.Errorf("%q: %v, %v; want %v", s, got, err, want)
		}
	}
}
