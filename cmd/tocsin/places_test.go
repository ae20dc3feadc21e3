package main

import (
	"bytes"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/tocsin-ids/tocsin"
)

// mmdb writes a database in which one network has a record.
func mmdb(t *testing.T, network string, record mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "Test", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, n, err := net.ParseCIDR(network)
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Insert(n, record); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := tree.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.mmdb")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPlaces: what several files say of an address is together, and an address that they do not know has nothing.
func TestPlaces(t *testing.T) {
	city := mmdb(t, "203.0.113.0/24", mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("ZZ")}, "city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Sampleton")}}})
	as := mmdb(t, "203.0.113.0/25", mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Net")})
	p, err := openPlaces([]string{city, as})
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	for range 2 { // the second time it is remembered
		got := p.of(netip.MustParseAddr("203.0.113.9"))
		if want := []tocsin.Field{{Name: "country", Value: "ZZ"}, {Name: "city", Value: "Sampleton"}, {Name: "as", Value: "AS64500"}, {Name: "as_org", Value: "Example Net"}}; !slices.Equal(got, want) {
			t.Errorf("%v", got)
		}
	}
	if got := p.of(netip.MustParseAddr("203.0.113.200")); len(got) != 2 {
		t.Errorf("%v", got)
	}
	if got := p.of(netip.MustParseAddr("198.51.100.1")); len(got) != 0 {
		t.Errorf("%v", got)
	}
	out := huntedAs(t, "jsonl", "--geo", city, "--geo", as, "../../example/intrusion/web01/nginx")
	if !strings.Contains(out, `.country":"ZZ"`) || !strings.Contains(out, `"kind":"geo","path":"`+city) {
		t.Error("a hunt does not tell places, or by which file")
	}
}
