package decode

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWebErrors(t *testing.T) {
	const names = "severity error_code message src_ip src_port cs-method cs-uri request uri-decoded cs-host server user event_type outcome action rule.id rule.msg rule.tag"
	tests := []struct{ name, line, source, want string }{
		{"Apache 2.2", `[Wed Mar 04 05:06:07 2026] [error] [client 192.0.2.7] user ann: authentication failure for "/a": Password Mismatch`, "apache/webserver/apache",
			`severity=error message=user ann: authentication failure for "/a": Password Mismatch src_ip=192.0.2.7 user=ann event_type=login_failed outcome=failure`},
		{"Apache 2.4", `[Wed Mar 04 05:06:07.250000 2026] [auth_basic:error] [pid 1:tid 2] [client 192.0.2.7:51386] AH01618: user ann not found: /a%2e, referer: http://shop.example/`, "apache/webserver/apache",
			`severity=error error_code=AH01618 message=user ann not found: /a%2e src_ip=192.0.2.7 src_port=51386 cs-uri=/a%2e uri-decoded=/a. user=ann event_type=login_failed outcome=failure`},
		{"Apache, IPv6", `[Wed Mar 04 05:06:07 2026] [authz_core:error] [pid 1] [client [2001:db8::7]:51548] AH01630: client denied by server configuration: /srv/a`, "apache/webserver/apache",
			`severity=error error_code=AH01630 message=client denied by server configuration: /srv/a src_ip=2001:db8::7 src_port=51548 event_type=denied outcome=failure`},
		{"Apache, path that looks like a failure", `[Wed Mar 04 05:06:07 2026] [error] [client 192.0.2.7] File does not exist: /srv/[client 198.51.100.1] user root not found: /`, "apache/webserver/apache",
			`severity=error message=File does not exist: /srv/[client 198.51.100.1] user root not found: / src_ip=192.0.2.7 event_type=not_found`},
		{"Apache, traversal", `[Wed Mar 04 05:06:07 2026] [core:error] [pid 1] [client 192.0.2.7:5] AH10244: invalid URI path (/cgi-bin/.%2e/.%2e/bin/sh)`, "apache/webserver/apache",
			`severity=error error_code=AH10244 message=invalid URI path (/cgi-bin/.%2e/.%2e/bin/sh) src_ip=192.0.2.7 src_port=5 cs-uri=/cgi-bin/.%2e/.%2e/bin/sh uri-decoded=/cgi-bin/../../bin/sh event_type=protocol_error`},
		{"Apache, system error first", `[Wed Mar 04 05:06:07 2026] [ssl:info] [pid 1:tid 1] (70014)End of file found: [client 192.0.2.7:17036] AH02006: SSL handshake stopped: connection was closed`, "apache/webserver/apache",
			`severity=info error_code=AH02006 message=SSL handshake stopped: connection was closed src_ip=192.0.2.7 src_port=17036 event_type=protocol_error`},
		{"ModSecurity", `[Wed Mar 04 05:06:07 2026] [:error] [pid 1:tid 2] [client ::1:37752] [client ::1] ModSecurity: Access denied with code 403 (phase 2). Pattern match "x" at ARGS:a. [file "/etc/r.conf"] [line "47"] [id "930100"] [msg "Path Traversal"] [tag "a"] [tag "b"] [hostname "shop.example"] [uri "/x"] [unique_id "Y"]`, "apache/webserver/apache",
			`severity=error message=ModSecurity: Access denied with code 403 (phase 2). Pattern match "x" at ARGS:a. [file "/etc/r.conf"] [line "47"] [id "930100"] [msg "Path Traversal"] [tag "a"] [tag "b"] [hostname "shop.example"] [uri "/x"] [unique_id "Y"] src_ip=::1 src_port=37752 cs-uri=/x uri-decoded=/x cs-host=shop.example event_type=waf_alert outcome=failure action=blocked rule.id=930100 rule.msg=Path Traversal rule.tag=a rule.tag=b`},
		{"Apache, benign", `[Wed Mar 04 05:06:07 2026] [mpm_event:notice] [pid 1:tid 2] AH00489: Apache/2.4 configured -- resuming normal operations`, "apache/webserver/apache",
			`severity=notice error_code=AH00489 message=Apache/2.4 configured -- resuming normal operations`},
		{"nginx", `2026/03/04 05:06:07 [error] 12#13: *66 user "ann": password mismatch, client: 192.0.2.7, server: shop.example, request: "GET /a%2e HTTP/1.1", host: "shop.example", referrer: "https://shop.example/"`, "nginx/webserver/nginx",
			`severity=error message=user "ann": password mismatch src_ip=192.0.2.7 cs-method=GET cs-uri=/a%2e uri-decoded=/a. cs-host=shop.example server=shop.example user=ann event_type=login_failed outcome=failure`},
		{"nginx, attributes in the user's name", `2026/03/04 05:06:07 [error] 12#13: *66 user "x": password mismatch, client: 198.51.100.1, server: s, request: "GET / HTTP/1.1", host: "h": was not found in "/etc/p", client: 192.0.2.7, server: , request: "GET / HTTP/1.1", host: "h"`, "nginx/webserver/nginx",
			`severity=error message=user "x": password mismatch, client: 198.51.100.1, server: s, request: "GET / HTTP/1.1", host: "h": was not found in "/etc/p" src_ip=192.0.2.7 cs-method=GET cs-uri=/ uri-decoded=/ cs-host=h user=x event_type=login_failed outcome=failure`},
		{"nginx, attributes in the request", `2026/03/04 05:06:07 [error] 12#13: *66 access forbidden by rule, client: 192.0.2.7, server: s, request: "GET /, client: 198.51.100.1, server: t HTTP/1.1", host: "h"`, "nginx/webserver/nginx",
			`severity=error message=access forbidden by rule src_ip=192.0.2.7 cs-method=GET cs-uri=/, client: 198.51.100.1, server: t uri-decoded=/, client: 198.51.100.1, server: t cs-host=h server=s event_type=denied outcome=failure`},
		{"nginx mail", `2026/03/04 05:06:07 [info] 8#8: *66 client login failed: "x" while in http auth state, client: 192.0.2.7 using starttls, server: 0.0.0.0:25, login: "ann@shop.example"`, "nginx/webserver/nginx",
			`severity=info message=client login failed: "x" while in http auth state src_ip=192.0.2.7 server=0.0.0.0:25 user=ann@shop.example event_type=login_failed outcome=failure`},
		{"nginx, limit", `2026/03/04 05:06:07 [error] 8#8: *66 limiting requests, excess: 5.4 by zone "z", client: ::1, server: , request: "GET / HTTP/1.1", host: "h"`, "nginx/webserver/nginx",
			`severity=error message=limiting requests, excess: 5.4 by zone "z" src_ip=::1 cs-method=GET cs-uri=/ uri-decoded=/ cs-host=h event_type=rate_limited`},
		{"lighttpd", `2026-03-04 05:06:07: (mod_auth.c.525) password doesn't match for /a username: ann, IP: 192.0.2.7`, "lighttpd/webserver/error",
			`message=password doesn't match for /a username: ann, IP: 192.0.2.7 src_ip=192.0.2.7 user=ann event_type=login_failed outcome=failure`},
		{"LiteSpeed", `2026-03-04 05:06:07.250000 [NOTICE] [12] [192.0.2.7:45164:HTTP2-41#_AdminVHost] [STDERR] Failed Login Attempt - username:ann ip:192.0.2.7 url:`, "litespeed/webserver/error",
			`severity=NOTICE message=[STDERR] Failed Login Attempt - username:ann ip:192.0.2.7 url: src_ip=192.0.2.7 src_port=45164 user=ann event_type=login_failed outcome=failure`},
		{"PHP's hardening", `Mar  4 05:06:07 web suhosin[12]: ALERT - ASCII-NUL chars not allowed (attacker '192.0.2.7', file '/srv/a.php')`, "php/webserver/suhosin",
			`message=ALERT - ASCII-NUL chars not allowed (attacker '192.0.2.7', file '/srv/a.php') src_ip=192.0.2.7 event_type=waf_alert`},
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
			if e.Time.IsZero() {
				t.Error("no time")
			}
		})
	}
}

