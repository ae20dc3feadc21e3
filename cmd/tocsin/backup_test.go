package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/store"
)

// keptRun is a run's folder with a store that is open, as while it runs, in which there is a campaign and a piece.
func keptRun(t *testing.T) (dir string, db *store.Store) {
	t.Helper()
	dir = t.TempDir()
	db, err := store.Open(filepath.Join(dir, storeFile), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	err = db.Commit(context.Background(), &store.Commit{
		Told:   []store.Told{{Campaign: &tocsin.Campaign{ID: "c-0123456789ab", Title: "Intrusion"}}},
		Pieces: []store.Piece{{Name: "page", Data: []byte(strings.Repeat("what was seen ", 4000))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{keyFile: strings.Repeat("k", 32), accountsFile: "{}"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, db
}

// kept are the ids of the campaigns of a run's folder.
func keptCampaigns(t *testing.T, dir string) (ids string) {
	t.Helper()
	db, err := store.OpenReadOnly(filepath.Join(dir, storeFile))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	all, _, err := db.Campaigns(context.Background(), store.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		ids += c.Campaign.ID + " "
	}
	return ids
}

// TestBackup: what a running store holds is in its backup, with what belongs to it and nothing else; the copy is a store that a
// run goes on with, and nothing is written over.
func TestBackup(t *testing.T) {
	dir, db := keptRun(t)
	to := filepath.Join(t.TempDir(), "copy")
	out := said(t, "backup", "--data", dir, to)
	if !strings.Contains(out, to) {
		t.Error(out)
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if st, err := e.Info(); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", e.Name(), st.Mode(), err)
		}
	}
	if got := strings.Join(names, " "); got != "accounts.json key tocsin.db" {
		t.Error(got)
	}
	if got := keptCampaigns(t, to); got != "c-0123456789ab " {
		t.Error(got)
	}
	if err := db.Commit(context.Background(), &store.Commit{Meta: map[string]string{"a": "b"}}); err != nil {
		t.Errorf("the run is held up: %v", err)
	}
	again, err := store.Open(filepath.Join(to, storeFile), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()

	for _, args := range [][]string{{"--data", dir, to}, {"--data", t.TempDir(), to + "2"}} {
		if code, errs := failed(args...); code != 2 || errs == "" {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
	}
	if _, err := os.Lstat(to + "2"); !errors.Is(err, os.ErrNotExist) {
		t.Error("a backup of nothing left something")
	}
}

// TestBackupRescue: of a store with damage a backup says so, and --rescue saves the rest.
func TestBackupRescue(t *testing.T) {
	dir, db := keptRun(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, storeFile)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.Index(string(b), "what was seen what was seen")
	if at < 0 {
		t.Fatal("the piece is not to be found in the file")
	}
	b[at] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "copy")
	for _, args := range [][]string{{"--data", dir, to}, {"--rescue", "--data", dir, to + "2"}} {
		if code, errs := failed(args...); code != 1 || !strings.Contains(errs, "lacks: ") {
			t.Errorf("%v: exit %d: %s", args, code, errs)
		}
		if got := keptCampaigns(t, args[len(args)-1]); got != "c-0123456789ab " {
			t.Errorf("%v: %s", args, got)
		}
	}
	// A page that is gone altogether: no whole copy can be made, and none is left half made.
	clear(b[4096*3 : min(len(b), 4096*12)])
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, errs := failed("--data", dir, to+"3"); code != 2 || !strings.Contains(errs, "--rescue") {
		t.Errorf("exit %d: %s", code, errs)
	}
	left, _ := filepath.Glob(to + "3*")
	if len(left) > 0 {
		t.Error(left)
	}
}

// failed runs backup, and gives its exit code and what it said of it.
func failed(args ...string) (code int, errs string) {
	var out, e strings.Builder
	ctx := context.Background()
	code = run(ctx, append([]string{"backup"}, args...), std{ctx, strings.NewReader(""), &out, &e})
	return code, e.String()
}
