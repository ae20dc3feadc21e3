package decode

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// zeekFormat is Zeek's tab-separated logs with their header, the format of its ASCII writer:
// https://docs.zeek.org/en/master/logs/index.html. Zeek's JSON logs are a kind of JSON record.
func zeekFormat() Format {
	return Format{
		Name: "zeek", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			if bytes.HasPrefix(head, []byte("#separator ")) {
				return 100
			}
			if head, _, _ := bytes.Cut(head, []byte("\n#fields")); len(head) < 4096 && bytes.HasPrefix(head, []byte("#")) &&
				bytes.Contains(head, []byte("#path")) {
				return 90
			}
			return 0
		},
		New: func(o Options) Decoder { return &zeek{opt: o, sep: '\t', set: ',', unset: "-", empty: "(empty)"} },
	}
}

// zeek decodes the lines of one stream, which may hold several logs, each with its header.
type zeek struct {
	opt          Options
	sep, set     byte
	unset, empty string
	path         string
	sources      []tocsin.LogSource
	columns      []zeekColumn
	at           int // index of the column "ts", or -1
	ev           tocsin.Event
	arena        []byte
}

type zeekColumn struct {
	name, alias string
	many        bool // a set or vector
	boolean     bool
}

var errNoHeader = errors.New("no #fields header before this line")

func (d *zeek) Flush(func(*tocsin.Event)) {}

func (d *zeek) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	n := r.Line
	for rest := r.Data; len(rest) > 0; n++ {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		line = bytes.TrimSuffix(line, []byte{'\r'})
		if len(line) == 0 {
			continue
		}
		if line[0] == '#' {
			d.header(string(line))
			continue
		}
		d.line(r, line, n)
		emit(&d.ev)
	}
}

// header takes in one line of a log's header.
func (d *zeek) header(line string) {
	sep := "\t"
	if strings.HasPrefix(line, "#separator ") {
		d.columns, d.sep, d.set, d.unset, d.empty = nil, '\t', ',', "-", "(empty)"
		v := strings.TrimSpace(line[len("#separator "):])
		if len(v) == 4 && strings.HasPrefix(v, `\x`) {
			if c, err := strconv.ParseUint(v[2:], 16, 8); err == nil {
				d.sep = byte(c)
			}
		} else if len(v) == 1 {
			d.sep = v[0]
		} // else the tab, written by others as \t
		return
	}
	sep = string(d.sep)
	name, value, ok := strings.Cut(line, sep)
	if !ok {
		return
	}
	switch name {
	case "#set_separator":
		if len(value) == 1 {
			d.set = value[0]
		}
	case "#empty_field":
		d.empty = value
	case "#unset_field":
		d.unset = value
	case "#path":
		d.path = value
	case "#fields":
		d.columns, d.at = nil, -1
		for i, f := range strings.Split(value, sep) {
			if i == maxFields {
				break
			}
			if f == "ts" {
				d.at = i
			}
			d.columns = append(d.columns, zeekColumn{name: f, alias: zeekAlias(d.path, f)})
		}
		if d.sources = zeekSources(d.path); d.sources == nil {
			d.sources = []tocsin.LogSource{{Product: "zeek", Service: d.path}}
		}
	case "#types":
		for i, t := range strings.Split(value, sep) {
			if i < len(d.columns) {
				d.columns[i].many = strings.HasPrefix(t, "set[") || strings.HasPrefix(t, "vector[") || strings.HasPrefix(t, "table[")
				d.columns[i].boolean = t == "bool"
			}
		}
	}
}

func (d *zeek) line(r *tocsin.Record, line []byte, n int64) {
	d.arena = d.arena[:0]
	ev := &d.ev
	*ev = tocsin.Event{Source: r.Source, Record: uint64(n), Format: "zeek", Fields: ev.Fields[:0], Raw: text(line), Sources: d.sources}
	if d.columns == nil {
		ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: errNoHeader, Hint: "the file must begin with Zeek's #fields line"}
		return
	}
	i := 0
	for rest := line; ; i++ {
		value, after, more := bytes.Cut(rest, []byte{d.sep})
		if i >= len(d.columns) {
			if len(rest) == 0 { // a separator at the line's end, as some re-writers leave it
				break
			}
			ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: fmt.Errorf("more than the %d columns of the header", len(d.columns)), Hint: "the line or the header is damaged"}
			return
		}
		if i == d.at {
			ev.Time = zeekTime(text(value))
		}
		if len(value) > 0 && string(value) != d.unset {
			d.value(&d.columns[i], value)
		}
		if !more {
			i++
			break
		}
		rest = after
	}
	if i < len(d.columns) {
		ev.Fault = &tocsin.Fault{Source: r.Source, Line: n, Err: fmt.Errorf("%d of %d columns", i, len(d.columns)), Hint: "the line is cut off; the rest of the file was read"}
		return
	}
	finishZeek(ev, d.path, &d.arena)
}

