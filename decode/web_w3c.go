package decode

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// w3cFormat is the W3C Extended Log File Format (https://www.w3.org/TR/WD-logfile), whose #Fields line names the
// columns: IIS and its FTP service, HTTP.sys errors, Exchange, the Windows firewall, CloudFront, Blue Coat.
func w3cFormat() Format {
	return Format{
		Name: "w3c", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
			if len(head) == 0 || head[0] != '#' {
				return 0
			}
			if bytes.HasPrefix(head, []byte("#Fields:")) {
				return 90
			}
			for _, p := range [...]string{"#Software:", "#Version:", "#Date:"} {
				if bytes.HasPrefix(head, []byte(p)) && bytes.Contains(head[:min(len(head), 8192)], []byte("\n#Fields:")) {
					return 90
				}
			}
			return 0
		},
		New: func(o Options) Decoder { return &w3c{opt: o} },
	}
}

// A w3cRole is what a column is to an event beyond being a field of its own name.
type w3cRole uint8

const (
	w3cPlain w3cRole = iota
	w3cDate
	w3cTime
	w3cStamp // date and time in one
	w3cClient
	w3cClientPort
	w3cUser
	w3cMethod
	w3cURI
	w3cStem
	w3cQuery
	w3cVersion
	w3cStatus
	w3cSize
	w3cReferer
	w3cAgent
	w3cHost
	w3cForwarded
	w3cTaken
	w3cPort   // the server's
	w3cSource // an end of a connection: alias src_ip …
	w3cSourcePort
	w3cTarget
	w3cTargetPort
	w3cEnd // address and port in one
)

func w3cRoleOf(name string) w3cRole {
	switch strings.ToLower(name) {
	case "date":
		return w3cDate
	case "time":
		return w3cTime
	case "date-time", "datetime", "timestamp", "gmttime", "x-timestamp":
		return w3cStamp
	case "c-ip":
		return w3cClient
	case "c-port":
		return w3cClientPort
	case "cs-username":
		return w3cUser
	case "cs-method":
		return w3cMethod
	case "cs-uri":
		return w3cURI
	case "cs-uri-stem", "cs-uri-path":
		return w3cStem
	case "cs-uri-query":
		return w3cQuery
	case "cs-version", "cs-protocol-version":
		return w3cVersion
	case "sc-status":
		return w3cStatus
	case "sc-bytes":
		return w3cSize
	case "cs(referer)":
		return w3cReferer
	case "cs(user-agent)":
		return w3cAgent
	case "cs-host", "cs(host)":
		return w3cHost
	case "x-forwarded-for", "cs(x-forwarded-for)":
		return w3cForwarded
	case "time-taken":
		return w3cTaken
	case "s-port", "cs-uri-port":
		return w3cPort
	case "src-ip":
		return w3cSource
	case "src-port":
		return w3cSourcePort
	case "dst-ip", "s-ip", "r-ip":
		return w3cTarget
	case "dst-port":
		return w3cTargetPort
	case "cip", "remote-endpoint", "client-ip", "clientipaddress":
		return w3cEnd
	}
	return w3cPlain
}

type w3cColumn struct {
	name string
	role w3cRole
}

// A w3cLayout is what the header of a log says about the lines below it.
type w3cLayout struct {
	columns  []w3cColumn
	sep      byte
	sources  []tocsin.LogSource
	web      bool // requests: the webserver fields apply
	proxy    bool
	plus     bool // spaces are written as plus signs (IIS)
	percent  bool // header values are percent-encoded (CloudFront)
	local    bool // times are local
	wall     bool // of a firewall: action says what it decided
	mail     bool // Exchange's protocol logs
	transfer bool // IIS's FTP service
}

var (
	iisSources        = []tocsin.LogSource{{Product: "windows", Category: "webserver", Service: "iis"}}
	iisFTPSources     = []tocsin.LogSource{{Product: "windows", Service: "ftp"}}
	cloudfrontSources = []tocsin.LogSource{{Product: "aws", Category: "webserver", Service: "cloudfront"}}
	bluecoatSources   = []tocsin.LogSource{{Product: "bluecoat", Category: "proxy"}}
	pfirewallSources  = []tocsin.LogSource{{Product: "windows", Category: "firewall", Service: "pfirewall"}}
	exchangeSources   = []tocsin.LogSource{{Product: "exchange", Category: "mail"}}
	w3cSources        = []tocsin.LogSource{{Category: "webserver"}}
)

