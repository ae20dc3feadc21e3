package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// An endless log, whose reader is stopped by a signal after some of it.
type endless struct {
	n    int
	stop func()
}

func (e *endless) Read(p []byte) (int, error) {
	e.n++
	if e.n == 12 {
		e.stop()
	}
	if e.n > 4000 {
		return 0, io.EOF
	}
	return copy(p, strings.Repeat(fmt.Sprintf("2026-03-02T10:00:%02dZ web1 sshd[7]: Failed password for root from 203.0.113.7 port 4711 ssh2\n", e.n%60), len(p)/90)), nil
}

// TestStopped holds that a run that a signal stops gives what was found until then, says that it is not whole, and ends with
// the signal's status.
func TestStopped(t *testing.T) {
	for _, c := range []struct {
		sig  os.Signal
		code int
		args string
		want string
	}{
		{os.Interrupt, 130, "hunt -f jsonl -q -", `"partial":"stopped by SIGINT when 1 of 1 files`},
		{syscall.SIGTERM, 143, "hunt -f jsonl -q -", `"partial":"stopped by SIGTERM when 1 of 1 files`},
		{syscall.SIGTERM, 143, "hunt -", "the run ended before all was read: stopped by SIGTERM"},
		{syscall.SIGTERM, 143, "hunt -q -f markdown -", "stopped by SIGTERM"},
		{syscall.SIGTERM, 143, "hunt -q -f incident -", "stopped by SIGTERM"},
		{os.Interrupt, 130, "hunt -q --no-installed --min-level high -f csv -", "The run ended before all was read: stopped by SIGINT"},
		{os.Interrupt, 130, "hunt -q --no-installed --min-level high -f navigator -", "The run ended before all was read: stopped by SIGINT"},
		{os.Interrupt, 130, "hunt -q --no-installed --min-level high -f stix -", `"abstract":"Partial result","content":"The run ended before all was read: stopped by SIGINT`},
		{os.Interrupt, 130, "hunt -q --no-installed --min-level high -f ocsf -", `"title":"Partial result","desc":"The run ended before all was read: stopped by SIGINT`},
		{os.Interrupt, 130, "metrics --view logons -", "203.0.113.7"},
		{os.Interrupt, 130, "search --text Failed -", "Failed password for root"},
		{os.Interrupt, 130, "search -q --text Failed -", "#tocsin\tThe run ended before all was read: stopped by SIGINT"},
		{os.Interrupt, 130, "search -q --text Failed -f jsonl -", `{"kind":"partial","why":"stopped by SIGINT`},
		{os.Interrupt, 130, "search -q --text Failed -f csv -", "The run ended before all was read: stopped by SIGINT"},
		{os.Interrupt, 130, "search -q --text Failed --columns time,user -f csv -", `partial,"The run ended before all was read: stopped by SIGINT`},
		{os.Interrupt, 130, "search -q --text Failed --columns time,user -", "#tocsin\tThe run ended before all was read: stopped by SIGINT"},
		{os.Interrupt, 130, "metrics -q --view logons -f json -", `"partial": "stopped by SIGINT`},
		{os.Interrupt, 130, "metrics -q --view logons -f csv -", "The run ended before all was read: stopped by SIGINT"},
		{os.Interrupt, 130, "metrics -q --view logons -", "The run ended before all was read: stopped by SIGINT"},
	} {
		t.Run(c.args, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var out, errs bytes.Buffer
			in := &endless{stop: func() { cancel(stopped{c.sig}) }}
			code := run(ctx, strings.Fields(c.args), std{ctx, in, &out, &errs})
			if code != c.code || !strings.Contains(out.String(), c.want) || !strings.Contains(errs.String(), "tocsin: stopped by SIG") {
				t.Errorf("exit %d; want %d and %q\n%.2000s\n%.1000s", code, c.code, c.want, out.String(), errs.String())
			}
		})
	}
}
