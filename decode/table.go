package decode

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Bounds on a table of text.
const (
	maxColumns = 1024
	maxRow     = 1 << 20 // bytes of a row whose quotes do not close; then they are no quotes
)

// tableFormat is delimited text with a row of column names: alerts, timelines and audit logs that people export. Each
// row is an event whose fields are named as its columns. RFC 4180, and with semicolons, tabs or bars for commas.
func tableFormat() Format {
	return Format{
		Name: "csv", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			head = bytes.TrimLeft(bytes.TrimPrefix(head, bom), "\r\n")
			line, rest, more := bytes.Cut(head, []byte{'\n'})
			if !more || len(line) == 0 || structured(line[0]) || !looksText(head) {
				return 0
			}
			comma := delimiter(line)
			if comma == 0 {
				return 0
			}
			var t table
			cells, _ := t.cells(bytes.TrimRight(line, "\r"), comma)
			names := slices.Clone(cells)
			known := nameColumns(names)
			if known == 0 {
				return 0
			}
			// The rows must be as wide as the header, as far as they can be seen.
			rows, fit := 0, 0
			for rows < 5 {
				row, after, ok := t.row(rest, comma)
				if !ok {
					break
				}
				if len(bytes.TrimSpace(row)) > 0 {
					rows++
					if got, _ := t.cells(row, comma); len(got) == len(names) {
						fit++
					}
				}
				rest = after
			}
			if fit*2 < rows {
				return 0
			}
			return 20 + 5*min(known, 6)
		},
		New: func(o Options) Decoder { return &table{opt: o, nest: nest{opt: o}} },
	}
}

// structured says that a text begins as JSON or XML does: what is in quotes there are no cells.
func structured(c byte) bool { return c == '{' || c == '[' || c == '<' }

var bom = []byte("\xef\xbb\xbf")

// table decodes delimited text. Its rows may go over line ends, and so over records.
type table struct {
	opt   Options
	comma byte
	fixed []string // the columns of a table without a head; rows may leave out the last
	named string   // its format
	names []string // of the columns
	role  []column
	alias []string // the name under which all tables have such a column, where this one has not
	kind  []tocsin.LogSource
	cloud *values // reads rows that are records of a service with an audit log
	flow  bool    // of a network's flow log

	part  []byte   // of a row whose end is in the next record
	line  int64    // on which that row begins
	found []string // the cells of a row
	arena []byte
	ev    tocsin.Event
	nest  nest
	rec   tocsin.Record // of which all but the data
	win   *windowsTable // the rows are Windows events
}

// A column is what a column is for, by its name.
type column uint8

const (
	noColumn column = iota
	timeColumn
	dateColumn // the day, where time is only the hour
	hostColumn
	nameColumn
	severityColumn
	userColumn
	sourceColumn
	targetColumn
	messageColumn
	recordColumn // holds a record of its own
)

// columnOf tells what a column is for by its name, whatever the spelling.
func columnOf(name string) column {
	var b [40]byte
	n := 0
	for i := 0; i < len(name) && n < len(b); i++ {
		c := lower(name[i])
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b[n] = c
			n++
		}
	}
	low := string(b[:n])
	if len(low) > 6 { // "TimeGenerated [UTC]"
		low = strings.TrimSuffix(low, "utc")
	}
	switch low {
	case "time", "timestamp", "datetime", "eventtime", "eventdatetime", "timecreated", "timegenerated", "createdat", "creationtime", "creationdate", "createddatetime",
		"dateutc", "dateandtime", "starttime", "start", "startutc", "firstseen", "detectiontime", "detectedat", "alerttime", "receivedtime", "logtime", "timestamputc", "utctime", "eventtimestamp",
		"firstactivity", "created", "published", "ts", "timestampiso", "rawtime", "receivetime", "generatedtime", "when", "occurred", "occurredat", "lastseen":
		return timeColumn
	case "date", "day", "eventdate":
		return dateColumn
	case "host", "hostname", "computer", "computername", "machine", "machinename", "device", "devicename", "agent", "agentname", "sensor", "sensorname", "node", "endpoint", "system", "asset", "workstation":
		return hostColumn
	case "name", "rule", "rulename", "ruletitle", "signature", "alert", "alertname", "alerttitle", "title", "eventname", "detection", "detectionname", "threat", "threatname", "category", "operations", "activity":
		return nameColumn
	case "severity", "level", "priority", "risk", "risklevel", "rulelevel", "alertseverity", "urgency", "criticality":
		return severityColumn
	case "user", "username", "account", "accountname", "userid", "userids", "userprincipalname", "subject", "suser", "srcuser", "actor", "caller":
		return userColumn
	case "srcip", "sourceip", "sourceaddress", "src", "srcaddr", "clientip", "ip", "ipaddress", "remoteip", "attackerip", "sourceipaddress", "saddr", "clientipaddress", "callerip", "sourceaddr":
		return sourceColumn
	case "dstip", "destip", "destinationip", "destinationaddress", "dst", "dstaddr", "dest", "targetip", "daddr", "destinationipaddress":
		return targetColumn
	case "message", "msg", "description", "desc", "details", "summary", "content", "text":
		return messageColumn
	case "raw", "auditdata", "eventoriginal", "rawlog", "rawevent", "originallog", "fulllog", "log":
		return recordColumn
	}
	return noColumn
}

