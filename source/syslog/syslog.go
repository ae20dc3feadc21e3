// Package syslog receives syslog over UDP, TCP and TLS: RFC 3164, RFC 5424 and what devices make of them, one message a line.
//
// What was received is appended to the write-ahead log and is one origin for each listener and tenant; its lines are
// decode's "text", which tells of each line by itself what it is. Over TCP and TLS messages are framed by octet counting or by
// newlines (RFC 6587), as each connection begins; what comes is not read while the log is full, so that senders wait. Over UDP
// nobody waits: what the system's or our own queue has no room for is counted as lost.
//
// A line break within a message becomes a space, so that no message can pass for two. Of a message of more than 64 KiB each
// further 64 KiB are a line that begins with "... ".
//
// Plain syslog knows no secret and TCP no acknowledgement: beyond loopback UDP and TCP need the addresses that may send
// (which whoever is on the way can forge), TLS needs client certificates, and what a sender wrote into a connection that broke
// may be gone. It leaves out RELP, DTLS, and finding a host for messages that name none.
package syslog

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/source/wal"
)

const (
	maxMessage = 64 << 10 // bytes of a message that are one line
	maxBatch   = 1 << 20  // bytes that are appended at once
)

// Options of a listener. Log, Network and Addr are needed; the zero value of the rest works.
type Options struct {
	Network string // udp, tcp or tls
	Addr    string // host:port to listen on
	Log     *wal.Log

	// TLS is needed for tls: a certificate and, beyond loopback, ClientAuth RequireAndVerifyClientCert with ClientCAs.
	TLS *tls.Config
	// From are the senders that are heard; none is everybody. udp and tcp beyond loopback need it.
	From   []netip.Prefix
	Tenant string // whose the messages are
	// Tenants, if it is not nil, says instead of Tenant whose the messages of a client with a certificate are, and whether it
	// may send.
	Tenants func(*x509.Certificate) (string, bool)

	Connections int           // at most at a time, a quarter of them from one address; 0 is 1,024
	Idle        time.Duration // after which a connection is cut that sends nothing; 0 is an hour. Senders may lose a message then
	Slow        time.Duration // that a message, a handshake or the first byte may take; 0 is 30 s
	Queue       int           // bytes of datagrams that wait for the disk; 0 is 16 MiB
	Logger      *slog.Logger  // nil: nothing is logged
}

// A Listener receives syslog. Its methods may be called by several goroutines, Run once.
type Listener struct {
	opt  Options
	name string

	mu      sync.Mutex
	stream  net.Listener
	packets *net.UDPConn
	conns   map[netip.Addr]int
	open    int
	state   string
	why     string

	read    atomic.Int64
	lost    atomic.Int64
	refused atomic.Int64
	cut     atomic.Int64
	drops   atomic.Int64 // by the system
	waiting atomic.Int64 // appends that wait for room
	queued  atomic.Int64
	last    atomic.Int64 // Unix nanoseconds
}

// New checks the options. An error says what of them would let somebody send who must not, or cannot work.
func New(opt Options) (*Listener, error) {
	if opt.Connections <= 0 {
		opt.Connections = 1024
	}
	if opt.Idle <= 0 {
		opt.Idle = time.Hour
	}
	if opt.Slow <= 0 {
		opt.Slow = 30 * time.Second
	}
	if opt.Queue <= 0 {
		opt.Queue = 16 << 20
	}
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.DiscardHandler)
	}
	l := &Listener{opt: opt, name: "syslog/" + opt.Network + "/" + opt.Addr, conns: map[netip.Addr]int{}, state: "waiting", why: "it does not listen yet"}
	fault := func(text string) (*Listener, error) { return nil, errors.New(l.name + ": " + text) }
	host, _, err := net.SplitHostPort(opt.Addr)
	switch {
	case err != nil:
		return fault("the address is to be HOST:PORT: " + err.Error())
	case opt.Log == nil:
		return fault("no log to keep what is received")
	}
	ip, err := netip.ParseAddr(host)
	loopback := err == nil && ip.Unmap().IsLoopback() || host == "localhost"
	switch opt.Network {
	case "udp", "tcp":
		if !loopback && len(opt.From) == 0 {
			return fault("beyond loopback anybody could send; name the addresses that may, or use tls with client certificates")
		}
		if opt.Tenants != nil {
			return fault("only tls has client certificates")
		}
	case "tls":
		switch {
		case opt.TLS == nil || len(opt.TLS.Certificates) == 0 && opt.TLS.GetCertificate == nil && opt.TLS.GetConfigForClient == nil:
			return fault("tls needs a certificate")
		case opt.TLS.ClientAuth != tls.RequireAndVerifyClientCert && (opt.Tenants != nil || !loopback):
			return fault("client certificates must be required and verified")
		}
	default:
		return fault("the network is to be udp, tcp or tls")
	}
	return l, nil
}

