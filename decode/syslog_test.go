package decode

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// unixEvents decodes text with the format that its content asks for and returns the events, cloned.
func unixEvents(t *testing.T, data string, o Options) []*tocsin.Event {
	t.Helper()
	f, ok := Detect("", []byte(data))
	if !ok {
		t.Fatalf("no format for %.80q", data)
	}
	return unixDecode(f, data, o)
}

func unixDecode(f Format, data string, o Options) []*tocsin.Event {
	var all []*tocsin.Event
	d := f.New(o)
	emit := func(e *tocsin.Event) { all = append(all, e.Clone()) }
	r := &tocsin.Record{Source: "test.log", Data: []byte(data), Line: 1, Ref: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	d.Decode(r, emit)
	d.Flush(emit)
	return all
}

// told gives the named fields of an event as text, "time" and "host" being its own.
func told(e *tocsin.Event, names ...string) string {
	var all []string
	for _, n := range names {
		switch n {
		case "time":
			all = append(all, e.Time.Format("2006-01-02T15:04:05.999999999Z07:00"))
		case "host":
			all = append(all, e.Host)
		default:
			all = append(all, e.Text(n))
		}
	}
	if e.Fault != nil {
		all = append(all, "fault: "+e.Fault.Error())
	}
	return strings.Join(all, "|")
}

func TestSyslogHead(t *testing.T) {
	for line, want := range map[string]string{
		`Feb 28 04:05:06 web01 sshd[12]: hello`:                             `2026-02-28T04:05:06Z|web01|sshd|12|hello|||`,
		`Apr  7 04:05:06 web01 cron: hello`:                                 `2025-04-07T04:05:06Z|web01|cron||hello|||`, // after the file's time: the year before
		`Apr 7 04:05:06 web01 cron: hello`:                                  `2025-04-07T04:05:06Z|web01|cron||hello|||`,
		`Feb 28 2024 04:05:06 web01 a[1]: hello`:                            `2024-02-28T04:05:06Z|web01|a|1|hello|||`,
		`Feb 28 04:05:06.123456 web01 a[1]: hello`:                          `2026-02-28T04:05:06.123456Z|web01|a|1|hello|||`,
		`Feb 28 04:05:06 CET web01 a[1]: hello`:                             `2026-02-28T03:05:06Z|web01|a|1|hello|||`,
		`Feb 28 04:05:06 a[1]: hello`:                                       `2026-02-28T04:05:06Z||a|1|hello|||`,
		`Feb 28 04:05:06 sogod [26]: hello`:                                 `2026-02-28T04:05:06Z||sogod|26|hello|||`,
		`Feb 28 04:05:06 h [x] hello`:                                       `2026-02-28T04:05:06Z|h|x||hello|||`,
		`Feb 28 04:05:06 h su(pam_unix)[3]: hello`:                          `2026-02-28T04:05:06Z|h|su|3|hello|||`,
		`Feb 28 04:05:06 h auth-worker(22): hello`:                          `2026-02-28T04:05:06Z|h|auth-worker|22|hello|||`,
		`Feb 28 04:05:06 h last message repeated 2 times`:                   `2026-02-28T04:05:06Z|h|||last message repeated 2 times|||`,
		`Feb 28 04:05:06 h kernel: [  970.699396] hello`:                    `2026-02-28T04:05:06Z|h|kernel||hello|||`,
		`Feb 28 04:05:06 h a[1]: [ID 800047 auth.info] hello`:               `2026-02-28T04:05:06Z|h|a|1|hello|||`,
		`Feb 28 04:05:06 <auth.info> h a[1]: hello`:                         `2026-02-28T04:05:06Z|h|a|1|hello|auth|info|`,
		`Feb 28 04:05:06 <4.6> h a[1]: hello`:                               `2026-02-28T04:05:06Z|h|a|1|hello|4|6|`,
		`<38>Feb 28 04:05:06 h a[1]: hello`:                                 `2026-02-28T04:05:06Z|h|a|1|hello|auth|info|`,
		`<34>su: hello`:                                                     `0001-01-01T00:00:00Z||su||hello|auth|crit|`,
		`2024-02-28T04:05:06.123456+02:00 h a[1]: hello`:                    `2024-02-28T02:05:06.123456Z|h|a|1|hello|||`,
		`2024-02-28T04:05:06+0000 h kernel: hello`:                          `2024-02-28T04:05:06Z|h|kernel||hello|||`,
		`2024-02-28 04:05:06 h a[1]: hello`:                                 `2024-02-28T04:05:06Z|h|a|1|hello|||`,
		`[Feb 28 04:05:06] h a[1]: hello`:                                   `2026-02-28T04:05:06Z|h|a|1|hello|||`,
		`<38>1 2024-02-28T04:05:06Z h.example a 12 ID7 - hello`:             `2024-02-28T04:05:06Z|h.example|a|12|hello|auth|info|`,
		`<38>1 2024-02-28T04:05:06Z h a - - [x@1 k="v \"]\" w"][y@2] hi`:    `2024-02-28T04:05:06Z|h|a||hi|auth|info|v "]" w`,
		"<38>1 - - a - - - \xef\xbb\xbfhello":                               `0001-01-01T00:00:00Z||a||hello|auth|info|`,
		`<189>45: *Mar  1 00:01:02.003: %SYS-5-CONFIG_I: hello`:             `2026-03-01T00:01:02.003Z||||hello|local7|notice|`,
		`2024-02-28T04:05:06.1+01:00 192.0.2.9 system,error,critical hello`: `2024-02-28T03:05:06.1Z|192.0.2.9|||system,error,critical hello|||`,
	} {
		ev := unixEvents(t, line+"\n", Options{})
		if len(ev) != 1 {
			t.Fatalf("%q: %d events", line, len(ev))
		}
		if got := told(ev[0], "time", "host", "program", "pid", "message", "facility", "severity", "x@1.k"); got != want {
			t.Errorf("%q\n got %s\nwant %s", line, got, want)
		}
		if ev[0].Format != "syslog" {
			t.Errorf("%q: format %s", line, ev[0].Format)
		}
	}
}

// An application's own log is no syslog, however close it comes.
func TestNotSyslog(t *testing.T) {
	for _, line := range []string{
		`2024-02-28T04:05:06Z: Failed Login: username=admin`,
		`2024-02-28 04:05:06 Login: no`,
		`2024-02-28 04:05:06 ERROR main.go:12: no`,
		`[2024-02-28 04:05:06] NOTICE[12] chan_sip.c: hello`,
		`2024-02-28 04:05:06.123 [info] <0.1.0>@x:y: hello`,
	} {
		ev := unixEvents(t, line+"\n", Options{})
		if len(ev) != 1 || ev[0].Format != "stamped" || !ev[0].Time.Equal(time.Date(2024, 2, 28, 4, 5, 6, ev[0].Time.Nanosecond(), time.UTC)) {
			t.Errorf("%q: %s %v", line, ev[0].Format, ev[0].Time)
		}
	}
}

func TestLeadStamp(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip(err)
	}
	ref := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ in, want string }{
		{"Fri Jan 19 12:20:33 2007 x", "2007-01-19T11:20:33Z"},
		{"[Mon Mar 28 16:50:49.522240 2016] x", "2016-03-28T14:50:49.52224Z"},
		{"[18/Jan/2014 06:41:25] x", "2014-01-18T05:41:25Z"},
		{"[22-Jan-2013 22:28:21 +0200]: x", "2013-01-22T20:28:21Z"},
		{"2011.11.21 14:29:16 x", "2011-11-21T13:29:16Z"},
		{"130324  0:04:00 x", "2013-03-23T23:04:00Z"},
		{"[20220407-12:11:06] x", "2022-04-07T10:11:06Z"},
		{"2014:07:02-00:17:45: x", "2014-07-01T22:17:45Z"},
		{"10/06/2013 15:50:41 x", "2013-10-06T13:50:41Z"},
		{"06/27/2014 17:51:19 x", "2014-06-27T15:51:19Z"},
		{"Apr-07-13 07:08:36 x", "2013-04-07T05:08:36Z"},
		{"19-Oct-2022 05:34:02.425 x", "2022-10-19T03:34:02.425Z"},
		{"11-06-2013 02:09:40 +0300 x", "2013-06-10T23:09:40Z"},
		{"apr 15, 2013 8:34:08 PM x", "2013-04-15T18:34:08Z"},
		{"1386543323.250 x", "2013-12-08T22:55:23.25Z"},
		{"@400000004c91b044077a9e94 x", "2010-09-16T05:50:50.1254765Z"},
		{"[PDT Apr 16 21:05:29] x", "2025-04-17T04:05:29Z"},
		{"08-03 07:56:53.026292 x", "2025-08-03T05:56:53.026292Z"},
		{"2024-07-01T00:00:00 x", "2024-06-30T22:00:00Z"}, // summer time
		{"2024-02-30x", ""},
		{"1.2.3.4 x", ""},
		{"Janitor 10 x", ""},
		{"[] x", ""},
	} {
		k := clock{opt: Options{Zone: berlin}}
		got := ""
		if at, _, f := k.lead([]byte(c.in), ref); f != noStamp {
			got = at.Format(time.RFC3339Nano)
		}
		if w, err := time.Parse(time.RFC3339Nano, c.want); err == nil {
			c.want = w.Format(time.RFC3339Nano)
		}
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.in, got, c.want)
		}
	}
}

