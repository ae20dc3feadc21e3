package tell

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// SyslogRoute says where syslog messages go. Address is needed.
type SyslogRoute struct {
	Network  string // udp (also where empty), tcp or tls
	Address  string // HOST:PORT
	CAFile   string // of tls: certificates that sign the receiver's; empty is the system's
	CertFile string // of tls: this machine's certificate, where the receiver wants one, and its key
	KeyFile  string
	Timeout  time.Duration // of one message; 0 is 15 s
}

// Syslog sends messages, as [SyslogText] writes them: over UDP as they are, over TCP and TLS with their length before them (RFC 6587,
// RFC 5425), each over a connection of its own. The protocol has no answers: over UDP sent is all that is known; over TCP and TLS a
// message counts as delivered where the receiver took the end of the connection without breaking it off.
type Syslog struct {
	route  SyslogRoute
	config *tls.Config
}

// NewSyslog reads the files that the route names and checks them. It sends nothing.
func NewSyslog(r SyslogRoute) (*Syslog, error) {
	r.Network = cmp.Or(r.Network, "udp")
	s := &Syslog{route: r}
	host, port, err := net.SplitHostPort(r.Address)
	if n, e := strconv.Atoi(port); err != nil || host == "" || e != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("syslog receiver %q: want HOST:PORT", r.Address)
	}
	switch r.Network {
	case "udp", "tcp":
	case "tls":
		if s.config, err = tlsConfig(r.CAFile, host); err != nil {
			return nil, fmt.Errorf("syslog receiver %s: %w", r.Address, err)
		}
		if r.CertFile != "" {
			pair, err := tls.LoadX509KeyPair(r.CertFile, r.KeyFile)
			if err != nil {
				return nil, fmt.Errorf("syslog receiver %s: %w", r.Address, err)
			}
			s.config.Certificates = []tls.Certificate{pair}
		}
	default:
		return nil, fmt.Errorf("syslog receiver %s: network %q: want udp, tcp or tls", r.Address, r.Network)
	}
	return s, nil
}

// Send sends a message once.
func (s *Syslog) Send(ctx context.Context, id string, body []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.route.Timeout, 15*time.Second))
	defer cancel()
	if err := s.send(ctx, body); err != nil {
		return "", fmt.Errorf("syslog receiver %s: %w", s.route.Address, err)
	}
	return "sent over " + s.route.Network, nil
}

func (s *Syslog) send(ctx context.Context, body []byte) error {
	network := "tcp"
	if s.route.Network == "udp" {
		network = "udp"
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, s.route.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	raw := conn
	defer context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })()
	if network == "udp" {
		_, err := conn.Write(body)
		return err
	}
	end := conn.(interface{ CloseWrite() error })
	if s.config != nil {
		t := tls.Client(conn, s.config)
		if err := t.HandshakeContext(ctx); err != nil {
			return err
		}
		conn, end = t, t
	}
	if _, err := conn.Write(append([]byte(strconv.Itoa(len(body))+" "), body...)); err != nil {
		return err
	}
	if err := end.CloseWrite(); err != nil {
		return err
	}
	// A receiver closes its side when it has read ours, or goes on waiting; one that is going down breaks the connection off.
	_ = conn.SetReadDeadline(time.Now().Add(2 * time.Second))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err = io.Copy(io.Discard, io.LimitReader(conn, 4096))
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}
