package action

import (
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// netFacts are the fields of sensors' and firewalls' records.
type netFacts struct {
	src, dst, sport, dport, service, state, query, rcode, answer, method, host, uri, status, mime, agent string
	sent, received, validation, sni, ja3, established, subject                                           string
	endpoint, operation, share, path, name, action, cipher, client, target, success, reason, request     string
	kind, signature, category, severity, note, message, event, technique, user, proto, txHosts, rxHosts  string
}

func (n *netFacts) read(ev *tocsin.Event) {
	*n = netFacts{}
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch ev.Fields[i].Name {
		case "src_ip":
			set(&n.src, v)
		case "dst_ip":
			set(&n.dst, v)
		case "dst_port":
			set(&n.dport, v)
		case "service", "app_proto":
			set(&n.service, v)
		case "conn_state", "flow.state":
			set(&n.state, v)
		case "query":
			set(&n.query, v)
		case "rcode_name", "dns.rcode":
			set(&n.rcode, v)
		case "cs-method":
			set(&n.method, v)
		case "cs-host":
			set(&n.host, v)
		case "cs-uri":
			set(&n.uri, v)
		case "sc-status":
			set(&n.status, v)
		case "resp_mime_types", "http.http_content_type":
			set(&n.mime, v)
		case "cs-user-agent", "c-useragent", "user_agent":
			set(&n.agent, v)
		case "orig_bytes", "flow.bytes_toserver", "bytes_out":
			set(&n.sent, v)
		case "validation_status":
			set(&n.validation, v)
		case "server_name", "tls.sni":
			set(&n.sni, v)
		case "ja3", "tls.ja3.hash":
			set(&n.ja3, v)
		case "established":
			set(&n.established, v)
		case "subject", "tls.subject":
			set(&n.subject, v)
		case "endpoint":
			set(&n.endpoint, v)
		case "operation":
			set(&n.operation, v)
		case "path", "smb.share":
			set(&n.path, v)
		case "name", "smb.filename":
			set(&n.name, v)
		case "action", "smb.command":
			set(&n.action, v)
		case "cipher", "krb5.encryption":
			set(&n.cipher, v)
		case "client", "krb5.cname":
			set(&n.client, v)
		case "request_type", "krb5.msg_type":
			set(&n.request, v)
		case "success":
			set(&n.success, v)
		case "error_msg":
			set(&n.reason, v)
		case "username", "user":
			set(&n.user, v)
		case "alert.signature", "signature":
			set(&n.signature, v)
		case "alert.category":
			set(&n.category, v)
		case "alert.severity", "priority":
			set(&n.severity, v)
		case "alert.metadata.mitre_technique_id":
			set(&n.technique, v)
		case "note":
			set(&n.note, v)
		case "msg", "message":
			set(&n.message, v)
		case "event_type":
			set(&n.event, v)
		case "tx_hosts":
			set(&n.txHosts, v)
		case "rx_hosts":
			set(&n.rxHosts, v)
		case "mime_type":
			set(&n.mime, v)
		}
	}
	n.src, n.dst = address(n.src), address(n.dst)
}

// inner says that an address is one that organisations use inside.
func inner(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && (a.IsPrivate() || a.IsLinkLocalUnicast())
}

// outer says that an address is one of the internet.
func outer(v string) bool {
	a, err := netip.ParseAddr(v)
	return err == nil && !a.IsPrivate() && !a.IsLinkLocalUnicast() && !a.IsLoopback() && !a.IsMulticast() && !a.IsUnspecified() && v != "255.255.255.255"
}

