package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/store"
)

// auditCmd reads the audit log of a run: what people did, and which alerts were sent.
type auditCmd struct {
	Show   auditShowCmd   `cmd:"" help:"Show the last entries of the audit log."`
	Verify auditVerifyCmd `cmd:"" help:"Check that no entry was changed, put in or taken out; exit with 1 if one was."`
	Export auditExportCmd `cmd:"" help:"Write the audit log as lines of JSON that can be checked elsewhere."`
}

// read opens what a run keeps, to read it. A run may go on with it meanwhile.
func (f *dataFlag) read() (*store.Store, error) {
	dir, err := f.dir()
	if err != nil {
		return nil, err
	}
	s, err := store.OpenReadOnly(filepath.Join(dir, storeFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("--data %s: nothing is kept there: no run has begun in that folder", dir)
	}
	return s, err
}

type auditShowCmd struct {
	dataFlag
	Last int `help:"How many." default:"50" placeholder:"N"`
}

// Run shows the end of the log. It is not checked.
func (c *auditShowCmd) Run(s std) error {
	if c.Last <= 0 {
		return fmt.Errorf("--last %d: want 1 or more", c.Last)
	}
	db, err := c.read()
	if err != nil {
		return err
	}
	defer db.Close()
	head, err := db.Head(s.ctx)
	if err != nil {
		return err
	}
	for after := max(0, head.N-int64(c.Last)); ; {
		all, err := db.Entries(s.ctx, after, 1000)
		if err != nil {
			return err
		}
		for _, e := range all {
			line := fmt.Sprintf("%d  %s  %s  %s", e.N, e.At.UTC().Format(time.RFC3339), e.Who, e.What)
			for _, more := range []string{e.Subject, e.Detail} {
				if more != "" {
					line += "  " + more
				}
			}
			if _, err := fmt.Fprintln(s.out, report.Visible(line)); err != nil {
				return err
			}
			after = e.N
		}
		if len(all) == 0 || after >= head.N {
			return nil
		}
	}
}

type auditVerifyCmd struct {
	dataFlag
	Noted string `help:"The end of the log as it was noted before, N:HASH: it must still be in it." placeholder:"N:HASH"`
	File  string `help:"Check what \"audit export\" wrote instead; - is standard input." placeholder:"FILE"`
}

// Run checks the log, and prints its end for the operator to note.
func (c *auditVerifyCmd) Run(s std) error {
	var noted store.Head
	if c.Noted != "" {
		var err error
		if noted, err = store.ParseHead(c.Noted); err != nil {
			return fmt.Errorf("--noted: %w", err)
		}
	}
	end, err := c.verify(s, noted)
	var broken *store.AuditError
	if errors.As(err, &broken) {
		fmt.Fprintf(s.out, "broken: entry %d: %s\n", broken.N, report.Visible(broken.Why))
		return errFound
	}
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%d entries, each following from those before it", end.N)
	if end.N == 0 {
		what = "no entries yet"
	}
	fmt.Fprintln(s.out, what)
	if c.Noted != "" {
		fmt.Fprintf(s.out, "the end that was noted (entry %d) is in it\n", noted.N)
	}
	if c.File == "" && end.N > 0 {
		fmt.Fprintf(s.out, "note this elsewhere, and give it to --noted next time: %s\n", end)
	}
	return nil
}

// verify checks the log, and gives its end.
func (c *auditVerifyCmd) verify(s std, noted store.Head) (store.Head, error) {
	if c.File != "" {
		in := s.in
		if c.File != "-" {
			f, err := os.Open(c.File)
			if err != nil {
				return store.Head{}, fmt.Errorf("--file: %w", err)
			}
			defer f.Close()
			in = f
		}
		return store.VerifyExport(in, noted)
	}
	db, err := c.read()
	if err != nil {
		return store.Head{}, err
	}
	defer db.Close()
	return db.VerifyAudit(s.ctx, noted)
}

type auditExportCmd struct {
	dataFlag
	Output string `short:"o" help:"File to write, which is not there yet; standard output if left out." placeholder:"FILE"`
}

// Run writes the log. It is checked as it is written.
func (c *auditExportCmd) Run(s std) error {
	db, err := c.read()
	if err != nil {
		return err
	}
	defer db.Close()
	var end store.Head
	if c.Output == "" || c.Output == "-" {
		end, err = db.ExportAudit(s.ctx, s.out)
	} else {
		f, failed := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(failed, os.ErrExist) {
			return fmt.Errorf("-o %s is there already; name another file", c.Output)
		}
		if failed != nil {
			return fmt.Errorf("-o: %w", failed)
		}
		end, err = db.ExportAudit(s.ctx, f)
		err = errors.Join(err, f.Close())
	}
	var broken *store.AuditError
	if errors.As(err, &broken) {
		fmt.Fprintf(s.err, "broken: entry %d: %s; what is before it was written\n", broken.N, report.Visible(broken.Why))
		return errFound
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d entries; note the end elsewhere: %s\n", end.N, end)
	return nil
}
