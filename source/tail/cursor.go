package tail

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// fileID is which file one is, on this machine, while it is there.
type fileID struct{ dev, ino uint64 }

// A kind is how a file is read.
type kind string

const (
	fresh  kind = ""       // not known yet
	lines  kind = "lines"  // followed
	whole  kind = "whole"  // given as a whole
	packed kind = "packed" // what was followed, compressed since
)

const (
	headMost = 1024 // bytes at the beginning that a file is known by
	tailMost = 128  // bytes before the place, likewise
)

// A cursor is what must be known of a file to go on with it.
type cursor struct {
	Path   pathText `json:"path"`             // where it was last
	Name   pathText `json:"name,omitempty"`   // as the glob found it; "": Path
	As     pathText `json:"as,omitempty"`     // Origin.Path; "": Name
	Dev    uint64   `json:"dev"`              // fileID
	Ino    uint64   `json:"ino"`              // fileID
	Kind   kind     `json:"kind,omitempty"`   //
	Head   string   `json:"head,omitempty"`   // print of the first HeadN bytes
	HeadN  int      `json:"head_n,omitempty"` //
	Tail   string   `json:"tail,omitempty"`   // print of the tailMost bytes before Offset, or all there are
	Offset int64    `json:"offset"`           // where to go on
	Line   int64    `json:"line"`             // number of the line there; 0: not counted, and Offset may be within a line
	Past   int64    `json:"past,omitempty"`   // before this offset lies what was there at the first start
	Size   int64    `json:"size,omitempty"`   // of whole: when it was given
	Mod    int64    `json:"mod,omitempty"`    // of whole: likewise, in Unix nanoseconds
	Done   bool     `json:"done,omitempty"`   // of packed: read to its end
	Born   int64    `json:"born,omitempty"`   // when it was first seen, in Unix microseconds
	Time   int64    `json:"time"`             // what was changed before, in Unix milliseconds, has a cursor of its own
}

// longestCursor bounds what is parsed: two paths, escaped.
const longestCursor = 64 << 10

func parseCursor(s string) (cursor, error) {
	var c cursor
	if len(s) > longestCursor {
		return c, fmt.Errorf("of %d bytes is longer than any", len(s))
	}
	if err := json.Unmarshal([]byte(s), &c); err != nil {
		return c, err
	}
	if c.Name == "" {
		c.Name = c.Path
	}
	if c.As == "" {
		c.As = c.Name
	}
	switch {
	case !filepath.IsAbs(string(c.Path)) || !filepath.IsAbs(string(c.Name)):
		return c, errors.New("its path is not absolute")
	case c.Offset < 0 || c.Line < 0 || c.Past < 0 || c.Size < 0:
		return c, errors.New("it has a negative number")
	case c.HeadN < 0 || c.HeadN > headMost || c.HeadN > 0 && len(c.Head) != printLen:
		return c, errors.New("its print of the beginning is none")
	case c.Tail != "" && len(c.Tail) != printLen:
		return c, errors.New("its print of what comes before the place is none")
	}
	switch c.Kind {
	case fresh, lines, whole, packed:
	default:
		return c, fmt.Errorf("it is of the unknown kind %q", c.Kind)
	}
	return c, nil
}

func (c cursor) String() string {
	if c.As == c.Name {
		c.As = ""
	}
	if c.Name == c.Path {
		c.Name = ""
	}
	b, err := json.Marshal(c)
	if err != nil { // cannot be: all of it can be text
		panic(err)
	}
	return string(b)
}

// pathText is a path in JSON, also one that is not UTF-8: then it is quoted once more.
type pathText string

func (p pathText) MarshalText() ([]byte, error) {
	if utf8.ValidString(string(p)) && !strings.HasPrefix(string(p), `"`) {
		return []byte(p), nil
	}
	return []byte(strconv.QuoteToASCII(string(p))), nil
}

func (p *pathText) UnmarshalText(b []byte) error {
	if len(b) == 0 || b[0] != '"' {
		*p = pathText(b)
		return nil
	}
	s, err := strconv.Unquote(string(b))
	*p = pathText(s)
	return err
}

// printLen is the length of a print: half of it are random enough that two do not meet by chance, and who can choose the
// bytes of a log gains nothing by making them meet.
const printLen = 24

func printOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:printLen/2])
}

// A head is the print of the beginning of a file, as far as it is known.
type head struct {
	sum string
	n   int
}

// of says whether r begins so. A beginning of nothing is that of all.
func (h head) of(r io.ReaderAt) (bool, error) {
	if h.n == 0 {
		return true, nil
	}
	buf := make([]byte, h.n)
	if n, err := r.ReadAt(buf, 0); n < len(buf) {
		if err == io.EOF {
			err = nil
		}
		return false, err
	}
	return printOf(buf) == h.sum, nil
}

// begins says whether b begins so.
func (h head) begins(b []byte) bool { return h.n > 0 && len(b) >= h.n && printOf(b[:h.n]) == h.sum }

// tailAt is the print of what comes before offset in r.
func tailAt(r io.ReaderAt, offset int64) (string, error) {
	buf := make([]byte, min(offset, tailMost))
	if n, err := r.ReadAt(buf, offset-int64(len(buf))); n < len(buf) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	return printOf(buf), nil
}

// startID names the cursor of the beginning: which globs had theirs, and which paths were used.
const startID = "file:start"

// mostUsed bounds the paths of files that are gone that are remembered, the last ones, so that another file under the
// same path has another name.
const mostUsed = 1024

type start struct {
	Globs []pathText `json:"globs"` // whose files that were there are all known
	Used  []string   `json:"used"`  // prints of Origin.Path of what ended, oldest first
	Time  int64      `json:"time"`  // as of cursor
}

func parseStart(s string) (start, error) {
	var st start
	if len(s) > 1<<20 {
		return st, fmt.Errorf("of %d bytes is longer than any", len(s))
	}
	if err := json.Unmarshal([]byte(s), &st); err != nil {
		return start{}, err
	}
	if len(st.Used) > mostUsed {
		st.Used = st.Used[len(st.Used)-mostUsed:]
	}
	return st, nil
}

func (st start) String() string {
	b, err := json.Marshal(st)
	if err != nil { // cannot be: all of it can be text
		panic(err)
	}
	return string(b)
}

// milli is a time as cursors have it.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
