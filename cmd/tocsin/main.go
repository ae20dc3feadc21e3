// Tocsin finds intrusions in logs: "tocsin hunt PATH…" reads whatever logs lie there and says what happened, worst
// first, and what it could not read.
//
// Exit codes: 0, the command did what it was asked (whether or not it found anything, unless --fail-level asks
// otherwise); 1, something was found at or above --fail-level, or a rule or test failed its check; 2, the command
// could not be done: bad arguments, unreadable rules, output that cannot be written, or was done in part only: a path
// that was named is not there, a mistake of Tocsin's own cost some of it, or, with --strict, a filter met nothing; 130 and 143,
// stopped by SIGINT or SIGTERM: what was found until then is reported and marked as partial. "tocsin run" and "tocsin demo" go
// on until they are stopped, so that is 0.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // so that --zone knows its names on machines that do not

	"github.com/alecthomas/kong"

	"github.com/tocsin-ids/tocsin/report"
)

// cli is the command line.
type cli struct {
	Hunt     huntCmd     `cmd:"" help:"Read logs and report the intrusions in them."`
	Live     runCmd      `cmd:"" name:"run" help:"Follow logs and receive them, and tell of intrusions while they happen."`
	Demo     demoCmd     `cmd:"" help:"Watch an intrusion that never happened being found: a rehearsal, played into a run."`
	Explain  explainCmd  `cmd:"" help:"Show the chain of evidence of a campaign that hunt found."`
	Diff     diffCmd     `cmd:"" help:"Compare two results of hunt: what is new, worse or gone."`
	Rehearse rehearseCmd `cmd:"" help:"Write the logs of an intrusion that never happened, and the truth about it."`
	Timeline timelineCmd `cmd:"" help:"List every event of logs in order of time."`
	Search   searchCmd   `cmd:"" help:"List the events of a host, an account, an address, a field, a text or a pattern."`
	Metrics  metricsCmd  `cmd:"" help:"Count events by kind or by any fields; logons, talkers, processes, first and last seen."`
	Rules    rulesCmd    `cmd:"" help:"Check, test, list and update rules."`
	Scope    scopeCmd    `cmd:"" help:"Make, sign and check scope records: who may test what, from when to when."`
	Account  accountCmd  `cmd:"" help:"Say who may log in to a run's console, and make tokens for scripts."`
	Audit    auditCmd    `cmd:"" help:"Show, check and write out what people did in a run, and which alerts were sent."`
	Alert    alertCmd    `cmd:"" help:"Try the ways by which a run tells of campaigns, and see what became of alerts."`
	Backup   backupCmd   `cmd:"" help:"Copy what a run must not forget, while it runs, or what can still be read of it."`
	Version  versionCmd  `cmd:"" help:"Say which Tocsin this is."`

	Completion completionCmd `cmd:"" help:"Write the script by which a shell completes Tocsin's commands."`
	Man        manCmd        `cmd:"" help:"Write Tocsin's man pages."`

	VersionFlag versionFlag `name:"version" help:"Say which Tocsin this is."`
}

const purpose = "Finds intrusions run by machines in any logs you have."

// std is what a command talks to.
type std struct {
	ctx context.Context
	in  io.Reader
	out io.Writer
	err io.Writer
}

// errFound is the end of a command that did its work and whose answer is a failure: exit code 1.
var errFound = errors.New("found")

func main() {
	ctx := untilSignal()
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(70) // a sixth less memory than with 100, for a hundredth of the time
	}
	os.Exit(run(ctx, os.Args[1:], std{ctx, os.Stdin, os.Stdout, os.Stderr}))
}

// untilSignal ends when SIGINT or SIGTERM comes. A second one ends the process, unless it comes at once: some programs
// send one to a process and another to its group.
func untilSignal() context.Context {
	ctx, stop := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		stop(stopped{<-signals})
		time.Sleep(time.Second)
		signal.Stop(signals)
	}()
	return ctx
}

// run is main without the process around it.
func run(ctx context.Context, args []string, s std) (code int) {
	var c cli
	exited := -1
	parser, err := kong.New(&c, kong.Name("tocsin"),
		kong.Description(purpose),
		kong.UsageOnError(), kong.Writers(s.out, s.err), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exited = code; panic(exit{}) }))
	if err != nil {
		fmt.Fprintln(s.err, "tocsin:", err)
		return 2
	}
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(exit); !ok {
				panic(p)
			}
			code = exited
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(s.err, "tocsin:", shown(err))
		fmt.Fprintln(s.err, "Run \"tocsin --help\" or \"tocsin COMMAND --help\" to see what there is.")
		return 2
	}
	s.ctx = ctx
	switch err := k.Run(s, parser.Model); {
	case err == nil:
		return 0
	case errors.Is(err, errFound):
		return 1
	case errors.Is(err, context.Canceled):
		cause := context.Cause(ctx)
		fmt.Fprintln(s.err, "tocsin:", cause)
		if by, ok := cause.(stopped); ok && by.Signal == syscall.SIGTERM {
			return 143
		}
		return 130
	default:
		fmt.Fprintln(s.err, "tocsin:", shown(err))
		return 2
	}
}

// stopped is why a run ended that a signal stopped.
type stopped struct{ os.Signal }

func (s stopped) Error() string {
	if s.Signal == syscall.SIGTERM {
		return "stopped by SIGTERM"
	}
	return "stopped by SIGINT"
}

// shown is an error as lines for a terminal: what it quotes may be a file's name or text.
func shown(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = report.Visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

type exit struct{}
