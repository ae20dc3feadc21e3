package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/tocsin-ids/tocsin/store"
)

// What people do to the accounts of a run from the command line while it runs is noted in its audit log by the run: the
// command leaves a note in the run's folder, which only the run's user may write to, before it does anything.

// notesFolder is where such notes lie, in a run's folder.
const notesFolder = "acts"

// mostNote bounds one, in bytes.
const mostNote = 64 << 10

// leaveAct leaves an act for the run. It is there whole, and on disk, or not at all.
func leaveAct(dir string, e store.Entry) (err error) {
	dir = filepath.Join(dir, notesFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".act-*") // mode 600
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil { // in order of time
		err = os.Rename(f.Name(), filepath.Join(dir, fmt.Sprintf("%020d-%s.json", e.At.UnixNano(), rand.Text()[:8])))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// takeActs puts the acts that were left in a folder into its audit log, in order. After a crash in between one may be there
// twice, with the same time.
func takeActs(ctx context.Context, dir string, s *store.Store) error {
	there, err := os.ReadDir(filepath.Join(dir, notesFolder)) // sorted
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	all := err
	for _, d := range there {
		name := filepath.Join(dir, notesFolder, d.Name())
		if filepath.Ext(name) != ".json" {
			continue
		}
		e, err := readAct(name)
		if err != nil { // it is told of, and does not hold up the others
			e = store.Entry{At: time.Now().UTC(), Who: "tocsin", What: "account", Subject: d.Name(), Detail: "a note of what was done from the command line cannot be read: " + err.Error()}
		}
		if err := s.Audit(ctx, e); err != nil {
			return errors.Join(all, err)
		}
		if err := os.Remove(name); err != nil {
			return errors.Join(all, err) // it would be noted again and again
		}
	}
	return all
}

func readAct(name string) (e store.Entry, err error) {
	text, err := readBounded(name)
	if err != nil {
		return e, err
	}
	if len(text) > mostNote {
		return e, fmt.Errorf("%s: %d bytes are no note", name, len(text))
	}
	return e, json.Unmarshal(text, &e)
}

// takeActs notes what was done from the command line while the run went on.
func (v *service) takeActs(ctx context.Context) {
	if err := takeActs(ctx, v.dir, v.store); err != nil {
		v.log.Error("what was done from the command line cannot be noted in the audit log", "error", err.Error())
		v.raise("audit", "command line", err.Error())
		v.untaken = true
	} else if v.untaken {
		v.clear("audit", "command line")
		v.untaken = false
	}
}
