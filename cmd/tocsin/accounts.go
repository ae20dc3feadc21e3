package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/store"
)

// accountCmd says who may log in to the console of a run, and which scripts may ask its API.
type accountCmd struct {
	Add    accountAddCmd    `cmd:"" help:"Add somebody who may log in, or give one another password or role."`
	List   accountListCmd   `cmd:"" help:"List who may log in, and tokens."`
	Remove accountRemoveCmd `cmd:"" help:"Remove somebody: their sessions end."`
	Token  accountTokenCmd  `cmd:"" help:"Make a token for a script; it is shown once."`
	Revoke accountRevokeCmd `cmd:"" help:"End a token, by its id as \"account list\" shows it."`
}

// dataFlag is the folder of a run, for the commands that look into it.
type dataFlag struct {
	Data   string `help:"The run's folder; otherwise what --config says, $STATE_DIRECTORY, or one in the home folder." placeholder:"DIR"`
	Config string `help:"The run's configuration, which names its folder." placeholder:"FILE"`
}

// dir is the folder of the run that is meant.
func (f *dataFlag) dir() (string, error) {
	if f.Data != "" {
		return f.Data, nil
	}
	if f.Config != "" {
		cfg, err := readConfig(f.Config)
		if err != nil {
			return "", err
		}
		if cfg.Data != "" {
			return cfg.Data, nil
		}
	}
	return usualData()
}

type accountAddCmd struct {
	dataFlag
	Name string `arg:"" help:"Who: letters, digits, . _ @ and -."`
	Role string `help:"What they may do: viewer looks; admin also changes. Left out, it stays as it is, and is viewer for somebody new." enum:"viewer,admin," default:"" placeholder:"ROLE"`
}

