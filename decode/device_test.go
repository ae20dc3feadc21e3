package decode

import "testing"

// TestCiscoMessages holds messages of each family: who came, where to, who they are and how it ended.
func TestCiscoMessages(t *testing.T) {
	head := "Feb 12 09:10:11 wall "
	readings(t, []reading{
		{"106100", head + "%ASA-6-106100: access-list out denied tcp outside/192.0.2.7(4711) -> inside/198.51.100.2(22) hit-cnt 1 first hit [0x1, 0x2]", "host=wall; src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=22; outcome=failure; source=cisco/firewall/asa"},
		{"106100, permitted", head + "%ASA-6-106100: access-list out permitted udp outside/192.0.2.7(4711) -> inside/198.51.100.2(53) hit-cnt 1 first hit [0x1, 0x2]", "src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=53; outcome=success"},
		{"106102", head + "%ASA-6-106102: access-list vpn denied tcp for user 'eve' outside/192.0.2.7(4711) -> inside/198.51.100.2(3389) hit-cnt 1 first hit [0x1, 0x2]", "src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=3389; user=eve; outcome=failure"},
		{"106001", "%ASA-2-106001: Inbound TCP connection denied from 192.0.2.7/4711 to 198.51.100.2/23 flags SYN on interface outside", "time=; src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=23; outcome=failure"},
		{"106006", head + "%ASA-2-106006: Deny inbound UDP from 192.0.2.7/4711 to 198.51.100.2/161 on interface outside", "src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=161; outcome=failure"},
		{"106014", head + "%ASA-3-106014: Deny inbound icmp src outside:192.0.2.7 dst inside:198.51.100.2 (type 8, code 0)", "src_ip=192.0.2.7; dst_ip=198.51.100.2; outcome=failure"},
		{"106016", head + "%ASA-2-106016: Deny IP spoof from (192.0.2.7) to 198.51.100.2 on interface outside", "src_ip=192.0.2.7; dst_ip=198.51.100.2; outcome=failure"},
		{"106021", head + "%ASA-1-106021: Deny tcp reverse path check from 192.0.2.7 to 198.51.100.2 on interface outside", "src_ip=192.0.2.7; dst_ip=198.51.100.2; outcome=failure"},
		{"302015", head + "%ASA-6-302015: Built outbound UDP connection 7 for outside:198.51.100.2/53 (198.51.100.2/53) to inside:192.0.2.7/4711 (203.0.113.1/4711)", "src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=53; outcome=success"},
		{"302020", head + "%ASA-6-302020: Built inbound ICMP connection for faddr 192.0.2.7/0 gaddr 203.0.113.1/0 laddr 198.51.100.2/0", "src_ip=192.0.2.7; dst_ip=198.51.100.2"},
		{"313001", head + "%ASA-3-313001: Denied ICMP type=8, code=0 from 192.0.2.7 on interface outside", "src_ip=192.0.2.7; outcome=failure"},
		{"710003", head + "%ASA-3-710003: TCP access denied by ACL from 192.0.2.7/4711 to outside:198.51.100.2/22", "src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"605005", head + `%ASA-6-605005: Login permitted from 192.0.2.7/4711 to inside:198.51.100.2/ssh for user "eve"`, "src_ip=192.0.2.7; dst_ip=198.51.100.2; user=eve; outcome=success"},
		{"611101", head + "%ASA-6-611101: User authentication succeeded: IP address: 192.0.2.7, Uname: eve", "src_ip=192.0.2.7; user=eve; outcome=success; event_type=login_ok"},
		{"611102", head + "%ASA-6-611102: User authentication failed: IP address: 192.0.2.7, Uname: eve", "src_ip=192.0.2.7; user=eve; outcome=failure; event_type=login_failed"},
		{"611103", head + "%ASA-5-611103: User logged out: Uname: eve", "user=eve; event_type=logout"},
		{"109005", head + "%ASA-6-109005: Authentication succeeded for user 'eve' from 192.0.2.7/4711 to 198.51.100.2/22 on interface outside", "src_ip=192.0.2.7; dst_ip=198.51.100.2; user=eve; outcome=success"},
		{"113004", head + "%ASA-6-113004: AAA user authentication Successful : server =  198.51.100.9 : user = eve", "src_ip=; user=eve; outcome=success"},
		{"113005", head + "%ASA-6-113005: AAA user authentication Rejected : reason = AAA failure : server = 198.51.100.9 : user = eve : user IP = 192.0.2.7", "src_ip=192.0.2.7; dst_ip=; user=eve; outcome=failure"},
		{"113006", head + "%ASA-6-113006: User eve locked out on exceeding 3 successive failed authentication attempts", "user=eve; event_type=account_locked"},
		{"113012", head + "%ASA-6-113012: AAA user authentication Successful : local database : user = eve", "user=eve; outcome=success"},
		{"113015", head + "%ASA-6-113015: AAA user authentication Rejected : reason = Invalid password : local database : user = eve : user IP = 192.0.2.7", "src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"113019", head + "%ASA-4-113019: Group = staff, Username = eve, IP = 192.0.2.7, Session disconnected. Session Type: SSL, Duration: 0h:01m:02s, Bytes xmt: 1, Bytes rcv: 2, Reason: User Requested", "src_ip=192.0.2.7; user=eve; event_type=session_closed"},
		{"113039", head + "%ASA-6-113039: Group <staff> User <eve> IP <192.0.2.7> AnyConnect parent session started.", "src_ip=192.0.2.7; user=eve; outcome=success"},
		{"716039", head + "%ASA-6-716039: Group <staff> User <eve> IP <192.0.2.7> Authentication: rejected, Session Type: WebVPN.", "src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"722051", head + "%ASA-4-722051: Group <staff> User <eve> IP <192.0.2.7> IPv4 Address <198.51.100.77> IPv6 address <::> assigned to session", "src_ip=192.0.2.7; dst_ip=; user=eve; outcome=success"},
		{"734001", head + "%ASA-6-734001: DAP: User eve, Addr 192.0.2.7, Connection AnyConnect: The following DAP records were selected for this connection: staff", "src_ip=192.0.2.7; user=eve"},
		{"111010", head + "%ASA-5-111010: User 'eve', running 'CLI' from IP 192.0.2.7, executed 'show running-config'", "src_ip=192.0.2.7; user=eve; command=show running-config"},
		{"111008", head + "%ASA-5-111008: User 'eve' executed the 'no logging on' command.", "user=eve; command=no logging on"},
		{"502101", head + "%ASA-5-502101: New user added to local dbase: Uname: mallory Priv: 15 Encpass: x", "user=mallory; event_type=user_added"},
		{"a class in the tag", head + "%ASA-session-6-302013: Built inbound TCP connection 7 for outside:192.0.2.7/4711 (192.0.2.7/4711) to inside:198.51.100.2/22 (198.51.100.2/22)", "src_ip=192.0.2.7; dst_ip=198.51.100.2"},
		{"IPv6", head + "%ASA-4-106023: Deny tcp src outside:2001:db8::7/4711 dst inside:2001:db8::2/22 by access-group \"x\" [0x0, 0x0]", "src_ip=2001:db8::7; dst_ip=2001:db8::2; dst_port=22"},
		{"FTD connection", "2024-02-12T09:10:11Z ftd1 %FTD-1-430003: EventPriority: Low, DeviceUUID: 00-1, FirstPacketSecond: 2024-02-12T09:10:01Z, AccessControlRuleAction: Block, SrcIP: 192.0.2.7, DstIP: 198.51.100.2, SrcPort: 4711, DstPort: 445, Protocol: tcp, User: eve, ACPolicy: a, b", "time=2024-02-12T09:10:11Z; host=ftd1; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=445; user=eve; outcome=failure; ACPolicy=a, b"},
		{"FTD intrusion", "<113>Feb 12 2024 09:10:11 ftd1 %FTD-1-430001: DeviceUUID: 00-1, SrcIP: 192.0.2.7, DstIP: 198.51.100.2, SrcPort: 4711, DstPort: 80, Protocol: tcp, Priority: 1, GID: 1, SID: 7, Message: SERVER-WEBAPP x, y, InlineResult: Blocked", "src_ip=192.0.2.7; dst_ip=198.51.100.2; outcome=failure; source=cisco/ids/ftd; alert.signature=SERVER-WEBAPP x, y"},
		{"IOS access list", "<190>77: Feb 12 09:10:11.120: %SEC-6-IPACCESSLOGP: list 101 denied tcp 192.0.2.7(4711) -> 198.51.100.2(22), 1 packet", "src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"IOS SSH", "<189>78: Feb 12 09:10:11.120: %SSH-5-SSH2_USERAUTH: User 'eve' authentication for SSH2 Session from 192.0.2.7 (tty = 0) using crypto cipher 'aes256-ctr', hmac 'x' Failed", "src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"IOS logout", "<189>79: Feb 12 09:10:11.120: %SYS-6-LOGOUT: User eve has exited tty session 2(192.0.2.7)", "user=eve; event_type=logout; src_ip=192.0.2.7"},
	})
}

// TestDeviceRoles holds records that name more addresses than that of who came.
func TestDeviceRoles(t *testing.T) {
	readings(t, []reading{
		{"NetScaler", `<134> 02/12/2024:09:10:11 GMT ns7 0-PPE-1 : default SSLVPN LOGIN 77 0 : Context eve@192.0.2.7 - SessionId: 9 - User eve - Client_ip 192.0.2.7 - Nat_ip "Mapped Ip" - Vserver 198.51.100.2:443 - Browser_type "x" - Group(s) "N/A"`, "time=2024-02-12T09:10:11Z; host=ns7; src_ip=192.0.2.7; user=eve; outcome=success; dst_ip=198.51.100.2; dst_port=443"},
		{"NetScaler, failed", `<134> 2024/02/12:09:10:11 GMT ns7 0-PPE-1 : default AAA LOGIN_FAILED 78 0 :  User eve - Client_ip 192.0.2.7 - Failure_reason "External authentication server denied access" - Browser x`, "time=2024-02-12T09:10:11Z; host=ns7; src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"NetScaler, rejected", `<134> 2024/02/12:09:10:11 GMT ns7 0-PPE-1 : default AAA Message 79 0 :  "Authentication is rejected for eve (client ip : 192.0.2.7   , vserver ip: 198.51.100.2   ), extended error, if any : "`, "src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"NetScaler, a command", `<134> 02/12/2024:09:10:11 GMT ns7 0-PPE-1 : default CLI CMD_EXECUTED 80 0 :  User eve - Remote_ip 192.0.2.7 - Command "add system user x" - Status "Success"`, "src_ip=192.0.2.7; user=eve; command=add system user x; outcome=success"},
		{"NetScaler behind a collector", `<134>Feb 12 09:10:12 relay 02/12/2024:09:10:11 GMT ns7 0-PPE-1 : default SSLVPN LOGOUT 81 0 : Context eve@192.0.2.7 - SessionId: 9 - User eve - Client_ip 192.0.2.7 - Vserver 198.51.100.2:443`, "time=2024-02-12T09:10:11Z; host=ns7; src_ip=192.0.2.7; user=eve; event_type=logout"},
		{"ISE without a head", `0000248510 3 0 2024-02-12 10:10:11.120 +01:00 0005365099 5400 NOTICE Failed-Attempt: Authentication failed, ConfigVersionId=8, Device IP Address=198.51.100.5, UserName=eve, NAS-IP-Address=198.51.100.5, Calling-Station-ID=192.0.2.7`, "time=2024-02-12T09:10:11.12Z; src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"ISE", `<181>Feb 12 09:10:11 ise7 CISE_Passed_Authentications 0000248511 3 0 2024-02-12 10:10:11.120 +01:00 0005365100 5200 NOTICE Passed-Authentication: Authentication succeeded, ConfigVersionId=8, Device IP Address=198.51.100.5, UserName=eve, NAS-IP-Address=198.51.100.5, Calling-Station-ID=00-00-5E-00-53-01`, "host=ise7; src_ip=; user=eve; outcome=success"},
		{"ISE, its administrators", `Feb 12 09:10:11 ise7 CISE_Administrative_and_Operational_Audit 0026935733 1 0 2024-02-12 09:10:11.120 +00:00 0264007761 51001 NOTICE Administrator-Login: Administrator authentication succeeded, ConfigVersionId=8, AdminInterface=GUI, AdminIPAddress=192.0.2.7, AdminName=eve,`, "src_ip=192.0.2.7; user=eve; outcome=success"},
		{"FreeRADIUS", `Feb 12 09:10:11 rad7 radiusd[7]: (12) Login incorrect (mschap: MS-CHAP2-Response is incorrect): [eve/secret] (from client WLAN port 9 cli 192.0.2.7)`, "user=eve; outcome=failure; src_ip=192.0.2.7; nas=WLAN"},
		{"FreeRADIUS's own log", `Mon Feb 12 09:10:11 2024 : Auth: (13) Login OK: [eve] (from client WLAN port 9 cli 00-00-5E-00-53-01 via TLS tunnel)`, "time=2024-02-12T09:10:11Z; user=eve; outcome=success; src_ip="},
		{"FreeRADIUS, no such user", `Feb 12 09:10:11 rad7 radiusd[7]: (14) Invalid user: [x] (from client y port 1 cli 203.0.113.1)] (from client WLAN port 9 cli 192.0.2.7)`, "outcome=failure; src_ip=192.0.2.7"},
		{"an application behind a proxy", `2024-02-12 09:10:11 WARN login failed for user eve, gateway 198.51.100.5, client 192.0.2.7`, "src_ip=192.0.2.7; user=eve"},
		{"a sensor that tells", `Feb 12 09:10:11 h newd[7]: sensor 198.51.100.5: authentication failed for user eve from 192.0.2.7`, "src_ip=192.0.2.7; user=eve"},
		{"a server asked on the way", `Feb 12 09:10:11 h newd[7]: authentication failed: server ip 198.51.100.5, nas ip address 198.51.100.6, user eve, remote address 192.0.2.7`, "src_ip=192.0.2.7; user=eve"},
	})
}

// TestNoFalseLogin holds ordinary records in which words of failure stand beside names.
func TestNoFalseLogin(t *testing.T) {
	readings(t, []reading{
		{"an error with a user", `Feb 12 09:10:11 h app[7]: level=error msg="sync failed" user=sync host=198.51.100.4`, "event_type="},
		{"an object's name", `Feb 12 09:10:11 h app[7]: [audit] action="update" type="User" object="INVALID_ACCOUNT" user="eve" client_ip="192.0.2.7" infos=""`, "event_type="},
		{"a session without a user", `Feb 12 09:10:11 srx7 RT_FLOW: RT_FLOW_SESSION_CLOSE [junos@2636.1.1.1.2.142 reason="TCP RST" source-address="192.0.2.7" source-port="4711" destination-address="198.51.100.2" destination-port="443" application="SSL" nested-application="UNKNOWN" username="N/A"]`, "event_type=; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=443; user="},
		{"a job with an account", `Feb 12 09:10:11 h app[7]: job=mail status=failed account=noreply relay=198.51.100.4 retries=3`, "event_type="},
		{"a VPN packet", `id=firewall sn=1 time="2024-02-12 09:10:11 UTC" fw=198.51.100.1 pri=1 c=32 m=1388 msg="IPSec VPN Decryption Failed" n=1 src=192.0.2.7 dst=198.51.100.2`, "time=2024-02-12T09:10:11Z; event_type=; src_ip=192.0.2.7"},
		{"a failed login in pairs", `Feb 12 09:10:11 h app[7]: level=warn msg="login failed" user=eve ip=192.0.2.7`, "event_type=login_failed; user=eve; src_ip=192.0.2.7"},
		{"a failed login by what was done", `Feb 12 09:10:11 h app[7]: action=login result=failure user=eve ip=192.0.2.7`, "event_type=login_failed; user=eve; src_ip=192.0.2.7"},
	})
}

// TestFirewallRecords holds the records of firewalls, in the heads that they come in.
func TestFirewallRecords(t *testing.T) {
	readings(t, []reading{
		{"Stormshield", `id=firewall time="2024-02-12 10:10:11" fw="SN7" tz=+0100 startime="2024-02-12 10:10:11" pri=5 ruleid=1 ipproto=tcp src=192.0.2.7 srcport=4711 dst=198.51.100.2 dstport=443 action=block logtype="filter"`, "time=2024-02-12T09:10:11Z; host=SN7; src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; outcome=failure"},
		{"FortiGate behind rsyslog", `2024-02-12T04:10:12.123456-05:00 relay date=2024-02-12 time=04:10:11 devname="wall" devid="F" logid="0000000013" type="traffic" subtype="forward" eventtime=1707729011000000000 tz="-0500" srcip=192.0.2.7 srcport=4711 dstip=198.51.100.2 dstport=22 action="deny"`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_ip=198.51.100.2; outcome=failure; source=fortigate/firewall/traffic"},
		{"FortiWeb", `date=2024-02-12 time=10:10:11 log_id=20000010 msg_id=1 device_id=FV type=attack timezone="(GMT+1:00)Amsterdam,Berlin" proto=tcp src=192.0.2.7 src_port=4711 dst=198.51.100.2 dst_port=443 http_method=get http_url="/.env" action=Alert_Deny`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_ip=198.51.100.2"},
		{"Sophos", `<30>device="SFW" date=2024-02-12 time=10:10:11 timezone="CET" device_name="XG" log_type="Firewall" log_component="Firewall Rule" log_subtype="Denied" status="Deny" src_ip=192.0.2.7 dst_ip=198.51.100.2 protocol="TCP" src_port=4711 dst_port=445`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_port=445; outcome=failure; source=sophos/firewall/firewall"},
		{"Sophos, a login", `device="SFW" date=2024-02-12 time=10:10:11 timezone="CET" device_name="XG" log_type="Event" log_component="Firewall Authentication" log_subtype="Authentication" status="Failed" user_name="eve" src_ip=192.0.2.7 message="User eve failed to login to Firewall through Local authentication mechanism because of wrong credentials"`, "user=eve; user_name=eve; src_ip=192.0.2.7; outcome=failure; event_type=login_failed"},
		{"SonicWall, denied", `Feb 12 09:10:11 198.51.100.5 id=firewall sn=1 time="2024-02-12 09:10:10" fw=198.51.100.1 pri=1 c=32 m=30 msg="Administrator login denied due to bad credentials" n=7 src=192.0.2.7:4711:WAN dst=198.51.100.1:443:WAN`, "src_ip=192.0.2.7; src_port=4711; outcome=failure; event_type=login_failed"},
		{"SonicWall, in", `id=firewall sn=1 time="2024-02-12 09:10:10" fw=198.51.100.1 pri=6 c=16 m=29 msg="Successful administrator login" n=7 usr="admin" src=192.0.2.7:4711:WAN dst=198.51.100.1:443:WAN`, "src_ip=192.0.2.7; outcome=success; user=admin"},
		{"Check Point, syslog", `<134>1 2024-02-12T09:10:11Z gw7 CheckPoint 19710 - [action:"Drop"; flags:"400644"; ifdir:"inbound"; ifname:"eth2"; origin:"198.51.100.44"; dst:"198.51.100.2"; product:"VPN-1 & FireWall-1"; proto:"6"; s_port:"4711"; service:"22"; src:"192.0.2.7"]`, "time=2024-02-12T09:10:11Z; host=gw7; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=failure; source=checkpoint/firewall"},
		{"Check Point, kept without priority", `1 2024-02-12T09:10:11Z gw7 CheckPoint 19710 - [action:"Accept"; ifdir:"inbound"; origin:"198.51.100.44"; dst:"198.51.100.2"; service:"443"; src:"192.0.2.7"]`, "host=gw7; src_ip=192.0.2.7; dst_ip=198.51.100.2; outcome=success"},
		{"Check Point, for Splunk", `time=1707729011|hostname=gw7|product=Firewall|action=Drop|ifdir=inbound|loguid={0x5d}|origin=198.51.100.44|dst=198.51.100.2|proto=6|s_port=4711|service=22|src=192.0.2.7`, "time=2024-02-12T09:10:11Z; host=gw7; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"Check Point's own", `Feb 12 09:10:11 gw7 CP-GW - Log [Fields@1.3.6.1.4.1.2620 Action="reject" UUid="{0}" src="192.0.2.7" dst="198.51.100.2" service="22"]`, "host=gw7; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"Stormshield under a program's name", `<30>1 2024-02-12T10:10:11+01:00 SN7 asqd - - - id=firewall time="2024-02-12 10:10:11" fw="SN7" tz=+0100 src=192.0.2.7 dst=198.51.100.2 dstport=22 action=block logtype="filter"`, "time=2024-02-12T09:10:11Z; host=SN7; src_ip=192.0.2.7; outcome=failure"},
		{"Sophos under a program's name", `Feb 12 09:10:11 fw7 xg: device="SFW" date=2024-02-12 time=09:10:11 timezone="GMT" device_name="XG" log_type="Firewall" log_component="Firewall Rule" log_subtype="Allowed" status="Allow" src_ip=192.0.2.7 dst_ip=203.0.113.9 src_port=1 dst_port=443`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; outcome=success; source=sophos/firewall/firewall"},
		{"a program's pairs", `Feb 12 09:10:11 h app[7]: level=info msg="sent" src=192.0.2.7 dst=queue action=none`, "source=linux/*/syslog; event_type="},
		{"Junos, denied", `<14>1 2024-02-12T10:10:11.120+01:00 srx7 RT_FLOW - RT_FLOW_SESSION_DENY [junos@2636.1.1.1.2.26 source-address="192.0.2.7" source-port="4711" destination-address="198.51.100.2" destination-port="22" service-name="junos-ssh" protocol-id="6" policy-name="deny"]`, "time=2024-02-12T09:10:11.12Z; host=srx7; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"Junos, not structured", `<14>Feb 12 09:10:11 srx7 RT_FLOW: RT_FLOW_SESSION_DENY: session denied 192.0.2.7/4711->198.51.100.2/22 junos-ssh 6(0) deny untrust trust UNKNOWN UNKNOWN N/A(N/A) ge-0/0/0.0`, "src_ip=192.0.2.7; src_port=4711; dst_ip=198.51.100.2; dst_port=22; outcome=failure"},
		{"Junos, closed", `<14>Feb 12 09:10:11 srx7 RT_FLOW: RT_FLOW_SESSION_CLOSE: session closed TCP FIN: 192.0.2.7/4711->198.51.100.2/22 junos-ssh 1/2->3/4 None`, "src_ip=192.0.2.7; dst_ip=198.51.100.2; event_type="},
		{"Junos, a login", `<38>Feb 12 09:10:11 mx7 mgd[77]: UI_LOGIN_EVENT: User 'eve' login, class 'j-super-user' [77], ssh-connection '192.0.2.7 4711 198.51.100.2 22', client-mode 'cli'`, "user=eve; src_ip=192.0.2.7; outcome=success"},
		{"Junos, a login that failed", `<38>Feb 12 09:10:11 mx7 login[77]: LOGIN_FAILED: Login failed for user 'eve' from host '192.0.2.7'`, "user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"Meraki, a flow", `<134>1 1707729011.120 MX7 flows src=192.0.2.7 dst=198.51.100.2 mac=00:00:5E:00:53:01 protocol=tcp sport=4711 dport=23 pattern: deny all`, "time=2024-02-12T09:10:11.12Z; host=MX7; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=23; outcome=failure"},
		{"Meraki, a request", `<134>1 1707729011.120 MX7 urls src=192.0.2.7:4711 dst=198.51.100.2:443 mac=00:00:5E:00:53:01 request: GET https://shop.example/a`, "src_ip=192.0.2.7; dst_ip=198.51.100.2; cs-host=shop.example"},
		{"Meraki, an alert", `<134>1 1707729011.120 MX7 security_event ids_alerted signature=1:7:1 priority=1 timestamp=1707729010.1 direction=ingress protocol=tcp/ip src=192.0.2.7:4711 dst=198.51.100.2:80 message: SERVER-OTHER x`, "src_ip=192.0.2.7; dst_ip=198.51.100.2; alert.signature=SERVER-OTHER x"},
		{"WatchGuard", `<140>Feb 12 09:10:11 wg7 firewall: msg_id="3000-0148" Deny 0-External 1-Trusted 52 tcp 20 127 192.0.2.7 198.51.100.2 4711 22 offset 8 S 1 win 2 (Unhandled External Packet-00)`, "host=wg7; src_ip=192.0.2.7; dst_ip=198.51.100.2; src_port=4711; dst_port=22; outcome=failure"},
		{"WatchGuard, a login", `<140>Feb 12 09:10:11 wg7 admd[9]: msg_id="1100-0005" Authentication of SSLVPN user [eve@Firebox-DB] from 192.0.2.7 was rejected, password is incorrect`, "src_ip=192.0.2.7; outcome=failure"},
		{"Palo Alto, the firewall's zone", `<14>Feb 12 10:10:11 pa7 1,2024/02/12 10:10:11,0154,GLOBALPROTECT,0,2562,2024/02/12 10:10:11,vsys1,gateway-auth,login,,,corp\eve,EN,PC7,192.0.2.7,0.0.0.0,198.51.100.232,0.0.0.0,8f0f,SN,6.0.4,Windows,"Microsoft Windows 10 , 64-bit",1,,,,failure,,0,,0,GW,5,0x8,2024-02-12T10:10:11.134+01:00,,,,,,0,0,0,0,,pa7,1`, "time=2024-02-12T09:10:11Z; host=pa7; src_ip=192.0.2.7; user=eve; outcome=failure"},
		{"Palo Alto, users", `<14>Feb 12 10:10:11 pa7 1,2024/02/12 10:10:11,0154,USERID,login,2562,2024/02/12 10:10:11,vsys1,192.0.2.7,corp\eve,agent,0,1,2700,0,0,active-directory,,7,0x0`, "src_ip=192.0.2.7; user=eve"},
		{"CEF, FortiGate", `CEF:0|Fortinet|Fortigate|v6.0.3|24576|utm:dlp dlp block|4|deviceExternalId=F FTNTFGTlogid=1 cat=utm:dlp FTNTFGTeventtime=1707729011 src=192.0.2.7 spt=4711 dst=198.51.100.2 dpt=80 act=block`, "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; dst_ip=198.51.100.2"},
		{"CEF, a zone with an offset", `CEF:0|Maker|Guard|1|7|Attack|3|rt=Feb 12 2024 10:10:11 GMT+01:00 dhost=pc7 src=192.0.2.7 dst=198.51.100.2 act=Block`, "time=2024-02-12T09:10:11Z"},
		{"CEF, without a year", `CEF:0|Maker|Guard|1|7|Attack|3|rt=Feb 12 09:10:11 src=192.0.2.7 dst=198.51.100.2`, "time=2026-02-12T09:10:11Z"},
		{"CEF, a zone's name", `CEF:0|Maker|Guard|1|7|Attack|3|rt=Feb 12 2024 10:10:11.120 CET src=192.0.2.7 dst=198.51.100.2`, "time=2024-02-12T09:10:11.12Z"},
	})
}

// TestDeviceLogins holds what appliances say of logins.
func TestDeviceLogins(t *testing.T) {
	readings(t, []reading{
		{"Synology", `2024-02-12T10:10:11+01:00 nas7 Connection: User [eve] from [192.0.2.7] failed to log in via [SSH] due to authorization failure.`, "time=2024-02-12T09:10:11Z; host=nas7; user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"Synology, in", `<14>Feb 12 09:10:11 nas7 Connection: User [eve] from [192.0.2.7] logged in successfully via [DSM].`, "user=eve; src_ip=192.0.2.7; outcome=success"},
		{"Synology, DSM 7", `<14>Feb 12 09:10:11 nas7 Connection: User [eve] from [192.0.2.7] signed in to [DSM] successfully via [password].`, "user=eve; src_ip=192.0.2.7; outcome=success"},
		{"Aruba", `Feb 12 09:10:11 sw7 auth:  ST1-CMDR: Invalid user name/password on SSH session User 'eve' is trying to login from 192.0.2.7`, "user=eve; src_ip=192.0.2.7; outcome=failure; host=sw7"},
		{"Aruba, in", `Feb 12 09:10:11 sw7 auth:  ST1-CMDR: User 'eve' logged in from 192.0.2.7 to SSH session`, "user=eve; src_ip=192.0.2.7; outcome=success"},
		{"Dovecot under the same name", `Feb 12 09:10:11 mx7 auth: pam(eve,192.0.2.7): unknown user`, "service=dovecot"},
		{"cPanel", `[2024-02-12 04:10:11 -0500] info [cpsrvd] 192.0.2.7 - eve - SUCCESS LOGIN whostmgrd`, "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7; outcome=success"},
		{"cPanel, failed", `[2024-02-12 04:10:11 -0500] info [webmaild] 192.0.2.7 - eve "POST /login/?login_only=1 HTTP/1.1" FAILED LOGIN webmaild: user password incorrect`, "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"ESXi", `2024-02-12T09:10:11.120Z esx7 Hostd: info hostd[1] [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 12 : Cannot login root@192.0.2.7`, "host=esx7; user=root; src_ip=192.0.2.7; outcome=failure"},
		{"ESXi, in", `2024-02-12T09:10:11.120Z esx7 Hostd: info hostd[1] [Originator@6876 sub=Vimsvc.ha-eventmgr] Event 13 : User root@192.0.2.7 logged in as pyvmomi`, "user=root; src_ip=192.0.2.7; outcome=success"},
		{"vCenter's vpxd", `2024-02-12T10:10:11.120+01:00 vc7 vpxd 77 - -  Event [1] [1-1] [2024-02-12T09:10:11.120Z] [vim.event.BadUsernameSessionEvent] [error] [] [] [1] [Cannot login VSPHERE.LOCAL\eve@192.0.2.7]`, "time=2024-02-12T09:10:11.12Z; host=vc7; src_ip=192.0.2.7; outcome=failure"},
		{"words apart", `Feb 12 09:10:11 h newd[7]: user eve from 192.0.2.7 failed to log in at server 198.51.100.5`, "user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"vCenter", `2024-02-12T09:10:11.120Z {"user":"VSPHERE.LOCAL\\eve","client":"192.0.2.7","timestamp":"02/12/2024 09:10:11 GMT","description":"User VSPHERE.LOCAL\\eve@192.0.2.7 failed to log in with response code 401","eventSeverity":"INFO","type":"com.vmware.sso.LoginFailure"}`, "time=2024-02-12T09:10:11.12Z; src_ip=192.0.2.7; outcome=failure"},
		{"WSA", `Feb 12 09:10:11 wsa7 Accesslogs: Info: 1707729011.352 7 192.0.2.7 TCP_DENIED/403 779 GET http://bad.example/x "CORP\eve@NTLM" NONE/- - BLOCK_WBRS_11-x`, "src_ip=192.0.2.7; sc-status=403; cs-host=bad.example"},
		{"F5", `<134> Feb 12 09:10:11 f57 notice httpd[12]: 01070417:5: AUDIT - user admin - RAW: httpd(pam_audit): User=eve tty=(unknown) host=192.0.2.7 failed to login after 1 attempts (start="x" end="y").`, "host=f57; user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"sshd, illegal user", `Feb 12 09:10:11 h sshd[7]: Connection closed by illegal user eve 192.0.2.7 port 4711 [preauth]`, "src_ip=192.0.2.7; user=eve"},
		{"sshd, a subsystem", `Feb 12 09:10:11 h sshd[7]: subsystem request for netconf by user eve failed, subsystem not found`, "user=eve"},
		{"sshd, no name", `Feb 12 09:10:11 h sshd[7]: Invalid user  from 192.0.2.7 port 4711`, "src_ip=192.0.2.7; user="},
		{"PostgreSQL", `2024-02-12 10:10:11.120 CET [77] eve@shop 192.0.2.7 FATAL:  password authentication failed for user "eve"`, "time=2024-02-12T09:10:11.12Z; user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"Redis", `77:M 12 Feb 2024 09:10:11.120 # Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. Connection from 192.0.2.7:4711 aborted.`, "time=2024-02-12T09:10:11.12Z"},
	})
}