// network reads what sensors on the network and name servers tell. Who acts is the one who opened the connection.
// Formats: https://docs.zeek.org/en/master/logs/, https://docs.suricata.io/en/latest/output/eve/eve-json-format.html.
func (r *Reader) network(ev *tocsin.Event) {
	var n netFacts
	n.read(ev)
	s := &ev.Sources[0]
	kind := s.Service
	if kind == "" {
		kind = s.Category
	}
	switch kind {
	case "conn", "flow", "netflow", "traffic", "vpcflow":
		r.flow(ev, &n)
	case "ssl", "tls":
		r.tls(ev, &n)
	case "http":
		r.fetch(ev, &n)
	case "dce_rpc":
		r.rpc(ev, &n)
	case "smb_mapping", "smb_files", "smb":
		r.smb(ev, &n)
	case "kerberos", "krb5", "ntlm":
		r.ticket(ev, &n)
	case "smtp":
		if outer(n.dst) && inner(n.src) {
			r.net(ev, &n, "send", "command-and-control", "T1071.003", tocsin.Low)
			r.act.Text = "mail sent straight to " + n.dst
			r.out()
		}
	case "files", "fileinfo":
		if strings.Contains(n.mime, "dosexec") && outer(n.txHosts) {
			n.src, n.dst = n.rxHosts, n.txHosts
			r.net(ev, &n, "copy", "command-and-control", "T1105", tocsin.Low)
			r.act.Text = "program received from " + n.dst
			r.out()
		}
	case "notice":
		r.notice(ev, &n)
	case "alert", "ips", "threat":
		r.signature(ev, &n)
	case "weird", "dpd", "anomaly", "stats", "capture_loss", "packet_filter", "reporter", "x509", "ocsp", "pe", "dhcp", "software", "known_hosts", "known_services", "known_certs", "analyzer":
	default:
		switch {
		case s.Category == "dns" || n.query != "":
			r.resolve(ev, &n)
		case s.Category == "firewall":
			r.flow(ev, &n)
		case s.Category == "ids":
			r.signature(ev, &n)
		case n.method != "":
			r.fetch(ev, &n)
		}
	}
	if r.n == 0 && len(r.held) > 0 {
		r.net(ev, &n, "connect", "", "", tocsin.Informational)
		r.act.Text = n.message
		r.out()
	}
}

// net begins an action of whoever opened a connection.
func (r *Reader) net(ev *tocsin.Event, n *netFacts, verb, tactic, technique string, level tocsin.Level) {
	r.begin(ev)
	a := &r.act
	a.Host, a.Org = "", "" // the sensor is not where it happened
	r.doer("address", n.src)
	r.target("address", n.dst)
	a.Verb, a.Tactic, a.Technique, a.Level = verb, tactic, technique, level
}

// muchSent is an upload that is worth a look: fewer bytes leave in the course of ordinary requests.
const muchSent = 10 << 20

func (r *Reader) flow(ev *tocsin.Event, n *netFacts) {
	if n.src == "" || n.dst == "" {
		return
	}
	a := &r.act
	switch {
	case n.event == "firewall_denied", n.event == "denied", n.state == "REJ", n.state == "S0", n.state == "RSTOS0", n.state == "RSTRH", n.state == "SH":
		r.net(ev, n, "connect", "", "", tocsin.Informational)
		a.Outcome = tocsin.Failed
		if n.event != "" && n.state == "" {
			a.Outcome = tocsin.Denied
		}
		r.target("service", r.joined(n.dst, ":", n.dport))
	default:
		r.net(ev, n, "connect", "", "", tocsin.Informational)
		a.Outcome = tocsin.Worked
	}
	a.Tool = n.service
	a.Bytes = number(n.sent)
	if a.Bytes > muchSent && outer(n.dst) && inner(n.src) {
		a.Verb, a.Tactic, a.Technique, a.Level = "send", "exfiltration", "T1048", tocsin.Low
		if a.Bytes > 10*muchSent {
			a.Level = tocsin.Medium
		}
		a.Text = r.joined("upload to ", n.dst, ":"+n.dport)
	}
	r.out()
}

