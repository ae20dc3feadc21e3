package syslog

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/feed/feedtest"
	"github.com/tocsin-ids/tocsin/source/wal"
)

// A sink collects what the log delivers and commits it at once.
type sink struct {
	log *wal.Log
	mu  sync.Mutex
	got []*feed.Batch
	n   int // lines
}

func (s *sink) Put(_ context.Context, b *feed.Batch) error {
	s.mu.Lock()
	s.got = append(s.got, b)
	s.n += bytes.Count(b.Data, []byte("\n"))
	s.mu.Unlock()
	s.log.Committed(map[string]string{b.Origin.ID: b.Cursor})
	return nil
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.n
}

// lines are the lines of an origin.
func (s *sink) lines(id string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, b := range s.got {
		if b.Origin.ID == id {
			all = append(all, strings.Split(strings.TrimSuffix(string(b.Data), "\n"), "\n")...)
		}
	}
	return all
}

// start runs a listener, with a log of its own where opt has none.
func start(t *testing.T, opt Options) (*Listener, *sink) {
	t.Helper()
	s := &sink{}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	if opt.Log == nil {
		log, err := wal.Open(t.TempDir(), wal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		opt.Log, s.log = log, log
		t.Cleanup(func() { log.Close() })
		all.Go(func() {
			if err := log.Run(ctx, nil, s, func() {}); err != nil {
				t.Error(err)
			}
		})
	}
	if opt.Addr == "" {
		opt.Addr = "127.0.0.1:0"
	}
	l, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	all.Go(func() {
		if err := l.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); all.Wait() })
	return l, s
}

