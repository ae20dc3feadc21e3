package prevalence

import (
	"strings"
	"testing"
)

func TestShare(t *testing.T) {
	common := `
callback:127.0.0.1
callback:127.0.0.1:4444
callback:localhost:8080
callback:[::1]:80
callback:::ffff:127.0.0.1
callback:169.254.169.254
callback:METADATA.google.internal
callback:192.168.56.22
callback:192.168.1.10:443
callback:8.8.8.8
callback:attacker
callback:ATTACKER_IP:4444
callback:attacker.com
callback:$LHOST:4444
callback:<your-ip>
callback:de.archive.ubuntu.com
callback:4.3.2.1.in-addr.arpa
list:rockyou.txt
list:/usr/share/wordlists/rockyou.txt.gz
list:ROCKYOU_50k.txt
list:users.txt
list:all_users_2.txt
list:C:\temp\passwords.txt
list:raft-large-words.txt
dropped:/tmp/test.sh
dropped:out.txt
dropped:C:\Temp\mimikatz.exe
agent:curl/8.5.0
agent:Mozilla/5.0 (Windows NT 10.0; Win64; x64)
agent:Mozilla/5.00 (Nikto/2.1.6)
token:/uploads/shell.php
token:/cgi-bin/test-cgi
hash:d41d8cd98f00b204e9800998ecf8427e`
	for mark := range strings.Lines(strings.TrimSpace(common)) {
		mark = strings.TrimSpace(mark)
		if share, why := Share(mark); share < 0.05 || why == "" {
			t.Errorf("%s: %v %q, want what many have", mark, share, why)
		}
		if w := Weight(mark, 2, 1000); w >= 3 {
			t.Errorf("%s: weighs %v, want less than what joins two", mark, w)
		}
	}
	rare := `
callback:198.51.100.7
callback:198.51.100.7:4444
callback:2001:db8::7
callback:cdn.files-sync.example
callback:system-update.com
callback:github.com.login-page.net
callback:evilginx-panel.net
list:berlin_office.txt
list:hr-people-march.csv
dropped:/tmp/.kworkerx
dropped:C:\ProgramData\zvchost.exe
token:/wp-content/uploads/qzx81.php
hash:44d88612fea8a8f36de82e1278abb02f
key:0123456789abcdef
no kind`
	for mark := range strings.Lines(strings.TrimSpace(rare)) {
		mark = strings.TrimSpace(mark)
		if share, why := Share(mark); share != Rare || why != "" {
			t.Errorf("%s: %v %q, want nothing known", mark, share, why)
		}
	}
	if a, b := Weight("callback:198.51.100.7", 2, 1000), Weight("callback:198.51.100.7", 40, 100); a < 3 || b >= 3 {
		t.Errorf("shared by two of a thousand %v, by forty of a hundred %v", a, b)
	}
}

// TestRows holds each row to one sense: what it gives to its own value.
func TestRows(t *testing.T) {
	for kind, list := range rows {
		seen := map[string]bool{}
		for _, r := range list {
			if seen[r.form+r.value] {
				t.Errorf("%s %s %s: twice", kind, r.form, r.value)
			}
			seen[r.form+r.value] = true
			if r.value != strings.ToLower(r.value) {
				t.Errorf("%s %s: not in lower case", kind, r.value)
			}
			v := r.value
			switch r.form {
			case "net":
				v = r.net.Addr().String()
			case "words", "label":
				v = "test_list"
			case "is", "begins", "ends", "has":
			default:
				t.Fatalf("%s: no such form: %s", kind, r.form)
			}
			if share, _ := Share(kind + ":" + v); !r.fits(v) || share < r.share {
				t.Errorf("%s %s %s: does not fit itself", kind, r.form, r.value)
			}
		}
	}
}

func TestTelling(t *testing.T) {
	for name, want := range map[string]string{
		"all_users_north.txt": "north", "users.txt": "", "Passwörter-münchen.lst": "passwörter münchen", "2024": "", strings.Repeat("a ", 40): "",
		strings.Repeat("ab ", 40): strings.TrimSpace(strings.Repeat("ab ", 16)),
	} {
		if got := strings.TrimSpace(strings.Join(Telling(name), " ")); got != want {
			t.Errorf("%.20s: %q, want %q", name, got, want)
		}
	}
}

func TestTrivial(t *testing.T) {
	for _, p := range strings.Fields("admin admin123 Admin123! P@ssw0rd P@ssw0rd1 Password123 123456 12345678 87654321 1111 aaaaaaaa Summer2024! Winter2025 qwerty1 Welcome1 toor root vagrant letmein! abc x 101010") {
		if !Trivial(p) {
			t.Errorf("%s: tells somebody apart", p)
		}
	}
	for _, p := range strings.Fields("correct-horse-battery Tr0ub4dor&3 83749201 iK8!vvz2 Sommerregen7 9f86d081884c7d659a2feaa0c55ad015 hodor.of.the.north admin-of-web-3") {
		if Trivial(p) {
			t.Errorf("%s: trivial", p)
		}
	}
}
