package decode

import (
	"strings"

	"github.com/tocsin-ids/tocsin"
)

// Some exports have an event's values only in its rendered text (Event Viewer's CSV, Splunk's classic input,
// Get-WinEvent, syslog agents). The text is made from the same values, so they can be had back: Sysmon's lines name
// them as they are called, Windows' labels are those of its message tables in English.

// fromMessage appends the fields that the rendered text of an event tells, if the event does not have them.
func fromMessage(ev *tocsin.Event, service, msg string, id uint32) {
	switch service {
	case "sysmon":
		if _, ok := ev.Value("UtcTime"); !ok {
			sysmonMessage(ev, msg)
		}
	case "security":
		if !hasAny(ev, "SubjectUserName", "SubjectUserSid", "TargetUserName", "SubjectLogonId", "Application", "ProcessName") {
			labels(ev, msg, securityLabels)
		}
	case "system":
		if id == 7045 && !hasAny(ev, "ImagePath", "ServiceName") {
			labels(ev, msg, serviceLabels)
		}
	case "powershell":
		if !hasAny(ev, "ScriptBlockText", "Payload", "ContextInfo") {
			powershellMessage(ev, msg, id)
		}
	case "powershell-classic":
		if !hasAny(ev, "Data") {
			ev.Add("Data", msg)
		}
	}
}

func hasAny(ev *tocsin.Event, names ...string) bool {
	for i := range ev.Fields {
		for _, n := range names {
			if ev.Fields[i].Name == n {
				return true
			}
		}
	}
	return false
}

// nextLine cuts the first line off s and tells where the next one begins in s.
func nextLine(s string) (line string, next int) {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return strings.TrimSuffix(s[:i], "\r"), i + 1
	}
	return s, len(s)
}

// sysmonMessage reads lines of "Name: value".
func sysmonMessage(ev *tocsin.Event, msg string) {
	_, next := nextLine(msg)
	for rest := msg[next:]; len(rest) > 0 && len(ev.Fields) < maxFields; {
		line, next := nextLine(rest)
		rest = rest[next:]
		name, value, ok := strings.Cut(line, ": ")
		if ok && isWord(name) {
			ev.Add(name, value)
		}
	}
}

// isWord says that s is a field's name, not text.
func isWord(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}

// powershellMessage reads the texts of module logging (4103) and script block logging (4104).
func powershellMessage(ev *tocsin.Event, msg string, id uint32) {
	switch id {
	case 4103:
		if at := strings.Index(msg, "Context:"); at >= 0 {
			ev.Add("Payload", strings.TrimSpace(msg[:at]))
			ev.Add("ContextInfo", strings.TrimSpace(msg[at+len("Context:"):]))
		}
	case 4104:
		_, text, ok := strings.Cut(msg, "):")
		at := strings.LastIndex(text, "ScriptBlock ID:")
		if !ok || at < 0 {
			return
		}
		ev.Add("ScriptBlockText", strings.TrimSpace(text[:at]))
		block, path, _ := strings.Cut(text[at+len("ScriptBlock ID:"):], "Path:")
		ev.Add("ScriptBlockId", strings.TrimSpace(block))
		ev.Add("Path", strings.TrimSpace(path))
	}
}

// labels reads lines of "Label: value", some of them under the name of a section. A value goes on over the lines that
// follow until one is empty or has a label.
func labels(ev *tocsin.Event, msg string, names map[string]string) {
	section, name := "", ""
	from, to := 0, 0 // of the value that belongs to name
	end := func() {
		if name != "" && len(ev.Fields) < maxFields {
			ev.Add(name, strings.TrimSpace(strings.TrimLeft(msg[from:to], ":")))
		}
		name = ""
	}
	for pos := 0; pos < len(msg); {
		line, next := nextLine(msg[pos:])
		start := pos
		pos += next
		label, v, ok := strings.Cut(line, ":")
		colon := 1
		if !ok {
			if label, v, ok = strings.Cut(line, "："); ok {
				colon = len("：")
			}
		}
		word := strings.TrimSpace(label)
		field, known := names[word]
		if !known && ok && len(label) < 128 {
			word = englishLabel(label)
			field, known = names[word]
		}
		switch {
		case strings.TrimSpace(line) == "":
			end()
		case ok && known:
			end()
			name, from, to = field, start+len(label)+colon, pos
			if field[0] == '*' {
				name = ""
				if prefix, ok := sections[section]; ok {
					name = prefix + field[1:]
				}
				if n, ok := memberNames[name]; ok {
					name = n
				}
			}
		case ok && strings.TrimSpace(v) == "" && line[0] != ' ' && line[0] != '\t':
			end()
			section = word
		default:
			to = pos
		}
	}
	end()
}