// tls reads the opening of an encrypted connection: one whose certificate nobody vouches for, or that names no server,
// is how implants speak.
func (r *Reader) tls(ev *tocsin.Event, n *netFacts) {
	if n.src == "" || n.dst == "" {
		return
	}
	self := strings.Contains(n.validation, "self signed") || strings.Contains(n.validation, "self-signed")
	bad := self || strings.Contains(n.validation, "unable to get") || strings.Contains(n.validation, "expired")
	bare := n.sni == "" || address(n.sni) != ""
	port := n.dport != "443" && n.dport != "993" && n.dport != "995" && n.dport != "465" && n.dport != "587" && n.dport != "8443" && n.dport != "636" && n.dport != "3389" && n.dport != "5986" && n.dport != ""
	switch {
	case bad && bare && (self || port), self && port:
		r.net(ev, n, "connect", "command-and-control", "T1573", tocsin.Low)
	case bare && port && outer(n.dst):
		r.net(ev, n, "connect", "command-and-control", "T1571", tocsin.Low)
	default:
		return
	}
	r.act.Tool = "tls"
	r.act.Text = r.joined("tls to ", n.dst, ":"+n.dport)
	r.mark("callback", n.dst)
	if n.ja3 != "" {
		r.mark("agent", "ja3:"+n.ja3)
	}
	r.out()
}

// fetch reads a request that a sensor or proxy saw go by.
func (r *Reader) fetch(ev *tocsin.Event, n *netFacts) {
	if n.src == "" {
		return
	}
	if inner(n.dst) || n.dst != "" && !outer(n.dst) || n.dst != "" && outer(n.src) {
		// Somebody asks a server of ours: as the server's own log would tell it.
		if p := payload(n.uri); p.technique != "" {
			r.net(ev, n, "probe", p.tactic, p.technique, p.level)
			r.act.Text = r.request(n.method, n.uri)
			if p.host != "" {
				r.mark("callback", p.host)
			}
			r.out()
			return
		}
	}
	program := strings.Contains(n.mime, "dosexec") || strings.Contains(n.mime, "x-msdownload") || strings.Contains(n.mime, "x-executable") || strings.Contains(n.mime, "java-archive")
	host := r.lower(n.host)
	bare := address(host) != "" || host == "" || address(before(host, ':')) != ""
	level, tactic, technique, verb := tocsin.Informational, "", "", "request"
	path := before(n.uri, '?')
	switch {
	case program && (bare || !programPath(path)):
		level, tactic, technique, verb = tocsin.Medium, "command-and-control", "T1105", "copy"
	case program:
		level, tactic, technique, verb = tocsin.Informational, "", "", "copy"
	case bare && outer(n.dst) && n.method == "POST":
		level, tactic, technique = tocsin.Low, "command-and-control", "T1071.001"
	case bare && (n.method == "PROPFIND" || n.method == "PUT"):
		level, tactic, technique = tocsin.Low, "exfiltration", "T1048"
	case bare && (foldContains(n.agent, "powershell") || foldContains(n.agent, "certutil") || foldContains(n.agent, "bits")):
		level, tactic, technique = tocsin.Low, "command-and-control", "T1105"
	}
	r.net(ev, n, verb, tactic, technique, level)
	a := &r.act
	switch {
	case len(n.status) == 3 && n.status[0] == '2':
		a.Outcome = tocsin.Worked
	case len(n.status) == 3 && n.status[0] == '4':
		a.Outcome = tocsin.Failed
	}
	a.Tool = r.lower(tool(n.agent))
	if host != "" && !bare {
		r.target("domain", before(host, ':'))
	}
	if level >= tocsin.Low {
		a.Text = n.method + " http://" + host + n.uri[:min(len(n.uri), 200)]
		if host != "" {
			r.mark("callback", before(host, ':'))
		} else {
			r.mark("callback", n.dst)
		}
		if !browser(n.agent) && len(n.agent) > 3 {
			r.mark("agent", n.agent)
		}
	}
	r.out()
}

func before(s string, c byte) string {
	if i := strings.IndexByte(s, c); i >= 0 {
		return s[:i]
	}
	return s
}

// programPath says that a path is of a program by its name, as honest downloads are.
func programPath(p string) bool {
	return program(p) || strings.HasSuffix(p, ".cab") || strings.HasSuffix(p, ".psf") || strings.HasSuffix(p, ".zip") || strings.HasSuffix(p, ".msp") || strings.HasSuffix(p, ".msu") || strings.HasSuffix(p, ".crx") || strings.HasSuffix(p, ".nupkg")
}

