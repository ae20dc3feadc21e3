package report

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// Values that try to break out of each format.
const (
	evilTerminal = "\x1b[2J\x1b]0;pwned\x07\u202egpj.exe\u200b"
	evilHTML     = `</script><script>alert(1)</script><!--<img src=x onerror=alert(1)>`
	evilCell     = `=cmd|'/c calc'!A1`
	evilJSON     = "a\"b\\c\u2028d\u2029e\xff\xfe\x00f"
)

var sampleRules = []*tocsin.Rule{
	{ID: "5a1c0001-0000-4000-8000-000000000001", Title: "Credential Memory Read By Unsigned Tool", Level: tocsin.Critical, Status: "stable",
		Description: "Reads the memory of the process that holds credentials.", Author: "A. Author, B. Author", License: "DRL 1.1",
		Tags: []string{"attack.credential_access", "attack.t1003.001"}, Source: tocsin.LogSource{Product: "windows", Category: "process_access"}, File: "rules/windows/mem.yml", Line: 1},
	{ID: "5a1c0002-0000-4000-8000-000000000002", Title: "Many Failed Logons Then Success", Level: tocsin.High, Author: "Tocsin", Correlation: "temporal_ordered",
		Tags: []string{"attack.credential-access", "attack.initial-access", "attack.t1110.003", "attack.t1078"}, File: "rules/linux/spray.yml", Line: 40},
	{ID: "5a1c0003-0000-4000-8000-000000000003", Title: "Path Traversal " + evilHTML, Level: tocsin.Medium, Author: evilCell, License: "Apache-2.0",
		Tags: []string{"attack.initial_access", "attack.t1190"}, Show: []string{"cs-referer"}, File: "rules/web/lfi.yml", Line: 1},
	{ID: "5a1c0004-0000-4000-8000-000000000004", Title: "Agent Started With Permission Bypass", Level: tocsin.Low, Tags: []string{"attack.execution", "attack.defense-impairment", "attack.t1059.004"}},
	{ID: "5a1c0005-0000-4000-8000-000000000005", Title: "First Logon From Address", Level: tocsin.Informational, Tags: []string{"detection.threat-hunting"}},
	{ID: "", Title: "", Level: tocsin.Unrated},
}

var sampleStart = time.Date(2026, 3, 1, 8, 0, 0, 123456700, time.UTC)

