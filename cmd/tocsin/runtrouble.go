package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin/console"
	"github.com/tocsin-ids/tocsin/store"
)

// raise and clear tell of what is wrong with the run itself. What cannot be kept, since the disk is full for instance, is
// remembered.
func (v *service) raise(kind, subject, text string) {
	now := time.Now()
	if err := v.store.Raise(context.Background(), store.Raised{Kind: kind, Subject: subject, Text: text}, now); err != nil {
		v.log.Error("an incident cannot be kept", "kind", kind, "subject", subject, "text", text, "error", err.Error())
		v.unkept.raise(kind, subject, text, now)
		return
	}
	v.unkept.clear(kind, subject)
}

func (v *service) clear(kind, subject string) {
	v.unkept.clear(kind, subject)
	if err := v.store.Clear(context.Background(), kind, subject, time.Now()); err != nil {
		v.log.Error("an incident cannot be ended", "kind", kind, "subject", subject, "error", err.Error())
	}
}

// endOf ends all incidents of kinds.
func (v *service) endOf(kinds ...string) {
	open, err := v.store.Incidents(context.Background(), true)
	if err != nil {
		v.log.Error("incidents cannot be ended", "error", err.Error())
	}
	for _, x := range open {
		if slices.Contains(kinds, x.Kind) {
			v.clear(x.Kind, x.Subject)
		}
	}
}

// unkept are incidents that could not be kept.
type unkept struct {
	mu  sync.Mutex
	all map[[2]string]console.Incident
}

const mostUnkept = 100

func (u *unkept) raise(kind, subject, text string, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	key := [2]string{kind, subject}
	if x, ok := u.all[key]; ok {
		x.What = text
		u.all[key] = x
	} else if len(u.all) < mostUnkept {
		if u.all == nil {
			u.all = map[[2]string]console.Incident{}
		}
		u.all[key] = console.Incident{ID: kind + " " + subject, Time: now, Kind: kind, Source: subject, What: text}
	}
}

func (u *unkept) clear(kind, subject string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.all, [2]string{kind, subject})
}

func (u *unkept) list() (all []console.Incident) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, x := range u.all {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b console.Incident) int { return b.Time.Compare(a.Time) })
	return all
}

// openStore opens the database. One that is damaged is moved aside, and what of it can be read is gone on with.
func (v *service) openStore() (err error) {
	path := filepath.Join(v.dir, storeFile)
	v.store, err = store.Open(path, store.Options{Log: v.log})
	if !errors.Is(err, store.ErrCorrupt) {
		return err
	}
	damage := err
	v.log.Error("the database is damaged; what can be read of it is gone on with", "error", err.Error())
	aside := fmt.Sprintf("%s.damaged-%s", path, v.began.UTC().Format("20060102T150405Z"))
	rescued := path + ".rescued"
	_ = os.Remove(rescued)
	if _, err := store.Rescue(context.Background(), path, rescued); err != nil {
		return fmt.Errorf("%w; and it cannot be rescued: %w", damage, err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, aside+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	for _, end := range []string{"", "-wal"} {
		if err := os.Rename(rescued+end, path+end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if v.store, err = store.Open(path, store.Options{Log: v.log}); err != nil {
		return err
	}
	v.raise("corrupt", "tocsin.db", fmt.Sprintf("the database was damaged (%v): what could be read was gone on with, the damaged file is %s; campaigns may lack actions, and what was read last may have been read again", damage, aside))
	return nil
}