// Listen begins to listen: what is sent from now on is received once Run runs. Run calls it where nobody has.
func (l *Listener) Listen() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stream != nil || l.packets != nil {
		return nil
	}
	var err error
	if l.opt.Network == "udp" {
		var at *net.UDPAddr
		if at, err = net.ResolveUDPAddr("udp", l.opt.Addr); err == nil {
			if l.packets, err = net.ListenUDP("udp", at); err == nil {
				if err := l.packets.SetReadBuffer(8 << 20); err != nil {
					l.opt.Logger.Warn("syslog: the system gives no larger buffer", "listener", l.name, "err", err)
				}
			}
		}
	} else {
		l.stream, err = net.Listen("tcp", l.opt.Addr)
	}
	if err != nil {
		l.state, l.why = "broken", err.Error()
		return fmt.Errorf("%s: %w", l.name, err)
	}
	l.state, l.why = "listening", ""
	return nil
}

// Addr is where it listens, nil before Listen.
func (l *Listener) Addr() net.Addr {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.packets != nil:
		return l.packets.LocalAddr()
	case l.stream != nil:
		return l.stream.Addr()
	}
	return nil
}

// Run receives until ctx ends, keeps what it has read by then and returns nil. An error says that it cannot listen.
func (l *Listener) Run(ctx context.Context) error {
	if err := l.Listen(); err != nil {
		return err
	}
	var err error
	if l.packets != nil {
		err = l.runUDP(ctx)
	} else {
		err = l.runStream(ctx)
	}
	l.mu.Lock()
	l.state, l.why = "ended", ""
	if err != nil {
		l.state, l.why = "broken", err.Error()
	}
	l.mu.Unlock()
	return err
}

// origin is the stream of a tenant.
func (l *Listener) origin(tenant string) *feed.Origin {
	return wal.Origin("syslog", l.name, tenant, "text")
}

// keep appends whole lines, and waits where there is no room until ctx ends; then it tries once more.
func (l *Listener) keep(ctx context.Context, o *feed.Origin, data []byte, at time.Time) error {
	for len(data) > 0 {
		n := len(data)
		if n > maxBatch {
			n = bytes.LastIndexByte(data[:maxBatch], '\n') + 1 // no line is that long
		}
		l.waiting.Add(1)
		err := ctx.Err()
		if err == nil {
			err = l.opt.Log.AppendWait(ctx, o, data[:n], at)
		}
		if err != nil && ctx.Err() != nil {
			err = l.opt.Log.Append(o, data[:n], at)
		}
		l.waiting.Add(-1)
		if err != nil {
			return err
		}
		l.read.Add(int64(n))
		l.last.Store(at.UnixNano())
		data = data[n:]
	}
	return nil
}

// allowed says whether an address may send.
func (l *Listener) allowed(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range l.opt.From {
		if p.Contains(a) {
			return true
		}
	}
	return len(l.opt.From) == 0
}

// Stats is what the listener has seen. Behind is what waits in its queue; Lost counts datagrams, of which the system's queue
// had no room (on Linux only) or ours, and what was read and could not be kept at the end; Refused counts connections and
// datagrams of who may not send, and connections that broke the protocol or were too many.
func (l *Listener) Stats() []feed.Stat {
	l.mu.Lock()
	s := feed.Stat{ID: "listener/" + l.name, Kind: "syslog", Path: l.name, Tenant: l.opt.Tenant, State: l.state, Why: l.why}
	packets := l.packets
	l.mu.Unlock()
	s.Read, s.Behind, s.Lost, s.Refused = l.read.Load(), l.queued.Load(), l.lost.Load(), l.refused.Load()
	if packets != nil {
		if n := kernelDrops(packets); n > l.drops.Load() {
			l.drops.Store(n)
		}
		s.Lost += l.drops.Load() // also of a socket that is closed by now
	}
	if s.State == "listening" && l.waiting.Load() > 0 {
		if log := l.opt.Log.Stats(); slices.ContainsFunc(log, func(s feed.Stat) bool { return s.State == "waiting" }) {
			s.State, s.Why = "waiting", wal.ErrFull.Error()
		}
	}
	if n := l.last.Load(); n > 0 {
		s.Last = time.Unix(0, n).UTC()
	}
	if n := l.cut.Load(); n > 0 && s.Why == "" {
		s.Why = fmt.Sprintf("%d messages of more than 64 KiB were cut into several lines", n)
	}
	return []feed.Stat{s}
}
