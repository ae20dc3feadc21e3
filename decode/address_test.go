package decode

import "testing"

func TestPeerAt(t *testing.T) {
	for s, want := range map[string]peer{
		"192.0.2.1":               {ip: "192.0.2.1", end: 9},
		"192.0.2.1:22":            {ip: "192.0.2.1", port: "22", end: 12},
		"192.0.2.1:22: text":      {ip: "192.0.2.1", port: "22", end: 12},
		"192.0.2.1#22":            {ip: "192.0.2.1", port: "22", end: 12},
		"192.0.2.1.50550 0.0":     {ip: "192.0.2.1", port: "50550", end: 15},
		"192.0.2.1 port 22 ssh2":  {ip: "192.0.2.1", port: "22", end: 17},
		"192.0.2.1.":              {ip: "192.0.2.1", end: 9},
		"192.0.2.1: text":         {ip: "192.0.2.1", end: 9},
		"[192.0.2.1]:22":          {ip: "192.0.2.1", port: "22", end: 14},
		"::ffff:192.0.2.1 x":      {ip: "192.0.2.1", end: 16},
		"2001:db8::1":             {ip: "2001:db8::1", end: 11},
		"2001:db8::1: text":       {ip: "2001:db8::1", end: 11},
		"[2001:db8::1]:22":        {ip: "2001:db8::1", port: "22", end: 16},
		"[IPv6:2001:DB8::1] x":    {ip: "2001:DB8::1", end: 18},
		"fe80::1%eth0 x":          {ip: "fe80::1%eth0", end: 12},
		"::1":                     {ip: "::1", end: 3},
		"gw.example port 22":      {host: "gw.example", port: "22", end: 18},
		"192-0-2-1.isp.example x": {host: "192-0-2-1.isp.example", end: 21},
		"1.2.3.4.isp.example x":   {host: "1.2.3.4.isp.example", end: 19},
	} {
		got, ok := peerAt(s, false)
		if !ok || got != want {
			t.Errorf("%q: got %+v, %v, want %+v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "12:34:56", "a:b", "[192.0.2.1", "1.2.3.4-5", "2001:db8::1::2", ":::"} {
		if got, ok := peerAt(s, true); ok {
			t.Errorf("%q is taken for %+v", s, got)
		}
	}
}