// value appends the fields of one column.
func (d *zeek) value(c *zeekColumn, b []byte) {
	f := d.ev.Fields
	if c.many {
		if string(b) == d.empty {
			return
		}
		for len(b) > 0 && len(f) < maxFields {
			v, rest, _ := bytes.Cut(b, []byte{d.set})
			if s := d.unescape(v); s != "" && s != d.unset {
				f = append(f, tocsin.Field{Name: c.name, Value: s})
				if c.alias != "" {
					f = append(f, tocsin.Field{Name: c.alias, Value: s})
				}
			}
			b = rest
		}
		d.ev.Fields = f
		return
	}
	s := ""
	switch {
	case c.boolean && len(b) == 1 && b[0] == 'T':
		s = "true"
	case c.boolean && len(b) == 1 && b[0] == 'F':
		s = "false"
	case string(b) == d.empty:
	default:
		s = d.unescape(b)
	}
	f = append(f, tocsin.Field{Name: c.name, Value: s})
	if c.alias != "" {
		f = append(f, tocsin.Field{Name: c.alias, Value: s})
	}
	d.ev.Fields = f
}

// unescape undoes the writer's \xHH and doubled backslashes.
func (d *zeek) unescape(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return text(b)
	}
	from := len(d.arena)
	d.arena = append(d.arena, b...)
	out := unescapeLog(d.arena[from:])
	d.arena = d.arena[:from+len(out)]
	return text(out)
}

// zeekTime reads Zeek's seconds since 1970 with a fraction, or an ISO stamp; the zero time for anything else.
func zeekTime(s string) time.Time {
	t, _ := parseTime(s, Options{})
	return t
}

// zeekAlias gives Sigma's name of a Zeek log's field where it differs from Zeek's, or "". HTTP's are in finishZeek.
func zeekAlias(path, field string) string {
	switch field {
	case "id.orig_h", "id_orig_h":
		return "src_ip"
	case "id.orig_p", "id_orig_p":
		return "src_port"
	case "id.resp_h", "id_resp_h":
		return "dst_ip"
	case "id.resp_p", "id_resp_p":
		return "dst_port"
	case "qtype_name":
		return "record_type"
	case "answers":
		return "answer"
	}
	return ""
}

// zeekSources gives the log sources of Zeek's logs. As in pySigma's Zeek pipelines, http is a proxy's and a web server's
// log (but see outward), dns a name server's and conn a firewall's: a sensor sees them all.
func zeekSources(path string) []tocsin.LogSource {
	if s := zeekLogs[path]; s != nil {
		return s
	}
	return nil
}

var zeekLogs = zeekLogTable()

func zeekLogTable() map[string][]tocsin.LogSource {
	m := map[string][]tocsin.LogSource{
		"conn": {{Product: "zeek", Category: "firewall", Service: "conn"}},
		"dns":  {{Product: "zeek", Category: "dns", Service: "dns"}},
		"http": {{Product: "zeek", Category: "proxy", Service: "http"}, {Product: "zeek", Category: "webserver", Service: "http"}},
	}
	for _, p := range strings.Fields(`analyzer broker capture_loss cluster config conn-summary conn_long dce_rpc dhcp dnp3 dpd
		files ftp intel irc kerberos known_certs known_hosts known_modbus known_services ldap ldap_search
		loaded_scripts modbus modbus_register_change mqtt_connect mqtt_publish mqtt_subscribe mysql netcontrol notice
		notice_alarm ntlm ntp ocsp openflow packet_filter pe postgresql print prof quic radius rdp redis reporter rfb
		signatures sip smb_cmd smb_files smb_mapping smtp snmp socks software ssh ssl stats stderr stdout syslog
		telemetry traceroute tunnel unknown_protocols weird weird_stats websocket x509`) {
		m[p] = []tocsin.LogSource{{Product: "zeek", Service: p}}
	}
	return m
}

