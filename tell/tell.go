// Package tell tells people of campaigns and principals: which are news, in which words, and by which way.
//
// Deciding is pure. [Decide] and [DecidePrincipal] hold what is known now against what was told last, and say whether that is
// an alert; [Round] does it for all that a turn found. An [Alert] has one stable id, made of what makes it news: deciding again
// after a crash gives the same id. A caller keeps each [Known] and puts the alert into its [Outbox] in one transaction, so that
// no alert is forgotten and none is decided twice.
//
// Sending is apart from it. A [Sender] takes items out of the outbox and sends each by its route: a webhook, mail, syslog or a
// command. Each is delivered at least once, and always under its id, by which a receiver counts: it is sent again only where the
// answer was not committed, or where no answer came. Routes do not wait for each other. Beyond a route's rate, alerts are folded
// into one that says how many there are, so that whoever writes the logs cannot flood a channel.
//
// What logs hold is hostile. An alert's texts are bounded and visible (no control or direction characters); what is made for
// people besides (Slack, Teams, mail, syslog) has links, mentions and markup defused. The JSON body has values as they are, for
// programs.
//
// What agents' logs may show is not decided here: campaigns and principals come as they may be shown.
package tell

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Kind is what sort of news an alert is.
type Kind string

// The kinds of alerts.
const (
	New     Kind = "new"     // it was not told before
	Worse   Kind = "worse"   // its level rose, or it reached a stage worth waking somebody
	Update  Kind = "update"  // it goes on
	Over    Kind = "over"    // it turned out to be part of another, Into, under which it is told from now on
	Summary Kind = "summary" // stands for More alerts that came too fast
	Trial   Kind = "test"    // asked for by a person to try a route
)

// An Alert is one message to people. All of its text is one-line, bounded and visible; it may still look like markup or links.
type Alert struct {
	ID        string         `json:"id"` // "a-" and 32 hexadecimal digits
	Kind      Kind           `json:"kind"`
	At        time.Time      `json:"at"` // when it was decided
	Tenant    string         `json:"tenant,omitempty"`
	Campaign  string         `json:"campaign,omitempty"`  // its id; of Over the one that is told no longer
	Principal string         `json:"principal,omitempty"` // its name, where the alert is of one
	Into      string         `json:"into,omitempty"`      // of Over: the campaign's id
	Level     tocsin.Level   `json:"level"`
	WasLevel  tocsin.Level   `json:"was_level,omitempty"` // as it was told last, where it rose
	Judged    tocsin.Verdict `json:"verdict,omitempty"`   // of a principal
	Stages    []string       `json:"stages,omitempty"`    // newly reached, the gravest first
	Title     string         `json:"title"`
	Reason    string         `json:"reason"` // one sentence: why it is told now
	Verdict   string         `json:"judgement,omitempty"`
	First     time.Time      `json:"first,omitzero"`
	Last      time.Time      `json:"last,omitzero"`
	Actions   int            `json:"actions,omitempty"`
	Hosts     []string       `json:"hosts,omitempty"`      // machines that were got into, else those that were aimed at; at most 10
	MoreHosts int            `json:"more_hosts,omitempty"` // that Hosts leaves out
	Actors    []string       `json:"actors,omitempty"`     // at most 10
	Driver    tocsin.Driver  `json:"driver"`
	Driven    string         `json:"driver_words,omitempty"` // the same in the language, as the report says it
	Key       []string       `json:"key_events,omitempty"`   // at most 5 lines, the most telling, in order of time
	Link      string         `json:"link,omitempty"`         // to the console; the operator's own, never from a log
	Lang      string         `json:"lang"`                   // en or fr
	More      int            `json:"more,omitempty"`         // of a summary: for how many alerts it stands
	Folded    []Line         `json:"folded,omitempty"`       // of a summary: the most severe of them, at most 20
}

// A Line is one alert of a summary.
type Line struct {
	ID    string       `json:"id"`
	Kind  Kind         `json:"kind"`
	Level tocsin.Level `json:"level"`
	Title string       `json:"title"`
	Link  string       `json:"link,omitempty"`
}

// Encode writes an alert for an outbox. [Decode] reads it.
func (a *Alert) Encode() []byte {
	b, err := json.Marshal(a)
	if err != nil {
		panic("an alert cannot be written: " + err.Error()) // it has no member of which that could be said
	}
	return b
}

// Decode reads what [Alert.Encode] wrote.
func Decode(b []byte) (Alert, error) {
	var a Alert
	if err := json.Unmarshal(b, &a); err != nil {
		return Alert{}, fmt.Errorf("an alert in the outbox cannot be read: %w", err)
	}
	return a, nil
}

// stable is the id of what the parts say, whatever they hold.
func stable(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:", len(p))
		_, _ = io.WriteString(h, p)
	}
	return "a-" + hex.EncodeToString(h.Sum(nil)[:16])
}
