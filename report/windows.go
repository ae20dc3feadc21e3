package report

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// windowsParts returns what to show of a Windows event: by its channel, or where that is not said by its provider.
func windowsParts(ev *tocsin.Event, id string) []part {
	log := ev.Text("Channel")
	if log == "" {
		if log = ev.Text("Provider_Name"); log == "" {
			log = ev.Text("SourceName")
		}
	}
	switch {
	case log == "" && ev.Text("UtcTime") != "", strings.Contains(log, "Sysmon"):
		return sysmonParts[id]
	case log == "", strings.EqualFold(log, "Security"), strings.HasPrefix(log, "Microsoft-Windows-Security-Auditing"), log == "Microsoft-Windows-Eventlog":
		return securityParts[id]
	case strings.EqualFold(log, "System"), log == "Service Control Manager":
		return systemParts[id]
	case strings.Contains(log, "PowerShell"):
		return powershellParts[id]
	case strings.Contains(log, "Windows Defender"):
		return defenderParts
	case log == "ForwardedEvents":
		for _, t := range [...]map[string][]part{securityParts, systemParts, powershellParts} {
			if p, ok := t[id]; ok {
				return p
			}
		}
	}
	for _, o := range otherLogs {
		if strings.Contains(log, o.log) && (o.ids == "" || strings.Contains(o.ids, " "+id+" ")) {
			return o.parts
		}
	}
	return nil
}

var (
	subject    = part{"By", `SubjectDomainName\SubjectUserName`, nil}
	actor      = part{"User", `SubjectDomainName\SubjectUserName`, nil}
	target     = part{"User", `TargetDomainName\TargetUserName`, nil}
	from       = part{"Src", "IpAddress:IpPort", nil}
	account    = []part{{"User", `TargetDomainName\TargetUserName`, nil}, {"SID", "TargetSid", nil}, subject, {"UAC", "UserAccountControl", percentCodes}}
	group      = []part{{"Member", "MemberName", nil}, {"SID", "MemberSid", sidWords}, {"Group", `TargetDomainName\TargetUserName`, nil}, subject}
	task       = []part{{"Task", "TaskName", nil}, {"Runs", "TaskContent|TaskContentNew", taskCommand}, actor}
	object     = []part{{"Object", "ObjectName", nil}, {"Kind", "ObjectType", nil}, {"Access", "AccessList|AccessMask", accessWords}, {"Proc", "ProcessName", nil}, actor}
	shares     = []part{{"Share", "ShareName", nil}, {"File", "RelativeTargetName", nil}, {"Path", "ShareLocalPath", nil}, {"Access", "AccessList|AccessMask", accessWords}, actor, from}
	privilege  = []part{{"Privileges", "PrivilegeList", spaces}, {"Service", "Service", nil}, {"Proc", "ProcessName", nil}, actor}
	directory  = []part{{"Object", "ObjectDN", nil}, {"Class", "ObjectClass", nil}, {"Attribute", "AttributeLDAPDisplayName", nil}, {"Value", "AttributeValue", nil}, {"Op", "OperationType", percentCodes}, subject}
	filter     = []part{{"Proc", "Application", nil}, {"Direction", "Direction", percentCodes}, {"Src", "SourceAddress:SourcePort", nil}, {"Dst", "DestAddress:DestPort", nil}, {"Proto", "Protocol", protocol}}
	sysmonUser = part{"User", "User", nil}
	sysmonProc = part{"Proc", "Image", nil}
	registry   = []part{{"Key", "TargetObject", nil}, {"Value", "Details", nil}, {"New name", "NewName", nil}, {"Op", "EventType", nil}, sysmonProc, sysmonUser}
	fileParts  = []part{{"File", "TargetFilename", nil}, sysmonProc, sysmonUser, {"Hash", "Hashes|Hash", nil}, {"Zone", "Contents", spaces}}
	wmi        = []part{{"Op", "Operation", nil}, {"Name", "Name", nil}, {"Query", "Query", nil}, {"Type", "Type", nil}, {"Runs", "Destination", nil}, {"Consumer", "Consumer", nil}, {"Filter", "Filter", nil}, sysmonUser}
)