func dial(t *testing.T, l *Listener) net.Conn {
	t.Helper()
	c, err := net.Dial(l.Addr().Network(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestUDP(t *testing.T) {
	l, s := start(t, Options{Network: "udp", Tenant: "acme"})
	c := dial(t, l)
	want := []string{"<38>Oct 11 22:14:15 web01 sshd[1]: one", "<38>Oct 11 22:14:15 web01 app: two  three"}
	fmt.Fprint(c, want[0]+"\n")
	fmt.Fprint(c, "\n")
	fmt.Fprint(c, "<38>Oct 11 22:14:15 web01 app: two\r\nthree\x00\n")
	id := "acme/syslog/udp/127.0.0.1:0"
	feedtest.Until(t, "two messages", func() bool { return len(s.lines(id)) == 2 })
	if got := s.lines(id); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	o := s.got[0].Origin
	if o.Kind != "syslog" || o.Tenant != "acme" || o.Format != "text" || o.Path != id {
		t.Errorf("origin %+v", o)
	}
	st := l.Stats()[0]
	if st.State != "listening" || st.Read == 0 || st.Lost != 0 || st.Last.IsZero() {
		t.Errorf("stats %+v", st)
	}
}

func TestUDPSenders(t *testing.T) {
	l, s := start(t, Options{Network: "udp", From: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	fmt.Fprint(dial(t, l), "<38>forged")
	feedtest.Until(t, "refused", func() bool { return l.Stats()[0].Refused == 1 })
	if n := len(s.lines("syslog/udp/127.0.0.1:0")); n > 0 {
		t.Error("a message of who may not send was kept")
	}
}

// TestUDPLoss sends more than the queue holds while the log is full.
func TestUDPLoss(t *testing.T) {
	log, err := wal.Open(t.TempDir(), wal.Options{Size: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	l, _ := start(t, Options{Network: "udp", Log: log, Queue: 8 << 10})
	c := dial(t, l)
	const n = 200
	line := "<38>" + strings.Repeat("x", 995)
	for range n {
		fmt.Fprint(c, line)
		time.Sleep(50 * time.Microsecond)
	}
	feedtest.Until(t, "all is kept, queued or lost", func() bool {
		st := l.Stats()[0]
		return st.Lost > 0 && st.Read/1000+st.Behind/1000+st.Lost == n
	})
	if st := l.Stats()[0]; st.State != "waiting" {
		t.Errorf("stats %+v", st)
	}
	// Once there is room, what is queued is kept.
	s := &sink{log: log}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() { done <- log.Run(ctx, nil, s, func() {}) }()
	feedtest.Until(t, "the queue is empty", func() bool { return l.Stats()[0].Behind == 0 })
	lost := l.Stats()[0].Lost
	feedtest.Until(t, "all else is there", func() bool { return int64(len(s.lines("syslog/udp/127.0.0.1:0"))) == n-lost })
	cancel()
	<-done
}

// TestKernelDrops lets nobody read from a socket.
func TestKernelDrops(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says")
	}
	log, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	l, err := New(Options{Network: "udp", Addr: "127.0.0.1:0", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Listen(); err != nil {
		t.Fatal(err)
	}
	defer l.packets.Close()
	l.packets.SetReadBuffer(4096)
	c := dial(t, l)
	for range 100 {
		fmt.Fprint(c, strings.Repeat("x", 1000))
	}
	if n := l.Stats()[0].Lost; n < 50 || n > 100 {
		t.Errorf("%d of 100 datagrams lost, of which a few fit", n)
	}
}

func TestTCPFramings(t *testing.T) {
	for name, c := range map[string]struct {
		send string
		want []string
	}{
		"newlines":        {"<1>a\n<2>b\r\n<3>c", []string{"<1>a", "<2>b", "<3>c"}},
		"zero bytes":      {"<1>a\x00<2>b\x00\n", []string{"<1>a", "<2>b"}},
		"no priority":     {"2026-10-11T22:14:15Z web01 app: x\n1 2\n", []string{"2026-10-11T22:14:15Z web01 app: x", "1 2"}},
		"counted wrongly": {"12 <1>not counted\n", []string{"<1>not count"}},
		"counted":         {"4 <1>a5 <2>bb7 <3>c\nc\n", []string{"<1>a", "<2>bb", "<3>c c"}},
		"counted, ended":  {"4 <1>a\n5 <2>bb\n", []string{"<1>a", "<2>bb"}},
		"counted, broken": {"4 <1>ax<2>b", []string{"<1>a"}},
		"counted, short":  {"99 <1>a", []string{"<1>a"}},
		"counted, huge":   {"4 <1>a99999999 <2>b", []string{"<1>a"}},
	} {
		t.Run(name, func(t *testing.T) {
			l, s := start(t, Options{Network: "tcp"})
			conn := dial(t, l)
			fmt.Fprint(conn, c.send)
			conn.Close()
			id := "syslog/tcp/127.0.0.1:0"
			feedtest.Until(t, "all messages", func() bool { return len(s.lines(id)) >= len(c.want) })
			if got := s.lines(id); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestLongMessage(t *testing.T) {
	l, s := start(t, Options{Network: "tcp"})
	c := dial(t, l)
	long := "<38>" + strings.Repeat("a", 2*maxMessage)
	fmt.Fprintf(c, "%d %s7 <1>next", len(long), long)
	id := "syslog/tcp/127.0.0.1:0"
	feedtest.Until(t, "four lines", func() bool { return len(s.lines(id)) == 4 })
	got := s.lines(id)
	if got[0] != long[:maxMessage] || got[1] != "... "+long[maxMessage:2*maxMessage] || got[2] != "... aaaa" || got[3] != "<1>next" {
		t.Errorf("lines of %d, %d, %d, %d bytes", len(got[0]), len(got[1]), len(got[2]), len(got[3]))
	}
	if st := l.Stats()[0]; !strings.Contains(st.Why, "1 messages") {
		t.Errorf("not said: %+v", st)
	}
}

func TestSlowAndManyAreCut(t *testing.T) {
	l, s := start(t, Options{Network: "tcp", Connections: 8, Idle: 300 * time.Millisecond, Slow: 100 * time.Millisecond})
	closed := func(c net.Conn) {
		t.Helper()
		c.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("not cut: %v", err)
		}
	}
	silent, half, idle := dial(t, l), dial(t, l), dial(t, l) // of the two from one address that may be
	fmt.Fprint(half, "<1>half")
	fmt.Fprint(idle, "<1>whole\n")
	closed(idle)
	closed(half)
	closed(silent)
	feedtest.Until(t, "what a slow one had sent", func() bool { return slices.Contains(s.lines("syslog/tcp/127.0.0.1:0"), "<1>half") })
	feedtest.Until(t, "three refused", func() bool { return l.Stats()[0].Refused == 3 })
	feedtest.Until(t, "room again", func() bool {
		c := dial(t, l)
		defer c.Close()
		fmt.Fprint(c, "<1>again\n")
		time.Sleep(5 * time.Millisecond)
		return slices.Contains(s.lines("syslog/tcp/127.0.0.1:0"), "<1>again")
	})
}

// TestBackPressure fills the log: a sender over TCP waits, and nothing is lost.
func TestBackPressure(t *testing.T) {
	log, err := wal.Open(t.TempDir(), wal.Options{Size: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	l, _ := start(t, Options{Network: "tcp", Log: log})
	c := dial(t, l)
	const n = 60000
	sent := make(chan error, 1)
	go func() {
		var err error
		for i := 0; i < n && err == nil; i++ {
			_, err = fmt.Fprintf(c, "<38>%d %s\n", i, strings.Repeat("x", 200))
		}
		c.Close()
		sent <- err
	}()
	feedtest.Until(t, "it waits", func() bool { return l.Stats()[0].State == "waiting" })
	select {
	case <-sent:
		t.Fatal("the sender never waited")
	default:
	}
	s := &sink{log: log}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error)
	go func() { done <- log.Run(ctx, nil, s, func() {}) }()
	feedtest.Until(t, "all is there", func() bool { return s.count() == n })
	for i, line := range s.lines("syslog/tcp/127.0.0.1:0") {
		if !strings.HasPrefix(line, fmt.Sprintf("<38>%d ", i)) {
			t.Fatalf("line %d is %.20q", i, line)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	cancel()
	<-done
}

// An authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &authority{cert, key, pool}
}

func (a *authority) sign(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestTLSClients(t *testing.T) {
	ca, other := newAuthority(t), newAuthority(t)
	l, s := start(t, Options{Network: "tls", TLS: &tls.Config{Certificates: []tls.Certificate{ca.sign(t, "server")}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.pool},
		Tenants: func(c *x509.Certificate) (string, bool) {
			return c.Subject.CommonName, c.Subject.CommonName != "nobody"
		}})
	send := func(certs ...tls.Certificate) {
		c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: ca.pool, Certificates: certs})
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "<38>hello\n")
		c.CloseWrite()
		c.SetReadDeadline(time.Now().Add(time.Second))
		c.Read(make([]byte, 1))
	}
	send(ca.sign(t, "acme"))
	send(ca.sign(t, "globex"))
	send(ca.sign(t, "nobody"))
	send(other.sign(t, "acme"))
	send()
	feedtest.Until(t, "both tenants", func() bool {
		return len(s.lines("acme/syslog/tls/127.0.0.1:0")) == 1 && len(s.lines("globex/syslog/tls/127.0.0.1:0")) == 1
	})
	feedtest.Until(t, "three refused", func() bool { return l.Stats()[0].Refused == 3 })
	if n := len(s.got); n != 2 {
		t.Errorf("%d batches, want 2", n)
	}
}

func TestWhoMayListen(t *testing.T) {
	log, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	ca := newAuthority(t)
	server := &tls.Config{Certificates: []tls.Certificate{ca.sign(t, "server")}}
	for _, opt := range []Options{
		{Network: "udp", Addr: ":514"},
		{Network: "tcp", Addr: "0.0.0.0:514"},
		{Network: "tcp", Addr: "[::]:514"},
		{Network: "tcp", Addr: "log.example.org:514"},
		{Network: "tls", Addr: ":6514", TLS: server},
		{Network: "tls", Addr: "127.0.0.1:6514"},
		{Network: "tls", Addr: "127.0.0.1:6514", TLS: server, Tenants: func(*x509.Certificate) (string, bool) { return "", true }},
		{Network: "unix", Addr: "127.0.0.1:514"},
		{Network: "udp", Addr: "514"},
	} {
		opt.Log = log
		if _, err := New(opt); err == nil {
			t.Errorf("%s %s is allowed", opt.Network, opt.Addr)
		}
	}
	if _, err := New(Options{Network: "udp", Addr: ":514", Log: log, From: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}); err != nil {
		t.Error(err)
	}
}

// TestStopKeepsWhatWasRead ends Run right after messages were sent.
func TestStopKeepsWhatWasRead(t *testing.T) {
	log, err := wal.Open(t.TempDir(), wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, network := range []string{"udp", "tcp"} {
		l, err := New(Options{Network: network, Addr: "127.0.0.1:0", Log: log})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Listen(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		c := dial(t, l)
		fmt.Fprint(c, "<1>one\n")
		feedtest.Until(t, "one", func() bool { return l.Stats()[0].Read > 0 })
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Fatal(network + ": Run does not end")
		}
		if st := l.Stats()[0]; st.State != "ended" || st.Lost != 0 {
			t.Errorf("%s: %+v", network, st)
		}
	}
}

// TestDecodedAsText holds the origins' format to what decode finds by content where a listener's lines are of one kind, and
// shows what it is chosen for: lines of all kinds, one after the other.
func TestDecodedAsText(t *testing.T) {
	lines := []string{
		"<38>Oct 11 22:14:15 web01 sshd[4711]: Failed password for root from 203.0.113.7 port 22 ssh2",
		"<34>1 2026-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed for lonvick on /dev/pts/8",
		`<165>1 2026-10-11T22:14:15.003Z web01 sshd 4711 - [x@32473 iut="3"] Failed password for root from 203.0.113.7 port 22 ssh2`,
		"<86>2026-10-11T22:14:15.003456+02:00 web01 sudo: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh",
		"<14>Oct 11 22:14:15 fw CEF:0|Vendor|FW|1.0|100|worm stopped|10|src=10.0.0.1 dst=2.1.2.2 spt=1232",
		`<14>Oct 11 22:14:15 ids suricata[99]: {"timestamp":"2026-10-11T22:14:15.003456+0000","event_type":"alert","src_ip":"203.0.113.7","dest_ip":"10.0.0.2","alert":{"signature":"x","severity":2}}`,
		"<189>123: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.5)",
		`<190>Oct 11 22:14:15 web01 nginx: 203.0.113.7 - - [11/Oct/2026:22:14:15 +0000] "GET /.env HTTP/1.1" 404 153 "-" "curl/8.0"`,
		"sshd[4711]: Failed password for root from 203.0.113.7 port 22 ssh2",
	}
	text, ok := decode.ByName("text")
	if !ok {
		t.Fatal("no format text")
	}
	ref := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	show := func(f decode.Format, data string) []string {
		var all []string
		d := f.New(decode.Options{})
		emit := func(ev *tocsin.Event) {
			all = append(all, fmt.Sprint(ev.Time, ev.Host, ev.Format, ev.Fields, ev.Fault))
		}
		d.Decode(&tocsin.Record{Data: []byte(data), Line: 1, Ref: ref}, emit)
		d.Flush(emit)
		return all
	}
	var want []string
	for _, line := range lines {
		f, ok := decode.Detect("", []byte(line+"\n"))
		if !ok {
			t.Errorf("not recognised: %s", line)
			continue
		}
		want = append(want, show(f, line+"\n")...)
	}
	got := show(text, strings.Join(lines, "\n")+"\n")
	isCEF := func(ev string) bool { return strings.Contains(ev, "fwcef[") } // its fields depend on the kind of the line before
	if !slices.Equal(slices.DeleteFunc(slices.Clone(got), isCEF), slices.DeleteFunc(want, isCEF)) || len(got) != len(lines) {
		t.Errorf("as text %d events, by content %d of %d lines:\n%s\n%s", len(got), len(want), len(lines), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, ev := range got {
		if !strings.HasSuffix(ev, "<nil>") {
			t.Errorf("a fault: %s", ev)
		}
	}
}

// FuzzFramer cuts a connection's bytes anywhere: the lines are the same, none is longer than may be, and none holds a line's end.
func FuzzFramer(f *testing.F) {
	f.Add([]byte("<1>a\n<2>b"), uint8(1))
	f.Add([]byte("4 <1>a5 <2>bb"), uint8(2))
	f.Add([]byte("12 <1>a\n\x00\r\n\n"), uint8(3))
	f.Add(append([]byte("<1>"), bytes.Repeat([]byte("x"), 3*maxMessage)...), uint8(200))
	f.Fuzz(func(t *testing.T, b []byte, step uint8) {
		whole, parts := &framer{}, &framer{}
		want, fault := whole.take(nil, b)
		want = whole.close(want)
		var got []byte
		var err error
		for rest := b; len(rest) > 0 && err == nil; {
			n := min(int(step)+1, len(rest))
			got, err = parts.take(got, rest[:n])
			rest = rest[n:]
		}
		got = parts.close(got)
		if !bytes.Equal(got, want) || (err == nil) != (fault == nil) {
			t.Fatalf("in parts %q (%v), whole %q (%v)", got, err, want, fault)
		}
		for line := range bytes.Lines(want) {
			if len(line) > maxMessage+5 || line[len(line)-1] != '\n' || bytes.ContainsAny(line[:len(line)-1], "\r\x00") || len(line) == 1 {
				t.Fatalf("line %q", line)
			}
		}
	})
}

// TestLogger sends with util-linux's logger, in each of its ways.
func TestLogger(t *testing.T) {
	path, err := exec.LookPath("logger")
	if err != nil {
		t.Skip("no logger(1)")
	}
	text, _ := decode.ByName("text")
	for _, network := range []string{"udp", "tcp"} {
		for _, how := range [][]string{{"--rfc3164"}, {"--rfc5424"}, {"--rfc5424", "--octet-count"}} {
			l, s := start(t, Options{Network: network})
			_, port, _ := net.SplitHostPort(l.Addr().String())
			args := append([]string{"--" + network, "-n", "127.0.0.1", "-P", port, "-p", "auth.info", "-t", "sshd"}, how...)
			if out, err := exec.Command(path, append(args, "Failed password for root from 203.0.113.7 port 22 ssh2")...).CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			id := "syslog/" + network + "/127.0.0.1:0"
			feedtest.Until(t, "a line", func() bool { return len(s.lines(id)) == 1 })
			line := s.lines(id)[0]
			if network == "udp" && len(how) > 1 {
				continue // logger counts octets there as well, which nobody reads
			}
			text.New(decode.Options{}).Decode(&tocsin.Record{Data: []byte(line + "\n"), Line: 1, Ref: time.Now()}, func(ev *tocsin.Event) {
				if ev.Text("src_ip") != "203.0.113.7" || ev.Text("program") != "sshd" || ev.Host == "" || ev.Time.IsZero() {
					t.Errorf("%s %v: %q is %+v", network, how, line, ev)
				}
			})
		}
	}
}
