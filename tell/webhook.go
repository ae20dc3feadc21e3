package tell

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// WebhookOptions say where and how alerts are posted. The zero value of all but URL or URLFile works.
type WebhookOptions struct {
	URL        string            // https; http only to this machine, or where Plain says so
	URLFile    string            // a file that holds the URL, where that is a secret (Slack, Teams)
	SecretFile string            // whsec_ and base64, with which the body is signed as Standard Webhooks has it; empty is unsigned
	TokenFile  string            // sent as Authorization: Bearer; empty is none
	Header     map[string]string // further headers
	Type       string            // of the content; empty is application/json
	CAFile     string            // certificates that sign the receiver's; empty is the system's
	Proxy      string            // URL of an HTTP proxy; empty is none, also where the environment names one
	Timeout    time.Duration     // of one request in all; 0 is 20 s
	Plain      bool              // http to other machines: whoever is on the way reads alerts
	LinkLocal  bool              // link-local addresses and those of clouds' metadata services, which answer with credentials to whoever asks
}

// A Webhook posts alerts. Success is 2xx. A redirect is not followed and is an error. 410 says that nothing more is wanted, and
// turns the route off; an answer that the body itself is no good (400, 413, 415, 422) is permanent; all others are tried again,
// where the answer says so (Retry-After, up to a day) not before then. The address is the operator's own, so private ones are
// allowed; it stands in no error and no log, only its host does.
type Webhook struct {
	options WebhookOptions
	url     string
	where   string // for errors: scheme and host
	secret  []byte
	token   string
	client  *http.Client
}

// NewWebhook reads the files that the options name and checks them. It sends nothing.
func NewWebhook(o WebhookOptions) (*Webhook, error) {
	w := &Webhook{options: o, url: o.URL}
	if (o.URL == "") == (o.URLFile == "") {
		return nil, errors.New("a webhook needs its URL, or a file that holds it, not both")
	}
	var err error
	if o.URLFile != "" {
		if w.url, err = Secret(o.URLFile); err != nil {
			return nil, fmt.Errorf("URL of a webhook: %w", err)
		}
	}
	u, err := url.Parse(w.url)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return nil, errors.New("URL of a webhook: want https://HOST[:PORT]/PATH, without a user")
	}
	w.where = u.Scheme + "://" + u.Host
	if u.Scheme == "http" && !o.Plain && !loopback(u.Hostname()) {
		return nil, fmt.Errorf("webhook %s: alerts go by https, or set that plain http is meant", w.where)
	}
	if o.SecretFile != "" {
		s, err := Secret(o.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("webhook %s: %w", w.where, err)
		}
		if w.secret, err = signingKey(s); err != nil {
			return nil, fmt.Errorf("webhook %s: %s: %w", w.where, o.SecretFile, err)
		}
	}
	if o.TokenFile != "" {
		if w.token, err = Secret(o.TokenFile); err != nil {
			return nil, fmt.Errorf("webhook %s: %w", w.where, err)
		}
	}
	config, err := tlsConfig(o.CAFile, "")
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", w.where, err)
	}
	for name, v := range o.Header {
		if name == "" || strings.ContainsAny(name, " \t\r\n:") || strings.ContainsAny(v, "\r\n\x00") || strings.HasPrefix(strings.ToLower(name), "webhook-") {
			return nil, fmt.Errorf("webhook %s: header %q cannot be set", w.where, name)
		}
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
		if o.LinkLocal {
			return nil
		}
		return refused(address)
	}}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConns: 1, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, MaxResponseHeaderBytes: 64 << 10}
	if o.Proxy != "" {
		p, err := url.Parse(o.Proxy)
		if err != nil || p.Host == "" {
			return nil, fmt.Errorf("webhook %s: the proxy is no URL", w.where)
		}
		transport.Proxy = http.ProxyURL(p)
	}
	w.client = &http.Client{Transport: transport, Timeout: cmp.Or(o.Timeout, 20*time.Second), CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return w, nil
}

// signingKey reads a secret of Standard Webhooks: whsec_ and base64 of 24 to 64 bytes.
func signingKey(s string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(s, "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("want whsec_ and 24 to 64 bytes in base64, as from: echo whsec_$(head -c 32 /dev/urandom | base64)")
	}
	return key, nil
}

// sign is the signature of Standard Webhooks, version 1.
func sign(key []byte, id, timestamp string, body []byte) string {
	m := hmac.New(sha256.New, key)
	_, _ = io.WriteString(m, id+"."+timestamp+".")
	_, _ = m.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// metadata are addresses beyond link-local ones at which clouds answer machines of theirs: AWS, Alibaba, Azure, Oracle.
var metadata = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192")}

// refused says why an address is not spoken to.
func refused(address string) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := a.Addr().Unmap().WithZone("")
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return fmt.Errorf("%s is link-local, where clouds give out credentials: not spoken to unless that is set", ip)
	}
	for _, m := range metadata {
		if ip == m {
			return fmt.Errorf("%s is a cloud's metadata service: not spoken to unless that is set", ip)
		}
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// tlsConfig verifies by the system's certificates or those of a file.
func tlsConfig(caFile, server string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: server}
	if caFile == "" {
		return c, nil
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: there is no certificate in PEM in it", caFile)
	}
	return c, nil
}

// Send posts a body once.
func (w *Webhook) Send(ctx context.Context, id string, body []byte) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return "", w.hide(err)
	}
	r.Header.Set("User-Agent", "tocsin")
	for name, v := range w.options.Header {
		r.Header.Set(name, v)
	}
	r.Header.Set("Content-Type", cmp.Or(w.options.Type, "application/json"))
	if w.token != "" {
		r.Header.Set("Authorization", "Bearer "+w.token)
	}
	timestamp := strconv.FormatInt(time.Now().Unix(), 10)
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", timestamp)
	if w.secret != nil {
		r.Header.Set("Webhook-Signature", sign(w.secret, id, timestamp, body))
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return "", w.hide(err)
	}
	defer answer.Body.Close()
	// The status is the answer: a body that does not come changes nothing about it.
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
	said := answered(strconv.Itoa(answer.StatusCode) + " " + string(text))
	if answer.StatusCode >= 200 && answer.StatusCode < 300 {
		return said, nil
	}
	err = fmt.Errorf("webhook %s: %w: %s", w.where, errAnswer, said)
	switch answer.StatusCode {
	case http.StatusGone:
		return "", &Permanent{Err: err, Off: true}
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return "", &Permanent{Err: err}
	}
	if after := retryAfter(answer.Header.Get("Retry-After"), time.Now()); after > 0 {
		return "", &Later{Err: err, After: after}
	}
	return "", err
}

// hide keeps the URL, which may be a secret, out of an error.
func (w *Webhook) hide(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("webhook %s: %s", w.where, strings.ReplaceAll(err.Error(), w.url, w.where))
}

// retryAfter reads seconds or a date; 0 is none. Beyond a day is a day.
func retryAfter(s string, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil && n > 0 {
		if n > int64(most/time.Second) {
			return most
		}
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return min(t.Sub(now), most)
	}
	return 0
}
