package decode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestW3C(t *testing.T) {
	tests := []struct {
		name, data string
		want       []string
	}{{
		"IIS, two headers, cut line",
		"#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-03-04 05:06:07\r\n" +
			"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n" +
			"2026-03-04 05:06:07 198.51.100.2 GET /a/b.aspx x=%2e%2e 443 - 192.0.2.7 Mozilla/5.0+(X) - 200 0 0 15\r\n" +
			"#Fields: time c-ip cs-method cs-uri-stem sc-status\r\n" +
			"05:06:08 192.0.2.7 POST /login 302\r\n05:06:09 192.0.2.7\r\n",
		[]string{
			"windows/webserver/iis\nw3c 2026-03-04T05:06:07Z\ndst_ip=198.51.100.2\ns-ip=198.51.100.2\ns-port=443\ncs(User-Agent)=Mozilla/5.0+(X)\nsc-substatus=0\nsc-win32-status=0\ndst_port=443\n" +
				"c-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=GET\ncs-uri=/a/b.aspx?x=%2e%2e\ncs-uri-stem=/a/b.aspx\ncs-uri-query=x=%2e%2e\ncs-uri-query=/a/b.aspx?x=%2e%2e\nuri-decoded=/a/b.aspx?x=..\nsc-status=200\ncs-user-agent=Mozilla/5.0 (X)\ntime-taken=15\n",
			"windows/webserver/iis\nw3c 2026-03-04T05:06:08Z\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=POST\ncs-uri=/login\ncs-uri-stem=/login\ncs-uri-query=/login\nuri-decoded=/login\nsc-status=302\n",
			"windows/webserver/iis\nfault: test:8: 2 of 5 columns (the line is cut off; the rest of the file was read)",
		},
	}, {
		"IIS FTP",
		"#Software: Microsoft Internet Information Services 10.0\n#Fields: date time c-ip cs-username cs-method sc-status x-session\n2026-03-04 05:06:07 192.0.2.7 - PASS 530 a-b\n",
		[]string{"windows/*/ftp\nw3c 2026-03-04T05:06:07Z\nx-session=a-b\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=PASS\nsc-status=530\nevent_type=login_failed\noutcome=failure\nservice=ftp\n"},
	}, {
		"CloudFront",
		"#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query\n" +
			"2026-03-04\t05:06:07\tTXL50\t12\t192.0.2.7\tGET\td1.cloudfront.example\t/a%2520b\t404\t-\tMozilla/5.0%2520(X)\tq=1\n",
		[]string{"aws/webserver/cloudfront\nw3c 2026-03-04T05:06:07Z\nx-edge-location=TXL50\ncs(User-Agent)=Mozilla/5.0%2520(X)\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=GET\ncs-uri=/a%2520b?q=1\ncs-uri-stem=/a%2520b\ncs-uri-query=q=1\ncs-uri-query=/a%2520b?q=1\nuri-decoded=/a b?q=1\nsc-status=404\nsc-bytes=12\ncs-user-agent=Mozilla/5.0 (X)\ncs-host=d1.cloudfront.example\n"},
	}, {
		"Windows firewall, local time",
		"#Version: 1.5\n#Software: Microsoft Windows Firewall\n#Time Format: Local\n#Fields: date time action protocol src-ip dst-ip src-port dst-port size\n\n2026-03-04 05:06:07 DROP TCP 192.0.2.7 198.51.100.2 4444 445 0\n",
		[]string{"windows/firewall/pfirewall\nw3c 2026-03-04T05:06:07Z\naction=DROP\nprotocol=TCP\nsrc_ip=192.0.2.7\nsrc-ip=192.0.2.7\ndst_ip=198.51.100.2\ndst-ip=198.51.100.2\nsrc_port=4444\nsrc-port=4444\ndst_port=445\ndst-port=445\nsize=0\nevent_type=firewall_denied\noutcome=failure\n"},
	}, {
		"Exchange POP3",
		"#Software: Microsoft Exchange Server\n#Version: 15.0.0.0\n#Fields: dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,context\n" +
			`2026-03-04T05:06:07.250Z,05,1,198.51.100.2:110,192.0.2.7:55576,ann,1,2,3,auth,PLAIN,"R=""-ERR x"";ErrMsg=AuthFailed:LogonDenied"` + "\n",
		[]string{"exchange/mail\nw3c 2026-03-04T05:06:07.25Z\nsessionId=05\nseqNumber=1\nsIp=198.51.100.2:110\nsrc_ip=192.0.2.7\nsrc_port=55576\ncIp=192.0.2.7:55576\nuser=ann\nduration=1\nrqsize=2\nrpsize=3\ncommand=auth\nparameters=PLAIN\ncontext=R=\"-ERR x\";ErrMsg=AuthFailed:LogonDenied\nevent_type=login_failed\noutcome=failure\nservice=exchange\n"},
	}, {
		"Blue Coat",
		"#Software: SGOS 6.7\n#Version: 1.0\n#Fields: date time c-ip cs-username s-action sc-status cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs(User-Agent) r-ip\n" +
			`2026-03-04 05:06:07 192.0.2.7 ann TCP_NC_MISS 200 GET http bad.example 80 /x.exe ?a=1 "Mozilla/5.0 (X)" 203.0.113.5` + "\n",
		[]string{"bluecoat/proxy\nw3c 2026-03-04T05:06:07Z\ns-action=TCP_NC_MISS\ncs-uri-scheme=http\ncs-uri-port=80\ncs(User-Agent)=Mozilla/5.0 (X)\ndst_ip=203.0.113.5\nr-ip=203.0.113.5\ndst_port=80\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\n" +
			"cs-method=GET\ncs-uri=/x.exe?a=1\ncs-uri-stem=/x.exe\ncs-uri-query=a=1\ncs-uri-query=/x.exe?a=1\nuri-decoded=/x.exe?a=1\nc-uri-query=a=1\nc-uri=/x.exe?a=1\nc-uri-extension=exe\nc-uri=http://bad.example/x.exe?a=1\ncs-host=bad.example\nr-dns=bad.example\ncs-username=ann\nsc-status=200\nc-useragent=Mozilla/5.0 (X)\ncs-user-agent=Mozilla/5.0 (X)\n"},
	}, {
		"IIS without its header",
		"2026-03-04 05:06:07 198.51.100.2 GET /a - 80 - 192.0.2.7 curl/8 - 404 0 2 0\n",
		[]string{"windows/webserver/iis\nw3c-lines 2026-03-04T05:06:07Z\ndst_ip=198.51.100.2\ns-ip=198.51.100.2\ns-port=80\ncs(User-Agent)=curl/8\nsc-substatus=0\nsc-win32-status=2\ndst_port=80\nc-ip=192.0.2.7\nsrc_ip=192.0.2.7\ncs-method=GET\ncs-uri=/a\ncs-uri-stem=/a\ncs-uri-query=/a\nuri-decoded=/a\nsc-status=404\ncs-user-agent=curl/8\ntime-taken=0\n"},
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, e := range decodeAll(t, "test", tt.data) {
				got = append(got, strings.TrimSuffix(sourceList(e), "/*")+"\n"+show(e))
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
