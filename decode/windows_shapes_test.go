package decode

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/tocsin-ids/tocsin"
)

// decodeDetected detects the format of b, decodes it in blocks of a size, and gives each event.
func decodeDetected(t testing.TB, b string, block int, opt Options, emit func(*tocsin.Event)) string {
	t.Helper()
	f, ok := Detect("x", []byte(b[:min(len(b), 65536)]))
	if !ok {
		t.Fatalf("not recognised: %.80q", b)
	}
	d := f.New(opt)
	line := int64(1)
	for off := 0; off < len(b); off += block {
		part := b[off:min(off+block, len(b))]
		d.Decode(&tocsin.Record{Source: "x", Data: []byte(part), Line: line, Offset: int64(off)}, emit)
		line += int64(strings.Count(part, "\n"))
	}
	d.Flush(emit)
	return f.Name
}

// One process creation, one registry change and one logon, as each shipper writes them.
func TestWindowsShapes(t *testing.T) {
	sysmon := map[string]string{
		"sources": "[windows/process_creation/sysmon]", "time": "2026-03-04T05:06:07.123Z", "host": "ws1.corp.example",
		"EventID": "1", "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon", "Computer": "ws1.corp.example",
		"Image": `C:\Windows\System32\cmd.exe`, "CommandLine": `cmd /c "whoami & hostname"`, "ParentImage": `C:\Program Files\App\app.exe`,
		"User": `CORP\ann`, "UtcTime": "2026-03-04 05:06:07.123",
	}
	process := map[string]string{
		"sources": "[windows/process_creation/security]", "time": "2026-03-04T05:06:07.123Z", "host": "ws1.corp.example",
		"EventID": "4688", "Channel": "Security", "Computer": "ws1.corp.example",
		"NewProcessName": `C:\Windows\System32\cmd.exe`, "Image": `C:\Windows\System32\cmd.exe`, "CommandLine": `cmd /c "whoami & hostname"`,
		"ParentProcessName": `C:\Program Files\App\app.exe`, "ParentImage": `C:\Program Files\App\app.exe`, "User": `CORP\ann`,
		"SubjectUserName": "ann", "SubjectLogonId": "0x3e7", "LogonId": "0x3e7",
	}
	without := func(m map[string]string, keys ...string) map[string]string {
		c := map[string]string{}
		for k, v := range m {
			c[k] = v
		}
		for _, k := range keys {
			delete(c, k)
		}
		return c
	}
	for _, c := range []struct {
		name, format, in string
		want             map[string]string
	}{
		{"evtx_dump", "windows-json", `{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Sysmon","Guid":"5770385F-C22A-43E0-BF4C-06F5698FFBD9"}},"EventID":1,"Version":5,"TimeCreated":{"#attributes":{"SystemTime":"2026-03-04T05:06:07.123Z"}},"EventRecordID":71,"Correlation":null,"Execution":{"#attributes":{"ProcessID":2,"ThreadID":3}},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{"RuleName":"-","UtcTime":"2026-03-04 05:06:07.123","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann"}}}`,
			with(sysmon, "EventRecordID", "71", "Execution_ProcessID", "2", "Security_UserID", "S-1-5-18", "Version", "5")},
		{"evtx_dump, attributes apart", "windows-json", `{"Event_attributes":{"xmlns":"x"},"Event":{"System":{"Provider_attributes":{"Name":"Microsoft-Windows-Sysmon"},"EventID":1,"TimeCreated_attributes":{"SystemTime":"2026-03-04T05:06:07.123Z"},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example"},"EventData":{"UtcTime":"2026-03-04 05:06:07.123","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann"}}}`, sysmon},
		{"XML converted to JSON", "windows-json", `{"Event":{"@xmlns":"x","System":{"Provider":{"@Name":"Microsoft-Windows-Sysmon"},"EventID":{"@Qualifiers":"9","#text":"1"},"TimeCreated":{"@SystemTime":"2026-03-04T05:06:07.123Z"},"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example"},"EventData":{"Data":[{"@Name":"RuleName"},{"@Name":"UtcTime","#text":"2026-03-04 05:06:07.123"},{"@Name":"Image","#text":"C:\\Windows\\System32\\cmd.exe"},{"@Name":"CommandLine","#text":"cmd /c \"whoami & hostname\""},{"@Name":"ParentImage","#text":"C:\\Program Files\\App\\app.exe"},{"@Name":"User","#text":"CORP\\ann"}]}}}`,
			with(sysmon, "Qualifiers", "9", "RuleName", "")},
		{"Velociraptor", "windows-json", `{"System":{"Provider":{"Name":"Microsoft-Windows-Sysmon","Guid":"5770385F-C22A-43E0-BF4C-06F5698FFBD9"},"EventID":{"Value":1},"TimeCreated":{"SystemTime":1772600767.123},"EventRecordID":71,"Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example"},"EventData":{"UtcTime":"2026-03-04 05:06:07.123","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann"},"Message":"Process Create"}`,
			with(sysmon, "Message", "Process Create")},
		{"NXLog", "windows-json", `{"EventTime":"2026-03-04 07:06:07","@timestamp":"2026-03-04T05:06:09.500Z","Hostname":"ws1.corp.example","host":"collector.corp.example","EventID":1,"SourceName":"Microsoft-Windows-Sysmon","ProviderGuid":"{5770385F-C22A-43E0-BF4C-06F5698FFBD9}","Channel":"Microsoft-Windows-Sysmon/Operational","RecordNumber":71,"ExecutionProcessID":2,"UtcTime":"2026-03-04 05:06:07.123","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann","Message":"Process Create:\r\nUtcTime: x"}`,
			with(sysmon, "EventRecordID", "71", "Execution_ProcessID", "2", "SourceName", "Microsoft-Windows-Sysmon", "sensor", "2026-03-04T05:06:09.5Z")},
		{"Winlogbeat 6", "windows-json", `{"@timestamp":"2026-03-04T05:06:07.123Z","beat":{"hostname":"collector"},"host":{"name":"collector"},"event_id":1,"log_name":"Microsoft-Windows-Sysmon/Operational","source_name":"Microsoft-Windows-Sysmon","computer_name":"ws1.corp.example","record_number":"71","process_id":2,"thread_id":3,"event_data":{"UtcTime":"2026-03-04 05:06:07.123","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann"},"message":"Process Create"}`,
			with(sysmon, "EventRecordID", "71", "Message", "Process Create", "Execution_ThreadID", "3")},
		{"Winlogbeat, in Elasticsearch's export", "windows-json", `{"_index":"winlogbeat","_id":"1","_source":{"@timestamp":"2026-03-04T05:06:07.123Z","event":{"code":"1","provider":"Microsoft-Windows-Sysmon"},"host":{"name":"collector"},"winlog":{"event_id":1,"channel":"Microsoft-Windows-Sysmon/Operational","provider_name":"Microsoft-Windows-Sysmon","computer_name":"ws1.corp.example","record_id":71,"process":{"pid":2,"thread":{"id":3}},"event_data":{"UtcTime":"2026-03-04 05:06:07.123","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann"}},"message":"Process Create"}}`,
			with(sysmon, "EventRecordID", "71", "Execution_ProcessID", "2")},
		{"Elastic Agent, values moved to ECS", "windows-json", `{"@timestamp":"2026-03-04T05:06:07.123Z","event":{"code":"1"},"winlog":{"event_id":"1","channel":"Microsoft-Windows-Sysmon/Operational","provider_name":"Microsoft-Windows-Sysmon","computer_name":"ws1.corp.example","event_data":{"UtcTime":"2026-03-04 05:06:07.123","User":"CORP\\ann"}},"process":{"executable":"C:\\Windows\\System32\\cmd.exe","command_line":"cmd /c \"whoami & hostname\"","parent":{"executable":"C:\\Program Files\\App\\app.exe"}}}`, sysmon},
		{"Azure, data as JSON text", "windows-json", `{"TimeGenerated":"2026-03-04T05:06:08.1Z","Provider":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example","EventData":"{\"UtcTime\":\"2026-03-04 05:06:07.123\",\"Image\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\",\"CommandLine\":\"cmd /c \\\"whoami & hostname\\\"\",\"ParentImage\":\"C:\\\\Program Files\\\\App\\\\app.exe\",\"User\":\"CORP\\\\ann\"}","EventID":1,"Type":"WindowsEvent"}`, sysmon},
		{"Azure, data as XML text", "windows-json", `{"TimeGenerated":"2026-03-04T05:06:08.1Z","Source":"Microsoft-Windows-Sysmon","EventLog":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example","EventID":1,"EventData":"<DataItem type=\"System.XmlData\" time=\"x\"><EventData xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><Data Name=\"UtcTime\">2026-03-04 05:06:07.123</Data><Data Name=\"Image\">C:\\Windows\\System32\\cmd.exe</Data><Data Name=\"CommandLine\">cmd /c &quot;whoami &amp; hostname&quot;</Data><Data Name=\"ParentImage\">C:\\Program Files\\App\\app.exe</Data><Data Name=\"User\">CORP\\ann</Data></EventData></DataItem>"}`, sysmon},
		{"OpenTelemetry", "windows-json", `{"body":{"channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws1.corp.example","event_id":{"id":1,"qualifiers":0},"provider":{"name":"Microsoft-Windows-Sysmon"},"record_id":71,"system_time":"2026-03-04T05:06:07.123Z","event_data":{"data":[{"UtcTime":"2026-03-04 05:06:07.123"},{"Image":"C:\\Windows\\System32\\cmd.exe"},{"CommandLine":"cmd /c \"whoami & hostname\""},{"ParentImage":"C:\\Program Files\\App\\app.exe"},{"User":"CORP\\ann"}]},"message":"Process Create"}}`, sysmon},
		{"EvtxECmd JSON", "windows-json", `{"PayloadData1":"x","EventId":1,"Provider":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Computer":"ws1.corp.example","EventRecordId":"71","TimeCreated":"2026-03-04T05:06:07.123+00:00","Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"UtcTime\",\"#text\":\"2026-03-04 05:06:07.123\"},{\"@Name\":\"Image\",\"#text\":\"C:\\\\Windows\\\\System32\\\\cmd.exe\"},{\"@Name\":\"CommandLine\",\"#text\":\"cmd /c \\\"whoami & hostname\\\"\"},{\"@Name\":\"ParentImage\",\"#text\":\"C:\\\\Program Files\\\\App\\\\app.exe\"},{\"@Name\":\"User\",\"#text\":\"CORP\\\\ann\"}]}}"}`, sysmon},
		{"Sysmon's data alone", "windows-json", `[{"EventId":1,"UtcTime":"2026-03-04 05:06:07.123","ProcessGuid":"{1}","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentImage":"C:\\Program Files\\App\\app.exe","User":"CORP\\ann","RuleName":null}]`,
			with(without(sysmon, "Computer", "host"), "host", "")},
		{"Splunk's XML input in JSON", "windows-json", `{"result":{"_time":"2026-03-04T05:06:08Z","_raw":"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><TimeCreated SystemTime='2026-03-04T05:06:07.123Z'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws1.corp.example</Computer></System><EventData><Data Name='UtcTime'>2026-03-04 05:06:07.123</Data><Data Name='Image'>C:\\Windows\\System32\\cmd.exe</Data><Data Name='CommandLine'>cmd /c \"whoami &amp; hostname\"</Data><Data Name='ParentImage'>C:\\Program Files\\App\\app.exe</Data><Data Name='User'>CORP\\ann</Data></EventData></Event>"}}`, sysmon},
		{"Event Viewer's XML", "windows-xml", `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + "\r\n" + `<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Sysmon' Guid='{5770385f-c22a-43e0-bf4c-06f5698ffbd9}'/><EventID>1</EventID><Version>5</Version><TimeCreated SystemTime='2026-03-04T05:06:07.1230000Z'/><EventRecordID>71</EventRecordID><Correlation/><Execution ProcessID='2' ThreadID='3'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws1.corp.example</Computer><Security UserID='S-1-5-18'/></System><EventData><Data Name='RuleName'></Data><Data Name='UtcTime'>2026-03-04 05:06:07.123</Data><Data Name='Image'>C:\Windows\System32\cmd.exe</Data><Data Name='CommandLine'>cmd /c "whoami &amp; hostname"</Data><Data Name='ParentImage'>C:\Program Files\App\app.exe</Data><Data Name='User'>CORP\ann</Data></EventData><RenderingInfo Culture='en-US'><Message>Process Create:
UtcTime: x</Message><Level>Information</Level></RenderingInfo></Event></Events>`,
			with(sysmon, "EventRecordID", "71", "Message", "Process Create:\nUtcTime: x", "RenderingInfo_Level", "Information", "record", "2", "RuleName", "")},
		{"one XML event a line, behind a syslog header", "text", `x <Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Sysmon"/><EventID>1</EventID><TimeCreated SystemTime="2026-03-04T05:06:07.123Z"/><Channel>Microsoft-Windows-Sysmon/Operational</Channel><Computer>ws1.corp.example</Computer></System><EventData><Data Name="UtcTime">2026-03-04 05:06:07.123</Data><Data Name="Image">C:\Windows\System32\cmd.exe</Data><Data Name="CommandLine">cmd /c &quot;whoami &#38; hostname&#x22;</Data><Data Name="ParentImage">C:\Program Files\App\app.exe</Data><Data Name="User"><![CDATA[CORP\ann]]></Data></EventData></Event>`, sysmon},
		{"Sysmon for Linux in syslog", "text", `<14>1 2026-03-04T05:06:08Z web1.corp.example sysmon - - - <Event><System><Provider Name="Linux-Sysmon" Guid="{ff032593-a8d3-4f13-b0d6-01fc615a0f97}"/><EventID>1</EventID><Version>5</Version><TimeCreated SystemTime="2026-03-04T05:06:07.1Z"/><EventRecordID>9</EventRecordID><Channel>Linux-Sysmon/Operational</Channel><Computer>web1</Computer><Security UserId="0"/></System><EventData><Data Name="RuleName">-</Data><Data Name="Image">/usr/bin/id</Data></EventData></Event>`,
			map[string]string{"sources": "[linux/process_creation/sysmon]", "time": "2026-03-04T05:06:07.1Z", "sensor": "2026-03-04T05:06:08Z", "host": "web1", "Image": "/usr/bin/id", "hostname": "web1.corp.example", "record": "1"}},
		{"NXLog's JSON in syslog", "text", `<14>Mar  4 05:06:08 ws1 nxlog: {"EventTime":"2026-03-04T05:06:07.123Z","Hostname":"ws1.corp.example","EventID":4688,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","SubjectUserName":"ann","SubjectDomainName":"CORP","SubjectLogonId":"0x3e7","NewProcessName":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentProcessName":"C:\\Program Files\\App\\app.exe"}`, process},
		{"EvtxECmd CSV", "windows-csv", "RecordNumber,EventRecordId,TimeCreated,EventId,Level,Provider,Channel,Computer,Payload\r\n" +
			`1,71,2026-03-04 05:06:07.1230000,1,Info,Microsoft-Windows-Sysmon,Microsoft-Windows-Sysmon/Operational,ws1.corp.example,"{""EventData"":{""Data"":[{""@Name"":""UtcTime"",""#text"":""2026-03-04 05:06:07.123""},{""@Name"":""Image"",""#text"":""C:\\Windows\\System32\\cmd.exe""},{""@Name"":""CommandLine"",""#text"":""cmd /c \""whoami & hostname\""""},{""@Name"":""ParentImage"",""#text"":""C:\\Program Files\\App\\app.exe""},{""@Name"":""User"",""#text"":""CORP\\ann""}]}}"` + "\r\n", sysmon},
		{"Event Viewer's CSV", "windows-csv", "\ufeffLevel,Date and Time,Source,Event ID,Task Category\r\n" +
			"Information,3/4/2026 5:06:07 AM,Microsoft-Windows-Sysmon,1,Process Create (rule: ProcessCreate),\"Process Create:\r\nRuleName: -\r\nUtcTime: 2026-03-04 05:06:07.123\r\nImage: C:\\Windows\\System32\\cmd.exe\r\nCommandLine: cmd /c \"\"whoami & hostname\"\"\r\nParentImage: C:\\Program Files\\App\\app.exe\r\nUser: CORP\\ann\"\r\n",
			with(without(sysmon, "Channel", "Computer"), "host", "", "time", "2026-03-04T05:06:07Z", "TaskCategory", "Process Create (rule: ProcessCreate)")},

		{"an alert of Wazuh", "windows-json", `{"timestamp":"2026-03-04T05:06:08.123+0000","rule":{"level":3,"description":"Sysmon 1","id":"61603"},"agent":{"id":"001","name":"ws1"},"manager":{"name":"wazuh"},"data":{"win":{"system":{"providerName":"Microsoft-Windows-Sysmon","eventID":"1","systemTime":"2026-03-04T05:06:07.1230000Z","eventRecordID":"71","processID":"2","channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws1.corp.example"},"eventdata":{"utcTime":"2026-03-04 05:06:07.123","image":"C:\\\\Windows\\\\System32\\\\cmd.exe","commandLine":"cmd /c \"whoami & hostname\"","parentImage":"C:\\\\Program Files\\\\App\\\\app.exe","user":"CORP\\\\ann"}}}}`,
			with(sysmon, "sources", "[windows/process_creation/sysmon alert/*/wazuh]", "host", "ws1", "name", "Sysmon 1", "severity", "3", "Execution_ProcessID", "2")},
		{"an event in Wazuh's archive", "windows-json", `{"timestamp":"2026-03-04T05:06:08.123+0000","agent":{"id":"001","name":"ws1"},"data":{"win":{"system":{"providerName":"Microsoft-Windows-Sysmon","eventID":"1","systemTime":"2026-03-04T05:06:07.1230000Z","channel":"Microsoft-Windows-Sysmon/Operational","computer":"ws1.corp.example"},"eventdata":{"utcTime":"2026-03-04 05:06:07.123","image":"C:\\\\Windows\\\\System32\\\\cmd.exe","commandLine":"cmd /c \"whoami & hostname\"","parentImage":"C:\\\\Program Files\\\\App\\\\app.exe","user":"CORP\\\\ann"}}}}`, sysmon},
		{"4688 of NXLog", "windows-json", `{"EventTime":"2026-03-04T05:06:07.123Z","Hostname":"ws1.corp.example","EventID":4688,"SourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","SubjectUserName":"ann","SubjectDomainName":"CORP","SubjectLogonId":"0x3e7","TargetUserName":"-","TargetDomainName":"-","TargetLogonId":"0x0","NewProcessName":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd /c \"whoami & hostname\"","ParentProcessName":"C:\\Program Files\\App\\app.exe"}`, process},
		{"4688 of Get-WinEvent", "windows-json", `{"Id":4688,"ProviderName":"Microsoft-Windows-Security-Auditing","LogName":"Security","MachineName":"ws1.corp.example","RecordId":7,"TimeCreated":"\/Date(1772600767123)\/","Message":"A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tann\r\n\tAccount Domain:\t\tCORP\r\n\tLogon ID:\t\t0x3e7\r\n\r\nTarget Subject:\r\n\tSecurity ID:\t\tS-1-0-0\r\n\tAccount Name:\t\t-\r\n\tAccount Domain:\t\t-\r\n\tLogon ID:\t\t0x0\r\n\r\nProcess Information:\r\n\tNew Process ID:\t\t0x1\r\n\tNew Process Name:\tC:\\Windows\\System32\\cmd.exe\r\n\tToken Elevation Type:\t%%1938\r\n\tCreator Process Name:\tC:\\Program Files\\App\\app.exe\r\n\tProcess Command Line:\tcmd /c \"whoami & hostname\"\r\n\r\nToken Elevation Type indicates the type of token."}`, process},
		{"4688 of Splunk", "windows-json", `{"_time":"2026-03-04T05:06:07.123+00:00","LogName":"Security","EventCode":"4688","ComputerName":"ws1.corp.example","SourceName":"Microsoft Windows security auditing.","RecordNumber":"7","Message":"A new process has been created.\n\nCreator Subject:\n\tAccount Name:\t\tann\n\tAccount Domain:\t\tCORP\n\tLogon ID:\t\t0x3e7\n\nProcess Information:\n\tNew Process Name:\tC:\\Windows\\System32\\cmd.exe\n\tCreator Process Name:\tC:\\Program Files\\App\\app.exe\n\tProcess Command Line:\tcmd /c \"whoami & hostname\"\n"}`, process},
		{"4688 of Splunk's classic input", "windows-text", "03/04/2026 05:06:07 AM\nLogName=Security\nSourceName=Microsoft Windows security auditing.\nEventCode=4688\nEventType=0\nComputerName=ws1.corp.example\nRecordNumber=7\nMessage=A new process has been created.\n\nCreator Subject:\n\tAccount Name:\t\tann\n\tAccount Domain:\t\tCORP\n\tLogon ID:\t\t0x3e7\n\nProcess Information:\n\tNew Process Name:\tC:\\Windows\\System32\\cmd.exe\n\tCreator Process Name:\tC:\\Program Files\\App\\app.exe\n\tProcess Command Line:\tcmd /c \"whoami & hostname\"\n\n",
			with(process, "time", "2026-03-04T05:06:07Z", "EventRecordID", "7")},
		{"Sysmon by wevtutil", "windows-text", "Event[0]:\r\n  Log Name: Microsoft-Windows-Sysmon/Operational\r\n  Source: Microsoft-Windows-Sysmon\r\n  Date: 2026-03-04T05:06:07.123\r\n  Event ID: 1\r\n  Task: Process Create\r\n  Level: Information\r\n  User: S-1-5-18\r\n  Computer: ws1.corp.example\r\n  Description: \r\nProcess Create:\r\nRuleName: -\r\nUtcTime: 2026-03-04 05:06:07.123\r\nImage: C:\\Windows\\System32\\cmd.exe\r\nCommandLine: cmd /c \"whoami & hostname\"\r\nParentImage: C:\\Program Files\\App\\app.exe\r\nUser: CORP\\ann\r\n\r\n",
			with(sysmon, "Level", "Information", "Security_UserID", "S-1-5-18")},
		{"4688 of Winlogbeat's security module", "windows-json", `{"@timestamp":"2026-03-04T05:06:07.123Z","winlog":{"event_id":4688,"channel":"Security","provider_name":"Microsoft-Windows-Security-Auditing","computer_name":"ws1.corp.example","event_data":{"SubjectUserName":"ann","SubjectDomainName":"CORP","SubjectLogonId":"0x3e7"}},"process":{"executable":"C:\\Windows\\System32\\cmd.exe","command_line":"cmd /c \"whoami & hostname\"","parent":{"executable":"C:\\Program Files\\App\\app.exe"}}}`, process},

		{"a registry value by Security 4657", "windows-json", `{"EventTime":"2026-03-04T05:06:07Z","Hostname":"ws1","EventID":4657,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","ObjectName":"\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\x","ObjectValueName":"Start","OperationType":"%%1905","NewValueType":"%%1876","NewValue":"4","ProcessName":"C:\\a.exe"}`,
			map[string]string{"sources": "[windows/registry_set/security windows/registry_event/security]", "TargetObject": `HKLM\System\CurrentControlSet\Services\x\Start`, "Details": "DWORD (0x00000004)", "EventType": "SetValue", "Image": `C:\a.exe`}},
		{"Sysmon 12, a key made", "windows-json", `{"EventID":12,"Channel":"Microsoft-Windows-Sysmon/Operational","EventType":"CreateKey","TargetObject":"HKLM\\x"}`,
			map[string]string{"sources": "[windows/registry_add/sysmon windows/registry_event/sysmon]"}},
		{"Sysmon 12, a value deleted", "windows-json", `{"EventID":12,"Channel":"Microsoft-Windows-Sysmon/Operational","EventType":"DeleteValue"}`,
			map[string]string{"sources": "[windows/registry_delete/sysmon windows/registry_event/sysmon]"}},
		{"Defender", "windows-json", `{"EventID":1116,"Channel":"Microsoft-Windows-Windows Defender/Operational","Threat Name":"Backdoor:x","Path":"file:_C:\\x"}`,
			map[string]string{"sources": "[windows/antivirus/windefend]", "Threat Name": "Backdoor:x", "ThreatName": "Backdoor:x", "Signature": "Backdoor:x", "Filename": `file:_C:\x`}},
		{"a log cleared", "windows-xml", `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Eventlog'/><EventID>104</EventID><Channel>System</Channel><Computer>dc1</Computer></System><UserData><LogFileCleared xmlns='x'><SubjectUserName>ann</SubjectUserName><Channel>Application</Channel><BackupPath></BackupPath></LogFileCleared></UserData></Event>`,
			map[string]string{"sources": "[windows/*/system]", "Channel": "System", "EventData_Channel": "Application", "SubjectUserName": "ann"}},
		{"script block", "windows-json", `{"EventID":4104,"Channel":"Microsoft-Windows-PowerShell/Operational","Message":"Creating Scriptblock text (1 of 1):\r\nGet-Item x\r\n\r\nScriptBlock ID: 12\r\nPath: C:\\x.ps1"}`,
			map[string]string{"sources": "[windows/ps_script/powershell]", "ScriptBlockText": "Get-Item x", "ScriptBlockId": "12", "Path": `C:\x.ps1`}},
		{"Sysmon for Linux", "windows-xml", `<Event><System><Provider Name="Linux-Sysmon"/><EventID>1</EventID><TimeCreated SystemTime="2026-03-04T05:06:07.1Z"/><Channel>Linux-Sysmon/Operational</Channel><Computer>web1</Computer><Security UserId="0"/></System><EventData><Data Name="Image">/bin/sh</Data></EventData></Event>`,
			map[string]string{"sources": "[linux/process_creation/sysmon]", "Image": "/bin/sh", "Security_UserID": "0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := 0
			format := decodeDetected(t, c.in, len(c.in), Options{}, func(ev *tocsin.Event) {
				n++
				if ev.Fault != nil {
					t.Error(ev.Fault)
				}
				got := map[string]string{}
				for k := range c.want {
					switch k {
					case "sources":
						got[k] = fmt.Sprint(ev.Sources)
					case "time":
						got[k] = ev.Time.Format(time.RFC3339Nano)
					case "sensor":
						got[k] = ev.Sensor.Format(time.RFC3339Nano)
					case "host":
						got[k] = ev.Host
					case "record":
						got[k] = fmt.Sprint(ev.Record)
					default:
						if v, ok := ev.Value(k); ok {
							got[k] = v
						}
					}
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s\nof %+v", diff, ev.Fields)
				}
			})
			if n != 1 {
				t.Errorf("%d events, want 1", n)
			}
			want := c.format
			if want == "windows-json" {
				want = "json"
			}
			if format != want {
				t.Errorf("recognised as %q, want %q", format, want)
			}
		})
	}
}

// with returns m with more keys and values.
func with(m map[string]string, more ...string) map[string]string {
	c := map[string]string{}
	for k, v := range m {
		c[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		c[more[i]] = more[i+1]
	}
	return c
}

// Records that only look like those of Windows are left to other kinds.
func TestNotWindows(t *testing.T) {
	for _, in := range []string{
		`{"event_id":"a1b2","channel":"general","user":"ann"}`,
		`{"Id":7,"Message":"hello"}`,
		`{"event":{"code":"302013","provider":"firewall"},"message":"Built outbound TCP connection"}`,
		`{"eventVersion":"1.08","eventID":"0a-1","eventSource":"s3.amazonaws.com"}`,
		`{"message":"<b>Event</b>"}`,
	} {
		decodeDetected(t, in, len(in), Options{}, func(ev *tocsin.Event) {
			if strings.HasPrefix(ev.Format, "windows") {
				t.Errorf("%s taken for %s", in, ev.Format)
			}
		})
	}
	for _, in := range []string{
		"Timestamp,RuleTitle,Level,Computer,Channel,EventID\n2026-03-04,x,high,ws1,Sec,4688\n",
		"time,name,ip\n1,x,192.0.2.1\n",
		"<Events><Eventually/></Events>",
	} {
		if f, ok := Detect("x", []byte(in)); ok && strings.HasPrefix(f.Name, "windows") {
			t.Errorf("%q taken for %s", in, f.Name)
		}
	}
}

// Streams give the same events wherever they are cut, and one damaged event costs only itself.
func TestWindowsStreams(t *testing.T) {
	event := func(id int, rest string) string {
		return fmt.Sprintf("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>\n<System><EventID>%d</EventID><EventRecordID>%d</EventRecordID><Channel>Security</Channel></System>%s", id, id, rest)
	}
	xml := "<Events>" + event(1, "</Event>") + event(2, "<EventData>") + event(3, "</Event>") + "\n" + event(4, "<EventData><Data>x</EventData></Event>") + event(5, "</Event>") + "</Events>" + event(6, "")
	csv := "EventID,Channel,Message\n1,Security,\"a\nb\"\n\n2,Security,\"say \"\"x\"\"\"\n3,Security,c"
	splunk := func(id int) string {
		return fmt.Sprintf("03/04/2026 05:06:07 AM\nLogName=Security\nEventCode=%d\nMessage=a\nLogName\n\n", id)
	}
	wevtutil := func(id int) string {
		return fmt.Sprintf("Event[%d]:\n  Log Name: Security\n  Event ID: %d\n  Description: \na Event[\n\n", id, id)
	}
	for _, c := range []struct{ in, want string }{
		{splunk(1) + splunk(2) + splunk(3), "1 2 3"},
		{wevtutil(1) + wevtutil(2) + wevtutil(3), "1 2 3"},
		{xml, "1 2:cut 3 4:not the XML 5 6:cut"},
		{csv, "1 2 3"},
	} {
		for _, block := range []int{1, 7, 64, 1 << 20} {
			var got []string
			decodeDetected(t, c.in, block, Options{}, func(ev *tocsin.Event) {
				s := strings.Clone(ev.Text("EventID"))
				switch {
				case ev.Fault != nil && strings.Contains(ev.Fault.Err.Error(), "cut off"):
					s = fmt.Sprint(len(got)+1) + ":cut"
				case ev.Fault != nil:
					s += ":not the XML"
				}
				got = append(got, s)
			})
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("blocks of %d: (-want +got)\n%s", block, diff)
			}
		}
	}
}

// Lines of JSON whose members are all called as columns are still JSON.
func TestJSONIsNoTable(t *testing.T) {
	in := strings.Repeat(`{"SourceName":"a","Hostname":"b","Level":"c","EventID":"d","Message":"e"}`+"\n", 3)
	if f, ok := Detect("x", []byte(in)); !ok || f.Name != "json" {
		t.Errorf("recognised as %q", f.Name)
	}
}
