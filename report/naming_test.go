package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// TestNamedVictims: a victim that is an address is told with the machine that the logs name, and where they do; what is
// doubted, or of another address, is not.
func TestNamedVictims(t *testing.T) {
	at := time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)
	naming := func(address, host, doubt string) tocsin.Naming {
		p := tocsin.Place{Time: at, Source: "logs/dhcp.log", Record: 17}
		return tocsin.Naming{Kind: "machine", Of: tocsin.Entity{Kind: "address", Value: address}, Name: tocsin.Entity{Kind: "host", Value: host},
			Grade: "claimed", By: []string{"dhcp-zeek"}, N: 3, First: at, Last: at, From: p, To: p, Doubt: doubt}
	}
	c := sampleCampaign()
	c.Victims = nil
	for _, a := range []string{"192.0.2.20", "192.0.2.21", "192.0.2.22"} {
		c.Victims = append(c.Victims, tocsin.Victim{Entity: tocsin.Entity{Kind: "address", Role: "target", Value: a}, First: at, Last: at, Tactics: []string{"discovery"}, Actions: 2})
	}
	c.Names = []tocsin.Naming{naming("192.0.2.20", "fs01.corp.example", ""), naming("192.0.2.21", "nat.corp.example", "two machines"), naming("192.0.2.22", "a\x1b[31m\u202e<script>", "")}
	h := &Hunt{Campaigns: []*tocsin.Campaign{c}, Coverage: &tocsin.Coverage{}}
	var text, incident, lines bytes.Buffer
	for _, err := range []error{Explain(&text, h, c, TextOptions{Width: 160}), Incident(&incident, h, "en"), JSONL(&lines, h)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if s := text.String(); !strings.Contains(s, "fs01.corp.example (192.0.2.20)") || !strings.Contains(s, "by dhcp-zeek: 3 records, the first logs/dhcp.log:17") || strings.Contains(s, "nat.corp.example") || strings.ContainsAny(s, "\x1b\u202e") {
		t.Errorf("explained as\n%s", s)
	}
	if s := incident.String(); !strings.Contains(s, "fs01.corp.example (192.0.2.20)") || !strings.Contains(s, "`a\\x1b[31m\\u202e<script> (192.0.2.22)`") || strings.Contains(s, "nat.corp.example (") {
		t.Errorf("written as\n%s", s)
	}
	_, _, _, data := page12(t, h)
	if !bytes.Contains(data, []byte("fs01.corp.example")) {
		t.Error("the page's data does not have the name")
	}
	back, _, err := ReadCampaigns(&lines)
	if err != nil || len(back) != 1 || len(back[0].Names) != 3 || back[0].Names[0].From.Record != 17 {
		t.Errorf("read back: %v, %v", back, err)
	}
}
