package channel

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/slot"
)

// A visit is what an event tells of one connection, request or lookup. Its strings are views of the event's.
type visit struct {
	who       string
	ours      bool
	to        dest
	at        uint32 // Unix seconds; 0 is not known
	sent, got uint64
	long      uint32
	open      bool
	bad       bool
	odd       bool
	name      string // that was looked up
	peer      string // the address of a name
	agent     string
	log       string
	record    uint64
	sources   []tocsin.LogSource
	port      uint16 // of the source; 0 is not known
	failed    bool   // nobody answered
	met       *met   // the pair, where it was met not long ago
}

// kindOf is what events of these log sources tell of. It goes by Sigma's categories; TLS has none, so it goes by the sensors'
// names of it.
func kindOf(sources []tocsin.LogSource) kind {
	for _, s := range sources {
		switch s.Category {
		case "ids":
			return nothing // alerts are no connections
		case "firewall", "network_connection":
			return flow
		case "proxy":
			return named
		case "dns", "dns_query":
			return asked
		}
		switch s.Service {
		case "ssl", "tls", "quic":
			return named
		case "open_conn", "conn_long":
			return flow
		}
	}
	return nothing
}

// The fields of a visit.
const (
	fieldSrc uint8 = iota + 1
	fieldDst
	fieldPort
	fieldSent
	fieldGot
	fieldLong
	fieldHost
	fieldMethod
	fieldURI
	fieldAgent
	fieldQuery
	fieldCode
	fieldAnswer
	fieldValid

	fieldKind
	fieldInitiated
	fieldSourcePort
	fieldProto
	fieldImage
	fieldState
)

// fields are their names: Sigma's, and those of sensors for what Sigma does not name. Sizes and durations are Zeek's and
// Suricata's, and those of firewalls and proxies.
var fields = slot.Of(map[string]uint8{
	"src_ip": fieldSrc, "c-ip": fieldSrc, "SourceIp": fieldSrc,
	"dst_ip": fieldDst, "DestinationIp": fieldDst, "r-ip": fieldDst,
	"dst_port": fieldPort, "DestinationPort": fieldPort, "src_port": fieldSourcePort, "SourcePort": fieldSourcePort,
	"orig_bytes": fieldSent, "flow.bytes_toserver": fieldSent, "bytes_out": fieldSent, "cs-bytes": fieldSent, "request_body_len": fieldSent, "sentbyte": fieldSent, "bytes_sent": fieldSent,
	"resp_bytes": fieldGot, "flow.bytes_toclient": fieldGot, "bytes_in": fieldGot, "sc-bytes": fieldGot, "response_body_len": fieldGot, "rcvdbyte": fieldGot, "bytes_received": fieldGot,
	"duration": fieldLong, "flow.age": fieldLong, "elapsed": fieldLong,
	"cs-host": fieldHost, "r-dns": fieldHost, "server_name": fieldHost, "tls.sni": fieldHost, "DestinationHostname": fieldHost,
	"cs-method": fieldMethod, "cs-uri": fieldURI, "c-uri": fieldURI,
	"cs-user-agent": fieldAgent, "c-useragent": fieldAgent, "Image": fieldImage,
	"query": fieldQuery, "QueryName": fieldQuery,
	"rcode_name": fieldCode, "dns.rcode": fieldCode, "rcode": fieldCode, "QueryStatus": fieldCode,
	"answer": fieldAnswer, "QueryResults": fieldAnswer,
	"proto":             fieldProto,
	"conn_state":        fieldState,
	"validation_status": fieldValid,
	"event_type":        fieldKind,
	"Initiated":         fieldInitiated,
})

// A place is where an address is.
type place uint8

const (
	unknown  place = iota
	inside         // given out by an organisation itself
	internet       // the same machine for everybody
	elsewhere
)

// An address is one that was met not long ago.
type address struct {
	text  string
	place place
	told  bool // as the answer of a name server
}

// address is what is known of an address, from the table of those met lately.
func (t *Table) address(v string) *address {
	h := uint(len(v))
	for i := max(0, len(v)-6); i < len(v); i++ {
		h = h*31 + uint(v[i])
	}
	a := &t.addresses[h%uint(len(t.addresses))]
	if a.text != v || v == "" {
		*a = address{text: strings.Clone(v), place: placeOf(v)}
	}
	return a
}

