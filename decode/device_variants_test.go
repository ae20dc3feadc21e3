package decode

import "testing"

// TestDeviceVariants holds what devices write in their other versions and carriers.
func TestDeviceVariants(t *testing.T) {
	head := "Feb 12 09:10:11 box7 "
	readings(t, []reading{
		{"IOS, configured from a line", "<189>9: Feb 12 09:10:11.120: %SYS-5-CONFIG_I: Configured from console by vty0 (192.0.2.7)", "user=; src_ip=192.0.2.7"},
		{"FTD without a head", "%FTD-1-430002: FirstPacketSecond: 2024-02-12T09:10:11Z, AccessControlRuleAction: Block, SrcIP: 192.0.2.7, DstIP: 198.51.100.2, SrcPort: 4711, DstPort: 22, Protocol: tcp", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_port=22; outcome=failure"},
		{"Check Point, syslog, a protection", `<134>1 2024-02-12T09:10:11Z mg7 CheckPoint 7 - [action:"Prevent"; origin:"198.51.100.44"; product:"SmartDefense"; dst:"198.51.100.2"; s_port:"4711"; service:"80"; src:"192.0.2.7"; src_user_name:"Eve Low (eve)"]`, "src_ip=192.0.2.7; dst_port=80; user=eve; outcome=failure; source=checkpoint/firewall"},
		{"Check Point, LEEF without a delimiter", "LEEF:2.0|Check Point|VPN-1 & FireWall-1|1.0|Drop|cat=x\tdevTime=1707729011\tsrcPort=4711\tsrc=192.0.2.7\tdst=198.51.100.2\tdstPort=22\taction=Drop", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_port=22; outcome=failure"},
		{"Check Point, CEF, a login", "CEF:0|Check Point|SmartConsole|Check Point|Log|Log|Unknown|act=Log In Failed rt=1707729011000 suser=eve src=192.0.2.7 origin=198.51.100.44", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; user=eve; event_type=login_failed"},
		{"Check Point, bars, a login", "time=1707729011|hostname=gw7|product=Identity Awareness|action=Failed Log In|origin=198.51.100.44|src=192.0.2.7|src_user_name=eve", "host=gw7; src_ip=192.0.2.7; user=eve; event_type=login_failed; source=checkpoint/authentication"},
		{"Junos under sshd's name", head + "sshd[7]: SSHD_LOGIN_FAILED: Login failed for user 'eve' from host '192.0.2.7'", "user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"Meraki, VPN", "<134>1 1707729011.5 MX events client_vpn_connect user id 'eve@corp.example' local ip 198.51.100.9 connected from 192.0.2.7", "time=2024-02-12T09:10:11.5Z; host=MX; user=eve@corp.example; src_ip=192.0.2.7; event_type=login_ok"},
		{"Meraki, wireless", "<134>1 1707729011.5 AP events type=8021x_auth radio='1' vap='1' identity='eve' aid='1'", "user=eve; event_type=login_ok"},
		{"Meraki, layer 7", "<134>1 1707729011.5 MX l7_firewall src=192.0.2.7 dst=198.51.100.2 protocol=tcp sport=4711 dport=80 decision=blocked", "src_ip=192.0.2.7; dst_port=80; outcome=failure; source=meraki/firewall"},
		{"PAN, GlobalProtect's system log", head + `1,2024/02/12 09:10:11,01,SYSTEM,globalprotect,0,2024/02/12 09:10:11,,globalprotectgateway-auth-fail,GW,0,0,general,informational,"GlobalProtect gateway user authentication failed. Login from: 192.0.2.7, Source region: DE, User name: eve, Client OS version: x, Reason: Authentication failed",1,0x0`, "src_ip=192.0.2.7; user=eve; event_type=login_failed"},
		{"PAN, a connection", head + `1,2024/02/12 09:10:11,01,GLOBALPROTECT,0,2562,2024/02/12 09:10:11,vsys1,gateway-connected,connected,,,corp\eve,EN,PC7,192.0.2.7,0.0.0.0,198.51.100.9,0.0.0.0,x,y,6.0,Windows,"10",1,,,,success,,0`, "src_ip=192.0.2.7; user=eve; outcome=success"},
		{"PAN, a change", head + "1,2024/02/12 09:10:11,01,CONFIG,0,0,2024/02/12 09:10:11,192.0.2.7,,set,eve,Web,Succeeded,config shared,1,0x0", "src_ip=192.0.2.7; user=eve; outcome=success"},
		{"SonicWall, dropped", `id=firewall sn=1 time="2024-02-12 09:10:11 UTC" fw=198.51.100.1 pri=5 c=64 m=36 msg="TCP connection dropped" n=5 src=192.0.2.7:4711:X1 dst=198.51.100.2:22:X0`, "src_ip=192.0.2.7; outcome=failure; event_type=firewall_denied"},
		{"SonicWall, its gateway's two clocks", `id=sslvpn sn=1 time="2024-02-12 10:10:11" vp_time="2024-02-12 09:10:11 UTC" fw=198.51.100.1 pri=5 m=1 c=1 src=192.0.2.7 dst=198.51.100.1 user="eve" msg="User login failed"`, "time=2024-02-12T09:10:11Z; user=eve; event_type=login_failed"},
		{"NetScaler, a login by command", `<133> 02/12/2024:09:10:11 GMT ns7 0-PPE-0 : default GUI CMD_EXECUTED 7 0 : User eve - Remote_ip 192.0.2.7 - Command "login eve *****" - Status "ERROR: Invalid username or password"`, "user=eve; src_ip=192.0.2.7; event_type=login_failed"},
		{"NetScaler, TLS", `<134> 02/12/2024:09:10:11 GMT ns7 0-PPE-0 : default SSLLOG SSL_HANDSHAKE_SUCCESS 7 0 :  SPCBId 9 - ClientIP 192.0.2.7 - ClientPort 4711 - VserverServiceIP 198.51.100.2 - VserverServicePort 443`, "src_port=4711; dst_ip=198.51.100.2; dst_port=443"},
		{"ISE, a domain", `<181>Feb 12 09:10:11 ise7 CISE_Passed_Authentications 0000000007 1 0 2024-02-12 10:10:11.120 +01:00 0000000008 5200 NOTICE Passed-Authentication: Authentication succeeded, ConfigVersionId=8, UserName=CORP\\eve, Framed-IP-Address=192.0.2.7,`, `user=CORP\eve; src_ip=192.0.2.7; outcome=success`},
		{"FreeRADIUS, a stranger", "Mon Feb 12 09:10:11 2024 : Error: Ignoring request to auth address * port 1812 from unknown client 192.0.2.7 port 4711", "src_ip=192.0.2.7; event_type=denied"},
		{"an Aruba controller", "<14>Feb 12 09:10:11 2024 c7 cli[7]: USER: eve has logged in from 192.0.2.7.", "user=eve; src_ip=192.0.2.7; event_type=login_ok"},
		{"an Aruba controller, a command", "<14>Feb 12 09:10:11 2024 c7 webui[7]: USER:eve@192.0.2.7 COMMAND:<show version > -- command executed successfully", "user=eve; src_ip=192.0.2.7; command=show version"},
		{"ESXi 8", "2024-02-12T09:10:11.120Z In(30) sshd[7]: Accepted keyboard-interactive/pam for eve from 192.0.2.7 port 4711 ssh2", "time=2024-02-12T09:10:11.12Z; user=eve; src_ip=192.0.2.7; event_type=login_ok"},
		{"ESXi's shell", "2024-02-12T09:10:11Z shell[7]: [eve]: esxcli vm process list", "user=eve; command=esxcli vm process list"},
		{"Synology, files", head + "WinFileService Event: delete, Path: /share/x, File/Folder: File, Size: 1 KB, User: eve, IP: 192.0.2.7", "user=eve; src_ip=192.0.2.7; action=delete; path=/share/x"},
		{"Synology, out", "2024-02-12T10:10:11+01:00 nas7 Connection: User [eve] from [192.0.2.7(pc7)] logged out the server via [CIFS(SMB3)] with totally [1] files", "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7; event_type=logout"},
		{"WSA, another subscription", head + "squid_logs: Info: 1707729011.352 7 192.0.2.7 TCP_DENIED_SSL/403 0 CONNECT tunnel://bad.example:443/ - NONE/- - BLOCK_ADMIN-P-I <->", "src_ip=192.0.2.7; sc-status=403"},
	})
}

// TestDatabaseLogs holds what databases log, whatever their prefix.
func TestDatabaseLogs(t *testing.T) {
	readings(t, []reading{
		{"Postgres, user@database", `2024-02-12 10:10:11.120 CET [7] eve@app FATAL:  password authentication failed for user "eve"`, "time=2024-02-12T09:10:11.12Z; user=eve; event_type=login_failed; source=*/database/postgresql"},
		{"Postgres, Amazon's prefix", `2024-02-12 09:10:11 UTC:192.0.2.7(4711):eve@app:[7]:FATAL:  password authentication failed for user "eve"`, "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7; src_port=4711; event_type=login_failed"},
		{"Postgres, pairs", `2024-02-12 09:10:11 UTC [7]: [1-1] user=eve,db=app,app=psql,client=192.0.2.7 FATAL:  role "eve" does not exist`, "user=eve; src_ip=192.0.2.7; event_type=invalid_user"},
		{"Postgres, in", `2024-02-12 09:10:11 UTC [7] eve@app LOG:  connection authorized: user=eve database=app SSL enabled (protocol=TLSv1.3, cipher=x, bits=256)`, "user=eve; database=app; event_type=login_ok"},
		{"Postgres, syslog", `Feb 12 09:10:11 db7 postgres[7]: [3-1] eve@app LOG:  statement: COPY x TO PROGRAM 'id'`, "host=db7; user=eve; query=COPY x TO PROGRAM 'id'"},
		{"Redis, an attack", "7:M 12 Feb 2024 09:10:11.120 # Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. Connection from 192.0.2.7:4711 aborted.", "time=2024-02-12T09:10:11.12Z; src_ip=192.0.2.7; event_type=scan; source=*/database/redis"},
		{"Redis, watched", `1707729011.120456 [0 192.0.2.7:4711] "CONFIG" "SET" "dir" "/x"`, "src_ip=192.0.2.7; source=*/database/redis"},
	})
}

// TestMCPCalls holds calls of tools over MCP with what came of them, as proxies and clients keep both.
func TestMCPCalls(t *testing.T) {
	readings(t, []reading{
		{"wrapped", `{"timestamp":"2024-02-12T09:10:11Z","direction":"out","message":{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"run","arguments":{"command":"id"}}}}` + "\n" +
			`{"timestamp":"2024-02-12T09:10:13Z","direction":"in","message":{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"uid=0"}],"isError":true}}}`,
			"time=2024-02-12T09:10:11Z; tool=run; command=id; outcome=failure; result=uid=0; duration_ms=2000; source=ai_agent/tool_call/mcp"},
		{"bare, the result alone has a stamp", `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"run","arguments":{"command":"id"}}}` + "\n" + `{"timestamp":"2024-02-12T09:10:13Z","jsonrpc":"2.0","id":"x","result":{"content":[]}}`, "time=2024-02-12T09:10:13Z; tool=run; outcome=success"},
		{"an error of the protocol", `{"ts":"2024-02-12T09:10:11Z","payload":{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"run","arguments":{}}}}` + "\n" + `{"ts":"2024-02-12T09:10:12Z","payload":{"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"no such tool"}}}`, "tool=run; outcome=failure; result=no such tool"},
		{"a client's text, two servers with the same number", `2024-02-12T09:10:11.000Z [a] [info] Message from client: {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":{}}}` + "\n" +
			`2024-02-12T09:10:11.500Z [b] [info] Message from client: {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"y","arguments":{}}}` + "\n" +
			`2024-02-12T09:10:12.000Z [b] [info] Message from server: {"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}` + "\n" + `2024-02-12T09:10:14.000Z [a] [info] Message from server: {"jsonrpc":"2.0","id":1,"result":{"content":[]}}` + "\n" + "2024-02-12T09:10:15.000Z [a] [info] Server transport closed",
			"tool=y; mcp_server=b; outcome=failure; time=2024-02-12T09:10:11.5Z\ntool=x; mcp_server=a; outcome=success; duration_ms=3000\ntime=2024-02-12T09:10:15Z; tool="},
	})
}

// TestMoreVariants holds what else stood in the wrong place or in none.
func TestMoreVariants(t *testing.T) {
	readings(t, []reading{
		{"a VPC flow", "2 123456789012 eni-7 192.0.2.7 198.51.100.2 4711 22 6 20 4249 1707729011 1707729071 REJECT OK", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; outcome=failure; event_type=firewall_denied"},
		{"Squid, a peer by name", "1707729011.120 100 192.0.2.7 TCP_MISS/200 1000 POST https://x.example/up eve DIRECT/x.example application/json", "src_ip=192.0.2.7; dst_ip=; dst_host=x.example"},
		{"DHCPv6", "11010,02/12/24,09:10:11,DHCPv6 Lease,2001:db8::7,pc7.corp.example,,14,0001,,,", "time=2024-02-12T09:10:11Z; src_ip=2001:db8::7; user="},
		{"Sentinel's OfficeActivity", "TimeGenerated,Operation,UserId,ClientIP,OfficeWorkload,ResultStatus\n2024-02-12T09:10:11Z,New-InboxRule,eve@corp.example,192.0.2.7:4711,Exchange,True\n", "time=2024-02-12T09:10:11Z; user=eve@corp.example; src_ip=192.0.2.7; source=m365/*/audit"},
		{"dnf", "2024-02-12T10:10:11+0100 SUBDEBUG Installed: nmap-3:7.92-1.el9.x86_64", "time=2024-02-12T09:10:11Z; host=; package=nmap-3:7.92-1.el9.x86_64; action=installed"},
		{"macOS, a level behind the program", "Feb 12 09:10:11 mac7 sshd[7] <Notice>: Accepted publickey for eve from 192.0.2.7 port 4711 ssh2", "host=mac7; user=eve; src_ip=192.0.2.7; event_type=login_ok"},
	})
}
