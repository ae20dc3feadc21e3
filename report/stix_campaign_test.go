package report

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// The rules of STIX 2.1 for what a campaign is written as, and those of Attack Flow 2.0.0's schema.
func TestSTIXCampaigns(t *testing.T) {
	required := map[string][]string{
		"campaign": {"name", "created", "modified"}, "infrastructure": {"name", "created", "modified"}, "identity": {"name", "created"}, "relationship": {"relationship_type", "source_ref", "target_ref"},
		"indicator": {"pattern", "pattern_type", "valid_from"}, "extension-definition": {"name", "schema", "version", "extension_types", "created_by_ref"},
		"observed-data": {"first_observed", "last_observed", "number_observed", "object_refs"}, "note": {"content", "object_refs"},
		"attack-flow": {"name", "scope", "start_refs", "extensions"}, "attack-action": {"name", "extensions"}, "attack-asset": {"name", "extensions"}, "attack-condition": {"description", "extensions"},
	}
	// What each reference may lead to.
	leads := map[string]string{
		"created_by_ref": `^identity$`, "technique_ref": `^attack-pattern$`, "command_ref": `^process$`, "object_ref": `^identity$`, "asset_refs": `^attack-asset$`,
		"effect_refs": `^attack-(action|condition|operator)$`, "on_true_refs": `^attack-(action|condition|operator)$`, "start_refs": `^attack-(action|condition)$`, "source_ref": ``, "target_ref": ``,
	}
	relations := regexp.MustCompile(`^(targets campaign identity|uses campaign infrastructure|indicates indicator (campaign|attack-pattern)|consists-of infrastructure (ipv4-addr|ipv6-addr|domain-name|url))$`)
	for name, h := range map[string]*Hunt{"sample": {Campaigns: []*tocsin.Campaign{sampleCampaign()}}, "all": campaignHunt(12, 3)} {
		var b bytes.Buffer
		if err := STIX(&b, h); err != nil {
			t.Fatal(err)
		}
		var bundle struct{ Objects []map[string]any }
		if err := json.Unmarshal(b.Bytes(), &bundle); err != nil {
			t.Fatal(err)
		}
		ids, n := map[string]string{}, map[string]int{}
		for _, o := range bundle.Objects {
			id, kind := o["id"].(string), o["type"].(string)
			if ids[id] != "" {
				t.Errorf("%s: %s is there twice", name, id)
			}
			ids[id] = kind
			n[kind]++
			for _, member := range required[kind] {
				if v, ok := o[member]; !ok || v == "" {
					t.Errorf("%s: %s lacks %s", name, id, member)
				}
			}
			if e, ok := o["extensions"]; ok && at(t, e, attackFlow, "extension_type") != "new-sdo" {
				t.Errorf("%s: %s is not of Attack Flow", name, id)
			}
			if a, ok := o["execution_start"].(string); ok && o["execution_end"] != nil && o["execution_end"].(string) < a {
				t.Errorf("%s: %s ends before it begins", name, id)
			}
			if x, ok := o["technique_id"]; ok && !isTechnique(x.(string)) {
				t.Errorf("%s: technique %v", name, x)
			}
		}
		for _, o := range bundle.Objects {
			for member, want := range leads {
				list, _ := o[member].([]any)
				if one, ok := o[member].(string); ok {
					list = []any{one}
				} else if o[member] != nil && len(list) == 0 {
					t.Errorf("%s: %s of %s is empty", name, member, o["id"])
				}
				for _, ref := range list {
					if kind := ids[ref.(string)]; kind == "" || want != "" && !regexp.MustCompile(want).MatchString(kind) {
						t.Errorf("%s: %s of %s is %s, a %q", name, member, o["id"], ref, kind)
					}
				}
			}
			if o["type"] == "relationship" {
				r := o["relationship_type"].(string) + " " + ids[o["source_ref"].(string)] + " " + ids[o["target_ref"].(string)]
				if !relations.MatchString(r) {
					t.Errorf("%s: relationship %s", name, r)
				}
			}
		}
		if name == "all" {
			continue
		}
		if n["attack-flow"] != 1 || n["attack-action"] != 9 || n["attack-condition"] != 4 || n["campaign"] != 1 || n["extension-definition"] != 1 {
			t.Errorf("objects by type: %v", n)
		}
		golden(t, "campaign.stix.json", bytes.ReplaceAll(b.Bytes(), []byte(`},{"type"`), []byte("},\n{\"type\"")))
		// The flow is one chain through every action and condition.
		by := map[string]map[string]any{}
		var flow map[string]any
		for _, o := range bundle.Objects {
			by[o["id"].(string)] = o
			if o["type"] == "attack-flow" {
				flow = o
			}
		}
		var path []string
		next, _ := flow["start_refs"].([]any)
		for len(next) == 1 {
			o := by[next[0].(string)]
			path = append(path, strings.TrimPrefix(o["type"].(string), "attack-"))
			if next, _ = o["effect_refs"].([]any); o["type"] == "attack-condition" {
				next, _ = o["on_true_refs"].([]any)
			}
		}
		want := "action action action action condition action action condition action condition action condition action"
		if got := strings.Join(path, " "); got != want {
			t.Errorf("flow\n got %s\nwant %s", got, want)
		}
	}
}

