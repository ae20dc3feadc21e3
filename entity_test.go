package tocsin

import (
	"strconv"
	"strings"
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

func TestInternet(t *testing.T) {
	for value, want := range map[string]bool{
		"8.8.8.8":                 true,
		"203.0.113.9":             true, // RFC 5737: examples use them as addresses of the internet
		"192.0.2.1":               true,
		"198.51.100.7":            true,
		"2001:db8::1":             true,
		"2606:4700::1111":         true,
		"::ffff:203.0.113.9":      true,
		"::ffff:cb00:7109":        true,
		"::ffff:10.0.0.1":         false,
		"::ffff:127.0.0.1":        false,
		"::ffff:100.64.0.1":       false,
		"::ffff:255.255.255.255":  false,
		"10.1.2.3":                false,
		"172.16.0.1":              false,
		"172.32.0.1":              true,
		"192.168.255.1":           false,
		"100.63.255.255":          true, // RFC 6598 from here …
		"100.64.0.0":              false,
		"100.127.255.255":         false,
		"100.128.0.0":             true, // … to here
		"127.0.0.53":              false,
		"169.254.169.254":         false,
		"224.0.0.251":             false,
		"239.255.255.250":         false,
		"255.255.255.255":         false,
		"0.0.0.0":                 false,
		"::":                      false,
		"::1":                     false,
		"fe80::1":                 false,
		"fe80::1%eth0":            false,
		"2001:db8::1%eth0":        true, // a zone says by which interface
		"fd12:3456::1":            false,
		"ff02::fb":                false,
		"ff02::fb%2":              false,
		"":                        false,
		"-":                       false,
		"localhost":               false,
		"203.0.113.9:443":         false,
		"203.0.113.9 ":            false,
		"[2001:db8::1]":           false,
		"203.0.113.0/24":          false,
		"203.0.113":               false,
		"203.0.113.009":           false,
		"203.0.113.256":           false,
		"3405803777":              false,
		"0xcb.0.113.9":            false,
		"::ffff:203.0.113.9%eth0": true,
		strings.Repeat("1", 4096): false,
	} {
		if got := Internet(value); got != want {
			t.Errorf("%.60q is of the internet: %v, want %v", value, got, want)
		}
	}
}
