package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// loggedIn are the accounts that commands name to log in with on their targets, but those that were only guessed at.
func (s *story) loggedIn() []tocsin.Entity {
	const most = 24
	var out []tocsin.Entity
	for _, d := range s.all {
		if d.N == 0 || !s.firm(d) || !s.happened(d) || of3(d, "T1110") && d.Outcome != tocsin.Worked {
			continue
		}
		for _, name := range marked(d, "account:") {
			if e := (tocsin.Entity{Kind: "user", Value: name}); len(out) < most && !slices.Contains(out, e) {
				out = append(out, e)
			}
		}
	}
	return out
}

// data is what was read, copied or sent out.
func (s *story) data() []string {
	const most = 24
	entered := map[string]bool{}
	for i := range s.c.Victims {
		if v := &s.c.Victims[i]; v.Reached && machine(v.Kind) {
			entered[v.Value] = true
		}
	}
	var out []string
	sent, mails := int64(0), 0
	servers := map[string]bool{}
	for _, d := range s.all {
		one := s.act[d]
		if one.lead != d {
			continue // it is told by another sensor
		}
		said := recorded(d, max(one.n, d.N))
		as := func(what string) string { // what is not known to have worked is said so
			if one.outcome() == tocsin.Unknown && d.Shown == "" && d.Bytes == 0 {
				what += ", that it worked is not recorded"
			}
			return what + ": " + said
		}
		switch outcome := one.outcome(); {
		case outcome == tocsin.Failed || outcome == tocsin.Denied:
		case toMail(d):
			mails += max(one.n, d.N)
			for _, e := range d.On {
				if machine(e.Kind) && s.name(e.Value, d) != s.name(d.Host, d) {
					servers[s.name(e.Value, d)] = true
				}
			}
		case d.Tactic == "exfiltration" || d.Verb == "send":
			switch {
			case fetched(d):
				out = include(out, as("fetched"), most)
			case s.inward(d, entered):
				out = include(out, as("sent to a machine that was entered"), most)
			default:
				sent += one.bytes()
				how := "sent out"
				if !s.left(d) {
					how = "being sent out, that it left is not recorded"
				}
				out = include(out, how+": "+said, most)
			}
		case d.Tactic == "collection":
			out = include(out, as("collected"), most)
		case d.Tactic == "credential-access" && d.Level >= tocsin.Medium && !guess(d):
			out = include(out, as("secrets"), most)
		case d.Tactic == "impact" && destroys[d.Technique[:min(len(d.Technique), 5)]]:
			out = include(out, as("changed or destroyed"), most)
		}
	}
	if mails > 0 {
		out = include(out, "mailed: "+several(mails, "session")+" of mail straight to at least "+several(max(len(servers), 1), "mail server")+", as spam is sent; what they handed over is not recorded", most+1)
	}
	if sent > 0 {
		out = append([]string{fmt.Sprintf("%s sent out in all, as far as the logs count it", size(sent))}, out...)
	}
	return out
}

// bytes is what an act sent, as the sensor counts it that counts most.
func (a *act) bytes() int64 {
	most := int64(0)
	for _, d := range a.deeds {
		most = max(most, d.Bytes)
	}
	return most
}

// destroys are the techniques of impact that change data or take them or accounts away: not those that use up or stop something.
var destroys = setOf("T1485", "T1486", "T1490", "T1491", "T1531", "T1561", "T1565")

// asking are the methods of requests that ask for something and carry nothing: RFC 9110, RFC 4918.
var asking = setOf("GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND")

// fetched says that a deed is a request that brings something in, whatever it serves.
func fetched(d *tocsin.Deed) bool {
	method, _, _ := strings.Cut(d.Text, " ")
	return d.Verb != "send" && d.Bytes == 0 && asking[method]
}

// inward says that all machines that a deed sends to are such as the intruder entered: a tool that is brought along, or a step
// from one to the next.
func (s *story) inward(d *tocsin.Deed, entered map[string]bool) bool {
	n := 0
	for _, e := range d.On {
		if !machine(e.Kind) && e.Kind != "domain" {
			continue
		}
		if name := s.name(e.Value, d); name == "" || strings.EqualFold(name, s.name(d.Host, d)) {
			continue
		} else if !entered[name] {
			return false
		}
		n++
	}
	return n > 0
}
