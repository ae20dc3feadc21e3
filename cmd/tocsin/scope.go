package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
	"golang.org/x/term"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/scope"
)

// scopeCmd makes and checks scope records: who may test what, from when to when (docs/scope.md).
type scopeCmd struct {
	New   scopeNewCmd   `cmd:"" help:"Write a scope record: who may do what against which targets, until when."`
	Sign  scopeSignCmd  `cmd:"" help:"Sign a scope record with an SSH key; the signature lies beside it as FILE.sig."`
	Check scopeCheckCmd `cmd:"" help:"Check scope records and their signatures; exit with 1 if one grants nothing."`
	List  scopeListCmd  `cmd:"" help:"List the scope records of a folder and what they grant."`
}

type scopeNewCmd struct {
	ID        string   `required:"" help:"What tells the record from all others." placeholder:"ID"`
	Purpose   string   `required:"" help:"What it is for, a sentence." placeholder:"TEXT"`
	Principal []string `required:"" help:"Who: names of principals as hunt shows them; * and ? stand for others." placeholder:"NAME"`
	Target    []string `required:"" help:"Against what: addresses, networks, domains (with all below them), machines, accounts; own is the agent's own machine." placeholder:"TARGET"`
	Phase     []string `help:"ATT&CK tactics such as discovery,credential-access, or all." default:"all" placeholder:"TACTIC"`
	From      string   `help:"From when on; now if left out." placeholder:"TIME"`
	Until     string   `required:"" help:"Until when, such as 2026-12-01T18:00:00Z." placeholder:"TIME"`
	Contact   string   `required:"" help:"Who answers for it." placeholder:"TEXT"`
	Output    string   `short:"o" help:"File to write; standard output if left out." placeholder:"FILE"`
}

func (c *scopeNewCmd) Run(s std) error {
	from := time.Now().UTC().Truncate(time.Second)
	var err error
	if c.From != "" {
		if from, err = parseBound("--from", c.From, time.UTC); err != nil {
			return err
		}
	}
	until, err := parseBound("--until", c.Until, time.UTC)
	if err != nil {
		return err
	}
	r := scope.Record{ID: c.ID, Purpose: c.Purpose, Principals: c.Principal, Targets: c.Target, Phases: c.Phase, From: from, Until: until, Contact: c.Contact}
	text, err := r.Text()
	if err != nil {
		return err
	}
	if c.Output == "" || c.Output == "-" {
		_, err = s.out.Write(text)
		return err
	}
	return writeNew(c.Output, text, 0o644)
}

// writeNew makes a file that is not there yet, which is on disk once nil is returned.
func writeNew(path string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already; name another file, or take it away first", path)
	}
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

type scopeSignCmd struct {
	Key  string `required:"" help:"Private key, or a public key whose private half ssh-agent holds." placeholder:"FILE"`
	File string `arg:"" help:"The scope record."`
}

func (c *scopeSignCmd) Run(s std) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	by, err := signerOf(c.Key, s)
	if err != nil {
		return fmt.Errorf("--key %s: %w", c.Key, err)
	}
	sig, err := scope.Sign(text, by)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := writeNew(c.File+".sig", sig, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%s.sig: signed with %s\n", c.File, ssh.FingerprintSHA256(by.PublicKey()))
	return nil
}

// signerOf signs with a private key of a file, which is asked for its passphrase, or with the one that ssh-agent holds for a
// public key.
func signerOf(path string, s std) (ssh.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(text); err == nil {
		return agentSigner(public)
	}
	by, err := ssh.ParsePrivateKey(text)
	var locked *ssh.PassphraseMissingError
	if !errors.As(err, &locked) {
		return by, err
	}
	in, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil, errors.New("the key has a passphrase, and there is no terminal to ask for it; add it to ssh-agent and name its public key")
	}
	fmt.Fprintf(s.err, "Passphrase for %s: ", report.Visible(path))
	pass, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(s.err)
	if err != nil {
		return nil, err
	}
	return ssh.ParsePrivateKeyWithPassphrase(text, pass)
}

func agentSigner(public ssh.PublicKey) (ssh.Signer, error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, errors.New("this is a public key, and no ssh-agent runs (SSH_AUTH_SOCK is not set); name the private key")
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("ssh-agent: %w", err)
	}
	all, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, fmt.Errorf("ssh-agent: %w", err)
	}
	for _, x := range all {
		if string(x.PublicKey().Marshal()) == string(public.Marshal()) {
			return x, nil
		}
	}
	return nil, fmt.Errorf("ssh-agent does not hold %s; add it with ssh-add", ssh.FingerprintSHA256(public))
}

