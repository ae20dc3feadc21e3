package rehearse

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// browsers are what people come with.
var browsers = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/145.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
}

var pages = []string{"/", "/about", "/contact", "/products", "/products/1", "/products/2", "/blog", "/blog/spring", "/login", "/account", "/cart", "/static/app.css", "/static/app.js", "/img/logo.png", "/img/hero.jpg", "/favicon.ico", "/api/items?page=1", "/api/items?page=2"}

// background is what goes on anyway, in every organisation, all days.
func (s *stage) background(days int) {
	n := func(f float64) int { return int(math.Round(f * s.opt.Noise)) }
	for _, o := range s.orgs {
		for day := range days {
			date := s.opt.Start.Add(time.Duration(day) * 24 * time.Hour)
			for range n(170) {
				s.visit(o, s.hour(date))
			}
			for range n(6) {
				s.knock(o, date.Add(time.Duration(s.rng.IntN(86400))*time.Second))
			}
			for range n(3) {
				s.crawl(o, date.Add(time.Duration(s.rng.IntN(86400))*time.Second))
			}
			for _, p := range o.people {
				for range max(1, n(4)) {
					s.work(o, p, s.hour(date))
				}
			}
			for h := range 24 {
				s.housekeep(o, date.Add(time.Duration(h)*time.Hour))
			}
			for range n(260) {
				at := s.hour(date)
				ws := fmt.Sprintf("ws%d", 1+s.rng.IntN(3))
				site := s.pick(words) + ".example"
				to := fmt.Sprintf("198.51.100.%d", 130+s.rng.IntN(100))
				s.others[to] = true
				s.dns(o, at, o.inside(ws), "www."+site, to)
				s.conn(o, at.Add(20*time.Millisecond), o.inside(ws), to, 443, "SF", 400+s.rng.IntN(9000), 2000+s.rng.IntN(400000))
			}
			if s.rng.IntN(3) == 0 {
				s.agent(o, s.hour(date))
			}
		}
	}
}

// hour is a time of a working day, as often as people are there.
func (s *stage) hour(day time.Time) time.Time {
	h := 13.5 + s.rng.NormFloat64()*3.2
	h = min(23.9, max(0, h))
	return day.Add(time.Duration(h * float64(time.Hour))).Add(time.Duration(s.rng.IntN(1000)) * time.Millisecond)
}

// visit is somebody reading a site.
func (s *stage) visit(o *org, at time.Time) {
	ip, agent := s.pick(s.clients), s.pick(browsers)
	for range 2 + s.rng.IntN(9) {
		status := 200
		page := s.pick(pages)
		switch s.rng.IntN(40) {
		case 0:
			status, page = 404, "/old/"+s.pick(words)
		case 1:
			status = 304
		}
		s.web(o, at, ip, "GET", page, status, 200+s.rng.IntN(30000), agent)
		at = at.Add(time.Duration(300+s.rng.IntN(20000)) * time.Millisecond)
	}
	if s.rng.IntN(25) == 0 {
		s.web(o, at, ip, "POST", "/login", []int{302, 302, 401}[s.rng.IntN(3)], 300, agent)
	}
}

// crawl is a search engine's robot.
func (s *stage) crawl(o *org, at time.Time) {
	ip := fmt.Sprintf("198.51.100.%d", 240+s.rng.IntN(10))
	s.others[ip] = true
	for range 15 + s.rng.IntN(20) {
		s.web(o, at, ip, "GET", s.pick(pages), 200, 4000, "Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bot.example/)")
		at = at.Add(time.Duration(1+s.rng.IntN(30)) * time.Second)
	}
}

// knock is the noise of the internet: somebody who tries every server and has nothing to do with the campaign.
func (s *stage) knock(o *org, at time.Time) {
	ip := fmt.Sprintf("2001:db8:bad:%x::1", s.rng.IntN(1<<16))
	s.others[ip] = true
	switch s.rng.IntN(3) {
	case 0:
		for _, p := range []string{"/wp-login.php", "/xmlrpc.php", "/.git/config", "/phpmyadmin/", "/boaform/admin/formLogin"}[:1+s.rng.IntN(5)] {
			s.web(o, at, ip, "GET", p, 404, 150, "Mozilla/5.0 zgrab/0.x")
			at = at.Add(time.Duration(200+s.rng.IntN(3000)) * time.Millisecond)
		}
	case 1:
		for range 3 + s.rng.IntN(12) {
			s.auth(o, "web1", at, "sshd", fmt.Sprintf("Failed password for %s from %s port %d ssh2", s.pick([]string{"root", "invalid user admin", "invalid user ubuntu", "invalid user test", "invalid user oracle"}), ip, 30000+s.rng.IntN(20000)))
			at = at.Add(time.Duration(900+s.rng.IntN(2500)) * time.Millisecond)
		}
	default:
		for range 2 + s.rng.IntN(4) {
			s.conn(o, at, ip, o.public, []int{22, 23, 80, 443, 445, 3389, 8080}[s.rng.IntN(7)], "S0", 0, 0)
			at = at.Add(time.Second)
		}
		if s.rng.IntN(4) == 0 {
			s.eve(o, at, ip, o.public, 22, "ET DROP Dshield Block Listed Source group 1", "Misc Attack", 2)
		}
	}
}

