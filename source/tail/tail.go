// Package tail follows files as they grow: what globs name, through rotation by renaming, by copying and truncating, and
// by compression, also where it happened while nobody looked.
//
// A file is known by device and inode, and because those are used again, by prints (hashes) of its beginning and of what
// comes right before the place up to which it was read. The second is read together with what follows it, so what is
// delivered is known to go on where the last batch ended, whatever was done to the file meanwhile. Files of which the
// prints fit are one origin under any name: renamed, copied before it was truncated, compressed (gzip, bzip2, zstd: the
// rest is read out of it), or replaced by a longer version of itself. Where they do not fit, another origin begins, named
// PATH@TIME, since a path and a line name an event.
//
// What it promises: each line once, in the order of its file, and after a restart with the cursors that were committed,
// exactly what comes after them. An origin that was renamed is read to its end before that which took its name.
//
// Each file has a cursor from when it is first seen: batches without Data, without End, put it. So does the first start
// as such, under the origin file:start, which has neither data nor a Stat: a file that is seen later under the same glob
// is new, and read from its start. The cursors of a glob that is no longer given are left alone.
//
// End is sent when nothing can come any more and the file cannot be met again: it is gone, or it was renamed to what no
// glob names, also not once compressed, and was quiet for Grace. So what lies there under a rotated name that a glob
// names keeps its cursor for as long, as does the compressed file that it became, and none is read again.
//
// What was created, filled and rotated away while nobody looked is found if it lies beside what had its name, under a
// name that rotations give, and was changed after what the cursors know.
//
// What it leaves out: a copy that is made of a file which nobody truncates then is a file of its own, after it was looked
// at for Quiet. A file rewritten with the same beginning and the same bytes before the place is not told from one that
// grew. What is written and removed while nobody looks is not seen. xz is not decompressed: such files are given as a
// whole. The path of what is given as a whole may lead elsewhere once it is rotated.
package tail

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

// A Glob names files, and what is to be said of them.
type Glob struct {
	// Pattern is a path in which * ? and [] stand for what they do in filepath.Match, and ** as a whole segment for any
	// number of folders. A folder that it names stands for all files below. Links are followed, but those to folders only
	// where a segment other than ** names them. A relative path is made absolute once.
	Pattern string
	Tenant  string // as in feed.Origin, like the next two
	Format  string
	Host    string
	Start   bool // files that are there at the first start are read from their start, else from their end
}

// Options say what is followed, and how. Of its durations and sizes zero means the default.
type Options struct {
	Globs   []Glob   // which files; of several that name one, the first
	Exclude []string // patterns of files and folders that are not looked at

	// Followable says whether a file can be given as lines, by its name and its first bytes (at most 64 KiB, not always
	// whole lines), else it is given as a whole when it was quiet for Quiet, and again when it changed. Nil: all can, but
	// for compressed ones, which never are.
	Followable func(name string, head []byte) bool
	// Cut says where in whole lines the last record begins that lines to come may go on with. What is after the cut is
	// held back until more comes, but not longer than Hold. Nil: nothing is.
	Cut func(lines []byte) int

	// Unended is after how long of quiet a last line is delivered that has no end: it may be all there is. What is written to
	// it later is a line of its own with the same number. Zero: only when nothing can come any more.
	Unended time.Duration

	Poll    time.Duration // between looks at a file whose system does not tell of changes, or that changed lately; 100 ms
	Rescan  time.Duration // between looks for files; 1 s
	Hold    time.Duration // 100 ms
	Quiet   time.Duration // 5 s
	Grace   time.Duration // how long a renamed or removed file must be quiet before it is done with; 1 min
	Block   int           // most bytes of a batch, but for longer lines; 512 KiB
	MaxLine int           // bytes; longer lines are passed over and counted as lost; 16 MiB, at least Block
	MaxOpen int           // files held open; 500

	NoNotify bool         // do not ask the system to tell of changes, only poll
	Log      *slog.Logger // nil: discard
}

// Tail is a feed.Source of kind file.
type Tail struct {
	o       Options
	globs   []*glob
	exclude []pattern

	mu    sync.Mutex
	files map[*stream]public
	faces []feed.Stat // of globs that name nothing, or what cannot be read
}

// A glob is a Glob ready for use.
type glob struct {
	Glob
	pattern pattern
}

var _ feed.Source = (*Tail)(nil)

// New checks the options. It opens nothing.
func New(o Options) (*Tail, error) {
	t := &Tail{o: o, files: map[*stream]public{}}
	if len(o.Globs) == 0 {
		return nil, fmt.Errorf("no pattern says which files to follow")
	}
	for _, g := range o.Globs {
		p, err := compile(g.Pattern)
		if err != nil {
			return nil, err
		}
		t.globs = append(t.globs, &glob{g, p})
	}
	for _, e := range o.Exclude {
		p, err := compile(e)
		if err != nil {
			return nil, fmt.Errorf("exclude: %w", err)
		}
		t.exclude = append(t.exclude, p)
	}
	durations := []struct {
		d    *time.Duration
		zero time.Duration
	}{{&t.o.Poll, 100 * time.Millisecond}, {&t.o.Rescan, time.Second}, {&t.o.Hold, 100 * time.Millisecond}, {&t.o.Quiet, 5 * time.Second}, {&t.o.Grace, time.Minute}}
	for _, d := range durations {
		if *d.d <= 0 {
			*d.d = d.zero
		}
	}
	if t.o.MaxLine <= 0 {
		t.o.MaxLine = 16 << 20
	}
	if t.o.Block <= 0 {
		t.o.Block = 512 << 10
	}
	t.o.MaxLine = max(t.o.MaxLine, t.o.Block)
	if t.o.MaxOpen <= 0 {
		t.o.MaxOpen = 500
	}
	if t.o.Log == nil {
		t.o.Log = slog.New(slog.DiscardHandler)
	}
	return t, nil
}

// Committed has nothing to do: files are kept by whoever writes them, and what is not committed is in the cursor that
// comes back.
func (t *Tail) Committed(map[string]string) {}

// Run follows until ctx ends. It is called once.
func (t *Tail) Run(ctx context.Context, cursors map[string]string, sink feed.Sink, ready func()) error {
	f := newFollower(ctx, t, sink)
	defer f.close()
	if err := f.begin(cursors); err != nil {
		return nil // ctx has ended: nothing else ends a Put
	}
	if ready != nil {
		ready()
	}
	_ = f.loop()
	return nil
}

// public is what Stats may see of a stream.
type public struct {
	stat   feed.Stat
	path   string
	id     fileID
	offset int64
	sized  bool // how much is behind is size minus offset
}

// named says which glob names one of paths; nil if none does, or one is excluded.
func (t *Tail) named(paths ...string) *glob {
	for _, path := range paths {
		for _, p := range t.exclude {
			if p.match(path) {
				return nil
			}
		}
	}
	for _, g := range t.globs {
		for _, path := range paths {
			if g.pattern.match(path) {
				return g
			}
		}
	}
	return nil
}

// met says whether what lies at path may be met again: a glob names it, or would once it is compressed.
func (t *Tail) met(path string) bool {
	if t.named(path) != nil {
		return true
	}
	for _, ext := range packedExts {
		if t.named(path+ext) != nil {
			return true
		}
	}
	return false
}
