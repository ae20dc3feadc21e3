package update

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"
)

// Limits of a download beside its size.
const (
	fetchTime  = 10 * time.Minute // for all of it
	answerTime = 30 * time.Second // until the server begins to answer
	redirects  = 5
)

// fetch copies a URL or file to a temporary file and tells its size and SHA-256.
func fetch(ctx context.Context, from string, limit int64) (f *os.File, size int64, digest string, err error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTime)
	defer cancel()
	in, err := open(ctx, from)
	if err != nil {
		return nil, 0, "", err
	}
	defer in.Close()
	out, err := os.CreateTemp("", "tocsin-rules-")
	if err != nil {
		return nil, 0, "", err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), io.LimitReader(in, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("%s: more than %d bytes", from, limit)
	}
	if err != nil {
		out.Close()
		os.Remove(out.Name())
		return nil, 0, "", fmt.Errorf("fetching rules: %w", err)
	}
	return out, n, hex.EncodeToString(sum.Sum(nil)), nil
}

// isURL says whether from is to be fetched over HTTP.
func isURL(from string) bool {
	return strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://")
}

func open(ctx context.Context, from string) (io.ReadCloser, error) {
	if !isURL(from) {
		f, err := os.Open(from)
		if err != nil {
			return nil, err
		}
		if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
			f.Close()
			return nil, errors.Join(fmt.Errorf("%s is not a file", from), err)
		}
		return f, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", "tocsin")
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = answerTime
	client := &http.Client{Transport: transport, CheckRedirect: redirect}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, &statusError{from, resp.StatusCode}
	}
	return resp.Body, nil
}

// redirect follows a few redirects, but never from an encrypted to an open connection.
func redirect(req *http.Request, via []*http.Request) error {
	if len(via) > redirects {
		return fmt.Errorf("more than %d redirects", redirects)
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errors.New("redirected from https to " + req.URL.Scheme)
	}
	return nil
}

// A statusError is an answer other than 200.
type statusError struct {
	from   string
	status int
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s: the server answers %d %s", e.from, e.status, http.StatusText(e.status))
}

var digestLine = regexp.MustCompile(`^\s*([0-9a-fA-F]{64})\b`)

// sidecar reads the digest in from + ".sha256"; "" if there is no such file. It is as sha256sum writes it.
func sidecar(ctx context.Context, from string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*answerTime)
	defer cancel()
	name := from + ".sha256"
	if isURL(from) {
		u, err := url.Parse(from)
		if err != nil {
			return "", err
		}
		u.Path += ".sha256"
		u.RawPath = ""
		name = u.String()
	}
	in, err := open(ctx, name)
	var status *statusError
	switch {
	case errors.Is(err, os.ErrNotExist), errors.As(err, &status) && (status.status == http.StatusNotFound || status.status == http.StatusGone):
		return "", nil
	case err != nil:
		return "", err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 4096))
	if err != nil {
		return "", err
	}
	m := digestLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s holds no SHA-256", name)
	}
	return string(m[1]), nil
}