// newLayout makes a layout of a #Fields line; software is what #Software said.
func newLayout(fields, software string, local bool) *w3cLayout {
	l := &w3cLayout{sep: ' ', local: local}
	fields = strings.TrimSpace(fields)
	names := strings.Fields(fields)
	if strings.Contains(fields, ",") {
		l.sep = ','
		names = strings.Split(strings.ReplaceAll(fields, ", ", ","), ",")
	}
	has := func(role w3cRole) bool {
		for _, c := range l.columns {
			if c.role == role {
				return true
			}
		}
		return false
	}
	said := map[string]bool{}
	for i, n := range names {
		if i == maxFields {
			break
		}
		said[n] = true
		l.columns = append(l.columns, w3cColumn{n, w3cRoleOf(n)})
	}
	l.web = has(w3cMethod) && (has(w3cURI) || has(w3cStem))
	l.mail = strings.Contains(software, "Exchange")
	switch {
	case said["x-edge-location"]:
		l.sep, l.percent, l.sources = '\t', true, cloudfrontSources
	case said["cs-uri-path"] || said["s-action"] || said["cs-categories"] || said["cs-uri-scheme"]:
		l.proxy, l.sources = true, bluecoatSources
	case said["x-session"]:
		l.web, l.transfer, l.sources = false, true, iisFTPSources
	case l.mail:
		l.sources = exchangeSources
	case strings.Contains(software, "Firewall"):
		l.wall, l.sources = true, pfirewallSources
	case said["sc-win32-status"] || said["s-sitename"] || said["sc-substatus"] || strings.Contains(software, "Microsoft") || said["s-queuename"]:
		l.plus, l.sources = true, iisSources
	default:
		l.sources = w3cSources
	}
	return l
}

// w3c decodes the lines of one stream.
type w3c struct {
	opt      Options
	software string
	date     string // of #Date, for logs whose lines have the time only
	local    bool
	layout   *w3cLayout
	ev       tocsin.Event
	arena    []byte
}

func (d *w3c) Flush(func(*tocsin.Event)) {}

func (d *w3c) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	n := r.Line
	for rest := r.Data; len(rest) > 0; n++ {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		line = bytes.TrimPrefix(bytes.TrimRight(line, "\r\x00"), []byte("\xef\xbb\xbf"))
		if len(line) == 0 {
			continue
		}
		if line[0] == '#' {
			d.header(string(line))
			continue
		}
		d.arena = d.arena[:0]
		d.ev = tocsin.Event{Source: r.Source, Record: uint64(n), Format: "w3c", Fields: d.ev.Fields[:0], Raw: text(line)}
		if d.layout == nil {
			d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: errNoHeader, Hint: "the file must have a #Fields line"}
		} else if got := d.layout.fill(line, d.date, &d.ev, &d.arena, d.opt); got < len(d.layout.columns) {
			d.ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: fmt.Errorf("%d of %d columns", got, len(d.layout.columns)), Hint: "the line is cut off; the rest of the file was read"}
		}
		emit(&d.ev)
	}
}

func (d *w3c) header(line string) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	switch strings.ToLower(name) {
	case "#software":
		d.software, d.local = value, false
	case "#time format":
		d.local = strings.EqualFold(value, "local")
	case "#date":
		d.date, _, _ = strings.Cut(value, " ")
	case "#fields":
		d.layout = newLayout(value, d.software, d.local)
	}
}

