package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestCustody: what JSONL and the documents say of their own bytes is so, and the digests of the input are in every format
// that lists what was covered.
func TestCustody(t *testing.T) {
	h := campaignHunt(8, 1)
	var b bytes.Buffer
	if err := JSONL(&b, h); err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndexByte(bytes.TrimSuffix(b.Bytes(), []byte("\n")), '\n') + 1
	var last Covered
	if err := json.Unmarshal(b.Bytes()[at:], &last); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%x", sha256.Sum256(b.Bytes()[:at])); last.Data != want {
		t.Errorf("JSONL says %s of its lines, which is %s", last.Data, want)
	}
	if len(last.Digests) != len(h.Coverage.Digests) || last.Unhashed != h.Coverage.Unhashed {
		t.Errorf("JSONL has %d digests and %d without", len(last.Digests), last.Unhashed)
	}
	for _, lang := range []string{"en", "fr"} {
		for name, write := range map[string]func() error{"\n\n": func() error { return Incident(&b, h, lang) }, "<p class=\"note\">SHA-256": func() error { return IncidentHTML(&b, h, lang) }} {
			b.Reset()
			if err := write(); err != nil {
				t.Fatal(err)
			}
			body := strings.TrimSuffix(b.String(), "\n")
			at := strings.LastIndex(body, name)
			if at < 0 {
				t.Fatalf("%s: no paragraph %q", lang, name)
			}
			if name == "\n\n" {
				at++
			}
			if want := fmt.Sprintf("%x", sha256.Sum256([]byte(body[:at]))); !strings.Contains(body[at:], want) {
				t.Errorf("%s: %q, want %s", lang, body[at:], want)
			}
			for _, d := range h.Coverage.Digests {
				if !strings.Contains(body, d.SHA256) || !strings.Contains(body, d.Path) {
					t.Errorf("%s: no digest of %s", lang, d.Path)
				}
			}
		}
	}
}
