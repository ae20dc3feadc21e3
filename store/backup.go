package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Backup writes the whole database, as it is at one moment, into a new file, while all goes on. It is there, synced, once nil
// is returned, and not at all after an error. It can be opened as any store's file. A file of that name must not be there.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return &Error{Op: "backup", Path: path, Err: os.ErrExist, Hint: "name a file that is not there yet"}
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Link(part, path) // where os.Rename would replace what came meanwhile
		}
		err = errors.Join(err, os.Remove(part))
		if err == nil {
			err = syncDir(filepath.Dir(path))
		}
	}()
	db, err := sql.Open("sqlite", s.dsn(""))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, part); err != nil {
		return s.said("backup", err)
	}
	return f.Sync()
}

// Sizes say how much room there is and is taken, in bytes.
type Sizes struct {
	File int64 // the database
	Log  int64 // its write-ahead log
	Free int64 // what the disk has left for this user; -1 where that cannot be known
}

// Size says how much room the store takes.
func (s *Store) Size() (Sizes, error) {
	var z Sizes
	if info, err := os.Stat(s.path); err == nil {
		z.File = info.Size()
	}
	if info, err := os.Stat(s.path + "-wal"); err == nil {
		z.Log = info.Size()
	}
	var err error
	z.Free, err = s.Free()
	return z, err
}

// Free is what the disk has left for this user, in bytes; -1 where that cannot be known.
func (s *Store) Free() (int64, error) { return free(filepath.Dir(s.path)) }

// Stats are counts since the store was opened.
type Stats struct {
	Commits int64         // of any kind
	Failed  int64         // of which nothing was kept
	Took    time.Duration // the last one, without the wait for others
}

// Stats gives the counts now.
func (s *Store) Stats() Stats {
	return Stats{Commits: s.commits.Load(), Failed: s.failed.Load(), Took: time.Duration(s.took.Load())}
}

// Retention says what is old. Zero times forget nothing.
type Retention struct {
	Before time.Time // campaigns closed and last told, alerts sent or given up, incidents cleared, suppressions over, principals last seen before it
	Open   time.Time // campaigns last told before it, whatever their state
}

// Forgotten counts what was forgotten.
type Forgotten struct{ Campaigns, Alerts, Incidents, Suppressions, Principals int64 }

// forgetAtOnce bounds how long others wait for a forgetting.
const forgetAtOnce = 500

// Forget takes away what is old, some rows a transaction, so that commits go on meanwhile. The room is used again. The ID of an
// alert that is forgotten is free again. The audit log and pieces are never forgotten by it.
func (s *Store) Forget(ctx context.Context, r Retention) (Forgotten, error) {
	var f Forgotten
	before, open := micros(r.Before), micros(r.Open)
	if r.Before.IsZero() {
		before = -1 << 62
	}
	if r.Open.IsZero() {
		open = -1 << 62
	}
	const campaigns = `SELECT key FROM campaign WHERE updated < max(?1, ?2) AND (updated < ?2 OR state = 'closed' AND at < ?1)`
	for _, kind := range []struct {
		count *int64
		rows  string // keys of what is old
		table string
		key   string
		args  []any
	}{
		{&f.Campaigns, campaigns, "campaign", "key", []any{before, open}},
		{&f.Alerts, `SELECT key FROM outbox WHERE state <> 'due' AND ended < ?1`, "outbox", "key", []any{before}},
		{&f.Incidents, `SELECT key FROM incident WHERE until <> 0 AND until < ?1`, "incident", "key", []any{before}},
		{&f.Suppressions, `SELECT key FROM suppression WHERE expires < ?1 OR ended <> 0 AND ended < ?1`, "suppression", "key", []any{before}},
		{&f.Principals, `SELECT rowid FROM principal WHERE updated < ?1`, "principal", "rowid", []any{before}},
	} {
		for {
			var n int64
			err := s.write(ctx, "forget", func(t *txn) error {
				keys := fmt.Sprintf("%s ORDER BY %s LIMIT %d", kind.rows, kind.key, forgetAtOnce)
				if kind.table == "campaign" {
					for _, table := range []string{"history", "was"} {
						if err := t.do(fmt.Sprintf(`DELETE FROM %s WHERE (tenant, id) IN (SELECT tenant, id FROM campaign WHERE key IN (%s))`, table, keys), kind.args...); err != nil {
							return err
						}
					}
				}
				r, err := t.exec(fmt.Sprintf(`DELETE FROM %s WHERE %s IN (%s)`, kind.table, kind.key, keys), kind.args...)
				if err == nil {
					n, err = r.RowsAffected()
				}
				return err
			})
			if err != nil {
				return f, err
			}
			*kind.count += n
			if n < forgetAtOnce {
				break
			}
		}
	}
	return f, nil
}
