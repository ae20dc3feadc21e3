package campaign

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tocsin-ids/tocsin"
)

// Names is what records say of the names of machines and accounts. What it says never changes.
type Names interface {
	// Host is the host that an address was at a time, or "". It is sure where the machine's own record says so, or two kinds
	// of record do.
	Host(address string, at time.Time) (host string, sure bool)
	// Others are the further names, a SID among them, of a host or a user, sorted.
	Others(kind, name string) []string
}

// standIns are words that stand for a name in commands and templates: no machine is meant by them unless one of this name has
// logs of its own.
var standIns = setOf("localhost", "host", "hostname", "computer", "computername", "ip", "target", "target_ip", "target-ip", "targethost",
	"target_host", "remotehost", "remote_host", "rhost", "rhosts", "lhost", "victim", "victim_ip", "attacker_ip", "undefined", "null", "none", "unknown")

// nobodies are names that logs give where no account is meant, or one that every machine has.
var nobodies = setOf("", "-", "system", "local service", "network service", "anonymous", "anonymous logon", "null", "none", "unknown", "undefined",
	"username", "n/a", "(unknown)", "(none)", "unset")

// inner are ends of names that the DNS of the internet does not have: RFC 6761, RFC 6762, RFC 8375 and what is used so
// (RFC 6762, appendix G).
var inner = []string{".local", ".localdomain", ".lan", ".internal", ".intranet", ".corp", ".home", ".private", ".home.arpa", ".test"}

func setOf(words ...string) map[string]bool {
	all := make(map[string]bool, len(words))
	for _, w := range words {
		all[w] = true
	}
	return all
}

// address is v as an address of one machine, or "".
func address(v string) string {
	a, err := netip.ParseAddr(strings.Trim(v, "[]"))
	if err != nil {
		p, err := netip.ParseAddrPort(v)
		if err != nil {
			return ""
		}
		a = p.Addr()
	}
	a = a.Unmap().WithZone("")
	if a.IsMulticast() || a.IsUnspecified() || a.IsLoopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return ""
	}
	return a.String()
}

// hostName is v as the name of one machine in lower case, or "": no pattern, range, variable or number.
func hostName(v string) string {
	v = strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(v, `\\`), "."))
	if v == "" || len(v) > 253 || v[0] == '-' {
		return ""
	}
	letters, labels, numbers := false, 0, 0
	for label := range strings.SplitSeq(v, ".") {
		number := label != ""
		for _, r := range label {
			switch {
			case unicode.IsLetter(r):
				letters, number = true, false
			case r == '-' || r == '_':
				number = false
			case r < '0' || r > '9':
				return ""
			}
		}
		if label == "" {
			return ""
		}
		if labels++; number {
			numbers++
		}
	}
	if !letters || labels == 4 && numbers == 3 { // "192.0.2.x"
		return ""
	}
	return v
}

// first is a host's name up to its first dot.
func first(host string) string {
	name, _, _ := strings.Cut(host, ".")
	return name
}

// machineOf is the kind and the name of the one machine that a value names in a deed, by what records say; "" where it names none.
func (w *world) machineOf(value string, d *tocsin.Deed) (kind, name string) {
	p, ok := w.parsed[value]
	if !ok {
		p.kind, p.name = "address", address(value)
		if p.name == "" {
			p.kind, p.name = "host", hostName(value)
		}
		w.parsed[value] = p
	}
	a := p.name
	switch {
	case a == "":
		return "", ""
	case p.kind == "host":
		if standIns[a] && !w.acting[a] {
			return "", ""
		}
		return p.kind, a
	}
	if h, ok := w.machine[a]; ok {
		return "host", h
	}
	if h, ok := w.entered[spot{d.Org, a}]; ok {
		return "host", h
	}
	if w.names != nil {
		// One who lies about its name does not become the machine that has it.
		if h, sure := w.names.Host(a, d.Time); h != "" && (sure || !w.acting[a] || !w.acting[h] && !w.acting[first(h)]) {
			return "host", h
		}
	}
	return "address", a
}

// typed says that a deed is known from where it was asked for, not from the network or the machine that it was aimed at.
func typed(d *tocsin.Deed) bool {
	for i := range d.Who {
		switch d.Who[i].Kind {
		case "session", "user", "host", "agent", "process":
			return true
		}
	}
	return len(d.Who) == 0 && d.Host != ""
}

// outward are verbs of which the target is another machine than the one that records them.
var outward = setOf("connect", "resolve", "copy", "send")

// external says that what a deed names is no machine that it was aimed at: a place that data or a machine is sent to, or a
// server that a machine within reach of the intruder took something from. name is the machine's, as machineOf has it.
func (w *world) external(name string, e tocsin.Entity, d *tocsin.Deed) bool {
	if d.Tactic == "command-and-control" || d.Tactic == "exfiltration" || d.Tactic == "resource-development" || (d.Verb == "send" || ran(d)) && tocsin.Internet(e.Value) {
		return true
	}
	if obtains[d.Technique[:min(len(d.Technique), 5)]] {
		return true
	}
	if !typed(d) || !w.outside(name) || strings.EqualFold(name, d.Host) {
		return false
	}
	for i := range d.Who {
		if d.Who[i].Kind == "agent" || d.Who[i].Kind == "address" && tocsin.Internet(d.Who[i].Value) {
			return false // it is asked for from elsewhere
		}
	}
	switch d.Tactic {
	case "initial-access", "credential-access", "lateral-movement", "collection", "impact":
		return d.Outcome != tocsin.Worked
	}
	return true
}

