package eval

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestExample hunts the recordings that the README starts with: each part of the intrusion must be told at this level
// or above, and its benign twin, in which an administrator adds an account and a cron job, must stay below high.
func TestExample(t *testing.T) {
	set := own(t)
	found, coverage := hunt(t, set, "../example/intrusion")
	for _, f := range coverage.Files {
		if f.Skipped != "" || f.Faults > 0 {
			t.Errorf("%s: %s, %d faults", f.Path, f.Skipped, f.Faults)
		}
	}
	loudest := map[string]tocsin.Level{}
	for m := range found.All(true) {
		part := strings.Split(filepath.ToSlash(m.Event.Source), "/")[3]
		if strings.HasPrefix(m.Event.Source, "../example/intrusion/cloud/") {
			part = strings.Split(filepath.ToSlash(m.Event.Source), "/")[4]
		}
		loudest[part] = max(loudest[part], m.Rule.Level)
	}
	for part, want := range map[string]tocsin.Level{"web01": tocsin.Critical, "aws": tocsin.High, "kubernetes": tocsin.High, "agent": tocsin.Medium} {
		if loudest[part] < want {
			t.Errorf("%s: told at level %s, want %s", part, loudest[part], want)
		}
	}
	found, coverage = hunt(t, set, "../example/benign")
	for _, f := range coverage.Files {
		if f.Skipped != "" || f.Faults > 0 {
			t.Errorf("%s: %s, %d faults", f.Path, f.Skipped, f.Faults)
		}
	}
	for m := range found.All(true) {
		if m.Rule.Level >= tocsin.High {
			t.Errorf("benign: %s: %s:%d", m.Rule.Title, m.Event.Source, m.Event.Record)
		}
	}
}
