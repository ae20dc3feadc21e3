package tell

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// CommandOptions say which program is run for an alert. Path is needed.
type CommandOptions struct {
	Path    string        // absolute
	Args    []string      // as they are: no shell reads them, nothing of an alert is put into them
	Env     []string      // NAME=VALUE, added to PATH, LANG and TOCSIN_ALERT_ID, which are all that there is
	Dir     string        // where it runs; empty is the root folder
	Timeout time.Duration // after which it is killed; 0 is 30 s
}

// A Command runs a program for each alert, which it gets on its standard input. That it ends with 0 is that the alert was delivered; all
// else is tried again. Of what it writes the first 4 KiB are read.
type Command struct{ options CommandOptions }

// NewCommand checks the program: a file that may be run, and that only its owner may change.
func NewCommand(o CommandOptions) (*Command, error) {
	if !filepath.IsAbs(o.Path) {
		return nil, fmt.Errorf("command %q: want an absolute path", o.Path)
	}
	info, err := os.Stat(o.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("command: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("command %s: it is no file", o.Path)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return nil, fmt.Errorf("command %s: it may not be run: chmod +x", o.Path)
	case runtime.GOOS != "windows" && info.Mode()&0o022 != 0:
		return nil, fmt.Errorf("command %s: others than its owner may change it: chmod go-w", o.Path)
	}
	for _, e := range o.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" || strings.ContainsRune(e, 0) {
			return nil, fmt.Errorf("command %s: environment %q: want NAME=VALUE", o.Path, e)
		}
	}
	return &Command{o}, nil
}

// maxOutput bounds what is read of a command's output.
const maxOutput = 4 << 10

// Send runs the program once.
func (c *Command) Send(ctx context.Context, id string, body []byte) (string, error) {
	timeout := cmp.Or(c.options.Timeout, 30*time.Second)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	x := exec.CommandContext(ctx, c.options.Path, c.options.Args...)
	x.Dir = cmp.Or(c.options.Dir, string(filepath.Separator))
	x.Env = append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "TOCSIN_ALERT_ID=" + id}, c.options.Env...)
	if runtime.GOOS == "windows" {
		x.Env = append(x.Env, "SystemRoot="+os.Getenv("SystemRoot"))
	}
	x.Stdin = bytes.NewReader(body)
	out := &head{}
	x.Stdout, x.Stderr = out, out
	x.WaitDelay = time.Second
	alone(x)
	err := x.Run()
	said := answered(out.String())
	switch {
	case err == nil:
		return strings.TrimSpace("exit 0 " + said), nil
	case errors.Is(err, exec.ErrWaitDelay): // it ended well, and something that it started holds its output
		return "exit 0", nil
	case ctx.Err() != nil:
		return "", fmt.Errorf("command %s: killed after %s: %w", c.options.Path, timeout, ctx.Err())
	}
	return "", fmt.Errorf("command %s: %w: %s", c.options.Path, err, said)
}

// A head keeps the first bytes that are written to it.
type head struct{ bytes.Buffer }

func (h *head) Write(b []byte) (int, error) {
	if room := maxOutput - h.Len(); room > 0 {
		h.Buffer.Write(b[:min(room, len(b))])
	}
	return len(b), nil
}