// obtains are the techniques by which intruders get what they need from others, or lay it out: those of resource development,
// which rules count to other tactics too.
var obtains = setOf("T1583", "T1584", "T1585", "T1586", "T1587", "T1588", "T1608", "T1650")

// outside says that a machine is on the internet and none of those at hand.
func (w *world) outside(name string) bool {
	if w.acting[name] {
		return false
	}
	if address(name) != "" {
		return tocsin.Internet(name)
	}
	if !strings.Contains(name, ".") {
		return false
	}
	for _, end := range inner {
		if strings.HasSuffix(name, end) {
			return false
		}
	}
	for d := name; ; {
		if w.domains[d] {
			return false
		}
		_, rest, ok := strings.Cut(d, ".")
		if !ok {
			return true
		}
		d = rest
	}
}

// atHand notes whose logs or actions are known, and of which domains they are.
func (w *world) atHand(actors []*tocsin.Actor) {
	w.acting, w.domains = map[string]bool{}, map[string]bool{}
	last := ""
	for _, a := range actors {
		for _, h := range a.Handles {
			if h.Kind == "address" {
				w.acting[h.Value] = true
			}
		}
		for i := range a.Deeds {
			d := &a.Deeds[i]
			if strings.Contains(d.Org, ".") {
				w.domains[strings.ToLower(d.Org)] = true
			}
			if d.Host == "" || d.Host == last {
				continue
			}
			last = d.Host
			h := strings.ToLower(d.Host)
			w.acting[h] = true
			if address(h) == "" {
				w.acting[first(h)] = true
				if _, domain, ok := strings.Cut(h, "."); ok && strings.Contains(domain, ".") {
					w.domains[domain] = true
				}
			}
		}
	}
}

// A spot is a machine's name within an organisation: private addresses are many machines'.
type spot struct{ org, name string }

// loginPorts are those of services that let one in to act on a machine: SSH, Telnet, SMB, remote desktop, WinRM.
var loginPorts = setOf("22", "23", "445", "3389", "5985", "5986")

// within is how far apart a connection and the login that came over it are noted, by clocks that are kept.
const within = 2 * time.Second

// fewLogins bounds the logins that one connection is held against.
const fewLogins = 64

// logins finds which host an address is by two records of one login: the network's, of a connection to the address, and the
// host's own, of who came from where at that time. It counts where each has no other that fits.
func (w *world) logins(actors []*tocsin.Actor) {
	type use struct {
		at time.Time
		to string
	}
	came, went := map[spot][]use{}, map[spot][]use{} // by where from
	for _, a := range actors {
		for i := range a.Deeds {
			d := &a.Deeds[i]
			from := slices.IndexFunc(d.Who, func(e tocsin.Entity) bool { return e.Kind == "address" })
			if from < 0 || d.Time.IsZero() {
				continue
			}
			s := spot{d.Org, d.Who[from].Value}
			switch {
			case d.Verb == "login" && d.Host != "" && address(d.Host) == "":
				came[s] = append(came[s], use{d.Time, strings.ToLower(d.Host)})
			case d.Verb == "connect" && d.Outcome == tocsin.Worked && len(d.On) == 1 && d.On[0].Kind == "address":
				if i := strings.LastIndexByte(d.Text, ':'); i >= 0 && loginPorts[d.Text[i+1:]] {
					went[s] = append(went[s], use{d.Time, d.On[0].Value})
				}
			}
		}
	}
	hosts, homes := map[spot]map[string]bool{}, map[spot]map[string]bool{} // of an address, and of a host
	note := func(all map[spot]map[string]bool, s spot, name string) {
		if all[s] == nil {
			all[s] = map[string]bool{}
		}
		all[s][name] = true
	}
	for s, all := range went {
		in := came[s]
		slices.SortFunc(in, func(x, y use) int { return cmp.Or(x.at.Compare(y.at), strings.Compare(x.to, y.to)) })
		for _, u := range all {
			i, _ := slices.BinarySearchFunc(in, u.at.Add(-within), func(x use, at time.Time) int { return x.at.Compare(at) })
			for end := i + fewLogins; i < min(end, len(in)) && !in[i].at.After(u.at.Add(within)) && len(hosts[spot{s.org, u.to}]) < 2; i++ {
				note(hosts, spot{s.org, u.to}, in[i].to)
				note(homes, spot{s.org, in[i].to}, u.to)
			}
		}
	}
	w.entered = map[spot]string{}
	for s, all := range hosts {
		for h := range all {
			if len(all) == 1 && len(homes[spot{s.org, h}]) == 1 {
				w.entered[s] = h
			}
		}
	}
}
