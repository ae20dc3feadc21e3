package campaign

import (
	"fmt"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// practice are n runs of agents against one practice range, days apart, each with a mark.
func practice(t *testing.T, n int, marks ...string) []*tocsin.Actor {
	lines := ""
	for i := range n {
		at, who := i*3*24*60, fmt.Sprintf("agent:run-%d", i)
		lines += fmt.Sprintf("%d %s - scan discovery T1046 worked 2.5 dc01.north.example\n", at, who)
		lines += fmt.Sprintf("%d %s - login credential-access T1110 worked 4 dc01.north.example\n", at+9, who)
		lines += fmt.Sprintf("%d %s - run lateral-movement T1021 worked 4 dc01.north.example\n", at+12, who)
		lines += fmt.Sprintf("%d %s - run command-and-control T1105 worked 3 -\n", at+20, who)
	}
	all := script(t, lines)
	for _, a := range all {
		for i := range a.Deeds {
			d := &a.Deeds[i]
			d.Org = ""
			if d.Tactic == "credential-access" || d.Tactic == "command-and-control" {
				d.Marks = append(d.Marks, marks...)
			}
		}
	}
	return all
}

// TestUnrelatedRuns holds that what many in the world have, and what is the target's own, makes no campaign of runs that have
// nothing else in common; and that a string of few does.
func TestUnrelatedRuns(t *testing.T) {
	for _, mark := range []string{
		"list:rockyou.txt", "list:users.txt", "list:users_north.txt", "list:C:/work/north_users_clean.txt", "dropped:out.txt", "callback:127.0.0.1:4444",
		"callback:localhost", "callback:169.254.169.254", "callback:192.168.56.1:8080", "callback:dc01.north.example:445", "callback:attacker", "agent:curl/8.5.0",
	} {
		if r := build(practice(t, 15, mark)); len(r.Campaigns) != 15 {
			t.Errorf("%s: %d campaigns of 15 unrelated runs", mark, len(r.Campaigns))
		}
	}
	for _, mark := range []string{"callback:198.51.100.77:4444", "key:00112233", "token:/wp-content/qzx81.php"} {
		if r := build(practice(t, 3, mark)); len(r.Campaigns) != 1 {
			t.Errorf("%s: %d campaigns of what few have", mark, len(r.Campaigns))
		}
	}
}

// TestOwnAddressIsNoCallback holds that machines of one network that speak to one that was taken are told apart from those
// that a stranger sends to his own.
func TestOwnAddressIsNoCallback(t *testing.T) {
	all := practice(t, 2)
	for i, a := range all {
		d := &a.Deeds[3]
		d.On = []tocsin.Entity{{Kind: "address", Value: "10.33.7.20"}}
		if i == 0 {
			a.Deeds[0].On = []tocsin.Entity{{Kind: "address", Value: "10.33.7.20"}}
		}
	}
	if r := build(all); len(r.Campaigns) != 2 {
		t.Errorf("%d campaigns, want two that have a target in common", len(r.Campaigns))
	}
}
