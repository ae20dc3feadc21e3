package main

import (
	"fmt"
	"os"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/update"
)

// readRuleArchive reads the rule files of a zip or tar.gz archive, named ARCHIVE!/MEMBER.
func readRuleArchive(path string) ([]rules.File, []*tocsin.Fault, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("--rules: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("--rules: %w", err)
	}
	if !st.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("--rules %s: not a folder, a .yml file or an archive", path)
	}
	members, faults, err := update.Files(f, st.Size(), update.Bounds{})
	if err != nil {
		return nil, nil, fmt.Errorf("--rules %s: %w; name a folder, a .yml file, a zip or a tar.gz", path, err)
	}
	var files []rules.File
	for _, m := range members {
		files = append(files, rules.File{Path: path + "!/" + m.Name, Data: m.Data})
	}
	for _, f := range faults {
		f.Source = path + "!/" + f.Source
	}
	return files, faults, nil
}

type updateCmd struct {
	From     string `help:"Archive of rules: an address (https) or a file; SigmaHQ's latest release if not given." placeholder:"URL|FILE"`
	Dir      string `help:"Folder to install to, to be used with --rules. Left out: tocsin/rules in the user's data directory (XDG_DATA_HOME or ~/.local/share; Library/Application Support on macOS, LocalAppData on Windows), where hunt finds it." placeholder:"DIR"`
	SHA256   string `name:"sha256" help:"Digest that the archive must have; otherwise that of FROM.sha256 if there is one." placeholder:"HEX"`
	Force    bool   `help:"Install even a collection less than half as large as the one before."`
	Quiet    bool   `short:"q" help:"Say only which rules cannot be used."`
	Rollback bool   `help:"Go back to the collection before."`
}

func (c *updateCmd) Run(s std) error {
	use := "hunt uses them from now on; --no-installed leaves them out"
	if c.Dir != "" {
		use = "use them with --rules " + report.Visible(c.Dir)
	} else {
		dir, err := update.Place()
		if err != nil {
			return fmt.Errorf("%w with --dir", err)
		}
		c.Dir = dir
	}
	if c.Rollback {
		v, err := update.Rollback(c.Dir)
		if err != nil {
			return err
		}
		if c.Quiet {
			return nil
		}
		fmt.Fprintf(s.out, "back to %s of %s: %d rules\n", report.Visible(v.From), v.Date.Format("2006-01-02"), v.Rules)
		return nil
	}
	v, faults, err := update.Run(s.ctx, update.Options{From: c.From, Dir: c.Dir, SHA256: c.SHA256, Force: c.Force})
	for _, f := range faults {
		fmt.Fprintf(s.err, "not usable: %s\n", report.Visible(f.Error()))
	}
	if err != nil || c.Quiet {
		return err
	}
	verified := "its digest was not known beforehand: give --sha256 to check it"
	if v.Verified {
		verified = "digest as expected"
	}
	fmt.Fprintf(s.out, "%d rules installed in %s, %d not usable\nfrom %s, SHA-256 %s (%s)\n%s\n",
		v.Rules, report.Visible(c.Dir), v.Rejected, report.Visible(v.From), v.SHA256, verified, use)
	return nil
}
