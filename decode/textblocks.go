package decode

import (
	"bytes"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// blockFormats lists the logs whose records are several lines.
func blockFormats() []Format {
	block := func(name string, is func(head []byte) bool, take func(*blocks, []byte, int64, func(*tocsin.Event)), end func(*blocks, func(*tocsin.Event))) Format {
		return Format{Name: name, Cut: Ordered,
			Is: func(_ string, head []byte) int {
				if is(head[:min(len(head), 8192)]) {
					return 92
				}
				return 0
			},
			New: func(o Options) Decoder { return &blocks{clock: clock{opt: o}, opt: o, take: take, end: end} },
		}
	}
	return []Format{
		block("mysql-query", isMySQLQuery, (*blocks).mysql, (*blocks).mysqlEnd),
		block("modsecurity-audit", isModSecurityAudit, (*blocks).modSecurity, (*blocks).modSecurityEnd),
		block("windows-listed", isListedEvents, (*blocks).listed, (*blocks).listedEnd),
		block("windows-dns-detail", isDNSDetail, (*blocks).dnsDetail, (*blocks).dnsDetailEnd),
		block("oracle-aud", func(head []byte) bool {
			return bytes.Contains(head, []byte("\nACTION :[")) || bytes.Contains(head, []byte("\nACTION:["))
		}, (*blocks).oracle, (*blocks).oracleEnd),
		block("apt-history", func(head []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(head), []byte("Start-Date: ")) }, (*blocks).apt, (*blocks).aptEnd),
	}
}

// blocks decodes records of several lines. What a record has said so far is kept until it ends.
type blocks struct {
	opt   Options
	clock clock
	take  func(*blocks, []byte, int64, func(*tocsin.Event))
	end   func(*blocks, func(*tocsin.Event))

	source   string
	ref      time.Time
	ev       tocsin.Event
	arena    []byte
	fields   []tocsin.Field // of the record at hand; their values are its own
	line     int64          // on which it begins, 0 where there is none
	at       time.Time
	provider string // of the events that are listed
	routes   windowsRoutes
	packets  *lines
	host     string // that the head of the file names
	body     []byte // text that goes over lines
	part     byte   // of ModSecurity's record
	users    map[string]tocsin.Field
	addrs    map[string]string
}

func (d *blocks) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	d.source, d.ref = r.Source, r.Ref
	n := r.Line
	for rest := r.Data; len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte{'\n'})
		d.take(d, bytes.TrimRight(line, "\r"), n, emit)
	}
}

func (d *blocks) Flush(emit func(*tocsin.Event)) { d.end(d, emit) }

// note keeps a field of the record at hand.
func (d *blocks) note(name, value string) {
	if value = strings.TrimSpace(value); value != "" && len(d.fields) < maxPairs {
		d.fields = append(d.fields, tocsin.Field{Name: strings.Clone(name), Value: strings.Clone(value)})
	}
}

