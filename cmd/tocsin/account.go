package main

import (
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// An account is who acts, as a log names it: `CORP\ann`, ann@corp.example, ann/CORP.EXAMPLE and ann with CORP beside it are
// a name and a domain. Case does not tell accounts apart.
type account struct {
	name, domain string
	sid          string // of a user or machine of a Windows domain; empty where it is not said
}

// accountFields are the fields that name an account, each with those beside it that hold its domain and its SID.
var accountFields = map[string]struct{ domain, sid string }{
	"TargetUserName":         {"TargetDomainName", "TargetUserSid"},
	"SubjectUserName":        {"SubjectDomainName", "SubjectUserSid"},
	"TargetOutboundUserName": {"TargetOutboundDomainName", ""},
	"MemberName":             {"", "MemberSid"},
	"AccountName":            {"AccountDomain", ""},
	"user.name":              {"user.domain", ""},
	"user.target.name":       {"user.target.domain", ""},
	"ServiceAccount":         {"", "ServiceSid"},
}

// parseAccount takes a name apart; domain is what stands beside it, if anything does.
func parseAccount(name, domain string) account {
	if at := strings.LastIndexByte(name, '\\'); at > 0 {
		return account{name: name[at+1:], domain: strings.TrimPrefix(name[:at], ".")}
	}
	if at := strings.LastIndexByte(name, '@'); at > 0 && strings.Contains(name[at:], ".") {
		return account{name: name[:at], domain: name[at+1:]}
	}
	if at := strings.IndexByte(name, '/'); at > 0 && domain == "" && strings.Contains(name[at:], ".") && strings.IndexByte(name[at+1:], '/') < 0 {
		return account{name: name[:at], domain: name[at+1:]} // as Zeek writes a principal of Kerberos
	}
	if domain == "-" || domain == "." { // the machine itself
		domain = ""
	}
	return account{name: name, domain: domain}
}

func (a account) String() string {
	switch {
	case a.domain == "":
		return a.name
	case strings.Contains(a.domain, "."):
		return a.name + "@" + a.domain
	}
	return a.domain + `\` + a.name
}

// is says whether a user's word means the account: its name, with or without its domain, a pattern, or its SID.
func (a account) is(word string) bool {
	if strings.HasPrefix(word, "S-1-") {
		return strings.EqualFold(word, a.sid)
	}
	w := parseAccount(word, "")
	if !like(w.name, a.name) {
		return false
	}
	if w.domain == "" || like(w.domain, a.domain) {
		return true
	}
	// A domain of Windows has a short name, as a rule the first part of its long one.
	short, _, _ := strings.Cut(a.domain, ".")
	wanted, _, _ := strings.Cut(w.domain, ".")
	return strings.Contains(a.domain, ".") != strings.Contains(w.domain, ".") && a.domain != "" && strings.EqualFold(short, wanted)
}

// eachAccount gives the accounts that an event names, the one that acts or is acted on first as the log has them.
func eachAccount(ev *tocsin.Event, yield func(account)) {
	for _, e := range ev.Entities() {
		if e.Kind == "user" || e.Kind == "principal" {
			yield(accountOf(ev, e.Value))
		}
	}
}

// accountOf is the account that a value of an event names, with what the event says of it beside.
func accountOf(ev *tocsin.Event, value string) account {
	for i := range ev.Fields {
		if ev.Fields[i].Value != value {
			continue
		}
		beside, ok := accountFields[ev.Fields[i].Name]
		if !ok {
			continue
		}
		a := parseAccount(value, ev.Text(beside.domain))
		sid := ev.Text(beside.sid)
		if sid == "" && ev.Fields[i].Name == "TargetUserName" {
			sid = ev.Text("TargetSid") // 4768, 4769 and 4776 call it so
		}
		if strings.HasPrefix(sid, "S-1-5-21-") {
			a.sid = sid
		}
		return a
	}
	return parseAccount(value, "")
}

// eachAddress gives the addresses that an event names in a role; all with an empty one.
func eachAddress(ev *tocsin.Event, role string, yield func(string)) {
	for _, e := range ev.Entities() {
		if e.Kind == "address" && (role == "" || e.Role == role) {
			yield(e.Value)
		}
	}
}

// A network is what --address names: an address, or those that begin alike.
type network struct {
	word   string
	prefix netip.Prefix
}

func parseNetwork(word string) (network, bool) {
	if p, err := netip.ParsePrefix(word); err == nil {
		return network{word, p.Masked()}, true
	}
	a, err := netip.ParseAddr(word)
	if err != nil {
		return network{}, false
	}
	a = a.Unmap().WithZone("")
	return network{word, netip.PrefixFrom(a, a.BitLen())}, true
}

func (n network) holds(value string) bool {
	a, err := netip.ParseAddr(value)
	return err == nil && n.prefix.Contains(a.Unmap().WithZone(""))
}
