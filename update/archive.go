package update

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/tocsin-ids/tocsin"
)

// An archive is what was unpacked of one: rules, licences and its version.
type archive struct {
	files   []file
	release string
	faults  []*tocsin.Fault // entries that were left out though they look like rules
	bounds  Bounds
	whole   bool // nothing is left out for the folder that it is in
	total   int64
	entries int
	seen    map[string]bool // names in small letters
}

type file struct {
	name string // slashes, below the collection's directory
	data []byte
}

var errFormat = errors.New("neither a zip nor a tar.gz archive")

// unpack reads a zip or tar.gz archive. Anything that does not belong below the collection's directory is refused.
func unpack(f io.ReaderAt, size int64, b Bounds) (*archive, error) {
	a := &archive{bounds: b, seen: map[string]bool{}}
	return a, a.unpack(f, size)
}

func (a *archive) unpack(f io.ReaderAt, size int64) error {
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var err error
	switch {
	case string(magic[:]) == "PK\x03\x04" || string(magic[:]) == "PK\x05\x06":
		err = a.zip(f, size)
	case magic[0] == 0x1f && magic[1] == 0x8b:
		err = a.tarball(io.NewSectionReader(f, 0, size))
	default:
		err = errFormat
	}
	if err != nil {
		return err
	}
	a.strip()
	slices.SortFunc(a.files, func(x, y file) int { return strings.Compare(x.name, y.name) })
	return nil
}

// maxDirectory bounds a zip's list of entries, which is read as a whole: some 300,000 of them.
const maxDirectory = 16 << 20

// directory checks the size of the list of entries before anything reads it. The record that ends a zip says where the
// list begins and how long it is. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.3.16
func directory(r io.ReaderAt, size int64) error {
	tail := make([]byte, min(size, 22+0xffff))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || at+22 > len(tail) {
		return zip.ErrFormat
	}
	length := int64(binary.LittleEndian.Uint32(tail[at+12:]))
	start := int64(binary.LittleEndian.Uint32(tail[at+16:]))
	if end := size - int64(len(tail)) + int64(at); length > maxDirectory || end-start > maxDirectory {
		return fmt.Errorf("a list of entries of more than %d bytes", maxDirectory)
	}
	return nil
}

func (a *archive) zip(r io.ReaderAt, size int64) error {
	if err := directory(r, size); err != nil {
		return err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return err
	}
	for _, e := range z.File {
		if !e.Mode().IsRegular() {
			continue
		}
		open := func() (io.ReadCloser, error) { return e.Open() }
		if err := a.entry(e.Name, int64(min(e.UncompressedSize64, 1<<62)), open); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) tarball(r io.Reader) error {
	g, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	// What is skipped is unpacked too: a bound for all of it keeps a bomb from running on.
	t := tar.NewReader(io.LimitReader(g, 16*a.bounds.Total))
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		open := func() (io.ReadCloser, error) { return io.NopCloser(t), nil }
		if err := a.entry(h.Name, h.Size, open); err != nil {
			return err
		}
	}
}

// isRule says whether a file is named as rules are.
func isRule(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".yml" || ext == ".yaml"
}

// apart are folders at the top of SigmaHQ's repository whose YAML is not meant to be used.
var apart = []string{"deprecated", "unsupported", "tests", "regression_data", "documentation", "other"}

// wanted says whether an entry belongs into a collection.
func (a *archive) wanted(name string) bool {
	dir, base := path.Split(name)
	for i, d := range strings.Split(dir, "/") {
		if strings.HasPrefix(d, ".") && d != "." && d != ".." {
			return false
		}
		if a.whole || i > 1 || !slices.Contains(apart, d) {
			continue
		}
		if i == 0 || !strings.HasPrefix(dir, "rules") { // below the folder that the repository is packed in, if any
			return false
		}
	}
	if isRule(name) {
		return !strings.HasPrefix(base, ".")
	}
	return isLicense(base) || isVersion(base)
}

