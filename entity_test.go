package tocsin

import (
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEntities(t *testing.T) {
	tests := []struct {
		name string
		ev   Event
		want []Entity
	}{
		{"failed logon", Event{Host: "dc.corp.example", Fields: []Field{
			{"SubjectUserName", "-"}, {"SubjectLogonId", "0x0"}, {"TargetUserName", "alice"},
			{"WorkstationName", "WS7"}, {"IpAddress", "::ffff:192.0.2.7"},
		}}, []Entity{
			{"host", "", "dc.corp.example"}, {"user", "target", "alice"}, {"host", "source", "WS7"},
			{"address", "source", "192.0.2.7"},
		}},
		{"process start named twice", Event{Fields: []Field{
			{"NewProcessName", `C:\a.exe`}, {"Image", `C:\a.exe`}, {"ParentImage", `C:\p.exe`}, {"CommandLine", "a -x"},
			{"Hashes", "SHA1=DA39A3EE5E6B4B0D3255BFEF95601890AFD80709,IMPHASH=11111111111111111111111111111111,MD5=00000000000000000000000000000000"},
		}}, []Entity{
			{"process", "source", `C:\a.exe`}, {"process", "parent", `C:\p.exe`}, {"command", "source", "a -x"},
			{"hash", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
		}},
		{"addresses that are none", Event{Fields: []Field{
			{"c-ip", "300.1.2.3"}, {"c-ip", "localhost"}, {"addr", "?"}, {"src_ip", "0.0.0.0"}, {"src_ip", "::"},
			{"rhost", "192.0.2.1\x1b[2J"},
		}}, nil},
		{"addresses as clouds write them", Event{Fields: []Field{
			{"ClientIP", "192.0.2.9:51234"}, {"ClientIP", "[2001:DB8::1]:443"}, {"sourceIPAddress", "s3.amazonaws.com"},
			{"dest_ip", "2001:db8::2"},
		}}, []Entity{
			{"address", "source", "192.0.2.9"}, {"address", "source", "2001:db8::1"}, {"address", "target", "2001:db8::2"},
		}},
		{"domains", Event{Fields: []Field{
			{"query", "WWW.Shop.Example."}, {"cs-host", "shop.example:8080"}, {"QueryName", "wpad"}, {"tls.sni", "1.2.3.4"},
			{"query", "<script>.example"}, {"query", "a..example"},
		}}, []Entity{{"domain", "target", "www.shop.example"}, {"domain", "target", "shop.example"}}},
		{"urls", Event{Fields: []Field{
			{"c-uri", "http://shop.example/a?b"}, {"cs-uri", "/only/a/path"}, {"url", "javascript:alert(1)"}, {"url", "http://%zz"},
		}}, []Entity{{"url", "target", "http://shop.example/a?b"}}},
		{"a host field that holds an address", Event{Fields: []Field{{"hostname", "192.0.2.44"}}},
			[]Entity{{"address", "source", "192.0.2.44"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, tt.ev.Entities()); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestEntitiesBounded(t *testing.T) {
	ev := Event{}
	for i := range 10000 {
		ev.Fields = append(ev.Fields, Field{"user", "u" + strconv.Itoa(i)})
	}
	if n := len(ev.Entities()); n != maxEntities {
		t.Errorf("got %d entities, want %d", n, maxEntities)
	}
}
