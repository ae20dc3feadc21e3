package decode

import "strings"

// Windows events leave a machine in many shapes: nested as in the XML (evtx_dump, Velociraptor, XML itself), under
// winlog.* (Winlogbeat, Elastic Agent), flat (NXLog, WEC, Azure, Splunk, Get-WinEvent, EvtxECmd). What a leaf is can be
// told from its path alone, once for each path; see windowsNameOf.

// A windowsSlot is what a leaf is, as far as a decoder must know it.
type windowsSlot uint8

const (
	slotNone windowsSlot = iota
	// System values, which every event is to have under the name in systemNames.
	slotEventID
	slotChannel
	slotProvider
	slotComputer
	slotRecordID
	slotProviderGUID
	slotProcessID
	slotThreadID
	slotUserID
	slotActivityID
	slotMessage
	systemSlots
	// Times, in the order of trust; see windowsTime.
	slotSystemTime
	slotStamp   // @timestamp: the event's in Winlogbeat, the collector's elsewhere
	slotCreated // when it happened, with or without a zone
	slotUtcTime // Sysmon's own
	// Parts that are not values by themselves.
	slotWeakID   // an event id if nothing else is
	slotDataName // of <Data Name="…">, whose text comes next
	slotDataText
	slotNested // text that may be EventData, or a whole event, as JSON or XML
	slotDrop
)

// systemNames is the name that EVTX gives each system slot.
var systemNames = [systemSlots]string{
	slotEventID: "EventID", slotChannel: "Channel", slotProvider: "Provider_Name", slotComputer: "Computer",
	slotRecordID: "EventRecordID", slotProviderGUID: "Provider_Guid", slotProcessID: "Execution_ProcessID",
	slotThreadID: "Execution_ThreadID", slotUserID: "Security_UserID", slotActivityID: "Correlation_ActivityID",
	slotMessage: "Message",
}

// A windowsName is what a path says of a leaf.
type windowsName struct {
	name  string // the field's name
	plain string // name without its spaces if it has any
	slot  windowsSlot
	exact bool // name is the slot's own
	ecs   bool // a path of Winlogbeat, which names some values by ECS instead
	wazuh bool // a path of Wazuh, which doubles backslashes
}

// windowsContainers are the paths that hold the parts of an event, and what names the leaves below them.
var windowsContainers = []struct {
	prefix string
	name   func(rest string) windowsName
}{
	{"Event.System.", systemName},
	{"Event.EventData.", dataName},
	{"Event.UserData.", leafName},
	{"Event.RenderingInfo.", renderingName},
	{"Event.", leafName},
	{"System.", systemName},
	{"EventData.", dataName},
	{"UserData.", leafName},
	{"RenderingInfo.", renderingName},
	{"winlog.event_data.", winlogData},
	{"winlog.user_data.", winlogData},
	{"data.win.system.", wazuhSystem},
	{"data.win.eventdata.", wazuhData},
	{"event_data.", dataName},
	{"user_data.", leafName},
	{"body.event_data.", dataName},
	{"body.user_data.", leafName},
}

// windowsElements are the elements of System that have attributes: some shippers leave out the level above them.
var windowsElements = []string{"Provider.", "EventID.", "TimeCreated.", "Correlation.", "Execution.", "Security."}