// nameColumns says how many of some cells are names of columns that logs have, 0 if the cells are no names at all.
func nameColumns(cells []string) int {
	known, when := 0, 0
	for i, c := range cells {
		c = strings.TrimSpace(c)
		if c == "" && i < len(cells)-1 || len(c) > 64 || slices.Contains(cells[:i], c) && c != "" {
			return 0
		}
		letters := 0
		for j := 0; j < len(c); j++ {
			if l := lower(c[j]); l >= 'a' && l <= 'z' {
				letters++
			}
		}
		if c != "" && letters*2 < len(c) {
			return 0
		}
		switch columnOf(c) {
		case noColumn:
		case timeColumn, dateColumn:
			when++
			known++
		default:
			known++
		}
	}
	if len(cells) < 3 || len(cells) > maxColumns || known < 2 && when == 0 {
		return 0
	}
	return known
}

// delimiter returns the character that separates the cells of a header, 0 where none does.
func delimiter(line []byte) byte {
	best, most := byte(0), 1
	for _, c := range []byte{',', ';', '\t', '|'} {
		n, quoted := 0, false
		for _, b := range line {
			if b == '"' {
				quoted = !quoted
			} else if b == c && !quoted {
				n++
			}
		}
		if n > most {
			best, most = c, n
		}
	}
	if best == 0 && bytes.Contains(line, []byte("srcaddr ")) && bytes.Contains(line, []byte("dstaddr ")) {
		return ' ' // AWS VPC flow logs name their columns in this way
	}
	return best
}

// row cuts the first row off b: to the line end that is in no quotes. ok is false where b ends before. Quotes that
// would make a row of several lines as wide as no other are none.
func (t *table) row(b []byte, comma byte) (row, rest []byte, ok bool) {
	line := bytes.IndexByte(b, '\n')
	if line < 0 {
		return b, nil, false
	}
	end := line
	if bytes.IndexByte(b[:line], '"') >= 0 {
		if end, ok = rowEnd(b, comma); !ok {
			return b, nil, false
		}
		if end > line && t.names != nil {
			if cells, _ := t.cells(b[:end], comma); len(cells) != len(t.names) && t.fixed == nil {
				end = line
			}
		}
	}
	return bytes.TrimSuffix(b[:end], []byte{'\r'}), b[end+1:], true
}

// rowEnd returns the line end that is in no quotes.
func rowEnd(b []byte, comma byte) (int, bool) {
	for i := 0; i < len(b); i++ { // once a cell
		for i < len(b) && b[i] == ' ' && comma != ' ' {
			i++
		}
		if i < len(b) && b[i] == '"' {
			if _, i = quoted(b, i); i >= len(b) {
				return i, false
			}
		}
		for i < len(b) && b[i] != comma && b[i] != '\n' {
			i++
		}
		if i < len(b) && b[i] == '\n' {
			return i, true
		}
	}
	return len(b), false
}

// quoted returns what stands in the quotes that open at b[i], doubled quotes as they are, and where they end: behind
// the closing quote, or behind b where there is none.
func quoted(b []byte, i int) (cell []byte, end int) {
	from := i + 1
	for i = from; ; {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return b[from:], len(b) + 1
		}
		if i += j; i+1 >= len(b) || b[i+1] != '"' {
			return b[from:i], i + 1
		}
		i += 2
	}
}

