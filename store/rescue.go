package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Rescued says what Rescue could save.
type Rescued struct {
	Rows map[string]int64 // that were saved, by table
	Lost []string         // what was not, in sentences; where pages are gone nobody knows what stood in them
}

// Rescue makes a new store at to, where nothing may be yet, of all that can still be read of a damaged one, which is left as it
// is. It takes the lock of to's folder while it works. Pieces that do not have their checksum are left out. An audit log that
// lost entries is saved with the gap, and VerifyAudit names it. It fails where the beginning of the file cannot be read: then
// only a backup helps. After an error what is at to is not for use.
func Rescue(ctx context.Context, from, to string) (Rescued, error) {
	out := Rescued{Rows: map[string]int64{}}
	if _, err := os.Lstat(to); err == nil {
		return out, &Error{Op: "rescue", Path: to, Err: os.ErrExist, Hint: "name a file that is not there yet"}
	}
	old, err := OpenReadOnly(from)
	if err != nil {
		return out, err
	}
	defer old.Close()
	fresh, err := Open(to, Options{})
	if err != nil {
		return out, err
	}
	r := rescue{old: old, fresh: fresh, out: &out, lost: map[string]string{}}
	err = r.pieces(ctx)
	for _, t := range []struct{ name, key string }{
		{"meta", "name"}, {"mark", "name"}, {"cursor", "kind, origin"}, {"was", "tenant, was"},
	} {
		if err == nil {
			err = r.fromBothEnds(ctx, t.name, t.key)
		}
	}
	for _, table := range []string{"campaign", "history", "outbox", "principal", "incident", "suppression", "audit"} {
		if err == nil {
			err = r.byNumber(ctx, table)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(r.lost)) {
		out.Lost = append(out.Lost, r.lost[what])
	}
	return out, errors.Join(err, fresh.Close())
}

type rescue struct {
	old, fresh *Store
	out        *Rescued
	lost       map[string]string // by what it is of
}

func (r *rescue) pieces(ctx context.Context) error {
	tenants := map[string]bool{}
	for _, order := range []string{"", " DESC"} {
		err := r.old.each(ctx, func(rows *sql.Rows) error {
			var tenant string
			if err := rows.Scan(&tenant); err != nil {
				return err
			}
			tenants[tenant] = true
			return nil
		}, "SELECT tenant FROM piece GROUP BY tenant ORDER BY tenant"+order)
		if err != nil {
			if !isCorrupt(err) {
				return err
			}
			r.lost["piece"] = "pieces: " + err.Error()
		}
	}
	var held []Piece
	size := 0
	flush := func() error {
		err := r.fresh.Commit(ctx, &Commit{Pieces: held})
		if err == nil {
			r.out.Rows["piece"] += int64(len(held))
		}
		held, size = nil, 0
		return err
	}
	for tenant := range tenants {
		for p, err := range r.old.Pieces(ctx, tenant) {
			if err != nil {
				if !isCorrupt(err) {
					return err
				}
				r.lost["piece "+tenant+" "+p.Name] = err.Error()
				continue
			}
			held = append(held, p)
			if size += len(p.Data); size > 8<<20 || len(held) == 500 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// byNumber saves a table in the order of its rows' numbers, and looks for the next row that can be read behind one that cannot.
func (r *rescue) byNumber(ctx context.Context, table string) error {
	const far = 1 << 16 // numbers that are tried beyond the last that was read, where the last of all cannot be read
	var last sql.NullInt64
	known := r.old.reader.QueryRowContext(ctx, "SELECT max(rowid) FROM "+table).Scan(&last) == nil
	read, step := int64(0), int64(1)
	for from := int64(0); ; {
		before := read
		damaged, err := r.copy(ctx, table, fmt.Sprintf("SELECT rowid AS rowid_, * FROM %s WHERE rowid >= %d ORDER BY rowid", table, from), &read)
		if err != nil || !damaged {
			return err
		}
		if read > before {
			from, step = read+1, 1
		} else {
			from, step = from+step, min(2*step, 256)
		}
		if known && from > last.Int64 || from > read+far {
			return nil
		}
	}
}

// fromBothEnds saves a table whose rows have no numbers.
func (r *rescue) fromBothEnds(ctx context.Context, table, key string) error {
	query := "SELECT * FROM " + table + " ORDER BY " + key
	damaged, err := r.copy(ctx, table, query, nil)
	if err == nil && damaged {
		_, err = r.copy(ctx, table, strings.ReplaceAll(query, ",", " DESC,")+" DESC", nil)
	}
	return err
}

// copy saves what a query gives until it ends or fails. Where read is not nil the first column is the row's number, which it
// is set to. Rows that are there already are passed over; those that the new file refuses are lost.
func (r *rescue) copy(ctx context.Context, table, query string, read *int64) (damaged bool, err error) {
	const batch = 500
	rows, err := r.old.reader.QueryContext(ctx, query)
	if isCorrupt(err) {
		r.lost[table] = "table " + table + ": " + err.Error()
		return true, nil
	}
	if err != nil {
		return false, r.old.said("rescue", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return false, r.old.said("rescue", err)
	}
	skip := 0
	if read != nil {
		skip = 1
	}
	insert := fmt.Sprintf(`INSERT OR IGNORE INTO %s ("%s") VALUES (?%s)`, table, strings.Join(names[skip:], `", "`), strings.Repeat(", ?", len(names)-skip-1))
	for more := true; more; {
		var held [][]any
		for len(held) < batch {
			if more = rows.Next(); !more {
				break
			}
			values, to := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				to[i] = &values[i]
			}
			if err := rows.Scan(to...); err != nil {
				return false, r.old.said("rescue", err)
			}
			for i, v := range values {
				if b, ok := v.([]byte); ok {
					values[i] = notNil(b)
				}
			}
			if n, ok := values[0].(int64); ok && read != nil {
				*read = max(*read, n)
			}
			held = append(held, values[skip:])
		}
		if len(held) == 0 {
			break
		}
		if err := r.fresh.write(ctx, "rescue", func(t *txn) error {
			for _, values := range held {
				result, err := t.exec(insert, values...)
				switch {
				case isRefused(err):
					r.lost[table+" refused"] = "table " + table + ": a row whose words make no sense: " + err.Error()
				case err != nil:
					return err
				default:
					n, err := result.RowsAffected()
					if err != nil {
						return err
					}
					r.out.Rows[table] += n
				}
			}
			return nil
		}); err != nil {
			return false, err
		}
	}
	if err := rows.Err(); isCorrupt(err) {
		r.lost[table] = "table " + table + ": " + err.Error()
		return true, nil
	} else if err != nil {
		return false, r.old.said("rescue", err)
	}
	return false, nil
}

// isRefused says that a row does not keep the table's rules.
func isRefused(err error) bool {
	var sq *sqlite.Error
	if !errors.As(err, &sq) {
		return false
	}
	code := sq.Code() & 0xff
	return code == lib.SQLITE_CONSTRAINT || code == lib.SQLITE_MISMATCH
}
