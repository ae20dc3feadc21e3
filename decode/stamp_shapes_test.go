package decode

import "testing"

// TestNoInventedTime holds lines whose numbers are no time.
func TestNoInventedTime(t *testing.T) {
	readings(t, []reading{
		{"an order", "order 1700000001 authentication failed for user eve from 192.0.2.7", "time=; user=eve; src_ip=192.0.2.7"},
		{"a bracketed ticket", "ticket [1712345678901] login failed for user eve from 192.0.2.7", "time=; user=eve"},
		{"an id of twelve digits", "account=111122223333 login failed for user eve from 192.0.2.7", "time="},
		{"a sequence number that begins with a zero", "0001712345 login failed for user eve from 192.0.2.7", "time="},
		{"a number that would lie behind the file's own time", "4036848496 login failed for user eve from 192.0.2.7", "time="},
		{"Unix time where a stamp belongs", "1700000001 login failed for user eve from 192.0.2.7", "time=2023-11-14T22:13:21Z"},
		{"Unix time in brackets", "[1700000001.5] login failed for user eve from 192.0.2.7", "time=2023-11-14T22:13:21.5Z"},
		{"how long an IOS device is up", "<189>44: 00:00:46: %LINK-3-UPDOWN: Interface Vlan1, changed state to up\n<189>45: 1d02h: %LINK-3-UPDOWN: Interface Vlan1, changed state to up", "time=; host=\ntime=; host="},
		{"a serial number in JSON", `{"level":"info","time":"0001712345678","msg":"login failed","user":"eve","ip":"192.0.2.7"}`, "time="},
	})
}

// TestDateBesideTime holds stamps whose date stands apart from the time of day.
func TestDateBesideTime(t *testing.T) {
	readings(t, []reading{
		{"columns", "2024-05-26,13:41:00,64,login failed,eve,192.0.2.7,POST", "time=2024-05-26T13:41:00Z"},
		{"bars", "2024-05-26|13:41:00|login failed for user eve from 192.0.2.7", "time=2024-05-26T13:41:00Z"},
		{"behind colons", "Worker-1::WARN::2024-12-05 07:04:56,101::auth::12::login failed for eve from 192.0.2.7", "time=2024-12-05T07:04:56.101Z"},
		{"in braces", "main {2024-12-05 07:04:56} login failed for user eve from 192.0.2.7", "time=2024-12-05T07:04:56Z"},
		{"date behind", "app 07:04:56.250 2024-12-05 login failed for user eve from 192.0.2.7", "time=2024-12-05T07:04:56.25Z"},
		{"date with a word between", "on 2024-12-05 at 07:04:56 login failed for user eve from 192.0.2.7", "time=2024-12-05T07:04:56Z"},
		{"no date", "07:04:56.250 [main] login failed for user eve from 192.0.2.7", "time=2026-03-01T07:04:56.25Z"},
		{"klog", "W0212 09:10:11.120000       1 auth.go:7] login failed for user eve from 192.0.2.7", "time=2026-02-12T09:10:11.12Z"},
		{"glog with a thread", "E0228 23:59:59.000007 8812 server.cc:99] login failed for user eve from 192.0.2.7", "time=2026-02-28T23:59:59.000007Z"},
		{"packed", "20240226T070809 login failed for user eve from 192.0.2.7", "time=2024-02-26T07:08:09Z"},
		{"fourteen digits", `{"level":"warn","timestamp":"20240226070809","msg":"login failed","user":"eve","ip":"192.0.2.7"}`, "time=2024-02-26T07:08:09Z"},
	})
}

// TestYearFirst holds stamps that begin with their year.
func TestYearFirst(t *testing.T) {
	readings(t, []reading{
		{"OSSEC", "2014 Nov  3 13:40:01 gate sshd[77]: Failed password for root from 192.0.2.7 port 22 ssh2", "time=2014-11-03T13:40:01Z; host=gate; user=root; src_ip=192.0.2.7; outcome=failure"},
		{"OSSEC, an agent's", "2013 Jan 20 09:29:47 WinEvtLog: Security: AUDIT_FAILURE(4625): Microsoft-Windows-Security-Auditing: eve: CORP: pc1: An account failed to log on.", "time=2013-01-20T09:29:47Z"},
		{"with a zone", "<187>sw9: 2021 Apr 26 09:09:48 CEST: %AUTHPRIV-3-SYSTEM_MSG: pam_aaa:Authentication failed for user eve from 192.0.2.7 - sshd[1]", "time=2021-04-26T07:09:48Z; host=sw9; user=eve; src_ip=192.0.2.7"},
		{"one digit", "2024/3/6 9:02:04 login failed for user eve from 192.0.2.7", "time=2024-03-06T09:02:04Z"},
	})
}

