package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// An outputSaying is how a line begins, and what it holds, that a program prints which a web server or an application
// behind it started: what such programs print of errors and progress ends up in the server's error log.
type outputSaying struct{ begins, has, program string }

// outputSayings are in the order in which they are looked for. The words are those of GNU Wget's and curl's progress and
// errors and of POSIX shells' complaints.
var outputSayings = []outputSaying{
	{"--", "--  http", "wget"},
	{"--", "--  ftp", "wget"},
	{"Connecting to ", "connected.", "wget"},
	{"Connecting to ", "failed: ", "wget"},
	{"Resolving ", "... ", "wget"},
	{"HTTP request sent, awaiting response...", "", "wget"},
	{"Saving to: ", "", "wget"},
	{"wget: ", "", "wget"},
	{"Connecting to ", " (", "wget"}, // BusyBox
	{"curl: (", ") ", "curl"},
	{"  % Total    % Received % Xferd", "", "curl"},
	{"% Total    % Received % Xferd", "", "curl"},
	{"sh: ", ": not found", "sh"},
	{"sh: ", "command not found", "sh"},
	{"sh: ", "Permission denied", "sh"},
	{"sh: ", "Syntax error", "sh"},
	{"sh: ", "syntax error", "sh"},
	{"/bin/sh: ", "", "sh"},
	{"bash: ", ": ", "bash"},
	{"/bin/bash: ", ": ", "bash"},
	{"cat: ", ": ", "cat"},
	{"ls: cannot ", ": ", "ls"},
	{"nc: ", "", "nc"},
	{"Ncat: ", "", "ncat"},
}

// printed says which program printed a text, or "".
func printed(msg string) string {
	if i := strings.Index(msg, " - "); i > 19 && strings.HasSuffix(msg, "]") && strings.Contains(msg[i:], " saved [") {
		return "wget" // 2026-03-04 05:06:07 (2.10 MB/s) - ‘/tmp/a’ saved [30/30]
	}
	for i := range outputSayings {
		s := &outputSayings[i]
		if strings.HasPrefix(msg, s.begins) && strings.Contains(msg[len(s.begins):], s.has) {
			return s.program
		}
	}
	return ""
}

// output adds what a program printed to the event of an error log's line.
func output(ev *tocsin.Event, msg string) bool {
	program := printed(msg)
	if program == "" {
		return false
	}
	ev.Add("event_type", "program_output")
	ev.Add("program", program)
	if i := strings.Index(msg, "://"); i > 0 {
		from := strings.LastIndexByte(msg[:i], ' ') + 1
		url, _, _ := strings.Cut(msg[from:], " ")
		ev.Add("url", url)
	}
	if rest, ok := strings.CutPrefix(msg, "Connecting to "); ok { // HOST|ADDRESS|:PORT..., HOST (HOST)|ADDRESS|:PORT...
		host, _, _ := strings.Cut(rest, "... ")
		if at := strings.Split(host, "|"); len(at) == 3 {
			host = at[1] + at[2]
		}
		addr, port := splitPort(host)
		ev.Add("dst_ip", addr)
		ev.Add("dst_port", port)
	}
	return true
}

// parseOutput takes what programs print into a web server's error log, without a stamp or with one of their own. It does so
// only behind a line of an error log in the same block, whose time is taken where there is none. time_of says so where the next
// stamped line is far away, so that it may have been written long after.
func parseOutput(d *lines, line []byte, ev *tocsin.Event) bool {
	if d.served == nil {
		return false
	}
	msg := text(line)
	if !output(ev, msg) {
		return false
	}
	ev.Sources = d.served
	ev.Add("message", msg)
	at := strings.TrimPrefix(msg, "--")
	if t, _, ok := isoTime(at, d.opt); ok {
		ev.Time = t
		d.servedAt = t
		return true
	}
	ev.Time = d.servedAt
	if at := d.servedNext(); !at.IsZero() && at.Sub(d.servedAt) > loose {
		ev.Add("time_of", "line_before")
	}
	ev.Guessed = d.opt.basis.of(ev.Time) | 1<<GuessStamp
	return true
}

// loose is how far apart the stamped lines before and behind one without a stamp may be for its time to be known well enough to say
// what it came of.
const loose = 10 * time.Minute

// servedNext is the time of the next line of an error log that has a stamp, among the lines that follow in the block; zero where
// there is none.
func (d *lines) servedNext() time.Time {
	const most = 64 // lines looked at
	rest := d.ahead
	for range most {
		line, after, more := bytes.Cut(rest, []byte{'\n'})
		rest = after
		if len(line) > 20 {
			if line[0] == '[' {
				if at, _, ok := d.apacheTime(line[1:]); ok {
					return at
				}
			} else if at, _, ok := isoTime(strings.TrimPrefix(text(line[:min(len(line), 64)]), "--"), d.opt); ok {
				return at
			}
		}
		if !more {
			break
		}
	}
	return time.Time{}
}

// serves notes the line of an error log that was read last.
func (d *lines) serves(sources []tocsin.LogSource, at time.Time) { d.served, d.servedAt = sources, at }