// fill makes ev of a line and returns how many of the columns the line has.
func (l *w3cLayout) fill(line []byte, date string, ev *tocsin.Event, arena *[]byte, opt Options) int {
	var r request
	clock, stamp, stem, query, port := "", "", "", "", ""
	i := 0
	for rest := line; i < len(l.columns); i++ {
		if l.sep == ' ' {
			rest = bytes.TrimLeft(rest, " ")
		}
		if i > 0 && len(rest) == 0 && l.sep == ' ' {
			break
		}
		var b []byte
		var more bool
		b, rest, more = l.cut(rest, arena)
		c := l.columns[i]
		v := text(b)
		if v == "-" {
			v = ""
		}
		keep := false
		switch c.role {
		case w3cDate:
			if v != "" {
				date = v
			}
		case w3cTime:
			clock = v
		case w3cStamp:
			stamp = v
		case w3cClient:
			r.client = v
		case w3cClientPort:
			r.port = v
		case w3cUser:
			r.user = v
		case w3cMethod:
			r.method = v
		case w3cURI:
			r.uri = v
		case w3cStem:
			stem = v
		case w3cQuery:
			query = v
		case w3cVersion:
			r.version = v
		case w3cStatus:
			r.status = v
		case w3cSize:
			r.size = v
		case w3cReferer:
			r.referer = l.value(v, arena)
		case w3cAgent:
			r.agent, keep = l.value(v, arena), true
		case w3cHost:
			r.host = v
		case w3cForwarded:
			r.forwarded = l.value(v, arena)
		case w3cTaken:
			r.taken = v
		case w3cPort:
			port, keep = v, true
		case w3cSource:
			ev.Add("src_ip", v)
			keep = true
		case w3cSourcePort:
			ev.Add("src_port", v)
			keep = true
		case w3cTarget:
			ev.Add("dst_ip", v)
			keep = true
		case w3cTargetPort:
			ev.Add("dst_port", v)
			keep = true
		case w3cEnd:
			addr, port := splitPort(v)
			ev.Add("src_ip", addr)
			ev.Add("src_port", port)
			keep = true
		default:
			keep = true
		}
		if keep {
			ev.Add(c.name, v)
		}
		if !more {
			i++
			break
		}
	}
	ev.Sources = l.sources
	if l.wall {
		decided(ev, ev.Text("action"))
	}
	ev.Time = l.time(date, clock, stamp, opt)
	if r.uri == "" && (stem != "" || query != "") {
		r.uri = stem
		if query != "" {
			from := len(*arena)
			*arena = append(*arena, stem...)
			if query[0] != '?' {
				*arena = append(*arena, '?')
			}
			*arena = append(*arena, query...)
			r.uri = text((*arena)[from:])
		}
	}
	ev.Add("dst_port", port)
	switch {
	case l.proxy:
		ev.Add("c-ip", r.client)
		ev.Add("src_ip", r.client)
		r.addSeen(ev, port, arena)
		refused(ev, ev.Text("sc-filter-result"), ev.Text("s-action"), r.status)
	case l.web:
		r.add(ev, arena)
	default:
		l.other(ev, &r)
	}
	return i
}

// other adds what fill took out of a line that is no web request's, and the outcome of logins.
func (l *w3cLayout) other(ev *tocsin.Event, r *request) {
	for _, f := range [...]tocsin.Field{{Name: "c-ip", Value: r.client}, {Name: "src_ip", Value: r.client}, {Name: "src_port", Value: r.port},
		{Name: "cs-username", Value: r.user}, {Name: "cs-method", Value: r.method}, {Name: "cs-uri-stem", Value: r.uri},
		{Name: "sc-status", Value: r.status}, {Name: "sc-bytes", Value: r.size}, {Name: "time-taken", Value: r.taken}} {
		ev.Add(f.Name, f.Value)
	}
	switch {
	case l.transfer && (r.method == "PASS" || strings.HasSuffix(r.method, "]PASS")):
		if r.status == "230" || r.status == "530" {
			login(ev, r.status == "230", "ftp", r.user)
		}
	case l.mail:
		said := ev.Text("context")
		if said == "" {
			said = ev.Text("data")
		}
		if strings.Contains(said, "AuthFailed") || strings.Contains(said, "Authentication unsuccessful") || strings.Contains(said, "Authentication failure") {
			login(ev, false, "exchange", "")
		} else if strings.Contains(said, "Authentication successful") || strings.Contains(said, "AUTHENTICATE completed") ||
			strings.Contains(said, "LOGIN completed") || strings.Contains(said, "User successfully") {
			login(ev, true, "exchange", "")
		}
	}
}

// cut cuts the next value off b; values in quotes may hold separators.
func (l *w3cLayout) cut(b []byte, arena *[]byte) (value, rest []byte, more bool) {
	if len(b) > 0 && b[0] == '"' {
		return cutCSV(b, l.sep, arena)
	}
	i := bytes.IndexByte(b, l.sep)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+1:], true
}

