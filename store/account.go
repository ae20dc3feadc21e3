package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// The roles of the console.
const (
	Viewer = "viewer"
	Admin  = "admin"
)

// A User is an account of the console. The store knows no passwords, only what the caller made of them.
type User struct {
	Name string
	Hash string // argon2id, as the caller writes it
	Role string // Viewer or Admin
	Made time.Time
}

// A Session is someone who is logged in.
type Session struct {
	Hash    string // of its token, which is nowhere else
	User    string
	Role    string // the user's now; it is not kept with the session
	CSRF    string
	Made    time.Time
	Expires time.Time
}

// A Token lets a program in.
type Token struct {
	Hash    string // of the token, which is nowhere else
	Name    string
	Tenant  string // what it may see and send for
	Role    string // as the caller knows it
	Made    time.Time
	Expires time.Time // zero: never
}

// SetUser adds a user or replaces the one of this name; by is who does it, for the audit log. A user whose hash changes loses
// all sessions.
func (s *Store) SetUser(ctx context.Context, u User, by string) error {
	if u.Name == "" || u.Hash == "" || u.Role != Viewer && u.Role != Admin {
		return bad("user %q: it has a name, a hash, and the role %s or %s", u.Name, Viewer, Admin)
	}
	if u.Made.IsZero() {
		u.Made = time.Now()
	}
	return s.write(ctx, "user", func(t *txn) error {
		if err := t.do(`DELETE FROM session WHERE account = ?1 AND NOT EXISTS (SELECT 1 FROM account WHERE name = ?1 AND hash = ?2)`, u.Name, u.Hash); err != nil {
			return err
		}
		if err := t.do(`INSERT INTO account (name, hash, role, made) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET hash = excluded.hash, role = excluded.role`,
			u.Name, u.Hash, u.Role, micros(u.Made)); err != nil {
			return err
		}
		return t.audit(Entry{Who: by, What: "user.set", Subject: u.Name, Detail: u.Role})
	})
}

// DropUser takes a user and its sessions away; ErrUnknown where there is none.
func (s *Store) DropUser(ctx context.Context, name, by string) error {
	return s.write(ctx, "user", func(t *txn) error {
		if err := t.one(fmt.Sprintf("user %q", name), `DELETE FROM account WHERE name = ?`, name); err != nil {
			return err
		}
		if err := t.do(`DELETE FROM session WHERE account = ?`, name); err != nil {
			return err
		}
		return t.audit(Entry{Who: by, What: "user.dropped", Subject: name})
	})
}

// one is do for a statement that must change something, else ErrUnknown.
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

// User is the one of that name, or ErrUnknown.
func (s *Store) User(ctx context.Context, name string) (User, error) {
	users, err := s.users(ctx, ` WHERE name = ?`, name)
	if err == nil && len(users) == 0 {
		return User{}, fmt.Errorf("store: user %q: %w", name, ErrUnknown)
	}
	return first(users), err
}

// Users are all, by name.
func (s *Store) Users(ctx context.Context) ([]User, error) { return s.users(ctx, ` ORDER BY name`) }

func (s *Store) users(ctx context.Context, rest string, args ...any) ([]User, error) {
	var out []User
	err := s.each(ctx, func(rows *sql.Rows) error {
		var u User
		var made int64
		if err := rows.Scan(&u.Name, &u.Hash, &u.Role, &made); err != nil {
			return err
		}
		u.Made = fromMicros(made)
		out = append(out, u)
		return nil
	}, `SELECT name, hash, role, made FROM account`+rest, args...)
	return out, err
}

func first[T any](list []T) (one T) {
	if len(list) > 0 {
		one = list[0]
	}
	return one
}