// windowsFlat are whole paths that mean the same wherever they stand. Those of ECS are renamed, native ones stay.
var windowsFlat = map[string]windowsName{
	"EventID": {slot: slotEventID}, "EventId": {slot: slotEventID}, "Event ID": {slot: slotEventID}, "EventCode": {slot: slotEventID},
	"event_id": {slot: slotEventID}, "event_id.id": {slot: slotEventID}, "body.event_id.id": {slot: slotEventID},
	"eventid": {slot: slotEventID}, "Id": {slot: slotWeakID}, "event.code": {slot: slotWeakID}, "Event_ID": {slot: slotEventID},
	"Channel": {slot: slotChannel}, "channel": {slot: slotChannel}, "log_name": {slot: slotChannel}, "LogName": {slot: slotChannel},
	"EventLog": {slot: slotChannel}, "Log Name": {slot: slotChannel}, "body.channel": {slot: slotChannel}, "Logfile": {slot: slotChannel},
	"Provider_Name": {slot: slotProvider}, "SourceName": {slot: slotProvider}, "source_name": {slot: slotProvider},
	"ProviderName": {slot: slotProvider}, "Provider": {slot: slotProvider}, "provider_name": {slot: slotProvider}, "Source": {slot: slotProvider},
	"EventSourceName": {slot: slotProvider}, "provider.name": {slot: slotProvider}, "body.provider.name": {slot: slotProvider},
	"ProviderGuid": {slot: slotProviderGUID}, "provider_guid": {slot: slotProviderGUID}, "provider.guid": {slot: slotProviderGUID},
	"body.provider.guid": {slot: slotProviderGUID}, "ProviderId": {slot: slotProviderGUID},
	"Computer": {slot: slotComputer}, "Hostname": {slot: slotComputer}, "ComputerName": {slot: slotComputer},
	"computer_name": {slot: slotComputer}, "MachineName": {slot: slotComputer}, "computer": {slot: slotComputer},
	"body.computer": {slot: slotComputer},
	"EventRecordID": {slot: slotRecordID}, "EventRecordId": {slot: slotRecordID}, "RecordNumber": {slot: slotRecordID},
	"record_number": {slot: slotRecordID}, "RecordId": {slot: slotRecordID}, "record_id": {slot: slotRecordID}, "body.record_id": {slot: slotRecordID},
	"ExecutionProcessID": {slot: slotProcessID}, "process_id": {slot: slotProcessID}, "Execution_ProcessID": {slot: slotProcessID},
	"ExecutionThreadID": {slot: slotThreadID}, "ThreadID": {slot: slotThreadID}, "thread_id": {slot: slotThreadID},
	"Execution_ThreadID": {slot: slotThreadID}, "ThreadId": {slot: slotThreadID},
	"UserID": {slot: slotUserID}, "UserId": {slot: slotUserID}, "user.identifier": {slot: slotUserID}, "Security_UserID": {slot: slotUserID},
	"ActivityID": {slot: slotActivityID}, "activity_id": {slot: slotActivityID}, "Correlation_ActivityID": {slot: slotActivityID},
	"Message": {slot: slotMessage}, "message": {name: "Message", slot: slotMessage}, "body.message": {name: "Message", slot: slotMessage},
	"RenderedDescription": {name: "Message", slot: slotMessage}, "Description": {slot: slotMessage},
	"SystemTime": {slot: slotSystemTime}, "system_time": {slot: slotSystemTime}, "body.system_time": {slot: slotSystemTime},
	"TimeCreated_SystemTime": {slot: slotSystemTime},
	"@timestamp":             {slot: slotStamp}, "TimeGenerated": {slot: slotStamp}, "timestamp": {slot: slotStamp},
	"TimeCreated": {slot: slotCreated}, "EventTime": {slot: slotCreated}, "_time": {slot: slotCreated}, "TimeCreated.SystemTime": {slot: slotSystemTime},
	"Date and Time": {slot: slotCreated}, "Date": {slot: slotCreated}, "TimeCreated.value": {slot: slotCreated}, "UtcTime": {slot: slotUtcTime},
	"EventData": {slot: slotNested}, "EventXml": {slot: slotNested}, "Event": {slot: slotNested}, "_raw": {slot: slotNested},
	"event.original": {slot: slotNested}, "SyslogMessage": {slot: slotNested}, "Payload": {slot: slotNested}, "UserData": {slot: slotNested},

	"StringInserts": {name: "Data"}, "string_inserts": {name: "Data"},

	"winlog.event_id":          {name: "EventID", slot: slotEventID, ecs: true},
	"winlog.channel":           {name: "Channel", slot: slotChannel},
	"winlog.provider_name":     {name: "Provider_Name", slot: slotProvider},
	"winlog.provider_guid":     {name: "Provider_Guid", slot: slotProviderGUID},
	"winlog.computer_name":     {name: "Computer", slot: slotComputer},
	"winlog.record_id":         {name: "EventRecordID", slot: slotRecordID},
	"winlog.process.pid":       {name: "Execution_ProcessID", slot: slotProcessID},
	"winlog.process.thread.id": {name: "Execution_ThreadID", slot: slotThreadID},
	"winlog.user.identifier":   {name: "Security_UserID", slot: slotUserID},
	"winlog.activity_id":       {name: "Correlation_ActivityID", slot: slotActivityID},
	"winlog.opcode":            {name: "Opcode"},
	"winlog.task":              {name: "Task"},
	"winlog.keywords":          {name: "Keywords"},
	"winlog.version":           {name: "Version"},
}

// windowsNameOf says what the leaf at a path is. Exports of Elasticsearch and Splunk wrap every record once more.
func windowsNameOf(path string) windowsName {
	p := path
	for _, wrap := range [...]string{"_source.", "result."} {
		p = strings.TrimPrefix(p, wrap)
	}
	n, ok := windowsFlat[p]
	if !ok {
		for _, c := range windowsContainers {
			if rest, found := strings.CutPrefix(p, c.prefix); found {
				n, ok = c.name(rest), true
				break
			}
		}
	}
	if !ok {
		for _, e := range windowsElements {
			if strings.HasPrefix(p, e) {
				n = systemName(p)
				break
			}
		}
	}
	if n.name == "" {
		n.name = p
	}
	plain := strings.ReplaceAll(n.name, " ", "")
	if n.slot > slotNone && n.slot < systemSlots {
		if plain == systemNames[n.slot] {
			n.name = plain
		}
		n.exact = n.name == systemNames[n.slot]
	}
	if plain != n.name {
		n.plain = plain
	}
	return n
}

