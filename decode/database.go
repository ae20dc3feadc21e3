package decode

import (
	"slices"
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// databaseJSON lists the logs of databases that are JSON.
func databaseJSON() []jsonKind {
	var all []jsonKind
	for _, p := range databases() {
		p.also = []tocsin.LogSource{{Category: "application", Service: p.source.Service}}
		all = append(all, p.kind())
	}
	return all
}

func database(service string) tocsin.LogSource {
	return tocsin.LogSource{Category: "database", Service: service}
}

func databases() []platform {
	return []platform{
		{
			// https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG
			name: "postgresql-json", source: database("postgresql"), needs: []string{"error_severity"},
			is:      func(o *object) bool { return o.has("error_severity", "session_id") },
			time:    []string{"timestamp", "log_time"},
			user:    []string{"user"},
			address: []string{"remote_host"},
			alias:   []alias{{"src_port", "remote_port"}, {"database", "dbname"}},
			more:    postgresRecord,
		},
		{
			// https://www.mongodb.com/docs/manual/reference/log-messages/
			name: "mongodb-json", source: database("mongodb"), needs: []string{"t.$date"},
			is:      func(o *object) bool { return o.has("t.$date", "s", "c", "msg") },
			time:    []string{"t.$date"},
			user:    []string{"attr.user", "attr.principalName", "attr.user.user"},
			address: []string{"attr.remote", "attr.client"},
			alias:   []alias{{"database", "attr.authenticationDatabase"}, {"database", "attr.db"}, {"query", "attr.command"}},
			more: func(o *object, ev *tocsin.Event) {
				peerPort(o, ev, o.first("attr.remote", "attr.client"))
				worded(ev, databaseWords, o.get("msg"))
			},
		},
		{
			// https://www.mongodb.com/docs/manual/reference/audit-message/mongo/
			name: "mongodb-audit", source: database("mongodb"), needs: []string{"ts.$date"},
			is:      func(o *object) bool { return o.has("atype", "ts.$date") },
			time:    []string{"ts.$date"},
			user:    []string{"param.user", "users.user"},
			address: []string{"remote.ip"},
			alias:   []alias{{"src_port", "remote.port"}, {"dst_ip", "local.ip"}, {"dst_port", "local.port"}, {"action", "atype"}, {"database", "param.db"}},
			more:    func(o *object, ev *tocsin.Event) { ended(ev, o.get("atype"), o.get("result")) },
		},
		{
			// https://dev.mysql.com/doc/refman/8.4/en/audit-log-file-formats.html
			name: "mysql-audit", source: database("mysql"), needs: []string{"connection_id"},
			is:      func(o *object) bool { return o.has("class", "event", "connection_id") && o.has("timestamp") },
			time:    []string{"timestamp"},
			user:    []string{"login.user", "account.user"},
			address: []string{"login.ip"},
			alias:   []alias{{"src_host", "account.host"}, {"database", "connection_data.db"}, {"query", "general_data.query"}, {"action", "event"}},
			more: func(o *object, ev *tocsin.Event) {
				ended(ev, o.get("event"), o.first("connection_data.status", "general_data.status"))
			},
		},
		{
			// Percona's plugin: https://docs.percona.com/percona-server/8.0/audit-log-plugin.html
			name: "percona-audit", source: database("mysql"), needs: []string{"audit_record.name", "record"},
			is: func(o *object) bool {
				if o.has("audit_record.name", "audit_record.timestamp") {
					o.shed("audit_record.")
					return true
				}
				return o.has("name", "record", "timestamp", "connection_id")
			},
			time:    []string{"timestamp"},
			address: []string{"ip"},
			alias:   []alias{{"src_host", "host"}, {"database", "db"}, {"query", "sqltext"}, {"action", "name"}},
			more: func(o *object, ev *tocsin.Event) {
				for i := range ev.Fields { // "ann[ann] @ web [192.0.2.7]" is who asks
					if f := &ev.Fields[i]; f.Name == "user" {
						f.Value, _, _ = strings.Cut(f.Value, "[")
					}
				}
				ended(ev, o.get("name"), o.get("status"))
			},
		},
		{
			// https://learn.microsoft.com/en-us/azure/azure-sql/database/audit-log-format
			name: "azure-sql-audit", source: database("mssql"), needs: []string{"category", "Category"},
			is:      func(o *object) bool { return o.first("category", "Category") == "SQLSecurityAuditEvents" },
			time:    []string{"properties.event_time", "event_time", "time", "TimeGenerated", "originalEventTimestamp"},
			host:    []string{"LogicalServerName", "properties.server_instance_name", "server_instance_name"},
			user:    []string{"properties.server_principal_name", "server_principal_name"},
			address: []string{"properties.client_ip", "client_ip"},
			alias: []alias{{"action", "properties.action_name"}, {"action", "action_name"}, {"database", "properties.database_name"}, {"database", "database_name"}, {"query", "properties.statement"}, {"query", "statement"},
				{"program", "properties.application_name"}, {"program", "application_name"}},
			more: func(o *object, ev *tocsin.Event) {
				result := "0"
				if o.first("properties.succeeded", "succeeded") == "false" {
					result = "1"
				}
				ended(ev, o.first("properties.action_name", "action_name"), result)
			},
		},
		{
			// https://docs.oracle.com/en/database/oracle/oracle-database/19/refrn/UNIFIED_AUDIT_TRAIL.html
			name: "oracle-audit", source: database("oracle"), needs: []string{"ACTION_NAME"},
			is: func(o *object) bool {
				return o.has("DBUSERNAME", "ACTION_NAME") || o.has("RETURN_CODE", "ACTION_NAME") || o.has("USERNAME", "ACTION_NAME", "RETURNCODE")
			},
			time:  []string{"EVENT_TIMESTAMP_UTC", "EVENT_TIMESTAMP", "EXTENDED_TIMESTAMP", "TIMESTAMP"},
			host:  []string{"DB_HOST", "INSTANCE_NAME"},
			user:  []string{"DBUSERNAME", "USERNAME", "DB_USER"},
			alias: []alias{{"src_host", "USERHOST"}, {"action", "ACTION_NAME"}, {"query", "SQL_TEXT"}, {"program", "CLIENT_PROGRAM_NAME"}},
			more: func(o *object, ev *tocsin.Event) {
				oracleClient(ev, o.first("AUTHENTICATION_TYPE", "COMMENT_TEXT", "COMMENT$TEXT"))
				ended(ev, o.get("ACTION_NAME"), o.first("RETURN_CODE", "RETURNCODE"))
			},
		},
	}
}

// peerPort adds the port behind an address.
func peerPort(o *object, ev *tocsin.Event, s string) {
	if _, port := splitPort(s); port != "" {
		own(o, ev, "src_port", port)
	}
}

// databaseActs are the words for what databases audit, in small letters, and what they tell of when the result is 0 and
// when it is not.
var databaseActs = map[string]struct{ good, bad verdict }{
	"connect": {loginOK, loginFailed}, "logon": {loginOK, loginFailed}, "authenticate": {loginOK, loginFailed}, "failed_connect": {loginFailed, loginFailed}, "100": {loginOK, loginFailed},
	"disconnect": {disconnected, disconnected}, "quit": {disconnected, disconnected}, "logoff": {disconnected, disconnected}, "logoff by cleanup": {disconnected, disconnected}, "101": {disconnected, disconnected},
	"database authentication failed": {loginFailed, loginFailed}, "database authentication succeeded": {loginOK, loginFailed}, "login failed": {loginFailed, loginFailed}, "login succeeded": {loginOK, loginFailed},
	"change user": {loginOK, loginFailed}, "proxy_connect": {loginOK, loginFailed},
}

// ended adds what an act of a database's audit tells of, by its result: 0, a number of an error, or nothing.
func ended(ev *tocsin.Event, act, result string) {
	is, known := databaseActs[strings.ToLower(act)]
	ok := result == "" || result == "0"
	switch {
	case known && ok:
		happened(ev, outcomes[is.good].event, outcomes[is.good].outcome)
	case known:
		happened(ev, outcomes[is.bad].event, outcomes[is.bad].outcome)
	case result != "":
		ev.Add("outcome", outcome(ok))
	}
}

// databaseWords are what mongod says of those who come.
var databaseWords = map[string]verdict{
	"Authentication failed": loginFailed, "Failed to authenticate": loginFailed, "Successfully authenticated": loginOK, "Authentication succeeded": loginOK,
	"Connection accepted": connection, "Connection ended": disconnected, "Checking authorization failed": denied, "Unauthorized": denied,
}

// worded adds what words mean that a program always writes in the same way.
func worded(ev *tocsin.Event, meaning map[string]verdict, words string) {
	if is := meaning[words]; is != untold {
		happened(ev, outcomes[is].event, outcomes[is].outcome)
	}
}

// postgresRecord completes a record whose message is PostgreSQL's.
func postgresRecord(o *object, ev *tocsin.Event) {
	m := &o.nest.say
	m.n = 0
	p := m.find(postgresPhrases, o.get("message"))
	if p == nil {
		return
	}
	happened(ev, outcomes[p.is].event, outcomes[p.is].outcome)
	for _, c := range m.got[:m.n] {
		if ev.Text(c.Name) == "" {
			ev.Add(c.Name, c.Value)
		}
	}
}

// postgresColumns are those of PostgreSQL's csvlog, whose file has no head. The last three came with versions 13 and 14,
// and application_name with 9.0.
// https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
var postgresColumns = []string{"log_time", "user", "dbname", "pid", "connection_from", "session_id", "line_num", "ps", "session_start", "vxid", "txid", "error_severity", "state_code", "message",
	"detail", "hint", "internal_query", "internal_position", "context", "statement", "cursor_position", "func_name", "application_name", "backend_type", "leader_pid", "query_id"}

// postgresTableFormat is PostgreSQL's csvlog.
func postgresTableFormat() Format {
	return Format{
		Name: "postgresql-csv", Cut: Ordered,
		Is: func(_ string, head []byte) int {
			var t table
			row, _, ok := t.row(head, ',')
			if !ok {
				row = head
			}
			if len(row) < 60 || row[4] != '-' || row[10] != ' ' {
				return 0
			}
			w, whole := t.cells(row, ',')
			if !whole || len(w) < 22 || len(w) > len(postgresColumns) || !isDigits(w[3]) || !strings.Contains(w[5], ".") || !isDigits(w[6]) || !postgresSeverity(w[11]) {
				return 0
			}
			return 90
		},
		New: func(o Options) Decoder {
			return &table{opt: o, nest: nest{opt: o}, comma: ',', fixed: postgresColumns, named: "postgresql-csv", cloud: newJSON(o, postgresRows())}
		},
	}
}

// postgresRows takes the rows as the records of jsonlog that they are.
func postgresRows() []jsonKind {
	for _, p := range databases() {
		if p.name == "postgresql-json" {
			k := p
			k.more = func(o *object, ev *tocsin.Event) {
				if from := o.get("connection_from"); from != "" {
					if addr, port := splitPort(from); isIP(addr) {
						own(o, ev, "src_ip", addr)
						own(o, ev, "src_port", port)
					} else if from != "[local]" {
						own(o, ev, "src_host", addr)
					}
				}
				postgresRecord(o, ev)
			}
			k.also = []tocsin.LogSource{{Category: "application", Service: "postgresql"}}
			return []jsonKind{k.kind()}
		}
	}
	return nil
}

func postgresSeverity(s string) bool {
	for _, l := range postgresLevels {
		if strings.TrimSuffix(l, ":  ") == s {
			return true
		}
	}
	return strings.HasPrefix(s, "DEBUG") || s == "INFO"
}

var mariaAuditSources = []tocsin.LogSource{{Category: "database", Service: "mysql"}, {Category: "application", Service: "mysql"}}
var mariaLoginSources = append(mariaAuditSources[:2:2], tocsin.LogSource{Category: "authentication", Service: "mysql"})

// parseServerAudit takes the lines of MariaDB's audit plugin, whose query may hold commas: when, server, who, from where,
// connection, query, what, database, object, result.
// https://mariadb.com/docs/server/reference/plugins/mariadb-audit-plugin/mariadb-audit-plugin-log-format
func parseServerAudit(d *lines, line []byte, ev *tocsin.Event) bool {
	if len(line) < 30 || line[8] != ' ' || line[11] != ':' || line[17] != ',' || digitsAt(line) != 8 {
		return false
	}
	t, _, f := d.clock.lead(line[:17], d.rec.Ref)
	if f == noStamp {
		return false
	}
	server, rest, ok := strings.Cut(text(line[18:]), ",")
	if !ok || !serverAudit(ev, rest) {
		return false
	}
	ev.Time, ev.Host = t, server
	return true
}

// serverAudit reads what follows the server's name; to syslog the plugin writes a space behind that.
func serverAudit(ev *tocsin.Event, s string) bool {
	var w [7]string
	rest := s
	for i := range w {
		var ok bool
		if w[i], rest, ok = strings.Cut(rest, ","); !ok && i < len(w)-1 {
			return false
		}
	}
	if !isDigits(w[2]) || !isDigits(w[3]) || w[4] == "" || strings.ToUpper(w[4]) != w[4] {
		return false
	}
	ev.Sources = mariaAuditSources
	if w[0] != "" {
		ev.Add("user", w[0])
	}
	if isIP(w[1]) {
		ev.Add("src_ip", w[1])
	} else {
		ev.Add("src_host", w[1])
	}
	ev.Add("connection_id", w[2])
	ev.Add("action", w[4])
	ev.Add("database", w[5])
	object := w[6]
	if rest != "" {
		object = s[len(s)-len(rest)-len(w[6])-1:]
	}
	result := ""
	if at := strings.LastIndexByte(object, ','); at >= 0 {
		object, result = object[:at], object[at+1:]
	}
	if strings.HasPrefix(object, "'") && strings.HasSuffix(object, "'") && len(object) > 1 {
		ev.Add("query", object[1:len(object)-1])
	} else {
		ev.Add("object", object)
	}
	ev.Add("status", result)
	ended(ev, w[4], result)
	if tellsLogin(ev) {
		ev.Sources = mariaLoginSources
	}
	return true
}

// oracleClient reads the address in "(ADDRESS=(PROTOCOL=tcp)(HOST=192.0.2.7)(PORT=53112))".
func oracleClient(ev *tocsin.Event, s string) {
	_, host, ok := strings.Cut(s, "(HOST=")
	if !ok {
		return
	}
	host, rest, _ := strings.Cut(host, ")")
	if isIP(host) {
		ev.Add("src_ip", host)
	} else {
		ev.Add("src_host", host)
	}
	if _, port, ok := strings.Cut(rest, "(PORT="); ok {
		port, _, _ = strings.Cut(port, ")")
		ev.Add("src_port", port)
	}
}

// oracleNames are what Oracle's audit to syslog and to files calls things.
// https://docs.oracle.com/en/database/oracle/oracle-database/19/dbseg/administering-the-audit-trail.html
var oracleNames = map[string]string{"DATABASE USER": "user", "USERID": "user", "ACTION": "action", "STATUS": "status", "RETURNCODE": "status", "USERHOST": "src_host", "CLIENT USER": "os_user", "OS$USERID": "os_user",
	"CLIENT TERMINAL": "terminal", "TERMINAL": "terminal", "PRIVILEGE": "privilege", "OBJ$NAME": "object", "SESSIONID": "session_id", "DBID": "dbid"}

// serverAuditMessage is what the plugin writes to syslog, with a comma or a space behind the server's name.
func serverAuditMessage(_ *matcher, ev *tocsin.Event, _ *family, s string) bool {
	at := strings.IndexAny(s, ", ")
	return at > 0 && serverAudit(ev, s[at+1:])
}

var oracleSources = []tocsin.LogSource{{Category: "database", Service: "oracle"}, {Category: "application", Service: "oracle"}}
var oracleLoginSources = append(oracleSources[:2:2], tocsin.LogSource{Category: "authentication", Service: "oracle"})

// oracleAudit reads "ACTION :[7] 'CONNECT' DATABASE USER:[3] 'ANN' … STATUS:[4] '1017'", each value with its length and in
// quotes, and reports whether s is that.
func oracleAudit(ev *tocsin.Event, s string) bool {
	n := 0
	for len(s) > 0 && n < maxPairs {
		name, rest, ok := strings.Cut(s, ":")
		if !ok {
			break
		}
		rest = strings.TrimLeft(rest, " ")
		size := -1
		if strings.HasPrefix(rest, "[") {
			length, after, ok := strings.Cut(rest[1:], "]")
			if !ok || !isDigits(length) || len(length) > 6 {
				break
			}
			size, rest = int(number(length)), strings.TrimLeft(after, " ")
		}
		if rest == "" || rest[0] != '"' && rest[0] != '\'' {
			break
		}
		if size < 0 || size+2 > len(rest) || rest[size+1] != rest[0] { // LENGTH has no length
			if size = strings.IndexByte(rest[1:], rest[0]); size < 0 {
				break
			}
		}
		value := rest[1 : 1+size]
		s = strings.TrimLeft(rest[size+2:], " \n")
		name = strings.TrimSpace(name)
		n++
		if name == "COMMENT$TEXT" {
			oracleClient(ev, value)
		}
		if as := oracleNames[name]; as != "" && (as != "user" || value != "/") {
			ev.Add(as, value)
		}
		if name == "ACTION" && strings.IndexByte(value, ' ') > 0 {
			ev.Add("query", value)
		}
	}
	if n < 4 {
		return false
	}
	ev.Sources = oracleSources
	if ended(ev, ev.Text("action"), ev.Text("status")); tellsLogin(ev) {
		ev.Sources = oracleLoginSources
	}
	return true
}

// oracle takes a line of the audit files that Oracle writes: a stamp alone on its line, then a record.
func (d *blocks) oracle(line []byte, n int64, emit func(*tocsin.Event)) {
	if len(line) == 0 {
		d.oracleEnd(emit)
		return
	}
	if t, k, f := d.clock.lead(line, d.ref); f != noStamp && k >= len(line) {
		d.oracleEnd(emit)
		d.at, d.line = t, n
		return
	}
	if d.line > 0 {
		d.more(line)
	} else if name, value, ok := strings.Cut(text(line), ":"); ok && name == "Node name" {
		d.host = strings.Clone(strings.TrimSpace(value))
	}
}

// oracleEnd emits the record at hand.
func (d *blocks) oracleEnd(emit func(*tocsin.Event)) {
	if d.line > 0 && len(d.body) > 0 {
		ev := d.begin("oracle-aud", oracleSources)
		ev.Host, ev.Raw = d.host, text(d.body)
		if !oracleAudit(ev, text(d.body)) {
			ev.Fault = &tocsin.Fault{Source: d.source, Line: d.line, Err: errNotText, Hint: "no record of Oracle's audit; the rest of the file was read"}
		}
		emit(ev)
	}
	d.reset()
}

// rowKinds are the kinds of JSON record that tables are exported of.
func rowKinds() []jsonKind {
	return slices.Concat(flowJSON(), cloudJSON(), []jsonKind{azureSyslogKind()}, databaseJSON(), deviceJSON(), webJSON())
}
