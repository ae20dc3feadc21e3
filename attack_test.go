package tocsin

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRuleAttack(t *testing.T) {
	tests := []struct {
		name       string
		tags       []string
		tactics    []string
		techniques []string
	}{
		{"hyphen and underscore", []string{"attack.lateral_movement", "attack.initial-access", "attack.lateral-movement"}, []string{"TA0001", "TA0008"}, nil},
		{"old and new name of one tactic", []string{"attack.defense_evasion", "attack.stealth"}, []string{"TA0005"}, nil},
		{"evasion that impairs", []string{"attack.defense-evasion", "attack.t1562.001"}, []string{"TA0112"}, []string{"T1685"}},
		{"evasion that impairs and hides", []string{"attack.defense-evasion", "attack.t1562.001", "attack.t1070.004"}, []string{"TA0005", "TA0112"}, []string{"T1685", "T1070.004"}},
		{"evasion that impairs beside another tactic", []string{"attack.execution", "attack.defense-evasion", "attack.t1059", "attack.t1070.001"}, []string{"TA0002", "TA0112"}, []string{"T1059", "T1685.005"}},
		{"old and new id of one technique", []string{"attack.t1562.004", "attack.t1686"}, nil, []string{"T1686"}},
		{"tactic of v19", []string{"attack.defense-impairment"}, []string{"TA0112"}, nil},
		{"tactic by id", []string{"attack.ta0011"}, []string{"TA0011"}, nil},
		{"techniques once, any case", []string{"attack.T1059.001", "attack.t1059.001", " attack.t1003"}, nil, []string{"T1059.001", "T1003"}},
		{"groups, software, other namespaces", []string{"attack.g0010", "attack.s0002", "attack.ds0005", "cve.2021-44228", "car.2013-05-004", "t1059"}, nil, nil},
		{"nearly techniques", []string{"attack.t105", "attack.t1059.01", "attack.t1059-001", "attack.t1059.001.", "attack.t10x9"}, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := &Rule{Tags: tt.tags}
			var ids []string
			for _, tc := range r.Tactics() {
				ids = append(ids, tc.ID)
			}
			if d := cmp.Diff(tt.tactics, ids); d != "" {
				t.Errorf("tactics (-want +got):\n%s", d)
			}
			if d := cmp.Diff(tt.techniques, r.Techniques()); d != "" {
				t.Errorf("techniques (-want +got):\n%s", d)
			}
		})
	}
}

func TestFormerTechniques(t *testing.T) {
	r := &Rule{Tags: []string{"attack.T1562.001", "attack.t1059", "attack.t1685"}}
	if d := cmp.Diff([]string{"T1562.001"}, r.RevokedTechniques()); d != "" {
		t.Errorf("revoked (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"T1562", "T1562.001", "T1562.006"}, FormerTechniques("T1685")); d != "" {
		t.Errorf("former (-want +got):\n%s", d)
	}
	for was, now := range revoked {
		if _, again := revoked[now]; again || !isTechnique(strings.ToLower(was)) || !isTechnique(strings.ToLower(now)) {
			t.Errorf("%s is given as %s", was, now)
		}
	}
}
