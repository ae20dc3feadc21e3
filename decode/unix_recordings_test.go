package decode

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// eachRecorded decodes a recorded file, or a line of one, in the format that its content asks for.
func eachRecorded(t testing.TB, name string, data []byte, emit func(*tocsin.Event)) {
	t.Helper()
	f, ok := Detect(name, data[:min(len(data), 65536)])
	if !ok {
		return
	}
	d := f.New(Options{})
	d.Decode(&tocsin.Record{Source: name, Data: data, Line: 1, Ref: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}, emit)
	d.Flush(emit)
}

// attackish are the kinds of event that a line labelled as an attacker's may be.
var attackish = map[string]bool{"login_failed": true, "invalid_user": true, "denied": true, "protocol_error": true, "connection_refused": true,
	"scan": true, "preauth_disconnect": true, "login_timeout": true, "banned": true}

// Of fail2ban's labelled lines, those of services that this package knows by their phrases or by the words that they
// share. Lines that only a state kept between lines could tell are counted as missed. What is labelled as no failure
// and typed all the same was looked at one by one: lines that fail2ban labels both ways in different modes.
func TestFail2ban(t *testing.T) {
	skip := map[string]bool{"apache": true, "nginx": true, "lighttpd": true, "haproxy": true, "traefik": true, "openhab": true, "php": true,
		"suhosin": true, "squid": true, "3proxy": true, "zzz": true, "tine20": true}
	var yes, typed, right, no, wrong int
	for name, text := range archived(t, "linux/fail2ban-labelled-logs.tar.gz") {
		family, _, _ := strings.Cut(filepath.Base(name), "-")
		if skip[family] {
			continue
		}
		var label struct {
			Match bool   `json:"match"`
			Host  string `json:"host"`
		}
		labelled := false
		for line := range strings.Lines(text) {
			if _, after, ok := strings.Cut(line, "failJSON:"); ok && line[0] == '#' {
				label.Host, label.Match = "", false
				labelled = json.Unmarshal([]byte(after), &label) == nil
				continue
			}
			if line[0] == '#' || strings.TrimSpace(line) == "" || !labelled {
				continue
			}
			labelled = false
			kind, ip := "", ""
			eachRecorded(t, "x", []byte(line), func(e *tocsin.Event) {
				if kind = e.Text("event_type"); e.Text("src_ip") != "" {
					ip = strings.Clone(e.Text("src_ip"))
				} else {
					ip = strings.Clone(e.Text("src_host"))
				}
			})
			switch {
			case label.Match:
				yes++
				if attackish[kind] {
					typed++
					if ip == label.Host {
						right++
					}
				}
			default:
				no++
				if attackish[kind] {
					wrong++
				}
			}
		}
	}
	t.Logf("%d of %d lines labelled as failures, %d with the labelled address; %d of %d labelled as none", typed, yes, right, wrong, no)
	if typed*100 < yes*89 || right*100 < typed*97 || wrong > 6 {
		t.Error("worse than it was")
	}
}

func gunzipped(t testing.TB, sub string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join(dataDir(t, filepath.Dir(sub)), filepath.Base(sub)))
	if err != nil {
		t.Skipf("no recording: %v", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every line of real logs is an event, and most are understood.
func TestAuthLogs(t *testing.T) {
	for name, want := range map[string]map[string]int{
		"linux/auth-elastic-ec2.log.gz":                                {"": 7121, "login_failed": 900, "login_ok": 240, "invalid_user": 178, "command": 186, "user_added": 10},
		"linux/loghub-openssh/OpenSSH_2k.log.gz":                       {"": 2000, "login_failed": 524, "invalid_user": 113, "pam_failed": 629},
		"operator/script-cowrie-2017/cowrie_2017-01-03T004539.json.gz": {"": 0, "login_failed": 81, "command": 123},
	} {
		got := map[string]int{}
		eachRecorded(t, name, gunzipped(t, name), func(e *tocsin.Event) {
			if e.Fault != nil {
				t.Fatal(e.Fault)
			}
			if e.Time.IsZero() {
				t.Fatalf("%s: no time in %q", name, e.Raw)
			}
			got[""]++
			got[e.Text("event_type")]++
		})
		for kind, n := range want {
			if got[kind] < n {
				t.Errorf("%s: %d events of type %q, want %d", name, got[kind], kind, n)
			}
		}
	}
}
