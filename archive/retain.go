package archive

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Removed says what Retain took away and what is left.
type Removed struct {
	Files  int
	Bytes  int64
	Oldest time.Time // the beginning of the oldest hour that is kept; zero where nothing is
	Kept   int64     // bytes of Parquet files
	Spool  int64     // bytes of the spool, which is never taken away: it counts against the bound
}

// Retain removes whole Parquet files, the oldest hours first: those whose time was over at maxAge before now, and then more
// until all that the archive has is at most maxBytes; a bound of 0 is none. Files of events without a time are as old as the
// file is. The error tells of a file that could not be removed; the others were.
func (a *Archive) Retain(maxAge time.Duration, maxBytes int64, now time.Time) (Removed, error) {
	a.rolling.Lock()
	defer a.rolling.Unlock()
	var out Removed
	files, err := a.files()
	if err != nil {
		return out, fmt.Errorf("archive: %w", err)
	}
	entries, err := os.ReadDir(a.spool())
	if err != nil {
		return out, fmt.Errorf("archive: %w", err)
	}
	pending := map[uint64]bool{} // spool files that are being converted: their Parquet files would be made anew
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			out.Spool += info.Size()
		}
		if seq, kind := spoolName(e.Name()); kind == ".plan" {
			pending[seq] = true
		}
	}
	total := out.Spool
	for _, f := range files {
		total += f.size
	}
	slices.SortFunc(files, func(a, b storedFile) int {
		return cmp.Or(a.to.Compare(b.to), cmp.Compare(a.seq, b.seq), strings.Compare(a.path, b.path))
	})
	a.holding.Lock()
	defer a.holding.Unlock()
	var failed error
	for _, f := range files {
		old := maxAge > 0 && now.Sub(f.to) > maxAge
		if (old || maxBytes > 0 && total > maxBytes) && !pending[f.seq] {
			name := filepath.Join(a.dir, filepath.FromSlash(f.path))
			err := a.do("retain")
			if err == nil {
				err = os.Remove(name)
			}
			if err == nil {
				out.Files++
				out.Bytes += f.size
				total -= f.size
				for dir := filepath.Dir(name); len(dir) > len(a.dir) && os.Remove(dir) == nil; { // the folders that are empty now
					dir = filepath.Dir(dir)
				}
				continue
			}
			failed = cmp.Or(failed, fmt.Errorf("archive: %w", err))
		}
		out.Kept += f.size
		if out.Oldest.IsZero() || f.from.Before(out.Oldest) {
			out.Oldest = f.from
		}
	}
	return out, failed
}