// finishZeek adds what is not a column of its own: Sigma's names for HTTP, and the outcome of logins.
func finishZeek(ev *tocsin.Event, path string, arena *[]byte) {
	switch path {
	case "http":
		var r request
		src, dst, port := "", "", ""
		for i := range ev.Fields {
			switch f := &ev.Fields[i]; f.Name {
			case "method":
				r.method = f.Value
			case "host":
				r.host = f.Value
			case "uri":
				r.uri = f.Value
			case "referrer":
				r.referer = f.Value
			case "user_agent":
				r.agent = f.Value
			case "status_code":
				r.status = f.Value
			case "response_body_len":
				r.size = f.Value
			case "username":
				r.user = f.Value
			case "version":
				r.version = f.Value
			case "id.resp_p", "id_resp_p":
				port = f.Value
			case "id.orig_h", "id_orig_h":
				src = f.Value
			case "id.resp_h", "id_resp_h":
				dst = f.Value
			}
		}
		if outward(src, dst) {
			ev.Sources = zeekOutward
		}
		r.addSeen(ev, port, arena)
	case "ssh":
		if ok := ev.Text("auth_success"); ok != "" {
			login(ev, ok == "true", path, "")
		}
	case "ntlm":
		if ok := ev.Text("success"); ok != "" {
			login(ev, ok == "true", path, ev.Text("username"))
		}
	case "kerberos":
		if ok := ev.Text("success"); ok == "true" && ev.Text("request_type") == "AS" {
			login(ev, true, path, ev.Text("client"))
		} else if ok == "false" {
			switch ev.Text("error_msg") {
			case "KDC_ERR_PREAUTH_FAILED", "KDC_ERR_CLIENT_REVOKED", "KDC_ERR_KEY_EXPIRED":
				login(ev, false, path, ev.Text("client"))
			case "KDC_ERR_C_PRINCIPAL_UNKNOWN":
				ev.Add("event_type", "invalid_user")
				ev.Add("outcome", "failure")
				ev.Add("service", path)
				ev.Add("user", ev.Text("client"))
			}
		}
	case "ftp":
		switch ev.Text("reply_code") {
		case "230":
			login(ev, true, path, "")
		case "530":
			login(ev, false, path, "")
		}
	}
}

// isZeek says that o is a record of one of Zeek's JSON logs, whichever way its shipper told the log's name.
func isZeek(o *object) bool {
	if !o.has("ts") && !o.has("_write_ts") {
		return false
	}
	if _, ok := o.find("id.orig_h"); ok {
		return true
	}
	if _, ok := o.find("id_orig_h"); ok {
		return true
	}
	return zeekPath(o) != ""
}

func fillZeek(o *object, ev *tocsin.Event) {
	path := zeekPath(o)
	ev.Time = zeekTime(o.get("ts"))
	if w := zeekTime(o.get("_write_ts")); !w.IsZero() {
		ev.Sensor = w
		if ev.Time.IsZero() {
			ev.Time = w
		}
	}
	if ev.Sources = zeekSources(path); ev.Sources == nil {
		ev.Sources = zeekOther
	}
	f := ev.Fields
	for _, old := range o.fields {
		switch old.Name {
		case "id_orig_h", "id_orig_p", "id_resp_h", "id_resp_p":
			f = append(f, tocsin.Field{Name: zeekDotted(old.Name), Value: old.Value})
		}
		if a := zeekAlias(path, old.Name); a != "" {
			f = append(f, tocsin.Field{Name: a, Value: old.Value})
		}
	}
	ev.Fields = f
	finishZeek(ev, path, &o.flat.arena)
}

var (
	zeekOther   = []tocsin.LogSource{{Product: "zeek"}}
	zeekOutward = []tocsin.LogSource{{Product: "zeek", Category: "proxy", Service: "http"}}
)

// zeekDotted is Zeek's own name of an identifier field that a shipper wrote with underscores.
func zeekDotted(name string) string {
	switch name {
	case "id_orig_h":
		return "id.orig_h"
	case "id_orig_p":
		return "id.orig_p"
	case "id_resp_h":
		return "id.resp_h"
	}
	return "id.resp_p"
}