// sections are what the parts of a Security event call the account that they are about.
var sections = map[string]string{
	"Subject": "Subject", "Creator Subject": "Subject",
	"New Logon": "Target", "Target Subject": "Target", "Target Account": "Target", "New Account": "Target",
	"Account For Which Logon Failed": "Target", "Account Whose Credentials Were Used": "Target", "Account Information": "Target",
	"Account That Was Locked Out": "Target", "User": "Target", "Group": "Target", "New Group": "Target", "Deleted Group": "Target",
	"Member": "Member", "New Computer Account": "Target", "Computer Account That Was Changed": "Target",
}

// memberNames are the exceptions to a section's prefix and a label's name.
var memberNames = map[string]string{"MemberUserName": "MemberName", "MemberUserSid": "MemberSid"}

// serviceLabels are the labels of "A service was installed in the system".
var serviceLabels = map[string]string{
	"Service Name": "ServiceName", "Service File Name": "ImagePath", "Service Type": "ServiceType",
	"Service Start Type": "StartType", "Service Account": "AccountName",
}

// securityLabels are the labels of Microsoft-Windows-Security-Auditing; those with an asterisk mean the account of
// their section.
var securityLabels = map[string]string{
	"Security ID": "*UserSid", "Account Name": "*UserName", "Account Domain": "*DomainName", "Logon ID": "*LogonId",
	"Group Name": "TargetUserName", "Group Domain": "TargetDomainName",

	"Logon Type": "LogonType", "Logon Process": "LogonProcessName", "Authentication Package": "AuthenticationPackageName",
	"Package Name (NTLM only)": "LmPackageName", "Key Length": "KeyLength", "Logon GUID": "LogonGuid",
	"Impersonation Level": "ImpersonationLevel", "Elevated Token": "ElevatedToken", "Restricted Admin Mode": "RestrictedAdminMode",
	"Workstation Name": "WorkstationName", "Source Workstation": "Workstation", "Logon Account": "TargetUserName",
	"Source Network Address": "IpAddress", "Client Address": "IpAddress", "Source Port": "IpPort", "Client Port": "IpPort",
	"Failure Reason": "FailureReason", "Status": "Status", "Sub Status": "SubStatus", "Failure Code": "Status", "Error Code": "Status",
	"Target Server Name": "TargetServerName", "Caller Computer Name": "TargetDomainName", "Privileges": "PrivilegeList",

	"New Process ID": "NewProcessId", "New Process Name": "NewProcessName", "Creator Process ID": "ProcessId",
	"Creator Process Name": "ParentProcessName", "Process Command Line": "CommandLine", "Token Elevation Type": "TokenElevationType",
	"Mandatory Label": "MandatoryLabel", "Process ID": "ProcessId", "Process Name": "ProcessName", "Caller Process ID": "ProcessId",
	"Caller Process Name": "ProcessName", "Application Name": "Application",

	"Object Server": "ObjectServer", "Object Type": "ObjectType", "Object Name": "ObjectName", "Handle ID": "HandleId",
	"Object Value Name": "ObjectValueName", "Operation Type": "OperationType", "Old Value": "OldValue", "New Value": "NewValue",
	"Old Value Type": "OldValueType", "New Value Type": "NewValueType",
	"Accesses": "AccessList", "Access Mask": "AccessMask", "Properties": "Properties",
	"Share Name": "ShareName", "Share Path": "ShareLocalPath", "Relative Target Name": "RelativeTargetName", "Source Address": "IpAddress",

	"Service Name": "ServiceName", "Service File Name": "ServiceFileName", "Service Type": "ServiceType",
	"Service Start Type": "ServiceStartType", "Service Account": "ServiceAccount", "Service ID": "ServiceSid",
	"Ticket Options": "TicketOptions", "Ticket Encryption Type": "TicketEncryptionType", "Pre-Authentication Type": "PreAuthType",
	"Task Name": "TaskName", "Task Content": "TaskContent", "Task New Content": "TaskContentNew",
	"SAM Account Name": "SamAccountName", "User Principal Name": "UserPrincipalName", "SID History": "SidHistory",
	"User Account Control": "UserAccountControl", "Old UAC Value": "OldUacValue", "New UAC Value": "NewUacValue",
	"Direction": "Direction", "Protocol": "Protocol", "Destination Address": "DestAddress", "Destination Port": "DestPort",
	"Changes": "AuditPolicyChanges", "Category": "CategoryId", "Subcategory": "SubcategoryId", "Subcategory GUID": "SubcategoryGuid",
}
