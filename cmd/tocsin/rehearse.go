package main

import (
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin/rehearse"
	"github.com/tocsin-ids/tocsin/report"
)

type rehearseCmd struct {
	Seed          uint64  `help:"The same seed and flags give the same bytes." default:"1"`
	Output        string  `short:"o" required:"" help:"Folder for telemetry/ and TRUTH.json." placeholder:"DIR"`
	Force         bool    `help:"Write into a folder that holds something already."`
	Start         string  `help:"When the logs begin." placeholder:"TIME"`
	Targets       int     `help:"Organisations that the operator is after." default:"30"`
	Autonomy      float64 `help:"Share of actions that agents do without a person." default:"0.85"`
	Gates         int     `help:"Points at which a person decides how to go on." default:"5"`
	Days          int     `help:"Days that the logs cover, or more where the campaign lasts longer." default:"4"`
	Tempo         string  `help:"What drives the rest: agent, script or human." default:"agent"`
	Jitter        float64 `help:"Evasion: widen gaps at random, 0 to 3."`
	Pace          float64 `help:"Evasion: multiply gaps." default:"1"`
	Rotate        int     `help:"Evasion: a new address every so many actions." placeholder:"N"`
	Rename        bool    `help:"Evasion: tools and user agents change their names when they move."`
	Sessions      bool    `help:"Keep the sessions of the operator's agents among the logs, below operator/agents."`
	SessionFormat string  `help:"How they are kept: claude-code, codex, opencode, gemini-cli, copilot-cli, chat (OpenAI messages), otlp (spans), or mixed, each agent in another one; claude-code if left out. Means --sessions." placeholder:"NAME"`
	Noise         float64 `help:"How much goes on anyway, as a factor." default:"1"`
	Blocks        int     `help:"Organisations that block the operator once." default:"4"`
	Quiet         bool    `short:"q" help:"Do not say what was written."`
}

func (c *rehearseCmd) Run(s std) error {
	start, err := parseBound("--start", c.Start, time.UTC)
	if err != nil {
		return err
	}
	for _, f := range []struct {
		flag string
		zero bool
	}{{"--targets", c.Targets == 0}, {"--days", c.Days == 0}, {"--pace", c.Pace == 0}} {
		if f.zero { // the package would take the usual
			return fmt.Errorf("%s: 0; want more", f.flag)
		}
	}
	truth, err := rehearse.Write(c.Output, rehearse.Options{Seed: c.Seed, Start: start, Targets: c.Targets, Autonomy: none(c.Autonomy), Gates: none(c.Gates), Days: c.Days,
		Tempo: c.Tempo, Jitter: c.Jitter, Pace: c.Pace, Rotate: c.Rotate, Rename: c.Rename, Sessions: c.Sessions, SessionFormat: c.SessionFormat, Noise: none(c.Noise), Blocks: none(c.Blocks)}, c.Force)
	if err != nil {
		return err
	}
	if !c.Quiet {
		fmt.Fprintf(s.err, "%d records in %s, of them %d of a campaign against %d organisations (%d machines reached, %.0f %% done without a person, %d decisions)\n",
			truth.Records, report.Visible(c.Output)+"/telemetry", len(truth.Actions), len(truth.Campaign.Orgs), reached(truth), 100*truth.Campaign.Autonomy, len(truth.Campaign.Gates))
	}
	return nil
}

// none is how rehearse.Options says none, where zero stands for the usual: who typed 0 meant it.
func none[T int | float64](v T) T {
	if v == 0 {
		return -1
	}
	return v
}
