package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// words splits a line at its blanks, keeping together what stands in quotes or square brackets, which are taken off.
// It fills dst and returns how many words there are; more than dst holds are left out.
func words(s string, dst []string) int {
	n := 0
	for s = strings.TrimLeft(s, " "); s != "" && n < len(dst); s = strings.TrimLeft(s, " ") {
		end, skip := -1, 1
		switch s[0] {
		case '"':
			end = strings.IndexByte(s[1:], '"')
		case '[':
			end = strings.IndexByte(s[1:], ']')
		default:
			if end = strings.IndexByte(s, ' '); end < 0 {
				end = len(s)
			}
			skip = 0
		}
		if end < 0 {
			return n
		}
		dst[n] = s[skip : skip+end]
		n++
		s = s[end+2*skip:]
	}
	return n
}

// s3Names are the columns of an S3 server access log.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
var s3Names = [...]string{"bucket_owner", "bucket", "time", "remote_ip", "requester", "request_id", "operation", "key", "request_uri", "http_status", "error_code",
	"bytes_sent", "object_size", "total_time", "turn_around_time", "referer", "user_agent", "version_id", "host_id", "signature_version", "cipher_suite",
	"authentication_type", "host_header", "tls_version", "access_point_arn", "acl_required"}

var s3Sources = []tocsin.LogSource{{Product: "aws", Category: "webserver", Service: "s3"}}

func s3Line() lineKind {
	return lineKind{name: "s3-access", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		s := text(line)
		open := strings.IndexByte(s, '[')
		if open < 10 || open > 160 || strings.Count(s[:open], " ") != 2 {
			return false
		}
		var w [len(s3Names)]string
		n := words(s, w[:])
		if n < 18 || !strings.Contains(w[6], ".") || len(w[2]) < 20 {
			return false
		}
		t, ok := parseTime(w[2], d.opt)
		if !ok {
			return false
		}
		ev.Time, ev.Sources = t, s3Sources
		for i, v := range w[:n] {
			if v != "-" {
				ev.Add(s3Names[i], v)
			}
		}
		r := request{client: w[3], line: w[8], status: w[9], size: w[11], taken: w[13], referer: w[15], agent: w[16], host: w[22]}
		if r.line == "-" {
			r.line = ""
		}
		r.add(ev, &d.arena)
		if w[4] != "-" {
			ev.Add("user", w[4])
		}
		if w[9] != "-" {
			ev.Add("outcome", outcome(w[9][0] == '2' || w[9][0] == '3'))
		}
		if w[10] == "AccessDenied" {
			ev.Add("event_type", "denied")
		}
		return true
	}}
}

// flowNames are the columns of a VPC flow log: the first fourteen are those of the default format, version 2; whoever wants
// more takes them, as a rule, in the order of the documentation.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
var flowNames = [...]string{"version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log-status",
	"vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr", "region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service",
	"pkt-dst-aws-service", "flow-direction", "traffic-path"}

// flowLine takes the lines of a VPC flow log whose columns nobody names, as CloudWatch exports them: in the order of the
// documentation, or in another that their content tells.
func flowLine() lineKind {
	return lineKind{name: "vpc-flow", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		s := text(line)
		if len(s) > 1024 || !strings.Contains(s, " eni-") && !strings.Contains(s, " ACCEPT") && !strings.Contains(s, " REJECT") {
			return false
		}
		if stamp, rest, ok := strings.Cut(s, "Z "); ok && len(stamp) < 32 { // CloudWatch's own
			if _, left, ok := isoTime(s[:len(stamp)+1], d.opt); ok && left == "" {
				s = rest
			}
		}
		var w [len(flowNames) + 1]string
		n := words(s, w[:])
		if n < 8 || n > len(flowNames) {
			return false
		}
		keep := len(ev.Fields)
		if n >= 14 && strings.HasPrefix(w[2], "eni-") && (w[13] == "OK" || w[13] == "NODATA" || w[13] == "SKIPDATA") {
			for i, v := range w[:n] {
				if v != "-" {
					ev.Add(flowNames[i], v)
				}
			}
		} else if !flowByContent(w[:n], ev) {
			ev.Fields = ev.Fields[:keep]
			return false
		}
		t, ok := parseTime(ev.Text("start"), d.opt)
		if !ok {
			ev.Fields = ev.Fields[:keep]
			return false
		}
		ev.Time, ev.Sources = t, flowSources
		flowAliases(ev)
		return true
	}}
}