// cells splits a row. Cells are views of it but for those with doubled quotes. whole is false where a quote does not
// close.
func (t *table) cells(row []byte, comma byte) (cells []string, whole bool) {
	cells, t.arena, whole = t.found[:0], t.arena[:0], true
	for i := 0; len(cells) <= maxColumns; i++ {
		for i < len(row) && row[i] == ' ' && comma != ' ' {
			i++
		}
		if i < len(row) && row[i] == '"' {
			var cell []byte
			cell, i = quoted(row, i)
			if bytes.IndexByte(cell, '"') >= 0 {
				from := len(t.arena)
				t.arena = append(t.arena, bytes.ReplaceAll(cell, []byte(`""`), []byte{'"'})...)
				cell = t.arena[from:len(t.arena):len(t.arena)]
			}
			cells = append(cells, text(cell))
			if i > len(row) {
				whole = false
				break
			}
			j := bytes.IndexByte(row[i:], comma)
			if j < 0 {
				break
			}
			i += j
			continue
		}
		j := bytes.IndexByte(row[min(i, len(row)):], comma)
		if j < 0 {
			cells = append(cells, strings.TrimRight(text(row[min(i, len(row)):]), " \r"))
			break
		}
		cells = append(cells, strings.TrimRight(text(row[i:i+j]), " "))
		i += j
	}
	t.found = cells
	return cells, whole
}

func (t *table) Decode(r *tocsin.Record, emit func(*tocsin.Event)) {
	data, line := r.Data, r.Line
	t.rec = tocsin.Record{Source: r.Source, Ref: r.Ref}
	if len(t.part) > 0 {
		data, line = append(t.part, data...), t.line
		t.part = nil
	}
	for len(data) > 0 {
		row, rest, ok := t.row(data, t.comma)
		if !ok && len(data) < maxRow {
			t.part, t.line = bytes.Clone(data), line
			return
		}
		if !ok { // a quote that opens nothing
			row, rest, _ = bytes.Cut(data, []byte{'\n'})
		}
		t.one(row, line, emit)
		line += int64(bytes.Count(data[:len(data)-len(rest)], []byte{'\n'}))
		data = rest
	}
}

func (t *table) Flush(emit func(*tocsin.Event)) {
	data, line := t.part, t.line
	t.part = nil
	for len(data) > 0 {
		row, rest, ok := t.row(data, t.comma)
		if !ok { // the last line has no end, or a quote opens nothing
			row, rest, _ = bytes.Cut(data, []byte{'\n'})
		}
		t.one(bytes.TrimSuffix(row, []byte{'\r'}), line, emit)
		line += int64(bytes.Count(data[:len(data)-len(rest)], []byte{'\n'}))
		data = rest
	}
}

// one reads a row: the names of the columns, or an event.
func (t *table) one(row []byte, line int64, emit func(*tocsin.Event)) {
	if len(bytes.TrimSpace(row)) == 0 {
		return
	}
	if t.names == nil && t.fixed != nil {
		t.names, t.role = t.fixed, make([]column, len(t.fixed))
		t.alias, t.kind = make([]string, len(t.fixed)), tableSources
	}
	if t.names == nil {
		if row = bytes.TrimPrefix(row, bom); t.win == nil || !bytes.HasPrefix(row, typeLine) {
			t.head(row)
		}
		return
	}
	cells, whole := t.cells(row, t.comma)
	if slices.Equal(cells, t.names) { // two exports in one file
		return
	}
	ev := &t.ev
	*ev = tocsin.Event{Source: t.rec.Source, Record: uint64(line), Format: "csv", Sources: t.kind, Raw: text(row), Fields: ev.Fields[:0]}
	if len(cells) > len(t.names) || !whole || len(cells) < len(t.names) && len(cells) < 3 {
		ev.Fault = &tocsin.Fault{Source: t.rec.Source, Line: line, Err: fmt.Errorf("a row of %d cells under %d column names", len(cells), len(t.names)),
			Hint: "a quote or delimiter is missing; the row's cells may stand under the wrong names"}
	}
	if t.fixed != nil {
		ev.Format = t.named
	}
	if t.win != nil {
		ev.Format = "windows-csv"
		t.win.fill(&t.rec, cells, ev)
		emit(ev)
		return
	}
	for i, c := range cells {
		if i >= len(t.names) {
			break
		}
		if c != "" && c != "-" || t.role[i] == noColumn {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: t.names[i], Value: c})
		}
	}
	if t.cloud != nil && t.cloud.row(&t.rec, ev) {
		emit(ev)
		return
	}
	if t.fill(cells, ev); t.flow {
		flowAliases(ev)
	}
	emit(ev)
}