// rpcs are calls of Windows' interfaces that tell what somebody is about. Interfaces: MS-SCMR, MS-DRSR, MS-SAMR, MS-TSCH,
// MS-SRVS, MS-WKST, MS-RRP, MS-WMI.
var rpcs = []struct {
	endpoint, operation string // prefix
	verb                string
	tactic, technique   string
	level               tocsin.Level
}{
	{"svcctl", "CreateService", "create", "lateral-movement", "T1569.002", tocsin.Medium},
	{"svcctl", "StartService", "run", "lateral-movement", "T1569.002", tocsin.Medium},
	{"svcctl", "ChangeServiceConfig", "change", "lateral-movement", "T1569.002", tocsin.Medium},
	{"svcctl", "OpenSCManager", "list", "discovery", "T1007", tocsin.Low},
	{"drsuapi", "DRSGetNCChanges", "read", "credential-access", "T1003.006", tocsin.Medium},
	{"samr", "SamrEnumerate", "list", "discovery", "T1087.002", tocsin.Low},
	{"samr", "SamrQueryDisplay", "list", "discovery", "T1087.002", tocsin.Low},
	{"samr", "SamrGetMembers", "list", "discovery", "T1069.002", tocsin.Low},
	{"samr", "SamrSetInformationUser", "change", "persistence", "T1098", tocsin.Low},
	{"samr", "SamrCreateUser", "create", "persistence", "T1136.002", tocsin.Low},
	{"srvsvc", "NetrSessionEnum", "list", "discovery", "T1049", tocsin.Low},
	{"srvsvc", "NetrShareEnum", "list", "discovery", "T1135", tocsin.Low},
	{"wkssvc", "NetrWkstaUserEnum", "list", "discovery", "T1033", tocsin.Low},
	{"ITaskSchedulerService", "SchRpcRegisterTask", "create", "lateral-movement", "T1053.005", tocsin.Medium},
	{"ITaskSchedulerService", "SchRpcRun", "run", "lateral-movement", "T1053.005", tocsin.Medium},
	{"atsvc", "NetrJobAdd", "create", "lateral-movement", "T1053.002", tocsin.Medium},
	{"winreg", "BaseRegSaveKey", "read", "credential-access", "T1003.002", tocsin.Medium},
	{"winreg", "Open", "list", "discovery", "T1012", tocsin.Low},
	{"IWbemServices", "ExecMethod", "run", "lateral-movement", "T1047", tocsin.Medium},
	{"IWbemServices", "ExecQuery", "list", "discovery", "T1047", tocsin.Low},
	{"IRemoteWinspool", "", "run", "privilege-escalation", "T1068", tocsin.Low},
	{"spoolss", "RpcAddPrinterDriver", "run", "privilege-escalation", "T1068", tocsin.Medium},
	{"efsrpc", "", "run", "credential-access", "T1187", tocsin.Medium},
	{"lsarpc", "LsarLookupNames", "list", "", "", tocsin.Informational},
}

func (r *Reader) rpc(ev *tocsin.Event, n *netFacts) {
	for i := range rpcs {
		c := &rpcs[i]
		if strings.EqualFold(n.endpoint, c.endpoint) && strings.HasPrefix(n.operation, c.operation) {
			r.net(ev, n, c.verb, c.tactic, c.technique, c.level)
			r.act.Text = r.joined(n.endpoint, ": ", n.operation)
			r.act.Tool = n.endpoint
			r.out()
			return
		}
	}
}

