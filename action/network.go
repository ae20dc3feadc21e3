package action

import (
	"net/netip"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// netFacts are the fields of sensors' and firewalls' records.
type netFacts struct {
	src, dst, sport, dport, service, state, query, rcode, method, host, uri, status, mime, agent string
	sent, answered, validation, sni, ja3, helo, cookie, filter                                   string
	endpoint, operation, path, name, action, cipher, client, success, reason, request, outcome   string
	signature, category, note, message, event, technique, user, txHosts, rxHosts                 string
	direction, opener, proto, opnum, magic, hash                                                 string
}

// read fills in an empty n.
func (n *netFacts) read(ev *tocsin.Event) {
	for i := range ev.Fields {
		v := ev.Fields[i].Value
		switch netSlots.Slot(ev.Fields[i].Name) {
		case netSrc:
			set(&n.src, v)
		case netDst:
			set(&n.dst, v)
		case netSport:
			set(&n.sport, v)
		case netDport:
			set(&n.dport, v)
		case netService:
			set(&n.service, v)
		case netState:
			set(&n.state, v)
		case netQuery:
			set(&n.query, v)
		case netRcode:
			set(&n.rcode, v)
		case netMethod:
			set(&n.method, v)
		case netHost:
			set(&n.host, v)
		case netUri:
			set(&n.uri, v)
		case netStatus:
			set(&n.status, v)
		case netMime:
			set(&n.mime, v)
		case netAgent:
			set(&n.agent, v)
		case netSent:
			set(&n.sent, v)
		case netValidation:
			set(&n.validation, v)
		case netSni:
			set(&n.sni, v)
		case netJa3:
			set(&n.ja3, v)
		case netAnswered:
			set(&n.answered, v)
		case netProto:
			set(&n.proto, v)
		case netDirection:
			set(&n.direction, v)
		case netOpener:
			set(&n.opener, v)
		case netOutcome:
			set(&n.outcome, v)
		case netHelo:
			set(&n.helo, v)
		case netCookie:
			set(&n.cookie, v)
		case netFilter:
			set(&n.filter, v)
		case netEndpoint:
			set(&n.endpoint, v)
		case netOpnum:
			set(&n.opnum, v)
		case netOperation:
			set(&n.operation, v)
		case netPath:
			set(&n.path, v)
		case netName:
			set(&n.name, v)
		case netAction:
			set(&n.action, v)
		case netCipher:
			set(&n.cipher, v)
		case netClient:
			set(&n.client, v)
		case netRequest:
			set(&n.request, v)
		case netSuccess:
			set(&n.success, v)
		case netReason:
			set(&n.reason, v)
		case netUser:
			set(&n.user, v)
		case netSignature:
			set(&n.signature, v)
		case netCategory:
			set(&n.category, v)
		case netTechnique:
			set(&n.technique, v)
		case netNote:
			set(&n.note, v)
		case netMessage:
			set(&n.message, v)
		case netEvent:
			set(&n.event, v)
		case netTxHosts:
			set(&n.txHosts, v)
		case netRxHosts:
			set(&n.rxHosts, v)
		case netFileMime:
			set(&n.mime, v)
		case netMagic:
			set(&n.magic, v)
		case netHash:
			set(&n.hash, v)
		}
	}
	n.src, n.dst = address(n.src), address(n.dst)
}

// inner says that an address is one that organisations give out inside. It is not the opposite of tocsin.Internet: broadcast,
// multicast and shared addresses (RFC 6598, which providers give out) are neither, and nobody's machine is inferred from them.
func inner(v string) bool {
	a, err := netip.ParseAddr(v)
	a = a.Unmap()
	return err == nil && (a.IsPrivate() || a.IsLinkLocalUnicast())
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
	case "dce_rpc", "dcerpc":
		r.rpc(ev, &n)
	case "smb_mapping", "smb_files", "smb":
		r.smb(ev, &n)
	case "kerberos", "krb5", "ntlm":
		r.ticket(ev, &n)
	case "smtp":
		r.posted(ev, &n)
	case "ssh", "ftp", "rdp", "imap", "pop3", "mysql", "pgsql", "postgresql":
		r.entry(ev, &n, kind)
	case "ldap_search", "ldap":
		r.directory(ev, &n)
	case "files", "fileinfo":
		r.received(ev, &n)
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
		r.net(ev, &n, "connect")
		r.act.Text = n.message
		r.out()
	}
}

// received reads what a sensor says of a file that went by: only of programs from outside.
func (r *Reader) received(ev *tocsin.Event, n *netFacts) {
	if !programType(n.mime) && !strings.HasPrefix(n.magic, "PE32") && !strings.HasPrefix(n.magic, "ELF") {
		return
	}
	from, to := address(n.txHosts), address(n.rxHosts)
	if from == "" && n.magic != "" { // told by the packet, which went either way
		if from, to = n.src, n.dst; !tocsin.Internet(from) {
			from, to = to, from
		}
	}
	if !tocsin.Internet(from) || !inner(to) {
		return
	}
	n.src, n.dst = to, from
	r.net(ev, n, "")
	r.found(foundProgramReceived)
	r.act.Text = r.joined("program received from ", from, "")
	r.mark("hash", r.lower(n.hash))
	r.out()
}