// zeekPath finds out which log a record is of: by the name it carries, else by the fields that only that log has,
// else by the name of the file.
func zeekPath(o *object) string {
	shape, tie := "", ""
	for i := range o.fields {
		f := &o.fields[i]
		switch f.Name {
		case "_path", "@stream", "log_type":
			if zeekLogs[f.Value] != nil {
				return f.Value
			}
		case "conn_state":
			shape = "conn"
		case "qtype_name", "rcode_name", "qclass_name":
			shape = "dns"
		case "trans_depth":
			if tie == "" {
				tie = "http"
			}
		case "helo", "mailfrom", "rcptto", "last_reply":
			shape = "smtp"
		case "resumed", "ssl_history", "cipher":
			if shape == "" {
				shape = "ssl"
			}
		case "certificate.serial":
			shape = "x509"
		case "analyzers", "timedout", "overflow_bytes":
			shape = "files"
		case "request_type":
			shape = "kerberos"
		case "named_pipe":
			shape = "dce_rpc"
		case "endpoint", "operation":
			if shape == "" {
				shape = "dce_rpc"
			}
		case "times.modified":
			shape = "smb_files"
		case "action":
			if shape == "" && strings.HasPrefix(f.Value, "SMB::") {
				shape = "smb_files"
			}
		case "share_type":
			shape = "smb_mapping"
		case "server_nb_computer_name", "domainname":
			shape = "ntlm"
		case "auth_attempts", "auth_success", "kex_alg":
			shape = "ssh"
		case "security_protocol", "client_channels":
			shape = "rdp"
		case "reply_code":
			shape = "ftp"
		case "msg_types":
			shape = "dhcp"
		case "stratum":
			shape = "ntp"
		case "note":
			shape = "notice"
		case "failure_reason":
			if shape == "" {
				shape = "dpd"
			}
		case "analyzer_kind":
			shape = "analyzer"
		case "peer":
			tie = "weird"
		case "subsystem", "is_64bit":
			shape = "pe"
		case "certStatus":
			shape = "ocsp"
		case "software_type":
			shape = "software"
		case "port_num":
			if shape == "" {
				shape = "known_services"
			}
		case "issuer_subject":
			shape = "known_certs"
		case "percent_lost":
			shape = "capture_loss"
		case "pkts_proc":
			shape = "stats"
		case "tunnel_type":
			shape = "tunnel"
		case "seen.indicator":
			shape = "intel"
		case "base_object":
			shape = "ldap_search"
		case "facility":
			shape = "syslog"
		case "client_major_version":
			shape = "rfb"
		case "community":
			shape = "snmp"
		case "location":
			if shape == "" && o.has("level", "message") {
				shape = "reporter"
			}
		case "init":
			if o.has("filter") {
				shape = "packet_filter"
			}
		}
	}
	if shape != "" {
		return shape
	}
	if tie == "http" || tie == "weird" && o.has("name", "notice") {
		return tie
	}
	return zeekFile(o.rec.Source)
}

// zeekFile reads the log's name out of a file's: "dir/SENSOR_conn.00:00:00-01:00:00.log.gz" is conn.
func zeekFile(source string) string {
	base := source[strings.LastIndexAny(source, `/\!`)+1:]
	base, rest, _ := strings.Cut(base, ".")
	if !strings.HasPrefix(rest, "log") && !strings.Contains(rest, ".log") && !strings.HasPrefix(rest, "json") {
		return ""
	}
	for {
		if zeekLogs[base] != nil {
			return base
		}
		i := strings.IndexByte(base, '_')
		if i < 0 {
			return ""
		}
		base = base[i+1:]
	}
}

// zeekSummaryFormat is the text that Zeek's trace-summary leaves beside its logs ("conn-summary.log"): tables for people,
// in sections that begin with what they sum up.
func zeekSummaryFormat() Format {
	return Format{
		Name: "zeek-summary", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			if head = bytes.TrimLeft(head, "\r\n"); bytes.HasPrefix(head, []byte(">== ")) && bytes.Contains(head, []byte(" === ")) {
				return 90
			}
			return 0
		},
		New: func(o Options) Decoder { return &zeekSummary{opt: o} },
	}
}

// zeekSummary makes an event of the head of each section; its tables repeat what conn.log has one by one.
type zeekSummary struct {
	opt Options
	ev  tocsin.Event
}

var zeekSummarySources = []tocsin.LogSource{{Product: "zeek", Service: "conn-summary"}}

func (d *zeekSummary) Flush(func(*tocsin.Event)) {}

func (d *zeekSummary) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	n := r.Line
	for line := range bytes.Lines(r.Data) {
		if name, span, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(" === ")); ok && bytes.HasPrefix(name, []byte(">== ")) {
			d.ev = tocsin.Event{Source: r.Source, Record: uint64(n), Format: "zeek-summary", Fields: d.ev.Fields[:0], Raw: text(line), Sources: zeekSummarySources}
			from, to, _ := strings.Cut(text(span), " - ")
			d.ev.Time, _ = time.ParseInLocation("2006-01-02-15-04-05", from, d.opt.zone())
			d.ev.Time = d.opt.basis.rest(d.ev.Time.UTC(), 1<<GuessZone)
			d.ev.Add("section", text(name[4:]))
			d.ev.Add("from", from)
			d.ev.Add("to", to)
			emit(&d.ev)
		}
		n++
	}
}
