//go:build unix

package eval

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// build makes the program as a user has it.
func build(t testing.TB) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "tocsin")
	if out, err := exec.Command("go", "build", "-o", program, "../cmd/tocsin").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// A cost is what a run of the program took. What loading the rules took is apart.
type cost struct {
	Events    int64   `json:"events"`
	Matches   int     `json:"matches"`
	Campaigns int     `json:"campaigns"`
	Attempts  int     `json:"attempts"`    // actors in no campaign
	CPU       float64 `json:"cpu_seconds"` // user and system, of which Load is a part
	Load      float64 `json:"load_cpu_seconds"`
	RSS       int64   `json:"peak_rss_bytes"`
	done      bool
}

// rate is events by second of processor time, loading apart.
func (c *cost) rate() float64 { return float64(c.Events) / (c.CPU - c.Load) }

// mb is the most memory it had.
func (c *cost) mb() float64 { return float64(c.RSS) / 1e6 }

// asUser runs tocsin hunt -q -f jsonl -o FILE. A run that takes more processor time than limit, or ten times as long, is
// stopped and not done. The program's own getrusage is asked, and it is started by a shell: a process that this one starts
// itself is charged with this one's memory, since Linux counts what was there before exec.
func asUser(t testing.TB, program string, limit time.Duration, args ...string) cost {
	t.Helper()
	return asUserInto(t, t.TempDir(), program, limit, args...)
}

// asUserInto is asUser with found.jsonl in a folder.
func asUserInto(t testing.TB, dir, program string, limit time.Duration, args ...string) cost {
	t.Helper()
	stats := filepath.Join(dir, "stats.json")
	ctx, cancel := context.WithTimeout(context.Background(), 10*limit)
	defer cancel()
	words := append([]string{"-c", `ulimit -t "$1"; shift; "$@"; exit $?`, "sh", strconv.Itoa(int(limit.Seconds())), program, "hunt", "-q", "-f", "jsonl", "-o", filepath.Join(dir, "found.jsonl"), "--stats", stats}, args...)
	cmd := exec.CommandContext(ctx, "sh", words...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return cost{}
	case errors.As(err, &exit) && (exit.ExitCode() == 128+int(syscall.SIGKILL) || exit.ExitCode() == 128+int(syscall.SIGXCPU)):
		return cost{}
	case err != nil:
		t.Fatalf("tocsin hunt %v: %v\n%s", args, err, said.String())
	}
	b, err := os.ReadFile(stats)
	if err != nil {
		t.Fatal(err)
	}
	c := cost{done: true}
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	if c.Events == 0 || c.CPU <= c.Load || c.RSS == 0 {
		t.Fatalf("tocsin hunt %v: %s", args, b)
	}
	return c
}

// TestAsUserRuns measures the program as a user runs it, all rules and campaigns, and beside it with rules alone. Rates are of
// the machine at hand and have no bound (TestSpeed's ratios have); memory has.
func TestAsUserRuns(t *testing.T) {
	measures(t)
	timed(t)
	program := build(t)
	sigmaRules := unpack(t, data(t, "sigma/sigmahq.tar.gz"), func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return strings.HasSuffix(name, ".yml") && (top == "rules" || strings.HasPrefix(top, "rules-"))
	})
	t.Logf("%-12s %9s  %28s  %28s", "", "events", "as a user runs it", "rules alone")
	for _, s := range speeds {
		args := append([]string{"--rules", sigmaRules}, s.paths(t)...)
		user := asUser(t, program, 5*time.Minute, args...)
		alone := asUser(t, program, 5*time.Minute, append(args, "--no-campaigns")...)
		if !user.done || !alone.done {
			t.Errorf("%s: not finished in 5 CPU-minutes", s.name)
			continue
		}
		if user.Events != alone.Events || user.Matches != alone.Matches || user.Matches == 0 {
			t.Errorf("%s: %d events and %d matches, with rules alone %d and %d", s.name, user.Events, user.Matches, alone.Events, alone.Matches)
		}
		t.Logf("%-12s %9d  %9.0f/CPU-s  %6.0f MB  %9.0f/CPU-s  %6.0f MB", s.name, user.Events, user.rate(), user.mb(), alone.rate(), alone.mb())
		score(t, "user/"+s.name+"/rate", user.rate(), 0)
		score(t, "user/"+s.name+"/memory", user.mb(), 0)
		score(t, "user/"+s.name+"/rate-rules-alone", alone.rate(), 0)
		score(t, "user/"+s.name+"/memory-rules-alone", alone.mb(), 0)
		if s.name == "windows-json" {
			scoreWithin(t, "user/loading", user.Load, 0, math.NaN(), math.NaN())
		}
	}
}