// AddSession keeps a session of a user there is (else ErrUnknown), and forgets those that have expired by the time it was made.
func (s *Store) AddSession(ctx context.Context, n Session) error {
	if n.Hash == "" || n.Expires.IsZero() {
		return bad("a session has a hash and an end")
	}
	if n.Made.IsZero() {
		n.Made = time.Now()
	}
	return s.write(ctx, "session", func(t *txn) error {
		if err := t.do(`DELETE FROM session WHERE expires <= ?`, micros(n.Made)); err != nil {
			return err
		}
		return t.one(fmt.Sprintf("user %q", n.User), `INSERT INTO session (hash, account, csrf, made, expires) SELECT ?, name, ?, ?, ? FROM account WHERE name = ?`,
			n.Hash, n.CSRF, micros(n.Made), micros(n.Expires), n.User)
	})
}

// Session is the one of that hash that has not expired, or ErrUnknown.
func (s *Store) Session(ctx context.Context, hash string, now time.Time) (Session, error) {
	var n Session
	var made, expires int64
	err := s.reader.QueryRowContext(ctx, `SELECT session.hash, account.name, account.role, csrf, session.made, expires
		FROM session JOIN account ON account.name = session.account WHERE session.hash = ? AND expires > ?`, hash, micros(now)).
		Scan(&n.Hash, &n.User, &n.Role, &n.CSRF, &made, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return Session{}, fmt.Errorf("store: session: %w", ErrUnknown)
	}
	n.Made, n.Expires = fromMicros(made), fromMicros(expires)
	return n, s.said("read", err)
}

// DropSession ends a session; one that is not there is no error.
func (s *Store) DropSession(ctx context.Context, hash string) error {
	return s.write(ctx, "session", func(t *txn) error { return t.do(`DELETE FROM session WHERE hash = ?`, hash) })
}

// AddToken keeps a token; by is who does it, for the audit log. ErrBad where its name is taken.
func (s *Store) AddToken(ctx context.Context, n Token, by string) error {
	if n.Hash == "" || n.Name == "" {
		return bad("a token has a name and a hash")
	}
	if n.Made.IsZero() {
		n.Made = time.Now()
	}
	return s.write(ctx, "token", func(t *txn) error {
		r, err := t.exec(`INSERT INTO token (hash, name, tenant, role, made, expires) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			n.Hash, n.Name, n.Tenant, n.Role, micros(n.Made), micros(n.Expires))
		if err != nil {
			return err
		}
		if added, err := r.RowsAffected(); err != nil || added == 0 {
			return errors.Join(err, bad("token %q: there is one of this name or hash", n.Name))
		}
		return t.audit(Entry{Who: by, What: "token.added", Subject: n.Name, Detail: n.Role + " of tenant " + n.Tenant})
	})
}

// DropToken takes a token away by its name; ErrUnknown where there is none.
func (s *Store) DropToken(ctx context.Context, name, by string) error {
	return s.write(ctx, "token", func(t *txn) error {
		if err := t.one(fmt.Sprintf("token %q", name), `DELETE FROM token WHERE name = ?`, name); err != nil {
			return err
		}
		return t.audit(Entry{Who: by, What: "token.dropped", Subject: name})
	})
}

// Token is the one of that hash that has not expired, or ErrUnknown.
func (s *Store) Token(ctx context.Context, hash string, now time.Time) (Token, error) {
	tokens, err := s.tokens(ctx, ` WHERE hash = ? AND (expires = 0 OR expires > ?)`, hash, micros(now))
	if err == nil && len(tokens) == 0 {
		return Token{}, fmt.Errorf("store: token: %w", ErrUnknown)
	}
	return first(tokens), err
}

// Tokens are all, by name, those that have expired too.
func (s *Store) Tokens(ctx context.Context) ([]Token, error) { return s.tokens(ctx, ` ORDER BY name`) }

func (s *Store) tokens(ctx context.Context, rest string, args ...any) ([]Token, error) {
	var out []Token
	err := s.each(ctx, func(rows *sql.Rows) error {
		var n Token
		var made, expires int64
		if err := rows.Scan(&n.Hash, &n.Name, &n.Tenant, &n.Role, &made, &expires); err != nil {
			return err
		}
		n.Made, n.Expires = fromMicros(made), fromMicros(expires)
		out = append(out, n)
		return nil
	}, `SELECT hash, name, tenant, role, made, expires FROM token`+rest, args...)
	return out, err
}