func TestIndicatorPattern(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"domain", "x.callback.example"}: `domain-name:value = 'x.callback.example'`, {"address", "192.0.2.9"}: `ipv4-addr:value = '192.0.2.9'`, {"url", "http://x.example/a'b"}: `url:value = 'http://x.example/a\'b'`,
		{"address", "2001:db8::1"}: `ipv6-addr:value = '2001:db8::1'`, {"hash", strings.Repeat("ab", 32)}: `file:hashes.'SHA-256' = '` + strings.Repeat("ab", 32) + `'`, {"hash", "odd"}: "",
		{"agent", "it's"}: `network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'it\'s'`, {"file", "/tmp/.x/run.sh"}: `file:name = 'run.sh'`, {"key", "ssh-ed25519 AAAA"}: "", {"", ""}: "", {"domain", ""}: "",
		{"user", `web1\mallory`}: `user-account:account_login = 'web1\\mallory'`,
	} {
		if got := indicatorPattern(&tocsin.Indicator{Entity: tocsin.Entity{Kind: in[0], Value: in[1]}}); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// What is only touched is never an indicator, and each indicator says its role, why, and how long it is of use.
func TestSTIXIndicators(t *testing.T) {
	c := sampleCampaign()
	var b bytes.Buffer
	if err := STIX(&b, &Hunt{Campaigns: []*tocsin.Campaign{c}}); err != nil {
		t.Fatal(err)
	}
	var bundle struct{ Objects []map[string]any }
	if err := json.Unmarshal(b.Bytes(), &bundle); err != nil {
		t.Fatal(err)
	}
	n, roles, notes := map[string]int{}, map[string]bool{}, ""
	for _, o := range bundle.Objects {
		kind := o["type"].(string)
		n[kind]++
		text, _ := json.Marshal(o)
		switch kind {
		case "indicator":
			roles[o["labels"].([]any)[0].(string)] = true
			if o["description"] == nil || o["valid_until"] != nil && o["valid_until"].(string) <= o["valid_from"].(string) {
				t.Errorf("indicator %s", text)
			}
			if o["valid_until"] == nil && (strings.Contains(string(text), "ipv4-addr") || strings.Contains(string(text), "domain-name")) {
				t.Errorf("an address or name for ever: %s", text)
			}
		case "note":
			notes += o["content"].(string)
		}
		for _, x := range c.Touched {
			if (kind == "indicator" || kind == "infrastructure" || kind == "relationship") && strings.Contains(string(text), x.Value) {
				t.Errorf("%s, which was only touched, is in %s", x.Value, text)
			}
		}
	}
	for _, role := range []string{"source", "callback", "account", "tool", "client"} {
		if !roles["role:"+role] {
			t.Errorf("no indicator with the role %s: %v", role, roles)
		}
	}
	if n["observed-data"] != len(c.Touched) || n["note"] != 2 {
		t.Errorf("objects by type: %v", n)
	}
	for _, want := range []string{c.Key[1].What, c.Key[2].Places[1].String(), "ssh-ed25519 AAAA", c.Touched[0].Why} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q", want)
		}
	}
}

// TestHostName says what STIX takes for a domain name.
func TestHostName(t *testing.T) {
	for name, want := range map[string]bool{"dc1.corp.example": true, "dc1": true, "dc1.corp.example.": true, "bücher.example": true, "xn--bcher-kva.example": true,
		"": false, "smug_dino": false, "$ip": false, "a..b": false, "-a.example": false, "a-.example": false, "a b": false, strings.Repeat("a", 64): false, strings.Repeat("a.", 130): false} {
		if hostName(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