// publicDNSLine takes the query log of Route 53's public zones: version, when, zone, name, type, result, protocol, place, the
// resolver that asks and the network it asks for.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
func publicDNSLine() lineKind {
	return lineKind{name: "route53-public", parse: func(d *lines, line []byte, ev *tocsin.Event) bool {
		if len(line) < 50 || line[1] != '.' || line[3] != ' ' || line[8] != '-' {
			return false
		}
		var w [11]string
		if n := words(text(line), w[:]); n != 10 || len(w[2]) < 8 || w[2][0] != 'Z' || !isIP(w[8]) {
			return false
		}
		t, ok := parseTime(w[1], d.opt)
		if !ok {
			return false
		}
		ev.Time, ev.Sources = t, resolverSources
		l := lookup{query: w[3], kind: w[4], client: w[8]}
		l.add(ev)
		ev.Add("rcode", w[5])
		ev.Add("proto", w[6])
		ev.Add("zone_id", w[2])
		ev.Add("edge_location", w[7])
		if w[9] != "-" {
			ev.Add("client_subnet", w[9])
		}
		return true
	}}
}

// flowByContent tells the columns of a flow by what is in them: an interface or an action, two addresses, two stamps of
// which the second is not earlier and at most an hour later, and the ports right behind the addresses.
func flowByContent(w []string, ev *tocsin.Event) bool {
	var addr, stamp [2]int
	addrs, stamps, sure := 0, 0, false
	for i, v := range w {
		switch {
		case v == "ACCEPT" || v == "REJECT":
			ev.Add("action", v)
			sure = true
		case strings.HasPrefix(v, "eni-"):
			ev.Add("interface-id", v)
			sure = true
		case v == "OK":
			ev.Add("log-status", v)
		case len(v) == 10 && isDigits(v) && v[0] == '1' && stamps < 2:
			stamp[stamps] = i
			stamps++
		case addrs < 2 && isIP(v):
			addr[addrs] = i
			addrs++
		}
	}
	if !sure || addrs < 2 || stamps < 2 || number(w[stamp[1]])-number(w[stamp[0]]) > 3600 {
		return false
	}
	ev.Add("srcaddr", w[addr[0]])
	ev.Add("dstaddr", w[addr[1]])
	ev.Add("start", w[stamp[0]])
	ev.Add("end", w[stamp[1]])
	if i := addr[1]; i == addr[0]+1 && i+2 < len(w) && isPort(w[i+1]) && isPort(w[i+2]) {
		ev.Add("srcport", w[i+1])
		ev.Add("dstport", w[i+2])
	} else if i := addr[0]; addr[1] == i+2 && i+3 < len(w) && isPort(w[i+1]) && isPort(w[i+3]) {
		ev.Add("srcport", w[i+1])
		ev.Add("dstport", w[i+3])
	}
	return true
}

func isPort(s string) bool { return isDigits(s) && len(s) <= 5 && number(s) <= 65535 }

// flowAliases adds to a flow the names that firewall rules use.
func flowAliases(ev *tocsin.Event) {
	for _, a := range [...]alias{{"src_ip", "srcaddr"}, {"dst_ip", "dstaddr"}, {"src_port", "srcport"}, {"dst_port", "dstport"}} {
		if ev.Text(a.name) == "" {
			ev.Add(a.name, ev.Text(a.of))
		}
	}
	switch ev.Text("action") {
	case "REJECT":
		decided(ev, "reject")
	case "ACCEPT":
		decided(ev, "accept")
	}
}
