package tell

import (
	"bufio"
	"crypto/tls"
	"encoding/pem"
	"io"
	"net"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestSyslog(t *testing.T) {
	a := hostile(t)
	format, err := SyslogText(SyslogOptions{Host: "sensor1"})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := format(&a)
	// A certificate for loopback, as httptest has it.
	own := httptest.NewTLSServer(nil)
	defer own.Close()
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate().Raw})))

	for _, network := range []string{"udp", "tcp", "tls"} {
		got := make(chan string, 1)
		var address string
		switch network {
		case "udp":
			l, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			address = l.LocalAddr().String()
			go func() {
				b := make([]byte, 65536)
				n, _, _ := l.ReadFrom(b)
				got <- string(b[:n])
			}()
		default:
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			address = l.Addr().String()
			if network == "tls" {
				l = tls.NewListener(l, &tls.Config{Certificates: own.TLS.Certificates})
			}
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				r := bufio.NewReader(c)
				n, _ := r.ReadString(' ')
				size, _ := strconv.Atoi(strings.TrimSpace(n))
				b := make([]byte, size)
				_, _ = io.ReadFull(r, b)
				rest, _ := io.ReadAll(r)
				got <- string(b) + string(rest)
			}()
		}
		s, err := NewSyslog(SyslogRoute{Network: network, Address: address, CAFile: ca})
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := s.Send(t.Context(), a.ID, body); err != nil || answer != "sent over "+network {
			t.Error(network, answer, err)
		}
		select {
		case m := <-got:
			if m != string(body) {
				t.Errorf("%s: %q", network, m)
			}
			if _, data, _ := readSyslog(t, []byte(m)); data["id"] != a.ID {
				t.Errorf("%s: %v", network, data)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("%s: nothing came", network)
		}
	}
}

// TestSyslogBrokenOff: a receiver that goes down before it has read is no delivery.
func TestSyslogBrokenOff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = c.Read(make([]byte, 1))
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}()
	s, err := NewSyslog(SyslogRoute{Network: "tcp", Address: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := s.Send(t.Context(), "a-1", []byte(strings.Repeat("x", 2000))); err == nil {
		t.Error(answer)
	}
	_ = l.Close()
	if answer, err := s.Send(t.Context(), "a-1", []byte("x")); err == nil {
		t.Error(answer)
	}
}

func TestSyslogRoute(t *testing.T) {
	for _, r := range []SyslogRoute{{}, {Address: "host"}, {Address: "host:0"}, {Address: ":514"}, {Address: "host:514", Network: "unix"}, {Address: "host:6514", Network: "tls", CAFile: "/nowhere"}, {Address: "host:6514", Network: "tls", CertFile: "/nowhere"}} {
		if _, err := NewSyslog(r); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
}
