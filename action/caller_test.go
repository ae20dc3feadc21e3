package action

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCaller(t *testing.T) {
	line := trail("iam.amazonaws.com", "ListUsers", "")
	for _, c := range []struct{ name, from, to, want string }{
		{"key", "", "", "203.0.113.5 with aws-cli, key …0001, as arn:aws:iam::111122223333:user/ann"},
		{"session", `"accessKeyId":"AKIAEXAMPLE000000001"`, `"accessKeyId":"ASIAEXAMPLE000000001","sessionContext":{"attributes":{"creationDate":"2026-03-02T09:00:04Z"}}`,
			"203.0.113.5 with aws-cli, session 2026-03-02T09:00:04, as arn:aws:iam::111122223333:user/ann"},
		{"code", "aws-cli/2.1", "APN/1.0 HashiCorp/1.0 Terraform/1.8.5 (+https://www.terraform.io) os/linux", "203.0.113.5 with terraform on linux, key …0001, as arn:aws:iam::111122223333:user/ann"},
		{"browser", "aws-cli/2.1", "Mozilla/5.0 (Windows NT 10.0)", "203.0.113.5 with browser on windows, key …0001, as arn:aws:iam::111122223333:user/ann"},
		{"brackets", "aws-cli/2.1", "[aws-cli/2.1]", "203.0.113.5 with aws-cli, key …0001, as arn:aws:iam::111122223333:user/ann"},
		{"IPv6", "203.0.113.5", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2::/64 with aws-cli, key …0001, as arn:aws:iam::111122223333:user/ann"},
		{"service", "203.0.113.5", "cloudformation.amazonaws.com", "cloudformation.amazonaws.com with aws-cli, key …0001, as arn:aws:iam::111122223333:user/ann"},
		{"nowhere", `"sourceIPAddress":"203.0.113.5",`, "", "an unknown place with aws-cli, key …0001, as arn:aws:iam::111122223333:user/ann"},
	} {
		all := read(t, "json", strings.Replace(line, c.from, c.to, 1))
		if len(all) != 1 || all[0].Who[0].Kind != "caller" || all[0].Who[0].Value != c.want {
			t.Errorf("%s: %+v\nwant %s", c.name, all, c.want)
		}
	}
	failed := read(t, "json", trail("signin.amazonaws.com", "ConsoleLogin", `,"responseElements":{"ConsoleLogin":"Failure"},"errorMessage":"Failed authentication"`))
	if failed[0].Who[0].Kind != "address" {
		t.Errorf("who failed to log in is taken for who he wanted to be: %+v", failed[0].Who)
	}
	nobody := read(t, "json", kube("system:anonymous", "get", `"resource":"pods","namespace":"web","name":"x"`, "403", ""))
	if nobody[0].Who[0].Kind != "address" {
		t.Errorf("nobody is a caller: %+v", nobody[0].Who)
	}
}

// TestCallerBounded holds that what a caller writes of itself neither grows without end nor leaves its place.
func TestCallerBounded(t *testing.T) {
	long := strings.Repeat("ä,", 5000)
	line := strings.NewReplacer("aws-cli/2.1", long, "user/Ann", "user/"+long).Replace(trail("iam.amazonaws.com", "ListUsers", ""))
	all := read(t, "json", line)
	if v := all[0].Who[0].Value; len(v) > 512 || !utf8.ValidString(v) {
		t.Errorf("a caller of %d bytes: %q", len(v), v)
	}
	r := NewReader([]byte("key"), nil)
	c := cloudFacts{address: "203.0.113.5"}
	for i := range 3 * maxCallers {
		c.session = fmt.Sprint(i)
		r.callerOf(&c, "ann")
	}
	if len(r.callers) > maxCallers {
		t.Errorf("%d callers are kept", len(r.callers))
	}
}

// TestKeyMade holds that a key which a call hands out is known again when it is used.
func TestKeyMade(t *testing.T) {
	made := read(t, "json", trail("iam.amazonaws.com", "CreateAccessKey", `,"responseElements":{"accessKey":{"accessKeyId":"AKIAEXAMPLE000000099"}}`))
	used := read(t, "json", strings.Replace(trail("iam.amazonaws.com", "ListUsers", ""), "AKIAEXAMPLE000000001", "AKIAEXAMPLE000000099", 1))
	if len(made[0].Marks) == 0 || made[0].Marks[0] != used[0].Credential {
		t.Errorf("made %q, used %q", made[0].Marks, used[0].Credential)
	}
}
