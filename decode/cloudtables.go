package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// A huntingTable is a table of Microsoft Defender's advanced hunting, known by the actions in it: the log sources of its
// rows, and the names that Sigma has for its columns.
// https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-schema-tables
type huntingTable struct {
	category string
	names    []alias
}

var huntingTables = map[string]huntingTable{
	"ProcessCreated": {"process_creation", []alias{{"Image", "FolderPath"}, {"CommandLine", "ProcessCommandLine"}, {"ProcessId", "ProcessId"}, {"ParentImage", "InitiatingProcessFolderPath"},
		{"ParentCommandLine", "InitiatingProcessCommandLine"}, {"IntegrityLevel", "ProcessIntegrityLevel"}, {"OriginalFileName", "ProcessVersionInfoOriginalFileName"}}},
	"ConnectionSuccess":          {"network_connection", connectionNames},
	"ConnectionFailed":           {"network_connection", connectionNames},
	"ConnectionRequest":          {"network_connection", connectionNames},
	"InboundConnectionAccepted":  {"network_connection", inboundNames},
	"ListeningConnectionCreated": {"network_connection", inboundNames},
	"DnsConnectionInspected":     {"dns_query", connectionNames},
	"AntivirusDetection":         {"antivirus", []alias{{"Filename", "FolderPath"}, {"Signature", "ThreatName"}}},
	"PowerShellCommand":          {"ps_script", []alias{{"ScriptBlockText", "AdditionalFields"}}},
	"FileCreated":                {"file_event", fileNames},
	"FileRenamed":                {"file_rename", fileNames},
	"FileModified":               {"file_change", fileNames},
	"FileDeleted":                {"file_delete", fileNames},
	"RegistryValueSet":           {"registry_set", registryNames},
	"RegistryKeyCreated":         {"registry_add", registryNames},
	"RegistryValueDeleted":       {"registry_delete", registryNames},
	"ImageLoaded":                {"image_load", []alias{{"ImageLoaded", "FolderPath"}, {"Image", "InitiatingProcessFolderPath"}}},
	"DriverLoad":                 {"driver_load", []alias{{"ImageLoaded", "FolderPath"}}},
	"LogonSuccess":               {"authentication", logonNames},
	"LogonFailed":                {"authentication", logonNames},
	"LogonAttempted":             {"authentication", logonNames},
}

var (
	connectionNames = []alias{{"Image", "InitiatingProcessFolderPath"}, {"CommandLine", "InitiatingProcessCommandLine"}, {"DestinationIp", "RemoteIP"}, {"DestinationPort", "RemotePort"}, {"DestinationHostname", "RemoteUrl"},
		{"SourceIp", "LocalIP"}, {"SourcePort", "LocalPort"}, {"dst_ip", "RemoteIP"}, {"dst_port", "RemotePort"}, {"src_ip", "LocalIP"}, {"src_port", "LocalPort"}}
	inboundNames = []alias{{"Image", "InitiatingProcessFolderPath"}, {"CommandLine", "InitiatingProcessCommandLine"}, {"DestinationIp", "LocalIP"}, {"DestinationPort", "LocalPort"},
		{"SourceIp", "RemoteIP"}, {"SourcePort", "RemotePort"}, {"dst_ip", "LocalIP"}, {"dst_port", "LocalPort"}, {"src_ip", "RemoteIP"}, {"src_port", "RemotePort"}}
	logonNames = []alias{{"src_ip", "RemoteIP"}, {"src_ip", "IPAddress"}, {"src_port", "RemotePort"}, {"src_host", "RemoteDeviceName"}, {"dst_ip", "DestinationIPAddress"}, {"dst_port", "DestinationPort"},
		{"dst_host", "DestinationDeviceName"}}
	fileNames     = []alias{{"TargetFilename", "FolderPath"}, {"Image", "InitiatingProcessFolderPath"}, {"CommandLine", "InitiatingProcessCommandLine"}}
	registryNames = []alias{{"TargetObject", "RegistryKey"}, {"Details", "RegistryValueData"}, {"Image", "InitiatingProcessFolderPath"}, {"CommandLine", "InitiatingProcessCommandLine"}}
)