// scopeFlags are how a command is given scope records.
type scopeFlags struct {
	AllowedSigners string `help:"Whose signatures of scope records count: an allowed-signers file as ssh-keygen has it." placeholder:"FILE"`
}

func (c *scopeFlags) signers() (*scope.Signers, error) {
	if c.AllowedSigners == "" {
		return nil, errors.New("--allowed-signers is missing: a record counts only if one whom you trust has signed it; a line of the file is \"ann@corp.example ssh-ed25519 AAAA…\"")
	}
	text, err := os.ReadFile(c.AllowedSigners)
	if err != nil {
		return nil, fmt.Errorf("--allowed-signers: %w", err)
	}
	all, faults := scope.ReadSigners(c.AllowedSigners, text)
	if len(faults) > 0 {
		return nil, fmt.Errorf("--allowed-signers: %w", faults[0])
	}
	return all, nil
}

// scopeFiles are the records that paths name: files, and of folders those that end in .yaml, .yml or .json and have a signature.
func scopeFiles(paths []string) ([]string, error) {
	var all []string
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			return nil, err
		}
		if !st.IsDir() {
			all = append(all, p)
			continue
		}
		entries, err := os.ReadDir(p)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if ext := strings.ToLower(filepath.Ext(e.Name())); !e.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, ext) {
				all = append(all, filepath.Join(p, e.Name()))
			}
		}
	}
	return all, nil
}

// checkScope reads a record and its signature, FILE.sig.
func checkScope(file string, signers *scope.Signers, at time.Time) (*scope.Record, error) {
	text, err := readBounded(file)
	if err != nil {
		return nil, err
	}
	sig, err := readBounded(file + ".sig")
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: not signed: there is no %s.sig; \"tocsin scope sign --key KEY %s\" makes it", file, filepath.Base(file), file)
	}
	if err != nil {
		return nil, err
	}
	r, err := scope.Check(text, sig, signers, at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// readBounded reads a file that is short by nature.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

type scopeCheckCmd struct {
	scopeFlags
	Files []string `arg:"" help:"Scope records, or folders of them."`
}

func (c *scopeCheckCmd) Run(s std) error { return checkScopes(s, &c.scopeFlags, c.Files, false) }

type scopeListCmd struct {
	scopeFlags
	Files []string `arg:"" help:"Scope records, or folders of them."`
}

func (c *scopeListCmd) Run(s std) error { return checkScopes(s, &c.scopeFlags, c.Files, true) }

func checkScopes(s std, flags *scopeFlags, paths []string, list bool) error {
	signers, err := flags.signers()
	if err != nil {
		return err
	}
	files, err := scopeFiles(paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s: no scope record: none ends in .yaml, .yml or .json", strings.Join(paths, " "))
	}
	now := time.Now()
	bad := false
	for _, file := range files {
		r, err := checkScope(file, signers, now)
		if err != nil {
			bad = true
			fmt.Fprintln(s.out, "grants nothing:", shown(err))
			continue
		}
		state := "in force"
		switch {
		case now.Before(r.From):
			state = "not yet in force"
		case !now.Before(r.Until):
			state = "over"
		}
		fmt.Fprintf(s.out, "%s: %s, %s to %s, signed by %s\n", report.Visible(file+": "+r.ID), state, r.From.Format(time.RFC3339), r.Until.Format(time.RFC3339), report.Visible(r.Signer()))
		if list {
			fmt.Fprintf(s.out, "  %s\n  who: %s\n  against: %s\n  phases: %s\n  contact: %s\n", report.Visible(r.Purpose), report.Visible(strings.Join(r.Principals, ", ")),
				report.Visible(strings.Join(r.Targets, ", ")), strings.Join(r.Phases, ", "), report.Visible(r.Contact))
		}
	}
	if bad && !list {
		return errFound
	}
	return nil
}

// loadScopes reads the records of a hunt. One that grants nothing is told as a filter that met nothing.
func loadScopes(paths []string, flags *scopeFlags) (scope.Records, []tocsin.Unmet, error) {
	if len(paths) == 0 {
		return nil, nil, nil
	}
	signers, err := flags.signers()
	if err != nil {
		return nil, nil, err
	}
	files, err := scopeFiles(paths)
	if err != nil {
		return nil, nil, fmt.Errorf("--scope: %w", err)
	}
	var all scope.Records
	var unmet []tocsin.Unmet
	for _, file := range files {
		r, err := checkScope(file, signers, time.Now())
		if err != nil {
			unmet = append(unmet, tocsin.Unmet{Filter: "--scope " + file, There: "it grants nothing: " + strings.TrimPrefix(err.Error(), file+": ")})
			continue
		}
		all = append(all, r)
	}
	return all, unmet, nil
}
