package report

import (
	"strings"
	"testing"
	"time"
)

func TestAfter(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip("no zones on this machine")
	}
	for _, tt := range []struct {
		zone            *time.Location
		from, given, to string
	}{
		{time.UTC, "2026-11-28T14:05:00Z", "72 hours", "2026-12-01T14:05:00Z"},
		{time.UTC, "2026-01-31T10:00:00Z", "1 month", "2026-02-28T10:00:00Z"},
		{time.UTC, "2028-01-31T10:00:00Z", "1 month", "2028-02-29T10:00:00Z"},
		{time.UTC, "2028-02-29T10:00:00Z", "1 month", "2028-03-29T10:00:00Z"},
		{time.UTC, "2027-02-28T10:00:00Z", "1 month", "2027-03-28T10:00:00Z"},
		{time.UTC, "2026-10-31T23:59:59Z", "1 month", "2026-11-30T23:59:59Z"},
		{time.UTC, "2026-12-31T10:00:00Z", "1 month", "2027-01-31T10:00:00Z"},
		{time.UTC, "2026-12-31T10:00:00Z", "2 months", "2027-02-28T10:00:00Z"},
		{time.UTC, "2100-01-29T10:00:00Z", "1 month", "2100-02-28T10:00:00Z"}, // no leap year
		{time.UTC, "2026-12-20T10:00:00Z", "14 days", "2027-01-03T10:00:00Z"},
		// The clock goes on when summer time ends; the calendar keeps the time of day.
		{paris, "2026-10-24T12:00:00+02:00", "24 hours", "2026-10-25T11:00:00+01:00"},
		{paris, "2026-10-24T12:00:00+02:00", "1 month", "2026-11-24T12:00:00+01:00"},
		// The day of the month is that of the zone: 31 January in Paris.
		{paris, "2026-01-30T23:30:00Z", "1 month", "2026-02-28T00:30:00+01:00"},
	} {
		from, err := time.Parse(time.RFC3339, tt.from)
		if err != nil {
			t.Fatal(err)
		}
		if got := after(from.In(tt.zone), tt.given).Format(time.RFC3339); got != tt.to {
			t.Errorf("%s after %s is %s, want %s", tt.given, tt.from, got, tt.to)
		}
	}
}

// dues are deadlines by REGIME.CLOCK.
func dues(t *testing.T, m *Moments) map[string]string {
	t.Helper()
	table, err := OwnRegimes()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range table.Deadlines(m) {
		s := d.Due.Format(time.RFC3339)
		if d.Due.IsZero() {
			s = "needs " + d.Needs
		}
		if d.Latest {
			s += " latest"
		}
		got[d.Regime.ID+"."+d.Clock.ID] = s
	}
	return got
}

func TestDeadlines(t *testing.T) {
	aware := time.Date(2026, 1, 28, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		m    Moments
		want map[string]string
	}{
		{"nothing is known", Moments{}, map[string]string{"nis2.early-warning": "needs aware", "nis2.final": "needs aware", "cra-vulnerability.final": "needs fixed", "dora.initial": "needs classified", "dora.final": "needs classified", "gdpr.notification": "needs aware"}},
		{"one moment", Moments{Aware: aware}, map[string]string{
			"nis2.early-warning": "2026-01-29T09:00:00Z", "nis2.notification": "2026-01-31T09:00:00Z", "nis2.final": "2026-02-28T09:00:00Z latest",
			"cra-vulnerability.early-warning": "2026-01-29T09:00:00Z", "cra-vulnerability.notification": "2026-01-31T09:00:00Z", "cra-vulnerability.final": "needs fixed",
			"cra-incident.early-warning": "2026-01-29T09:00:00Z", "cra-incident.notification": "2026-01-31T09:00:00Z", "cra-incident.final": "2026-02-28T09:00:00Z latest",
			"dora.initial": "2026-01-29T09:00:00Z", "dora.intermediate": "2026-02-01T09:00:00Z latest", "dora.final": "2026-03-01T09:00:00Z latest", "gdpr.notification": "2026-01-31T09:00:00Z"}},
		{"classified soon", Moments{Aware: aware, Classified: aware.Add(2 * time.Hour)}, map[string]string{"dora.initial": "2026-01-28T15:00:00Z"}},
		{"classified late", Moments{Aware: aware, Classified: aware.Add(23 * time.Hour)}, map[string]string{"dora.initial": "2026-01-29T09:00:00Z"}},
		{"only classified", Moments{Classified: aware}, map[string]string{"dora.initial": "2026-01-28T13:00:00Z", "gdpr.notification": "needs aware"}},
		{"a fix is there", Moments{Aware: aware, Fixed: aware.Add(48 * time.Hour)}, map[string]string{"cra-vulnerability.final": "2026-02-13T09:00:00Z"}},
		{"sent sooner", Moments{Aware: aware, Sent: map[string]time.Time{"nis2.notification": aware.Add(24 * time.Hour)}}, map[string]string{"nis2.final": "2026-02-28T09:00:00Z", "cra-incident.final": "2026-02-28T09:00:00Z latest"}},
	} {
		got := dues(t, &tt.m)
		for k, want := range tt.want {
			if got[k] != want {
				t.Errorf("%s: %s is %q, want %q", tt.name, k, got[k], want)
			}
		}
	}
}

func TestReadRegimes(t *testing.T) {
	const one = `{"as_of":"2026-11-28","regimes":[{"id":"x","name":{"en":"X","fr":"X"},"law":{"en":"","fr":""},"source":"","who":{"en":"","fr":""},"to":{"en":"","fr":""},"clocks":[{"id":"a","name":{"en":"a","fr":"a"},"from":"aware","after":"24 hours"}]}]}`
	if _, err := ReadRegimes(strings.NewReader(one)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, new, want string }{
		{"2026-11-28", "soon", "as_of"}, {`"aware"`, `"b"`, "from"}, {"24 hours", "a day", "after"}, {`"id":"a"`, `"id":"aware"`, "id of its own"},
		{`"clocks"`, `"clock"`, "clock"}, {`"source":""`, `"source":"","asks":[{"text":{"en":"","fr":""},"fact":"weather"}]`, "fact"}, {`[{"id":"x"`, `[{"id":""`, "id of its own"},
	} {
		if _, err := ReadRegimes(strings.NewReader(strings.Replace(one, tt.old, tt.new, 1))); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s for %s: %v", tt.new, tt.old, err)
		}
	}
}