func TestSSHD(t *testing.T) {
	fields := []string{"event_type", "outcome", "user", "src_ip", "src_port", "auth_method"}
	for msg, want := range map[string]string{
		"Failed password for root from 192.0.2.1 port 4000 ssh2":                                                       "login_failed|failure|root|192.0.2.1|4000|password",
		"Failed password for invalid user bob from 2001:db8::1 port 4000 ssh2":                                         "login_failed|failure|bob|2001:db8::1|4000|password",
		"Failed password for root from ::ffff:192.0.2.1 port 4000 ssh2":                                                "login_failed|failure|root|192.0.2.1|4000|password",
		"Failed publickey for git from 192.0.2.1 port 4000 ssh2: RSA SHA256:abc":                                       "key_refused|failure|git|192.0.2.1|4000|publickey",
		"Accepted publickey for git from 192.0.2.1 port 4000 ssh2: ED25519 SHA256:abc":                                 "login_ok|success|git|192.0.2.1|4000|publickey",
		"Accepted password for git from 192.0.2.1 port 4000 ssh2":                                                      "login_ok|success|git|192.0.2.1|4000|password",
		"Invalid user  from 192.0.2.1 port 4000":                                                                       "invalid_user|failure||192.0.2.1|4000|",
		"Invalid user a b from 192.0.2.1 port 4000":                                                                    "invalid_user|failure|a b|192.0.2.1|4000|",
		"Connection closed by authenticating user root 192.0.2.1 port 4000 [preauth]":                                  "preauth_disconnect|failure|root|192.0.2.1|4000|",
		"Connection closed by 192.0.2.1 port 4000 [preauth]":                                                           "preauth_disconnect|failure||192.0.2.1|4000|",
		"Connection closed by 192.0.2.1 port 4000":                                                                     "disconnected|||192.0.2.1|4000|",
		"error: maximum authentication attempts exceeded for root from 192.0.2.1 port 4000 ssh2 [preauth]":             "login_failed|failure|root|192.0.2.1|4000|",
		"User bob from 192.0.2.1 not allowed because not listed in AllowUsers":                                         "denied|failure|bob|192.0.2.1||",
		"banner exchange: Connection from 192.0.2.1 port 4000: invalid format":                                         "protocol_error|failure||192.0.2.1|4000|",
		"Unable to negotiate with 192.0.2.1 port 4000: no matching cipher found. Their offer: a,b":                     "protocol_error|failure||192.0.2.1|4000|",
		"drop connection #10 from [192.0.2.1]:4000 on [198.51.100.1]:22 past MaxStartups":                              "connection_refused|failure||192.0.2.1|4000|",
		"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=root": "pam_failed|failure|root|192.0.2.1||",
		"pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)":                                     "session_opened|success|bob|||",
		"Server listening on 0.0.0.0 port 22.":                                                                         "service_state|||||",
		"something that nobody has described about 192.0.2.1":                                                          "|||||",

		// Names that were chosen to look like the rest of the message.
		"Failed password for invalid user x from 198.51.100.9 port 22 ssh2 from 192.0.2.1 port 4000 ssh2":                                   "login_failed|failure|x from 198.51.100.9 port 22 ssh2|192.0.2.1|4000|password",
		"Failed password for invalid user x from 198.51.100.9 port 22 ssh2: y from 192.0.2.1 port 4000 ssh2":                                "login_failed|failure|x from 198.51.100.9 port 22 ssh2: y|192.0.2.1|4000|password",
		"Invalid user root from 198.51.100.9 port 22 from 192.0.2.1 port 4000":                                                              "invalid_user|failure|root from 198.51.100.9 port 22|192.0.2.1|4000|",
		"Connection closed by invalid user x 198.51.100.9 port 22 192.0.2.1 port 4000 [preauth]":                                            "preauth_disconnect|failure|x 198.51.100.9 port 22|192.0.2.1|4000|",
		"Bad protocol version identification 'x' from 198.51.100.9 port 22' from 192.0.2.1 port 4000":                                       "protocol_error|failure||192.0.2.1|4000|",
		`Failed hostbased for dan from 192.0.2.1 port 4000 ssh2: RSA aa:bb, client user "x from 198.51.100.9 port 2 ssh2", client host "y"`: "login_failed|failure|dan|192.0.2.1|4000|hostbased",
	} {
		for _, head := range []string{"Feb 28 04:05:06 h sshd[1]: ", "Feb 28 04:05:06 h sshd-session[1]: "} {
			ev := unixEvents(t, head+msg+"\n", Options{})
			if got := told(ev[0], fields...); got != want {
				t.Errorf("%q\n got %s\nwant %s", msg, got, want)
			}
		}
	}
}

