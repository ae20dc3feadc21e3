package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// An Alert is a message to be sent by one route. It is kept with the commit that made it, and stays due until its having been
// sent is committed: so it is sent at least once, and again only where the answer was not committed.
type Alert struct {
	ID       string // the same wherever it is sent again; one with an ID that is there already is passed over
	Tenant   string
	Campaign string // its id; "" where it is of none
	Route    string // as the configuration names it
	Kind     string // new, worse, update, incident …
	Body     []byte
	At       time.Time // when it was made
}

// The states of a delivery.
const (
	Due    = "due"
	Sent   = "sent"
	Failed = "failed" // given up; it is kept and shown
)

// A Delivery is what became of an alert.
type Delivery struct {
	Alert
	State    string
	Tries    int       // that failed
	Next     time.Time // of Due: when to try again
	Error    string    // of the last try that failed
	Response string    // of Sent: what the other side said
	Ended    time.Time // when it was sent or given up
}

const (
	addAlert = `INSERT INTO outbox (id, tenant, campaign, route, kind, body, at, state, due, tries, error, response, ended)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'due', ?7, 0, '', '', 0) ON CONFLICT DO NOTHING`
	deliveryColumns = `id, tenant, campaign, route, kind, body, at, state, due, tries, error, response, ended`
)

func (t *txn) addAlert(a *Alert) error {
	return t.do(addAlert, a.ID, a.Tenant, a.Campaign, a.Route, a.Kind, notNil(a.Body), micros(a.At))
}

func (s *Store) deliveries(ctx context.Context, rest string, args ...any) ([]Delivery, error) {
	var out []Delivery
	err := s.each(ctx, func(rows *sql.Rows) error {
		var d Delivery
		var at, due, ended int64
		if err := rows.Scan(&d.ID, &d.Tenant, &d.Campaign, &d.Route, &d.Kind, &d.Body, &at, &d.State, &due, &d.Tries, &d.Error, &d.Response, &ended); err != nil {
			return err
		}
		d.At, d.Ended = fromMicros(at), fromMicros(ended)
		if d.State == Due {
			d.Next = fromMicros(due)
		}
		out = append(out, d)
		return nil
	}, `SELECT `+deliveryColumns+` FROM outbox`+rest, args...)
	return out, err
}

// Next are at most n alerts that are due, those that have waited longest first; of one route, or of all with "". They stay
// due: the caller does not take one again before Sent or Failed was said of it.
func (s *Store) Next(ctx context.Context, route string, n int, now time.Time) ([]Delivery, error) {
	w := where{terms: []string{"state = 'due'"}}
	w.add("due <= ?", micros(now))
	if route != "" {
		w.add("route = ?", route)
	}
	return s.deliveries(ctx, w.String()+` ORDER BY due, key LIMIT ?`, append(w.args, n)...)
}

// Sent says that an alert arrived, and writes it to the audit log. ErrUnknown where there is none of this ID; what was sent or
// given up already stays so.
func (s *Store) Sent(ctx context.Context, id, response string, now time.Time) error {
	return s.write(ctx, "outbox", func(t *txn) error {
		d, err := t.delivery(id)
		if err != nil || d.State == Sent {
			return err
		}
		if err := t.do(`UPDATE outbox SET state = 'sent', response = ?, ended = ? WHERE id = ?`, fit(response), micros(now), id); err != nil {
			return err
		}
		return t.audit(Entry{At: now, Who: "tocsin", What: "alert.sent", Subject: subject(d.Tenant, d.Campaign),
			Detail: fmt.Sprintf("%s by %s: %s", d.ID, d.Route, response)})
	})
}

// Failed says that an alert could not be sent, and when to try again. With next zero it is given up: that is written to the
// audit log.
func (s *Store) Failed(ctx context.Context, id string, why error, next time.Time) error {
	return s.write(ctx, "outbox", func(t *txn) error {
		d, err := t.delivery(id)
		if err != nil || d.State != Due {
			return err
		}
		text := "not said"
		if why != nil {
			text = fit(why.Error())
		}
		if !next.IsZero() {
			return t.do(`UPDATE outbox SET due = ?, tries = tries + 1, error = ? WHERE id = ?`, micros(next), text, id)
		}
		now := time.Now()
		if err := t.do(`UPDATE outbox SET state = 'failed', tries = tries + 1, error = ?, ended = ? WHERE id = ?`, text, micros(now), id); err != nil {
			return err
		}
		return t.audit(Entry{At: now, Who: "tocsin", What: "alert.given-up", Subject: subject(d.Tenant, d.Campaign),
			Detail: fmt.Sprintf("%s by %s: %s", d.ID, d.Route, text)})
	})
}

func (t *txn) delivery(id string) (Delivery, error) {
	var d Delivery
	err := t.row(`SELECT id, tenant, campaign, route, state FROM outbox WHERE id = ?`, id).Scan(&d.ID, &d.Tenant, &d.Campaign, &d.Route, &d.State)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("store: alert %q: %w", id, ErrUnknown)
	}
	return d, err
}

// A DeliveryQuery says which deliveries are wanted; the zero value all of all tenants.
type DeliveryQuery struct {
	Tenants  []string // nil is all
	Campaign string   // its id now; those of ids it had before are among them
	State    string
	Limit    int // 0 is 100, at most 1,000
}

// Deliveries are those that are wanted, the newest first.
func (s *Store) Deliveries(ctx context.Context, q DeliveryQuery) ([]Delivery, error) {
	var w where
	w.in("tenant", q.Tenants)
	if q.Campaign != "" {
		w.add("(campaign = ? OR EXISTS (SELECT 1 FROM was WHERE was.tenant = outbox.tenant AND was.was = outbox.campaign AND was.id = ?))", q.Campaign, q.Campaign)
	}
	if q.State != "" {
		w.add("state = ?", q.State)
	}
	return s.deliveries(ctx, w.String()+` ORDER BY key DESC LIMIT ?`, append(w.args, limit(q.Limit))...)
}

func limit(n int) int {
	if n <= 0 {
		n = 100
	}
	return min(n, 1000)
}

// subject names a campaign in the audit log.
func subject(tenant, id string) string {
	if tenant == "" {
		return id
	}
	return tenant + "/" + id
}
