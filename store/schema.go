package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

// application marks the file as Tocsin's (PRAGMA application_id): "Tocs".
const application = 0x546f6373

// migrations lead from each version to the next; the file's version is how many of them it has seen. What is here is never
// changed, only added to: files that saw it are out there.
var migrations = []string{`
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (kind TEXT NOT NULL, origin TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, origin)) WITHOUT ROWID;

CREATE TABLE piece (
	id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, name TEXT NOT NULL, crc INTEGER NOT NULL, data BLOB NOT NULL,
	UNIQUE (tenant, name));

CREATE TABLE campaign (
	key INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL,
	level INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, title TEXT NOT NULL,
	began INTEGER NOT NULL, updated INTEGER NOT NULL,
	state TEXT NOT NULL, benign INTEGER NOT NULL, note TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, why TEXT NOT NULL,
	judged INTEGER NOT NULL, -- the level when its state was set
	crc INTEGER NOT NULL, anchors BLOB NOT NULL, json BLOB NOT NULL,
	UNIQUE (tenant, id));
CREATE INDEX campaign_level ON campaign (level DESC, last DESC, key DESC);
CREATE INDEX campaign_updated ON campaign (updated DESC, key DESC);
CREATE TABLE was (tenant TEXT NOT NULL, was TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (tenant, was)) WITHOUT ROWID;
CREATE INDEX was_id ON was (tenant, id);
CREATE TABLE history (
	key INTEGER PRIMARY KEY, tenant TEXT NOT NULL, id TEXT NOT NULL,
	state TEXT NOT NULL, benign INTEGER NOT NULL, note TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, why TEXT NOT NULL);
CREATE INDEX history_id ON history (tenant, id, key);

CREATE TABLE outbox (
	key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, tenant TEXT NOT NULL, campaign TEXT NOT NULL,
	route TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, at INTEGER NOT NULL,
	state TEXT NOT NULL, due INTEGER NOT NULL, tries INTEGER NOT NULL, error TEXT NOT NULL,
	response TEXT NOT NULL, ended INTEGER NOT NULL);
CREATE INDEX outbox_due ON outbox (due, key) WHERE state = 'due';
CREATE INDEX outbox_campaign ON outbox (tenant, campaign);
CREATE INDEX outbox_ended ON outbox (ended) WHERE state <> 'due';

CREATE TABLE principal (
	tenant TEXT NOT NULL, name TEXT NOT NULL, updated INTEGER NOT NULL, json BLOB NOT NULL, PRIMARY KEY (tenant, name));
CREATE INDEX principal_updated ON principal (updated);

CREATE TABLE incident (
	key INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
	since INTEGER NOT NULL, until INTEGER NOT NULL, last INTEGER NOT NULL);
CREATE UNIQUE INDEX incident_open ON incident (kind, subject) WHERE until = 0;
CREATE INDEX incident_until ON incident (until);

CREATE TABLE suppression (
	key INTEGER PRIMARY KEY, tenant TEXT NOT NULL, rule TEXT NOT NULL, fields BLOB NOT NULL, reason TEXT NOT NULL,
	by TEXT NOT NULL, at INTEGER NOT NULL, expires INTEGER NOT NULL, ended INTEGER NOT NULL, ended_by TEXT NOT NULL);

CREATE TABLE audit (
	n INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL, hash BLOB NOT NULL);
CREATE TRIGGER audit_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_insert BEFORE INSERT ON audit WHEN NEW.n <= (SELECT coalesce(max(n), 0) FROM audit) -- also INSERT OR REPLACE
	BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
`}

// known refuses what is not a file of ours, or of a newer version, before anything is written to it.
func (s *Store) known() error {
	var app, version, tables int
	for query, to := range map[string]*int{
		"PRAGMA application_id": &app, "PRAGMA user_version": &version, "SELECT count(*) FROM sqlite_schema": &tables,
	} {
		if err := s.reader.QueryRow(query).Scan(to); err != nil {
			return s.said("open", err)
		}
	}
	switch {
	case app != application && (app != 0 || version != 0 || tables != 0):
		return &Error{Op: "open", Path: s.path, Err: errors.New("an SQLite database, but not one of Tocsin"), Hint: "choose another place (--data)"}
	case version > len(migrations):
		return &Error{Op: "open", Path: s.path, Err: fmt.Errorf("%w: %d, and this program knows up to %d", ErrNewer, version, len(migrations)),
			Hint: "run the newer Tocsin, or restore a backup made before it was installed"}
	case s.locked == nil && version == 0:
		return &Error{Op: "open", Path: s.path, Err: errors.New("nothing was ever kept in it")}
	}
	return nil
}

// check looks for damage in the file's structure within its time. Damage within pieces is found when they are read.
func (s *Store) check() error {
	if s.o.Check < 0 {
		return nil
	}
	ctx, stop := context.WithTimeout(context.Background(), s.o.Check)
	defer stop()
	rows, err := s.reader.QueryContext(ctx, "PRAGMA quick_check(5)")
	var found []string
	if err == nil {
		defer rows.Close()
		for rows.Next() {
			var line string
			if err = rows.Scan(&line); err != nil {
				break
			}
			if line != "ok" {
				found = append(found, line)
			}
		}
		if err == nil {
			err = rows.Err()
		}
	}
	if len(found) > 0 {
		return &Error{Op: "open", Path: s.path, Err: fmt.Errorf("%w: %s", ErrCorrupt, strings.Join(found, "; ")), Hint: mend}
	}
	if err != nil && ctx.Err() != nil {
		s.unchecked = true
		s.o.Log.Info("store: the check of the database took too long and was left", "after", s.o.Check.Round(time.Millisecond))
		return nil
	}
	return s.said("open", err)
}

// migrate brings the file to the version of steps, a step a transaction.
func (s *Store) migrate(steps []string) error {
	for {
		var version int
		if err := s.writer.QueryRow("PRAGMA user_version").Scan(&version); err != nil {
			return s.said("open", err)
		}
		if version >= len(steps) {
			return nil
		}
		err := s.step(steps[version], version+1)
		if err != nil {
			return fmt.Errorf("store: version %d to %d: %w", version, version+1, s.said("open", err))
		}
		if version > 0 {
			s.o.Log.Info("store: the database was brought to a newer version", "version", version+1)
		}
	}
}

func (s *Store) step(script string, to int) error {
	tx, err := s.writer.BeginTx(context.Background(), &sql.TxOptions{})
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d;", script, application, to)); err != nil {
		return err
	}
	return tx.Commit()
}
