package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// What times rest on that records do not say is counted by file and kind, with what was taken and why.
func TestGuesses(t *testing.T) {
	const none = "nothing says which it is (--zone would)"
	const written = "the file was last written on 2026-03-05"
	berlin := time.FixedZone("+01:00", 3600)
	tests := []struct {
		name, text string
		opt        decode.Options
		want       []tocsin.Guess
	}{
		{"nothing.log", "2026-03-04T05:06:07Z web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n2026-03-04 06:06:08+01:00 web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n", decode.Options{}, nil},
		{"access.log", `192.0.2.7 - - [04/Mar/2026:05:06:07 +0100] "GET / HTTP/1.1" 200 5 "-" "probe"` + "\n", decode.Options{}, nil},
		{"iis.log", "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status\n2026-03-04 05:06:07 192.0.2.7 GET / 200\n", decode.Options{}, nil},
		{"auth.log", "Mar  4 05:06:07 web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n2026-03-04T05:06:08Z web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\nDec 31 05:06:09 web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n", decode.Options{}, []tocsin.Guess{
			{Kind: "year", N: 2, Of: 3, Line: 1, Taken: "2025 to 2026", Why: written},
			{Kind: "zone", N: 2, Of: 3, Line: 1, Taken: "UTC", Why: none}}},
		{"told.log", "Mar  4 05:06:07 web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n", decode.Options{Zone: berlin, Year: 2024}, []tocsin.Guess{
			{Kind: "year", N: 1, Of: 1, Line: 1, Taken: "2024", Why: "--year says so"},
			{Kind: "zone", N: 1, Of: 1, Line: 1, Taken: "+01:00", Why: "--zone says so"}}},
		{"zoned.log", "Mar  4 05:06:07 CET 2026 web1 sshd[12]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n", decode.Options{}, nil},
		{"error.log", "2026/03/04 05:06:07 [error] 12#12: *66 open() \"/srv/a\" failed (2: No such file or directory), client: 192.0.2.7, server: shop.example, request: \"GET /a HTTP/1.1\", host: \"shop.example\"\n", decode.Options{}, []tocsin.Guess{
			{Kind: "zone", N: 1, Of: 1, Line: 1, Taken: "UTC", Why: none}}},
		{"hour.log", "05:06:07.250 [main] ERROR shop - Failed password for ann from 192.0.2.7 port 4242\n05:06:08.250 [main] ERROR shop - Failed password for ann from 192.0.2.7 port 4242\n", decode.Options{}, []tocsin.Guess{
			{Kind: "zone", N: 2, Of: 2, Line: 1, Taken: "UTC", Why: none},
			{Kind: "date", N: 2, Of: 2, Line: 1, Taken: "2026-03-05", Why: written}}},
		{"order.log", "05/03/2026 05:06:07 shop ERROR Failed password for ann from 192.0.2.7\n18/02/2026 05:06:07 shop ERROR Failed password for ann from 192.0.2.7\n05/03/2026 05:06:08 shop ERROR Failed password for ann from 192.0.2.7\n", decode.Options{}, []tocsin.Guess{
			{Kind: "zone", N: 3, Of: 3, Line: 1, Taken: "UTC", Why: none},
			{Kind: "order", N: 2, Of: 3, Line: 1, Taken: "day, month, year", Why: "the beginning of the file is read best so"}}},
		{"sysmon.jsonl", strings.Repeat(`{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","Hostname":"pc.example","EventTime":"2026-03-04 01:06:07","UtcTime":"2026-03-04 05:06:07.250","Image":"C:\\a.exe"}`+"\n"+
			`{"EventID":4624,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"pc.example","EventTime":"2026-03-04 01:06:08","TargetUserName":"ann"}`+"\n", 3), decode.Options{}, []tocsin.Guess{
			{Kind: "offset", N: 3, Of: 6, Line: 2, Taken: "UTC-04:00", Why: "a second stamp in the records says so"}}},
		{"utc.jsonl", `{"EventTimeUTC":"2026-03-04 05:06:07","msg":"login failed for ann","src_ip":"192.0.2.7"}` + "\n", decode.Options{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, t.TempDir(), tt.name, tt.text)
			at := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
			if err := os.Chtimes(path, at, at); err != nil {
				t.Fatal(err)
			}
			for i := range tt.want {
				tt.want[i].Path = path
			}
			c, err := Read(context.Background(), Input{Paths: []string{path}, Workers: 1, Decode: tt.opt}, func(int) Desk { return DeskFunc(func(*tocsin.Event) {}) })
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, c.Guesses); d != "" || c.FaultN > 0 {
				t.Errorf("-want +got\n%s%v", d, c.Faults)
			}
		})
	}
}

// The same guesses are told whatever the number of workers.
func TestGuessesAgree(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	at := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	for i := range 6 {
		var b strings.Builder
		for n := range 20_000 {
			stamp := at.Add(-time.Duration(n*97%300_000) * time.Second)
			layout := time.Stamp
			if n%(i+2) == 0 {
				layout = time.RFC3339
			}
			fmt.Fprintf(&b, "%s web%d sshd[%d]: Failed password for ann from 192.0.2.7 port 4242 ssh2\n", stamp.Format(layout), i, n)
		}
		path := write(t, dir, filepath.Join(fmt.Sprint(i), "auth.log"), b.String())
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	var want []tocsin.Guess
	for _, n := range []int{1, 2, 5} {
		c, err := Read(context.Background(), Input{Paths: paths, Workers: n}, func(int) Desk { return DeskFunc(func(*tocsin.Event) {}) })
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = c.Guesses
			if len(want) != 2*len(paths) || want[0].N != 10_000 {
				t.Fatalf("%+v", want)
			}
		}
		if d := cmp.Diff(want, c.Guesses); d != "" {
			t.Errorf("%d workers: -one +got\n%s", n, d)
		}
		paths = append(paths[1:], paths[0])
	}
}
