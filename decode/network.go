package decode

import (
	"net/netip"

	"github.com/tocsin-ids/tocsin"
)

// networkFormats lists the formats that files of this family are recognised as.
func networkFormats() []Format { return []Format{zeekFormat(), zeekSummaryFormat()} }

// networkJSON lists the kinds of JSON record of this family.
func networkJSON() []jsonKind {
	return []jsonKind{
		{name: "suricata", is: isEVE, fill: fillEVE},
		{name: "zeek-json", is: isZeek, fill: fillZeek},
		{name: "adguard", is: isAdGuard, fill: fillAdGuard},
	}
}

// networkLines lists the kinds of text line of this family.
func networkLines() []lineKind {
	return []lineKind{
		{"ids-fast", parseFast},
		{"cef", parseCEF},
		{"leef", parseLEEF},
		{"kv", parsePairs},
		{"ise", parseISE},
		{"squid", parseSquid},
		{"named", parseNamed},
		{"nsd", parseNSD},
		{"coredns", parseCoreDNS},
	}
}

// login says what an authentication that a sensor saw came to: login_ok, login_failed.
func login(ev *tocsin.Event, ok bool, service, user string) {
	kind, outcome := "login_failed", "failure"
	if ok {
		kind, outcome = "login_ok", "success"
	}
	ev.Add("event_type", kind)
	ev.Add("outcome", outcome)
	ev.Add("service", service)
	ev.Add("user", user)
}

// outward says that a connection goes from inside to outside by its addresses: what it asks for concerns a proxy, not
// the web server of whoever watches.
func outward(src, dst string) bool { return isInside(src) && !isInside(dst) }

// isInside says that an address is not of the Internet: private, shared (RFC 6598), link-local or loopback.
func isInside(s string) bool {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return false
	}
	a = a.Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || sharedSpace.Contains(a)
}

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")
