// Package update installs collections of Sigma rules: SigmaHQ's release archives, or any zip or tar.gz of rules, from a
// URL or a file. What it installs has been checked: the archive's SHA-256 where one is known, every path, and every
// rule, which the engine must accept or it is told. A collection is replaced as a whole or not at all, and the one
// before it is kept for Rollback.
//
// Rules stay as their authors wrote them, with the licence of their archive beside them; matches name author and
// licence, as the Detection Rule License asks.
package update

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/sigma"
)

// SigmaHQ is where the project publishes all its rules.
const SigmaHQ = "https://github.com/SigmaHQ/sigma/releases/latest/download/sigma_all_rules.zip"

// Options of an update; Dir must be given.
type Options struct {
	From   string    // URL or file; SigmaHQ if empty
	Dir    string    // the directory that holds the collection; made if it is not there
	SHA256 string    // the archive's digest in hexadecimal; if empty, that of the file From + ".sha256" if there is one
	Force  bool      // install a collection less than half as large as the one before
	Now    time.Time // noted as the date; now if zero
	Bounds Bounds
}

// Bounds limit what an archive may cost; zero fields have defaults that fit all of SigmaHQ's repository.
type Bounds struct {
	Archive int64 // bytes to download or read; 256 MiB
	Total   int64 // bytes of rules unpacked; 256 MiB
	File    int64 // bytes of one file; 4 MiB
	Files   int   // entries, rules or not; 200,000
}

func (b Bounds) filled() Bounds {
	if b.Archive == 0 {
		b.Archive = 256 << 20
	}
	if b.Total == 0 {
		b.Total = 256 << 20
	}
	if b.File == 0 {
		b.File = 4 << 20
	}
	if b.Files == 0 {
		b.Files = 200_000
	}
	return b
}

// A Version says which collection is installed. It lies in the collection's directory as tocsin-rules.json.
type Version struct {
	From     string    `json:"from"`
	Date     time.Time `json:"date"`
	SHA256   string    `json:"sha256"`
	Verified bool      `json:"verified"` // the digest was known beforehand
	Release  string    `json:"release"`  // what the archive calls itself, if it does
	License  string    `json:"license"`  // of rules that name none
	Files    int       `json:"files"`
	Rules    int       `json:"rules"`
	Rejected int       `json:"rejected"` // rules that the engine cannot use
}

const versionFile = "tocsin-rules.json"

// Errors that callers test for.
var (
	ErrDigest  = errors.New("the archive is not the one that was expected")
	ErrForeign = errors.New("the directory holds something else than a rule collection")
	ErrShrunk  = errors.New("the collection has less than half the rules of the one before")
	ErrNoRules = errors.New("the archive holds no rules")
	ErrNone    = errors.New("no collection is installed")
)

// Run fetches, checks and installs a collection. The faults are files and rules that were left out or cannot be used;
// with an error nothing has changed.
func Run(ctx context.Context, o Options) (Version, []*tocsin.Fault, error) {
	if o.From == "" {
		o.From = SigmaHQ
	}
	if o.Dir == "" {
		return Version{}, nil, errors.New("no directory to install to")
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Bounds = o.Bounds.filled()
	before, err := Installed(o.Dir)
	if err == nil {
		err = untouched(o.Dir, before)
	}
	if err == nil { // it makes room for the present one
		var old Version
		if old, err = Installed(previous(o.Dir)); err == nil {
			err = untouched(previous(o.Dir), old)
		}
	}
	if err != nil && !errors.Is(err, ErrNone) {
		return Version{}, nil, err
	}
	file, size, digest, err := fetch(ctx, o.From, o.Bounds.Archive)
	if err != nil {
		return Version{}, nil, err
	}
	defer func() {
		file.Close()
		os.Remove(file.Name())
	}()
	v := Version{From: o.From, Date: o.Now.UTC().Truncate(time.Second), SHA256: digest}
	want := o.SHA256
	if want == "" {
		if want, err = sidecar(ctx, o.From); err != nil {
			return v, nil, err
		}
	}
	if want != "" {
		if !strings.EqualFold(strings.TrimSpace(want), digest) {
			return v, nil, fmt.Errorf("%s: %w: its SHA-256 is %s, not %s", o.From, ErrDigest, digest, want)
		}
		v.Verified = true
	}
	a, err := unpack(file, size, o.Bounds)
	if err != nil {
		return v, nil, fmt.Errorf("%s: %w", o.From, err)
	}
	faults := a.check(&v)
	switch {
	case v.Rules == 0:
		return v, faults, fmt.Errorf("%s: %w", o.From, ErrNoRules)
	case v.Rules < before.Rules/2 && !o.Force:
		return v, faults, fmt.Errorf("%s: %w: %d, before %d", o.From, ErrShrunk, v.Rules, before.Rules)
	}
	return v, faults, install(o.Dir, a, v)
}

// Installed reads which collection a directory holds. ErrNone is none; ErrForeign is a directory that is not ours to
// replace.
func Installed(dir string) (Version, error) {
	data, err := os.ReadFile(filepath.Join(dir, versionFile))
	if errors.Is(err, os.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
			return Version{}, ErrNone
		}
		if err != nil {
			return Version{}, err
		}
		return Version{}, fmt.Errorf("%s: %w (no %s in it): choose another directory", dir, ErrForeign, versionFile)
	}
	if err != nil {
		return Version{}, err
	}
	var v Version
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fmt.Errorf("%s: %w", filepath.Join(dir, versionFile), err)
	}
	return v, nil
}