// xmlPath takes a path below a container apart: its elements, without what converters from XML put in for attributes
// and text, and whether it ends in an attribute or in text that is marked as such.
func xmlPath(rest string) (parts []string, attribute, marked bool) {
	for _, p := range strings.Split(rest, ".") {
		switch {
		case p == "#attributes" || p == "$":
			attribute = true
		case p == "#text" || p == "_":
			marked = true
		case strings.HasPrefix(p, "@"):
			attribute = true
			parts = append(parts, p[1:])
		case strings.HasSuffix(p, "_attributes"):
			attribute = true
			parts = append(parts, strings.TrimSuffix(p, "_attributes"))
		default:
			parts = append(parts, p)
		}
	}
	return parts, attribute, marked
}

// systemName names what stands below System: elements, and attributes joined to theirs with an underscore.
func systemName(rest string) windowsName {
	parts, _, _ := xmlPath(rest)
	name := strings.Join(parts, "_")
	switch name {
	case "EventID_Value":
		name = "EventID"
	case "EventID_Qualifiers":
		name = "Qualifiers"
	case "Security_UserId":
		name = "Security_UserID"
	case "TimeCreated_SystemTime":
		return windowsName{name: name, slot: slotSystemTime}
	}
	for slot, n := range systemNames {
		if n == name && n != "" {
			return windowsName{name: name, slot: windowsSlot(slot)}
		}
	}
	return windowsName{name: name}
}

// dataName names what stands below EventData.
func dataName(rest string) windowsName {
	parts, attribute, marked := xmlPath(rest)
	switch {
	case len(parts) == 0:
		return leafName(rest)
	case (parts[0] == "Data" || parts[0] == "ComplexData") && len(parts) == 1 && marked:
		return windowsName{name: parts[0], slot: slotDataText}
	case (parts[0] == "Data" || parts[0] == "ComplexData") && len(parts) == 2 && parts[1] == "Name":
		return windowsName{name: parts[0], slot: slotDataName}
	case parts[0] == "Data" && len(parts) == 2 && (parts[1] == "Value" || parts[1] == "Text"):
		return windowsName{name: parts[0], slot: slotDataText}
	case attribute:
		return leafName(rest)
	case len(parts) > 1 && (parts[0] == "data" || parts[0] == "Data"): // OpenTelemetry: a list of objects of one member
		parts = parts[1:]
	}
	name := reserved(strings.Join(parts, "."))
	if name == "UtcTime" {
		return windowsName{name: name, slot: slotUtcTime}
	}
	return windowsName{name: name}
}

// wazuhSystem and wazuhData name what Wazuh's agents make of System and EventData: names in lower camel case.
func wazuhSystem(rest string) windowsName {
	n := windowsName{wazuh: true}
	for slot, name := range [systemSlots]string{slotEventID: "eventID", slotChannel: "channel", slotProvider: "providerName", slotComputer: "computer",
		slotRecordID: "eventRecordID", slotProviderGUID: "providerGuid", slotProcessID: "processID", slotThreadID: "threadID", slotMessage: "message"} {
		if name == rest {
			n.name, n.slot = systemNames[slot], windowsSlot(slot)
			return n
		}
	}
	if n.name = upperFirst(rest); rest == "systemTime" {
		n.slot = slotSystemTime
	}
	return n
}

func wazuhData(rest string) windowsName {
	n := dataName(upperFirst(rest))
	n.wazuh = true
	return n
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func winlogData(rest string) windowsName {
	n := dataName(rest)
	n.ecs = true
	return n
}

// leafName names what stands below UserData, or any element of an event that has no names of its own.
func leafName(rest string) windowsName {
	parts, attribute, _ := xmlPath(rest)
	n := len(parts)
	switch {
	case n == 0:
		return windowsName{slot: slotDrop}
	case strings.HasPrefix(parts[n-1], "xmlns"):
		return windowsName{slot: slotDrop}
	case attribute && n > 1:
		return windowsName{name: parts[n-2] + "_" + parts[n-1]}
	case attribute:
		return windowsName{name: "EventData_" + parts[n-1]}
	}
	return windowsName{name: reserved(parts[n-1])}
}

func renderingName(rest string) windowsName {
	parts, attribute, _ := xmlPath(rest)
	name := strings.Join(parts, "_")
	switch {
	case name == "Message":
		return windowsName{name: name, slot: slotMessage}
	case attribute && len(parts) == 1:
		return windowsName{name: "RenderingInfo_" + name}
	case len(parts) > 0:
		return windowsName{name: "RenderingInfo_" + parts[len(parts)-1]}
	}
	return windowsName{slot: slotDrop}
}

// reserved gives another name to a value of EventData that is called as a System value that decides how an event is
// treated: System wins.
func reserved(name string) string {
	switch name {
	case "EventID", "Channel", "Computer", "Provider_Name":
		return "EventData_" + name
	}
	return name
}