// securityParts is by event id of the Security log:
// https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-10/security/threat-protection/auditing/security-auditing-overview
var securityParts = map[string][]part{
	"1102": {actor, {"Note", "EventID", func(string) string { return "the audit log was cleared" }}},
	"4616": {{"New time", "NewTime", nil}, {"Old time", "PreviousTime", nil}, actor, {"Proc", "ProcessName", nil}},
	"4624": {target, {"Type", "LogonType", logonType}, from, {"Wks", "WorkstationName", nil}, {"Auth", "AuthenticationPackageName", nil}, {"NTLM", "LmPackageName", nil}, {"Proc", "ProcessName", nil}, subject, {"LID", "TargetLogonId", nil}},
	"4625": {target, {"Reason", "SubStatus|Status|FailureReason", ntFailure}, {"Type", "LogonType", logonType}, from, {"Wks", "WorkstationName", nil}, {"Auth", "AuthenticationPackageName", nil}, {"Proc", "ProcessName", nil}},
	"4634": {target, {"Type", "LogonType", logonType}, {"LID", "TargetLogonId", nil}},
	"4647": {target, {"LID", "TargetLogonId", nil}},
	"4648": {actor, {"As", `TargetDomainName\TargetUserName`, nil}, {"On", "TargetServerName", nil}, {"Proc", "ProcessName", nil}, from},
	"4649": {target, {"Service", "RequestType", nil}, {"Wks", "WorkstationName", nil}},
	"4656": object, "4658": object, "4660": object, "4661": object, "4663": object, "4670": object,
	"4657": {{"Key", "ObjectName", nil}, {"Value", "ObjectValueName", nil}, {"New", "NewValue", nil}, {"Old", "OldValue", nil}, {"Op", "OperationType", percentCodes}, {"Proc", "ProcessName", nil}, actor},
	"4662": {{"Object", "ObjectName", nil}, {"Kind", "ObjectType", nil}, {"Access", "AccessList|AccessMask", accessWords}, {"Properties", "Properties", directoryRights}, actor},
	"4672": privilege, "4673": privilege, "4674": privilege, "4703": {target, {"Enabled", "EnabledPrivilegeList", spaces}, {"Proc", "ProcessName", nil}, subject},
	"4688": {{"Cmd", "CommandLine", nil}, {"Proc", "NewProcessName|Image", nil}, {"User", `TargetDomainName\TargetUserName|SubjectDomainName\SubjectUserName`, nil}, {"Parent", "ParentProcessName|ParentImage", nil}, {"PID", "NewProcessId", decimal}, {"Elevation", "TokenElevationType", percentCodes}, {"Integrity", "MandatoryLabel", sidWords}},
	"4689": {{"Proc", "ProcessName", nil}, actor, {"Exit", "Status", nil}},
	"4692": {actor, {"Key", "MasterKeyId", nil}}, "4693": {actor, {"Key", "MasterKeyId", nil}},
	"4697": {{"Service", "ServiceName", nil}, {"Path", "ServiceFileName", nil}, {"Type", "ServiceType", serviceType}, {"Start", "ServiceStartType", serviceStart}, {"Account", "ServiceAccount", nil}, actor},
	"4698": task, "4699": task, "4700": task, "4701": task, "4702": task,
	"4704": {{"Right", "PrivilegeList", spaces}, {"For", "TargetSid", sidWords}, subject}, "4705": {{"Right", "PrivilegeList", spaces}, {"For", "TargetSid", sidWords}, subject},
	"4717": {{"Right", "AccessGranted", nil}, {"For", "TargetSid", sidWords}, subject},
	"4719": {{"Policy", "SubcategoryId|CategoryId", percentCodes}, {"GUID", "SubcategoryGuid", nil}, {"Change", "AuditPolicyChanges", percentCodes}, subject},
	"4720": account, "4722": account, "4723": account, "4724": account, "4725": account, "4726": account, "4738": account,
	"4741": account, "4742": account, "4743": account, "4767": account, "4794": {actor, {"Wks", "Workstation", nil}, {"Status", "Status", ntStatus}},
	"4740": {target, {"Caller", "TargetDomainName", nil}, subject},
	"4727": group, "4728": group, "4729": group, "4730": group, "4731": group, "4732": group, "4733": group, "4734": group,
	"4735": group, "4737": group, "4754": group, "4755": group, "4756": group, "4757": group, "4758": group,
	"4764": group, "4765": account, "4766": account,
	"4768": {target, {"Result", "Status", kerberos}, {"Enc", "TicketEncryptionType", encryption}, {"Preauth", "PreAuthType", preAuth}, from, {"Options", "TicketOptions", ticketOptions}},
	"4769": {target, {"Service", "ServiceName", nil}, {"Result", "Status", kerberos}, {"Enc", "TicketEncryptionType", encryption}, from, {"Options", "TicketOptions", ticketOptions}},
	"4770": {target, {"Service", "ServiceName", nil}, {"Enc", "TicketEncryptionType", encryption}, from},
	"4771": {target, {"Reason", "Status|FailureCode", kerberos}, {"Preauth", "PreAuthType", preAuth}, {"Service", "ServiceName", nil}, from},
	"4776": {{"User", "TargetUserName", nil}, {"Result", "Status", ntStatus}, {"Wks", "Workstation", nil}, {"Package", "PackageName", nil}},
	"4778": {{"User", `AccountDomain\AccountName`, nil}, {"Client", "ClientName", nil}, {"Src", "ClientAddress", nil}, {"Session", "SessionName", nil}},
	"4779": {{"User", `AccountDomain\AccountName`, nil}, {"Client", "ClientName", nil}, {"Src", "ClientAddress", nil}, {"Session", "SessionName", nil}},
	"4781": {{"Old", "OldTargetUserName", nil}, {"New", "NewTargetUserName", nil}, {"Domain", "TargetDomainName", nil}, subject},
	"4798": {{"User", `TargetDomainName\TargetUserName`, nil}, subject, {"Proc", "CallerProcessName", nil}},
	"4799": {{"Group", `TargetDomainName\TargetUserName`, nil}, subject, {"Proc", "CallerProcessName", nil}},
	"4886": {{"Requester", "Requester", nil}, {"Template", "Attributes|CertificateTemplate", nil}}, "4887": {{"Requester", "Requester", nil}, {"Subject", "Subject", nil}, {"Template", "Attributes|CertificateTemplate", nil}},
	"4946": {{"Rule", "RuleName", nil}, {"Profile", "ProfileChanged", nil}}, "4947": {{"Rule", "RuleName", nil}}, "4948": {{"Rule", "RuleName", nil}},
	"5136": directory, "5137": directory, "5138": directory, "5139": directory, "5141": directory,
	"5140": shares, "5142": shares, "5143": shares, "5144": shares, "5145": shares,
	"5152": filter, "5154": filter, "5156": filter, "5157": filter, "5158": filter,
	"5379": {{"Target", "TargetName", nil}, {"Read", "CountOfCredentialsReturned", nil}, actor},
	"5447": {{"Filter", "FilterName", nil}, {"Change", "ChangeType", percentCodes}, {"Proc", "ProcessId", nil}},
	"6416": {{"Device", "DeviceDescription", nil}, {"Id", "DeviceId", nil}, {"Class", "ClassName", nil}, actor},
}

