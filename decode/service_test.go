package decode

import (
	"strings"
	"testing"
)

// TestServiceLines holds the lines of services against what they must mean: the fields named, as name=value; an
// empty event_type is one that must not be there.
func TestServiceLines(t *testing.T) {
	logon := func(id, data string) string {
		return `<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-Security-Auditing"/><EventID>` + id +
			`</EventID><TimeCreated SystemTime="2026-11-20T10:00:00Z"/><EventRecordID>1</EventRecordID><Channel>Security</Channel><Computer>dc01.example</Computer></System><EventData>` + data + `</EventData></Event>`
	}
	pair := func(name, value string) string { return `<Data Name="` + name + `">` + value + `</Data>` }
	for _, c := range []struct{ name, line, want string }{
		{"lfd", `Nov 20 10:00:00 web01 lfd[286]: (sshd) Failed SSH login from 203.0.113.7 (ZZ/Nowhere/-): 5 in the last 300 secs - *Blocked in csf* [LF_SSHD]`,
			"event_type=banned src_ip=203.0.113.7 service_asked=sshd"},
		{"lfd, other", `Nov 20 10:00:00 web01 lfd[286]: *User Processing* PID:4242 Kill:0 User:www VM:5(MB) EXE:/bin/x CMD:x`, "event_type="},
		{"strongSwan", `Nov 20 10:00:00 gw charon: 06[JOB] <con|83> deleting half open IKE_SA with 203.0.113.7 after timeout`, "event_type=login_timeout src_ip=203.0.113.7"},
		{"WireGuard", `Nov 20 10:00:00 gw kernel: [82508.102168] wireguard: wg1: Invalid handshake initiation from 203.0.113.7:51820`,
			"event_type=login_failed src_ip=203.0.113.7 src_port=51820 interface=wg1"},
		{"Mailu", `[2026-11-20 10:00:00,112] WARNING in limiter: Authentication attempt from 203.0.113.7 has been rate-limited.`, "event_type=banned src_ip=203.0.113.7"},
		{"sshesame", `2026/11/20 10:00:00 [203.0.113.7:40112] [channel 0] command "uname" requested`, "event_type=command src_ip=203.0.113.7 command=uname"},
		{"Gitea, a colon behind the port", `2026/11/20 10:00:00 ...ers/web/auth/auth.go:200:SignInPost() [I] Failed authentication attempt for test from 203.0.113.7:39522: user does not exist`,
			"event_type=login_failed src_ip=203.0.113.7 src_port=39522 user=test"},
		{"mapped address", `Nov 20 10:00:00 app01 appd[36]: authentication failed for bob from ::ffff:203.0.113.7`,
			"event_type=login_failed src_ip=203.0.113.7 src_ip_mapped=::ffff:203.0.113.7"},
		{"forwarded", `2026-11-20 10:00:00,797::WARNING::[interface:657] Unsuccessful login attempt from 192.0.2.1 (X-Forwarded-For: 203.0.113.7, 192.0.2.3) [Mozilla/5.0]`,
			"event_type=login_failed src_ip=192.0.2.1 forwarded_for=203.0.113.7"},
		{"Webmin, failed", `1690466804.2161960.0 [27/Jul/2026 16:06:44] admin - 203.0.113.7 global miniserv.pl "failed" "-" "wrongpass"`,
			"event_type=login_failed src_ip=203.0.113.7 user=admin"},
		{"Webmin, no user", `1690466804.2161960.0 [27/Jul/2026 16:06:44] nobody - 203.0.113.7 global miniserv.pl "failed" "-" "nouser"`, "event_type=invalid_user"},
		{"Webmin, action", `1690466804.2161960.0 [27/Jul/2026 16:06:44] admin 5ca1ab1e 198.51.100.9 cron save_cron.cgi "modify" "cron" "job"`,
			"event_type= action=modify module=cron session=5ca1ab1e"},
		{"HTTP 401 at a login, logfmt", `time="2026-11-20T10:00:00Z" level=warning msg="HTTP: POST http://music.example/auth/login" httpStatus=401 remoteAddr=203.0.113.7`,
			"event_type=login_failed src_ip=203.0.113.7"},
		{"HTTP 403, JSON", `{"time":"2026-11-20T10:00:00Z","level":"DEBUG","message":"Connection closed with HTTP 403","http_path":"/topic","http_status":403,"visitor_ip":"203.0.113.7"}`,
			"event_type=denied src_ip=203.0.113.7"},
		{"HTTP 200, JSON", `{"time":"2026-11-20T10:00:00Z","level":"DEBUG","message":"Connection closed with HTTP 200","http_path":"/auth","http_status":200,"visitor_ip":"203.0.113.7"}`, "event_type="},
		{"Monolog", `[2026-11-20 10:00:00] payments.INFO:  {"type":"PAYMENT_FAILED","ip":"203.0.113.7"} []`, "event_type=payment_failed src_ip=203.0.113.7"},
		{"4625", logon("4625", pair("TargetUserName", "alice")+pair("Status", "0xc000006d")+pair("SubStatus", "0xc000006a")+pair("LogonType", "3")+pair("IpAddress", "203.0.113.7")+pair("IpPort", "0")),
			"event_type=login_failed user=alice src_ip=203.0.113.7 hostname=dc01.example service=windows"},
		{"4625, no such user", logon("4625", pair("TargetUserName", "x")+pair("SubStatus", "0xC0000064")+pair("IpAddress", "203.0.113.7")), "event_type=invalid_user"},
		{"4625 at the keyboard", logon("4625", pair("TargetUserName", "x")+pair("SubStatus", "0xc000006a")+pair("IpAddress", "127.0.0.1")), "event_type=login_failed src_ip="},
		{"4771", logon("4771", pair("TargetUserName", "alice")+pair("Status", "0x18")+pair("IpAddress", "::ffff:203.0.113.7")), "event_type=login_failed src_ip=203.0.113.7"},
		{"4776, right", logon("4776", pair("TargetUserName", "alice")+pair("Status", "0x0")), "event_type="},
		{"4624 of a computer", logon("4624", pair("TargetUserName", "WS01$")+pair("LogonType", "3")+pair("IpAddress", "203.0.113.7")), "event_type="},
		{"4624", logon("4624", pair("TargetUserName", "alice")+pair("LogonType", "10")+pair("IpAddress", "203.0.113.7")), "event_type=login_ok src_ip=203.0.113.7"},
	} {
		events := decodeAll(t, c.name, c.line+"\n")
		if len(events) != 1 || events[0].Fault != nil {
			t.Errorf("%s: %d events: %v", c.name, len(events), events)
			continue
		}
		for want := range strings.FieldsSeq(c.want) {
			name, value, _ := strings.Cut(want, "=")
			if events[0].Text(name) != value {
				t.Errorf("%s: %s = %q, want %q", c.name, name, events[0].Text(name), value)
			}
		}
	}
}

func TestIsCode(t *testing.T) {
	for _, c := range []struct {
		s, hex string
		want   bool
	}{{"0x0", "0", true}, {"0x00000018", "18", true}, {"0xC0000064", "c0000064", true}, {"0x", "0", false}, {"", "0", false}, {"-", "0", false}, {"0x118", "18", false}} {
		if isCode(c.s, c.hex) != c.want {
			t.Errorf("isCode(%q, %q) = %v", c.s, c.hex, !c.want)
		}
	}
}