// net begins an action of whoever opened a connection.
func (r *Reader) net(ev *tocsin.Event, n *netFacts, verb string) {
	r.begin(ev)
	a := &r.act
	a.Host, a.Org = "", "" // the sensor is not where it happened
	r.doer("address", n.src)
	r.target("address", n.dst)
	a.Verb, a.Level = verb, informational
}

// muchSent is an upload that is worth a look: fewer bytes leave in the course of ordinary requests.
const muchSent = 10 << 20

func (r *Reader) flow(ev *tocsin.Event, n *netFacts) {
	if n.src == "" || n.dst == "" {
		return
	}
	a := &r.act
	switch {
	case n.event == "firewall_denied", n.event == "denied", n.event == "drop":
		r.net(ev, n, "connect")
		a.Outcome = tocsin.Denied
	case n.state == "REJ", n.state == "S0", n.state == "RSTOS0", n.state == "RSTRH", n.state == "SH", n.answered == "0" && n.proto == "TCP":
		r.net(ev, n, "connect")
		a.Outcome = tocsin.Failed
	case (n.dport == "5985" || n.dport == "5986") && n.state != "OTH" && inner(n.src) && inner(n.dst):
		// What it carries is encrypted; that one machine is managed from another is all there is to see.
		r.net(ev, n, "login")
		r.found(foundRemoteManagement)
		a.Outcome, a.Text = tocsin.Worked, r.joined("remote management of ", n.dst, "")
	default:
		r.net(ev, n, "connect")
		a.Outcome = tocsin.Worked
	}
	if a.Text == "" && n.dport != "" {
		a.Text = r.joined(n.dst, ":", n.dport)
	}
	a.Tool = n.service
	a.Bytes = number(n.sent)
	if a.Bytes > muchSent && tocsin.Internet(n.dst) && inner(n.src) {
		r.found(foundUploadLarge)
		if a.Bytes > 10*muchSent {
			r.found(foundUploadVeryLarge)
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
	if !inner(n.src) || mailPort(n.dport) {
		return // a stranger at a port of ours scans; mail servers sign for themselves
	}
	self := strings.Contains(n.validation, "self signed") || strings.Contains(n.validation, "self-signed")
	bad := self || strings.Contains(n.validation, "unable to get") || strings.Contains(n.validation, "expired")
	bare := bareHost(n.sni)
	odd := n.dport != "443" && n.dport != "8443" && n.dport != "636" && n.dport != "3389" && n.dport != "5986" && n.dport != ""
	switch {
	case bad && bare && (self || odd), self && odd:
		r.net(ev, n, "connect")
		r.found(foundTLSUnvouched)
	case bare && odd && tocsin.Internet(n.dst):
		r.net(ev, n, "connect")
		r.found(foundTLSUnnamed)
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

// mailPort says that a port is one on which mail is handed on or fetched.
func mailPort(port string) bool {
	switch port {
	case "25", "465", "587", "110", "995", "143", "993":
		return true
	}
	return false
}

// fetch reads a request that a sensor or proxy saw go by.
func (r *Reader) fetch(ev *tocsin.Event, n *netFacts) {
	if n.src == "" {
		return
	}
	ours := inner(n.dst) || n.dst != "" && tocsin.Internet(n.src) // the server is one of ours
	bare := bareHost(n.host)
	path := before(n.uri, '?')
	client := r.client(n.agent)
	verb, callback := "request", ""
	is := &unknown
	switch {
	case programType(n.mime) && !tocsin.Internet(n.src) && (bare || disguised(path)) && !(bare && !tocsin.Internet(n.dst) && programPath(path) && browser(n.agent)):
		is = r.know.event(foundProgramDisguised)
	case programType(n.mime):
		verb = "copy"
	case strings.HasPrefix(path, "/wsman") && inner(n.src) && inner(n.dst):
		is = r.know.event(foundRemoteManagement)
	case bare && inner(n.src) && n.method == "PUT":
		is = r.know.event(foundPutByAddress)
	case bare && inner(n.src) && n.method == "PROPFIND": // RFC 4918: asks what a folder holds; nothing goes out by it
		is = r.know.event(foundListedByAddress)
	case bare && inner(n.src) && tocsin.Internet(n.dst) && n.method == "POST":
		is = r.know.event(foundPostByAddress)
	case bare && inner(n.src) && (foldContains(n.agent, "powershell") || foldContains(n.agent, "certutil") || foldContains(n.agent, "bits")):
		is = r.know.event(foundFetchedBySystemTool)
	case ours && tocsin.Internet(n.src) && n.method != "CONNECT" && !strings.HasPrefix(n.uri, "http"):
		// As the server's own log would tell it; the sensor's name is not the server's.
		seen := *ev
		seen.Host = ""
		r.f.read(&seen)
		if r.f.vhost == "" {
			r.f.vhost = n.dst
		}
		r.web(&seen)
		return
	case client.scanner != nil:
		is = client.scanner
	case ours:
		if p := r.know.payload(n.uri, true); p.row != nil {
			is, callback = p.row, p.host
		}
	}
	r.net(ev, n, verb)
	a := &r.act
	if is.rule != nil {
		r.means(is)
	}
	if ours {
		a.Log = "request"
	}
	if len(n.status) == 3 {
		switch {
		case n.status == "401" || n.status == "403" || n.status == "407":
			a.Outcome = tocsin.Denied
		case n.status[0] == '2':
			a.Outcome = tocsin.Worked
		case n.status[0] >= '4':
			a.Outcome = tocsin.Failed
		}
	}
	a.Tool = client.tool
	host := r.lower(before(n.host, ':'))
	if bare {
		host = n.dst
	} else {
		r.target("domain", host)
	}
	if a.Level >= low {
		a.Text = r.request(n.method, r.joined("http://", or(n.host, n.dst), n.uri[:min(len(n.uri), 1024)]))
		if a.Tactic == "command-and-control" || a.Tactic == "exfiltration" {
			callback = host
		}
		r.mark("callback", callback)
		if !client.browser && len(n.agent) > 3 {
			r.mark("agent", n.agent)
		}
	}
	r.out()
}

// bareHost says that a host is told by address, or not at all. Names do not end in a digit.
func bareHost(host string) bool {
	if strings.Count(host, ":") < 2 {
		host = before(host, ':')
	}
	if host == "" {
		return true
	}
	last := host[len(host)-1]
	return (last >= '0' && last <= '9' || strings.IndexByte(host, ':') >= 0) && address(host) != ""
}

// programType says that what was sent was found to be a program.
func programType(mime string) bool {
	return strings.Contains(mime, "dosexec") || strings.Contains(mime, "x-msdownload") || strings.Contains(mime, "x-executable") || strings.Contains(mime, "java-archive")
}

// disguised says that the path of a program names something else than a program: a page, a picture, nothing at all.
// Updates come as files of data whose names say as much.
func disguised(path string) bool {
	dot := strings.LastIndexByte(path, '.')
	if dot < strings.LastIndexByte(path, '/') {
		return true
	}
	for _, data := range [...]string{".bin", ".upd", ".vdf", ".dat", ".pak", ".img", ".tmp"} {
		if strings.EqualFold(path[max(dot, 0):], data) {
			return false
		}
	}
	return !programPath(path)
}

// programPath says that a path is of a program by its name, as honest downloads are.
func programPath(p string) bool {
	return program(p) || strings.HasSuffix(p, ".cab") || strings.HasSuffix(p, ".psf") || strings.HasSuffix(p, ".zip") || strings.HasSuffix(p, ".msp") || strings.HasSuffix(p, ".msu") || strings.HasSuffix(p, ".crx") || strings.HasSuffix(p, ".nupkg")
}

// resolve reads a question to a name server.
func (r *Reader) resolve(ev *tocsin.Event, n *netFacts) {
	if n.query == "" || n.src == "" {
		return
	}
	if n.sport == "53" && n.dport != "53" {
		n.src, n.dst = n.dst, n.src // an answer: who asked is the other
	}
	q := r.lower(strings.TrimSuffix(n.query, "."))
	r.net(ev, n, "resolve")
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
		r.found(foundNameTunnel)
	} else if issued(q) {
		r.mark("callback", q)
	}
	r.out()
}

// issued says that a name looks made for one use: a long random label below a short domain, as services that wait for a
// victim's call hand out. What was sent somewhere and is asked for from there leads from one to the other.
func issued(q string) bool {
	label, rest, _ := strings.Cut(q, ".")
	return len(label) >= 20 && len(rest) >= 4 && len(rest) <= 24 && strings.Count(rest, ".") <= 2 &&
		strings.IndexByte(label, '-') < 0 && mixed(label) && !strings.HasSuffix(rest, ".arpa")
}

// tunnelled says that a name carries data: labels that are long and mixed as encoded ones are.
func tunnelled(q string) bool {
	if len(q) < 60 || strings.HasSuffix(q, ".arpa") {
		return false
	}
	long := 0
	for l := range strings.SplitSeq(q, ".") {
		if len(l) >= 40 && strings.Count(l, "-") < 4 && mixed(l) {
			long++
		}
	}
	return long >= 1 && len(q) >= 100 || long >= 2
}

func mixed(s string) bool {
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
