package store

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// An Incident is something wrong with the run itself: a silent source, a full disk. It is one from when it is raised until it
// is cleared, however often it is raised meanwhile.
type Incident struct {
	ID      int64
	Kind    string // silent, disk, lag …
	Subject string // of what: a source, a rule; "" is the run
	Text    string // what is wrong and what to do, as it was said last
	Since   time.Time
	Until   time.Time // when it was cleared; zero: it goes on
	Last    time.Time // when it was raised last, to the minute
}

// A Raised is an incident to raise or to clear within a commit.
type Raised struct{ Kind, Subject, Text string }

const (
	openIncident  = `SELECT key, text, last FROM incident WHERE kind = ? AND subject = ? AND until = 0`
	addIncident   = `INSERT INTO incident (kind, subject, text, since, until, last) VALUES (?1, ?2, ?3, ?4, 0, ?4)`
	goOnIncident  = `UPDATE incident SET text = ?, last = max(last, ?) WHERE key = ?`
	clearIncident = `UPDATE incident SET until = max(?, since, 1) WHERE kind = ? AND subject = ? AND until = 0`
)

func (t *txn) raise(r Raised, now time.Time) error {
	var key, last int64
	var text string
	switch err := t.row(openIncident, r.Kind, r.Subject).Scan(&key, &text, &last); {
	case errors.Is(err, sql.ErrNoRows):
		return t.do(addIncident, r.Kind, r.Subject, r.Text, micros(now))
	case err != nil:
		return err
	case same(text, last, r.Text, now):
		return nil
	}
	return t.do(goOnIncident, r.Text, micros(now), key)
}

func same(text string, last int64, newer string, now time.Time) bool {
	return text == newer && now.Sub(fromMicros(last)) < time.Minute
}

func (t *txn) clear(kind, subject string, now time.Time) error {
	return t.do(clearIncident, micros(now), kind, subject)
}

// Raise begins an incident, or says that it goes on. It may be called often: nothing is written while it goes on as it was,
// but once a minute. Of a full disk or a damaged file it may itself fail: the caller shows the incident all the same.
func (s *Store) Raise(ctx context.Context, r Raised, now time.Time) error {
	var key, last int64
	var text string
	err := s.reader.QueryRowContext(ctx, openIncident, r.Kind, r.Subject).Scan(&key, &text, &last)
	if err == nil && same(text, last, r.Text, now) {
		return nil
	}
	return s.write(ctx, "incident", func(t *txn) error { return t.raise(r, now) })
}

// Clear ends an incident. Where there is none nothing is written.
func (s *Store) Clear(ctx context.Context, kind, subject string, now time.Time) error {
	var key, last int64
	var text string
	if err := s.reader.QueryRowContext(ctx, openIncident, kind, subject).Scan(&key, &text, &last); errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return s.write(ctx, "incident", func(t *txn) error { return t.clear(kind, subject, now) })
}

// Incidents are those that go on, or the 1,000 that began last, the newest first.
func (s *Store) Incidents(ctx context.Context, open bool) ([]Incident, error) {
	var w where
	if open {
		w.add("until = 0")
	}
	var out []Incident
	err := s.each(ctx, func(rows *sql.Rows) error {
		var i Incident
		var since, until, last int64
		if err := rows.Scan(&i.ID, &i.Kind, &i.Subject, &i.Text, &since, &until, &last); err != nil {
			return err
		}
		i.Since, i.Until, i.Last = fromMicros(since), fromMicros(until), fromMicros(last)
		out = append(out, i)
		return nil
	}, `SELECT key, kind, subject, text, since, until, last FROM incident`+w.String()+` ORDER BY key DESC LIMIT 1000`, w.args...)
	return out, err
}
