package decode

import (
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// Of answered lookups the name and all that it was answered with are fields, whoever logs them.
func TestAnswers(t *testing.T) {
	const packet = "3/4/2026 5:06:07 AM 0AB4 PACKET  000001D2 UDP Snd 192.0.2.7       0012 R Q [8081   DR  NOERROR] A      (3)www(4)shop(7)example(0)\n"
	for name, c := range map[string]struct{ in, want string }{
		"Google Cloud": {`{"jsonPayload":{"queryName":"www.shop.example.","queryType":"A","rdata":"www.shop.example.\t300\tIN\tcname\ta.shop.example.\na.shop.example.\t300\tIN\ta\t198.51.100.2","sourceIP":"192.0.2.7"},"timestamp":"2026-03-04T05:06:07Z"}`,
			"www.shop.example|a.shop.example|198.51.100.2"},
		"Azure": {`{"time":"2026-03-04T05:06:07Z","category":"DnsResponse","properties":{"QueryName":"www.shop.example.","QueryType":"A","SourceIpAddress":"192.0.2.7","Answer":[{"Type":"A","RData":"198.51.100.2"},{"Type":"A","RData":"198.51.100.3"}]}}`,
			"www.shop.example|198.51.100.2|198.51.100.3"},
		"Zscaler": {`{"sourcetype":"zscalernss-dns","event":{"datetime":"Wed Mar  4 05:06:07 2026","reqtype":"A","req":"www.shop.example","res":"198.51.100.2","clt_sip":"192.0.2.7","srv_dip":"198.51.100.53"}}`,
			"www.shop.example|198.51.100.2"},
		"Windows": {packet + "UDP response info at 000001D2\n  Message:\n    QUESTION SECTION:\n      DATA x\n    ANSWER SECTION:\n      TYPE   CNAME  (5)\n      DATA   [C010](1)a(4)shop(7)example(0)\n      TYPE   A  (1)\n      DATA   198.51.100.2\n    AUTHORITY SECTION:\n      empty\n",
			"www.shop.example|a.shop.example|198.51.100.2"},
	} {
		var got []string
		if err := All("sample", []byte(c.in), tocsin.Record{}.Ref, func(ev *tocsin.Event) {
			if ev.Fault != nil {
				t.Errorf("%s: %v", name, ev.Fault)
			}
			for _, f := range ev.Fields {
				if f.Name == "query" || f.Name == "answer" {
					got = append(got, strings.Clone(f.Value))
				}
			}
		}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if g := strings.Join(got, "|"); g != c.want {
			t.Errorf("%s: %q, want %q", name, g, c.want)
		}
	}
}
