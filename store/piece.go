package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"slices"
)

// A Piece is bytes that were kept under a name: a sealed page, an open one. A commit can hold many; one is below 1 GB.
type Piece struct {
	Tenant, Name string
	Data         []byte // the store does not keep it; what is read is the caller's
}

// A PieceName names a piece.
type PieceName struct{ Tenant, Name string }

const (
	setPiece = `INSERT INTO piece (tenant, name, crc, data) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET crc = excluded.crc, data = excluded.data`
	dropPiece = `DELETE FROM piece WHERE tenant = ? AND name = ?`
)

// castagnoli is CRC-32C: it finds every change of up to three bits, and misses others once in 4 billion.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is of the data and of what it is kept under, so that a piece under another's name is found too.
func sum(tenant, name string, data []byte) int64 {
	n := crc32.Update(0, castagnoli, []byte(tenant))
	n = crc32.Update(n, castagnoli, []byte{0})
	n = crc32.Update(n, castagnoli, []byte(name))
	n = crc32.Update(n, castagnoli, []byte{0})
	return int64(crc32.Update(n, castagnoli, data))
}

func (t *txn) setPiece(p *Piece) error {
	return t.do(setPiece, p.Tenant, p.Name, sum(p.Tenant, p.Name, p.Data), notNil(p.Data))
}

// Tenants are those that have pieces, campaigns or principals, sorted.
func (s *Store) Tenants(ctx context.Context) ([]string, error) {
	var out []string
	err := s.each(ctx, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		out = append(out, name)
		return nil
	}, `SELECT tenant FROM piece UNION SELECT tenant FROM campaign UNION SELECT tenant FROM principal ORDER BY 1`)
	return out, err
}

// Pieces gives all pieces of a tenant in order of their names. A piece that is damaged comes with its name, no data and an
// ErrCorrupt that names it; the others come all the same. Where the file is so damaged that not even the names can all be
// read, what can be found comes, and an ErrCorrupt without a piece. Any other error is the last that comes. Each piece is as
// it was committed last when it is read: not all need be of one commit while others are made.
func (s *Store) Pieces(ctx context.Context, tenant string) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		names, err := s.pieceNames(ctx, tenant)
		if err != nil && !isCorrupt(err) {
			yield(Piece{Tenant: tenant}, err)
			return
		}
		for _, name := range names {
			p, err := s.Piece(ctx, tenant, name)
			if errors.Is(err, ErrUnknown) { // dropped meanwhile
				continue
			}
			if !yield(p, err) || err != nil && !isCorrupt(err) {
				return
			}
		}
		if err != nil {
			yield(Piece{Tenant: tenant}, s.damaged(fmt.Sprintf("tenant %q", tenant), "some of its pieces cannot be found: "+err.Error()))
		}
	}
}

// Piece is one of them; ErrUnknown where it is not there.
func (s *Store) Piece(ctx context.Context, tenant, name string) (Piece, error) {
	p := Piece{Tenant: tenant, Name: name}
	what := fmt.Sprintf("piece %q of tenant %q", name, tenant)
	var crc int64
	// A damaged row may hold a word instead of the number: CAST makes it one that is wrong.
	err := s.reader.QueryRowContext(ctx, `SELECT CAST(crc AS INTEGER), data FROM piece WHERE tenant = ? AND name = ?`, tenant, name).Scan(&crc, &p.Data)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return p, fmt.Errorf("store: %s: %w", what, ErrUnknown)
	case isCorrupt(err):
		return Piece{Tenant: tenant, Name: name}, s.damaged(what, err.Error())
	case err != nil:
		return p, s.said("read", err)
	}
	if got := sum(tenant, name, p.Data); got != crc {
		return Piece{Tenant: tenant, Name: name}, s.damaged(what, fmt.Sprintf("its bytes have the checksum %08x instead of %08x", got, uint32(crc)))
	}
	return p, nil
}

// pieceNames reads the names forwards, and where that ends early backwards too, and then from the table itself.
func (s *Store) pieceNames(ctx context.Context, tenant string) ([]string, error) {
	seen := map[string]bool{}
	var names []string
	take := func(query string) error {
		return s.each(ctx, func(rows *sql.Rows) error {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
			return nil
		}, query, tenant)
	}
	err := take(`SELECT name FROM piece WHERE tenant = ? ORDER BY name`)
	if isCorrupt(err) {
		for _, query := range []string{
			`SELECT name FROM piece WHERE tenant = ? ORDER BY name DESC`,
			`SELECT name FROM piece NOT INDEXED WHERE tenant = ? ORDER BY id`,
			`SELECT name FROM piece NOT INDEXED WHERE tenant = ? ORDER BY id DESC`,
		} {
			if e := take(query); e != nil && !isCorrupt(e) {
				return names, e
			}
		}
	}
	slices.Sort(names)
	return names, err
}
