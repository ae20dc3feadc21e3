package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/actor"
	"github.com/tocsin-ids/tocsin/channel"
	"github.com/tocsin-ids/tocsin/sigma"
)

// sensor writes the logs of a sensor in front of twelve hosts, of which one calls a place that no other contacts, with jitter, and
// returns their folder.
func sensor(t testing.TB) string {
	dir := t.TempDir()
	rng := rand.New(rand.NewPCG(8, 8))
	from := time.Date(2026, 3, 10, 6, 0, 0, 0, time.UTC)
	logs := map[string][]string{}
	conn := func(at time.Time, src, dst string, port, sent int) {
		logs["conn"] = append(logs["conn"], fmt.Sprintf(`{"ts":%d.5,"uid":"C%d","id.orig_h":%q,"id.orig_p":%d,"id.resp_h":%q,"id.resp_p":%d,"proto":"tcp","duration":1.5,"orig_bytes":%d,"resp_bytes":900,"conn_state":"SF"}`,
			at.Unix(), len(logs["conn"]), src, 32768+rng.IntN(28000), dst, port, sent))
	}
	for h := range 12 {
		src := fmt.Sprintf("10.1.0.%d", h+1)
		for range 80 {
			at, dst := from.Add(time.Duration(rng.IntN(36000))*time.Second), fmt.Sprintf("2001:db8:%d::1", 1+rng.IntN(6))
			logs["dns"] = append(logs["dns"], fmt.Sprintf(`{"ts":%d.1,"uid":"D%d","id.orig_h":%q,"id.orig_p":50001,"id.resp_h":"10.1.0.253","id.resp_p":53,"proto":"udp","query":"www.common.example","qtype_name":"AAAA","rcode_name":"NOERROR","answers":[%q]}`,
				at.Unix(), len(logs["dns"]), src, dst))
			conn(at, src, dst, 443, 1000+rng.IntN(4000))
		}
	}
	for at := from; at.Before(from.Add(10 * time.Hour)); at = at.Add(time.Duration(200+rng.IntN(200)) * time.Second) {
		conn(at, "10.1.0.3", "198.51.100.7", 4444, 300+rng.IntN(9))
	}
	for name, lines := range logs {
		rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
		half := len(lines) / 2
		for part, l := range [][]string{lines[:half], lines[half:]} {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s.%d.log", name, part)), []byte(strings.Join(l, "\n")+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func parsedMatches(f *Findings) (all []tocsin.Match) {
	for m := range f.All(true) {
		c := *m
		c.Event = m.Event.Clone()
		all = append(all, c)
	}
	return all
}

// TestChannelsOfHunt holds that a hunt finds a channel, the same with any number of workers, and that filters, suppression and
// leaving the rows out hold for it as for a rule.
func TestChannelsOfHunt(t *testing.T) {
	dir := sensor(t)
	set, _ := sigma.Compile(nil, sigma.Options{})
	hunt := func(in Input, keep func(*tocsin.Match) bool) *Findings {
		in.Paths = []string{dir}
		f, _, err := Hunt(context.Background(), in, set, keep)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	var want []tocsin.Match
	for _, workers := range []int{1, 2, 5, 8} {
		got := parsedMatches(hunt(Input{Workers: workers, Channels: channel.Rules(), Key: []byte{byte(workers)}}, nil))
		if want == nil {
			want = got
		}
		if len(got) != 1 || got[0].Rule.Name != "channel_beacon" || got[0].Event.Text("dst_ip") != "198.51.100.7" {
			t.Fatalf("%d workers: %v", workers, got)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%d workers: %s", workers, d)
		}
	}
	if f := hunt(Input{}, nil); f.Len() != 0 {
		t.Errorf("%d matches without rows", f.Len())
	}
	if f := hunt(Input{Channels: channel.Rules()}, func(m *tocsin.Match) bool { return m.Rule.Level < tocsin.Medium }); f.Len() != 0 {
		t.Errorf("%d matches, though they are not wanted", f.Len())
	}
	telling := func(known bool) (n int) {
		f := hunt(Input{Channels: channel.Rules(), Key: []byte("k"), Known: func(*tocsin.Match) bool { return known }}, nil)
		for _, a := range f.Aside {
			if a.Level >= tocsin.Medium {
				n++
			}
		}
		return n + len(f.Campaigns)
	}
	if told, known := telling(false), telling(true); told == 0 || known != 0 {
		t.Errorf("campaigns and what is beside them tell of %d, and of %d that is known", told, known)
	}
}

// TestChannelsOfState holds that a State tells the same channels, and the same of campaigns, however it is cut into turns,
// with things that are delivered again and with restarts.
func TestChannelsOfState(t *testing.T) {
	dir := sensor(t)
	var events []*tocsin.Event
	if _, err := Read(context.Background(), Input{Paths: []string{dir}, Workers: 1}, func(int) Desk {
		return DeskFunc(func(ev *tocsin.Event) { events = append(events, ev.Clone()) })
	}); err != nil {
		t.Fatal(err)
	}
	slices.SortStableFunc(events, func(a, b *tocsin.Event) int { return a.Time.Compare(b.Time) })
	end := events[len(events)-1].Time.Add(3 * time.Hour)
	rule := func(id, _ string) *tocsin.Rule {
		i := slices.IndexFunc(channel.Rules(), func(r *tocsin.Rule) bool { return r.ID == id })
		if i < 0 {
			return nil
		}
		return channel.Rules()[i]
	}
	run := func(rng *rand.Rand) (map[[16]byte]*tocsin.Match, *State) {
		told := map[[16]byte]*tocsin.Match{}
		o := StateOptions{Key: actor.Key{1}, Channels: channel.Rules(), Matches: func(m *tocsin.Match) { told[m.Key] = m }}
		s, kept := NewState(o), store{}
		w := newWitness(nil, nil, o.Key, nil, nil)
		var n uint64
		w.note = func(a *tocsin.Action) { n++; s.Note("actions", n, a) }
		for i, ev := range events {
			w.see(ev, nil)
			s.Observe("events", uint64(i+1), ev)
			if rng == nil {
				continue
			}
			s.Observe("events", uint64(i+1), ev) // again
			switch rng.IntN(200) {
			case 0:
				s.Turn(ev.Time.Add(time.Nanosecond))
			case 1:
				s = kept.again(t, s, rule)
			}
		}
		s.Turn(end)
		return told, s
	}
	want, whole := run(nil)
	if len(want) == 0 {
		t.Fatal("no channel")
	}
	if aside := whole.Result(); len(aside.Aside)+len(aside.Campaigns) == 0 {
		t.Error("what the channel says of an action is told nowhere")
	}
	for seed := range uint64(6) {
		got, s := run(rand.New(rand.NewPCG(seed, 3)))
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		if d := cmp.Diff(whole.Result().Aside, s.Result().Aside); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		if a, b := tale(t, whole.current), tale(t, s.current); a != b {
			t.Fatalf("seed %d: %s", seed, firstDiff(a, b))
		}
	}
}

// TestHoursApart holds that forged times do not make a State hold any number of hours, and that what is dropped is counted.
func TestHoursApart(t *testing.T) {
	s := NewState(StateOptions{Channels: channel.Rules()})
	ev := &tocsin.Event{Sources: []tocsin.LogSource{{Category: "firewall"}}, Source: "a.log", Fields: []tocsin.Field{{Name: "src_ip", Value: "10.1.0.1"}, {Name: "dst_ip", Value: "198.51.100.7"}, {Name: "dst_port", Value: "443"}}}
	for i := range 2 * maxHours {
		ev.Time = time.Date(2026, 1, 1, i, 0, 0, 0, time.UTC)
		s.Observe("a", uint64(i+1), ev)
	}
	l := s.LetGo()
	if len(s.channels.open) > maxHours || len(l) != 1 || l[0].N != maxHours {
		t.Errorf("%d hours, let go: %v", len(s.channels.open), l)
	}
}

// TestChannelsOfLogs holds that channels are found in whatever log tells of connections, requests or lookups.
func TestChannelsOfLogs(t *testing.T) {
	set, _ := sigma.Compile(nil, sigma.Options{})
	for name, x := range map[string]struct {
		row  string
		line func(at time.Time, i int) string
	}{
		"Suricata's flows": {"channel_regular", func(at time.Time, i int) string {
			return fmt.Sprintf(`{"timestamp":%q,"flow_id":%d,"event_type":"flow","src_ip":"10.1.0.1","src_port":%d,"dest_ip":"198.51.100.7","dest_port":443,"proto":"TCP","app_proto":"tls","flow":{"pkts_toserver":5,"pkts_toclient":4,"bytes_toserver":700,"bytes_toclient":900,"start":%q,"state":"closed","reason":"timeout"}}`,
				at.Format("2006-01-02T15:04:05.000000-0700"), i, 40000+i, at.Format("2006-01-02T15:04:05.000000-0700"))
		}},
		"a firewall": {"channel_regular", func(at time.Time, i int) string {
			return fmt.Sprintf(`date=%s time=%s devname="fg1" devid="FG1" logid="0000000013" type="traffic" subtype="forward" level="notice" vd="root" tz="+0000" srcip=10.1.0.1 srcport=%d dstip=198.51.100.7 dstport=443 proto=6 action="close" policyid=1 duration=3 sentbyte=1234 rcvdbyte=4321`,
				at.Format(time.DateOnly), at.Format(time.TimeOnly), 40000+i)
		}},
		"a proxy": {"channel_regular", func(at time.Time, i int) string {
			return fmt.Sprintf("%d.123    120 10.1.0.1 TCP_TUNNEL/200 4567 CONNECT www.shop.example:443 - HIER_DIRECT/198.51.100.7 -", at.Unix())
		}},
		"flows of a cloud": {"channel_regular", func(at time.Time, i int) string {
			return fmt.Sprintf("2 123456789010 eni-1 10.1.0.1 198.51.100.7 %d 443 6 10 4000 %d %d ACCEPT OK", 40000+i, at.Unix(), at.Unix()+60)
		}},
		"a flow of a cloud that goes on": {"", func(at time.Time, i int) string {
			return fmt.Sprintf("2 123456789010 eni-1 10.1.0.1 198.51.100.7 40000 443 6 10 4000 %d %d ACCEPT OK", at.Unix(), at.Unix()+60)
		}},
		"a name server": {"channel_tunnel", func(at time.Time, i int) string {
			at = at.Add(-time.Duration(i) * 59 * time.Second)
			return fmt.Sprintf("%s client @0x7f1 10.1.0.1#%d (%032x.t.carrier.example): query: %032x.t.carrier.example IN TXT + (10.1.0.53)", at.Format("02-Jan-2006 15:04:05.000"), 40000+i, i*7919, i*7919)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var lines strings.Builder
			for i := range 600 {
				lines.WriteString(x.line(time.Date(2026, 3, 10, 6, 0, i*60, 0, time.UTC), i) + "\n")
			}
			path := filepath.Join(t.TempDir(), "a.log")
			if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			f, c, err := Hunt(context.Background(), Input{Paths: []string{path}, Channels: channel.Rules()}, set, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			found := parsedMatches(f)
			if x.row == "" && len(found) == 0 {
				return
			}
			if len(found) != 1 || found[0].Rule.Name != x.row || found[0].Event.Text("src_ip") != "10.1.0.1" {
				t.Errorf("%v in %d events of %v, want %s", found, c.Events, c.Sources, x.row)
			}
		})
	}
}