// TestDayOrder holds numeric dates: their order is that of the whole file, and a date against it is a fault.
func TestDayOrder(t *testing.T) {
	line := " INFO pool.Worker: login failed for user eve from 192.0.2.7\n"
	readings(t, []reading{
		{"year first", "24/06/09 20:10:40" + line + "24/06/19 20:10:41" + line, "time=2024-06-09T20:10:40Z\ntime=2024-06-19T20:10:41Z"},
		{"year first, one day", "24/06/09 20:10:40" + line + "24/06/09 20:10:41" + line, "time=2024-06-09T20:10:40Z\ntime=2024-06-09T20:10:41Z"},
		{"day first, told by a later line", "05/06/2024 20:10:40" + line + "13/06/2024 20:10:41" + line, "time=2024-06-05T20:10:40Z\ntime=2024-06-13T20:10:41Z"},
		{"day first, told by how close they lie", "01/06/2024 20:10:40" + line + "02/06/2024 20:10:41" + line + "03/06/2024 20:10:41" + line, "time=2024-06-01T20:10:40Z\ntime=2024-06-02T20:10:41Z\ntime=2024-06-03T20:10:41Z"},
		{"month first", "06/05/2024 20:10:40" + line + "06/13/2024 20:10:41" + line, "time=2024-06-05T20:10:40Z\ntime=2024-06-13T20:10:41Z"},
		{"month first with dashes", "06-05-2024 20:10:40" + line + "06-13-2024 20:10:41" + line, "time=2024-06-05T20:10:40Z\ntime=2024-06-13T20:10:41Z"},
		{"full stops", "05.06.2024 20:10:40" + line, "time=2024-06-05T20:10:40Z"},
		{"half days", "5/6/2024 8:10:40 PM" + line, "time=2024-05-06T20:10:40Z"},
		{"a date against the order", "05/06/2024 20:10:40" + line + "13/06/2024 20:10:41" + line + "06/14/2024 20:10:41" + line, "time=2024-06-05T20:10:40Z\ntime=2024-06-13T20:10:41Z\ntime=; fault=yes"},
		{"a table", "time,user,src_ip,message\n05/06/2024 20:10:40,eve,192.0.2.7,login failed\n13/06/2024 20:10:41,eve,192.0.2.7,login failed\n", "time=2024-06-05T20:10:40Z\ntime=2024-06-13T20:10:41Z"},
		{"JSON", `{"level":"warn","time":"05/06/2024 20:10:40","msg":"login failed","user":"eve","ip":"192.0.2.7"}` + "\n" + `{"level":"warn","time":"13/06/2024 20:10:41","msg":"login failed","user":"eve","ip":"192.0.2.7"}`, "time=2024-06-05T20:10:40Z\ntime=2024-06-13T20:10:41Z"},
		{"Proxmox", `192.0.2.7 - root@pam [05/06/2024:20:10:40 +0200] "POST /api2/extjs/access/ticket HTTP/1.1" 401 -`, "time=2024-06-05T18:10:40Z; src_ip=192.0.2.7"},
		{"cPanel", `192.0.2.7 - eve [05/06/2024:20:10:40 -0000] "POST /login/ HTTP/1.1" 401 0 "-" "-" "-" "-" 2083`, "time=2024-05-06T20:10:40Z; src_ip=192.0.2.7"},
	})
}

