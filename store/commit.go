package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Commit is everything of one moment. It is kept whole or not at all. What is both taken away and set is set.
type Commit struct {
	Cursors map[Origin]string // with which each source goes on
	Gone    []Origin          // of which nothing will come any more

	Pieces  []Piece // replace those of their names
	Dropped []PieceName

	Told  []Told // campaigns that are new or changed; see Case
	Alert []Alert

	Spool string            // how far the archive has events in files, in its own words; "" leaves it
	Meta  map[string]string // words of the caller by name; an empty one is taken away

	Principals []Principal // replace those of their names

	Raise []Raised // incidents that begin or go on
	Clear []Raised // that are over; their text does not matter

	Audit []Entry // added to the audit log

	At time.Time // when it was; of incidents and entries that have no time of their own. Zero is now
}

// An Origin names a stream: the kind of its source, and its name among those.
type Origin struct{ Kind, ID string }

// A Told is a campaign as it is now. The store does not change or keep it.
type Told struct {
	Tenant   string
	Campaign *tocsin.Campaign
	Updated  time.Time // when it became so
}

// A Principal is what is said of one for whom agents work, in JSON that only the caller knows.
type Principal struct {
	Tenant, Name string
	JSON         []byte
	Updated      time.Time
}

// hot are the statements of every commit, prepared once.
var hot = []string{
	setCursor, dropCursor, setPiece, dropPiece, setMark, setMeta, dropMeta, setPrincipal, addAlert,
	setCase, partsOf, dropCase, moveWas, setWas, moveHistory, addHistory,
	lastEntry, addEntry, openIncident, addIncident, goOnIncident, clearIncident,
}

const (
	setCursor    = `INSERT INTO cursor (kind, origin, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`
	dropCursor   = `DELETE FROM cursor WHERE kind = ? AND origin = ?`
	setMark      = `INSERT INTO mark (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`
	setMeta      = `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`
	dropMeta     = `DELETE FROM meta WHERE name = ?`
	setPrincipal = `INSERT INTO principal (tenant, name, updated, json) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET updated = excluded.updated, json = excluded.json`
)

// Commit keeps all of c, and returns once it is on disk: nil. After an error nothing of it is kept and the same c can be
// tried again. ctx ends the wait for other writers, not what has begun. c is not changed or kept.
func (s *Store) Commit(ctx context.Context, c *Commit) error {
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	told := make([]packed, 0, len(c.Told))
	for _, t := range c.Told {
		p, err := pack(t)
		if err != nil {
			return err
		}
		told = append(told, p)
	}
	return s.write(ctx, "commit", func(t *txn) error {
		for _, o := range c.Gone {
			if err := t.do(dropCursor, o.Kind, o.ID); err != nil {
				return err
			}
		}
		for o, value := range c.Cursors {
			if err := t.do(setCursor, o.Kind, o.ID, value); err != nil {
				return err
			}
		}
		for _, n := range c.Dropped {
			if err := t.do(dropPiece, n.Tenant, n.Name); err != nil {
				return err
			}
		}
		for i := range c.Pieces {
			if err := t.setPiece(&c.Pieces[i]); err != nil {
				return err
			}
		}
		for i := range told {
			if err := t.tell(&told[i]); err != nil {
				return err
			}
		}
		for i := range c.Alert {
			if err := t.addAlert(&c.Alert[i]); err != nil {
				return err
			}
		}
		for _, p := range c.Principals {
			if err := t.do(setPrincipal, p.Tenant, p.Name, micros(p.Updated), notNil(p.JSON)); err != nil {
				return err
			}
		}
		if c.Spool != "" {
			if err := t.do(setMark, "spool", c.Spool); err != nil {
				return err
			}
		}
		for name, value := range c.Meta {
			err := t.do(setMeta, name, value)
			if value == "" {
				err = t.do(dropMeta, name)
			}
			if err != nil {
				return err
			}
		}
		for _, r := range c.Clear {
			if err := t.clear(r.Kind, r.Subject, at); err != nil {
				return err
			}
		}
		for _, r := range c.Raise {
			if err := t.raise(r, at); err != nil {
				return err
			}
		}
		for _, e := range c.Audit {
			if e.At.IsZero() {
				e.At = at
			}
			if err := t.audit(e); err != nil {
				return err
			}
		}
		return nil
	})
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// Cursors are those of one kind of source that were committed last, by the origins' names.
func (s *Store) Cursors(ctx context.Context, kind string) (map[string]string, error) {
	out := map[string]string{}
	err := s.each(ctx, func(rows *sql.Rows) error {
		var origin, value string
		if err := rows.Scan(&origin, &value); err != nil {
			return err
		}
		out[origin] = value
		return nil
	}, `SELECT origin, value FROM cursor WHERE kind = ?`, kind)
	return out, err
}

// Spool is the archive's mark that was committed last; "" is none.
func (s *Store) Spool(ctx context.Context) (string, error) {
	return s.word(ctx, `SELECT value FROM mark WHERE name = ?`, "spool")
}

// Meta is the caller's word under a name; "" is none.
func (s *Store) Meta(ctx context.Context, name string) (string, error) {
	return s.word(ctx, `SELECT value FROM meta WHERE name = ?`, name)
}

// Principals are those of the tenants, of all where tenants is nil, by tenant and name.
func (s *Store) Principals(ctx context.Context, tenants []string) ([]Principal, error) {
	var out []Principal
	var w where
	w.in("tenant", tenants)
	err := s.each(ctx, func(rows *sql.Rows) error {
		var p Principal
		var updated int64
		if err := rows.Scan(&p.Tenant, &p.Name, &updated, &p.JSON); err != nil {
			return err
		}
		p.Updated = fromMicros(updated)
		out = append(out, p)
		return nil
	}, `SELECT tenant, name, updated, json FROM principal`+w.String()+` ORDER BY tenant, name`, w.args...)
	return out, err
}

func (s *Store) word(ctx context.Context, query, name string) (string, error) {
	var value string
	err := s.reader.QueryRowContext(ctx, query, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, s.said("read", err)
}

// each calls f for each row of a reading.
func (s *Store) each(ctx context.Context, f func(*sql.Rows) error, query string, args ...any) error {
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return s.said("read", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return s.said("read", err)
		}
	}
	return s.said("read", rows.Err())
}
