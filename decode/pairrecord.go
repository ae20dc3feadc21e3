package decode

import (
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A pairRole is what a pair of a device's record says, whatever the device calls it.
type pairRole uint8

const (
	noPairRole pairRole = iota
	pairStamp
	pairWhen // a second choice for a stamp
	pairDate
	pairZone
	pairDeviceName
	pairKind
	pairSubkind
	pairAction
	pairStatus
	pairUser
	pairSrc
	pairSrcPort
	pairDst
	pairDstPort
	pairRemote // who came, where nothing is called the source
	pairHost   // that is asked for
	pairURL
	pairMethod
	pairAgent
	pairQuery
	pairQueryType
	pairForti   // only Fortinet has it
	pairSophos  // only Sophos has it
	pairCheck   // only Check Point has it
	pairService // the port asked for, of Check Point
	pairOrigin  // the gateway that tells, of Check Point beside pairProduct
	pairProduct
	pairInstant // a stamp of the same moment whose zone is known
	pairSaid    // in words
	pairRoles
)

// pairRoleNames are the names under which devices write the roles; of several in one record the first counts, but for
// those marked below.
var pairRoleNames = roleTable(map[pairRole]string{
	pairStamp:      "TimeGenerated time ts t timestamp eventtime start_time startTime rt devTime FTNTFGTeventtime event_time log_time logtime datetime date_time",
	pairWhen:       "end start deviceReceiptTime UNIFIutcTime",
	pairDate:       "date",
	pairZone:       "tz timezone time_zone FTNTFGTtz dtz",
	pairDeviceName: "devname device_name dvchost dvc deviceName fw",
	pairKind:       "type log_type logtype",
	pairSubkind:    "subtype log_subtype",
	pairAction:     "action act fw_action DvcAction",
	pairStatus:     "status",
	pairUser:       "user usr usrName username user_name suser duser uname login UserName User-Name AdminName srcuser src_user_name unauthuser adminname SrcUsername",
	pairSrc:        "srcip src src_ip source_ip sourceip SRC sourceAddress saddr SrcIP source-address src_addr srcaddr ClientIP clientIP cip c-ip SrcIpAddr",
	pairSrcPort:    "srcport src_port spt SPT srcPort sport s_port SrcPort source-port SrcPortNumber",
	pairDst:        "dstip dst dst_ip dest_ip destination_ip DST destinationAddress daddr DstIP destination-address dst_addr dstaddr DstIpAddr serverip server_ip sip s-ip",
	pairDstPort:    "dstport dst_port dest_port dpt DPT dstPort dport d_port DstPort destination-port DstPortNumber",
	pairRemote:     "remip remote_ip remote_addr remoteAddr client_ip clientip ip peer_ip remote ip_address client rhost AdminIPAddress Calling-Station-ID Remote-Address Client_ip client-address",
	pairHost:       "hostname shost dhost domain http_host",
	pairURL:        "url request uri path http_url",
	pairMethod:     "method requestMethod http_method requestmethod reqmethod",
	pairAgent:      "agent userAgent user_agent requestClientApplication http_agent useragent ua",
	pairQuery:      "qname",
	pairQueryType:  "qtype",
	pairForti:      "devid logid",
	pairSophos:     "log_component device",
	pairCheck:      "loguid ifdir origin_sic_name",
	pairService:    "service",
	pairOrigin:     "origin",
	pairProduct:    "product",
	pairInstant:    "vp_time",
	pairSaid:       "msg message logdesc description",
})

func roleTable(lists map[pairRole]string) map[string]pairRole {
	t := map[string]pairRole{}
	for role, list := range lists {
		for name := range strings.FieldsSeq(list) {
			t[name] = role
		}
	}
	return t
}

// A pairRecord is what pairs say, by role.
type pairRecord struct {
	value [pairRoles]string
	clock string // a time of day beside a date
	host  string // of the device, where another product's name for it means something else
}

func (p *pairRecord) read(fields []tocsin.Field) { p.readAs(fields, nil) }

// readAs is read where the roles of the fields' names are known already.
func (p *pairRecord) readAs(fields []tocsin.Field, roles []pairRole) {
	for i := range fields {
		v := fields[i].Value
		role := noPairRole
		if len(roles) == len(fields) {
			role = roles[i]
		} else {
			role = pairRoleNames[fields[i].Name]
		}
		switch role {
		case noPairRole:
			continue
		case pairStamp:
			if len(v) == 8 && v[2] == ':' || len(v) == 7 && v[1] == ':' {
				p.clock = v
				continue
			}
		case pairUser:
			if isNobody(v) {
				continue
			}
			v = loginName(v)
		case pairHost:
			p.host = v
		case pairDst, pairDstPort, pairSrcPort, pairKind, pairSubkind, pairAction, pairWhen, pairDeviceName: // the last counts
			p.value[role] = v
			continue
		}
		if p.value[role] == "" {
			p.value[role] = v
		}
	}
	if p.value[pairCheck] == "" && p.value[pairProduct] != "" && isIP(p.value[pairOrigin]) {
		p.value[pairCheck] = p.value[pairOrigin]
	}
	p.checkPoint()
}

// checkPoint sorts out the names that mean something else in a record of Check Point's.
func (p *pairRecord) checkPoint() {
	if p.value[pairCheck] != "" {
		// Check Point's hostname is the gateway's, and its service is the port asked for.
		p.value[pairDeviceName], p.value[pairHost] = p.host, ""
		if s := p.value[pairService]; p.value[pairDstPort] == "" && isDigits(s) {
			p.value[pairDstPort] = s
		}
	}
}

// device says that the pairs are those of a firewall or the like.
func (p *pairRecord) device() bool {
	v := &p.value
	return (v[pairForti] != "" || v[pairSophos] != "" || v[pairDeviceName] != "") && v[pairKind] != "" || v[pairSrc] != "" && (v[pairDst] != "" || v[pairAction] != "")
}

// time tells when it was. A date and time of day without a zone are in the one that the record names.
func (p *pairRecord) time(d *lines) time.Time {
	o := d.opt
	if name := p.value[pairZone]; name != "" {
		if name != d.zoneName { // records have the zone of the one before
			d.zoneName = strings.Clone(name[:min(len(name), 80)])
			d.zone, _ = namedZone(name)
		}
		if d.zone != nil {
			o.Zone, o.named = d.zone, true
		}
	}
	ref := time.Time{}
	if d.rec != nil {
		ref = d.rec.Ref
	}
	if date := p.value[pairDate]; date != "" && p.clock != "" {
		if t, ok := parseTime(d.join(date, "T", p.clock), o); ok {
			return t
		}
	}
	for _, role := range [...]pairRole{pairInstant, pairStamp, pairWhen} {
		if t, ok := parseTimeBy(strings.Trim(p.value[role], `"[]`), o, ref); ok {
			return t
		}
	}
	return time.Time{}
}

// namedZone reads a zone as records name one beside a stamp: +0100, "GMT+1", "(GMT+1:00)Amsterdam,Berlin", CET.
func namedZone(s string) (*time.Location, bool) {
	s = strings.Trim(s, `"() `)
	if s == "" || len(s) > 80 {
		return nil, false
	}
	if i := strings.IndexAny(s, "),"); i > 0 {
		s = s[:i]
	}
	if (strings.HasPrefix(s, "GMT") || strings.HasPrefix(s, "UTC")) && len(s) > 5 && s[5] == ':' { // GMT+1:00
		s = s[:4] + "0" + s[4:]
	}
	east, end := zoneAt(view(s), 0)
	if end != len(s) {
		return nil, false
	}
	if east == 0 {
		return time.UTC, true
	}
	return time.FixedZone("", east), true
}

// The log sources of what else writes pairs.
var (
	sophosFirewall = []tocsin.LogSource{{Product: "sophos", Category: "firewall", Service: "firewall"}}
	sophosEvent    = []tocsin.LogSource{{Product: "sophos", Service: "event"}}
	sophosLogin    = append(sophosEvent[:1:1], tocsin.LogSource{Product: "sophos", Category: "authentication"})
	pairProxy      = []tocsin.LogSource{{Category: "proxy"}}
	checkFirewall  = []tocsin.LogSource{{Product: "checkpoint", Category: "firewall"}}
	checkLogin     = append(checkFirewall[:1:1], tocsin.LogSource{Product: "checkpoint", Category: "authentication"})
)

// finish adds the names that are the same for every log, and decides the log source.
func (p *pairRecord) finish(ev *tocsin.Event, d *lines) {
	v := &p.value
	p.addresses(ev)
	failed, ok := p.loginOutcome()
	login := failed || ok
	switch {
	case v[pairSophos] != "" && v[pairKind] != "":
		switch {
		case login:
			ev.Sources = sophosLogin
		case v[pairKind] == "Firewall":
			ev.Sources = sophosFirewall
		default:
			ev.Sources = sophosEvent
		}
	case v[pairCheck] != "":
		if ev.Sources = checkFirewall; login {
			ev.Sources = checkLogin
		}
	case v[pairForti] != "" && (v[pairSubkind] != "" || v[pairKind] != ""):
		switch v[pairKind] {
		case "traffic":
			ev.Sources = fortiTraffic
		case "utm":
			switch v[pairSubkind] {
			case "webfilter":
				ev.Sources = fortiWeb
			case "dns":
				ev.Sources = fortiDNS
			case "ips", "anomaly":
				ev.Sources = fortiIPS
			case "virus":
				ev.Sources = fortiVirus
			default:
				ev.Sources = fortiUTM
			}
		case "dns":
			ev.Sources = fortiDNS
		default:
			ev.Sources = fortiEvent
			if v[pairSubkind] == "vpn" {
				ev.Sources = fortiVPN
			}
			if login {
				ev.Sources = fortiLogin
			}
		}
		ev.Add("query", v[pairQuery])
		ev.Add("record_type", v[pairQueryType])
		if v[pairURL] != "" || v[pairHost] != "" && v[pairSubkind] == "webfilter" {
			r := p.request()
			r.addSeen(ev, v[pairDstPort], &d.arena)
		}
	case login:
		ev.Sources = pairLogin
	case v[pairURL] != "" && v[pairMethod] != "":
		ev.Sources = pairProxy
		r := p.request()
		r.addSeen(ev, v[pairDstPort], &d.arena)
	case v[pairSrc] != "" && v[pairDst] != "":
		ev.Sources = pairFirewall
	default:
		ev.Sources = pairDevice
	}
	if login {
		p.addLogin(ev, ok && !failed)
		return
	}
	p.decision(ev)
	if _, given := ev.Value("user"); !given {
		ev.Add("user", v[pairUser])
	}
}

func (p *pairRecord) request() request {
	return request{uri: p.value[pairURL], host: p.value[pairHost], agent: p.value[pairAgent], method: p.value[pairMethod]}
}

// decisions are the words in which devices say what they did with a connection.
var decisions = map[string]verdict{
	"deny": firewallDenied, "denied": firewallDenied, "drop": firewallDenied, "dropped": firewallDenied, "block": firewallDenied, "blocked": firewallDenied, "reject": firewallDenied,
	"rejected": firewallDenied, "discard": firewallDenied, "reset": firewallDenied, "reset-both": firewallDenied, "reset-client": firewallDenied, "reset-server": firewallDenied, "prevent": firewallDenied,
	"allow": firewallAllowed, "allowed": firewallAllowed, "accept": firewallAllowed, "accepted": firewallAllowed, "pass": firewallAllowed, "permit": firewallAllowed, "permitted": firewallAllowed,
}

// decisionWords are the words for the same in the messages of devices that have no field for it, SonicWall's first.
// https://www.sonicwall.com/techdocs/pdf/sonicos-7-0-0-0-log_events_reference_guide.pdf
var decisionWords = []struct {
	words string
	is    verdict
}{{"port scan", scanned}, {"connection dropped", firewallDenied}, {"packet dropped", firewallDenied}, {"packets dropped", firewallDenied}, {"connection denied", firewallDenied}, {"access denied", firewallDenied}}

// decision adds what a device that stands between two ends did with their connection.
func (p *pairRecord) decision(ev *tocsin.Event) {
	v := &p.value
	if v[pairSrc] == "" || v[pairDst] == "" {
		return
	}
	if _, told := ev.Value("event_type"); told {
		return
	}
	for _, word := range [...]string{v[pairAction], v[pairStatus], v[pairSubkind]} {
		if is := decisions[strings.ToLower(word)]; is != untold {
			happened(ev, outcomes[is].event, outcomes[is].outcome)
			return
		}
	}
	if v[pairAction] != "" || v[pairSaid] == "" {
		return
	}
	said := strings.ToLower(v[pairSaid])
	for _, s := range decisionWords {
		if strings.Contains(said, s.words) {
			happened(ev, outcomes[s.is].event, outcomes[s.is].outcome)
			return
		}
	}
}

// addresses adds the ends of a connection under the common names.
func (p *pairRecord) addresses(ev *tocsin.Event) {
	v := &p.value
	src := v[pairSrc]
	if src == "" {
		src = v[pairRemote]
	}
	addr, port := pairEnd(src)
	alias := func(name, value, given string) {
		if value != "" && value != given || given == "" {
			ev.Add(name, value)
		}
	}
	alias("src_ip", addr, ev.Text("src_ip"))
	if v[pairSrcPort] == "" {
		v[pairSrcPort] = port
	}
	alias("src_port", v[pairSrcPort], ev.Text("src_port"))
	addr, port = pairEnd(v[pairDst])
	alias("dst_ip", addr, ev.Text("dst_ip"))
	if v[pairDstPort] == "" {
		v[pairDstPort] = port
	}
	alias("dst_port", v[pairDstPort], ev.Text("dst_port"))
	alias("action", v[pairAction], ev.Text("action"))
}

// pairEnd splits "addr", "addr:port" and SonicWall's "addr:port:interface"; it returns nothing for a name.
func pairEnd(s string) (addr, port string) {
	if isAddress(s) {
		return s, ""
	}
	addr, port = splitPort(s)
	if isAddress(addr) {
		return addr, port
	}
	if a, rest, ok := strings.Cut(s, ":"); ok && isAddress(a) {
		port, _, _ = strings.Cut(rest, ":")
		return a, port
	}
	return "", ""
}

// loginOutcome says whether a record tells of a login, by what was done and how it ended, or in words.
func (p *pairRecord) loginOutcome() (failed, ok bool) {
	low := strings.ToLower
	v := &p.value
	status := low(v[pairStatus])
	bad, good := strings.HasPrefix(status, "fail") || status == "denied", strings.HasPrefix(status, "success")
	switch action := low(v[pairAction]); {
	case action == "ssl-login-fail", action == "login_failed", action == "login failed", action == "failed log in", action == "failed login", action == "log in failed":
		return true, false
	case action == "tunnel-up", action == "log in", action == "login ok":
		return false, true
	case action == "login", action == "authentication", action == "logon", action == "" && low(v[pairSubkind]) == "authentication":
		if bad || good {
			return bad, good
		}
	}
	if v[pairForti] != "" && v[pairKind] != "event" || v[pairSrc] == "" && v[pairRemote] == "" && v[pairUser] == "" {
		return false, false
	}
	switch wording(v[pairSaid]) {
	case "login_failed", "invalid_user":
		return true, false
	case "login_ok":
		return false, true
	}
	return false, false
}

func (p *pairRecord) addLogin(ev *tocsin.Event, ok bool) {
	happened(ev, loginKind(ok), outcome(ok))
	user := p.value[pairUser]
	if user == "" {
		user = userIn(p.value[pairSaid])
	}
	if _, given := ev.Value("user"); !given {
		ev.Add("user", user)
	}
}
