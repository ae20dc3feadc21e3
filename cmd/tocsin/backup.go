package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/store"
)

// backupCmd copies what a run must not forget, while it runs.
type backupCmd struct {
	dataFlag
	Rescue bool   `help:"Of a store that is damaged, copy what can still be read."`
	To     string `arg:"" help:"Folder to make, which is not there yet." placeholder:"FOLDER"`
}

// Help says what a backup is.
func (backupCmd) Help() string {
	return `The folder then holds tocsin.db as it was at one moment, and the key and the accounts that belong to it. The run may go
on meanwhile. To restore, stop the run, put these files into its folder in place of what is there, and start it: it
reads on from where the backup was made, as far as its sources still have what came since.

Archived events are not in it: they are files that do not change, in archive/ of the run's folder, for rsync to copy.`
}

// Run makes a backup, whole or not at all. Exit code 1 says that it is there and lacks something.
func (c *backupCmd) Run(s std) (err error) {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	from := filepath.Join(dir, storeFile)
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("--data: %w; name the folder that the run keeps its data in", err)
	}
	if _, err := os.Lstat(c.To); err == nil {
		return fmt.Errorf("%s is there already; name a folder that is not", report.Visible(c.To))
	}
	part := filepath.Clean(c.To) + ".part"
	if err := os.Mkdir(part, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is there, of a backup that goes on or was cut off; remove it if none goes on", report.Visible(part))
		}
		return err
	}
	defer func() {
		if err != nil && !errors.Is(err, errFound) {
			err = errors.Join(err, os.RemoveAll(part))
		}
	}()
	lacks, err := copyStore(s.ctx, from, filepath.Join(part, storeFile), c.Rescue)
	if errors.Is(err, store.ErrCorrupt) && !c.Rescue {
		return fmt.Errorf("%w; --rescue copies what can still be read", err)
	}
	if err != nil {
		return err
	}
	for _, name := range []string{keyFile, accountsFile} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == accountsFile: // nobody was added
			continue
		case err != nil && !c.Rescue:
			return err
		case err != nil:
			lacks = append(lacks, err.Error())
			continue
		}
		if err := writeNew(filepath.Join(part, name), b, 0o600); err != nil {
			return err
		}
	}
	if err := syncFolder(part); err != nil {
		return err
	}
	if err := os.Rename(part, c.To); err != nil {
		return err
	}
	if err := syncFolder(filepath.Dir(filepath.Clean(c.To))); err != nil {
		return err
	}
	var size int64
	if st, err := os.Stat(filepath.Join(c.To, storeFile)); err == nil {
		size = st.Size()
	}
	fmt.Fprintf(s.out, "%s: %d bytes of state, with its key and accounts; keep it as safe as the logs\n", report.Visible(c.To), size)
	for _, x := range lacks {
		fmt.Fprintf(s.err, "lacks: %s\n", report.Visible(x))
	}
	if len(lacks) > 0 {
		return errFound
	}
	return nil
}

// Where a run keeps the key of its fingerprints and its archive, in its folder.
const (
	keyFile       = "key"
	archiveFolder = "archive"
)

// copyStore copies a store, and says what the copy lacks.
func copyStore(ctx context.Context, from, to string, rescue bool) (lacks []string, err error) {
	if rescue {
		r, err := store.Rescue(ctx, from, to)
		if err != nil {
			return nil, err
		}
		if err := os.Remove(filepath.Join(filepath.Dir(to), "lock")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		return r.Lost, nil
	}
	db, err := store.OpenReadOnly(from)
	if err != nil {
		return nil, err
	}
	err = db.Backup(ctx, to)
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	return damagedPieces(ctx, to)
}

// damagedPieces reads a copy again, and says which of its pieces do not have their checksums: the original's had none either.
func damagedPieces(ctx context.Context, file string) ([]string, error) {
	db, err := store.OpenReadOnly(file)
	if err != nil {
		return nil, err
	}
	bad := map[string]bool{}
	tenants, err := db.Tenants(ctx)
	for _, tenant := range tenants {
		for _, err := range db.Pieces(ctx, tenant) {
			if err != nil {
				bad[err.Error()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(bad)), errors.Join(err, db.Close())
}

// syncFolder has what a folder names on disk, where a system has such a thing.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // Windows has no such thing
	return d.Close()
}
