package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// netfilterLine reads what the kernel's LOG target writes (iptables, nftables, UFW, firewalld, Shorewall):
// "[UFW BLOCK] IN=eth0 OUT= MAC=… SRC=192.0.2.1 DST=198.51.100.1 LEN=40 … PROTO=TCP SPT=40000 DPT=22 … SYN URGP=0".
// The words before IN= are the administrator's: they say what the rule did, if anything does.
func netfilterLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	in := strings.Index(s, "IN=")
	if in < 0 {
		in = strings.Index(s, "OUT=")
	}
	if in < 0 || in > 200 {
		return false
	}
	src := strings.Index(s[in:], " SRC=")
	if src < 0 || !strings.Contains(s[in:], " DST=") {
		return false
	}
	prefix := strings.Trim(s[:in], " :[]-")
	ev.Add("rule", prefix)
	rest := s[in:]
	inner := false // an ICMP error carries the head of the packet it is about, in brackets
	var flags string
	for rest != "" {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		if strings.HasPrefix(word, "[") && strings.HasSuffix(word, "SRC=") || strings.HasPrefix(word, "[SRC=") {
			inner = true
		}
		name, value, pair := strings.Cut(word, "=")
		if inner {
			continue
		}
		if !pair {
			switch word {
			case "SYN", "ACK", "FIN", "RST", "PSH", "URG":
				if flags == "" {
					flags = word
				}
			}
			continue
		}
		ev.Add(name, value)
		switch name {
		case "SRC":
			ev.Add("src_ip", value)
		case "DST":
			ev.Add("dst_ip", value)
		case "SPT":
			ev.Add("src_port", value)
		case "DPT":
			ev.Add("dst_port", value)
		case "PROTO":
			ev.Add("protocol", value)
		}
	}
	ev.Add("tcp_flag", flags)
	m.n = 0
	v := firewallLogged
	switch word := firewallWord(prefix); word {
	case "block":
		v = firewallDenied
		ev.Add("action", "block")
	case "allow":
		v = firewallAllowed
		ev.Add("action", "allow")
	default:
		ev.Add("action", "log")
	}
	m.service = "netfilter"
	m.mean(ev, f, v, "")
	ev.Sources = netfilterSources
	return true
}

// firewallLine reads the lines of packet filters that log under names of their own.
func firewallLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	return strings.Contains(s, " SRC=") && netfilterLine(m, ev, f, s)
}

// firewallWord judges the words that an administrator gave to a logging rule.
func firewallWord(s string) string {
	for i := 0; i+4 <= len(s); i++ {
		switch w := s[i:min(i+6, len(s))]; {
		case foldPrefix(w, "block"), foldPrefix(w, "drop"), foldPrefix(w, "reject"), foldPrefix(w, "deny"), foldPrefix(w, "denied"),
			foldPrefix(w, "discar"), foldPrefix(w, "invali"):
			return "block"
		case foldPrefix(w, "allow"), foldPrefix(w, "accept"), foldPrefix(w, "permit"), foldPrefix(w, "pass"):
			return "allow"
		}
	}
	return ""
}

func foldPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// filterlogLine reads the comma-separated lines of pfSense's and OPNsense's filterlog.
// https://docs.netgate.com/pfsense/en/latest/monitoring/logs/raw-filter-format.html
func filterlogLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	var col [24]string
	n := 0
	for rest := s; n < len(col); n++ {
		var more bool
		col[n], rest, more = strings.Cut(rest, ",")
		if !more {
			n++
			break
		}
	}
	if n < 17 {
		return false
	}
	ev.Add("rule", col[0])
	ev.Add("in_interface", col[4])
	ev.Add("direction", col[7])
	var proto, src, dst, sport, dport string
	switch col[8] {
	case "4":
		if n < 20 {
			return false
		}
		proto, src, dst = col[16], col[18], col[19]
		if n > 21 {
			sport, dport = col[20], col[21]
		}
	case "6":
		proto, src, dst = col[12], col[15], col[16]
		if n > 18 {
			sport, dport = col[17], col[18]
		}
	default:
		return false
	}
	ev.Add("protocol", proto)
	ev.Add("src_ip", src)
	ev.Add("dst_ip", dst)
	if p := strings.ToLower(proto); p == "tcp" || p == "udp" {
		ev.Add("src_port", sport)
		ev.Add("dst_port", dport)
	}
	m.n = 0
	v := firewallLogged
	switch col[6] {
	case "block", "reject":
		v = firewallDenied
		ev.Add("action", "block")
	case "pass":
		v = firewallAllowed
		ev.Add("action", "allow")
	}
	m.mean(ev, f, v, "")
	ev.Sources = filterlogSources
	return true
}

var (
	netfilterSources = []tocsin.LogSource{{Product: "linux", Category: "firewall", Service: "netfilter"}, {Product: "linux", Service: "syslog"}}
	filterlogSources = []tocsin.LogSource{{Product: "freebsd", Category: "firewall", Service: "pf"}, {Product: "freebsd", Service: "syslog"}}
)

// kernelPhrases are the kernel's own messages that matter to a defender.
var kernelPhrases = []phrase{
	{"{process!}[{pid#}]: segfault at {*}", crashed, "reason=segfault"},
	{"traps: {process<}[{pid#}] {reason<} ip:{*}", crashed, ""},
	{"traps: {process<}[{pid#}] trap {reason<} ip:{*}", crashed, ""},
	{"device {interface!} entered promiscuous mode", promiscuous, ""},
	{"{interface!}: entered promiscuous mode", promiscuous, ""},
	{"{module<}: loading out-of-tree module taints kernel.", moduleLoaded, "reason=out of tree"},
	{"{module<}: module verification failed: {*}", moduleLoaded, "reason=unsigned"},
	{"wireguard: {interface<}: Invalid handshake initiation from {@ip}", loginFailed, "service=wireguard"},
	{"wireguard: {interface<}: Invalid MAC of handshake, dropping packet from {@ip}", protocolError, "service=wireguard"},
	{"wireguard: {interface<}: Packet has unallowed src IP ({@ip}) from peer {*}", denied, "service=wireguard"},
	{"TCP: request_sock_TCP: Possible SYN flooding on port {dst_port}. {*}", flooded, ""},
	{"Out of memory: Killed process {pid#} ({process<}) {*}", crashed, "reason=out of memory"},
}

// kernelLine reads a message of the kernel.
func kernelLine(m *matcher, ev *tocsin.Event, f *family, s string) bool {
	return strings.Contains(s, "SRC=") && netfilterLine(m, ev, f, s)
}