func TestWebJSON(t *testing.T) {
	const names = "src_ip src_port cs-username cs-method cs-uri cs-uri-query uri-decoded cs-version sc-status sc-bytes cs-user-agent cs-host x-forwarded-for event_type rule.id action"
	tests := []struct{ name, line, source, want string }{
		{"nginx", `{"time_iso8601":"2026-03-04T05:06:07+00:00","remote_addr":"192.0.2.7","request":"GET /a%2e?b=1 HTTP/1.1","status":"404","body_bytes_sent":"5","http_user_agent":"curl"}`, "nginx/webserver/access",
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a%2e?b=1 cs-uri-query=b=1 cs-uri-query=/a%2e?b=1 uri-decoded=/a.?b=1 cs-version=HTTP/1.1 sc-status=404 sc-bytes=5 cs-user-agent=curl"},
		{"nginx, not escaped for JSON", `{"time_iso8601":"2026-03-04T05:06:07+00:00","remote_addr":"192.0.2.7","request":"GET /?a=\x22 HTTP/1.1","status":"404","http_user_agent":"c"}`, "nginx/webserver/access",
			`src_ip=192.0.2.7 cs-method=GET cs-uri=/?a=\x22 cs-uri-query=a=\x22 cs-uri-query=/?a=\x22 uri-decoded=/?a=" cs-version=HTTP/1.1 sc-status=404 cs-user-agent=c`},
		{"Google's load balancer", `{"httpRequest":{"requestMethod":"GET","requestUrl":"https://shop.example/a?b","status":200,"userAgent":"curl","remoteIp":"192.0.2.7"},"timestamp":"2026-03-04T05:06:07Z"}`, "*/webserver/access",
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a?b cs-uri-query=b cs-uri-query=/a?b uri-decoded=/a?b sc-status=200 cs-user-agent=curl cs-host=shop.example"},
		{"Logstash", `{"@timestamp":"2026-03-04T05:06:07Z","clientip":"192.0.2.7","verb":"GET","request":"/a","httpversion":"1.1","response":"404","bytes":"5","agent":"curl"}`, "*/webserver/access",
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a cs-uri-query=/a uri-decoded=/a cs-version=HTTP/1.1 sc-status=404 sc-bytes=5 cs-user-agent=curl"},
		{"ECS", `{"@timestamp":"2026-03-04T05:06:07Z","source":{"ip":"192.0.2.7"},"http":{"request":{"method":"POST"},"response":{"status_code":200}},"url":{"original":"/a?b"},"user_agent":{"original":"curl"}}`, "*/webserver/access",
			"src_ip=192.0.2.7 cs-method=POST cs-uri=/a?b cs-uri-query=b cs-uri-query=/a?b uri-decoded=/a?b sc-status=200 cs-user-agent=curl"},
		{"Traefik", `{"ClientAddr":"198.51.100.1:4711","ClientHost":"192.0.2.7, 198.51.100.1","ClientUsername":"-","DownstreamStatus":401,"RequestMethod":"GET","RequestPath":"/a","RequestHost":"shop.example","RouterName":"r","StartUTC":"2026-03-04T05:06:07Z","request_User-Agent":"curl"}`, "traefik/webserver/access",
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a cs-uri-query=/a uri-decoded=/a sc-status=401 cs-user-agent=curl cs-host=shop.example x-forwarded-for=192.0.2.7, 198.51.100.1"},
		{"Caddy", `{"level":"info","ts":1772600767.25,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"198.51.100.1","remote_port":"4711","client_ip":"192.0.2.7","proto":"HTTP/2.0","method":"GET","host":"shop.example","uri":"/a","headers":{"User-Agent":["curl"]}},"user_id":"","status":200,"size":5}`, "caddy/webserver/access",
			"src_ip=192.0.2.7 src_port=4711 cs-method=GET cs-uri=/a cs-uri-query=/a uri-decoded=/a cs-version=HTTP/2.0 sc-status=200 sc-bytes=5 cs-user-agent=curl cs-host=shop.example"},
		{"Caddy, Coraza", `{"level":"warn","ts":1772600767.25,"logger":"http.handlers.waf","msg":"[client \"192.0.2.7\"] Coraza: Warning. X [id \"942431\"] [uri \"/a\"]\n"}`, "caddy/webserver/error",
			"src_ip=192.0.2.7 cs-uri=/a cs-uri-query=/a uri-decoded=/a event_type=waf_alert rule.id=942431 action=detected"},
		{"Envoy", `{":authority":"shop.example","downstream_local_address":"198.51.100.1:443","downstream_remote_address":"[2001:db8::7]:4711","method":"GET","protocol":"HTTP/2","response_code":200,"response_flags":"-","start_time":"2026-03-04T05:06:07.000Z","user-agent":"curl","x-envoy-origin-path":"/a"}`, "envoy/webserver/access",
			"src_ip=2001:db8::7 src_port=4711 cs-method=GET cs-uri=/a cs-uri-query=/a uri-decoded=/a cs-version=HTTP/2 sc-status=200 cs-user-agent=curl cs-host=shop.example"},
		{"AWS WAF", `{"timestamp":1772600767250,"webaclId":"arn","action":"BLOCK","httpRequest":{"clientIp":"192.0.2.7","headers":[{"name":"Host","value":"shop.example"},{"name":"User-Agent","value":"curl"}],"uri":"/a","args":"b=1","httpVersion":"HTTP/1.1","httpMethod":"GET"}}`, "aws/webserver/waf",
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a?b=1 cs-uri-query=b=1 cs-uri-query=/a?b=1 uri-decoded=/a?b=1 cs-version=HTTP/1.1 cs-user-agent=curl cs-host=shop.example action=BLOCK"},
		{"container's line", `{"log":"192.0.2.7 - - [04/Mar/2026:05:06:07 +0000] \"GET /a HTTP/1.1\" 200 5\n","stream":"stdout","time":"2026-03-04T05:06:08Z"}`, "apache/webserver/access",
			"src_ip=192.0.2.7 cs-method=GET cs-uri=/a cs-uri-query=/a uri-decoded=/a cs-version=HTTP/1.1 sc-status=200 sc-bytes=5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := decodeAll(t, "x.json", tt.line)[0]
			if d := cmp.Diff(tt.want, fields(e, names)); d != "" {
				t.Error(d)
			}
			if len(e.Sources) == 0 || e.Sources[0].String() != tt.source {
				t.Errorf("sources %v, want %s first", e.Sources, tt.source)
			}
			if e.Time.Unix() != 1772600767 {
				t.Errorf("time %v", e.Time)
			}
		})
	}
	for _, line := range []string{
		`{"ts":1,"level":"info","msg":"GET /a","client":"192.0.2.7"}`,
		`{"method":"tools/call","path":"/a","ip":"192.0.2.7"}`,
	} {
		if e := decodeAll(t, "x.json", line)[0]; e.Format == "web-json" {
			t.Errorf("took %s", line)
		}
	}
}
