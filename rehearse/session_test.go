package rehearse_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rehearse"
	"github.com/tocsin-ids/tocsin/sigma"
)

// What formats cannot carry: which session started a sub-agent, who has the account, and whether a command failed.
var (
	noParent  = map[string]bool{"gemini-cli": true}
	noFailure = map[string]bool{"chat": true}
	accounts  = map[string]bool{"chat": true, "otlp": true}
)

// TestSessionsAreReadBack reads what was written in each format: the same calls at the same times, with their results, of the same
// sessions and sub-agents, of one principal, and nothing wanting.
func TestSessionsAreReadBack(t *testing.T) {
	none, _ := sigma.Compile(nil, sigma.Options{}) // of rules: verdicts on principals need none
	for _, name := range rehearse.SessionFormats() {
		t.Run(name, func(t *testing.T) {
			opt := rehearse.Options{Seed: 4, Targets: 5, Noise: -1, Days: 1, SessionFormat: name}
			dir, truth := play(t, opt)
			calls, err := rehearse.KeptCalls(opt)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			sessions, helpers, account := map[string]bool{}, 0, ""
			for _, c := range calls {
				session, helper, parent := c.Session, c.Helper, ""
				if c.Helper != "" {
					helpers++
					if c.Apart {
						session, helper, parent = c.Helper, "", c.Within
					}
				}
				if noParent[c.Format] {
					parent = ""
				}
				if helper != "" && c.Format == "copilot-cli" {
					helper = "call_Example" + c.Born
				}
				who := ""
				if accounts[c.Format] {
					who, account = c.Account, c.Account
				}
				sessions[session] = true
				failed := c.Failed && !noFailure[c.Format]
				want = append(want, fmt.Sprintf("%s %s|%s|%s|%s|%s|%s|%s%s|%s|%t", c.At.UTC().Truncate(time.Millisecond).Format("02T15:04:05.000"), c.Format, session, parent, helper, who, c.Folder, c.Command, c.Prompt, c.Result, failed))
			}
			if helpers == 0 || len(sessions) < 3 {
				t.Fatalf("%d calls of sub-agents, %d sessions: too few to see anything", helpers, len(sessions))
			}
			var mu sync.Mutex
			var got []string
			operator := filepath.Join(dir, "telemetry", "operator")
			_, err = engine.Read(context.Background(), engine.Input{Paths: []string{operator}}, func(int) engine.Desk {
				return engine.DeskFunc(func(ev *tocsin.Event) {
					mu.Lock()
					defer mu.Unlock()
					if ev.Fault != nil {
						t.Error(ev.Fault)
						return
					}
					at := ev.Time
					if ms, err := strconv.Atoi(ev.Text("took_ms")); err == nil {
						at = at.Add(-time.Duration(ms) * time.Millisecond)
					}
					result := ev.Text("result")
					_, result, found := strings.Cut(result, "\nOutput:\n") // of Codex
					if !found {
						result = ev.Text("result")
					}
					for _, end := range []string{"\nExit Code: 1", "\n<exited with exit code 1>"} {
						result = strings.TrimSuffix(result, end)
					}
					got = append(got, fmt.Sprintf("%s %s|%s|%s|%s|%s|%s|%s%s|%s|%t", at.UTC().Truncate(time.Millisecond).Format("02T15:04:05.000"), ev.Format, ev.Text("session"), ev.Text("parent_session"), ev.Text("subagent"), ev.Text("principal"), ev.Text("cwd"),
						ev.Text("command"), ev.Text("arguments.prompt"), result, ev.Text("is_error") == "true"))
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(want)
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("read back otherwise:\n%.3000s", diff)
			}

			found, _, err := engine.Hunt(context.Background(), engine.Input{Paths: []string{operator}, Key: []byte("k")}, none, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer found.Close()
			if n := len(found.Principals); n != 1 {
				t.Fatalf("%d principals", n)
			}
			p := found.Principals[0]
			by := "repository"
			if account != "" {
				by = "account"
			} else {
				account = "/home/op/src"
			}
			if p.Name != account || p.By != by || p.Sight.State != "full" || p.Calls != len(calls) || len(p.Sessions) != len(sessions) {
				t.Errorf("%s by %s, sight %s (%s), %d calls of %d, %d sessions of %d", p.Name, p.By, p.Sight.State, p.Sight.Why, p.Calls, len(calls), len(p.Sessions), len(sessions))
			}
			for _, a := range truth.Actors {
				for _, s := range a.Sessions {
					if !sessions[s] {
						t.Errorf("the truth names the session %s, in which no call was made", s)
					}
				}
			}
		})
	}
}

// The format of sessions changes no other log.
func TestSessionFormatIsOfSessionsOnly(t *testing.T) {
	var first map[string]string
	for _, name := range rehearse.SessionFormats() {
		dir, _ := play(t, rehearse.Options{Seed: 4, Targets: 2, Noise: -1, Days: 1, SessionFormat: name})
		all := written(t, filepath.Join(dir, "telemetry"))
		for path := range all {
			if strings.HasPrefix(path, "operator/") {
				delete(all, path)
			}
		}
		if first == nil {
			first = all
		}
		if diff := cmp.Diff(first, all); diff != "" || len(all) == 0 {
			t.Errorf("%s: other logs differ: %.500s", name, diff)
		}
	}
}
