package decode

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

func TestNetworkLines(t *testing.T) {
	const names = "src_ip src_port dst_ip dst_port action proto user query record_type answer event_type outcome cs-method c-uri cs-host sc-status command alert.signature name Zone"
	tests := []struct{ name, line, source, want string }{
		{"CEF", `CEF:0|Maker|Wall\|1|1.0|100|Threat Blocked|7|src=192.0.2.7 spt=4711 dst=198.51.100.2 dpt=80 act=blocked msg=a b\=c cs1Label=Zone cs1=dmz end=1772600767250`, "*/ids/cef",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=80 action=blocked event_type=firewall_denied outcome=failure name=Threat Blocked Zone=dmz"},
		{"CEF by syslog", `<134>Mar  4 05:06:07 wall CEF:0|Maker|VPN|1.0|100|User login failed|7|src=192.0.2.7 suser=ann`, "*/*/cef",
			"src_ip=192.0.2.7 user=ann event_type=login_failed outcome=failure name=User login failed"},
		{"LEEF", "LEEF:2.0|Maker|Wall|1.0|deny|^|src=192.0.2.7^dst=198.51.100.2^srcPort=4711^dstPort=22^proto=TCP^devTime=2026-03-04T05:06:07Z", "*/firewall/cef",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 proto=TCP event_type=firewall_denied outcome=failure"},
		{"Fortinet traffic", `<189>date=2026-03-04 time=05:06:07 devname="wall" devid="F" eventtime=1772600767250000000 tz="+0000" logid="0000000013" type="traffic" subtype="forward" srcip=192.0.2.7 srcport=4711 dstip=198.51.100.2 dstport=22 action="deny"`, "fortigate/firewall/traffic",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 action=deny event_type=firewall_denied outcome=failure"},
		{"Fortinet configuration", `date=2026-03-04 time=05:06:07 devname="wall" devid="F" tz="+0100" logid="0100044547" type="event" subtype="system" user="ann" action="Add" cfgpath="user.local" msg="Add \"user.local\" eve"`, "fortigate/*/event", "action=Add user=ann"},
		{"Fortinet VPN login", `date=2026-03-04 time=05:06:07 devid="F" logid="1" type="event" subtype="vpn" action="ssl-login-fail" remip=192.0.2.7 user="ann" msg="no"`, "fortigate/*/event",
			"src_ip=192.0.2.7 action=ssl-login-fail user=ann event_type=login_failed outcome=failure"},
		{"SonicWall", `id=firewall sn=1 time="2026-03-04 05:06:07 UTC" fw=198.51.100.1 pri=1 c=32 m=82 msg="Possible port scan" src=192.0.2.7:4711:X1 dst=198.51.100.2:22:X0`, "*/firewall",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 event_type=scan"},
		{"Cisco ASA, denied", `Mar  4 05:06:07 wall : %ASA-4-106023: Deny tcp src outside:192.0.2.7/4711 dst inside:198.51.100.2/22 by access-group "x"`, "cisco/firewall/asa",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 action=deny event_type=firewall_denied outcome=failure"},
		{"Cisco ASA, outbound", `<166>Mar 04 2026 05:06:07 wall : %ASA-6-302013: Built outbound TCP connection 1 for outside:198.51.100.2/80 (198.51.100.2/80) to inside:192.0.2.7/4711 (192.0.2.7/4711)`, "cisco/firewall/asa",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=80 action=allow event_type=firewall_allowed outcome=success"},
		{"Cisco ASA, login", `<166>Mar 04 2026 05:06:07: %ASA-6-605004: Login denied from 192.0.2.7/4711 to outside:198.51.100.2/ssh for user "ann"`, "cisco/*/syslog",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 user=ann event_type=login_failed outcome=failure"},
		{"Cisco IOS, command", `<189>52: router: Mar  4 05:06:07: %PARSER-5-CFGLOG_LOGGEDCMD: User:ann  logged command:!exec: show running-config`, "cisco/*/syslog", "user=ann event_type=command outcome=success command=show running-config"},
		{"Palo Alto", `<14>Mar  4 05:06:07 wall 1,2026/03/04 05:06:07,012345678901,THREAT,vulnerability,2561,2026/03/04 05:06:07,192.0.2.7,198.51.100.2,,,rule,,,ssh,vsys1,U,D,e1,e2,f,2026/03/04 05:06:07,2,23,4711,22,0,0,0x4,tcp,reset-both,"a,b",SSH Brute Force(40015),any,high,client-to-server,7`, "paloalto/ids/threat",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 action=reset-both proto=tcp event_type=firewall_denied outcome=failure alert.signature=SSH Brute Force(40015)"},
		{"Palo Alto login", `<14>Mar  4 05:06:07 wall 1,2026/03/04 05:06:07,012345678901,SYSTEM,auth,0,2026/03/04 05:06:07,,auth-fail,,0,0,general,medium,"failed authentication for user 'ann'. Reason: no. From: 192.0.2.7.",1,0x0`, "paloalto/appliance/system",
			"src_ip=192.0.2.7 user=ann event_type=login_failed outcome=failure"},
		{"MikroTik", `2026-03-04T05:06:07+00:00 gw firewall,info drop input: in:ether1 out:(unknown 0), connection-state:new src-mac 00:00:5e:00:53:01, proto TCP (SYN), 192.0.2.7:4711->198.51.100.2:23, len 40`, "mikrotik/firewall/firewall",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=23 action=deny proto=TCP event_type=firewall_denied outcome=failure"},
		{"MikroTik login", `Mar  4 05:06:07 gw system,error,critical login failure for user a from 198.51.100.9 via web from 192.0.2.7 via ssh`, "mikrotik/*/system",
			"src_ip=192.0.2.7 user=a from 198.51.100.9 via web event_type=login_failed outcome=failure"},
		{"BIND query", `04-Mar-2026 05:06:07.250 queries: info: client @0x7f01 192.0.2.7#53000 (a.example): query: a.example IN TXT +E(0)K (198.51.100.2)`, "bind/dns/named", "src_ip=192.0.2.7 src_port=53000 query=a.example record_type=TXT"},
		{"BIND refusal", `Mar  4 05:06:07 ns named[12]: client 192.0.2.7#53: view external: query (cache) 'a.example/ANY/IN' denied`, "bind/dns/named", "src_ip=192.0.2.7 src_port=53 query=a.example record_type=ANY event_type=denied outcome=failure"},
		{"dnsmasq", `Mar  4 05:06:07 dnsmasq[12]: query[AAAA] a.example from 192.0.2.7`, "dnsmasq/dns/dnsmasq", "src_ip=192.0.2.7 query=a.example record_type=AAAA"},
		{"Pi-hole", `Mar  4 05:06:07 pihole dnsmasq[12]: 77 192.0.2.7/4711 gravity blocked a.example is 0.0.0.0`, "dnsmasq/dns/dnsmasq", "action=blocked query=a.example answer=0.0.0.0"},
		{"Unbound", `Mar  4 05:06:07 ns unbound[12]: [12:0] info: 192.0.2.7 a.example. A IN`, "unbound/dns/unbound", "src_ip=192.0.2.7 query=a.example record_type=A"},
		{"CoreDNS", `[INFO] 192.0.2.7:4711 - 12 "A IN a.example. udp 40 false 512" NOERROR qr,rd 100 0.001s`, "coredns/dns/coredns", "src_ip=192.0.2.7 src_port=4711 proto=udp query=a.example record_type=A"},
		{"NSD", `[1772600767] nsd[12]: info: axfr for a.example. from client 192.0.2.7 refused, no acl matches.`, "nsd/dns/nsd", "src_ip=192.0.2.7 event_type=denied outcome=failure"},
		{"Squid", `1772600767.250    131 192.0.2.7 TCP_MISS/200 4099 GET http://shop.example/a.exe?b - HIER_DIRECT/198.51.100.2 text/html`, "squid/proxy/access",
			"src_ip=192.0.2.7 dst_ip=198.51.100.2 action=TCP_MISS cs-method=GET c-uri=http://shop.example/a.exe?b cs-host=shop.example sc-status=200"},
		{"Snort by syslog", `Mar  4 05:06:07 ids snort[12]: [1:2001219:20] A signature [Classification: X] [Priority: 2] {TCP} 192.0.2.7:4711 -> 198.51.100.2:22`, "suricata/ids/alert",
			"src_ip=192.0.2.7 src_port=4711 dst_ip=198.51.100.2 dst_port=22 proto=TCP alert.signature=A signature"},
		{"HAProxy by syslog", `Mar  4 05:06:07 lb haproxy[12]: 192.0.2.7:4711 [04/Mar/2026:05:06:07.000] fe be/s1 0/0/0/13/14 401 20 - - ---- 1/1/0/0/0 0/0 "GET /a HTTP/1.1"`, "haproxy/webserver/haproxy",
			"src_ip=192.0.2.7 src_port=4711 cs-method=GET sc-status=401"},
		{"nginx by syslog", `Mar  4 05:06:07 web nginx: 192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl"`, "nginx/webserver/access", "src_ip=192.0.2.7 cs-method=GET sc-status=200"},
		{"JSON by syslog", `Mar  4 05:06:07 web caddy[1]: {"ts":1772600767.25,"logger":"http.log.access","request":{"remote_ip":"192.0.2.7","method":"GET","uri":"/a"},"status":200}`, "caddy/webserver/access", "src_ip=192.0.2.7 cs-method=GET sc-status=200"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := decodeText(t, tt.line)[0]
			if d := cmp.Diff(tt.want, fields(e, names)); d != "" {
				t.Error(d)
			}
			if len(e.Sources) == 0 || e.Sources[0].String() != tt.source {
				t.Errorf("sources %v, want %s first", e.Sources, tt.source)
			}
		})
	}
}

// TestNotNetwork holds lines that look a little like a device's and are not.
func TestNotNetwork(t *testing.T) {
	for _, line := range []string{
		`time="2026-03-04T05:06:07Z" level=info msg="started" port=80`,
		`type=SYSCALL msg=audit(1772600767.250:12): arch=c000003e syscall=59 success=yes exit=0`,
		`Mar  4 05:06:07 web sshd[12]: Failed password for ann from 192.0.2.7 port 4711 ssh2`,
		`0|1|2`,
	} {
		d := &lines{rec: &tocsin.Record{}}
		for _, k := range networkLines() {
			var e tocsin.Event
			if k.parse(d, []byte(line), &e) {
				t.Errorf("%s took %s", k.name, line)
			}
		}
	}
}