var systemParts = map[string][]part{
	"104":   {{"Log", "Channel", nil}, {"User", `SubjectDomainName\SubjectUserName`, nil}, {"Note", "EventID", func(string) string { return "a log was cleared" }}},
	"1074":  {{"Proc", "param1", nil}, {"Why", "param3", nil}, {"Action", "param5", nil}, {"User", "param7", nil}},
	"7030":  {{"Service", "param1", nil}},
	"7034":  {{"Service", "param1", nil}, {"Times", "param2", nil}},
	"7036":  {{"Service", "param1", nil}, {"State", "param2", nil}},
	"7040":  {{"Service", "param1", nil}, {"Old", "param2", nil}, {"New", "param3", nil}},
	"7045":  {{"Service", "ServiceName", nil}, {"Path", "ImagePath", nil}, {"Type", "ServiceType", serviceType}, {"Start", "StartType", serviceStart}, {"Account", "AccountName", nil}},
	"16962": {{"Client", "RemoteSam", nil}},
	"20001": {{"Device", "DeviceInstanceID", nil}, {"Driver", "DriverName", nil}},
}

var powershellParts = map[string][]part{
	"400":  {{"Host", "HostApplication|Data", nil}, {"Version", "EngineVersion", nil}},
	"600":  {{"Provider", "ProviderName", nil}, {"Host", "HostApplication|Data", nil}},
	"800":  {{"Details", "Payload|Details|Data|param1", nil}, {"User", "UserId", nil}},
	"4103": {{"Payload", "Payload", nil}, {"Context", "ContextInfo", brief}},
	"4104": {{"Script", "ScriptBlockText", nil}, {"Path", "Path", nil}, {"Part", "MessageNumber", nil}, {"Of", "MessageTotal", nil}},
}