func (t *Table) place(v string) place { return t.address(v).place }

func placeOf(v string) place {
	a, err := netip.ParseAddr(v)
	if err != nil {
		return unknown
	}
	if a = a.Unmap(); a.IsPrivate() || a.IsLinkLocalUnicast() {
		return inside
	}
	if tocsin.Internet(v) {
		return internet
	}
	return elsewhere
}

// read fills in an empty v, and says whether it is one to be noted.
func (v *visit) read(t *Table, ev *tocsin.Event, k kind) bool {
	var dst, host, method, uri, code, valid, event string
	answered := false
	for i := range ev.Fields {
		f := &ev.Fields[i]
		if len(f.Name) < 4 {
			continue
		}
		switch fields.Slot(f.Name) {
		case fieldSrc:
			first(&v.who, f.Value)
		case fieldDst:
			first(&dst, f.Value)
		case fieldPort:
			if n, err := strconv.ParseUint(f.Value, 10, 16); err == nil {
				v.to.port = uint16(n)
			}
		case fieldSourcePort:
			if n, err := strconv.ParseUint(f.Value, 10, 16); err == nil {
				v.port = uint16(n)
			}
		case fieldSent:
			v.sent = max(v.sent, whole(f.Value))
		case fieldGot:
			v.got = max(v.got, whole(f.Value))
		case fieldLong:
			v.long = uint32(min(whole(f.Value), math.MaxUint32))
		case fieldHost:
			first(&host, f.Value)
		case fieldMethod:
			method = f.Value
		case fieldURI:
			uri = f.Value
		case fieldAgent:
			first(&v.agent, f.Value)
		case fieldState:
			v.failed = unanswered[f.Value]
		case fieldImage:
			v.agent = lower(f.Value[strings.LastIndexAny(f.Value, `\/`)+1:]) // where it lies differs by user
		case fieldQuery:
			first(&v.name, f.Value)
		case fieldCode:
			first(&code, f.Value)
		case fieldAnswer:
			if k == asked && (strings.IndexByte(f.Value, ':') >= 0 || f.Value != "" && f.Value[len(f.Value)-1] <= '9') {
				if a := t.address(f.Value); a.place == internet && !a.told {
					t.answered(f.Value)
					a.told = true
				}
			}
			answered = true
		case fieldValid:
			valid = f.Value
		case fieldKind:
			event = f.Value
		case fieldProto:
			if k == flow && len(f.Value) >= 4 && strings.EqualFold(f.Value[:4], "icmp") {
				return false // has types for ports, and is sent by machines of themselves
			}
		case fieldInitiated:
			if f.Value == "false" {
				return false
			}
		}
	}
	v.at, v.log, v.record, v.sources = seconds(ev.Time), ev.Source, ev.Record, ev.Sources
	if v.who == "" || v.who == "-" {
		v.who = ev.Host
	}
	if v.who == "" {
		return false
	}
	if k == flow {
		to := dest{flow, v.to.port, dst}
		if m := t.meet(v.who, to); m.is(v.who, to) {
			v.met = m
			v.flow(ev, event, to)
			return m.s.ours || !v.bad && !v.failed
		}
	}
	from := t.place(v.who)
	v.ours = from == inside || from == unknown
	switch k {
	case flow:
		switch where := t.place(dst); {
		case v.answers():
			return false
		case from != inside && from != internet, where != internet && (from != internet || where != inside):
			return false
		}
		v.flow(ev, event, dest{flow, v.to.port, dst})
		return from == inside || !v.bad && !v.failed // what strangers try in vain is a scan
	case named:
		v.odd = strings.Contains(valid, "self signed") || strings.Contains(valid, "self-signed")
		v.name = ""
		return v.server(t, dst, host, method, uri, from)
	}
	if v.port == 53 && v.to.port != 53 { // an answer, logged by its packet: the question was told before
		if v.who = dst; v.who == "" || !nonexistent(code) {
			return false
		}
		v.ours = t.place(dst) != internet
	}
	return v.lookup(code, answered)
}

// answers says that a flow is the way back of another, as sensors tell it that log each way by itself: from a service's port
// to one that clients are given.
func (v *visit) answers() bool { return v.port > 0 && v.port < 1024 && v.to.port >= 1024 }

