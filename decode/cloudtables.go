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
	"ConnectionSuccess":         {"network_connection", connectionNames},
	"ConnectionFailed":          {"network_connection", connectionNames},
	"ConnectionRequest":         {"network_connection", connectionNames},
	"InboundConnectionAccepted": {"network_connection", connectionNames},
	"FileCreated":               {"file_event", fileNames},
	"FileRenamed":               {"file_rename", fileNames},
	"FileModified":              {"file_change", fileNames},
	"FileDeleted":               {"file_delete", fileNames},
	"RegistryValueSet":          {"registry_set", registryNames},
	"RegistryKeyCreated":        {"registry_add", registryNames},
	"RegistryValueDeleted":      {"registry_delete", registryNames},
	"ImageLoaded":               {"image_load", []alias{{"ImageLoaded", "FolderPath"}, {"Image", "InitiatingProcessFolderPath"}}},
	"DriverLoad":                {"driver_load", []alias{{"ImageLoaded", "FolderPath"}}},
	"LogonSuccess":              {"authentication", nil},
	"LogonFailed":               {"authentication", nil},
	"LogonAttempted":            {"authentication", nil},
}

var (
	connectionNames = []alias{{"Image", "InitiatingProcessFolderPath"}, {"CommandLine", "InitiatingProcessCommandLine"}, {"DestinationIp", "RemoteIP"}, {"DestinationPort", "RemotePort"}, {"DestinationHostname", "RemoteUrl"},
		{"SourceIp", "LocalIP"}, {"SourcePort", "LocalPort"}, {"dst_ip", "RemoteIP"}, {"dst_port", "RemotePort"}, {"src_ip", "LocalIP"}, {"src_port", "LocalPort"}}
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
				own(o, ev, a.name, o.get(a.of))
			}
			user := o.first("AccountName", "AccountUpn", "InitiatingProcessAccountName", "AccountDisplayName")
			if !isNobody(user) {
				own(o, ev, "user", user)
				if domain := o.get("AccountDomain"); domain != "" {
					own(o, ev, "User", o.keep(domain, `\`, user))
				}
			}
			switch action {
			case "LogonSuccess", "LogonFailed", "LogonAttempted":
				own(o, ev, "src_ip", o.first("RemoteIP", "IPAddress"))
				own(o, ev, "src_host", o.get("RemoteDeviceName"))
				if action != "LogonAttempted" {
					happened(ev, loginKind(action == "LogonSuccess"), outcome(action == "LogonSuccess"))
				}
			default:
				if !known {
					own(o, ev, "src_ip", o.get("IPAddress"))
				}
			}
		},
	}
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
			switch kind := wording(o.first("Activity", "Message")); {
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
			decided(ev, o.get("DeviceAction"))
		},
	}
}
