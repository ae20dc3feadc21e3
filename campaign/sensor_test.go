package campaign

import (
	"fmt"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// told makes a deed as a sensor tells of it.
func told(sensor string, at time.Duration, n int, change func(*tocsin.Deed)) tocsin.Deed {
	d := tocsin.Deed{N: n, Last: day.Add(at), Weight: 2}
	d.Time, d.Verb, d.Host, d.Text, d.Outcome = day.Add(at), "connect", "ws1.example", "198.51.100.7:4444", tocsin.Worked
	d.Who = []tocsin.Entity{{Kind: "user", Value: `CORP\eve`}}
	d.Place = tocsin.Place{Time: d.Time, Source: "logs/" + sensor, Record: uint64(at/time.Millisecond) + 1}
	d.Seen = []tocsin.Sight{{Sensor: sensor, Place: d.Place}}
	if change != nil {
		change(&d)
	}
	return d
}

// TestActs holds which deeds are of one act.
func TestActs(t *testing.T) {
	flow := func(d *tocsin.Deed) { // what a network sensor writes of it
		d.Host, d.Who = "", []tocsin.Entity{{Kind: "address", Value: "192.0.2.20"}}
	}
	run := func(tool, text string, rest ...func(*tocsin.Deed)) func(*tocsin.Deed) {
		return func(d *tocsin.Deed) {
			d.Verb, d.Tool, d.Text = "run", tool, text
			for _, f := range rest {
				f(d)
			}
		}
	}
	agent := func(d *tocsin.Deed) { d.Host, d.Who = "", []tocsin.Entity{{Kind: "agent", Value: "s1"}} }
	failed := func(d *tocsin.Deed) { d.Outcome = tocsin.Failed }
	unknown := func(d *tocsin.Deed) { d.Outcome = tocsin.Unknown }
	web := func(verb, text string, rest ...func(*tocsin.Deed)) func(*tocsin.Deed) {
		return func(d *tocsin.Deed) {
			run("curl", text, rest...)(d)
			d.Verb = verb
		}
	}
	onWeb := func(d *tocsin.Deed) {
		d.Host, d.Tool, d.Who = "web1.example", "", []tocsin.Entity{{Kind: "address", Value: "192.0.2.7"}}
	}
	ms := time.Millisecond
	for _, c := range []struct {
		name  string
		deeds []tocsin.Deed
		want  int // acts
	}{
		{"a connection by the machine and the network", []tocsin.Deed{told("sysmon", 0, 1, unknown), told("zeek", 80*ms, 1, flow)}, 1},
		{"by three", []tocsin.Deed{told("sysmon", 0, 1, unknown), told("zeek", 80*ms, 1, flow), told("security", 30*ms, 1, nil)}, 1},
		{"a flow written when it began, after the machine's record", []tocsin.Deed{told("zeek", 0, 1, flow), told("sysmon", 900*ms, 1, nil)}, 1},
		{"two connections to one port", []tocsin.Deed{told("sysmon", 0, 2, nil), told("zeek", 80*ms, 2, flow)}, 2},
		{"two connections to one port in two pages", []tocsin.Deed{told("sysmon", 0, 1, nil), told("zeek", 80*ms, 1, flow), told("sysmon", 2000*ms, 1, nil), told("zeek", 2080*ms, 1, flow)}, 2},
		{"one sensor twice", []tocsin.Deed{told("zeek", 0, 1, flow), told("zeek", 80*ms, 1, flow)}, 2},
		{"of another machine", []tocsin.Deed{told("sysmon", 0, 1, nil), told("zeek", 80*ms, 1, func(d *tocsin.Deed) { flow(d); d.Who[0].Value = "192.0.2.21" })}, 2},
		{"to another port", []tocsin.Deed{told("sysmon", 0, 1, nil), told("zeek", 80*ms, 1, func(d *tocsin.Deed) { flow(d); d.Text = "198.51.100.7:4445" })}, 2},
		{"a minute apart", []tocsin.Deed{told("sysmon", 0, 1, nil), told("zeek", time.Minute, 1, flow)}, 2},
		{"of sensors that are not known", []tocsin.Deed{told("", 0, 1, nil), told("", 80*ms, 1, nil)}, 2},
		{"one failed, one worked", []tocsin.Deed{told("sysmon", 0, 1, nil), told("security", 80*ms, 1, failed)}, 2},
		{"more of one than of the other, that ended at another time", []tocsin.Deed{told("sysmon", 0, 5, func(d *tocsin.Deed) { d.Last = day.Add(time.Minute) }), told("security", 0, 3, nil)}, 7},
		{"more of one than of the other", []tocsin.Deed{told("sysmon", 0, 5, nil), told("security", 0, 3, nil)}, 5},
		{"quoted and with a path", []tocsin.Deed{told("sysmon", 0, 1, run("net", `"C:\Windows\System32\net.exe" user  svc2 /add`)), told("security", 20*ms, 1, run("net", "net user svc2 /add"))}, 1},
		{"handed to sudo", []tocsin.Deed{told("history", 0, 1, run("cat", "sudo cat /etc/shadow")), told("auditd", 400*ms, 1, run("cat", "/usr/bin/cat /etc/shadow"))}, 1},
		{"another argument", []tocsin.Deed{told("history", 0, 1, run("cat", "sudo cat /etc/shadow")), told("auditd", 400*ms, 1, run("cat", "cat /etc/passwd"))}, 2},
		{"an agent's call, clocks apart", []tocsin.Deed{told("claude-code", 0, 1, run("cat", "cat '/etc/shadow'", agent)), told("auditd", 70*time.Second, 1, run("cat", "cat /etc/shadow"))}, 1},
		{"an agent's call after the machine's record", []tocsin.Deed{told("auditd", 0, 1, run("cat", "cat /etc/shadow")), told("claude-code", 30*time.Second, 1, run("cat", `bash -c "cat /etc/shadow"`, agent))}, 1},
		{"an agent's call, too far apart", []tocsin.Deed{told("claude-code", 0, 1, run("cat", "cat /etc/shadow", agent)), told("auditd", 5*time.Minute, 1, run("cat", "cat /etc/shadow"))}, 2},
		{"an agent's call of one word", []tocsin.Deed{told("claude-code", 0, 1, run("id", "id", agent)), told("auditd", 70*time.Second, 1, run("id", "id"))}, 2},
		{"two calls of an agent", []tocsin.Deed{told("claude-code", 0, 1, run("cat", "cat /etc/shadow", agent)), told("auditd", time.Second, 1, run("cat", "cat /etc/shadow")), told("claude-code", 20*time.Second, 1, run("cat", "cat /etc/shadow", agent)), told("auditd", 21*time.Second, 1, run("cat", "cat /etc/shadow"))}, 2},
		{"a request by the server and the agent", []tocsin.Deed{told("claude-code", 0, 1, web("scan", "curl -s -A 'x' 'http://web1.example/old/.env'", agent)), told("nginx", 2*time.Second, 1, web("scan", "GET /old/.env", onWeb, failed))}, 1},
		{"a request that the agent's reader takes for another verb", []tocsin.Deed{told("nginx", 0, 1, web("probe", "GET /a?x=1", onWeb)), told("claude-code", 9*time.Second, 1, web("request", "GET web1.example:8080/a?x=1", agent))}, 1},
		{"a request of another method", []tocsin.Deed{told("claude-code", 0, 1, web("scan", "curl -X POST http://web1.example/old/.env", agent)), told("nginx", 2*time.Second, 1, web("scan", "GET /old/.env", onWeb))}, 2},
		{"a request of another machine", []tocsin.Deed{told("claude-code", 0, 1, web("scan", "curl http://web2.example/old/.env", agent)), told("nginx", 2*time.Second, 1, web("scan", "GET /old/.env", onWeb))}, 2},
		{"a request for something else", []tocsin.Deed{told("claude-code", 0, 1, web("scan", "curl http://web1.example/old/.git", agent)), told("nginx", 2*time.Second, 1, web("scan", "GET /old/.env", onWeb))}, 2},
		{"a request for the first page", []tocsin.Deed{told("claude-code", 0, 1, web("scan", "curl http://web1.example/", agent)), told("nginx", 2*time.Second, 1, web("scan", "GET /", onWeb))}, 2},
	} {
		s := &story{w: &world{machine: map[string]string{"192.0.2.20": "ws1.example"}}}
		for i := range c.deeds {
			s.all = append(s.all, &c.deeds[i])
		}
		s.acts()
		n, seen := 0, 0
		for _, d := range s.all {
			if a := s.act[d]; a.lead == d {
				n += a.n
				for _, x := range a.told().Seen {
					if x.Sensor != "" || x.Place.Source == "logs/" {
						seen++
					}
				}
			}
		}
		if n != c.want {
			t.Errorf("%s: %d acts, want %d", c.name, n, c.want)
		}
		if seen != len(s.all) && c.deeds[0].Seen[0].Sensor != "" {
			t.Errorf("%s: of %d deeds %d places are told", c.name, len(s.all), seen)
		}
	}
}

// An act of many sensors is told with a bounded number of places, and of clocks that differ it is said by how much.
func TestToldAct(t *testing.T) {
	s := &story{w: &world{machine: map[string]string{}}}
	for i := range 20 {
		d := told(fmt.Sprint("sensor", i), time.Duration(i)*time.Millisecond, 1, nil)
		s.all = append(s.all, &d)
	}
	s.acts()
	a := s.act[s.all[0]]
	if got := a.told(); a.n != 1 || len(got.Seen) != maxSights || got.Seen[0].Place != s.all[0].Place || got.Seen[3].Off != 0 {
		t.Errorf("%d acts, %+v", a.n, got)
	}
	x := told("claude-code", 0, 1, func(d *tocsin.Deed) { d.Host, d.Who[0] = "", tocsin.Entity{Kind: "agent", Value: "s1"} })
	y := told("auditd", 43*time.Second, 1, nil)
	s = &story{w: s.w, all: []*tocsin.Deed{&x, &y}}
	s.acts()
	if got := s.act[&x].told(); len(got.Seen) != 2 || got.Seen[1].Off != 43*time.Second {
		t.Errorf("%+v", got)
	}
}

// TestAsksFor says what requests of servers' logs and of clients' command lines ask, and of whom.
func TestAsksFor(t *testing.T) {
	for text, want := range map[string]request{
		"GET /a?x=1": {"GET", "web1", "/a?x=1"}, "POST shop.example:8080/login": {"POST", "shop.example", "/login"},
		"curl -s -A 'x/1' 'http://Shop.example/a/b'": {"", "shop.example", "/a/b"}, "curl http://shop.example": {},
		"curl -X DELETE -d 'cb=http://evil.example/p' http://u:p@shop.example/login": {"DELETE", "shop.example", "/login"},
		"curl -e http://a.example/r https://shop.example/x":                          {"", "shop.example", "/x"},
		"curl --data-raw x=1 http://[2001:db8::1]:8080/a":                            {"POST", "2001:db8::1", "/a"},
		"curl -T f http://shop.example/f":                                            {"PUT", "shop.example", "/f"}, "ls -l": {},
	} {
		d := &tocsin.Deed{}
		d.Verb, d.Text, d.Host = "request", text, "web1"
		if got := asksFor(d); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
