package scope

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/tocsin-ids/tocsin"
)

const sample = `scope: 1
id: pt-2026-031
purpose: yearly test of the shop
principals: [p-tester-7, "team-*"]
targets: [192.0.2.0/24, shop.example, dc01, own]
phases: [discovery, credential-access]
from: 2026-11-20T08:00:00Z
until: 2026-12-01T18:00:00+01:00
contact: Ann Example <ann@corp.example>
`

var during = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestParse(t *testing.T) {
	r, err := Parse([]byte(sample))
	if err != nil || r.Until.Hour() != 17 {
		t.Fatal(r, err)
	}
	for what, c := range map[string][2]string{
		"no version":        {"scope: 1", "scope: 2"},
		"unknown key":       {"contact:", "contacts:"},
		"twice":             {"id: pt-2026-031", "id: a\nid: b"},
		"everybody":         {`"team-*"`, `"*"`},
		"everything":        {"192.0.2.0/24", "0.0.0.0/0"},
		"a phase of no one": {"discovery", "hacking"},
		"no zone":           {"2026-11-20T08:00:00Z", "2026-11-20 08:00"},
		"no end":            {"until: 2026-12-01T18:00:00+01:00\n", ""},
		"ends before":       {"2026-12-01T18", "2026-11-01T18"},
		"no targets":        {"targets: [192.0.2.0/24, shop.example, dc01, own]", "targets: []"},
		"a pattern":         {"shop.example", "shop.*"},
	} {
		if _, err := Parse([]byte(strings.Replace(sample, c[0], c[1], 1))); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if _, err := Parse([]byte(sample + strings.Repeat("# x\n", mostBytes))); err == nil {
		t.Error("too long: no error")
	}
}

func TestCovers(t *testing.T) {
	r, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who, target, phase string
		at                 time.Time
		want               bool
	}{
		{"p-tester-7", "192.0.2.7", "discovery", during, true},
		{"team-red", "192.0.2.128/25", "", during, true},
		{"p-tester-7", "192.0.0.0/16", "discovery", during, false},
		{"p-tester-7", "198.51.100.7", "discovery", during, false},
		{"p-tester-7", "www.shop.example", "credential-access", during, true},
		{"p-tester-7", "myshop.example", "credential-access", during, false},
		{"p-tester-7", "DC01", "discovery", during, true},
		{"p-tester-7", "x.own", "discovery", during, false},
		{"p-tester-7", "own", "discovery", during, true},
		{"p-tester-7", "192.0.2.7", "impact", during, false},
		{"p-other", "192.0.2.7", "discovery", during, false},
		{"p-tester-7", "192.0.2.7", "discovery", r.From.Add(-1), false},
		{"p-tester-7", "192.0.2.7", "discovery", r.Until, false},
	} {
		if got := r.Covers(c.who, c.target, c.phase, c.at); got != c.want {
			t.Errorf("%s at %s in %q at %v: %v", c.who, c.target, c.phase, c.at, got)
		}
	}
}

