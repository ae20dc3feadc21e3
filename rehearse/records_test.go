package rehearse_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rehearse"
)

// evading has everything in it: blocks, rotation, other names.
var evading = rehearse.Options{Seed: 9, Targets: 12, Noise: 0.1, Rotate: 20, Rename: true}

// TestTruthPointsAtRecords looks up every action where the truth says that it was recorded.
func TestTruthPointsAtRecords(t *testing.T) {
	dir, truth := play(t, evading)
	addresses := map[string][]string{}
	for _, a := range truth.Actors {
		addresses[a.ID] = a.Addresses
	}
	lines := map[string][]string{}
	for path, b := range written(t, filepath.Join(dir, "telemetry")) {
		_, b, _ = strings.Cut(b, "\n") // the file's time
		lines[path] = strings.Split(b, "\n")
	}
	seen := map[string]int{}
	places := map[string]bool{}
	for _, a := range truth.Actions {
		place := fmt.Sprintf("%s:%d", a.File, a.Record)
		if places[place] {
			t.Errorf("%s: two actions", place)
		}
		places[place] = true
		log := lines[a.File]
		if a.Record < 1 || a.Record >= len(log) {
			t.Errorf("%s: %q is not there", place, a.What)
			continue
		}
		kind := a.File[strings.LastIndexByte(a.File, '/')+1:]
		seen[kind]++
		if why := heldBy(a, kind, log[a.Record-1:], addresses[a.Actor]); why != "" {
			t.Errorf("%s: %s: %s\n\t%s", place, a.What, why, log[a.Record-1])
		}
	}
	for _, kind := range []string{"access.log", "audit.log", "auth.log", "conn.log", "security.jsonl", "cloudtrail.jsonl"} {
		if seen[kind] == 0 {
			t.Errorf("no action is in any %s", kind)
		}
	}
}

// heldBy says what of an action the record with which log begins does not say, or "".
func heldBy(a rehearse.Action, kind string, log []string, from []string) string {
	line := log[0]
	var record map[string]any
	if strings.HasPrefix(line, "{") {
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			return err.Error()
		}
	}
	text := func(name string) string { return fmt.Sprint(record[name]) }
	var at time.Time
	var err error
	switch kind {
	case "access.log":
		f := regexp.MustCompile(`^(\S+) - - \[([^]]+)\] "([^"]*) HTTP/1.1" (\d+) `).FindStringSubmatch(line)
		if f == nil {
			return "not a request"
		}
		if at, err = time.Parse("02/Jan/2006:15:04:05 -0700", f[2]); err != nil {
			return err.Error()
		}
		if f[3] != a.What || !slices.Contains(from, f[1]) {
			return "another request"
		}
		if denied := f[4] == "403" || f[4] == "401"; denied != (a.Outcome == "denied") && a.Tactic == "reconnaissance" {
			return "ended otherwise"
		}
	case "audit.log":
		var id string
		var s, ms, serial int64
		host, rest, _ := strings.Cut(line, " ")
		if _, err = fmt.Sscanf(rest, "type=SYSCALL msg=audit(%d.%d:%d):", &s, &ms, &serial); err != nil {
			return err.Error()
		}
		id = fmt.Sprintf("msg=audit(%d.%03d:%d):", s, ms, serial)
		at = time.UnixMilli(s*1000 + ms)
		if host != "node="+a.Host || !strings.Contains(log[1], "type=EXECVE "+id) {
			return "another machine or record"
		}
		if !strings.Contains(log[1], fmt.Sprintf("=%X", a.What)) && !strings.Contains(log[1], fmt.Sprintf("=%q", a.What)) {
			return "another command"
		}
	case "auth.log":
		stamp, rest, _ := strings.Cut(line, " ")
		if at, err = time.Parse(time.RFC3339Nano, stamp); err != nil {
			return err.Error()
		}
		word := "Failed password for "
		if a.Outcome == "worked" {
			word = "Accepted publickey for "
		}
		who := strings.TrimPrefix(a.What, "login as ")
		if !strings.HasPrefix(rest, a.Host+" sshd[") || !strings.Contains(rest, word) || !strings.Contains(rest, " "+who+" from 10.") {
			return "another login"
		}
	case "conn.log":
		at = time.UnixMicro(int64(record["ts"].(float64) * 1e6))
		if !slices.Contains(from, text("id.orig_h")) || text("id.resp_h") != a.Host || "connect to port "+text("id.resp_p") != a.What {
			return "another connection"
		}
	case "security.jsonl":
		if at, err = time.Parse(time.RFC3339, text("@timestamp")); err != nil {
			return err.Error()
		}
		if text("RecordNumber") != fmt.Sprint(a.Record) || text("Hostname") != a.Host {
			return "another record or machine"
		}
		switch text("EventID") {
		case "4625":
			if a.What != "login as "+text("TargetUserName") || a.Outcome != "failed" {
				return "another failure"
			}
		case "4624":
			if a.What != "logon of "+text("TargetUserName") || a.Outcome != "worked" {
				return "another logon"
			}
		case "4688":
			if a.What != text("CommandLine") {
				return "another program"
			}
		default:
			return "another event"
		}
	case "cloudtrail.jsonl":
		if at, err = time.Parse(time.RFC3339, text("eventTime")); err != nil {
			return err.Error()
		}
		service, _, _ := strings.Cut(text("eventSource"), ".")
		if a.What != service+":"+text("eventName") || a.Host != "aws:"+text("recipientAccountId") || !slices.Contains(from, text("sourceIPAddress")) {
			return "another call"
		}
		if (record["errorCode"] != nil) != (a.Outcome == "denied") {
			return "ended otherwise"
		}
	default:
		return "no such log"
	}
	if d := at.Sub(a.Time); d < -time.Second || d > time.Second {
		return fmt.Sprintf("%s after its time", d)
	}
	return ""
}

