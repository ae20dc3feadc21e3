package decode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// decodeText decodes lines as a file of text would be, and returns copies of the events.
func decodeText(t testing.TB, text string) []*tocsin.Event {
	t.Helper()
	var all []*tocsin.Event
	d := textFormat().New(Options{Year: 2026})
	d.Decode(&tocsin.Record{Source: "test.log", Data: []byte(text), Line: 1}, func(e *tocsin.Event) { all = append(all, e.Clone()) })
	d.Flush(func(e *tocsin.Event) { all = append(all, e.Clone()) })
	return all
}

// show gives an event as lines "name=value" for comparison, the time first.
func show(e *tocsin.Event) string {
	var b strings.Builder
	if e.Fault != nil {
		return "fault: " + e.Fault.Error()
	}
	b.WriteString(e.Format + " " + e.Time.Format("2006-01-02T15:04:05.999999Z07:00") + "\n")
	for _, f := range e.Fields {
		b.WriteString(f.Name + "=" + f.Value + "\n")
	}
	return b.String()
}

// dataDir returns a directory of recordings, or skips the test where there are none.
func dataDir(t testing.TB, sub string) string {
	t.Helper()
	dir := os.Getenv("TOCSIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	dir = filepath.Join(dir, sub)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no recordings: %v (set TOCSIN_DATA)", err)
	}
	return dir
}

func TestAccessLines(t *testing.T) {
	tests := []struct {
		name, line, want string
	}{{
		"combined",
		`192.0.2.7 - - [17/May/2015:10:05:03 +0200] "GET /a/b?x=1&y=2 HTTP/1.1" 200 203023 "http://shop.example/" "Mozilla/5.0 (X11)"`,
		"access 2015-05-17T08:05:03Z\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=GET\ncs-uri=/a/b?x=1&y=2\ncs-uri-stem=/a/b\ncs-uri-query=x=1&y=2\ncs-uri-query=/a/b?x=1&y=2\nuri-decoded=/a/b?x=1&y=2\ncs-version=HTTP/1.1\nsc-status=200\nsc-bytes=203023\ncs-referer=http://shop.example/\ncs-user-agent=Mozilla/5.0 (X11)\n",
	}, {
		"common, user, no size",
		`shop.example - ann [17/May/2015:10:05:03 -0700] "POST /login HTTP/1.0" 302 -`,
		"access 2015-05-17T17:05:03Z\nc-ip=shop.example\nsrc_ip=shop.example\ncs-username=ann\ncs-method=POST\ncs-uri=/login\ncs-uri-stem=/login\ncs-uri-query=/login\nuri-decoded=/login\ncs-version=HTTP/1.0\nsc-status=302\n",
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := decodeText(t, tt.line)
			if len(got) != 1 {
				t.Fatalf("%d events, want 1", len(got))
			}
			if d := cmp.Diff(tt.want, show(got[0])); d != "" {
				t.Error(d)
			}
		})
	}
}
