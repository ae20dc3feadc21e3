package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// An Entry is one act of a person, or one alert that was sent. The log of them is only added to: each entry's hash is
// SHA-256 of the hash before it (32 zero bytes for the first), its number, its time in microseconds since 1970 (both as 8
// bytes, the highest first) and its four words, each with its length as 4 bytes before it. So no entry can be changed, put
// in, or taken out of the middle without all later hashes changing.
//
// Who can write the file can make the whole chain anew, or cut its end off: that is seen only against a Head that was noted
// elsewhere.
type Entry struct {
	At      time.Time // zero is now
	Who     string    // the account, or "tocsin"
	What    string    // login, campaign.closed, alert.sent …
	Subject string    // what it was done to
	Detail  string
}

// entryWord is how many bytes of a word are kept; what is longer is cut and ends in "…".
const entryWord = 16 << 10

// A Head is the end of the audit log: how many entries there are, and the last one's hash. Zero is an empty log.
type Head struct {
	N    int64
	Hash [sha256.Size]byte
}

// String is N:HASH, for an operator to note; ParseHead reads it.
func (h Head) String() string {
	return strconv.FormatInt(h.N, 10) + ":" + hex.EncodeToString(h.Hash[:])
}

// ParseHead reads String's form.
func ParseHead(text string) (Head, error) {
	var h Head
	n, hash, _ := strings.Cut(strings.TrimSpace(text), ":")
	b, err := hex.DecodeString(hash)
	if err == nil && len(b) == len(h.Hash) {
		if h.N, err = strconv.ParseInt(n, 10, 64); err == nil && h.N >= 0 {
			copy(h.Hash[:], b)
			return h, nil
		}
	}
	return Head{}, bad("the audit log's head %q: it is NUMBER:HASH with 64 hexadecimal digits", text)
}

// next is the head after an entry.
func (h Head) next(e Entry) Head {
	sum := sha256.New()
	sum.Write(h.Hash[:])
	var b []byte
	b = binary.BigEndian.AppendUint64(b, uint64(h.N+1))
	b = binary.BigEndian.AppendUint64(b, uint64(micros(e.At)))
	for _, w := range []string{e.Who, e.What, e.Subject, e.Detail} {
		b = binary.BigEndian.AppendUint32(b, uint32(len(w)))
		b = append(b, w...)
	}
	sum.Write(b)
	out := Head{N: h.N + 1}
	sum.Sum(out.Hash[:0])
	return out
}

// An AuditError is the first entry that does not follow from those before it.
type AuditError struct {
	N   int64 // its number
	Why string
}

func (e *AuditError) Error() string { return fmt.Sprintf("%v: entry %d: %s", ErrBroken, e.N, e.Why) }

// Is holds for ErrBroken.
func (e *AuditError) Is(target error) bool { return target == ErrBroken }

const (
	lastEntry = `SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1`
	addEntry  = `INSERT INTO audit (n, at, who, what, subject, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`
)

func (t *txn) audit(e Entry) error {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.Who, e.What, e.Subject, e.Detail = fit(e.Who), fit(e.What), fit(e.Subject), fit(e.Detail)
	head, err := scanHead(t.row(lastEntry))
	if err != nil {
		return err
	}
	h := head.next(e)
	return t.do(addEntry, h.N, micros(e.At), e.Who, e.What, e.Subject, e.Detail, h.Hash[:])
}

// fit makes a word valid UTF-8 of at most entryWord bytes.
func fit(w string) string {
	w = strings.ToValidUTF8(w, "\uFFFD")
	if len(w) <= entryWord {
		return w
	}
	n := entryWord - len("…")
	for !utf8.RuneStart(w[n]) {
		n--
	}
	return w[:n] + "…"
}

func scanHead(r interface{ Scan(...any) error }) (Head, error) {
	var h Head
	var hash []byte
	err := r.Scan(&h.N, &hash)
	if errors.Is(err, sql.ErrNoRows) {
		return Head{}, nil
	}
	if err == nil && copy(h.Hash[:], hash) != len(h.Hash) {
		err = &AuditError{N: h.N, Why: "its hash is not one"}
	}
	return h, err
}

// Audit adds entries to the audit log, all or none.
func (s *Store) Audit(ctx context.Context, entries ...Entry) error {
	return s.write(ctx, "audit", func(t *txn) error {
		for _, e := range entries {
			if err := t.audit(e); err != nil {
				return err
			}
		}
		return nil
	})
}

// Head is the end of the audit log, as the last entry says it: VerifyAudit checks it.
func (s *Store) Head(ctx context.Context) (Head, error) {
	h, err := scanHead(s.reader.QueryRowContext(ctx, lastEntry))
	return h, s.said("read", err)
}

// A Logged is an entry of the audit log with its place in it.
type Logged struct {
	Entry
	Head // after it
}