// reserved are the networks that documents (RFC 5737, RFC 3849) and insides (RFC 1918) may use.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
}

// TestNothingIsReal holds every address and every name that was written against those that nobody has.
func TestNothingIsReal(t *testing.T) {
	dir, truth := play(t, evading)
	four := regexp.MustCompile(`(?:^|[^0-9.A-Za-z/])(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?:$|[^0-9.])`)
	six := regexp.MustCompile(`(?i)[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7}`)
	name := regexp.MustCompile(`(?i)[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.(?:example|com|net|org|edu|gov|mil|int|io|ai|app|dev|co|me|fun|info|biz|cloud|xyz|site|eu|fr|de|uk|ru|cn|us|onion|local|lan|corp|internal|arpa)\b`)
	// What is written like a name and is none: services of the cloud as its log calls them, a listing of units, a file.
	none := regexp.MustCompile(`^[a-z0-9]+\.amazonaws\.com$`)
	known := map[string]bool{"192.0.2.8": true, "192.0.2.9": true} // what the hosts that victims speak to resolve to
	for _, a := range truth.Actors {
		for _, ip := range a.Addresses {
			known[ip] = true
		}
	}
	for _, ip := range truth.Benign.Addresses {
		known[ip] = true
	}
	agents := regexp.MustCompile(`"Mozilla/5.0[^"]*"|Chrome/[0-9.]+`) // versions look like addresses
	n := 0
	for path, b := range written(t, dir) {
		_, b, _ = strings.Cut(b, "\n")
		b = agents.ReplaceAllString(b, "")
		for _, m := range four.FindAllStringSubmatch(b, -1) {
			n++
			a, err := netip.ParseAddr(m[1])
			if err != nil || !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) }) {
				t.Fatalf("%s: %s is an address that somebody may have", path, m[1])
			}
			if !a.IsPrivate() && !known[m[1]] && !netip.MustParsePrefix("203.0.113.0/24").Contains(a) {
				t.Fatalf("%s: the truth does not know %s", path, m[1])
			}
		}
		for _, m := range six.FindAllString(b, -1) {
			a, err := netip.ParseAddr(m)
			if err != nil {
				continue // a time of day, or the like
			}
			n++
			if !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) }) {
				t.Fatalf("%s: %s is an address that somebody may have", path, m)
			}
			if !known[a.String()] {
				t.Fatalf("%s: the truth does not know %s", path, m)
			}
		}
		for _, m := range name.FindAllString(b, -1) {
			if n++; !strings.HasSuffix(m, ".example") && !none.MatchString(m) {
				t.Fatalf("%s: %s is a name that somebody may have", path, m)
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d addresses and names found, want many", n)
	}
}

