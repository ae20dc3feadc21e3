//go:build unix

package eval

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/sigma"
)

// rita unpacks the logs below a folder of RITA's test data, and returns where they lie. Of each log only the lines stay that
// hold a text, if one is given, and its header.
func rita(t testing.TB, folder, only string) string {
	t.Helper()
	dir, n := t.TempDir(), 0
	err := members(data(t, "network/zeek-rita.tar.gz"), func(name string, r io.Reader) error {
		_, below, ok := strings.Cut("/"+name, "/"+folder+"/")
		if !ok || !strings.Contains(below, ".log") {
			return nil
		}
		if strings.HasSuffix(name, ".gz") {
			z, err := gzip.NewReader(r)
			if err != nil {
				return err
			}
			r = z
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		var out []byte
		for line := range bytes.Lines(b) {
			if only == "" || line[0] == '#' || bytes.Contains(line, []byte(only)) {
				out = append(out, line...)
			}
		}
		n++
		to := filepath.Join(dir, strings.TrimSuffix(below, ".gz"))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, out, 0o600)
	})
	if err != nil || n == 0 {
		t.Fatalf("%s: %d logs: %v", folder, n, err)
	}
	return dir
}

// channelsIn are the channels of an input, and the number of its events.
func channelsIn(t testing.TB, path string) (all []tocsin.Match, events int64) {
	t.Helper()
	set, _ := sigma.Compile(nil, sigma.Options{})
	found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: []string{path}, Channels: channel.Rules()}, set, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for m := range found.All(true) {
		all = append(all, *m)
		t.Logf("    %-6s %s: %v", m.Rule.Level, m.Rule.Title, m.Held)
	}
	return all, coverage.Events
}

// TestChannels counts which of the regular and long connections are found that RITA's own tests expect in its test data
// (github.com/activecm/rita, integration/), as far as the logs are there, and what is found on ordinary days. Two of RITA's
// beacons are contacted by ten and twelve of fourteen hosts as regularly, and so ordinary there: they are looked for among the
// lines of one host alone.
func TestChannels(t *testing.T) {
	measures(t)
	found, of := 0, 0
	for _, x := range []struct {
		folder, only string
		want         [][3]string // source, destination, row
	}{
		{"proxy", "", [][3]string{{"10.136.0.18", "www.honestimnotevil.com", "channel_beacon"}}},
		{"missing_host", "", [][3]string{{"73.54.23.243", "64.225.56.201:80", "channel_called"}, {"73.54.23.243", "64.225.56.201:22", "channel_long"}}},
		{"dnscat2-ja3-strobe-agent", "\t10.55.100.109\t", [][3]string{{"10.55.100.109", "www.alexa.com", "channel_regular"}}},
		{"dnscat2-ja3-strobe-agent", "\t10.55.100.111\t", [][3]string{{"10.55.100.111", "tile-service.weather.microsoft.com", "channel_regular"}}},
	} {
		t.Log(x.folder, x.only)
		all, _ := channelsIn(t, rita(t, x.folder, x.only))
		for _, want := range x.want {
			of++
			for _, m := range all {
				to := m.Event.Text("cs-host")
				if to == "" {
					to = m.Event.Text("dst_ip") + ":" + m.Event.Text("dst_port")
				}
				if m.Rule.Name == want[2] && m.Event.Text("src_ip") == want[0] && to == want[1] {
					found++
					break
				}
			}
		}
	}
	share(t, "channels/rita/found", found, of)
	medium, low, events := 0, 0, int64(0)
	for _, path := range append([]string{rita(t, "proxy_rolling", ""), rita(t, "dnscat2-ja3-strobe-agent", "")}, paths(t, benign...)...) {
		t.Log(path)
		all, n := channelsIn(t, path)
		for _, m := range all {
			if m.Rule.Level >= tocsin.Medium {
				medium++
			} else {
				low++
			}
		}
		events += n
	}
	share(t, "channels/benign/medium", medium, int(events))
	share(t, "channels/benign/low", low, int(events))
}

func paths(t testing.TB, names ...string) (all []string) {
	for _, name := range names {
		all = append(all, data(t, name))
	}
	return all
}

// TestChannelsCost measures what judging channels adds to a hunt with all rules and campaigns, on one processor: the least of
// three measured in turn.
func TestChannelsCost(t *testing.T) {
	measures(t)
	timed(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	set := everything(t)
	nginx, _ := generated(t, "nginx", 100_000)
	sshd, _ := generated(t, "sshd", 100_000)
	for _, x := range []struct{ name, path string }{
		{"zeek", data(t, "network/zeek-rita.tar.gz")}, {"nginx", nginx}, {"sshd", sshd}, {"windows", windowsJSON(t)[0]},
	} {
		var without, with float64
		for range 3 {
			for _, rows := range [][]*tocsin.Rule{nil, channel.Rules()} {
				spent := spends(func() {
					found, _, err := engine.Hunt(context.Background(), engine.Input{Paths: []string{x.path}, Workers: 1, Key: []byte("eval"), Channels: rows}, set, nil)
					if err != nil {
						t.Fatal(err)
					}
					found.Close()
				}).Seconds()
				if rows == nil {
					without = least(without, spent)
				} else {
					with = least(with, spent)
				}
			}
		}
		t.Logf("%s: %.2f s, with channels %.2f s", x.name, without, with)
		score(t, "channels/cost/"+x.name, with/without, 0)
	}
}