// huntingKind takes the rows of those tables, as Graph, the portal and Sentinel hand them out.
func huntingKind() jsonKind {
	sources := map[string][]tocsin.LogSource{}
	for action, t := range huntingTables {
		sources[action] = []tocsin.LogSource{{Product: "windows", Category: t.category}, {Product: "m365", Service: "defender"}}
	}
	other := []tocsin.LogSource{{Product: "m365", Service: "defender"}}
	return jsonKind{name: "defender-hunting",
		is: func(o *object) bool {
			return o.has("ActionType") && (o.has("DeviceName") || o.has("DeviceId") || o.has("AccountUpn") || o.has("AccountObjectId") || o.has("Application"))
		},
		fill: func(o *object, ev *tocsin.Event) {
			ev.Time = o.time("Timestamp", "TimeGenerated", "timestamp")
			ev.Host = o.get("DeviceName")
			action := o.get("ActionType")
			t, known := huntingTables[action]
			if ev.Sources = other; known {
				ev.Sources = sources[action]
			}
			for _, a := range t.names {
				if ev.Text(a.name) == "" {
					ev.Add(a.name, o.get(a.of))
				}
			}
			user := o.first("AccountName", "AccountUpn", "UserPrincipalName", "InitiatingProcessAccountName")
			if user == "" {
				if user = o.get("AccountId"); strings.IndexByte(user, '@') < 0 {
					user = o.first("AccountDisplayName", "AccountId")
				}
			}
			if !isNobody(user) {
				own(o, ev, "user", user)
				if domain := o.get("AccountDomain"); domain != "" {
					own(o, ev, "User", o.keep(domain, `\`, user))
				}
			}
			if !known || t.category == "" {
				own(o, ev, "src_ip", o.get("IPAddress"))
			}
			worded(ev, huntingActs, action)
			if ok, told := huntingOutcomes[action]; told {
				ev.Add("outcome", outcome(ok))
			}
		},
	}
}

// huntingActs is what those actions tell of.
var huntingActs = map[string]verdict{
	"LogonSuccess": loginOK, "LogonFailed": loginFailed, "UserAccountCreated": userAdded, "UserAccountDeleted": userDeleted, "UserAccountAddedToLocalGroup": groupChanged, "PasswordChangeAttempt": passwordChanged,
	"AntivirusDetection": malwareFound,
}

// huntingOutcomes is how those end that tell of nothing more.
var huntingOutcomes = map[string]bool{"ConnectionSuccess": true, "ConnectionFailed": false, "InboundConnectionAccepted": true}

// signInKind takes the rows of advanced hunting's sign-ins to Entra, which have no action.
// https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-aadsignineventsbeta-table
func signInKind() jsonKind {
	return platform{
		name: "defender-signin", needs: []string{"ErrorCode"}, source: tocsin.LogSource{Product: "azure", Service: "signinlogs"}, also: []tocsin.LogSource{{Product: "m365", Service: "defender"}},
		is: func(o *object) bool {
			return o.has("AccountUpn", "ErrorCode") || o.has("ServicePrincipalName", "ErrorCode", "IPAddress")
		},
		time:    []string{"Timestamp", "TimeGenerated", "timestamp"},
		host:    []string{"DeviceName"},
		user:    []string{"AccountUpn", "ServicePrincipalName", "AccountDisplayName"},
		address: []string{"IPAddress"},
		agent:   []string{"UserAgent"},
		alias:   []alias{{"ResultType", "ErrorCode"}, {"AppDisplayName", "Application"}, {"UserPrincipalName", "AccountUpn"}},
		more:    func(o *object, ev *tocsin.Event) { signedIn(ev, o.get("ErrorCode")) },
	}.kind()
}

// emailKind takes the rows of advanced hunting's mails.
// https://learn.microsoft.com/en-us/defender-xdr/advanced-hunting-emailevents-table
func emailKind() jsonKind {
	return platform{
		name: "defender-email", needs: []string{"NetworkMessageId"}, source: tocsin.LogSource{Product: "m365", Category: "mail", Service: "defender"},
		is:      func(o *object) bool { return o.has("NetworkMessageId", "RecipientEmailAddress") },
		time:    []string{"Timestamp", "TimeGenerated", "timestamp"},
		user:    []string{"RecipientEmailAddress"},
		address: []string{"SenderIPv4", "SenderIPv6"},
		alias:   []alias{{"sender", "SenderFromAddress"}, {"recipient", "RecipientEmailAddress"}, {"action", "DeliveryAction"}, {"subject", "Subject"}},
		more: func(o *object, ev *tocsin.Event) {
			switch o.get("DeliveryAction") {
			case "Blocked":
				happened(ev, outcomes[denied].event, outcomes[denied].outcome)
			case "Delivered", "Junked", "Replaced":
				ev.Add("outcome", outcome(true))
			}
		},
	}.kind()
}

// macKind takes the entries of macOS's unified log as log(1) writes them with --style json or ndjson.
func macKind() jsonKind {
	return jsonKind{name: "macos-log",
		is:   func(o *object) bool { return o.has("eventMessage", "processImagePath") },
		fill: fillMac,
	}
}

func fillMac(o *object, ev *tocsin.Event) {
	ev.Time = o.time("timestamp")
	ev.Host = o.first("hostname", "machineName")
	program := baseName(o.get("processImagePath"))
	own(o, ev, "program", program)
	own(o, ev, "pid", o.get("processID"))
	o.nest.say.message(ev, program, "", strings.TrimSpace(o.get("eventMessage")))
	if len(ev.Sources) > 0 {
		ev.Sources = append([]tocsin.LogSource{{Product: "macos", Service: "unifiedlog"}}, ev.Sources...)
	} else {
		ev.Sources = []tocsin.LogSource{{Product: "macos", Service: "unifiedlog"}}
	}
}

// securityLogKind takes the rows of Sentinel's CommonSecurityLog, which are CEF's values under names of its own.
// https://learn.microsoft.com/en-us/azure/sentinel/cef-name-mapping
func securityLogKind() jsonKind {
	return jsonKind{name: "common-security-log",
		is: func(o *object) bool {
			return o.has("DeviceVendor", "DeviceProduct") && (o.has("SourceIP") || o.has("DeviceAction") || o.has("Activity"))
		},
		fill: func(o *object, ev *tocsin.Event) {
			ev.Time = o.time("TimeGenerated", "ReceiptTime", "StartTime")
			ev.Host = o.first("DeviceName", "Computer")
			for _, a := range [...]alias{{"src_ip", "SourceIP"}, {"src_port", "SourcePort"}, {"dst_ip", "DestinationIP"}, {"dst_port", "DestinationPort"}, {"user", "SourceUserName"}, {"user", "DestinationUserName"},
				{"action", "DeviceAction"}, {"name", "Activity"}, {"proto", "Protocol"}, {"device_vendor", "DeviceVendor"}, {"device_product", "DeviceProduct"}} {
				if ev.Text(a.name) == "" {
					ev.Add(a.name, o.get(a.of))
				}
			}
			p := pairRecord{}
			p.value[pairAction], p.value[pairStatus], p.value[pairSaid], p.value[pairUser] = o.get("DeviceAction"), o.get("EventOutcome"), o.first("Message", "Activity"), ev.Text("user")
			failed, ok := p.loginOutcome()
			kind := wording(o.get("Activity"))
			if failed || ok {
				kind = loginKind(ok && !failed)
			}
			switch {
			case kind == "login_failed" || kind == "invalid_user" || kind == "login_ok":
				ev.Sources = cefLogin
				happened(ev, kind, outcome(kind == "login_ok"))
				return
			case o.has("RequestURL"):
				ev.Sources = cefProxy
				r := request{uri: o.get("RequestURL"), method: o.get("RequestMethod"), agent: o.get("RequestClientApplication")}
				r.addSeen(ev, o.get("DestinationPort"), &o.flat.arena)
			default:
				ev.Sources = cefFirewall
			}
			if ev.Sources[0].Category == "proxy" {
				screened(ev, o.get("DeviceAction"))
			} else {
				decided(ev, o.get("DeviceAction"))
			}
		},
	}
}
