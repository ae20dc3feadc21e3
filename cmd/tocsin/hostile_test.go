//go:build unix

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestHostile runs commands over files that were made to do harm. "forge FOLDER" makes them, "peak STATS MIB" fails if a
// run took more memory, and "plain FILE" if a file holds what a terminal would obey.
func TestHostile(t *testing.T) {
	if testing.Short() && memoryTimes > 1 {
		t.Skip("what it bounds, memory and time, the race detector multiplies; it runs without")
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/hostile",
		Setup: func(e *testscript.Env) error {
			e.Setenv("ESC", "\x1b[31m")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"forge": func(s *testscript.TestScript, _ bool, args []string) { s.Check(forge(s.MkAbs(args[0]))) },
			"peak": func(s *testscript.TestScript, _ bool, args []string) {
				var stats struct {
					Peak int64 `json:"peak_rss_bytes"`
				}
				s.Check(json.Unmarshal([]byte(s.ReadFile(args[0])), &stats))
				most, err := strconv.ParseInt(args[1], 10, 64)
				s.Check(err)
				if stats.Peak > most<<20*memoryTimes {
					s.Fatalf("%d MiB of memory, want %d at most", stats.Peak>>20, most)
				}
			},
			"plain": func(s *testscript.TestScript, _ bool, args []string) {
				for i, c := range s.ReadFile(args[0]) {
					if c < ' ' && c != '\n' || c >= 0x7f && c < 0xa0 || c == '\u202e' || c == '\ufffd' {
						s.Fatalf("%s: %U at byte %d", args[0], c, i)
					}
				}
			},
		},
		Condition: func(cond string) (bool, error) { return cond == "root" && os.Geteuid() == 0, nil },
	})
}

// admin is a line that the rule of the scripts matches, with a user agent.
func admin(agent string) string {
	return `192.0.2.1 - - [20/Nov/2026:10:00:01 +0000] "GET /admin HTTP/1.1" 404 512 "-" "` + agent + "\"\n"
}

// forge makes a folder of files that were made to do harm, each with one good line if it can hold one.
func forge(dir string) error {
	good := admin("curl")
	if err := os.MkdirAll(filepath.Join(dir, "folder.log"), 0o755); err != nil {
		return err
	}
	zipped := func(members ...string) string {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i := 0; i < len(members); i += 2 {
			w, _ := z.Create(members[i]) // into memory: fails in the test that reads it, if at all
			_, _ = io.WriteString(w, members[i+1])
		}
		_ = z.Close()
		return b.String()
	}
	gzipped := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = io.WriteString(z, s)
		_ = z.Close()
		return b.String()
	}
	var tape bytes.Buffer
	w := tar.NewWriter(&tape)
	for _, h := range []*tar.Header{
		{Name: "../../up.log", Size: int64(len(good)), Mode: 0o644},
		{Name: "link.log", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		{Name: "fifo.log", Typeflag: tar.TypeFifo},
	} {
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if h.Size > 0 {
			_, _ = io.WriteString(w, good)
		}
	}
	_ = w.Close()
	log := gzipped(strings.Repeat(good, 20_000))
	for name, text := range map[string]string{
		"agent.log":              admin("\x1b[2J\x1b]0;owned\x07\r\u009b31m\u202e\xff"),
		"cell.log":               admin("=cmd|' /C calc'!A0") + admin("@SUM(1)") + admin("-2+3"),
		"deep.json":              strings.Repeat("[", 100_000),
		"deep-object.json":       strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000) + "\n" + `{"request_method":"GET","request_uri":"/admin","status":404,"remote_addr":"192.0.2.1"}` + "\n",
		"empty.log":              "",
		"never-closed.json":      strings.Repeat("{\"a\":\n", 100_000),
		"html.log":               admin(`</script><script>alert(1)</script><img src=x onerror=alert(2)>`),
		"long.log":               good + strings.Repeat("x", 40<<20) + "\n" + good,
		"not-text.log":           good + "\xff\xfe\xc0\x80\n" + good,
		"cut.log.gz":             log[:len(log)/2],
		"cut-early.log.gz":       log[:15],
		"bomb.gz":                gzipped(strings.Repeat(good, 100_000)),
		"slip.zip":               zipped("../../../slipped.log", good, "/abs.log", good, "esc\x1b[31m.log", good),
		"slip.tar":               tape.String(),
		"cut.tar":                tape.String()[:700],
		"no-chunk.evtx":          "ElfFile\x00" + strings.Repeat("\xff", 4088) + "ElfChnk\x00" + strings.Repeat("\xff", 60_000),
		"secret.log":             good,
		"\x1b[31m\r\n\u202e.log": good,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	for link, to := range map[string]string{"loop": ".", "here": "there", "there": "here", "zero.log": "/dev/zero"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(dir, "secret.log"), 0); err != nil {
		return err
	}
	return syscall.Mkfifo(filepath.Join(dir, "pipe.log"), 0o644)
}
