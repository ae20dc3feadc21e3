package tocsin

import (
	"time"
	"unicode/utf8"
)

// An Outcome says how an action ended.
type Outcome uint8

// The outcomes. Unknown is an action whose record does not say.
const (
	Unknown Outcome = iota
	Worked
	Failed // it was tried and did not work: no such file, wrong password, connection refused
	Denied // somebody or something forbade it: a permission, a policy, a firewall
)

var outcomeNames = [...]string{"unknown", "worked", "failed", "denied"}

// String gives the outcome in lower case.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return outcomeNames[Unknown]
}

// MarshalText is String, so that JSON has words.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads String's words; all others are Unknown.
func (o *Outcome) UnmarshalText(b []byte) error {
	*o = Unknown
	for i, n := range outcomeNames {
		if n == string(b) {
			*o = Outcome(i)
		}
	}
	return nil
}

// An Action is what an event means: who did what to which target, with which credential, and how it ended.
//
// The reader of actions hands out an Action for the length of one call; its strings may be views of the event's.
// Nobody changes an Action that was handed to them.
type Action struct {
	Time time.Time // when it began, UTC; zero where the record does not say
	End  time.Time // when it ended, where the record says so; else zero

	Org  string   // the organisation or tenant it happened in: a DNS or Windows domain, a cloud account; empty where not said
	Host string   // the machine on which it was seen
	Who  []Entity // who did it, the most telling first: caller, address, session, agent, principal, user; at least one
	On   []Entity // what it was done to: host, address, user, file, url, domain, principal

	Tactic    string // slug of the ATT&CK tactic it serves (Tactic.Slug); empty for ordinary use
	Technique string // ATT&CK id such as T1110.003; empty where none fits
	Verb      string // one of Verbs
	Tool      string // the program or client as the log names it, without path, in lower case; empty where not said
	Text      string // the command line, request or call as a person would quote it, secrets masked; at most MaxText bytes, of a longer one the beginning and the end
	Outcome   Outcome

	Sensor string // the log source that told of it and the format it was read in, such as "windows/process_creation/sysmon, evtx"; empty where not known

	Log string // the kind of log that told of it: one of Logs; empty where it says little of how its doer goes about things
	Set bool   // it was set off by another act or by the machine itself: a program's child, a scheduled task, a service

	// Credential is a keyed fingerprint ("key:" and 16 hexadecimal digits) of the secret, key or ticket that was used or
	// taken; empty where there is none. The secret itself is never kept.
	Credential string
	// Marks are strings that few others would write and that so tell one doer from another, or that lead from one
	// place to the next: rare user agents, callback hosts, file hashes, payload tokens, wordlists. Each is "kind:value"
	// with kind one of agent, callback, hash, token, list, key, dropped, served (a file that a server gave out, by its name), server (a program that answers
	// strangers and was made to start this one), account (that a command names to log in as on its targets).
	Marks []string

	// Gave are keyed fingerprints of secrets that the answer to the action gave away, at most six: who uses one of them later
	// got it here.
	Gave []string

	// Level says how telling the action is by itself: Informational is ordinary use that others do all day, Low is
	// telling in number or company only (a failed login, whoami), Medium is seldom done in ordinary work (a scan, a
	// dump of accounts), High hardly ever (a web shell, credentials read from memory). Never below the highest of Rules'
	// levels.
	Level Level
	// Row is the row of knowledge that says what the action means: its id, why, and where it stands. Nil where the record
	// says so itself, or nothing is said. Of a Deed that was kept only the id.
	Row   *Rule
	Rules []*Rule // that held for the event, worst first; shared, never changed
	Place Place   // where it was read
	Bytes int64   // payload sent by who acts, where the record says so
	// Answer is the size of what a server answered a request with that it did not refuse, in bytes; 0 where the record does not say.
	Answer int64
	// Sent tells apart what requests of an agent carry that attack or guess: a hash, the same in each run. 0 where it carries nothing such.
	Sent uint64

	// Via says that it was run on its target through a remote shell, whose login is told apart.
	Via bool

	// Again says that the action was noted before and that only Rules and Level are new: what a correlation says of an event.
	// It is not counted once more.
	Again bool
}

// MaxText bounds an action's text, in bytes.
const MaxText = 512

// Verbs are the words for what is done, each in one sense only: scan (look for hosts, ports, paths), probe (try one
// weakness), login, logout, run (a program, command, query), request (of a web service or API), resolve (a name),
// connect, read, list, write, delete, copy (between machines), send (out), create, change, grant, stop, call (a tool, by
// an agent), mail, alert (of another detector, whose meaning is not known).
var Verbs = [...]string{"scan", "probe", "login", "logout", "run", "request", "resolve", "connect", "read", "list", "write",
	"delete", "copy", "send", "create", "change", "grant", "stop", "call", "mail", "alert"}

// Logs are the kinds of log in which a doer's decisions show: line (a command as it was entered: histories, consoles,
// honeypots, sudo), program (a program's start on a Unix), windows (a program's or script's start on Windows), session (a
// tool call that an agent's own harness noted), request (HTTP), login (an attempt to get in), api (a call of a cloud or
// platform).
var Logs = [...]string{"line", "program", "windows", "session", "request", "login", "api"}

// Shorten is a text in at most n bytes (16 and more), cut between characters: of a longer one what stands before its last third is left out, and
// … stands for it. How a command begins and how it ends tells most.
func Shorten(s string, n int) string {
	const mark = " … "
	if len(s) <= n {
		return s
	}
	head, tail := max(n-n/3-len(mark), 0), len(s)-n/3
	for head > 0 && !utf8.RuneStart(s[head]) {
		head--
	}
	for tail < len(s) && !utf8.RuneStart(s[tail]) {
		tail++
	}
	return s[:head] + mark + s[tail:]
}
