package tocsin

import (
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
