package decode

import (
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// cowrieKind is the JSON log of the Cowrie honeypot, where every connection is an intruder's.
// https://docs.cowrie.org/en/latest/OUTPUT.html
func cowrieKind() jsonKind {
	return jsonKind{
		name: "cowrie",
		is:   func(o *object) bool { return strings.HasPrefix(o.get("eventid"), "cowrie.") },
		fill: func(o *object, ev *tocsin.Event) {
			ev.Time = o.time("timestamp")
			ev.Host = o.get("sensor")
			ev.Sources = cowrieSources
			v := untold
			switch strings.TrimPrefix(o.get("eventid"), "cowrie.") {
			case "session.connect":
				v = scanned
			case "login.failed":
				v = loginFailed
			case "login.success":
				v = loginOK
			case "session.closed":
				v = disconnected
			case "command.input", "command.success", "command.failed":
				v = ranCommand
			case "direct-tcpip.request":
				v = connection
			case "session.file_download":
				v = downloaded
			case "session.file_upload":
				v = uploaded
			}
			ev.Add("event_type", outcomes[v].event)
			ev.Add("outcome", outcomes[v].outcome)
			service := o.get("protocol")
			if service == "" {
				if service = "ssh"; strings.Contains(o.get("system"), "elnet") {
					service = "telnet"
				}
			}
			ev.Add("service", service)
			ev.Add("user", o.get("username"))
			ev.Add("hostname", ev.Host)
			switch input := o.get("input"); {
			case v == ranCommand && input != "":
				ev.Add("command", input)
				ev.Add("CommandLine", input)
				if o.get("eventid") == "cowrie.command.input" { // told again when it is known whether there is such a command
					ev.Sources = cowrieProcess
				}
			case v.authentic(), v == scanned:
				ev.Sources = cowrieAuth
			}
		},
	}
}

var (
	cowrieSources = []tocsin.LogSource{{Product: "linux", Category: "honeypot", Service: "cowrie"}}
	cowrieAuth    = append(cowrieSources[:1:1], tocsin.LogSource{Product: "linux", Category: "authentication", Service: "cowrie"})
	cowrieProcess = append(cowrieSources[:1:1], tocsin.LogSource{Product: "linux", Category: "process_creation", Service: "cowrie"})
)

// laurelKind is the JSON that LAUREL makes of audit events: a member for each record type, arrays where an event has
// several records of one. https://github.com/threathunters-io/laurel/blob/master/man/laurel.8.md
func laurelKind() jsonKind {
	return jsonKind{
		name: "laurel",
		is: func(o *object) bool {
			_, serial, ok := strings.Cut(o.get("ID"), ":")
			return ok && serial != "" && len(o.fields) > 1 && digitsAt(view(serial)) == len(serial)
		},
		fill: func(o *object, ev *tocsin.Event) {
			r := &auditReader{opt: o.opt}
			r.reset(ev)
			at, serial, _ := strings.Cut(o.get("ID"), ":")
			ev.Time, _ = unixTime(at)
			if ev.Host = o.get("NODE"); ev.Host == "" {
				ev.Host = o.get("node")
			}
			ev.Add("serial", serial)
			var path, parent, parentArgs string
			registers := 0
			for _, f := range o.fields {
				kind, key, ok := strings.Cut(f.Name, ".")
				if !ok {
					continue
				}
				if kind != "PARENT_INFO" && (len(r.kinds) == 0 || r.kinds[len(r.kinds)-1] != kind) {
					r.kinds = append(r.kinds, kind)
					ev.Add("type", kind)
				}
				switch f.Name {
				case "EXECVE.ARGV":
					r.args = append(r.args, f.Value)
				case "EXECVE.ARGV_STR", "EXECVE.argc":
					ev.Add(key, f.Value)
				case "PROCTITLE.ARGV":
					r.title = joinWords(&r.arena, r.title, f.Value)
				case "SYSCALL.ARGV": // registers; Sigma's a0 to a3 of a SYSCALL record, without the 0x
					if n := registers; n < 4 {
						ev.Add(argNames[n], strings.TrimPrefix(f.Value, "0x"))
						registers++
					}
				case "SYSCALL.PPID.exe", "PARENT_INFO.exe":
					parent = f.Value
				case "PARENT_INFO.ARGV":
					parentArgs = joinWords(&r.arena, parentArgs, f.Value)
				case "SOCKADDR.SADDR.addr":
					r.peer.ip = f.Value
				case "SOCKADDR.SADDR.port":
					r.peer.port = f.Value
				case "PATH.name":
					path = f.Value
					ev.Add("name", path)
				case "PATH.nametype":
					ev.Add(key, f.Value)
					switch f.Value {
					case "CREATE":
						r.created = path
					case "DELETE":
						r.deleted = path
					}
				default:
					if strings.IndexByte(key, '.') < 0 && kind != "PARENT_INFO" {
						r.field(key, f.Value)
					}
				}
			}
			r.complete()
			ev.Add("ParentImage", parent)
			ev.Add("ParentCommandLine", parentArgs)
		},
	}
}

// joinWords puts a space between two texts, in an arena.
func joinWords(arena *[]byte, a, b string) string {
	if a == "" {
		return b
	}
	from := len(*arena)
	*arena = append(append(append(*arena, a...), ' '), b...)
	return text((*arena)[from:])
}

// azureSyslogKind is a row of Azure Monitor's Syslog table.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/syslog
func azureSyslogKind() jsonKind {
	return jsonKind{
		name: "azure-syslog",
		is: func(o *object) bool {
			return o.has("SyslogMessage") && (o.has("Facility") || o.has("ProcessName") || o.has("Computer"))
		},
		fill: func(o *object, ev *tocsin.Event) {
			ev.Time, ev.Sensor = o.time("EventTime", "TimeGenerated"), o.time("TimeGenerated")
			ev.Host = o.first("HostName", "Computer")
			carried(o, ev, o.get("ProcessName"), o.get("ProcessID"), o.get("SyslogMessage"))
		},
	}
}

// carried makes ev the event of a syslog message that a record carries.
func carried(o *object, ev *tocsin.Event, program, pid, msg string) {
	ev.Add("hostname", ev.Host)
	ev.Add("program", program)
	ev.Add("pid", pid)
	var h auditHead
	if strings.Contains(msg, "audit(") && h.parse(view(msg), nil) {
		raw, host := ev.Raw, ev.Host
		r := &auditReader{opt: o.opt}
		r.event(ev, view(msg), h.time, text(h.node))
		if ev.Raw = raw; ev.Host == "" {
			ev.Host = host
		}
		return
	}
	if containsPrefix(msg, "{", "CEF:", "LEEF:", "<Event") && o.nest.unwrap(o.rec, ev, msg) {
		return
	}
	o.nest.say.message(ev, program, "", trimMessage(msg))
}

// journalKind is what "journalctl -o json" and systemd-journal-upload write.
// https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format
func journalKind() jsonKind {
	return jsonKind{
		name: "journal-json",
		is: func(o *object) bool {
			return o.has("__REALTIME_TIMESTAMP", "MESSAGE") || o.has("__REALTIME_TIMESTAMP", "_BOOT_ID")
		},
		fill: func(o *object, ev *tocsin.Event) {
			// A message that is no UTF-8 is an array of its bytes.
			msg := o.get("MESSAGE")
			if n := 0; len(msg) <= 3 {
				from := len(o.flat.arena)
				for _, f := range o.fields {
					if f.Name == "MESSAGE" {
						c, err := strconv.ParseUint(f.Value, 10, 8)
						if err != nil {
							n = -1
							break
						}
						o.flat.arena = append(o.flat.arena, byte(c))
						n++
					}
				}
				if n > 1 {
					msg = text(o.flat.arena[from:])
					dropFields(ev, "MESSAGE")
					ev.Add("MESSAGE", msg)
				}
			}
			o.fields = ev.Fields
			journalEntry(o, ev, msg)
		},
	}
}

// dropFields takes the fields of a name out of ev.
func dropFields(ev *tocsin.Event, name string) {
	kept := ev.Fields[:0]
	for _, f := range ev.Fields {
		if f.Name != name {
			kept = append(kept, f)
		}
	}
	ev.Fields = kept
}

// journalEntry completes the event of a journal entry whose fields are o's.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html
func journalEntry(o *object, ev *tocsin.Event, msg string) {
	if t, ok := unixTime(o.get("__REALTIME_TIMESTAMP")); ok {
		ev.Time = t
	}
	if t, ok := unixTime(o.get("_SOURCE_REALTIME_TIMESTAMP")); ok && ev.Time.Sub(t).Abs() < 30*24*time.Hour {
		ev.Time, ev.Sensor = t, ev.Time
	}
	ev.Host = o.get("_HOSTNAME")
	if p := o.get("PRIORITY"); len(p) == 1 && p[0] >= '0' && p[0] <= '7' {
		ev.Add("severity", severityNames[p[0]-'0'])
	}
	if n, err := strconv.ParseUint(o.get("SYSLOG_FACILITY"), 10, 8); err == nil && n < uint64(len(facilityNames)) {
		ev.Add("facility", facilityNames[n])
	}
	program := o.first("SYSLOG_IDENTIFIER", "_COMM")
	if kind := o.get("_AUDIT_TYPE_NAME"); kind != "" && o.get("_TRANSPORT") == "audit" {
		ev.Add("hostname", ev.Host)
		ev.Add("message", msg)
		r := &auditReader{opt: o.opt}
		body := msg
		if first, rest, ok := strings.Cut(msg, " "); ok && first == kind {
			body = rest
		}
		r.alone(ev, kind, body)
		return
	}
	carried(o, ev, program, o.first("SYSLOG_PID", "_PID"), msg)
}