var defenderParts = []part{
	{"Threat", "Threat Name|ThreatName|Signature", nil}, {"Severity", "Severity Name|SeverityName", nil}, {"Type", "Category Name|CategoryName", nil},
	{"User", "Detection User|DetectionUser|User", nil}, {"Path", "Path", nil}, {"Proc", "Process Name|ProcessName", nil},
	{"Action", "Action Name|ActionName", nil}, {"New", "New Value|NewValue", nil}, {"Old", "Old Value|OldValue", nil},
}

// sysmonParts is by event id: https://learn.microsoft.com/en-us/sysinternals/downloads/sysmon#events
var sysmonParts = map[string][]part{
	"1":  {{"Cmd", "CommandLine", nil}, sysmonProc, sysmonUser, {"Parent", "ParentCommandLine|ParentImage", nil}, {"PID", "ProcessId", decimal}, {"Integrity", "IntegrityLevel", sidWords}, {"Original name", "OriginalFileName", nil}, {"Dir", "CurrentDirectory", nil}, {"Hash", "Hashes", nil}},
	"2":  {{"File", "TargetFilename", nil}, {"New", "CreationUtcTime", nil}, {"Old", "PreviousCreationUtcTime", nil}, sysmonProc, sysmonUser},
	"3":  {sysmonProc, {"Proto", "Protocol", nil}, {"Src", "SourceIp:SourcePort", nil}, {"Dst", "DestinationIp:DestinationPort", nil}, {"Name", "DestinationHostname", nil}, sysmonUser, {"Initiated", "Initiated", nil}},
	"4":  {{"State", "State", nil}},
	"5":  {sysmonProc, {"PID", "ProcessId", decimal}, sysmonUser},
	"6":  {{"Driver", "ImageLoaded", nil}, {"Signed", "Signed", nil}, {"By", "Signature", nil}, {"Status", "SignatureStatus", nil}, {"Hash", "Hashes", nil}},
	"7":  {{"Image", "ImageLoaded", nil}, {"Into", "Image", nil}, {"Signed", "Signed", nil}, {"By", "Signature", nil}, {"Original name", "OriginalFileName", nil}, sysmonUser, {"Hash", "Hashes", nil}},
	"8":  {{"Src", "SourceImage", nil}, {"Target", "TargetImage", nil}, {"Function", "StartFunction", nil}, {"Module", "StartModule", nil}, {"User", "SourceUser", nil}},
	"9":  {sysmonProc, {"Device", "Device", nil}, sysmonUser},
	"10": {{"Src", "SourceImage", nil}, {"Target", "TargetImage", nil}, {"Access", "GrantedAccess", processAccess}, {"User", "SourceUser", nil}, {"Trace", "CallTrace", brief}},
	"11": fileParts, "12": registry, "13": registry, "14": registry, "15": fileParts,
	"16": {{"Config", "Configuration", nil}, {"Hash", "ConfigurationFileHash", nil}},
	"17": {{"Pipe", "PipeName", nil}, sysmonProc, sysmonUser, {"Op", "EventType", nil}}, "18": {{"Pipe", "PipeName", nil}, sysmonProc, sysmonUser, {"Op", "EventType", nil}},
	"19": wmi, "20": wmi, "21": wmi,
	"22": {{"Query", "QueryName", nil}, {"Answer", "QueryResults", nil}, {"Status", "QueryStatus", nil}, sysmonProc, sysmonUser},
	"23": fileParts, "24": {sysmonProc, {"Client", "ClientInfo", nil}, {"Hash", "Hashes", nil}},
	"25": {sysmonProc, {"Type", "Type", nil}, sysmonUser},
	"26": fileParts, "27": fileParts, "28": fileParts, "29": fileParts,
	"255": {{"Error", "Description", nil}, {"Id", "ID", nil}},
}