func isLicense(base string) bool {
	up := strings.ToUpper(base)
	switch path.Ext(up) {
	case "", ".MD", ".TXT", ".RULES":
		return strings.Contains(up, "LICENSE") || strings.HasPrefix(up, "COPYING")
	}
	return false
}

func isVersion(base string) bool { return strings.EqualFold(base, "version.txt") }

// entry takes one entry of the archive.
func (a *archive) entry(name string, size int64, open func() (io.ReadCloser, error)) error {
	if a.entries++; a.entries > a.bounds.Files {
		return fmt.Errorf("more than %d entries", a.bounds.Files)
	}
	for strings.HasPrefix(name, "./") { // as tar writes what is packed with "tar c ."
		name = name[2:]
	}
	if !a.wanted(name) {
		return nil
	}
	if !safe(name) {
		a.refuse(name, errors.New("a path that leads out of the collection or cannot be written"))
		return nil
	}
	clean := path.Clean(name)
	if low := strings.ToLower(clean); a.seen[low] {
		a.refuse(name, errors.New("a second entry of this name"))
		return nil
	} else {
		a.seen[low] = true
	}
	if size > a.bounds.File {
		a.refuse(name, fmt.Errorf("%d bytes, more than %d", size, a.bounds.File))
		return nil
	}
	r, err := open()
	if err != nil {
		return fmt.Errorf("%s: %w", clipped(name), err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, a.bounds.File+1)) // the size that is stated need not be true
	if err != nil {
		return fmt.Errorf("%s: %w", clipped(name), err)
	}
	if int64(len(data)) > a.bounds.File {
		a.refuse(name, fmt.Errorf("more than %d bytes", a.bounds.File))
		return nil
	}
	if a.total += int64(len(data)); a.total > a.bounds.Total {
		return fmt.Errorf("more than %d bytes of rules", a.bounds.Total)
	}
	if isVersion(path.Base(clean)) {
		if a.release == "" {
			a.release = clipped(strings.TrimSpace(string(data)))
		}
		return nil
	}
	a.files = append(a.files, file{clean, data})
	return nil
}

func (a *archive) refuse(name string, err error) {
	a.faults = append(a.faults, &tocsin.Fault{Source: clipped(name), Err: err, Hint: "the entry was left out"})
}

// safe says whether a name stays below the collection's directory, on every system.
func safe(name string) bool {
	if !filepath.IsLocal(filepath.FromSlash(name)) || strings.ContainsAny(name, `\:*?"<>|`) || len(name) > 1024 {
		return false
	}
	for _, part := range strings.Split(name, "/") {
		if part == ".." || len(part) > 200 || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
			return false
		}
	}
	return !strings.ContainsFunc(name, unicode.IsControl)
}

// clipped is text of an archive, short and without control characters, to show.
func clipped(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return '?'
		}
		return r
	}, s)
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}

// strip takes away a folder that all files are in, as archives of repositories have it.
func (a *archive) strip() {
	if len(a.files) == 0 {
		return
	}
	top, _, ok := strings.Cut(a.files[0].name, "/")
	if !ok || strings.HasPrefix(top, "rules") {
		return
	}
	for _, f := range a.files {
		if !strings.HasPrefix(f.name, top+"/") {
			return
		}
	}
	for i := range a.files {
		a.files[i].name = a.files[i].name[len(top)+1:]
	}
}

// A File is a rule file of an archive.
type File struct {
	Name string // its path in the archive, below the folder that all of it lies in
	Data []byte
}

// Files reads all rule files of a zip or tar.gz archive, in order of their names. The faults are entries that were
// left out though they look like rules.
func Files(f io.ReaderAt, size int64, b Bounds) ([]File, []*tocsin.Fault, error) {
	a := &archive{bounds: b.filled(), whole: true, seen: map[string]bool{}}
	if err := a.unpack(f, size); err != nil {
		return nil, nil, err
	}
	var out []File
	for _, f := range a.files {
		if isRule(f.name) {
			out = append(out, File{f.name, f.data})
		}
	}
	return out, a.faults, nil
}
