package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Suppression is what someone decided not to be told of any more, for a time and for a reason.
type Suppression struct {
	ID      int64
	Tenant  string
	Rule    string          // its id or title; "" is any, where Fields has a condition
	Fields  json.RawMessage // conditions on fields, as the caller knows them; an object
	Reason  string
	By      string
	At      time.Time
	Expires time.Time // not zero: every one ends
	Ended   time.Time // zero where nobody ended it before
	EndedBy string
}

// AddSuppression keeps one, and gives its number. It is written to the audit log.
func (s *Store) AddSuppression(ctx context.Context, n Suppression) (int64, error) {
	if n.Fields == nil {
		n.Fields = json.RawMessage("{}")
	}
	if n.At.IsZero() {
		n.At = time.Now()
	}
	switch {
	case n.Rule == "" && !conditional(n.Fields) || n.Reason == "" || n.By == "":
		return 0, bad("a suppression names its rule or a condition, its reason and who made it")
	case !n.Expires.After(n.At):
		return 0, bad("a suppression ends after it was made: set when it expires")
	case !json.Valid(n.Fields):
		return 0, bad("a suppression's fields are JSON")
	}
	var id int64
	err := s.write(ctx, "suppression", func(t *txn) error {
		r, err := t.exec(`INSERT INTO suppression (tenant, rule, fields, reason, by, at, expires, ended, ended_by) VALUES (?, ?, ?, ?, ?, ?, ?, 0, '')`,
			n.Tenant, n.Rule, []byte(n.Fields), n.Reason, n.By, micros(n.At), micros(n.Expires))
		if err != nil {
			return err
		}
		if id, err = r.LastInsertId(); err != nil {
			return err
		}
		return t.audit(Entry{At: n.At, Who: n.By, What: "suppression.added", Subject: subject(n.Tenant, cmp.Or(n.Rule, "every rule")),
			Detail: fmt.Sprintf("%d until %s where %s: %s", id, n.Expires.UTC().Format(time.RFC3339), n.Fields, n.Reason)})
	})
	return id, err
}

// conditional says that a suppression's fields hold it to anything.
func conditional(fields json.RawMessage) bool {
	var all map[string]any
	if json.Unmarshal(fields, &all) != nil {
		return false
	}
	for _, v := range all {
		switch v := v.(type) {
		case string:
			if v != "" {
				return true
			}
		case []any:
			if len(v) > 0 {
				return true
			}
		}
	}
	return false
}

// EndSuppression ends one before it expires; ErrUnknown where there is none that has not ended. It is written to the audit log.
func (s *Store) EndSuppression(ctx context.Context, id int64, by string, at time.Time) error {
	return s.write(ctx, "suppression", func(t *txn) error {
		if err := t.one(fmt.Sprintf("suppression %d", id), `UPDATE suppression SET ended = ?, ended_by = ? WHERE key = ? AND ended = 0`, max(micros(at), 1), by, id); err != nil {
			return err
		}
		return t.audit(Entry{At: at, Who: by, What: "suppression.ended", Subject: fmt.Sprint(id)})
	})
}

// Suppressions are those that hold at a time, or with a zero time all there ever were, the newest first.
func (s *Store) Suppressions(ctx context.Context, at time.Time) ([]Suppression, error) {
	var w where
	if !at.IsZero() {
		w.add("at <= ?1 AND expires > ?1 AND (ended = 0 OR ended > ?1)", micros(at))
	}
	var out []Suppression
	err := s.each(ctx, func(rows *sql.Rows) error {
		var n Suppression
		var fields []byte
		var made, expires, ended int64
		if err := rows.Scan(&n.ID, &n.Tenant, &n.Rule, &fields, &n.Reason, &n.By, &made, &expires, &ended, &n.EndedBy); err != nil {
			return err
		}
		n.Fields = fields
		n.At, n.Expires, n.Ended = fromMicros(made), fromMicros(expires), fromMicros(ended)
		out = append(out, n)
		return nil
	}, `SELECT key, tenant, rule, fields, reason, by, at, expires, ended, ended_by FROM suppression`+w.String()+` ORDER BY key DESC`, w.args...)
	return out, err
}

// one runs a statement that changes a row; ErrUnknown where there is none.
func (t *txn) one(what, query string, args ...any) error {
	r, err := t.exec(query, args...)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, fmt.Errorf("store: %s: %w", what, ErrUnknown))
	}
	return nil
}