// keygen runs ssh-keygen, or skips the test where there is none.
func keygen(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("no ssh-keygen here")
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(in)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// What we sign OpenSSH verifies, and what it signs we do; what is changed, foreign, expired or signed for something else neither.
func TestAgainstOpenSSH(t *testing.T) {
	dir := t.TempDir()
	record := filepath.Join(dir, "record.yaml")
	if err := os.WriteFile(record, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, kind := range [][]string{{"ed25519"}, {"ecdsa", "256"}, {"ecdsa", "521"}, {"rsa", "3072"}} {
		name := strings.Join(kind, "-")
		key := filepath.Join(dir, name)
		args := []string{"-q", "-t", kind[0], "-N", "", "-f", key}
		if len(kind) > 1 {
			args = append(args, "-b", kind[1])
		}
		if out, err := keygen(t, "", args...); err != nil {
			t.Fatal(out, err)
		}
		public := read(t, key+".pub")
		allowed := `ann@corp.example,security@* namespaces="` + Namespace + `",valid-after="20260101",valid-before="20270101" ` + public
		signers, faults := ReadSigners("allowed", []byte("# ours\n\n"+allowed))
		if len(faults) > 0 {
			t.Fatal(faults[0])
		}
		if out, err := keygen(t, "", "-Y", "sign", "-q", "-f", key, "-n", Namespace, record); err != nil {
			t.Fatal(out, err)
		}
		sig := []byte(read(t, record+".sig"))
		_ = os.Remove(record + ".sig")
		r, err := Check([]byte(sample), sig, signers, during)
		if err != nil || r.Signer() != "ann@corp.example,security@*" {
			t.Fatalf("%s: %v", name, err)
		}
		refused := func(what string, text string, sig []byte, s *Signers, at time.Time) {
			t.Helper()
			if _, err := Check([]byte(text), sig, s, at); err == nil {
				t.Errorf("%s: %s was accepted", name, what)
			}
		}
		refused("a changed text", strings.Replace(sample, "192.0.2.0/24", "192.0.0.0/16", 1), sig, signers, during)
		refused("a key that is not listed", sample, sig, &Signers{}, during)
		refused("a key that is no longer valid", sample, sig, signers, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
		refused("a key that is not valid yet", sample, sig, signers, time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC))
		other, _ := ReadSigners("allowed", []byte(`ann namespaces="git" `+public))
		refused("a key for something else", sample, sig, other, during)
		if out, err := keygen(t, "", "-Y", "sign", "-q", "-f", key, "-n", "file", record); err != nil {
			t.Fatal(out, err)
		}
		refused("a signature for something else", sample, []byte(read(t, record+".sig")), signers, during)
		_ = os.Remove(record + ".sig")
		refused("a signature cut short", sample, sig[:len(sig)/2], signers, during)
		for i := len(sigBegin) + 20; i < len(sig)-len(sigEnd)-10; i += 7 {
			changed := append([]byte(nil), sig...)
			if changed[i] == 'A' {
				changed[i] = 'B'
			} else if changed[i] != '\n' && changed[i] != '=' {
				changed[i] = 'A'
			} else {
				continue
			}
			refused("a changed signature", sample, changed, signers, during)
		}

		private, err := ssh.ParsePrivateKey([]byte(read(t, key)))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := Sign([]byte(sample), private)
		if err != nil {
			t.Fatal(err)
		}
		list := filepath.Join(dir, "allowed")
		if err := os.WriteFile(list, []byte(allowed), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(record+".ours", ours, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := keygen(t, sample, "-Y", "verify", "-f", list, "-I", "ann@corp.example", "-n", Namespace, "-s", record+".ours"); err != nil {
			t.Errorf("%s: OpenSSH does not take our signature: %s", name, out)
		}
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSigners(t *testing.T) {
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	by, err := ssh.NewSignerFromSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(by.PublicKey())))
	for line, why := range map[string]string{
		"ann":                                   "no key",
		"ann not a key":                         "no key",
		"ann cert-authority " + key:             "certificate",
		`ann verify-required ` + key:            "not known",
		`ann valid-after="202601010000" ` + key: "UTC",
	} {
		s, faults := ReadSigners("allowed", []byte("# x\n"+line+"\n"))
		if len(s.all) != 0 || len(faults) != 1 || faults[0].Line != 2 || !strings.Contains(faults[0].Error(), why) {
			t.Errorf("%s: %v", line, faults)
		}
	}
	for _, c := range [][3]string{{"a*c,!abc", "axc", "y"}, {"a*c,!abc", "abc", ""}, {"?b", "ab", "y"}, {"*", "", "y"}, {"", "x", ""}} {
		if listed(c[0], c[1]) != (c[2] != "") {
			t.Errorf("%q and %q", c[0], c[1])
		}
	}
}

func FuzzReadSignature(f *testing.F) {
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	by, _ := ssh.NewSignerFromSigner(private)
	sig, err := Sign([]byte(sample), by)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sig)
	f.Add([]byte(sigBegin + sigEnd))
	f.Fuzz(func(t *testing.T, text []byte) {
		if x, err := readSignature(text); err == nil {
			_ = x.verify([]byte("another text"), Namespace)
		}
	})
}

func FuzzReadSigners(f *testing.F) {
	f.Add([]byte(read(f, "testdata/allowed_signers")))
	f.Add([]byte(`a@corp.example,!*b namespaces="x,y",valid-after="20260101",valid-before="20270101" ssh-ed25519 AAAA`))
	f.Fuzz(func(t *testing.T, text []byte) {
		signers, faults := ReadSigners("x", text)
		lines := bytes.Count(text, []byte("\n")) + 1
		if n := len(signers.all) + len(faults); n > lines {
			t.Errorf("%d signers and faults of %d lines", n, lines)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(t *testing.T, text []byte) {
		if r, err := Parse(text); err == nil {
			r.Covers("x", "192.0.2.1", "", during)
		}
	})
}

// The vectors of docs/scope.md: what ssh-keygen signed, and what must be refused.
func TestVectors(t *testing.T) {
	const dir = "testdata/"
	signers, faults := ReadSigners("allowed_signers", []byte(read(t, dir+"allowed_signers")))
	if len(faults) > 0 {
		t.Fatal(faults[0])
	}
	for _, c := range []struct{ record, sig, who string }{
		{"granted.yaml", "granted.ed25519.sig", "ed25519@corp.example"},
		{"granted.yaml", "granted.ecdsa.sig", "ecdsa@corp.example"},
		{"granted.yaml", "granted.rsa.sig", "rsa@corp.example"},
		{"changed.yaml", "granted.ed25519.sig", ""},
		{"granted.yaml", "other-namespace.sig", ""},
		{"granted.yaml", "stranger.sig", ""},
	} {
		r, err := Check([]byte(read(t, dir+c.record)), []byte(read(t, dir+c.sig)), signers, during)
		if (err == nil) != (c.who != "") || err == nil && r.Signer() != c.who {
			t.Errorf("%s with %s: %v", c.record, c.sig, err)
		}
	}
}

// The schema names the keys and phases that Parse knows.
func TestSchema(t *testing.T) {
	var s struct {
		Properties map[string]struct {
			Items struct{ Enum []string }
		}
	}
	if err := json.Unmarshal([]byte(read(t, "../docs/scope.schema.json")), &s); err != nil {
		t.Fatal(err)
	}
	phases := []string{"all"}
	for _, x := range tocsin.Tactics() {
		phases = append(phases, x.Slug)
	}
	if got := s.Properties["phases"].Items.Enum; !slices.Equal(got, phases) {
		t.Errorf("phases %v, not %v", got, phases)
	}
	for key := range s.Properties {
		if !strings.Contains(sample, key+":") {
			t.Errorf("the schema has %s, which the sample has not", key)
		}
	}
}