func TestSSHDSources(t *testing.T) {
	ev := unixEvents(t, "Feb 28 04:05:06 h sshd[1]: Failed password for root from 192.0.2.1 port 4000 ssh2\n", Options{})
	want := []tocsin.LogSource{{Product: "linux", Service: "sshd"}, {Product: "linux", Service: "auth"}, {Product: "linux", Service: "syslog"},
		{Product: "linux", Category: "authentication", Service: "sshd"}}
	if diff := cmp.Diff(want, ev[0].Sources); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkSSHD(b *testing.B) {
	line := "Feb 28 04:05:06 web01 sshd[12345]: Failed password for invalid user admin1 from 192.0.2.77 port 40022 ssh2\n" +
		"Feb 28 04:05:07 web01 sshd[12345]: Connection closed by authenticating user root 192.0.2.77 port 40022 [preauth]\n" +
		"Feb 28 04:05:08 web01 sshd[12345]: pam_unix(sshd:session): session opened for user alice(uid=1000) by (uid=0)\n" +
		"Feb 28 04:05:08 web01 sudo[12345]: alice : TTY=pts/0 ; PWD=/home ; USER=root ; COMMAND=/usr/bin/apt update\n"
	r := &tocsin.Record{Source: "x", Data: []byte(strings.Repeat(line, 250)), Line: 1, Ref: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	d := textFormat().New(Options{})
	b.ReportAllocs()
	b.SetBytes(int64(len(r.Data)))
	for b.Loop() {
		n := 0
		d.Decode(r, func(e *tocsin.Event) {
			if e.Text("event_type") != "" {
				n++
			}
		})
		if n != 1000 {
			b.Fatalf("%d typed events, want 1000", n)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkStamped(b *testing.B) {
	line := "2024-02-28 04:05:06,123 INFO  [http-7] c.e.shop.Orders - order 4711 of customer bob shipped from 192.0.2.1 to the depot in 12 ms\n" +
		"2024-02-28 04:05:06,124 WARN  [http-7] c.e.shop.Login - Invalid password for user bob from 192.0.2.1\n"
	r := &tocsin.Record{Source: "x", Data: []byte(strings.Repeat(line, 500)), Line: 1}
	d := textFormat().New(Options{})
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		d.Decode(r, func(e *tocsin.Event) {
			if e.Text("event_type") == "login_failed" {
				n++
			}
		})
		if n != 500 {
			b.Fatalf("%d failed logins, want 500", n)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}
