package decode

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// Zeros cost no log: those that a crash left in it as blocks, and those that somebody wrote.
func TestZerosInText(t *testing.T) {
	const line = "2026-11-20T10:00:00Z web01 sshd[1]: Failed password for root from 203.0.113.5 port 4000 ssh2\n"
	zeros := strings.Repeat("\x00", 4096)
	for name, tt := range map[string]struct {
		in     string
		failed int // events that are failed logins of a user
		faults int
	}{
		"a name":            {strings.Replace(line, "root", "ro\x00ot", 1) + line, 2, 0},
		"a block between":   {line + zeros + "\n" + line, 2, 1},
		"before a line":     {line + zeros + line, 2, 0},
		"at the beginning":  {zeros[:512] + line + line, 2, 0},
		"at the end":        {line + line + zeros, 2, 1},
		"a web server's":    {`203.0.113.5 - ann [20/Nov/2026:10:00:00 +0000] "GET /` + "\x00" + ` HTTP/1.1" 401 12 "-" "curl/8.5"` + "\n" + line, 1, 0},
		"in several places": {strings.Repeat(strings.Replace(line, "root", "\x00", 1), 20), 20, 0},
	} {
		f, ok := Detect("x", []byte(tt.in))
		if !ok {
			t.Errorf("%s: no known format", name)
			continue
		}
		failed, faults := 0, 0
		d := f.New(Options{})
		take := func(ev *tocsin.Event) {
			if ev.Fault != nil {
				faults++
			}
			if ev.Text("event_type") == "login_failed" && !ev.Time.IsZero() && ev.Host == "web01" {
				failed++
			}
		}
		d.Decode(&tocsin.Record{Source: "x", Data: []byte(tt.in), Line: 1}, take)
		d.Flush(take)
		if failed != tt.failed || faults != tt.faults {
			t.Errorf("%s: %d failed logins, %d faults; want %d and %d", name, failed, faults, tt.failed, tt.faults)
		}
	}
	for name, in := range map[string]string{
		"zeros alone":   zeros,
		"numbers":       strings.Repeat("\x01\x00\x00\x00\x02\x00\x00\x00name\x00", 200),
		"UTF-16":        strings.Join(strings.Split(line, ""), "\x00"),
		"a table's row": strings.Repeat("\x07\x00\x00\x00pts/0\x00\x00\x00\x00ann\x00\x00\x00203.0.113.5\x00\x00\x00", 30),
	} {
		if looksText([]byte(in)) {
			t.Errorf("%s: taken for text", name)
		}
	}
}
