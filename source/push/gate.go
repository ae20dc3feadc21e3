package push

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/tocsin-ids/tocsin/source/wal"
)

// A Gate says who may send, and reads what is sent within bounds. Listeners may share one. The zero value lets nobody in. It is
// not copied once it is used.
type Gate struct {
	// Token says whose a token is, in constant time; see Tokens. It is taken from Authorization: Bearer TOKEN, Basic (its
	// password) and ApiKey (Elastic's: base64 of ID:TOKEN).
	Token func(token string) (tenant string, ok bool)
	// Cert says whose a client certificate is that the server has verified.
	Cert func(*x509.Certificate) (tenant string, ok bool)
	// Open lets requests from loopback in that have neither, for the tenant "". Requests that a proxy passes on, or that a
	// browser sends for a page, are not such.
	Open bool

	Size  int64         // bytes of a body, as sent and expanded; 0 is 32 MiB
	Total int64         // bytes of all bodies that are being dealt with; 0 is 256 MiB. Beyond it senders are told to wait
	Time  time.Duration // that a body may take to come; 0 is a minute

	held atomic.Int64
}

// Tokens returns a Gate's Token for a few tokens and whose they are. How long it takes says nothing of them but their number.
func Tokens(tenants map[string]string) func(token string) (string, bool) {
	type entry struct {
		sum    [sha256.Size]byte
		tenant string
	}
	var all []entry
	for token, tenant := range tenants {
		if token != "" {
			all = append(all, entry{sha256.Sum256([]byte(token)), tenant})
		}
	}
	return func(token string) (tenant string, ok bool) {
		sum := sha256.Sum256([]byte(token))
		found := -1
		for i := range all {
			found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], all[i].sum[:]), i, found)
		}
		if found < 0 {
			return "", false
		}
		return all[found].tenant, true
	}
}

// Admit says whose what a request brings is, and whether it may.
func (g *Gate) Admit(r *http.Request) (tenant string, ok bool) {
	if g.Cert != nil && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 && len(r.TLS.PeerCertificates) > 0 {
		if tenant, ok = g.Cert(r.TLS.PeerCertificates[0]); ok {
			return tenant, true
		}
	}
	if len(r.Header.Values("Authorization")) > 0 {
		token := tokenOf(r)
		if g.Token == nil || token == "" {
			return "", false
		}
		return g.Token(token)
	}
	return "", g.Open && fromHere(r)
}

func tokenOf(r *http.Request) string {
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "bearer":
		return rest
	case "basic":
		_, password, _ := r.BasicAuth()
		return password
	case "apikey":
		b, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return ""
		}
		_, key, _ := strings.Cut(string(b), ":")
		return key
	}
	return ""
}

// fromHere says that a program on this machine sent a request by itself.
func fromHere(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, h := range [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via", // a proxy's
		"Origin", "Referer", "Sec-Fetch-Site"} { // a browser's
		if len(r.Header.Values(h)) > 0 {
			return false
		}
	}
	host := r.Host
	if a, err := netip.ParseAddrPort(host); err == nil {
		return a.Addr().Unmap().IsLoopback()
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return a.Unmap().IsLoopback()
	}
	host, _, _ = strings.Cut(host, ":")
	return host == "localhost" || host == "" // another name that leads here may be a page's trick
}

// Body reads the body of a request, which may be compressed by gzip or zstd. done is to be called when the body is not needed
// any more. Errors are *wal.Refusal.
func (g *Gate) Body(w http.ResponseWriter, r *http.Request) (body []byte, done func(), err error) {
	size, total, limit := g.Size, g.Total, g.Time
	if size <= 0 {
		size = 32 << 20
	}
	if total <= 0 {
		total = 256 << 20
	}
	if limit <= 0 {
		limit = time.Minute
	}
	tooLarge := &wal.Refusal{Code: http.StatusRequestEntityTooLarge, Why: fmt.Sprintf("a body of more than %d bytes, as sent or expanded; send it in parts", size)}
	if r.ContentLength > size {
		return nil, nil, tooLarge
	}
	http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit)) // where it is not possible, the server's own holds
	var in io.Reader = http.MaxBytesReader(w, r.Body, size)
	switch coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ","))); coding {
	case "", "identity":
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, nil, g.fault(err, tooLarge, "the body is not gzip")
		}
		defer z.Close()
		in = z
	case "zstd":
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, nil, g.fault(err, tooLarge, "the body is not zstd")
		}
		defer z.Close()
		in = z
	default:
		w.Header().Set("Accept-Encoding", "gzip, zstd, identity")
		return nil, nil, &wal.Refusal{Code: http.StatusUnsupportedMediaType, Why: fmt.Sprintf("the content encoding %.50q is not known; gzip and zstd are", coding)}
	}
	var mine int64
	done = func() { g.held.Add(-mine); mine = 0 }
	hold := func(n int64) bool {
		if g.held.Add(n) > total {
			g.held.Add(-n)
			return false
		}
		mine += n
		return true
	}
	busy := &wal.Refusal{Code: http.StatusTooManyRequests, Why: "too much is being received at once; send again in a moment", Retry: time.Second}
	first := min(max(r.ContentLength+1, 4<<10), 1<<20)
	if !hold(first) {
		return nil, nil, busy
	}
	body = make([]byte, 0, first)
	for {
		if len(body) == cap(body) {
			more := int64(min(cap(body), 4<<20))
			if !hold(more) {
				done()
				return nil, nil, busy
			}
			body = append(make([]byte, 0, len(body)+int(more)), body...)
		}
		n, err := in.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		if int64(len(body)) > size {
			done()
			return nil, nil, tooLarge
		}
		if err == io.EOF {
			http.NewResponseController(w).SetReadDeadline(time.Time{})
			return body, done, nil
		}
		if err != nil {
			done()
			return nil, nil, g.fault(err, tooLarge, "the body is cut off or its compression is broken")
		}
	}
}

// fault says why a body could not be read.
func (g *Gate) fault(err error, tooLarge *wal.Refusal, why string) error {
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return &wal.Refusal{Code: http.StatusRequestTimeout, Why: "the body took too long to come"}
	}
	return &wal.Refusal{Code: http.StatusBadRequest, Why: why + ": " + err.Error()}
}
