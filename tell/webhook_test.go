package tell

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

const webhookSecret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// TestSignVector is the example of the Standard Webhooks specification's own libraries.
func TestSignVector(t *testing.T) {
	key, err := signingKey("whsec_" + webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	if got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`)); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Error(got)
	}
	for _, bad := range []string{"", "whsec_", webhookSecret, "whsec_AAAA", "whsec_*"} {
		if _, err := signingKey(bad); err == nil {
			t.Errorf("%q is taken for a secret", bad)
		}
	}
}

func TestWebhook(t *testing.T) {
	var status int
	var header = map[string]string{}
	var got []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Authorization") != "Bearer t0ken" || r.Header.Get("X-Of") != "tocsin" {
			t.Errorf("%v %s %v", err, r.Method, r.Header)
		}
		// As a receiver verifies it.
		key, _ := base64.StdEncoding.DecodeString(webhookSecret)
		m := hmac.New(sha256.New, key)
		m.Write([]byte(r.Header.Get("webhook-id") + "." + r.Header.Get("webhook-timestamp") + "." + string(body)))
		if want := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)); !hmac.Equal([]byte(want), []byte(r.Header.Get("webhook-signature"))) {
			t.Errorf("signature %q, want %q", r.Header.Get("webhook-signature"), want)
		}
		got = append(got, r.Header.Get("webhook-id")+" "+string(body))
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "said\x1b "+strings.Repeat("x", 100_000))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a handshake fails on purpose
	server.StartTLS()
	defer server.Close()
	ca := file(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))
	o := WebhookOptions{URLFile: file(t, server.URL+"/services/T0/sEcReT\n"), SecretFile: file(t, "whsec_"+webhookSecret+"\n"), TokenFile: file(t, "t0ken"), CAFile: ca, Header: map[string]string{"X-Of": "tocsin"}}
	w, err := NewWebhook(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		status         int
		header         string
		ok, final, off bool
		after          time.Duration
	}{
		{200, "", true, false, false, 0}, {204, "", true, false, false, 0}, {202, "", true, false, false, 0},
		{301, "", false, false, false, 0}, {307, "", false, false, false, 0},
		{400, "", false, true, false, 0}, {413, "", false, true, false, 0}, {422, "", false, true, false, 0},
		{401, "", false, false, false, 0}, {404, "", false, false, false, 0}, {410, "", false, true, true, 0},
		{429, "7", false, false, false, 7 * time.Second}, {503, "999999999999", false, false, false, 24 * time.Hour}, {503, "soon", false, false, false, 0}, {500, "-1", false, false, false, 0},
	} {
		status, header, got = x.status, map[string]string{"Retry-After": x.header, "Location": "https://203.0.113.1/"}, nil
		answer, err := w.Send(t.Context(), "a-1", []byte(`{"x":1}`))
		var p *Permanent
		var l *Later
		if (err == nil) != x.ok || errors.As(err, &p) != x.final || p != nil && p.Off != x.off || errors.As(err, &l) != (x.after > 0) || l != nil && l.After != x.after {
			t.Errorf("%d: %q %v", x.status, answer, err)
		}
		if len(got) != 1 || got[0] != `a-1 {"x":1}` {
			t.Errorf("%d: %q", x.status, got)
		}
		if x.ok && (!strings.HasPrefix(answer, "20") || len(answer) > 300 || strings.Contains(answer, "\x1b")) {
			t.Errorf("answer %q", answer)
		}
		if err != nil && (strings.Contains(err.Error(), "sEcReT") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 500) {
			t.Errorf("error %q", err)
		}
	}
	// Without the CA's file nothing is sent, and the URL stays a secret.
	o.CAFile, got = "", nil
	if w, err = NewWebhook(o); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Send(t.Context(), "a-1", nil); err == nil || strings.Contains(err.Error(), "sEcReT") || !strings.Contains(err.Error(), "certificate") || got != nil {
		t.Error(err, got)
	}
}

func TestWebhookFaults(t *testing.T) {
	slow := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-slow
		case "/endless": // the status is the answer
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-slow
		case "/reset":
			_, _ = io.ReadAll(r.Body)
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_ = c.(*net.TCPConn).SetLinger(0)
				_ = c.Close()
			}
		}
	}))
	defer server.Close()
	defer close(slow)
	for path, ok := range map[string]bool{"/slow": false, "/endless": true, "/reset": false} {
		w, err := NewWebhook(WebhookOptions{URL: server.URL + path, Timeout: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err = w.Send(t.Context(), "a-1", []byte("{}"))
		if (err == nil) != ok || time.Since(begin) > 5*time.Second {
			t.Errorf("%s: %v after %s", path, err, time.Since(begin))
		}
		if errors.As(err, new(*Permanent)) {
			t.Errorf("%s: %v is permanent", path, err)
		}
	}
}

// TestSecret: what cannot be read is said; it is not the end of a secret.
func TestSecret(t *testing.T) {
	if s, err := Secret(file(t, " a b\n")); s != "a b" || err != nil {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := Secret(t.TempDir()); err == nil || strings.Contains(err.Error(), "there is no secret in it") {
		t.Errorf("a folder: %v", err)
	}
	for what, text := range map[string]string{"nothing": "\n", "two lines": "a\nb", "too much": strings.Repeat(" ", 4097)} {
		if _, err := Secret(file(t, text)); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	if _, err := Secret(file(t, strings.Repeat("a", 4096))); err != nil {
		t.Error(err)
	}
}

func TestWebhookOptions(t *testing.T) {
	for what, o := range map[string]WebhookOptions{
		"no URL":            {},
		"two":               {URL: "https://a.example/", URLFile: "x"},
		"clear":             {URL: "http://hooks.example/x"},
		"no scheme":         {URL: "hooks.example/x"},
		"a user":            {URL: "https://u:p@hooks.example/x"},
		"a file":            {URL: "file:///etc/passwd"},
		"no secret":         {URL: "https://hooks.example/x", SecretFile: "/nowhere"},
		"a bad secret":      {URL: "https://hooks.example/x", SecretFile: file(t, "secret")},
		"two lines":         {URL: "https://hooks.example/x", TokenFile: file(t, "a\nb")},
		"no CA":             {URL: "https://hooks.example/x", CAFile: file(t, "no certificate")},
		"header injected":   {URL: "https://hooks.example/x", Header: map[string]string{"A": "b\r\nC: d"}},
		"the id overridden": {URL: "https://hooks.example/x", Header: map[string]string{"Webhook-Id": "1"}},
		"proxy":             {URL: "https://hooks.example/x", Proxy: "::"},
	} {
		if _, err := NewWebhook(o); err == nil {
			t.Errorf("%s is taken", what)
		} else if strings.Contains(err.Error(), "u:p@") {
			t.Errorf("%v names a password", err)
		}
	}
	if _, err := NewWebhook(WebhookOptions{URL: "http://hooks.example/x", Plain: true}); err != nil {
		t.Error(err)
	}
}

func TestWebhookKeepsFromMetadata(t *testing.T) {
	for _, a := range []string{"169.254.169.254:80", "[fe80::1%eth0]:80", "[::ffff:169.254.169.254]:80", "100.100.100.200:80", "[fd00:ec2::254]:80", "168.63.129.16:80", "0.0.0.0:80"} {
		if refused(a) == nil {
			t.Errorf("%s is spoken to", a)
		}
	}
	for _, a := range []string{"10.0.0.1:80", "127.0.0.1:443", "[::1]:80", "203.0.113.1:443", "192.168.1.1:80", "[fd00::1]:80"} {
		if err := refused(a); err != nil {
			t.Error(err)
		}
	}
	w, err := NewWebhook(WebhookOptions{URL: "http://169.254.169.254/latest/meta-data", Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := w.Send(ctx, "a-1", nil); err == nil || !strings.Contains(err.Error(), "link-local") {
		t.Error(err)
	}
}

func TestRetryAfterDate(t *testing.T) {
	now := time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{"Sun, 01 Mar 2026 04:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 03:00:00 GMT": 0, "": 0, "0": 0, " 5 ": 5 * time.Second, "Mon, 01 Mar 2027 04:01:00 GMT": 24 * time.Hour} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}