// unanswered are Zeek's states of connections that were not established: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
var unanswered = map[string]bool{"S0": true, "REJ": true, "RSTOS0": true, "RSTRH": true, "SH": true}

// flow makes a visit of a connection.
func (v *visit) flow(ev *tocsin.Event, event string, to dest) {
	v.to, v.name = to, ""
	v.open = ev.Sources[0].Service == "open_conn" || ev.Sources[0].Service == "conn_long"
	v.bad = event == "firewall_denied" || event == "denied" || event == "drop"
}

// server makes a visit of a request, or of the opening of a TLS connection.
func (v *visit) server(t *Table, dst, host, method, uri string, from place) bool {
	proxied := method == "CONNECT" || strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://")
	if host == "" || method == "CONNECT" {
		host = authority(uri, host)
	}
	name, port, ok := strings.Cut(host, ":")
	if ok && strings.Contains(port, ":") { // an IPv6 address
		name = strings.Trim(host, "[]")
	}
	if name = lower(strings.TrimSuffix(name, ".")); len(name) < 3 || len(name) > maxText || from == internet {
		return false
	}
	if where := t.place(dst); !proxied && (where == inside || where == elsewhere) {
		return false
	} else if where == internet {
		v.peer = dst
	}
	if where := t.place(name); where == inside || where == elsewhere || where == unknown && !strings.Contains(name, ".") {
		return false
	}
	v.to = dest{kind: named, name: name}
	return true
}

// authority is the server that a URI names, or the host.
func authority(uri, host string) string {
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		uri = rest
	} else if host != "" || strings.HasPrefix(uri, "/") {
		return host
	}
	if i := strings.IndexAny(uri, "/?#"); i >= 0 {
		uri = uri[:i]
	}
	return uri[strings.LastIndexByte(uri, '@')+1:]
}

// lookup makes a visit of a question to a name server.
func (v *visit) lookup(code string, answered bool) bool {
	v.name = lower(strings.TrimSuffix(v.name, "."))
	if v.name == "" || len(v.name) > maxText {
		return false
	}
	domain := registered(v.name)
	if domain == "" {
		return false
	}
	v.sent, v.got, v.long, v.agent = uint64(len(v.name)-len(domain)), 0, 0, ""
	if v.bad = nonexistent(code) && !answered; v.bad {
		v.to, v.name = dest{kind: missing}, domain
		return true
	}
	v.to = dest{kind: asked, name: domain}
	return true
}

// nonexistent says that a name server's answer was that there is no such name (RFC 8020; 9003 is Windows').
func nonexistent(code string) bool { return code == "NXDOMAIN" || code == "3" || code == "9003" }

// registered is the part of a name that somebody registered: two labels, or three below a country's second level. The Public
// Suffix List knows more; what it would tell apart here, customers of one hoster, do not answer lookups themselves.
func registered(name string) string {
	last := strings.LastIndexByte(name, '.')
	if last <= 0 {
		return ""
	}
	second := strings.LastIndexByte(name[:last], '.')
	if second <= 0 {
		return name
	}
	if sld := name[second+1 : last]; len(name)-last == 3 && (len(sld) <= 2 || secondLevel[sld]) {
		if third := strings.LastIndexByte(name[:second], '.'); third > 0 {
			return name[third+1:]
		}
		return name
	}
	return name[second+1:]
}

// secondLevel are labels under which countries register.
var secondLevel = map[string]bool{"com": true, "net": true, "org": true, "gov": true, "edu": true, "gob": true, "gouv": true, "mil": true, "web": true, "asso": true, "ltd": true, "plc": true}

// seconds is a time as a cell holds it; 0 is none that it can hold.
func seconds(t time.Time) uint32 {
	if s := t.Unix(); !t.IsZero() && s > 0 && s <= math.MaxUint32 {
		return uint32(s)
	}
	return 0
}

// whole reads a number that may have a fraction.
func whole(s string) uint64 {
	s, _, _ = strings.Cut(s, ".")
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil {
		return 0
	}
	return n
}

func first(to *string, v string) {
	if *to == "" && v != "-" {
		*to = v
	}
}

// lower is strings.ToLower without garbage for what is in lower case already.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}
