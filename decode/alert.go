package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// alertFormats lists the formats that files of this family are recognised as.
func alertFormats() []Format { return []Format{tableFormat()} }

// alertLines lists the kinds of text line of this family.
func alertLines() []lineKind { return nil }

// alertJSON lists the kinds of JSON record of this family.
func alertJSON() []jsonKind {
	all := []jsonKind{{name: "command-log", is: isCommandLog, fill: fillCommandLog}}
	for _, p := range detectors() {
		all = append(all, p.kind())
	}
	return all
}

// detectors lists the alerts of other products, and the timelines that forensic tools make. An alert is a log like any
// other: what a detector called it stands in "name", how bad it found it in "severity".
func detectors() []platform {
	alert := func(service string) tocsin.LogSource { return tocsin.LogSource{Product: "alert", Service: service} }
	return []platform{
		{
			// https://documentation.wazuh.com/current/user-manual/manager/event-logging.html
			name:   "wazuh",
			source: alert("wazuh"),
			is: func(o *object) bool {
				return o.has("rule.id", "rule.level", "rule.description") && (o.has("agent.id") || o.has("manager.name"))
			},
			time:    []string{"timestamp", "@timestamp"},
			host:    []string{"agent.name", "predecoder.hostname", "manager.name"},
			user:    []string{"data.dstuser", "data.srcuser", "data.win.eventdata.targetUserName", "data.audit.auid"},
			address: []string{"data.srcip", "data.src_ip", "data.win.eventdata.ipAddress", "data.aws.sourceIPAddress"},
			alias:   []alias{{"name", "rule.description"}, {"severity", "rule.level"}, {"dst_ip", "data.dstip"}, {"message", "full_log"}},
			more: func(o *object, ev *tocsin.Event) {
				if ev.Time.IsZero() {
					ev.Time = o.time("timestamp")
				}
				wazuhEvent(o, ev)
				for i := range o.fields {
					if o.fields[i].Name != "rule.groups" {
						continue
					}
					switch o.fields[i].Value {
					case "authentication_failed", "authentication_failures":
						happened(ev, "login_failed", "failure")
						return
					case "invalid_login":
						happened(ev, "invalid_user", "failure")
						return
					case "authentication_success":
						happened(ev, "login_ok", "success")
						return
					}
				}
			},
		},
		{
			// https://learn.microsoft.com/en-us/graph/api/resources/security-alert
			name:   "defender",
			source: alert("defender"),
			is: func(o *object) bool {
				return o.has("title", "severity", "detectionSource") || o.has("alertId", "severity", "title") || o.has("AlertName", "AlertSeverity") || o.has("AlertDisplayName", "Severity")
			},
			time: []string{"firstActivityDateTime", "alertCreationTime", "createdDateTime", "firstEventTime", "StartTimeUtc", "StartTime", "TimeGenerated"},
			host: []string{"computerDnsName", "evidence.deviceDnsName", "evidence.hostName", "CompromisedEntity"},
			user: []string{"relatedUser.userName", "evidence.userAccount.userPrincipalName", "evidence.userAccount.accountName"},
			alias: []alias{{"name", "title"}, {"name", "AlertName"}, {"name", "AlertDisplayName"}, {"name", "DisplayName"},
				{"severity", "Severity"}, {"severity", "AlertSeverity"}},
			address: []string{"evidence.ipAddress"},
		},
		{
			// Falco's JSON output: https://falco.org/docs/concepts/outputs/formatting/
			name:   "falco",
			source: alert("falco"),
			is:     func(o *object) bool { return o.has("rule", "priority", "output") },
			time:   []string{"time"},
			host:   []string{"hostname"},
			user:   []string{"output_fields.user.name"},
			alias: []alias{{"name", "rule"}, {"severity", "priority"}, {"command", "output_fields.proc.cmdline"}, {"CommandLine", "output_fields.proc.cmdline"},
				{"Image", "output_fields.proc.exepath"}, {"ParentImage", "output_fields.proc.pexepath"}},
			address: []string{"output_fields.fd.sip"},
		},
		{
			// Elastic's own alerts: https://www.elastic.co/guide/en/security/current/alert-schema.html
			name:    "elastic-alert",
			source:  alert("elastic"),
			is:      func(o *object) bool { return o.has("kibana.alert.rule.name") || o.has("signal.rule.name") },
			time:    []string{"kibana.alert.original_time", "signal.original_time", "@timestamp"},
			sensor:  []string{"@timestamp"},
			host:    []string{"host.name", "host.hostname"},
			user:    []string{"user.name"},
			address: []string{"source.ip"},
			alias:   []alias{{"name", "kibana.alert.rule.name"}, {"name", "signal.rule.name"}, {"severity", "kibana.alert.severity"}, {"severity", "signal.rule.severity"}},
		},
		{
			// OCSF findings, as other products hand them on: https://schema.ocsf.io/classes/detection_finding
			name:   "ocsf-finding",
			source: alert("ocsf"),
			is: func(o *object) bool {
				return o.has("class_uid", "finding_info.title") || o.has("class_uid", "finding.title")
			},
			time:    []string{"time"},
			host:    []string{"device.hostname", "device.name", "resources.name"},
			user:    []string{"actor.user.name"},
			address: []string{"src_endpoint.ip"},
			alias:   []alias{{"name", "finding_info.title"}, {"name", "finding.title"}},
		},
		{
			// https://timesketch.org/guides/user/import-from-json-csv/ and plaso's json_line output
			name:   "timesketch",
			source: tocsin.LogSource{Product: "timeline", Service: "timesketch"},
			is: func(o *object) bool {
				return o.has("message", "timestamp_desc") && (o.has("datetime") || o.has("timestamp"))
			},
			time: []string{"datetime", "timestamp"},
			host: []string{"hostname", "host", "computer_name"},
			user: []string{"username"},
		},
		{
			// Alerts of any other product, by what every alert has: a name, how bad it is, and a time that says it is one.
			name:   "alert",
			source: tocsin.LogSource{Product: "alert"},
			is: func(o *object) bool {
				return o.has("detection_ts") || o.has("alert_name") || o.has("alertName") || o.has("alert.name") || o.has("detection_name") ||
					o.has("signature", "severity") || o.has("rule_name", "severity") || o.has("rule.name", "event.kind") && o.get("event.kind") == "alert"
			},
			time: []string{"detection_ts", "detected_at", "alert_time"},
			more: func(o *object, ev *tocsin.Event) {
				var a appLine
				a.read(o.fields, o.opt)
				if ev.Time.IsZero() {
					ev.Time = a.at
				}
				ev.Host = a.value[appHost]
				own(o, ev, "user", a.value[appUser])
				own(o, ev, "src_ip", a.value[appAddress])
			},
			alias: []alias{{"name", "alert_name"}, {"name", "alertName"}, {"name", "alert.name"}, {"name", "detection_name"}, {"name", "signature"}, {"name", "rule_name"},
				{"name", "rule.name"}, {"severity", "priority"}, {"severity", "event.severity"}},
		},
	}
}

// isCommandLog takes records of what somebody typed, as training grounds and shell loggers keep them.
func isCommandLog(o *object) bool {
	return o.has("cmd", "cmd_type") || o.has("command", "start") || o.has("command", "timestamp", "user", "hostname")
}

func fillCommandLog(o *object, ev *tocsin.Event) {
	ev.Time = o.time("timestamp_str", "timestamp", "start")
	ev.Host = o.first("hostname", "host")
	cmd := o.first("cmd", "command")
	own(o, ev, "command", cmd)
	own(o, ev, "user", o.get("username"))
	own(o, ev, "src_ip", o.get("ip"))
	own(o, ev, "cwd", o.get("wd"))
	if o.has("model") || o.has("agent") { // what an agent ran, as its operator exported it
		own(o, ev, "principal", operator(o.first))
	}
	happened(ev, "command", "")
	ev.Sources = commandLogSources
	switch shell, _, _ := strings.Cut(o.get("cmd_type"), "-"); shell {
	case "", "bash", "sh", "zsh", "shell": // what a shell's own history would hold
		ev.Sources = historySources
		ev.Add("CommandLine", cmd)
		ev.Add("User", o.first("username", "user"))
	}
}

var commandLogSources = []tocsin.LogSource{{Category: "command"}}
