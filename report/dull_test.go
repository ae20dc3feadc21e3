package report

import "testing"

// Whatever a name is written like; and none of the names is longer than is looked at.
func TestDull(t *testing.T) {
	for _, name := range []string{"Provider_Name", "winlog.PROVIDER_NAME", "@metadata.x", "Correlation_RelatedActivityID"} {
		if !dull(name) {
			t.Errorf("%s tells something", name)
		}
	}
	for _, name := range []string{"CommandLine", "", "Correlation_RelatedActivityIDs", "provider"} {
		if dull(name) {
			t.Errorf("%s is dull", name)
		}
	}
	for name := range dullNames {
		if !dull(name) {
			t.Errorf("%s is not known: longer than %d", name, maxDull)
		}
	}
}
