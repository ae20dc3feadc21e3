package tocsin

import (
	"slices"
	"strings"
	"time"
)

// KeyKinds are the kinds of key events, in the order of an intrusion: contact (the first act of who comes from outside), sign
// (the first telling act, where nobody is known to have come from outside), entry (a way in that worked), download (a
// machine fetched a tool or malware), control (a machine spoke to a host that gives orders; the indicators say whose it is), callout
// (a machine spoke to a host that may give orders),
// privilege (the first act with the rights of an administrator), secrets (read or taken), account (one was made), key (one was added to an account), persistence (another way to come back), impairment (of logging or
// protection), traces (were removed), lateral (the first machine after the first), collection (data was taken together), upload (data was being sent
// out; whether it left is not shown), sent (data left), impact (something was changed, destroyed or misused), last (the last act
// of the campaign).
var KeyKinds = [...]string{"contact", "sign", "entry", "download", "control", "callout", "privilege", "secrets", "account", "key", "persistence", "impairment", "traces",
	"lateral", "collection", "upload", "sent", "impact", "last"}

// A KeyEvent is one of the few acts that tell a campaign in short. What several sensors saw is one, with several places.
type KeyEvent struct {
	Kind      string    `json:"kind"`              // one of KeyKinds
	Time      time.Time `json:"time"`              // of the act; zero where it is not known
	Host      string    `json:"host,omitempty"`    // the machine it was done on; of an entry or a lateral movement the one that was entered
	Account   string    `json:"account,omitempty"` // who did it, or who was logged in as
	From      string    `json:"from,omitempty"`    // the address or machine it was done from
	Server    string    `json:"server,omitempty"`  // of an entry: the program that answers strangers and was made to run What
	Agent     string    `json:"agent,omitempty"`   // the AI agent whose own log tells of it too, where that is not the account
	What      string    `json:"what"`              // its command, request or call; else what was done in a few words
	On        []string  `json:"on,omitempty"`      // what it made or reached, as KIND:VALUE, at most 8: the account, the machine, the host that data went to
	Technique string    `json:"technique,omitempty"`
	Outcome   Outcome   `json:"outcome"`         // as far as a record says; unknown is not worked
	Shown     string    `json:"shown,omitempty"` // what shows that it worked, where its own record does not
	Tie       Tie       `json:"tie,omitempty"`   // weak: it is told of because of its company
	Places    []Place   `json:"places"`          // where it can be read again, one for each sensor, at most 12; the first is where What stands
}

// Published says that an entry was by what is published to strangers.
func (e *KeyEvent) Published() bool { return strings.HasPrefix(e.Technique, "T1190") }

// TriedBefore says that passwords had been tried before an entry.
func (c *Campaign) TriedBefore(entry *KeyEvent) bool {
	return slices.ContainsFunc(c.Steps, func(s Step) bool {
		return !s.First.After(entry.Time) && slices.ContainsFunc(s.Techniques, func(t string) bool { return strings.HasPrefix(t, "T1110") })
	})
}

// RanByServer says that what is known of such an entry is what a server was made to run, and not the request that did it.
func (e *KeyEvent) RanByServer() bool { return e.Published() && (e.From == "" || e.From == e.Host) }

// IndicatorRoles are the parts that an indicator has in a campaign. What the intruder used: source (came from there), callback
// (was called back to), download (tools came from there), drop (data went there), tool (a file that was brought), client (a rare
// name of a program that asked), account (made), key (added). What was touched and is not shown to be the intruder's: contacted
// (spoken to), mail (a mail server that was written to), provider (a service of everybody's), shared (an address that others
// come from as well), internal (an address or name within the organisation, or a private one), near (came along, too weakly tied
// to act on).
var IndicatorRoles = [...]string{"source", "callback", "download", "drop", "tool", "client", "account", "key",
	"contacted", "mail", "provider", "shared", "internal", "near"}

// An Indicator is something by which a campaign's traces can be found elsewhere.
type Indicator struct {
	Entity           // what it is, as KIND:VALUE; kinds beside those of entities: agent (a user agent), key (a public key or a key's account). Role is one of IndicatorRoles
	Why    string    `json:"why"` // a sentence: what shows its role
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Place  Place     `json:"place"` // where it can be read first
}