// had returns the value of a field of the record at hand.
func (d *blocks) had(name string) string {
	for _, f := range d.fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// begin makes d.ev an event of the record at hand.
func (d *blocks) begin(format string, sources []tocsin.LogSource) *tocsin.Event {
	d.ev = tocsin.Event{Source: d.source, Record: uint64(d.line), Format: format, Time: d.at, Sources: sources, Fields: append(d.ev.Fields[:0], d.fields...)}
	return &d.ev
}

// reset forgets the record at hand.
func (d *blocks) reset() { d.fields, d.line, d.body = d.fields[:0], 0, d.body[:0] }

// more adds a line to the text at hand.
func (d *blocks) more(line []byte) {
	if len(d.body)+len(line) < maxLine {
		if len(d.body) > 0 {
			d.body = append(d.body, '\n')
		}
		d.body = append(d.body, line...)
	}
}

var mysqlQuerySources = []tocsin.LogSource{{Category: "database", Service: "mysql"}, {Category: "application", Service: "mysql"}}

// isMySQLQuery takes the general query log and the slow query log of MySQL and MariaDB.
// https://dev.mysql.com/doc/refman/8.4/en/query-log.html https://dev.mysql.com/doc/refman/8.4/en/slow-query-log.html
func isMySQLQuery(head []byte) bool {
	if bytes.Contains(head, []byte("\n# Query_time: ")) && bytes.Contains(head, []byte("# User@Host: ")) {
		return true
	}
	for n := 0; n < 20 && len(head) > 0; n++ {
		var line []byte
		line, head, _ = bytes.Cut(head, []byte{'\n'})
		if _, _, _, ok := generalQuery(line); ok && (line[0] >= '0' && line[0] <= '9') {
			return true
		}
	}
	return false
}

// generalQuery cuts a line of the general log: what stands before the connection's number, the command, and what was
// asked.
func generalQuery(line []byte) (id, command, asked []byte, ok bool) {
	tab := bytes.IndexByte(line, '\t')
	if tab < 0 || tab > 40 {
		return nil, nil, nil, false
	}
	rest := bytes.TrimLeft(line[tab:], "\t ")
	n := digitsAt(rest)
	if n == 0 || n > 12 || n >= len(rest) || rest[n] != ' ' {
		return nil, nil, nil, false
	}
	id = rest[:n]
	command, asked, _ = bytes.Cut(rest[n+1:], []byte{'\t'})
	switch string(bytes.TrimSpace(command)) {
	case "Connect", "Query", "Quit", "Init DB", "Prepare", "Execute", "Close stmt", "Field List", "Change user", "Statistics", "Refresh", "Shutdown", "Processlist", "Kill":
		return id, bytes.TrimSpace(command), asked, true
	}
	return nil, nil, nil, false
}

func (d *blocks) mysql(line []byte, n int64, emit func(*tocsin.Event)) {
	switch {
	case bytes.HasPrefix(line, []byte("# Time: ")):
		d.mysqlEnd(emit)
		stamp := bytes.TrimSpace(line[len("# Time: "):])
		if t, _, f := d.clock.stamp(append(stamp[:len(stamp):len(stamp)], ' '), d.ref); f != noStamp {
			d.at = t
		}
		d.line = n
		return
	case bytes.HasPrefix(line, []byte("# User@Host: ")):
		if len(d.body) > 0 {
			d.mysqlEnd(emit)
		}
		if d.line == 0 {
			d.line = n
		}
		who := text(line[len("# User@Host: "):])
		user, rest, _ := strings.Cut(who, " @ ")
		user, _, _ = strings.Cut(user, "[")
		d.note("user", user)
		if _, addr, ok := strings.Cut(rest, "["); ok {
			addr, _, _ = strings.Cut(addr, "]")
			d.note("src_ip", addr)
		}
		return
	case bytes.HasPrefix(line, []byte("# ")):
		for _, k := range [...]string{"Query_time", "Rows_sent", "Rows_examined", "Schema"} {
			if _, v, ok := strings.Cut(text(line), k+": "); ok {
				v, _, _ = strings.Cut(v, " ")
				d.note(k, v)
			}
		}
		return
	case bytes.HasPrefix(line, []byte("SET timestamp=")) && d.line > 0:
		if t, ok := unixTime(strings.TrimSuffix(text(line[len("SET timestamp="):]), ";")); ok {
			d.at = t
		}
		return
	}
	if id, command, asked, ok := generalQuery(line); ok {
		d.mysqlEnd(emit)
		if t, _, f := d.clock.lead(line, d.ref); f != noStamp {
			d.at = t
		}
		d.line = n
		d.note("connection", text(id))
		d.note("db_command", text(command))
		d.body = append(d.body[:0], asked...)
		return
	}
	if d.line > 0 && len(bytes.TrimSpace(line)) > 0 && !bytes.HasSuffix(line, []byte("started with:")) && !bytes.HasPrefix(line, []byte("Tcp port:")) {
		d.more(line)
	}
}

// mysqlEnd emits the query at hand. Who asks is told when a connection begins.
func (d *blocks) mysqlEnd(emit func(*tocsin.Event)) {
	if d.line == 0 || len(d.body) == 0 && d.had("db_command") == "" {
		d.reset()
		return
	}
	ev := d.begin("mysql-query", mysqlQuerySources)
	asked := strings.TrimSpace(text(d.body))
	ev.Raw = asked
	id := d.had("connection")
	switch command := d.had("db_command"); command {
	case "Connect":
		ev.Add("message", asked)
		denied := strings.HasPrefix(asked, "Access denied for user ")
		user, host := "", ""
		if denied {
			_, rest, _ := strings.Cut(asked, "'")
			user, rest, _ = strings.Cut(rest, "'@'")
			host, _, _ = strings.Cut(rest, "'")
		} else {
			user, host, _ = strings.Cut(asked, "@")
			host, _, _ = strings.Cut(host, " ")
		}
		ev.Add("user", user)
		if isIP(host) {
			ev.Add("src_ip", host)
		} else {
			ev.Add("src_host", host)
		}
		ev.Sources = mysqldFamily.auth
		happened(ev, loginKind(!denied), outcome(!denied))
		if d.users == nil || len(d.users) > maxOpenCalls {
			d.users, d.addrs = map[string]tocsin.Field{}, map[string]string{}
		}
		if !denied && id != "" {
			d.users[id] = tocsin.Field{Name: "user", Value: strings.Clone(user)}
			d.addrs[id] = strings.Clone(host)
		}
	default:
		ev.Add("query", asked)
		ev.Add("message", asked)
		if who, ok := d.users[id]; ok {
			ev.Add("user", who.Value)
			if isIP(d.addrs[id]) {
				ev.Add("src_ip", d.addrs[id])
			}
		}
	}
	emit(ev)
	d.reset()
}

var modAuditSources = []tocsin.LogSource{{Product: "modsecurity", Category: "webserver", Service: "waf"}}

// isModSecurityAudit takes ModSecurity's audit log in its serial form: parts between lines with an id and a letter.
// https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats
func isModSecurityAudit(head []byte) bool {
	_, ok := auditPart(bytes.TrimRight(firstLine(head), "\r"))
	return ok
}

func firstLine(b []byte) []byte {
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	return line
}

// auditPart reads "--a1b2c3d4-A--", ModSecurity 3's "---a1b2c3d4---A--" too.
func auditPart(line []byte) (byte, bool) {
	n := len(line)
	if n < 14 || n > 40 || !bytes.HasPrefix(line, []byte("--")) || !bytes.HasSuffix(line, []byte("--")) || line[n-4] != '-' {
		return 0, false
	}
	c := line[n-3]
	return c, c >= 'A' && c <= 'Z'
}

func (d *blocks) modSecurity(line []byte, n int64, emit func(*tocsin.Event)) {
	if part, ok := auditPart(line); ok {
		if part == 'A' {
			d.modSecurityEnd(emit)
			d.line = n
		}
		d.part = part
		if part == 'Z' {
			d.modSecurityEnd(emit)
		}
		return
	}
	s := text(line)
	if s == "" || d.line == 0 {
		return
	}
	switch d.part {
	case 'A': // [stamp] id, client and port, server and port
		if stamp, rest, ok := strings.Cut(s, "] "); ok {
			if t, ok := parseTime(strings.TrimPrefix(stamp, "["), d.opt); ok {
				d.at = t
			}
			w := strings.Fields(rest)
			for i, name := range [...]string{"transaction", "client", "client_port", "dst_ip", "dst_port"} {
				if i < len(w) {
					d.note(name, w[i])
				}
			}
		}
	case 'B':
		if name, value, ok := strings.Cut(s, ": "); ok && d.had("line") != "" {
			switch strings.ToLower(name) {
			case "host", "user-agent", "referer", "x-forwarded-for":
				d.note(strings.ToLower(name), value)
			}
		} else if d.had("line") == "" {
			d.note("line", s)
		}
	case 'F':
		if strings.HasPrefix(s, "HTTP/") && d.had("status") == "" {
			if w := strings.Fields(s); len(w) > 1 {
				d.note("status", w[1])
			}
		}
	case 'H':
		if strings.HasPrefix(s, "Message: ") || strings.HasPrefix(s, "ModSecurity: ") {
			d.more(line)
		}
	}
}

func (d *blocks) modSecurityEnd(emit func(*tocsin.Event)) {
	if d.line == 0 {
		return
	}
	r := request{client: d.had("client"), port: d.had("client_port"), line: d.had("line"), status: d.had("status"), agent: d.had("user-agent"), referer: d.had("referer"),
		host: d.had("host"), forwarded: d.had("x-forwarded-for")}
	var kept []tocsin.Field
	for _, f := range d.fields {
		if f.Name == "dst_ip" || f.Name == "dst_port" || f.Name == "transaction" {
			kept = append(kept, f)
		}
	}
	d.fields = kept
	ev := d.begin("modsecurity-audit", modAuditSources)
	d.arena = d.arena[:0]
	if r.client != "" {
		r.add(ev, &d.arena)
	}
	if msg := text(d.body); msg != "" {
		ev.Add("event_type", "waf_alert")
		ev.Add("message", msg)
		for m := range strings.SplitSeq(msg, "\n") {
			modSecurity(ev, m)
		}
	}
	emit(ev)
	d.reset()
}

var packageSources = []tocsin.LogSource{{Product: "linux", Service: "package"}, {Product: "linux", Service: "apt"}}

// apt reads apt's history: what was asked for, by whom, and what was done, between two dates. man 5 apt.conf
func (d *blocks) apt(line []byte, n int64, emit func(*tocsin.Event)) {
	name, value, ok := strings.Cut(text(line), ": ")
	if !ok {
		return
	}
	switch name {
	case "Start-Date":
		d.aptEnd(emit)
		d.line = n
		if t, ok := parseTime(strings.Join(strings.Fields(value), " "), d.opt); ok {
			d.at = t
		}
	case "End-Date":
		d.aptEnd(emit)
	case "Commandline":
		d.note("command", value)
		d.note("CommandLine", value)
	case "Requested-By":
		user, _, _ := strings.Cut(value, " (")
		d.note("user", user)
	default:
		d.note(strings.ToLower(name), value)
	}
}

func (d *blocks) aptEnd(emit func(*tocsin.Event)) {
	if d.line > 0 {
		ev := d.begin("apt-history", packageSources)
		ev.Add("event_type", "package_change")
		emit(ev)
	}
	d.reset()
}
