package source

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/tocsin-ids/tocsin/archive"
	"github.com/tocsin-ids/tocsin/decode"
)

// keptBlocks gives blocks of events that were kept.
type keptBlocks interface {
	Next(dst []byte) ([]byte, error)
	Events() int64
}

// keeps reads a file of Tocsin's archive of events, and says whether it is one, or another Parquet file.
func (o *opening) keeps(l layer, head []byte) (ok bool, err error) {
	parquet, spool := archive.IsParquet(head), archive.IsSpool(head)
	switch {
	case archive.IsNote(head):
		o.hooks.skip(l.path, "a note of Tocsin's archive about what it is making; the events are read elsewhere")
		return true, nil
	case !parquet && !spool && o.opt.Tenant != nil:
		o.hooks.skip(l.path, noTenant)
		return true, nil
	case !parquet && !spool:
		return false, nil
	case o.file == nil || l.archives+l.packed > 0:
		o.hooks.skip(l.path, "Parquet, or Tocsin's archive of events, which is read from files only: unpack it, and name the folder")
		return true, nil
	}
	s := &Stream{Path: l.path, Format: decode.Stored(), ModTime: l.mod, from: o.Reader, hooks: o.hooks}
	if spool {
		s.kept = o.bounded(archive.OpenSpool(o, o.file.Size(), l.path, archive.SpoolOptions{Most: o.opt.Limits.Whole, Read: o.reads, Tenant: o.opt.Tenant}))
		o.digest.use()
		return true, o.visit(s)
	}
	p, err := archive.OpenParquet(o, o.file.Size(), archive.ReadOptions{Most: o.opt.Limits.Whole, From: o.opt.From, To: o.opt.To, Needs: o.opt.Needs})
	switch {
	case err != nil && (errors.Is(err, archive.ErrForeign) || errors.Is(err, archive.ErrUnfinished)):
		o.hooks.skip(l.path, err.Error())
		return true, nil
	case err != nil:
		o.hooks.skip(l.path, "Parquet that cannot be read: "+reason(err))
		return true, nil
	}
	defer p.Close()
	if strings.HasSuffix(l.path, ".part") {
		o.hooks.skip(l.path, "a Parquet file that is being made; its events are read elsewhere")
		return true, nil
	}
	s.kept = o.bounded(p)
	o.digest.use()
	err = o.visit(s)
	outside, lacking := p.Passed()
	o.passed(l.path, outside, true)
	o.passed(l.path, lacking, false)
	return true, err
}

func (o *opening) passed(path string, p archive.Passed, outside bool) {
	if p.Groups > 0 && o.hooks.Passed != nil {
		o.hooks.Passed(Passed{Path: path, Groups: p.Groups, Of: p.Of, Events: p.Events, Outside: outside, First: p.First, Last: p.Last, Names: p.Names})
	}
}

// bounded holds kept events to the limits of what is unpacked.
func (o *opening) bounded(p keptBlocks) keptBlocks { return &boundedBlocks{p, o} }

type boundedBlocks struct {
	keptBlocks
	o *opening
}

func (b *boundedBlocks) Next(dst []byte) ([]byte, error) {
	if b.o.bomb != nil {
		return dst, b.o.bomb
	}
	out, err := b.keptBlocks.Next(dst)
	if bomb := b.o.unpacked(int64(len(out) - len(dst))); bomb != nil {
		return out, bomb
	}
	return out, err
}

const noTenant = "it does not tell of which tenant its events are, as Tocsin's archive does"

// foreign says why a file is not read where only some tenants' events are wanted; "" if it may have such. A spool file has
// those of several.
func (r *Reader) foreign(name string) string {
	if r.opt.Tenant == nil || strings.HasSuffix(name, ".spool") {
		return ""
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return reason(err)
	}
	switch tenant, ok := archive.TenantOf(abs); {
	case !ok:
		return noTenant
	case !r.opt.Tenant(tenant):
		return "of another tenant"
	}
	return ""
}

// note remembers which Parquet files are read, so that what a spool file has of them is not read twice while it is converted.
func (r *Reader) note(units []Unit) {
	for _, u := range units {
		if !strings.HasSuffix(u.Path, ".parquet") {
			continue
		}
		if abs, err := filepath.Abs(u.Path); err == nil {
			r.listed.Store(abs, true)
		}
	}
}

// reads says whether a Parquet file was listed.
func (r *Reader) reads(path string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	_, ok := r.listed.Load(abs)
	return ok
}

// becameParquet says what became of a spool file that was listed and is not there.
func becameParquet(path string, err error) string {
	if errors.Is(err, os.ErrNotExist) && strings.HasSuffix(path, ".spool") {
		return ": Tocsin's archive made Parquet files of it after the folder was listed; read the folder again"
	}
	return ""
}

// events yields blocks of events that were kept.
func (c *cutter) events() error {
	for {
		rec := c.from.record(c.from.block)
		c.line = c.kept.Events() + 1
		out, err := c.kept.Next(rec.Data)
		var l *limitError
		switch {
		case err == nil || err == io.EOF || errors.As(err, &l):
		case archive.Torn(err):
			c.hooks.skip(c.Path, "its last bytes are a block that is being written, or was cut off; what comes before was read")
		case errors.Is(err, archive.ErrLarge):
			c.hooks.faultAt(c.Path, c.line, limit(err.Error(), "--max-whole"), "")
		default:
			c.hooks.faultAt(c.Path, c.line, fmt.Errorf("%w", err), "the archive is damaged here; what else is in it was read")
		}
		if len(out) == 0 {
			c.from.Release(rec)
		} else {
			rec.Data, rec.Line = out, c.line
			if stop := c.put(rec); stop != nil {
				return stop
			}
		}
		if err == io.EOF || l != nil {
			return nil
		}
	}
}