// otherLogs are channels (by a part of their name) whose events are shown alike; ids set apart by spaces, or all.
var otherLogs = [...]struct {
	log, ids string
	parts    []part
}{
	{"TerminalServices-RemoteConnectionManager", " 1149 ", []part{{"User", `Param2\Param1`, nil}, {"Src", "Param3", nil}}},
	{"TerminalServices-RemoteConnectionManager", "", []part{{"Listener", "listenerName", nil}}},
	{"RdpCoreTS", " 131 140 ", []part{{"Src", "ClientIP|IPString", nil}, {"Proto", "ConnType", nil}}},
	{"TerminalServices-LocalSessionManager", "", []part{{"User", "User", nil}, {"Src", "Address", nil}, {"Session", "SessionID|Session", nil}}},
	{"TerminalServices-RDPClient", "", []part{{"To", "Value", nil}, {"Name", "Name", nil}}},
	{"TaskScheduler", "", []part{{"Task", "TaskName|Name", nil}, {"Runs", "ActionName|Path", nil}, {"User", "UserContext|UserName", nil}, {"Result", "ResultCode", nil}}},
	{"Bits-Client", "", []part{{"Job", "jobTitle|name|Name|JobTitle", nil}, {"URL", "url|RemoteName", nil}, {"File", "LocalName", nil}, {"Owner", "jobOwner|User|owner", nil}, {"Proc", "processPath", nil}}},
	{"WMI-Activity", "", []part{{"Provider", "ProviderName", nil}, {"Path", "ProviderPath", nil}, {"Query", "Query|query", nil}, {"Op", "Operation", nil}, {"Consumer", "CONSUMER|Consumer", nil}, {"User", "User", nil}, {"Client", "ClientMachine", nil}, {"Result", "ResultCode", nil}}},
	{"AppLocker", "", []part{{"File", "FullFilePath|FilePath", nil}, {"User", "TargetUser", sidWords}, {"Policy", "PolicyName", nil}, {"Rule", "RuleName", nil}}},
	{"CodeIntegrity", "", []part{{"File", "FileNameBuffer|File Name|FileName", nil}, {"Proc", "ProcessNameBuffer|Process Name|ProcessName", nil}}},
	{"Windows Firewall", "", []part{{"Rule", "RuleName", nil}, {"Program", "ApplicationPath", nil}, {"By", "ModifyingApplication", nil}, {"Action", "Action", nil}, {"Direction", "Direction", nil}}},
	{"NTLM", "", []part{{"User", `DomainName\UserName|ClientDomainName\ClientUserName`, nil}, {"Target", "TargetName|SChannelName", nil}, {"Wks", "WorkstationName|Workstation", nil}, {"Proc", "ProcessName|ClientProcessName", nil}}},
	{"DNS-Client", "", []part{{"Query", "QueryName", nil}, {"Answer", "QueryResults", nil}}},
	{"DNS Server", "", []part{{"Setting", "param1", nil}, {"Value", "param2|param3", nil}}},
	{"PrintService", "", []part{{"Driver", "param1|UserData.Param1", nil}, {"Module", "param2|ModulePath", nil}, {"Error", "param3|ErrorCode", nil}}},
	{"WinRM", "", []part{{"Connection", "connection", nil}, {"Operation", "operationName|resourceUri", nil}, {"User", "username", nil}}},
	{"DriverFrameworks", "", []part{{"Device", "InstanceId|instance", nil}}},
	{"SMB", "", []part{{"Server", "ServerName", nil}, {"Share", "ShareName", nil}, {"User", "UserName", nil}, {"Client", "ClientName", nil}}},
}