// untouched is an error if a collection's directory holds what the collection did not bring: an update would move it away,
// and the next one remove it.
func untouched(dir string, v Version) error {
	rules := 0
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name := d.Name()
		if isRule(name) {
			rules++
		}
		if !d.Type().IsRegular() || !isRule(name) && !isLicense(name) && name != versionFile || rules > v.Files {
			return fmt.Errorf("%s: %w (%s is not of the collection): move it away, or choose another directory", dir, ErrForeign, path)
		}
		return nil
	})
}

// check leaves out files without a rule, and counts.
func (a *archive) check(v *Version) []*tocsin.Fault {
	faults := a.faults
	var rules []*sigma.Rule
	kept := a.files[:0]
	for _, f := range a.files {
		if !isRule(f.name) {
			if v.License == "" && strings.Contains(string(f.data), "Detection Rule License") {
				v.License = "DRL-1.1"
			}
			kept = append(kept, f)
			continue
		}
		rs, fs := sigma.Parse(f.name, f.data)
		faults = append(faults, fs...)
		v.Rejected += len(fs)
		if len(rs) > 0 {
			rules = append(rules, rs...)
			kept = append(kept, f)
			v.Files++
		}
	}
	a.files = kept
	_, fs := sigma.Compile(rules, sigma.Options{})
	faults = append(faults, fs...)
	v.Rejected += len(fs)
	v.Rules, v.Release = len(rules), a.release
	return faults
}

// install writes the collection beside its place and puts it there by renaming.
func install(dir string, a *archive, v Version) error {
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh) // nothing is there once it was renamed
	if err := os.Chmod(fresh, 0o755); err != nil {
		return err
	}
	for _, f := range a.files {
		to := filepath.Join(fresh, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if err := write(to, f.data); err != nil {
			return err
		}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(fresh, versionFile), append(text, '\n')); err != nil {
		return err
	}
	return replace(dir, fresh)
}

// write makes a file that was not there.
func write(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// previous is where the collection before the installed one is kept.
func previous(dir string) string { return filepath.Clean(dir) + ".previous" }

// replace puts fresh in the place of dir and keeps what was there.
func replace(dir, fresh string) error {
	old := previous(dir)
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) {
		return os.Rename(fresh, dir)
	}
	if _, err := Installed(dir); errors.Is(err, ErrNone) { // an empty directory
		if err := os.Remove(dir); err != nil {
			return err
		}
		return os.Rename(fresh, dir)
	}
	if _, err := Installed(old); err == nil {
		if err := os.RemoveAll(old); err != nil {
			return err
		}
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(old, dir))
	}
	return nil
}

// Rollback puts the collection that was installed before in the place of the present one, which is kept instead.
func Rollback(dir string) (Version, error) {
	dir = filepath.Clean(dir)
	v, err := Installed(previous(dir))
	if err != nil {
		return v, fmt.Errorf("nothing to go back to: %w", err)
	}
	if _, err := Installed(dir); err != nil && !errors.Is(err, ErrNone) {
		return v, err
	}
	aside, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return v, err
	}
	defer os.Remove(aside)
	held := filepath.Join(aside, "rules")
	if err := os.Rename(previous(dir), held); err != nil {
		return v, err
	}
	if err := replace(dir, held); err != nil {
		return v, errors.Join(err, os.Rename(held, previous(dir)))
	}
	return v, nil
}