// TestTelemetryIsSilentAboutTheTruth: what a detector is given names neither the truth nor who plays.
func TestTelemetryIsSilentAboutTheTruth(t *testing.T) {
	dir, truth := play(t, evading)
	words := []string{"truth", "rehears", "tocsin", "synthetic", "benign", "operator", "campaign", "human"}
	for _, a := range truth.Actors {
		words = append(words, a.ID)
	}
	all := written(t, dir)
	if _, ok := all["TRUTH.json"]; !ok {
		t.Error("no TRUTH.json beside the telemetry")
	}
	for path, b := range all {
		if path == "TRUTH.json" {
			continue
		}
		if !strings.HasPrefix(path, "telemetry/") {
			t.Errorf("%s is neither the truth nor telemetry", path)
		}
		low := strings.ToLower(path + "\n" + b)
		for _, w := range words {
			if strings.Contains(low, w) {
				t.Errorf("%s says %q", path, w)
			}
		}
	}
}

// TestTelemetryIsNative reads all of it back: every record is decoded as a log of its kind, at its time, and actions
// are found under the record numbers that the truth gives.
func TestTelemetryIsNative(t *testing.T) {
	opt := evading
	opt.Start = time.Date(2027, 12, 30, 0, 0, 0, 0, time.UTC) // over the turn of a year
	dir, truth := play(t, opt)
	dir = filepath.Join(dir, "telemetry")
	kindOf := map[string]tocsin.LogSource{ // file → what it is to be taken for
		"access.log": {Category: "webserver"}, "audit.log": {Product: "linux", Service: "auditd"}, "auth.log": {Product: "linux"},
		"conn.log": {Product: "zeek", Service: "conn"}, "dns.log": {Product: "zeek", Service: "dns"}, "eve.json": {Product: "suricata"},
		"cloudtrail.jsonl": {Product: "aws", Service: "cloudtrail"}, "security.jsonl": {Product: "windows", Service: "security"},
		"agent": {Product: "ai_agent"},
	}
	type place struct {
		path   string
		record uint64
	}
	var mu sync.Mutex
	times := map[place]time.Time{}
	kinds := map[string]bool{}
	first, last := opt.Start, truth.Campaign.Last.Add(time.Duration(truth.Options.Days)*24*time.Hour)
	coverage, err := engine.Read(context.Background(), engine.Input{Paths: []string{dir}}, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) {
			mu.Lock()
			defer mu.Unlock()
			rel, err := filepath.Rel(dir, ev.Source)
			if err != nil {
				t.Error(err)
				return
			}
			rel = filepath.ToSlash(rel)
			times[place{rel, ev.Record}] = ev.Time
			if ev.Time.Before(first.Add(-time.Minute)) || ev.Time.After(last) {
				t.Errorf("%s:%d: at %s", rel, ev.Record, ev.Time)
			}
			kind := rel[strings.LastIndexByte(rel, '/')+1:]
			if strings.Contains(rel, "/agents/") {
				kind = "agent"
			}
			kinds[kind] = true
			if want, ok := kindOf[kind]; !ok || !slices.ContainsFunc(ev.Sources, want.Covers) {
				t.Errorf("%s:%d: taken for %v, want %s", rel, ev.Record, ev.Sources, want)
			}
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if coverage.FaultN > 0 {
		t.Errorf("%d faults, the first: %v", coverage.FaultN, coverage.Faults[0])
	}
	for kind := range kindOf {
		if !kinds[kind] {
			t.Errorf("no event of any %q", kind)
		}
	}
	for _, f := range coverage.Files {
		if f.Skipped != "" {
			t.Errorf("%s: not read: %s", f.Path, f.Skipped)
		}
	}
	for _, a := range truth.Actions {
		at, ok := times[place{a.File, uint64(a.Record)}]
		if d := at.Sub(a.Time); !ok || d < -time.Second || d > time.Second {
			t.Errorf("%s:%d: %s: found %v, %s after its time", a.File, a.Record, a.What, ok, d)
		}
	}
}