func (r *Reader) smb(ev *tocsin.Event, n *netFacts) {
	share := n.path[strings.LastIndexByte(n.path, '\\')+1:]
	admin := strings.EqualFold(share, "ADMIN$") || len(share) == 2 && share[1] == '$' && share[0] != 'I'
	write := strings.HasSuffix(n.action, "WRITE") || strings.HasSuffix(n.action, "RENAME")
	switch {
	case admin && program(n.name):
		r.net(ev, n, "copy", "lateral-movement", "T1570", tocsin.Medium)
	case admin:
		r.net(ev, n, "connect", "lateral-movement", "T1021.002", tocsin.Low)
	case write && program(n.name):
		r.net(ev, n, "copy", "lateral-movement", "T1570", tocsin.Low)
	default:
		return
	}
	r.act.Text = n.path + `\` + n.name
	r.out()
}

// ticket reads logins by Kerberos and NTLM.
func (r *Reader) ticket(ev *tocsin.Event, n *netFacts) {
	user := or(n.client, n.user)
	if user == "" || strings.Contains(before(user, '/'), "$") {
		return
	}
	name, realm, _ := strings.Cut(r.lower(user), "/")
	if realm != "" {
		name = r.joined(name, "@", realm)
	} else if d := ev.Text("domainname"); d != "" {
		name = r.joined(r.lower(d), `\`, name)
	} else if d := ev.Text("krb5.realm"); d != "" {
		name = r.joined(name, "@", r.lower(d))
	}
	failed := n.success == "false" || n.success == "F"
	r.net(ev, n, "login", "", "", tocsin.Informational)
	a := &r.act
	r.target("user", name)
	a.Outcome, a.Tool, a.Text = tocsin.Worked, "kerberos", "login as "+name
	if n.client == "" {
		a.Tool = "ntlm"
	}
	switch {
	case failed && (n.reason == "" || strings.Contains(n.reason, "PREAUTH_FAILED") || strings.Contains(n.reason, "UNKNOWN") || strings.Contains(n.reason, "REVOKED")):
		a.Outcome, a.Tactic, a.Technique, a.Level = tocsin.Failed, "credential-access", "T1110", tocsin.Low
	case failed:
		return // a usual part of the protocol
	case n.request == "TGS" && strings.HasPrefix(n.cipher, "rc4") && !strings.Contains(ev.Text("service"), "$") && !strings.HasPrefix(ev.Text("service"), "krbtgt"):
		a.Tactic, a.Technique, a.Level = "credential-access", "T1558.003", tocsin.Low
	}
	r.out()
}

// resolve reads a question to a name server.
func (r *Reader) resolve(ev *tocsin.Event, n *netFacts) {
	if n.query == "" || n.src == "" {
		return
	}
	q := r.lower(strings.TrimSuffix(n.query, "."))
	r.net(ev, n, "resolve", "", "", tocsin.Informational)
	a := &r.act
	a.On = a.On[:0]
	r.target("domain", q)
	a.Text = q
	switch n.rcode {
	case "NOERROR":
		a.Outcome = tocsin.Worked
	case "NXDOMAIN", "SERVFAIL":
		a.Outcome = tocsin.Failed
	case "REFUSED":
		a.Outcome = tocsin.Denied
	}
	if tunnelled(q) {
		a.Tactic, a.Technique, a.Level = "command-and-control", "T1071.004", tocsin.Low
	}
	r.out()
}

// tunnelled says that a name carries data: labels that are long and mixed as encoded ones are.
func tunnelled(q string) bool {
	if len(q) < 60 || strings.HasSuffix(q, ".arpa") {
		return false
	}
	long := 0
	for l := range strings.SplitSeq(q, ".") {
		if len(l) >= 40 && strings.Count(l, "-") < 4 && entropic2(l) {
			long++
		}
	}
	return long >= 1 && len(q) >= 100 || long >= 2
}

func entropic2(s string) bool {
	var seen [256]bool
	kinds, digit := 0, 0
	for i := 0; i < len(s); i++ {
		if !seen[s[i]] {
			seen[s[i]] = true
			kinds++
		}
		if s[i] >= '0' && s[i] <= '9' {
			digit++
		}
	}
	return kinds >= 12 && digit >= 4
}

func (r *Reader) notice(ev *tocsin.Event, n *netFacts) {
	m := nameMeaning(strings.ReplaceAll(n.note, "::", " "))
	if strings.HasPrefix(n.note, "SSL::") || strings.HasPrefix(n.note, "CaptureLoss") || strings.HasPrefix(n.note, "PacketFilter") {
		m = alertMeaning{level: tocsin.Informational}
	}
	if m.level <= tocsin.Informational && len(r.held) == 0 {
		return
	}
	r.net(ev, n, "alert", m.tactic, m.technique, m.level)
	r.act.Text = n.note + ": " + n.message
	r.out()
}

// classes are Suricata's and Snort's classifications. https://docs.suricata.io/en/latest/rules/meta.html#classtype
var classes = []struct {
	words string
	alertMeaning
}{
	{"command and control|c2", alertMeaning{"command-and-control", "T1071", tocsin.High}},
	{"trojan|malware", alertMeaning{"command-and-control", "T1071", tocsin.High}},
	{"exploit kit", alertMeaning{"initial-access", "T1189", tocsin.Medium}},
	{"credential theft|phishing", alertMeaning{"initial-access", "T1566", tocsin.Medium}},
	{"administrator privilege gain|user privilege gain|executable code|shellcode", alertMeaning{"execution", "T1203", tocsin.Medium}},
	{"web application attack", alertMeaning{"initial-access", "T1190", tocsin.Medium}},
	{"information leak|scan|domain observed used for c2", alertMeaning{"reconnaissance", "T1595", tocsin.Low}},
	{"denial of service", alertMeaning{"impact", "T1499", tocsin.Low}},
	{"crypto currency|coin mining", alertMeaning{"impact", "T1496", tocsin.Medium}},
	{"potentially bad|suspicious", alertMeaning{"", "", tocsin.Low}},
}

// signature reads an alert of a network sensor.
func (r *Reader) signature(ev *tocsin.Event, n *netFacts) {
	name := or(n.signature, n.message)
	if name == "" {
		return
	}
	m := alertMeaning{level: tocsin.Informational}
	low := strings.ToLower(name)
	quiet := strings.HasPrefix(low, "suricata ") || strings.HasPrefix(low, "et info") || strings.HasPrefix(low, "et policy") || strings.HasPrefix(low, "et chat") || strings.HasPrefix(low, "et ja3") || strings.HasPrefix(low, "gpl ") || strings.HasPrefix(low, "et games") || strings.HasPrefix(low, "et p2p")
	if !quiet {
		category := strings.ToLower(n.category)
		for i := range classes {
			if anyWord(category, classes[i].words) {
				m = classes[i].alertMeaning
				break
			}
		}
		if m.tactic == "" {
			if named := nameMeaning(name); named.level > m.level || named.tactic != "" {
				m = named
			}
		}
	} else if strings.HasPrefix(low, "et ja3") || strings.HasPrefix(low, "et info") {
		m.level = tocsin.Low
	}
	if n.technique != "" {
		m.technique = n.technique
	}
	r.begin(ev)
	a := &r.act
	a.Host, a.Org = "", ""
	src, dst := n.src, n.dst
	if (m.tactic == "command-and-control" || m.tactic == "exfiltration" || m.tactic == "execution") && outer(src) && inner(dst) {
		src, dst = dst, src // the one inside is who does it now
	}
	r.doer("address", src)
	r.target("address", dst)
	a.Verb, a.Tactic, a.Technique, a.Level, a.Text = "alert", m.tactic, m.technique, m.level, name
	rule := r.alertRule(name, "")
	r.rules = append(append(r.rules[:0], a.Rules...), rule)
	a.Rules = r.rules
	if m.tactic == "command-and-control" && outer(dst) {
		r.mark("callback", dst)
	}
	r.emitAlert()
}

// emitAlert hands an alert on at the level that was read for it, not at that of its rule's name alone.
func (r *Reader) emitAlert() {
	a := &r.act
	for _, rule := range r.held {
		a.Level = max(a.Level, rule.Level)
		if a.Tactic == "" {
			if t := rule.Tactics(); len(t) > 0 {
				a.Tactic = t[0].Slug
			}
		}
	}
	a.Text = clip(a.Text)
	r.n++
	r.emit(a)
	r.held = nil
}
