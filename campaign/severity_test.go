package campaign

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestSeverity holds what each kind of day comes to, and that the reason is of the ladder.
func TestSeverity(t *testing.T) {
	for _, c := range []struct {
		name, lines string
		want        tocsin.Level
		why         string
	}{
		{"an alert about an attempt is no entry", `
0 address:203.0.113.9 web1.corp.example alert initial-access T1190 unknown 6 -
5 address:203.0.113.9 web1.corp.example alert initial-access T1133 unknown 6 -
9 address:203.0.113.9 web1.corp.example scan reconnaissance T1595 worked 6 -`, tocsin.Low, nothingWorked},
		{"what follows on the machine shows that it was one", `
0 address:203.0.113.9 web1.corp.example alert initial-access T1190 unknown 3 -
5 address:203.0.113.9 web1.corp.example run privilege-escalation T1548 worked 3 -`, tocsin.Medium, "two tactics or more"},
		{"what went before it does not", `
0 address:203.0.113.9 web1.corp.example run execution T1059 worked 1.3 -
5 address:203.0.113.9 web1.corp.example alert initial-access T1190 unknown 4 -`, tocsin.Low, "within a day 2 tactics tried, 1 of them from inside (it is shown to have worked)"},
		{"root on two machines", `
0 session:a/1 a.corp.example run privilege-escalation T1548 worked 2.5 -
9 session:a/1 b.corp.example run privilege-escalation T1548 worked 2.5 -
12 session:a/1 b.corp.example run discovery T1082 worked 1.6 -`, tocsin.High, "all rights on more than one machine"},
		{"root on one machine", `
0 session:a/1 a.corp.example run privilege-escalation T1548 worked 2.5 -
12 session:a/1 a.corp.example run discovery T1082 worked 1.6 -`, tocsin.Medium, "two tactics or more"},
		{"an administrator's day", `
0 session:a/1 a.corp.example run discovery T1082 worked 2.4 -
3 session:a/1 a.corp.example run execution T1059 worked 2.4 -
5 session:a/1 b.corp.example run lateral-movement T1021 worked 2.4 -
9 session:a/1 b.corp.example read collection T1005 worked 2.4 -`, tocsin.Medium, "two tactics or more"},
		{"the same with a password store read", `
0 session:a/1 a.corp.example run discovery T1082 worked 2.4 -
3 session:a/1 a.corp.example run execution T1059 worked 2.4 -
5 session:a/1 b.corp.example run lateral-movement T1021 worked 2.4 -
9 session:a/1 b.corp.example read credential-access T1003 worked 2.4 -`, tocsin.High, "not all of which are an administrator's day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			actors := script(t, c.lines)
			var all []*tocsin.Deed
			for _, a := range actors {
				for i := range a.Deeds {
					all = append(all, &a.Deeds[i])
				}
			}
			level, why := severity(all, &tocsin.Campaign{}, func(d *tocsin.Deed) tocsin.Outcome { return d.Outcome })
			if level != c.want || !strings.Contains(why, c.why) {
				t.Errorf("%s: %s; want %s: %s", level, why, c.want, c.why)
			}
		})
	}
	for i := range ladder {
		g := &ladder[i]
		if i > 0 && g.level > ladder[i-1].level {
			t.Errorf("%q comes after what is less severe", g.why)
		}
		if !(&g.reach).atLeast(&g.reach) || g.reach == (reach{}) {
			t.Errorf("%q asks for nothing", g.why)
		}
	}
}

// An account of a cloud that is met beside domains is not counted as one more organisation.
func TestOrganisations(t *testing.T) {
	for in, want := range map[string]string{"": "", "shop.example": "shop.example", "aws:123456789012": "aws:123456789012", "aws:123456789012 aws:210987654321": "aws:123456789012 aws:210987654321",
		"aws:123456789012 shop.example": "shop.example", "clinic.example my-project shop.example": "clinic.example shop.example", "aws:1 aws:2 shop.example": "aws:1 aws:2", "example.com:proj shop.example": "shop.example"} {
		all := map[string]bool{}
		for o := range strings.FieldsSeq(in) {
			all[o] = true
		}
		if got := strings.Join(organisations(all), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
