package action

import (
	"net/netip"
	"strings"
)

// A caller is who calls a cloud's API: a principal, with one key or session, from one network, by one kind of client. What
// is stolen is the principal; the rest is the thief's own.
type caller struct{ principal, session, place, agent string }

// Bounds of what a caller is told by, in bytes, and of the callers whose names are kept.
const (
	maxPrincipal = 320
	maxCallerTag = 40
	maxCallers   = 1 << 12
)

// callerOf is the handle of who makes a call, such as "203.0.113.5 with aws-cli on linux, key …0001, as arn:aws:iam::…:user/ann".
// It is made once for those met often.
func (r *Reader) callerOf(c *cloudFacts, who string) string {
	session := c.began
	if session == "" {
		session = c.session
	}
	if session == "" {
		session = c.key
	}
	k := caller{who[:min(len(who), maxPrincipal)], session[:min(len(session), 256)], or(c.address, c.from), c.agent[:min(len(c.agent), 512)]}
	k.place = k.place[:min(len(k.place), 256)]
	if s, ok := r.callers[k]; ok {
		return s
	}
	var b strings.Builder
	b.WriteString(or(subnet(k.place), "an unknown place"))
	if client := r.know.client(k.agent); client != "" {
		b.WriteString(" with " + client)
	}
	switch {
	case c.began != "", c.session != "":
		b.WriteString(", session " + tail(session))
	case c.key != "":
		b.WriteString(", key " + tail(session))
	}
	b.WriteString(", as " + strings.ToLower(k.principal))
	if r.callers == nil || len(r.callers) >= maxCallers {
		r.callers = map[caller]string{}
	}
	k = caller{strings.Clone(k.principal), strings.Clone(k.session), strings.Clone(k.place), strings.Clone(k.agent)}
	r.callers[k] = b.String()
	return r.callers[k]
}

// tail is what tells keys and sessions of one principal apart, and is no secret: a time, or the last four characters.
func tail(session string) string {
	if len(session) >= 19 && session[4] == '-' && session[7] == '-' {
		return session[:19]
	}
	return "…" + strings.ToValidUTF8(session[max(0, len(session)-4):], "")
}

// client is the kind of program that calls, without its version, and the system it runs on: "terraform on linux",
// "browser on windows". It is bounded.
func (k *Knowledge) client(agent string) string {
	if agent == "" {
		return ""
	}
	low := strings.ToLower(agent)
	name := k.builder(low)
	switch {
	case name != "":
	case browser(agent):
		name = "browser"
	default:
		name = strings.ToLower(tool(agent))
	}
	name = strings.ToValidUTF8(name[:min(len(name), maxCallerTag)], "")
	for _, system := range k.namesOf("client-systems") {
		if strings.Contains(low, system) {
			return name + " on " + system
		}
	}
	return name
}

// builder is the program of a list that makes infrastructure as code says, of whose name an agent in lower case tells, or "".
func (k *Knowledge) builder(agent string) string {
	for _, name := range k.namesOf("cloud-builders") {
		if strings.Contains(agent, name) {
			return name
		}
	}
	return ""
}

func (k *Knowledge) namesOf(list string) []string {
	if l := k.lists[list]; l != nil {
		return l.names
	}
	return nil
}

// subnet is the network that an address is of for whoever is there: an IPv4 address itself, the /64 of an IPv6 address, in
// which one machine changes addresses as it likes (RFC 8981). What is no address is returned as it is.
func subnet(value string) string {
	a, err := netip.ParseAddr(value)
	if err != nil || a.Unmap().Is4() {
		return value
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return value
	}
	return p.String()
}