// entries gives those after number n, in order, up to limit (0 is all), as they are, unchecked.
func (s *Store) entries(ctx context.Context, n int64, limit int, f func(Logged) error) error {
	if limit <= 0 {
		limit = -1
	}
	var own error
	err := s.each(ctx, func(rows *sql.Rows) error {
		var l Logged
		var at int64
		var hash []byte
		if err := rows.Scan(&l.N, &at, &l.Who, &l.What, &l.Subject, &l.Detail, &hash); err != nil {
			return err
		}
		l.At = fromMicros(at)
		if copy(l.Hash[:], hash) != len(l.Hash) || len(hash) != len(l.Hash) {
			own = &AuditError{N: l.N, Why: "its hash is not one"}
			return own
		}
		own = f(l)
		return own
	}, `SELECT n, CAST(at AS INTEGER), who, what, subject, detail, hash FROM audit WHERE n > ? ORDER BY n LIMIT ?`, n, limit)
	if own != nil {
		return own
	}
	return err
}

// Entries are at most limit entries after number n, in order. They are not checked.
func (s *Store) Entries(ctx context.Context, n int64, limit int) ([]Logged, error) {
	var out []Logged
	err := s.entries(ctx, n, max(limit, 1), func(l Logged) error { out = append(out, l); return nil })
	return out, err
}

// VerifyAudit reads the whole audit log and gives its end, as far as entries follow from one another from the first on. The
// error is an AuditError that names the first that does not, ErrCorrupt where the file cannot be read further, or nil. noted
// is a Head that was noted earlier: the log must still have that entry, with that hash, so that also a log whose end was cut
// off, or that was made anew, is found. Zero is none, and then neither is seen.
func (s *Store) VerifyAudit(ctx context.Context, noted Head) (Head, error) {
	c := chain{noted: noted}
	err := s.entries(ctx, math.MinInt64, 0, c.add)
	if err == nil {
		err = c.end()
	}
	return c.head, err
}

// A chain checks entries one after the other.
type chain struct{ head, noted Head }

func (c *chain) add(l Logged) error {
	want := c.head.next(l.Entry)
	switch {
	case l.N < want.N:
		return &AuditError{N: l.N, Why: fmt.Sprintf("it does not belong: the next is %d", want.N)}
	case l.N > want.N:
		return &AuditError{N: want.N, Why: fmt.Sprintf("it is missing: the next is %d", l.N)}
	case l.Hash != want.Hash:
		return &AuditError{N: l.N, Why: "its hash does not follow from what it says and the entry before it"}
	case l.N == c.noted.N && l.Hash != c.noted.Hash:
		return &AuditError{N: l.N, Why: "it is not the one that was noted: the log was made anew"}
	}
	c.head = want
	return nil
}

func (c *chain) end() error {
	if c.head.N < c.noted.N {
		return &AuditError{N: c.head.N + 1, Why: fmt.Sprintf("it is missing, and up to %d were noted: the log's end was cut off", c.noted.N)}
	}
	return nil
}

// line is an entry in the exported log.
type line struct {
	N       int64     `json:"n"`
	At      time.Time `json:"at"`
	Who     string    `json:"who"`
	What    string    `json:"what"`
	Subject string    `json:"subject"`
	Detail  string    `json:"detail,omitempty"`
	Hash    string    `json:"hash"`
}

// ExportAudit writes the log as lines of JSON, with hashes, so that it can be kept and checked elsewhere (VerifyExport).
// It is checked as it is written: what does not follow ends it with an AuditError.
func (s *Store) ExportAudit(ctx context.Context, w io.Writer) (Head, error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	var c chain
	err := s.entries(ctx, math.MinInt64, 0, func(l Logged) error {
		if err := c.add(l); err != nil {
			return err
		}
		return enc.Encode(line{l.N, l.At, l.Who, l.What, l.Subject, l.Detail, hex.EncodeToString(l.Hash[:])})
	})
	return c.head, errors.Join(err, out.Flush())
}

// VerifyExport is VerifyAudit for what ExportAudit wrote.
func VerifyExport(r io.Reader, noted Head) (Head, error) {
	c := chain{noted: noted}
	dec := json.NewDecoder(r)
	for {
		var l line
		if err := dec.Decode(&l); err == io.EOF {
			return c.head, c.end()
		} else if err != nil {
			return c.head, &AuditError{N: c.head.N + 1, Why: "it is not a line of JSON: " + err.Error()}
		}
		got := Logged{Entry: Entry{l.At, l.Who, l.What, l.Subject, l.Detail}, Head: Head{N: l.N}}
		if b, err := hex.DecodeString(l.Hash); err == nil && len(b) == len(got.Hash) {
			copy(got.Hash[:], b)
		}
		if err := c.add(got); err != nil {
			return c.head, err
		}
	}
}