// sampleMatch returns the i-th of an endless row of matches of all kinds.
func sampleMatch(i int) *tocsin.Match {
	at := sampleStart.Add(time.Duration(i) * 7 * time.Second)
	user := fmt.Sprintf("user%d", i%17)
	source := fmt.Sprintf("203.0.113.%d", i%40+1)
	m := &tocsin.Match{Time: at, Rule: sampleRules[i%len(sampleRules)]}
	ev := &tocsin.Event{Time: at, Record: uint64(i + 1), Host: fmt.Sprintf("host%d.corp.example", i%9)}
	m.Event = ev
	add := func(kv ...string) {
		for k := 0; k < len(kv); k += 2 {
			ev.Fields = append(ev.Fields, tocsin.Field{Name: kv[k], Value: kv[k+1]})
		}
	}
	switch i % len(sampleRules) {
	case 0:
		ev.Source, ev.Format = "logs/dc.zip!/Sysmon.evtx", "evtx"
		ev.Sources = []tocsin.LogSource{{Product: "windows", Category: "process_access", Service: "sysmon"}}
		add("Provider_Name", "Microsoft-Windows-Sysmon", "EventID", "10", "Channel", "Microsoft-Windows-Sysmon/Operational", "Computer", ev.Host,
			"UtcTime", at.Format("2006-01-02 15:04:05.000"), "SourceProcessId", "4242", "SourceImage", `C:\Users\`+user+`\tool.exe`,
			"TargetImage", `C:\Windows\System32\lsass.exe`, "GrantedAccess", "0x1010", "SourceUser", `CORP\`+user, "CallTrace", "ntdll.dll+1234|KERNELBASE.dll+99")
		m.Held = []tocsin.Field{{Name: "TargetImage", Value: `C:\Windows\System32\lsass.exe`}, {Name: "GrantedAccess", Value: "0x1010"}}
	case 1:
		ev.Source, ev.Format = "logs/auth.log", "sshd"
		ev.Sources = []tocsin.LogSource{{Product: "linux", Service: "sshd"}}
		ev.Raw = "Mar  1 08:00:07 web1 sshd[77]: Accepted password for " + user + " from " + source + " port 50022 ssh2"
		add("event_type", "login_ok", "outcome", "success", "user", user, "src_ip", source, "src_port", "50022", "auth_method", "password", "service", "sshd", "program", "sshd", "message", "Accepted password")
		m.Held = []tocsin.Field{{Name: "src_ip", Value: source}, {Name: "count", Value: "12"}}
		for k := range 12 {
			m.Series = append(m.Series, tocsin.Place{Time: at.Add(time.Duration(k-11) * time.Second), Source: ev.Source, Record: uint64(i + k)})
		}
	case 2:
		ev.Source, ev.Format = "logs/access.log.gz", "combined"
		ev.Sources = []tocsin.LogSource{{Product: "nginx", Category: "webserver", Service: "access"}}
		ev.Raw = source + ` - - [01/Mar/2026:08:00:14 +0000] "GET /../../etc/passwd` + evilTerminal + ` HTTP/1.1" 404 0 "` + evilHTML + `" "` + evilCell + `"`
		add("c-ip", source, "cs-method", "GET", "cs-uri", "/../../etc/passwd"+evilTerminal, "cs-uri-stem", "/../../etc/passwd", "sc-status", "404", "sc-bytes", "0",
			"cs-referer", evilHTML, "cs-user-agent", evilCell, "cs-host", "shop.example", "x", evilJSON, "tag", "one", "tag", "two", "cs-cookie", "-1+1", "tag", "three")
		m.Held = []tocsin.Field{{Name: "cs-uri", Value: "/../../etc/passwd" + evilTerminal}}
	case 3:
		ev.Source, ev.Format = "home/.agent/session.jsonl", "claude"
		ev.Sources = []tocsin.LogSource{{Product: "ai_agent", Category: "tool_call", Service: "claude"}}
		ev.Raw = `{"type":"tool_use"}`
		add("agent", "claude", "tool", "Bash", "command", "id; uname -a\ncat notes.txt", "arguments", `{"command":"id; uname -a"}`, "session", "s-"+user, "permission_mode", "bypass", "is_error", "false")
	case 4:
		ev.Source, ev.Format = "logs/Security.json", "winlogbeat"
		ev.Sources = []tocsin.LogSource{{Product: "windows", Service: "security"}}
		add("EventID", "4624", "Channel", "Security", "Computer", ev.Host, "TargetUserName", user, "TargetDomainName", "CORP", "SubjectUserName", "HOST1$", "LogonType", "10",
			"IpAddress", source, "IpPort", "51000", "WorkstationName", "WS1", "AuthenticationPackageName", "Negotiate", "TargetLogonId", "0x5f3c2")
	case 5: // an event of which hardly anything is known
		*ev = tocsin.Event{Source: "logs/odd.txt", Record: 1<<63 - 1, Raw: "something " + evilTerminal}
		m.Time = time.Time{}
	}
	return m
}

// sampleHunt is a hunt with n matches.
func sampleHunt(n int) *Hunt {
	h := &Hunt{Version: "1.2.3", Made: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)}
	var list List
	for i := range n {
		list = append(list, sampleMatch(i))
	}
	h.Matches = list
	h.Coverage = &tocsin.Coverage{
		Files: []tocsin.File{
			{Path: "home/.agent/session.jsonl", Format: "claude", Bytes: 120_000, Events: 400, First: sampleStart, Last: sampleStart.Add(time.Hour)},
			{Path: "logs/access.log.gz", Format: "combined", Bytes: 88_000_000, Events: 410_000, Faults: 1, First: sampleStart, Last: sampleStart.Add(30 * time.Hour)},
			{Path: "logs/auth.log", Format: "sshd", Bytes: 1_000_000, Events: 9_000, First: sampleStart, Last: sampleStart.Add(20 * time.Hour)},
			{Path: "logs/dc.zip!/Sysmon.evtx", Format: "evtx", Bytes: 300_000_000, Events: 250_000, Faults: 3, First: sampleStart, Last: sampleStart.Add(28 * time.Hour)},
			{Path: "logs/photo.jpg", Skipped: "not a log: an image", Bytes: 5000},
			{Path: "logs/secret.zip!/x.log", Skipped: "encrypted"},
			{Path: "logs/" + evilTerminal + evilHTML, Skipped: "not a log: an image"},
		},
		Events: 669_400, Bytes: 389_120_000, First: sampleStart, Last: sampleStart.Add(30 * time.Hour),
		FaultN: 4,
		Faults: []*tocsin.Fault{{Source: "logs/dc.zip!/Sysmon.evtx", Line: 812, Err: errors.New("chunk 7: checksum wrong"), Hint: "the file is damaged; all other chunks were read"}},
		Rules:  3801,
		Rejected: []*tocsin.Fault{
			{Source: "rules/bad.yml", Line: 12, Rule: "Bad " + evilHTML, Err: errors.New("unknown modifier |near"), Hint: "correlation rules replaced it"},
		},
		Noted:   []*tocsin.Fault{{Source: "rules/dcs.yml", Line: 9, Rule: "From a DC", Err: errors.New("filter: placeholder %dcs% has no values: the filter leaves out nothing by it"), Hint: "give its values in the file of placeholders (expand)"}},
		Sources: []tocsin.SourceCount{{Source: tocsin.LogSource{Product: "nginx", Category: "webserver", Service: "access"}, Events: 410_000}, {Source: tocsin.LogSource{Product: "windows", Service: "sysmon"}, Events: 250_000}},
		Idle:    []*tocsin.Rule{{ID: "i1", Title: "Okta Thing", Source: tocsin.LogSource{Product: "okta", Service: "okta"}}, {ID: "i2", Title: "macOS Thing", Source: tocsin.LogSource{Product: "macos", Category: "process_creation"}}},
		Gaps: []tocsin.Gap{
			{Path: "logs/dc.zip!/Security.evtx", From: sampleStart.Add(5 * time.Hour), To: sampleStart.Add(6 * time.Hour), Kind: tocsin.GapMissing, Channel: "Security", Host: "dc1" + evilTerminal, Before: 7730, After: 7768},
			{Path: "logs/auth.log", From: sampleStart.Add(2 * time.Hour), To: sampleStart.Add(9 * time.Hour), Kind: "silence"},
			{Path: "logs/access.log.gz", From: sampleStart.Add(4 * time.Hour), To: sampleStart.Add(3 * time.Hour), Kind: "backwards"},
		},
		Guesses: []tocsin.Guess{
			{Path: "logs/auth.log", Kind: "year", N: 8_990, Of: 9_000, Line: 11, Taken: "2026", Why: "the file was last written on 2026-03-02"},
			{Path: "logs/auth.log", Kind: "zone", N: 8_990, Of: 9_000, Line: 11, Taken: "UTC", Why: "nothing says which it is (--zone would)"},
			{Path: "logs/" + evilTerminal + evilHTML, Kind: "zone", N: 12, Of: 40, Line: 1, Taken: evilTerminal, Why: evilHTML},
		},
		Strays: []tocsin.Stray{{Path: "logs/dc.zip!/Sysmon.evtx", N: 2, From: sampleStart.AddDate(-6, 0, 0), To: sampleStart.AddDate(-6, 0, 1)}},
		LetGo: []tocsin.LetGo{
			{Kind: "quiet actions", N: 61_204, From: sampleStart.Add(3 * time.Hour), To: sampleStart.Add(5 * time.Hour), Why: "more than 16,384 names in ten minutes"},
			{Kind: "late", N: 1, From: sampleStart.Add(9 * time.Hour), To: sampleStart.Add(9 * time.Hour), Why: "their ten minutes were closed"},
			{Kind: evilHTML, N: 7, Why: evilTerminal},
		},
		Partial: "the disk of the temporary files is full",
		Wall:    4200 * time.Millisecond, CPU: 7900 * time.Millisecond, LoadCPU: 600 * time.Millisecond, PeakRSS: 181_000_000, Unhashed: 1,
		Digests: []tocsin.Digest{{Kind: "input", Path: "logs/auth.log", Bytes: 4096, SHA256: strings.Repeat("0a", 32)}, {Kind: "rules", Path: "own", Bytes: 99, SHA256: strings.Repeat("0b", 32)}},
	}
	return h
}
