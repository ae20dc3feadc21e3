package decode

import (
	"bytes"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A rowShape is one of the kinds of row of a log in quoted cells that has no head: the cells that tell it, and the names of
// the others by their place.
type rowShape struct {
	is      func(w []string) bool
	sources []tocsin.LogSource
	names   []string // "" is a cell that is left out
	web     bool
}

// umbrellaShapes are those of Cisco Umbrella.
// https://docs.umbrella.com/deployment-umbrella/docs/log-formats-and-versioning
var umbrellaShapes = []rowShape{
	{is: func(w []string) bool { // Umbrella's lookups
		return len(w) >= 9 && (w[5] == "Allowed" || w[5] == "Blocked" || w[5] == "Proxied") && strings.Contains(w[6], " (") && (isIP(w[3]) || isIP(w[4]))
	}, sources: []tocsin.LogSource{{Product: "cisco", Category: "dns", Service: "umbrella"}},
		names: []string{"", "user", "", "src_ip", "external_ip", "action", "record_type", "response_code", "query", "category"}},
	{is: func(w []string) bool { // its requests
		return len(w) >= 12 && (w[6] == "ALLOWED" || w[6] == "BLOCKED" || w[6] == "PROXIED") && (isIP(w[2]) || isIP(w[3]))
	}, sources: []tocsin.LogSource{{Product: "cisco", Category: "proxy", Service: "umbrella"}, {Category: "proxy"}}, web: true,
		names: []string{"", "user", "src_ip", "external_ip", "dst_ip", "content_type", "action", "url", "referer", "agent", "status", "request_size", "response_size", "", "sha256", "category",
			"av_detection", "pua", "amp_disposition", "amp_malware", "amp_score", "", "blocked_category", "", "", "method"}},
	{is: func(w []string) bool { // its firewall
		return len(w) >= 14 && (w[4] == "OUTBOUND" || w[4] == "INBOUND") && isIP(w[7]) && isIP(w[9])
	}, sources: []tocsin.LogSource{{Product: "cisco", Category: "firewall", Service: "umbrella"}, {Category: "firewall"}},
		names: []string{"", "origin_id", "identity", "identity_type", "direction", "proto", "bytes", "src_ip", "src_port", "dst_ip", "dst_port", "data_center", "rule", "action"}},
	{is: func(w []string) bool { // its connections by address
		return len(w) >= 7 && len(w) <= 10 && isIP(w[2]) && isPort(w[3]) && isIP(w[4]) && isPort(w[5])
	}, sources: []tocsin.LogSource{{Product: "cisco", Category: "firewall", Service: "umbrella"}, {Category: "firewall"}},
		names: []string{"", "identity", "src_ip", "src_port", "dst_ip", "dst_port", "category", "identity_type"}},
}

// zscalerShapes are those of Zscaler's Nanolog Streaming Service, where it writes cells.
var zscalerShapes = []rowShape{
	{is: isZscalerRow, sources: zscalerFeeds[0].sources, web: true,
		names: []string{"", "user", "proto", "url", "action", "application", "application_class", "request_size", "response_size"}},
}

// rowsOf takes the rows of some shapes, whose first cell is a stamp.
func rowsOf(shapes []rowShape) func(d *lines, line []byte, ev *tocsin.Event) bool {
	return func(d *lines, line []byte, ev *tocsin.Event) bool { return parseRow(shapes, d, line, ev) }
}

func parseRow(shapes []rowShape, d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 40 || line[0] != '"' || !bytes.Contains(line, []byte(`","`)) {
		return false
	}
	var t table
	w, whole := t.cells(line, ',')
	if !whole || len(w) < 6 {
		return false
	}
	for i := range shapes {
		s := &shapes[i]
		if !s.is(w) {
			continue
		}
		at, ok := parseTime(w[0], d.opt)
		if !ok {
			return false
		}
		ev.Time, ev.Sources = at, s.sources
		s.fill(d, w, ev)
		return true
	}
	return false
}

// fill adds what the cells of a row say.
func (s *rowShape) fill(d *lines, w []string, ev *tocsin.Event) {
	var r request
	for i, name := range s.names {
		if i >= len(w) || w[i] == "" {
			continue
		}
		v := w[i]
		switch name {
		case "":
			continue
		case "url":
			r.uri = v
		case "agent":
			r.agent = v
		case "method":
			r.method = v
		case "status":
			r.status = v
		case "referer":
			r.referer = v
		case "src_ip":
			if !isIP(v) {
				continue
			}
		case "query":
			v = strings.TrimSuffix(v, ".")
		case "record_type": // "1 (A)"
			if _, kind, ok := strings.Cut(v, " ("); ok {
				v = strings.TrimSuffix(kind, ")")
			}
		}
		if name == "url" || name == "agent" || name == "method" {
			continue
		}
		ev.Add(name, v)
	}
	if ev.Text("src_ip") == "" {
		ev.Add("src_ip", ev.Text("external_ip"))
	}
	if s.web {
		if s.sources[0].Product == "zscaler" {
			zscalerCells(w, ev, &r)
		}
		ev.Add("sc-status", r.status)
		r.addSeen(ev, "", &d.arena)
	}
	if ev.Sources[0].Category == "firewall" {
		decided(ev, ev.Text("action"))
	} else {
		screened(ev, ev.Text("action"))
	}
}

// screened adds what a proxy or name server did with a request by a word for it.
func screened(ev *tocsin.Event, word string) {
	switch decisions[strings.ToLower(word)] {
	case firewallDenied:
		happened(ev, outcomes[denied].event, outcomes[denied].outcome)
	case firewallAllowed:
		ev.Add("outcome", outcome(true))
	}
}

// isZscalerRow takes the rows of Zscaler's web feed: when, who, protocol, address asked for, what was decided.
func isZscalerRow(w []string) bool {
	return len(w) > 20 && (w[4] == "Allowed" || w[4] == "Blocked") && (strings.HasPrefix(w[2], "HTTP") || w[2] == "SSL" || w[2] == "TUNNEL" || w[2] == "FTP") && strings.IndexByte(w[3], '.') > 0
}

// zscalerCells finds what stands further on in such a row, in an order that is the administrator's: the first address is
// the client's, the second the server's; the status stands behind the method.
func zscalerCells(w []string, ev *tocsin.Event, r *request) {
	for i := 5; i < len(w); i++ {
		switch v := w[i]; {
		case isIP(v):
			if ev.Text("src_ip") == "" {
				ev.Add("src_ip", v)
			} else if ev.Text("dst_ip") == "" {
				ev.Add("dst_ip", v)
			}
		case r.method == "" && isMethod(v):
			if r.method = v; i+1 < len(w) {
				r.status, _, _ = strings.Cut(w[i+1], " ")
			}
		case r.agent == "" && r.method != "" && strings.Contains(v, "/") && !strings.Contains(v, "://") && !isDigits(v[:1]):
			r.agent = v
		}
	}
}