// Run adds somebody. The password comes from the terminal, or is the first line of standard input.
func (c *accountAddCmd) Run(s std) error {
	a, err := c.open(true)
	if err != nil {
		return err
	}
	password, err := askPassword(s, c.Name)
	if err != nil {
		return err
	}
	if len(password) < leastPassword {
		return fmt.Errorf("a password of %d bytes is too short: it has %d at least", len(password), leastPassword)
	}
	role := console.Role(c.Role)
	if role == "" {
		role = console.Viewer
		users, err := a.Users()
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(users, func(u console.User) bool { return u.Name == c.Name }); i >= 0 {
			role = users[i].Role // a new password takes no right away
		}
	}
	err = a.act("account", c.Name, string(role)+", password set", func() error {
		return a.SetUser(c.Name, password, role)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s may log in as %s\n", report.Visible(c.Name), role)
	return nil
}

// leastPassword is the shortest that the console takes.
const leastPassword = 12

type accountListCmd struct{ dataFlag }

// Run lists who and what may ask.
func (c *accountListCmd) Run(s std) error {
	a, err := c.open(false)
	if err != nil {
		return err
	}
	users, err := a.Users()
	if err != nil {
		return err
	}
	tokens, err := a.Tokens()
	if err != nil {
		return err
	}
	if len(users)+len(tokens) == 0 {
		fmt.Fprintf(s.out, "nobody: on this machine the console asks for no login unless the configuration says so; \"tocsin account add NAME\" adds somebody\n")
		return nil
	}
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	for _, u := range users {
		fmt.Fprintf(w, "user\t%s\t%s\t\t\n", report.Visible(u.Name), u.Role)
	}
	for _, t := range tokens {
		until := "does not expire"
		switch {
		case t.Expires.IsZero():
		case time.Now().Before(t.Expires):
			until = "until " + t.Expires.UTC().Format("2006-01-02 15:04 UTC")
		default:
			until = "expired " + t.Expires.UTC().Format("2006-01-02 15:04 UTC")
		}
		fmt.Fprintf(w, "token\t%s\t%s\t%s\t%s\n", report.Visible(t.Name), t.Role, report.Visible(t.ID), until)
	}
	return w.Flush()
}

type accountRemoveCmd struct {
	dataFlag
	Name string `arg:"" help:"Who."`
}

// Run removes somebody.
func (c *accountRemoveCmd) Run(s std) error {
	a, err := c.open(false)
	if err != nil {
		return err
	}
	if err := a.act("account", c.Name, "removed", func() error { return a.RemoveUser(c.Name) }); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s may log in no more\n", report.Visible(c.Name))
	return nil
}

type accountTokenCmd struct {
	dataFlag
	Name    string `arg:"" help:"What it is for: letters, digits, . _ @ and -."`
	Role    string `help:"What it may do: viewer looks; admin also changes." enum:"viewer,admin" default:"viewer" placeholder:"ROLE"`
	Expires string `help:"How long it is good for, as 90d; never means that it does not expire." default:"90d" placeholder:"SPAN"`
}

// Run makes a token.
func (c *accountTokenCmd) Run(s std) error {
	var until time.Time
	if c.Expires != "never" {
		span, err := parseSpan(c.Expires)
		if err != nil {
			return fmt.Errorf("--expires: %w, or never", err)
		}
		until = time.Now().Add(span).UTC().Truncate(time.Second)
	}
	a, err := c.open(true)
	if err != nil {
		return err
	}
	var id, token string
	err = a.act("token", c.Name, "made, "+c.Role, func() (err error) {
		id, token, err = a.NewToken(c.Name, console.Role(c.Role), until)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, token)
	end := "it does not expire"
	if !until.IsZero() {
		end = "it ends " + until.Format("2006-01-02 15:04 UTC")
	}
	fmt.Fprintf(s.err, "token %s for %s, %s; %s. It is not shown again.\n", id, report.Visible(c.Name), c.Role, end)
	return nil
}

type accountRevokeCmd struct {
	dataFlag
	ID string `arg:"" help:"The token's id."`
}

// Run ends a token.
func (c *accountRevokeCmd) Run(s std) error {
	a, err := c.open(false)
	if err != nil {
		return err
	}
	if err := a.act("token", c.ID, "revoked", func() error { return a.RevokeToken(c.ID) }); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "token %s is good no more\n", report.Visible(c.ID))
	return nil
}

// accounts are those of a run's folder, from outside the run.
type accounts struct {
	*console.Accounts
	dir string
}

// open opens the accounts of a run, which may be running; make makes its folder where there is none.
func (f *dataFlag) open(make bool) (*accounts, error) {
	dir, err := f.dir()
	if err != nil {
		return nil, err
	}
	switch st, err := os.Stat(dir); {
	case errors.Is(err, os.ErrNotExist) && make:
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("--data: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("--data: %w; name the folder that the run keeps its data in", err)
	case !st.IsDir():
		return nil, fmt.Errorf("--data %s: is no folder", dir)
	}
	if err := ownedByUs(dir); err != nil {
		return nil, err
	}
	a, err := console.OpenAccounts(filepath.Join(dir, accountsFile))
	return &accounts{a, dir}, err
}

// accountsFile is where a run keeps its accounts, in its folder.
const accountsFile = "accounts.json"

// act does something to the accounts and has it in the audit log: it is noted first, as all that people do is.
func (a *accounts) act(what, on, detail string, do func() error) error {
	e := store.Entry{At: time.Now().UTC(), Who: whoTypes(), What: what, Subject: on, Detail: detail + " from the command line"}
	if err := noteAct(a.dir, e); err != nil {
		return fmt.Errorf("nothing was done, because it cannot be noted for the audit log: %w", err)
	}
	err := do()
	if err != nil {
		e.At, e.Detail = time.Now().UTC(), "not done: "+err.Error()
		err = errors.Join(err, noteAct(a.dir, e))
	}
	return err
}

// whoTypes is this user of the machine, as the audit log names it: no account of the console is called so.
func whoTypes() string {
	u, err := user.Current()
	if err != nil {
		return fmt.Sprintf("uid %d", os.Getuid())
	}
	name := "user " + cmp.Or(u.Username, u.Uid)
	if by := os.Getenv("SUDO_USER"); by != "" {
		name += " (sudo by " + by + ")"
	}
	return name
}

// noteAct puts an act into the audit log of a folder. Where a run holds the log, or there was none yet, the act lies in the
// folder until the run takes it; see takeActs.
func noteAct(dir string, e store.Entry) error {
	if _, err := os.Stat(filepath.Join(dir, storeFile)); err == nil {
		s, err := store.Open(filepath.Join(dir, storeFile), store.Options{Check: -1})
		if err == nil {
			ctx := context.Background()
			return errors.Join(takeActs(ctx, dir, s), s.Audit(ctx, e), s.Close())
		}
		if !errors.Is(err, store.ErrRunning) {
			return err
		}
	}
	return leaveAct(dir, e)
}

// storeFile is where a run keeps what it must not forget, in its folder.
const storeFile = "tocsin.db"

// askPassword asks for a new password twice, without showing it; where there is no terminal it is the first line of standard
// input.
func askPassword(s std, name string) (string, error) {
	in, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		line, err := bufio.NewReader(io.LimitReader(s.in, 4096)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("standard input: %w", err)
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	ask := func(what string) (string, error) {
		fmt.Fprintf(s.err, "%s for %s: ", what, report.Visible(name))
		b, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(s.err)
		return string(b), err
	}
	first, err := ask("New password, 12 characters at least,")
	if err != nil {
		return "", err
	}
	again, err := ask("The same again")
	switch {
	case err != nil:
		return "", err
	case first != again:
		return "", errors.New("the two are not the same; nothing was changed")
	}
	return first, nil
}
