package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// asked runs a command and returns what it writes, with its notes.
func asked(t *testing.T, in string, args ...string) (out, notes string, code int) {
	t.Helper()
	var o, n bytes.Buffer
	ctx := context.Background()
	code = run(ctx, args, std{ctx, strings.NewReader(in), &o, &n})
	return o.String(), n.String(), code
}

const namedLogon = `{"EventTime":"2026-03-04 10:00:01","Hostname":"DC1.corp.example","EventID":4768,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","TargetUserName":"LAP7$","TargetDomainName":"CORP.EXAMPLE","TargetSid":"S-1-5-21-1-2-3-1115","ServiceName":"krbtgt","Status":"0x0","IpAddress":"::ffff:192.0.2.15","IpPort":"50000"}
{"EventTime":"2026-03-04 10:00:02","Hostname":"DC1.corp.example","EventID":4624,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","TargetUserName":"ann","TargetDomainName":"CORP","TargetUserSid":"S-1-5-21-1-2-3-1104","LogonType":"3","LogonProcessName":"Kerberos","AuthenticationPackageName":"Kerberos","WorkstationName":"-","IpAddress":"192.0.2.15","IpPort":"50000"}
{"EventTime":"2026-03-04 10:00:03","Hostname":"LAP7.corp.example","EventID":4672,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","SubjectUserName":"ann","SubjectUserSid":"S-1-5-21-1-2-3-1104"}
`

const namedMail = `Mar  4 10:00:10 mail postfix/local[5]: 9A1: to=<ann@corp.example>, orig_to=<sales@corp.example>, relay=local, delay=0.1, dsn=2.0.0, status=sent (delivered to mailbox)
Mar  4 10:00:12 mail dovecot: imap-login: Login: user=<ann@corp.example>, method=PLAIN, rip=198.51.100.9, lip=192.0.2.25, mpid=1
`

const namedWeb = `192.0.2.15 - - [04/Mar/2026:10:05:00 +0000] "GET /a HTTP/1.1" 200 10 "-" "curl/8.5"
192.0.2.16 - - [04/Mar/2026:10:06:00 +0000] "GET /b HTTP/1.1" 200 10 "-" "curl/8.5"
`

// TestOtherNames: events are found by the other names of what was asked for, each once, and it is said which were used.
func TestOtherNames(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"security.json": namedLogon, "mail.log": namedMail, "access.log": namedWeb} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args   []string
		places string // of the events, by file and record
		note   string
	}{
		{[]string{"--host", "lap7"}, "security.json:1 security.json:2 security.json:3 access.log:1", "192.0.2.15 (kerberos-windows"},
		{[]string{"--host", "lap7", "--exact"}, "security.json:3", ""},
		{[]string{"--host", "LAP*", "--text", "curl"}, "access.log:1", "192.0.2.15"},
		{[]string{"--host", "lap7", "--address", "192.0.2.15", "--not", "curl"}, "security.json:1 security.json:2", "--address 192.0.2.15: 0 events more"},
		{[]string{"--address", "192.0.2.15"}, "security.json:1 security.json:2 access.log:1", "lap7 (kerberos-windows"},
		{[]string{"--address", "192.0.2.0/24", "--text", "curl"}, "access.log:1 access.log:2", ""},
		{[]string{"--user", "sales@corp.example"}, "security.json:2 mail.log:2", "ann@corp.example (mailbox-postfix"},
		{[]string{"--user", "S-1-5-21-1-2-3-1104", "--text", "Special"}, "", "0 events more by its other names: corp\\ann"},
		{[]string{"--host", "lap7", "--from", "2026-03-04 10:04:00"}, "access.log:1", "192.0.2.15"},
		{[]string{"--host", "lap9"}, "", "no event is of this host"},
	} {
		for _, workers := range []string{"1", "3"} {
			args := append([]string{"search", "--columns", "place", "--year", "2026", "--workers", workers}, append(c.args, dir)...)
			out, notes, code := asked(t, "", args...)
			places := strings.Join(strings.Fields(strings.ReplaceAll(out, dir+string(filepath.Separator), "")), " ")
			if code != 0 || places != c.places {
				t.Errorf("%v: %d: %q, want %q\n%s", c.args, code, places, c.places, notes)
			}
			if !strings.Contains(notes, c.note) || c.note == "" && strings.Contains(notes, "other names") {
				t.Errorf("%v: told as %q, want %q", c.args, notes, c.note)
			}
		}
	}
	out, _, _ := asked(t, "", "metrics", "-q", "--host", "lap7", "--by", "source.ip", "--format", "csv", dir)
	if !strings.Contains(out, "2,192.0.2.15,") {
		t.Errorf("counted as %q", out)
	}
	if _, notes, _ := asked(t, namedLogon, "search", "--host", "lap7", "-"); !strings.Contains(notes, "standard input cannot be read twice") {
		t.Errorf("told of standard input: %q", notes)
	}
}
