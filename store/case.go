package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/tocsin-ids/tocsin"
)

// A Case is a campaign as it was told last, and what people made of it.
type Case struct {
	Tenant   string
	Campaign *tocsin.Campaign
	Began    time.Time // when it, or the first part of it, was told first
	Updated  time.Time // when it was told last
	Status   Status
	History  []Status // of Campaign only: all that it had, the oldest first, those of its parts among them

	// Damage is not nil where the campaign cannot be read from disk: Campaign then has its id, title, level and times only.
	Damage error
}

// The states of a case.
const (
	StateOpen         = "open"
	StateAcknowledged = "acknowledged"
	StateClosed       = "closed"
)

// A Status is what someone made of a campaign.
type Status struct {
	State  string // StateOpen, StateAcknowledged or StateClosed
	Benign bool   // of StateClosed: it was no intrusion
	Note   string
	By     string    // the account; "" where nobody has touched it, "tocsin" where it became so by itself
	At     time.Time // zero where nobody has touched it
	Why    string    // of what became so by itself
}

const (
	caseColumns = `key, tenant, id, level, first, last, title, began, updated, state, benign, note, by, at, why, judged, crc, anchors, json`

	idNow   = `SELECT coalesce((SELECT id FROM campaign WHERE tenant = ?1 AND id = ?2), (SELECT id FROM was WHERE tenant = ?1 AND was = ?2), '')`
	partsOf = `SELECT began, state, benign, note, by, at, why, judged FROM campaign WHERE tenant = ? AND id = ?`
	setCase = `INSERT INTO campaign (tenant, id, level, first, last, title, began, updated, state, benign, note, by, at, why, judged, crc, anchors, json)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET level = excluded.level, first = excluded.first, last = excluded.last, title = excluded.title,
		began = excluded.began, updated = excluded.updated, state = excluded.state, benign = excluded.benign, note = excluded.note, by = excluded.by,
		at = excluded.at, why = excluded.why, judged = excluded.judged, crc = excluded.crc, anchors = excluded.anchors, json = excluded.json`
	dropCase    = `DELETE FROM campaign WHERE tenant = ? AND id = ?`
	moveWas     = `UPDATE was SET id = ? WHERE tenant = ? AND id = ?`
	setWas      = `INSERT INTO was (tenant, was, id) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET id = excluded.id`
	moveHistory = `UPDATE history SET id = ? WHERE tenant = ? AND id = ?`
	addHistory  = `INSERT INTO history (tenant, id, state, benign, note, by, at, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
)

// packed is a campaign as it is kept.
type packed struct {
	Told
	json, anchors []byte
	crc           int64
}

func pack(t Told) (packed, error) {
	if t.Campaign == nil || t.Campaign.ID == "" {
		return packed{}, bad("a campaign that is told has an id")
	}
	b, err := json.Marshal(t.Campaign)
	if err != nil {
		return packed{}, fmt.Errorf("store: campaign %s: %w", t.Campaign.ID, err)
	}
	anchors := make([]byte, 0, 8*len(t.Campaign.Anchors))
	for _, a := range t.Campaign.Anchors {
		anchors = binary.LittleEndian.AppendUint64(anchors, a)
	}
	return packed{t, b, anchors, sum(t.Tenant, t.Campaign.ID, b)}, nil
}

// standing is what a case was before it is told again.
type standing struct {
	began, at, judged    int64
	state, note, by, why string
	benign               bool
}

func (t *txn) standing(tenant, id string) (*standing, error) {
	var p standing
	err := t.row(partsOf, tenant, id).Scan(&p.began, &p.state, &p.benign, &p.note, &p.by, &p.at, &p.why, &p.judged)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return &p, err
}

var watch = map[string]int{StateOpen: 2, StateAcknowledged: 1, StateClosed: 0}

// joined is the standing of what was apart: what still needs someone to look wins, and it is benign only where all were.
func joined(a, b *standing) *standing {
	if a == nil || b == nil {
		if a == nil {
			return b
		}
		return a
	}
	out := *a
	if watch[b.state] > watch[a.state] || b.state == a.state && b.at > a.at && a.by == "" {
		out = *b
	}
	out.began = min(a.began, b.began)
	out.judged = max(a.judged, b.judged)
	out.benign = out.state == StateClosed && a.benign && b.benign
	return &out
}

// tell keeps a campaign as it is now. Parts that were told under other ids become it.
func (t *txn) tell(p *packed) error {
	c := p.Campaign
	own, err := t.standing(p.Tenant, c.ID)
	if err != nil {
		return err
	}
	now := own
	for _, was := range c.Was {
		if was == c.ID {
			continue
		}
		part, err := t.standing(p.Tenant, was)
		if err != nil {
			return err
		}
		if part != nil {
			now = joined(now, part)
			if err := t.do(dropCase, p.Tenant, was); err != nil {
				return err
			}
			if err := t.do(moveHistory, c.ID, p.Tenant, was); err != nil {
				return err
			}
		}
		if err := t.do(moveWas, c.ID, p.Tenant, was); err != nil {
			return err
		}
		if err := t.do(setWas, p.Tenant, was, c.ID); err != nil {
			return err
		}
	}
	if now == nil {
		now = &standing{began: micros(p.Updated), state: StateOpen}
	}
	why := ""
	switch {
	case now.state == StateClosed && !now.benign && int64(c.Level) > now.judged:
		why = fmt.Sprintf("it was closed at level %s and is now %s", tocsin.Level(now.judged), c.Level)
	case own != nil && own.state != StateOpen && now.state == StateOpen:
		why = "an open campaign turned out to be part of it"
	}
	if why != "" {
		now.state, now.benign, now.note, now.by, now.at, now.why, now.judged = StateOpen, false, "", "tocsin", micros(p.Updated), why, int64(c.Level)
		if err := t.history(p.Tenant, c.ID, now); err != nil {
			return err
		}
		if err := t.audit(Entry{At: p.Updated, Who: "tocsin", What: "campaign.open", Subject: subject(p.Tenant, c.ID), Detail: why}); err != nil {
			return err
		}
	}
	return t.do(setCase, p.Tenant, c.ID, int64(c.Level), micros(c.First), micros(c.Last), c.Title, now.began, micros(p.Updated),
		now.state, now.benign, now.note, now.by, now.at, now.why, now.judged, p.crc, p.anchors, p.json)
}

func (t *txn) history(tenant, id string, p *standing) error {
	return t.do(addHistory, tenant, id, p.state, p.benign, p.note, p.by, p.at, p.why)
}

// Campaign is the one of that id, also where it was told under it before, with its history; ErrUnknown where there is none.
func (s *Store) Campaign(ctx context.Context, tenant, id string) (Case, error) {
	var now string
	if err := s.reader.QueryRowContext(ctx, idNow, tenant, id).Scan(&now); err != nil {
		return Case{}, s.said("read", err)
	}
	cases, _, err := s.cases(ctx, `SELECT `+caseColumns+` FROM campaign WHERE tenant = ? AND id = ?`, tenant, now)
	if err != nil {
		return Case{}, err
	}
	if len(cases) == 0 {
		return Case{}, fmt.Errorf("store: campaign %q: %w", id, ErrUnknown)
	}
	c := cases[0]
	err = s.each(ctx, func(rows *sql.Rows) error {
		var h Status
		var at int64
		if err := rows.Scan(&h.State, &h.Benign, &h.Note, &h.By, &at, &h.Why); err != nil {
			return err
		}
		h.At = fromMicros(at)
		c.History = append(c.History, h)
		return nil
	}, `SELECT state, benign, note, by, at, why FROM history WHERE tenant = ? AND id = ? ORDER BY key`, tenant, now)
	return c, err
}

// A Query says which campaigns are wanted; the zero value all of all tenants, the worst first.
type Query struct {
	Tenants   []string     // nil is all
	Since     time.Time    // told at or after it
	Level     tocsin.Level // at least
	State     string       // "" is all
	ByUpdated bool         // the one told last first, instead of by level and then by when they ended
	Limit     int          // 0 is 100, at most 1,000
	Cursor    string       // where an earlier answer ended; the other members are the same as then
}

// Campaigns are those that are wanted, and the cursor with which to go on, "" where there are no more. What is told between
// two answers may move: a campaign can then come twice or not at all until the list is begun anew.
func (s *Store) Campaigns(ctx context.Context, q Query) ([]Case, string, error) {
	var w where
	w.in("tenant", q.Tenants)
	if !q.Since.IsZero() {
		w.add("updated >= ?", micros(q.Since))
	}
	if q.Level > 0 {
		w.add("level >= ?", int64(q.Level))
	}
	if q.State != "" {
		w.add("state = ?", q.State)
	}
	order := " ORDER BY level DESC, last DESC, key DESC"
	if q.ByUpdated {
		order = " ORDER BY updated DESC, key DESC"
	}
	if q.Cursor != "" {
		b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
		if err != nil || len(b) != 25 || (b[0] == 1) != q.ByUpdated {
			return nil, "", bad("cursor %.80q: it is one that an earlier answer gave, in the same order", q.Cursor)
		}
		n := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[1+8*i:])) }
		if q.ByUpdated {
			w.add("(updated, key) < (?, ?)", n(0), n(2))
		} else {
			w.add("(level, last, key) < (?, ?, ?)", n(0), n(1), n(2))
		}
	}
	n := limit(q.Limit)
	cases, keys, err := s.cases(ctx, `SELECT `+caseColumns+` FROM campaign`+w.String()+order+` LIMIT ?`, append(w.args, n+1)...)
	if err != nil || len(cases) <= n {
		return cases, "", err
	}
	last := cases[n-1]
	b := make([]byte, 1, 25)
	first, second := int64(last.Campaign.Level), micros(last.Campaign.Last)
	if q.ByUpdated {
		b[0] = 1
		first, second = micros(last.Updated), 0
	}
	for _, v := range []int64{first, second, keys[n-1]} {
		b = binary.BigEndian.AppendUint64(b, uint64(v))
	}
	return cases[:n], base64.RawURLEncoding.EncodeToString(b), nil
}

// cases reads campaigns, with the keys of their rows.
func (s *Store) cases(ctx context.Context, query string, args ...any) ([]Case, []int64, error) {
	var out []Case
	var keys []int64
	err := s.each(ctx, func(rows *sql.Rows) error {
		c := Case{Campaign: &tocsin.Campaign{}}
		var key, level, first, last, began, updated, at, judged, crc int64
		var id, title string
		var anchors, text []byte
		if err := rows.Scan(&key, &c.Tenant, &id, &level, &first, &last, &title, &began, &updated, &c.Status.State, &c.Status.Benign,
			&c.Status.Note, &c.Status.By, &at, &c.Status.Why, &judged, &crc, &anchors, &text); err != nil {
			return err
		}
		c.Began, c.Updated, c.Status.At = fromMicros(began), fromMicros(updated), fromMicros(at)
		err := json.Unmarshal(text, c.Campaign)
		if err == nil && sum(c.Tenant, id, text) != crc {
			err = errors.New("its bytes do not have their checksum")
		}
		if err != nil {
			c.Damage = s.damaged("campaign "+subject(c.Tenant, id), err.Error())
			c.Campaign = &tocsin.Campaign{ID: id, Title: title, Level: tocsin.Level(level), First: fromMicros(first), Last: fromMicros(last)}
		}
		for ; len(anchors) >= 8; anchors = anchors[8:] {
			c.Campaign.Anchors = append(c.Campaign.Anchors, binary.LittleEndian.Uint64(anchors))
		}
		out = append(out, c)
		keys = append(keys, key)
		return nil
	}, query, args...)
	return out, keys, err
}

// SetStatus says what someone made of a campaign, under any of its ids. It is kept in the campaign's history and in the audit
// log. A campaign that gets worse after it was closed as other than benign is open again. ErrUnknown where there is none.
func (s *Store) SetStatus(ctx context.Context, tenant, id string, to Status) error {
	if _, ok := watch[to.State]; !ok {
		return bad("state %q: it is %s, %s or %s", to.State, StateOpen, StateAcknowledged, StateClosed)
	}
	if to.Benign && to.State != StateClosed {
		return bad("only what is closed is benign")
	}
	if to.At.IsZero() {
		to.At = time.Now()
	}
	to.Note, to.By = fit(to.Note), fit(to.By)
	return s.write(ctx, "campaign", func(t *txn) error {
		var now string
		if err := t.row(idNow, tenant, id).Scan(&now); err != nil {
			return err
		}
		err := t.one(fmt.Sprintf("campaign %q", id), `UPDATE campaign SET state = ?, benign = ?, note = ?, by = ?, at = ?, why = ?, judged = level WHERE tenant = ? AND id = ?`,
			to.State, to.Benign, to.Note, to.By, micros(to.At), to.Why, tenant, now)
		if err != nil {
			return err
		}
		if err := t.history(tenant, now, &standing{state: to.State, benign: to.Benign, note: to.Note, by: to.By, at: micros(to.At), why: to.Why}); err != nil {
			return err
		}
		detail := to.Note
		if to.Benign {
			detail = "benign: " + detail
		}
		return t.audit(Entry{At: to.At, Who: to.By, What: "campaign." + to.State, Subject: subject(tenant, now), Detail: detail})
	})
}
