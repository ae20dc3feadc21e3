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
		{"checkpoint-log", parseFirewallLog},
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
func outward(src, dst string) bool {
	_, err := netip.ParseAddr(src)
	return err == nil && !tocsin.Internet(src) && tocsin.Internet(dst)
}
