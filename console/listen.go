package console

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// admissible says why an address may not be listened on.
func (o *Options) admissible(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("console: listen address %q: want HOST:PORT such as 127.0.0.1:7700: %w", addr, err)
	}
	if loopbackHost(host) {
		return nil
	}
	return o.beyond(addr)
}

// beyond says what is missing to be served beyond loopback.
func (o *Options) beyond(addr string) error {
	switch {
	case o.TLS == nil || len(o.TLS.Certificates) == 0 && o.TLS.GetCertificate == nil && o.TLS.GetConfigForClient == nil:
		return fmt.Errorf("console: %s is not a loopback address, so it needs TLS and a login: give a certificate and its key, or listen on 127.0.0.1", addr)
	case o.Accounts == nil || o.Accounts.empty():
		return fmt.Errorf("console: %s is not a loopback address, so it needs a login, and there is no account: add one, or listen on 127.0.0.1", addr)
	}
	return nil
}

// loopbackHost says that a host is on this machine only, whatever it is called. Every address of a name must be; a name that
// cannot be looked up may be anything.
func loopbackHost(host string) bool {
	if host == "" {
		return false // all addresses
	}
	if ip, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return loopbackIP(ip)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil || len(all) == 0 {
		return false
	}
	for _, ip := range all {
		if !loopbackIP(ip) {
			return false
		}
	}
	return true
}

func loopbackIP(ip netip.Addr) bool { return ip.Unmap().IsLoopback() }

// loopbackAddr says that an address of a connection or listener is on this machine only.
func loopbackAddr(a net.Addr) bool {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return false
	}
	ip, ok := netip.AddrFromSlice(t.IP)
	return ok && loopbackIP(ip)
}

// peer is the address at the other end of a connection, as it was written by the server.
func peer(remote string) (netip.Addr, error) {
	p, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}, errors.New("the connection has no address")
	}
	return p.Addr().Unmap().WithZone(""), nil
}