// cutCSV cuts a value in quotes off b; a doubled quote within stands for one.
func cutCSV(b []byte, sep byte, arena *[]byte) (value, rest []byte, more bool) {
	doubled := false
	i := 1
	for ; i < len(b); i++ {
		if b[i] != '"' {
			continue
		}
		if i+1 < len(b) && b[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		break
	}
	if value = b[1:min(i, len(b))]; doubled {
		from := len(*arena)
		for j := 0; j < len(value); j++ {
			*arena = append(*arena, value[j])
			if value[j] == '"' && j+1 < len(value) {
				j++
			}
		}
		value = (*arena)[from:]
	}
	if i+1 >= len(b) {
		return value, nil, false
	}
	rest = b[i+1:]
	if j := bytes.IndexByte(rest, sep); j >= 0 {
		return value, rest[j+1:], true
	}
	return value, nil, false
}

// value undoes the way in which the software keeps spaces out of header values.
func (l *w3cLayout) value(v string, arena *[]byte) string {
	if l.percent {
		return decodeURI(v, false, arena)
	}
	if l.plus && strings.IndexByte(v, '+') >= 0 {
		from := len(*arena)
		*arena = append(*arena, v...)
		b := (*arena)[from:]
		for i := range b {
			if b[i] == '+' {
				b[i] = ' '
			}
		}
		return text(b)
	}
	return v
}

// time puts a line's time together: the format's times are UTC, whatever zone the file's others are in.
func (l *w3cLayout) time(date, clock, stamp string, opt Options) time.Time {
	if !l.local {
		opt = opt.inUTC()
	}
	if stamp != "" {
		t, _ := parseTime(stamp, opt)
		return t
	}
	if len(date) != 10 || len(clock) < 8 {
		return time.Time{}
	}
	var b [40]byte
	n := copy(b[:], date)
	b[n] = ' '
	n = n + 1 + copy(b[n+1:], clock)
	t, _, _ := isoTime(text(b[:n]), opt)
	return t
}

// Lines without their header, as they come out of filters and shippers, are known by the columns that IIS and
// CloudFront write unless told otherwise.
var (
	iisLayout = newLayout("date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "+
		"sc-status sc-substatus sc-win32-status time-taken", "", false)
	iisOldLayout = newLayout("date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "+
		"sc-status sc-substatus sc-win32-status time-taken", "", false)
	cloudfrontLayout = newLayout("date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "+
		"cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "+
		"x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields "+
		"c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end", "", false)
	popLayout = newLayout("dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,context,puid",
		"Microsoft Exchange Server", false)
	smtpLayout = newLayout("date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,context",
		"Microsoft Exchange Server", false)
)

// parseHeaderless takes lines of those logs.
func parseHeaderless(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 40 || line[4] != '-' || line[7] != '-' || line[13] != ':' && line[13] != '\t' {
		return false
	}
	var l *w3cLayout
	switch line[10] {
	case '\t':
		if n := bytes.Count(line, []byte{'\t'}); n < 18 || n > 34 {
			return false
		}
		l = cloudfrontLayout
	case ' ':
		switch bytes.Count(line, []byte{' '}) {
		case 14:
			l = iisLayout
		case 13:
			l = iisOldLayout
		default:
			return false
		}
		var word [9][]byte
		rest := line
		for i := range word {
			word[i], rest = cutSpace(rest)
		}
		if !isAddress(text(word[2])) || !isAddress(text(word[8])) || !isDigits(text(word[6])) {
			return false
		}
	case 'T':
		if line[23] != 'Z' || line[24] != ',' {
			return false
		}
		switch n := bytes.Count(line, []byte{','}); {
		case n >= 10 && isDigits(text(csvColumn(line, 2))) && isEndpoint(csvColumn(line, 3)) && isEndpoint(csvColumn(line, 4)):
			l = popLayout
		case n >= 7 && isDigits(text(csvColumn(line, 3))) && isEndpoint(csvColumn(line, 4)) && isEndpoint(csvColumn(line, 5)):
			l = smtpLayout
		default:
			return false
		}
	default:
		return false
	}
	l.fill(line, "", ev, &d.arena, d.opt)
	return true
}

// csvColumn returns the i-th value of a line without quotes before it.
func csvColumn(b []byte, i int) []byte {
	for ; i > 0; i-- {
		j := bytes.IndexByte(b, ',')
		if j < 0 {
			return nil
		}
		b = b[j+1:]
	}
	if j := bytes.IndexByte(b, ','); j >= 0 {
		b = b[:j]
	}
	return b
}

func isEndpoint(b []byte) bool {
	addr, port := splitPort(text(b))
	return port != "" && isAddress(addr)
}