// row makes ev, whose fields are a row's cells by column, the event of the record that the row is, and reports whether a
// kind of record takes it.
func (d *values) row(r *tocsin.Record, ev *tocsin.Event) bool {
	fields := ev.Fields[:0]
	for _, f := range ev.Fields {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	d.flat.fields, d.flat.nodes, d.flat.arena = fields, d.flat.nodes[:0], d.flat.arena[:0]
	d.obj = object{fields: fields, opt: d.opt, rec: r, flat: &d.flat, nest: &d.nest}
	for n := range d.kinds {
		k := &d.kinds[(d.last+n)%len(d.kinds)]
		if k.each == nil && k.is(&d.obj) {
			d.last = (d.last + n) % len(d.kinds)
			ev.Fields = d.obj.fields
			k.fill(&d.obj, ev)
			if ev.Time.IsZero() {
				ev.Time = anyTime(fields, d.opt, r.Ref)
			}
			return true
		}
	}
	return false
}

// head learns the columns.
func (t *table) head(row []byte) {
	if t.comma = delimiter(row); t.comma == 0 {
		t.comma = ','
	}
	cells, _ := t.cells(row, t.comma)
	alert, when := false, false
	for i, c := range cells {
		name := strings.Clone(strings.TrimSpace(c))
		if name == "" {
			name = fmt.Sprintf("column%d", i+1)
		}
		t.names = append(t.names, name)
		t.role = append(t.role, columnOf(name))
	}
	if t.win != nil {
		t.names = t.win.head(t.names)
		return
	}
	has := func(name string) bool { return slices.Contains(t.names, name) }
	t.rename()
	if slices.ContainsFunc(t.names, func(n string) bool { return recordColumns[n] }) || has("Operation") && (has("Workload") || has("OfficeWorkload")) || has("AccountUpn") && has("ErrorCode") || has("Policy Action") {
		t.cloud = newJSON(t.opt, rowKinds())
	}
	for _, r := range t.role {
		alias := ""
		if int(r) < len(columnAlias) && !has(columnAlias[r]) && !slices.Contains(t.alias, columnAlias[r]) {
			alias = columnAlias[r]
		}
		t.alias = append(t.alias, alias)
	}
	for _, r := range t.role {
		alert = alert || r == nameColumn || r == severityColumn
		when = when || r == timeColumn || r == dateColumn
	}
	switch {
	case has("timestamp_desc") && has("message"), has("MACB") && has("sourcetype"):
		t.kind = timelineSources
	case has("srcaddr") && has("dstaddr") && has("protocol"):
		t.kind, t.flow = flowSources, true
	case alert && when:
		t.kind = tableAlertSources
	default:
		t.kind = tableSources
	}
}

// recordColumns are the names of columns that tables have whose rows are records of a service.
var recordColumns = wordSet("OperationName ActionType eventName EventName OperationNameValue DeviceVendor DBUSERNAME ACTION_NAME csip clt_sip urlcategory SyslogMessage NetworkMessageId status.errorCode activityDisplayName " +
	"clientIP clientIp msg QueryName SrcIpAddr i/f_name")

var (
	timelineSources   = []tocsin.LogSource{{Product: "timeline", Service: "timesketch"}}
	flowSources       = []tocsin.LogSource{{Product: "aws", Category: "firewall", Service: "vpcflow"}}
	tableAlertSources = []tocsin.LogSource{{Product: "alert", Service: "csv"}}
	tableSources      = []tocsin.LogSource{{Product: "csv"}}
)

// columnAlias are the names that all tables share.
var columnAlias = [...]string{nameColumn: "name", severityColumn: "severity", userColumn: "user", sourceColumn: "src_ip", targetColumn: "dst_ip", messageColumn: "message"}

// fill finds what every event has: when, where, who, and what a detector called it.
func (t *table) fill(cells []string, ev *tocsin.Event) {
	day := ""
	for i, c := range cells {
		if i >= len(t.role) || c == "" || c == "-" {
			continue
		}
		switch t.role[i] {
		case noColumn:
		case timeColumn:
			if !ev.Time.IsZero() && day == "" {
				continue
			}
			if at, ok := parseTime(c, t.opt); ok {
				ev.Time = at
			} else if day != "" {
				ev.Time = t.dated(day, c)
			}
			day = ""
		case dateColumn:
			if at, ok := parseTime(c, t.opt); ok {
				ev.Time = at
			}
			day = strings.TrimSpace(day + " " + c)
		case hostColumn:
			if ev.Host == "" {
				ev.Host = c
			}
		case recordColumn:
			if len(c) > 16 && t.nest.unwrap(&t.rec, ev, c, t.names[i]) {
				return
			}
		default:
			if t.alias[i] != "" {
				ev.Fields = append(ev.Fields, tocsin.Field{Name: t.alias[i], Value: c})
			}
		}
	}
}

// dated puts the time of a row together from a day in one column, or a month and a day in two, and an hour in another.
func (t *table) dated(day, hour string) time.Time {
	if at, ok := parseTime(day+" "+hour, t.opt); ok {
		return at
	}
	at, err := time.Parse("Jan 2 15:04:05", day+" "+hour)
	if err != nil {
		return time.Time{}
	}
	t.opt.basis.begin()
	year := t.opt.year(t.rec.Ref, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second())
	return t.opt.zoneless(year, at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0)
}
