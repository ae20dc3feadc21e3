package action

import (
	"strings"
	"testing"
)

// Texts for reports: secrets are masked where they stand, the rest stays, and what is cut says so.
func TestRedact(t *testing.T) {
	know, faults := NewKnowledge(OwnKnowledge()...)
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	for _, tt := range []struct {
		name, text, want string
		command          bool
	}{
		{"a flag's", "sshpass -p tulip-93-Kettle ssh root@192.0.2.7 id", "sshpass -p *** ssh root@192.0.2.7 id", true},
		{"none", "go test ./...", "go test ./...", true},
		{"a request's", "https://shop.example/a?password=tulip-93-Kettle&b=1", "https://shop.example/a?password=***&b=1", false},
		{"a path", "/srv/app/main.go", "/srv/app/main.go", false},
	} {
		if got := know.Redact(tt.text, tt.command); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := know.Redact(strings.Repeat("echo a; ", 4000), true); len(got) > maxMasked+20 || !strings.HasSuffix(got, "… (cut)") {
		t.Errorf("a long one: %d bytes, %q", len(got), got[len(got)-20:])
	}
}
