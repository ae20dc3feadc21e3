package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin/report"
)

// Of a key: the fewest bytes that are taken, and the most, as many as nobody chooses by mistake.
const (
	leastKey = 16
	mostKey  = 64 << 10
)

// key is what keys fingerprints of secrets: random for each run, or the bytes of the file that --key-file names.
func (c *huntCmd) key(s std) ([]byte, error) {
	if c.KeyFile == "" {
		key := make([]byte, 32)
		_, err := rand.Read(key)
		return key, err
	}
	f, err := os.Open(c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("--key-file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("--key-file: %w", err)
	}
	if st.IsDir() {
		return nil, fmt.Errorf("--key-file %s: is a folder; name a file", c.KeyFile)
	}
	key, err := io.ReadAll(io.LimitReader(f, mostKey+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("--key-file: %w", err)
	case len(key) < leastKey:
		return nil, fmt.Errorf("--key-file %s: %d bytes are too few for a key, want at least %d; \"head -c 32 /dev/urandom\" makes one", c.KeyFile, len(key), leastKey)
	case len(key) > mostKey:
		return nil, fmt.Errorf("--key-file %s: is longer than %d bytes, so hardly a key", c.KeyFile, mostKey)
	}
	if runtime.GOOS != "windows" && st.Mode().IsRegular() && st.Mode().Perm()&0o004 != 0 && !c.Quiet {
		fmt.Fprintf(s.err, "--key-file %s: everybody on this machine can read it (mode %04o); chmod 600 mends that\n", report.Visible(c.KeyFile), st.Mode().Perm())
	}
	return key, nil
}

// parseHorizon reads a length of time as a user types it: as Go does, or whole days such as 7d. Empty is none.
func parseHorizon(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n int
		if n, err = strconv.Atoi(days); n > int(time.Duration(1<<63-1)/(24*time.Hour)) {
			n = 0
		}
		d = time.Duration(n) * 24 * time.Hour
	}
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("--horizon %s: want a length of time such as 36h or 7d", s)
	}
	return d, nil
}
