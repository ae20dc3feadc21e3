package action

import (
	"fmt"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestStartType(t *testing.T) {
	for _, c := range []struct{ provider, now, service, want string }{
		{"Service Control Manager", "disabled", "WinDefend", "change defense-impairment T1685 service WinDefend disabled"},
		{"Service Control Manager", "deaktiviert", "EventLog", "change defense-impairment T1685.001 service EventLog disabled"},
		{"Service Control Manager", "Désactivé", "mpssvc", "change defense-impairment T1686 service mpssvc disabled"},
		{"Service Control Manager", "無効", "Sysmon64", "change defense-impairment T1685 service Sysmon64 disabled"},
		{"Service Control Manager", "disabled", "BITS", ""},
		{"Service Control Manager", "demand start", "WinDefend", ""},
		{"Other", "disabled", "WinDefend", ""},
	} {
		text := fmt.Sprintf(`{"EventID":7040,"Channel":"System","SourceName":%q,"Hostname":"ws1.corp.example","@timestamp":"2026-03-04T05:06:07Z","param1":"shown","param2":"auto start","param3":%q,"param4":%q}`, c.provider, c.now, c.service)
		got := ""
		for _, a := range read(t, "json", text) {
			got += fmt.Sprint(a.Verb, " ", a.Tactic, " ", a.Technique, " ", a.Text)
		}
		if got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// A connection of the filtering platform is told where a rule held, as Sysmon's is, and else not: every one is an event.
func TestFilteredConnection(t *testing.T) {
	text := `{"EventID":5156,"Channel":"Security","SourceName":"Microsoft-Windows-Security-Auditing","Hostname":"ws1.corp.example","@timestamp":"2026-03-04T05:06:07Z","Application":"\\device\\harddiskvolume2\\windows\\system32\\rundll32.exe","Direction":"%%14593","SourceAddress":"192.0.2.7","SourcePort":"49700","DestAddress":"198.51.100.9","DestPort":"443","Protocol":"6"}`
	if all := read(t, "json", text); len(all) != 0 {
		t.Errorf("%+v", all)
	}
	all := read(t, "json", text, &tocsin.Rule{Title: "R", Level: tocsin.Low})
	if len(all) == 0 || all[0].Verb != "connect" || all[0].Tool != "rundll32" || all[0].Text != "198.51.100.9:443" || len(all[0].On) != 1 || all[0].On[0].Value != "198.51.100.9" {
		t.Errorf("%+v", all)
	}
}