// work is an employee's day: logs in, mistypes, runs what people run.
func (s *stage) work(o *org, who string, at time.Time) {
	ws := fmt.Sprintf("ws%d", 1+s.rng.IntN(3))
	domain := strings.ToUpper(o.netbios)
	logon := fmt.Sprintf("0x%x", 0x100000+s.rng.IntN(0x900000))
	if s.rng.IntN(8) == 0 {
		s.security(o, "dc1", at.Add(-20*time.Second), 4625, map[string]any{"TargetUserName": who, "TargetDomainName": domain, "LogonType": "3", "IpAddress": o.inside(ws), "Status": "0xc000006d", "SubStatus": "0xc000006a", "SubjectUserName": "-", "SubjectLogonId": "0x0"})
	}
	s.security(o, "dc1", at, 4624, map[string]any{"TargetUserName": who, "TargetDomainName": domain, "TargetLogonId": logon, "LogonType": "3", "IpAddress": o.inside(ws), "WorkstationName": strings.ToUpper(ws), "SubjectUserName": "-", "SubjectLogonId": "0x0"})
	for _, p := range []string{"C:\\Program Files\\Office\\WINWORD.EXE", "C:\\Windows\\explorer.exe", "C:\\Program Files\\Browser\\browser.exe"} {
		at = at.Add(time.Duration(5+s.rng.IntN(600)) * time.Second)
		s.security(o, ws, at, 4688, map[string]any{"SubjectUserName": who, "SubjectDomainName": domain, "SubjectLogonId": logon, "NewProcessName": p, "CommandLine": "\"" + p + "\"", "ParentProcessName": "C:\\Windows\\explorer.exe"})
	}
	if who == o.people[0] || who == o.people[1] { // they look after the servers
		host := s.pick([]string{"web1", "app1", "db1"})
		if s.rng.IntN(5) == 0 {
			s.auth(o, host, at, "sshd", fmt.Sprintf("Failed password for %s from %s port %d ssh2", who, o.inside(ws), 30000+s.rng.IntN(20000)))
			at = at.Add(8 * time.Second)
		}
		s.auth(o, host, at, "sshd", fmt.Sprintf("Accepted publickey for %s from %s port %d ssh2: ED25519 SHA256:%s", who, o.inside(ws), 30000+s.rng.IntN(20000), "k"+who+o.name))
		o.session++
		session := o.session
		for range 2 + s.rng.IntN(8) {
			at = at.Add(s.draw(humanGaps))
			c := s.pick([]string{"ls -l", "systemctl status nginx", "tail -n 50 /var/log/nginx/error.log", "df -h", "git pull", "vim app.conf", "docker compose ps", "top -bn1", "journalctl -u app -n 100", "cat app.conf", "free -m", "uptime"})
			s.exec(o, host, at, 1000+len(who), who, session, strings.Fields(c))
		}
		if s.rng.IntN(6) == 0 {
			s.auth(o, host, at, "sudo", fmt.Sprintf("%s : TTY=pts/0 ; PWD=/home/%s ; USER=root ; COMMAND=/usr/bin/apt upgrade", who, who))
		}
		if s.rng.IntN(3) == 0 {
			for _, call := range []string{"DescribeInstances", "ListBuckets", "GetMetricData"} {
				s.cloud(o, at, fmt.Sprintf("198.51.100.%d", 100+len(o.name)), who, "ASIAEXAMPLE"+strings.ToUpper(who)+strings.ToUpper(o.name), "ec2", call, "", "aws-cli/2.31.3 md/awscrt#0.27.6")
				at = at.Add(2 * time.Second)
			}
		}
	}
}

// housekeep is what machines do every hour.
func (s *stage) housekeep(o *org, at time.Time) {
	for _, h := range []string{"web1", "app1", "db1"} {
		t := at.Add(time.Duration(s.rng.IntN(50)) * time.Second)
		s.auth(o, h, t, "CRON", "(root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.hourly)")
		s.exec(o, h, t, 0, "root", 0, []string{"run-parts", "--report", "/etc/cron.hourly"})
	}
	if at.Hour() == 3 {
		s.exec(o, "db1", at.Add(5*time.Minute), 26, "postgres", 0, []string{"pg_dump", "-Fc", "app", "-f", "/backup/app.dump"})
		s.conn(o, at.Add(9*time.Minute), o.inside("db1"), o.inside("app1"), 22, "SF", 80<<20, 9000)
	}
	s.exec(o, "app1", at.Add(17*time.Minute), 1001, "deploy", 0, []string{"/usr/bin/python3", "/srv/app/health.py"})
}

// agent is an AI agent at ordinary work.
func (s *stage) agent(o *org, at time.Time) {
	x := &session{id: s.hex(8) + "-" + s.hex(4), user: o.people[len(o.people)-1]}
	for range 8 + s.rng.IntN(25) {
		c := s.pick([]string{"go test ./...", "git status --short", "grep -rn \"func New\" --include='*.go' .", "sed -n '1,80p' server.go", "npm run build", "git diff HEAD~1 --stat", "ls -la internal", "pytest -q tests/test_api.py", "cat README.md", "make lint", "python -m compileall src", "git log --oneline -5"})
		s.call(x, at, c+fmt.Sprintf(" # %d", s.rng.IntN(90)), s.pick([]string{"ok", "", "error: 2 tests failed", "1 file changed, 3 insertions(+)"}), false)
		at = at.Add(s.draw(agentGaps) + 2*time.Second)
	}
	claudeLines(s, o.name+"/agents/"+x.user+"/"+x.id+".jsonl", x)
}
