package report

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// fields makes the fields of an event from name, value pairs.
func fields(kv ...string) []tocsin.Field {
	var all []tocsin.Field
	for i := 0; i < len(kv); i += 2 {
		all = append(all, tocsin.Field{Name: kv[i], Value: kv[i+1]})
	}
	return all
}

func TestDetails(t *testing.T) {
	security := func(id string, kv ...string) []tocsin.Field {
		return append(fields("EventID", id, "Channel", "Security", "Provider_Name", "Microsoft-Windows-Security-Auditing"), fields(kv...)...)
	}
	sysmon := func(id string, kv ...string) []tocsin.Field {
		return append(fields("EventID", id, "Channel", "Microsoft-Windows-Sysmon/Operational"), fields(kv...)...)
	}
	tests := []struct {
		name   string
		fields []tocsin.Field
		want   string
	}{
		{"failed logon", security("4625", "TargetUserName", "alice", "TargetDomainName", "CORP", "Status", "0xc000006d", "SubStatus", "0xc0000064", "LogonType", "3", "IpAddress", "192.0.2.7", "IpPort", "4444", "WorkstationName", "-"),
			`User: CORP\alice ¦ Reason: 0xc0000064 (user does not exist) ¦ Type: 3 (network) ¦ Src: 192.0.2.7:4444`},
		{"failed logon, sub-status empty", security("4625", "TargetUserName", "bob", "Status", "0xC0000234", "SubStatus", "0x0", "LogonType", "10", "IpAddress", "2001:db8::1", "IpPort", "0"),
			`User: bob ¦ Reason: 0xC0000234 (account locked out) ¦ Type: 10 (remote desktop) ¦ Src: [2001:db8::1]:0`},
		{"status as a negative number", security("4776", "TargetUserName", "bob", "Status", "-1073741718", "Workstation", "WS1"), `User: bob ¦ Result: -1073741718 (bad password) ¦ Wks: WS1`},
		{"process start", security("4688", "CommandLine", "whoami /all", "NewProcessName", `C:\Windows\System32\whoami.exe`, "SubjectUserName", "alice", "SubjectDomainName", "CORP", "TargetUserName", "-", "TargetDomainName", "-", "NewProcessId", "0x1a4", "TokenElevationType", "%%1937", "MandatoryLabel", "S-1-16-12288"),
			`Cmd: whoami /all ¦ Proc: C:\Windows\System32\whoami.exe ¦ User: CORP\alice ¦ PID: 420 ¦ Elevation: full: elevated ¦ Integrity: S-1-16-12288 (high)`},
		{"ticket request", security("4769", "TargetUserName", "a@CORP.EXAMPLE", "TargetDomainName", "CORP.EXAMPLE", "ServiceName", "svc", "Status", "0x0", "TicketEncryptionType", "0x17", "IpAddress", "::ffff:192.0.2.1", "TicketOptions", "0x40810000"),
			`User: CORP.EXAMPLE\a@CORP.EXAMPLE ¦ Service: svc ¦ Result: 0x0 (success) ¦ Enc: 0x17 (RC4, weak) ¦ Src: ::ffff:192.0.2.1 ¦ Options: 0x40810000 (forwardable, renewable)`},
		{"pre-authentication failed", security("4771", "TargetUserName", "bob", "Status", "0x18", "PreAuthType", "2"), `User: bob ¦ Reason: 0x18 (bad password) ¦ Preauth: 2 (encrypted timestamp)`},
		{"account made", security("4720", "TargetUserName", "new", "TargetDomainName", "WS1", "TargetSid", "S-1-5-21-1-2-3-1001", "SubjectUserName", "bob", "SubjectDomainName", "WS1", "UserAccountControl", "\n\t\t%%2080\n\t\t%%2082\n\t\t%%2084"),
			`User: WS1\new ¦ SID: S-1-5-21-1-2-3-1001 ¦ By: WS1\bob ¦ UAC: account disabled, password not required: on, normal account: on`},
		{"group changed", security("4732", "MemberName", "-", "MemberSid", "S-1-5-21-1-2-3-500", "TargetUserName", "Administrators", "TargetDomainName", "Builtin", "SubjectUserName", "bob"),
			`SID: S-1-5-21-1-2-3-500 (Administrator) ¦ Group: Builtin\Administrators ¦ By: bob`},
		{"task", security("4698", "TaskName", `\x`, "TaskContent", "<Task><Actions><Exec><Command>cmd.exe</Command><Arguments>/c echo &quot;hi&quot;</Arguments></Exec></Actions></Task>", "SubjectUserName", "bob"),
			`Task: \x ¦ Runs: cmd.exe /c echo "hi" ¦ User: bob`},
		{"replication", security("4662", "ObjectName", "DC=corp", "AccessMask", "0x100", "Properties", "%%7688\n\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}", "SubjectUserName", "bob"),
			`Object: DC=corp ¦ Access: 0x100 (write attributes or control) ¦ Properties: replicate all changes, secrets included ¦ User: bob`},
		{"share", security("5145", "ShareName", `\\*\C$`, "RelativeTargetName", "a.txt", "AccessList", "%%4416\n\t\t\t\t%%4423", "SubjectUserName", "bob", "IpAddress", "192.0.2.9", "IpPort", "1"),
			`Share: \\*\C$ ¦ File: a.txt ¦ Access: read data or list, read attributes ¦ User: bob ¦ Src: 192.0.2.9:1`},
		{"log cleared", security("1102", "SubjectUserName", "bob", "SubjectDomainName", "CORP"), `User: CORP\bob ¦ Note: the audit log was cleared`},
		{"service", append(fields("EventID", "7045", "Channel", "System"), fields("ServiceName", "x", "ImagePath", `C:\x.exe`, "StartType", "2", "ServiceType", "0x10", "AccountName", "LocalSystem")...),
			`Service: x ¦ Path: C:\x.exe ¦ Type: 0x10 (own process) ¦ Start: 2 (automatic) ¦ Account: LocalSystem`},
		{"service in words", append(fields("EventID", "7045", "Channel", "System"), fields("ServiceName", "x", "StartType", "demand start")...), `Service: x ¦ Start: demand start`},
		{"script block", append(fields("EventID", "4104", "Channel", "Microsoft-Windows-PowerShell/Operational"), fields("ScriptBlockText", "Get-Item .", "MessageNumber", "1", "MessageTotal", "2")...), `Script: Get-Item . ¦ Part: 1 ¦ Of: 2`},
		{"forwarded", append(fields("EventID", "7045", "Channel", "ForwardedEvents"), fields("ServiceName", "x")...), `Service: x`},
		{"Sysmon process", sysmon("1", "CommandLine", "a.exe -b", "Image", `C:\a.exe`, "User", `CORP\bob`, "ParentImage", `C:\p.exe`), `Cmd: a.exe -b ¦ Proc: C:\a.exe ¦ User: CORP\bob ¦ Parent: C:\p.exe`},
		{"Sysmon access", sysmon("10", "SourceImage", `C:\a.exe`, "TargetImage", `C:\lsass.exe`, "GrantedAccess", "0x1fffff"), `Src: C:\a.exe ¦ Target: C:\lsass.exe ¦ Access: 0x1fffff (all)`},
		{"Sysmon registry", sysmon("13", "TargetObject", `HKLM\Run\x`, "Details", "x.exe", "Image", `C:\a.exe`, "EventType", "SetValue"), `Key: HKLM\Run\x ¦ Value: x.exe ¦ Op: SetValue ¦ Proc: C:\a.exe`},
		{"Sysmon connection", sysmon("3", "Image", `C:\a.exe`, "Protocol", "tcp", "SourceIp", "192.0.2.1", "SourcePort", "1", "DestinationIp", "198.51.100.1", "DestinationPort", "443"), `Proc: C:\a.exe ¦ Proto: tcp ¦ Src: 192.0.2.1:1 ¦ Dst: 198.51.100.1:443`},
		{"Windows of no table", append(fields("EventID", "9999", "Channel", "Odd/Operational"), fields("A", "1", "B", "-", "C", "x")...), `A: 1 ¦ C: x`},

		{"sshd", fields("event_type", "login_failed", "user", "root", "src_ip", "203.0.113.4", "src_port", "50022", "auth_method", "password", "service", "sshd", "outcome", "failure"),
			`login failed ¦ User: root ¦ Src: 203.0.113.4:50022 ¦ Method: password ¦ Service: sshd ¦ Outcome: failure`},
		{"sudo", fields("event_type", "command", "user", "bob", "target_user", "root", "command", "/bin/ls", "service", "sudo"), `command ¦ User: bob ¦ Target: root ¦ Cmd: /bin/ls ¦ Service: sudo`},
		{"web access", fields("c-ip", "203.0.113.4", "cs-method", "GET", "cs-uri", "/a?b", "cs-uri-stem", "/a", "sc-status", "499", "cs-user-agent", "curl/8"), `GET ¦ Path: /a?b ¦ Status: 499 (client went away) ¦ Src: 203.0.113.4 ¦ Agent: curl/8`},
		{"auditd", fields("type", "EXECVE", "SYSCALL", "execve", "CommandLine", "id -u", "exe", "/usr/bin/id", "auid", "4294967295", "uid", "0", "success", "yes"),
			`EXECVE ¦ Call: execve ¦ Cmd: id -u ¦ Proc: /usr/bin/id ¦ As: 0 (root) ¦ Result: yes`},
		{"Zeek connection", fields("id.orig_h", "192.0.2.1", "id.orig_p", "1", "id.resp_h", "198.51.100.1", "id.resp_p", "22", "proto", "tcp", "conn_state", "S0"), `Proto: tcp ¦ State: S0 (no reply) ¦ Src: 192.0.2.1:1 ¦ Dst: 198.51.100.1:22`},
		{"Zeek DNS", fields("id.orig_h", "192.0.2.1", "query", "shop.example", "qtype_name", "A"), `Query: shop.example ¦ Type: A ¦ Src: 192.0.2.1`},
		{"EVE alert", fields("event_type", "alert", "src_ip", "192.0.2.1", "src_port", "1", "dest_ip", "198.51.100.1", "dest_port", "80", "alert.signature", "Bad", "alert.severity", "1", "proto", "TCP"), `Alert: Bad ¦ Severity: 1 ¦ Src: 192.0.2.1:1 ¦ Dst: 198.51.100.1:80 ¦ Proto: TCP`},
		{"CloudTrail", fields("eventSource", "iam.amazonaws.com", "eventName", "CreateUser", "userIdentity.arn", "arn:aws:iam::1:user/x", "sourceIPAddress", "203.0.113.5", "errorCode", "AccessDenied", "requestParameters.userName", "eve"),
			`iam.amazonaws.com:CreateUser ¦ By: arn:aws:iam::1:user/x ¦ Src: 203.0.113.5 ¦ Error: AccessDenied ¦ Target: eve`},
		{"Kubernetes", fields("verb", "create", "objectRef.resource", "pods", "objectRef.subresource", "exec", "objectRef.name", "web", "user.username", "system:anonymous", "sourceIPs", "203.0.113.5", "responseStatus.code", "403"),
			`create ¦ Resource: pods ¦ Sub: exec ¦ Name: web ¦ By: system:anonymous ¦ Src: 203.0.113.5 ¦ Status: 403 (forbidden)`},
		{"Entra sign-in", fields("properties.userPrincipalName", "a@shop.example", "properties.appDisplayName", "Portal", "properties.status.errorCode", "50126"), `User: a@shop.example ¦ App: Portal ¦ Result: 50126 (bad user name or password)`},
		{"Microsoft 365 under the cloud's common names", fields("Operation", "Set-Mailbox", "Workload", "Exchange", "UserId", "a@shop.example", "ClientIP", "203.0.113.9", "eventSource", "Exchange", "eventName", "Set-Mailbox"), `Exchange:Set-Mailbox ¦ By: a@shop.example ¦ Src: 203.0.113.9`},
		{"channel in another case", fields("EventID", "4634", "Channel", "security", "TargetUserName", "bob", "LogonType", "2"), `User: bob ¦ Type: 2 (interactive)`},
		{"a table that finds nothing", fields("EventID", "4634", "Channel", "Security", "Message", "An account\n\twas logged off."), `Message: An account was logged off.`},
		{"Zeek file", fields("fuid", "F1", "source", "HTTP", "mime_type", "text/html", "tx_hosts", "192.0.2.1", "rx_hosts", "192.0.2.2"), `MIME: text/html ¦ Over: HTTP ¦ Src: 192.0.2.1 ¦ Dst: 192.0.2.2`},
		{"agent by its call", fields("tool", "Edit", "call_id", "c1", "arguments", "{}"), `Tool: Edit ¦ Args: {}`},
		{"agent", fields("agent", "codex", "tool", "shell", "command", "ls", "is_error", "false"), `Tool: shell ¦ Cmd: ls ¦ Agent: codex`},
		{"nothing known", fields("@timestamp", "2026", "alpha", "1", "beta", "", "gamma", "-", "delta", "2"), `alpha: 1 ¦ delta: 2`},
		{"a value that forges a part", fields("command", "ls ¦ User: root"), `Cmd: ls | User: root`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Details(&tocsin.Event{Fields: tt.fields}); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestDetailsRaw(t *testing.T) {
	if got := Details(&tocsin.Event{Raw: " just text "}); got != "just text" {
		t.Errorf("got %q", got)
	}
	if got := Details(&tocsin.Event{}); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestDetailsBounded(t *testing.T) {
	var many []tocsin.Field
	for range 40 {
		many = append(many, fields("k"+strings.Repeat("x", len(many)), strings.Repeat("é", 3000))...)
	}
	if got := Details(&tocsin.Event{Fields: many}); len(got) > maxAll+maxValue+100 || !strings.Contains(got, "…") {
		t.Errorf("%d bytes", len(got))
	}
}

func TestMatchDetails(t *testing.T) {
	ev := &tocsin.Event{Fields: fields("event_type", "login_ok", "user", "bob", "extra", "seen", "other", "unseen")}
	rule := &tocsin.Rule{Show: []string{"user", "extra", "missing"}}
	if got, want := MatchDetails(&tocsin.Match{Event: ev, Rule: rule}), "login ok ¦ User: bob ¦ extra: seen"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	held := fields("src_ip", "192.0.2.1", "count", "12")
	series := &tocsin.Rule{Correlation: "event_count"}
	if got, want := MatchDetails(&tocsin.Match{Event: ev, Rule: series, Held: held}), "src_ip: 192.0.2.1 ¦ count: 12 ¦ login ok ¦ User: bob"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if got := MatchDetails(&tocsin.Match{}); got != "" {
		t.Errorf("a match without event and rule says %q", got)
	}
}

// The tables name no field twice in vain, and every part can be said.
func TestTables(t *testing.T) {
	check := func(where string, parts []part) {
		for _, p := range parts {
			if p.from == "" || strings.HasPrefix(p.from, "|") || strings.HasSuffix(p.from, "|") || len(p.label) > 20 {
				t.Errorf("%s: %+v", where, p)
			}
		}
	}
	for _, tables := range []map[string][]part{securityParts, systemParts, powershellParts, sysmonParts} {
		for id, parts := range tables {
			if len(parts) == 0 {
				t.Errorf("event %s shows nothing", id)
			}
			check(id, parts)
		}
	}
	for _, k := range kinds {
		if len(k.need) == 0 {
			t.Errorf("a kind takes all events: %+v", k.parts)
		}
		check(strings.Join(k.need, ","), k.parts)
	}
}

func TestWords(t *testing.T) {
	tests := []struct{ got, want string }{
		{ntStatus("0xC000006A"), "0xC000006A (bad password)"},
		{ntStatus("%%2313"), "unknown user name or bad password"},
		{ntFailure("0x00000000"), ""},
		{ntStatus("0x0"), "0x0 (success)"},
		{ntStatus("0xC0DE"), "0xC0DE"},
		{logonType("3"), "3 (network)"},
		{logonType("three"), "three"},
		{kerberos("0x6"), "0x6 (user does not exist)"},
		{ticketOptions("0x0"), "0x0"},
		{processAccess("0x1438"), "0x1438 (memory operation, read memory, write memory, query, limited query)"},
		{serviceStart("auto start"), "auto start"},
		{percentCodes("%%1538\n%%9999"), "read control, %%9999"},
		{percentCodes("%%8448, %%8450"), "success removed, failure removed"},
		{sidWords("S-1-5-18"), "S-1-5-18 (SYSTEM)"},
		{sidWords("%{S-1-5-32-544}"), "%{S-1-5-32-544} (Administrators)"},
		{sidWords("S-1-5-21-9-8-7-1104"), "S-1-5-21-9-8-7-1104"},
		{taskCommand("<x/>"), ""},
		{taskCommand("<Command>a"), "a"},
		{decimal("0x1F4"), "500"},
		{decimal("77"), "77"},
		{httpStatus("404"), "404 (not found)"},
		{zeekState("??"), "??"},
		{protocol("6"), "6 (TCP)"},
		{auditUser("unset"), ""},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
