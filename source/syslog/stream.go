package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

func (l *Listener) runStream(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { l.stream.Close() })
	defer stop()
	defer l.stream.Close()
	var all sync.WaitGroup
	defer all.Wait()
	for wait := time.Millisecond; ; {
		c, err := l.stream.Accept()
		if ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		if err != nil { // no more file descriptors, or a connection that was gone at once
			time.Sleep(wait)
			wait = min(2*wait, time.Second)
			continue
		}
		wait = time.Millisecond
		from, err := netip.ParseAddrPort(c.RemoteAddr().String())
		if err != nil || !l.enter(from.Addr()) {
			l.refused.Add(1)
			c.Close()
			continue
		}
		all.Go(func() {
			defer l.leave(from.Addr())
			defer c.Close()
			if err := l.serve(ctx, c); err != nil {
				l.refused.Add(1)
				l.opt.Logger.Warn("syslog: a connection was cut", "listener", l.name, "from", from.String(), "err", err)
			}
		})
	}
}

// enter says whether one more connection from an address may be, and counts it.
func (l *Listener) enter(a netip.Addr) bool {
	a = a.Unmap()
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.allowed(a) || l.open >= l.opt.Connections || l.conns[a] >= max(l.opt.Connections/4, 1) {
		return false
	}
	l.open++
	l.conns[a]++
	return true
}

func (l *Listener) leave(a netip.Addr) {
	a = a.Unmap()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.conns[a]--; l.conns[a] == 0 {
		delete(l.conns, a)
	}
}

// serve reads the messages of a connection until it ends. An error says why it was refused or cut.
func (l *Listener) serve(ctx context.Context, c net.Conn) error {
	tenant := l.opt.Tenant
	if l.opt.Network == "tls" {
		t := tls.Server(c, l.opt.TLS)
		shake, cancel := context.WithTimeout(ctx, l.opt.Slow)
		err := t.HandshakeContext(shake)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if l.opt.Tenants != nil {
			certs, ok := t.ConnectionState().PeerCertificates, false
			if len(certs) > 0 {
				tenant, ok = l.opt.Tenants(certs[0])
			}
			if !ok {
				return errors.New("its certificate is of no tenant")
			}
		}
		c = t
	}
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	o := l.origin(tenant)
	f := &framer{}
	b := make([]byte, 4<<10) // larger where it is filled: each read is one append
	var out []byte
	since, first := time.Now(), true // since when what is there of a message waits for the rest
	for {
		deadline := time.Now().Add(l.opt.Idle)
		if first || f.pending() {
			deadline = since.Add(l.opt.Slow)
		}
		c.SetReadDeadline(deadline)
		if ctx.Err() != nil {
			c.SetReadDeadline(time.Unix(1, 0))
		}
		was := f.pending()
		n, err := c.Read(b)
		now := time.Now()
		full := n == len(b)
		var broken error
		if out, broken = f.take(out[:0], b[:n]); len(out) > 0 || !was {
			since = now // of a message that just began
		}
		first = first && n == 0
		if err != nil || broken != nil {
			out = f.close(out)
		}
		if f.cuts > 0 {
			l.cut.Add(int64(f.cuts))
			f.cuts = 0
		}
		if err := l.keep(ctx, o, out, now); err != nil {
			l.lost.Add(1)
			return fmt.Errorf("what it sent could not be kept: %w", err)
		}
		if len(out) > 0 {
			since = time.Now() // that the log made it wait is not its fault
		}
		if full && len(b) < 256<<10 {
			b = make([]byte, 4*len(b))
		}
		switch {
		case broken != nil:
			return broken
		case err != nil && ctx.Err() != nil:
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded) && first:
			return fmt.Errorf("it sent nothing for %v", l.opt.Slow)
		case errors.Is(err, os.ErrDeadlineExceeded) && was:
			return fmt.Errorf("it took more than %v for a message", l.opt.Slow)
		case err != nil: // its end, or it broke; idle ones are no fault
			return nil
		}
	}
}