// TestStampShapes holds stamps in the ways that programs and devices write them.
func TestStampShapes(t *testing.T) {
	ssh := " gate sshd[7]: Failed password for root from 192.0.2.7 port 22 ssh2"
	say := " login failed for user eve from 192.0.2.7"
	readings(t, []reading{
		{"a space behind the priority", "<134> Feb 12 09:10:11" + ssh, "time=2026-02-12T09:10:11Z; host=gate; user=root"},
		{"a space behind the priority, ISO 8601", "<134> 2024-02-12T09:10:11+01:00" + ssh, "time=2024-02-12T08:10:11Z; host=gate; user=root"},
		{"an offset behind syslog's own stamp", "Feb 12 10:10:11+0100" + ssh, "time=2026-02-12T09:10:11Z; host=gate; user=root"},
		{"month first, with dashes", "Feb-12-2024 09:10:11 app" + say, "time=2024-02-12T09:10:11Z"},
		{"a zone behind syslog's own stamp", "Feb 12 10:10:11 CET" + ssh, "time=2026-02-12T09:10:11Z; host=gate"},
		{"a weekday before ISO 8601", "Mon 2024-02-12 10:10:11 CET" + ssh, "time=2024-02-12T09:10:11Z"},
		{"packed", "20240212 091011 app" + say, "time=2024-02-12T09:10:11Z"},
		{"Go's", "2024-02-12 10:10:11.120 +0100 CET m=+0.1" + say, "time=2024-02-12T09:10:11.12Z"},
		{"IOS, not set", "<189>000123: *Feb 12 09:10:11.120 UTC: %SYS-5-CONFIG_I: Configured from console by eve on vty0 (192.0.2.7)", "time=2026-02-12T09:10:11.12Z; user=eve; src_ip=192.0.2.7"},
		{"IOS, not set, with the collector's", "Feb 12 09:10:11 192.0.2.5 123: *Mar  1 00:01:02.003: %SYS-5-CONFIG_I: Configured from console by eve on vty0 (192.0.2.7)", "time=2026-02-12T09:10:11Z; host=192.0.2.5; user=eve"},
		{"IOS, year and origin", "<189>: core1: Feb 12 2024 09:10:11.120: %SYS-5-CONFIG_I: Configured from console by eve on vty0 (192.0.2.7)", "time=2024-02-12T09:10:11.12Z; host=core1; user=eve; src_ip=192.0.2.7"},
		{"IOS, no priority", "*Feb 12 09:10:11.120 CET: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: eve] [Source: 192.0.2.7] [localport: 22] [Reason: Login Authentication Failed]", "time=2026-02-12T08:10:11.12Z; user=eve; src_ip=192.0.2.7; outcome=failure"},
		{"EMBLEM", "<166>:Feb 12 09:10:11 CET: %ASA-6-302013: Built inbound TCP connection 7 for outside:192.0.2.7/4711 (192.0.2.7/4711) to inside:198.51.100.2/22 (198.51.100.2/22)", "time=2026-02-12T08:10:11Z; src_ip=192.0.2.7; dst_ip=198.51.100.2; dst_port=22"},
		{"UCS", "<134>: 2024 Feb 12 09:10:11 UTC: %UCSM-6-AUDIT: [session][internal][creation][internal][3][x][y] Web B: remote user eve logged in from 192.0.2.7", "time=2024-02-12T09:10:11Z; user=eve; src_ip=192.0.2.7"},
		{"NX-OS, two stamps", "<187>Feb 12 09:10:11 192.0.2.5 2024 Feb 12 09:10:11.250 AEST: %AUTHPRIV-3-SYSTEM_MSG: pam_aaa:Authentication failed for user eve from 192.0.2.7 - sshd[1]", "time=2024-02-11T23:10:11.25Z; host=192.0.2.5; user=eve"},
		{"NX-OS, counted", "<187>Feb 12 09:10:13 192.0.2.5 6031: Feb 12 09:10:11.250 CET: %AUTHPRIV-3-SYSTEM_MSG: pam_aaa:Authentication failed for user eve from 192.0.2.7 - sshd[1]", "time=2026-02-12T08:10:11.25Z; host=192.0.2.5"},
		{"Tomcat, German", "12-Feb.-2024 09:10:11.120 WARNUNG [main] org.example.Realm" + say, "time=2024-02-12T09:10:11.12Z; user=eve"},
		{"Tomcat, German March", "12-Mär-2024 09:10:11.120 WARNUNG [main] org.example.Realm" + say, "time=2024-03-12T09:10:11.12Z"},
		{"Tomcat, French", "12-févr.-2024 09:10:11.120 AVERTISSEMENT [main] org.example.Realm" + say, "time=2024-02-12T09:10:11.12Z"},
		{"Tomcat, old", "Feb 12, 2024 9:10:11 PM org.example.Realm authenticate" + say, "time=2024-02-12T21:10:11Z"},
		{"Tomcat, old and French", "août 12, 2024 9:10:11 PM org.example.Realm authenticate" + say, "time=2024-08-12T21:10:11Z"},
		{"date's, German", "Mo 12. Feb 09:10:11 CET 2024" + say, "time=2024-02-12T08:10:11Z"},
		{"date's, French", "lun. 12 févr. 2024 09:10:11 CET" + say, "time=2024-02-12T08:10:11Z"},
		{"French, with a word between", "12 févr. 2024 à 09:10:11 app" + say, "time=2024-02-12T09:10:11Z"},
		{"to the minute", "2024-02-12T09:10Z app" + say, "time=2024-02-12T09:10:00Z"},
		{"month in words", "12. Dezember 2024, 09:10:11" + say, "time=2024-12-12T09:10:11Z"},
		{"ctime in brackets", "[Mon Feb 12 09:10:11 2024] app" + say, "time=2024-02-12T09:10:11Z"},
		{"Oracle", "12-FEB-24 09:10:11 app" + say, "time=2024-02-12T09:10:11Z"},
		{"WebSphere", "[2/12/24 9:10:11:120 CET] 0000004a Realm" + say, "time=2024-02-12T08:10:11.12Z"},
		{"GMT with an offset", "2024-02-12 09:10:11 GMT+02:00 app" + say, "time=2024-02-12T07:10:11Z"},
		{"uWSGI", "[pid: 21|app: 0|req: 1/1] 192.0.2.7 () {40 vars in 512 bytes} [Mon Feb 12 09:10:11 2024] GET /.env => generated 20 bytes in 3 msecs (HTTP/1.1 404) 2 headers in 71 bytes (1 switches on core 0)", "time=2024-02-12T09:10:11Z; src_ip=192.0.2.7; sc-status=404; cs-method=GET; cs-uri=/.env"},
	})
}
