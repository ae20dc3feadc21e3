package archive

import (
	"fmt"
	"io/fs"
	"math"
	"net/url"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A grain is how much time the Parquet files of one spool file and tenant have each. It is an hour as long as there are few of
// them: what is read in at once from the past, or has forged times, must not become a file for each hour that there ever was.
type grain uint8

const (
	hourly grain = iota
	daily
	monthly
	yearly
	whole
)

// mostPeriods is how many periods of each grain a spool file may become before the next grain is taken.
var mostPeriods = [...]int{hourly: 48, daily: 62, monthly: 120, yearly: 100}

// The seconds at which the years 1 and 10000 begin: what is before and after has a file of its own.
const (
	yearOne   = -62135596800
	yearLimit = 253402300800
)

// A period is a stretch of time, from a second to before another, that is one file.
type period struct {
	from, to int64
	path     string // below the tenant's folder, without the number
}

// of is the period that a time is in.
func (g grain) of(t time.Time) period {
	switch sec := t.Unix(); {
	case sec < yearOne:
		return period{math.MinInt64, yearOne, "before"}
	case sec >= yearLimit:
		return period{yearLimit, math.MaxInt64, "after"}
	}
	t = t.UTC()
	y, m, d := t.Date()
	var to time.Time
	from := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	name := ""
	switch g {
	case hourly:
		from = time.Date(y, m, d, t.Hour(), 0, 0, 0, time.UTC)
		to, name = from.Add(time.Hour), from.Format("2006/01/02/15")
	case daily:
		to, name = from.AddDate(0, 0, 1), from.Format("2006/01/02")+"/day"
	case monthly:
		from = time.Date(y, m, 1, 0, 0, 0, 0, time.UTC)
		to, name = from.AddDate(0, 1, 0), from.Format("2006/01")+"/month"
	case yearly:
		from = time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)
		to, name = from.AddDate(1, 0, 0), from.Format("2006")+"/year"
	default:
		return period{yearOne, yearLimit, "all"}
	}
	return period{from.Unix(), to.Unix(), name}
}

// holds says that a time is in the period.
func (p *period) holds(t time.Time) bool { return t.Unix() >= p.from && t.Unix() < p.to }

// filePath is where a Parquet file lies below the archive, with slashes.
func filePath(tenant, period string, seq uint64) string {
	return path.Join(TenantFolder(tenant), fmt.Sprintf("%s-%06d.parquet", period, seq))
}

const undatedName = "undated"

// parsePath takes a file's place below the archive apart, with slashes. A zero to is a file whose name tells no time; ok is
// false for what is no file of an archive.
func parsePath(name string) (seq uint64, from, to time.Time, ok bool) {
	rest, ok := strings.CutSuffix(name, ".parquet")
	dash := strings.LastIndexByte(rest, '-')
	first := strings.IndexByte(rest, '/')
	if !ok || dash < 0 || first < 0 || first > dash {
		return 0, from, to, false
	}
	seq, err := strconv.ParseUint(rest[dash+1:], 10, 64)
	if err != nil {
		return 0, from, to, false
	}
	when := rest[first+1 : dash]
	for g, layout := range [...]string{hourly: "2006/01/02/15", daily: "2006/01/02/day", monthly: "2006/01/month", yearly: "2006/year"} {
		if t, err := time.Parse(layout, when); err == nil {
			p := grain(g).of(t)
			return seq, time.Unix(p.from, 0).UTC(), time.Unix(p.to, 0).UTC(), true
		}
	}
	return seq, from, to, when == undatedName || when == "before" || when == "after" || when == "all"
}

// TenantFolder is the name of a tenant's folder: "default" for the only one, else its name, of which all that is not a small
// letter, a digit or a hyphen is written as %XX, so that no two are one on any file system.
func TenantFolder(tenant string) string {
	if tenant == "" {
		return "default"
	}
	var b strings.Builder
	for i := range len(tenant) {
		c := tenant[i]
		plain := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' && i > 0
		if plain && i == 0 && reserved(tenant) {
			plain = false
		}
		if plain {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// TenantOf tells by where a Parquet file of an archive lies which tenant's events it has; ok is false where that tells none.
func TenantOf(file string) (tenant string, ok bool) {
	file = filepath.ToSlash(file)
	for at := len(file); at >= 0; {
		at = strings.LastIndexByte(file[:at], '/')
		below := file[at+1:]
		if _, _, _, ok := parsePath(below); !ok {
			continue
		}
		folder, _, _ := strings.Cut(below, "/")
		if folder == TenantFolder("") {
			return "", true
		}
		if tenant, err := url.PathUnescape(folder); err == nil && TenantFolder(tenant) == folder {
			return tenant, true
		}
	}
	return "", false
}

// reserved are names that are something else: here or, as devices, on Windows.
func reserved(name string) bool {
	switch name {
	case "default", spoolFolder, "con", "prn", "aux", "nul":
		return true
	}
	return len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt"))
}

// hourOf is the hour that a time is in.
func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }

// A stored file is one Parquet file of the archive.
type storedFile struct {
	path     string // below the archive, with slashes
	seq      uint64
	from, to time.Time
	size     int64
}

// files are the Parquet files of the archive.
func (a *Archive) files() (all []storedFile, err error) {
	err = filepath.WalkDir(a.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name == a.spool() {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(a.dir, name)
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel = filepath.ToSlash(rel)
		seq, from, to, ok := parsePath(rel)
		if !ok {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if to.IsZero() {
			from = info.ModTime().UTC()
			to = from
		}
		all = append(all, storedFile{rel, seq, from, to, info.Size()})
		return nil
	})
	return all, err
}

// highest is the highest number that any file has.
func (a *Archive) highest() (n uint64, err error) {
	seqs, err := a.seqs()
	if err != nil {
		return 0, err
	}
	for _, seq := range seqs {
		n = max(n, seq)
	}
	files, err := a.files()
	for _, f := range files {
		n = max(n, f.seq)
	}
	return n, err
}
