// Package source opens what the user names and cuts it into records: files, folders, standard input, and what lies in
// them inside zip, tar and 7z archives and gzip, xz, zstd and bzip2 compression, all told by content, never by name; and the
// files of Tocsin's own archive of events, whose events come as they were when they were kept.
//
// It promises that a record never splits what its decoder must see whole, that everything met is either read, or
// skipped with a reason, or a fault that names the place, and that hostile input costs bounded time and memory: see
// [Limits]. It only reads regular files (and standard input), so that no FIFO or device can hold it up; names inside
// archives are shown and never used as paths.
//
// It leaves out following files as they grow: a file is read up to the size it had when it was opened.
package source

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
)

// Options of a Reader; the zero value works.
type Options struct {
	Format  string    // name of the format that all streams are of; "" is by content
	Stdin   io.Reader // what the argument "-" means; nil has nothing to read
	Exclude []string  // path.Match patterns; a file or member is skipped when one fits its reported path or its last part
	// Follow reads what symbolic links below the arguments point to. Without it they are skipped and listed: inside
	// the argument the target is read in its own place, and outside it belongs to somebody else; an image of
	// another machine has links that would lead to the files of this one. Links named as arguments are always followed.
	Follow bool
	// Results reads what Tocsin itself wrote as logs. Without it such files and members are skipped and said to be
	// results: a report that lies among the logs is no log of theirs.
	Results bool
	// Passwords are tried in order on what is encrypted in zip (traditional and WinZip's AES) and 7z archives (AES-256);
	// after them "infected", which evidence is exchanged under by convention.
	Passwords []string
	// From and To let parts of Tocsin's archive be passed over all events of which are before From or after To; zero bounds
	// are open. Nothing else is left out: whoever is given the events looks at their times.
	From, To time.Time
	// Needs lets parts of Tocsin's archive be passed over in which no event has, of each of these sets, one of its values in
	// some field, but for upper and lower case. Nothing else is left out.
	Needs [][]string
	// Tenant says whether a tenant's events are wanted; nil wants everything. Otherwise nothing but Tocsin's archive is read, since
	// nothing else tells of which tenant an event is. Several goroutines call it.
	Tenant func(tenant string) bool
	Limits Limits
}

// Limits bound what one file may cost. A zero is the default; a fault that a limit causes names the flag that
// raises it.
type Limits struct {
	Size    int64 // --max-size: bytes that one file may decompress to, all layers counted; 256 GiB
	Ratio   int64 // --max-ratio: decompressed to original bytes, once the former are more than 256 MiB; 1,000
	Members int64 // --max-members: members of all archives in one file; 200,000
	Depth   int   // --max-depth: archives in archives; 4
	Whole   int64 // --max-whole: bytes of a stream that must be held in memory whole; 256 MiB
}

// Fixed bounds, generous for anything that logs are.
const (
	maxLine    = 16 << 20  // bytes of one line
	maxValue   = 64 << 20  // bytes of one JSON value
	maxWindow  = 128 << 20 // bytes that a decompressor may remember
	ratioFloor = 256 << 20 // decompressed bytes below which the ratio does not matter
	headSize   = 64 << 10  // bytes that formats are told by
)

// A Reader lists, opens and cuts. It may be used by several goroutines at once.
type Reader struct {
	opt     Options
	format  *decode.Format // of all streams, if the user said so
	block   int            // bytes of a record of lines or values, as a rule
	records sync.Pool      // of *tocsin.Record
	heads   sync.Pool      // of *bufio.Reader
	hosts   sync.Map       // machines of unpacked collections, by folder
	listed  sync.Map       // absolute paths of the Parquet files that were listed
}

// New returns a Reader. The error is not nil when o names a format that there is not.
func New(o Options) (*Reader, error) {
	r := &Reader{opt: o, block: 256 << 10}
	if o.Format != "" {
		f, ok := decode.ByName(o.Format)
		if !ok {
			return nil, fmt.Errorf("--input-format %s: there is no such format", o.Format)
		}
		r.format = &f
	}
	l := &r.opt.Limits
	for _, d := range []struct {
		p *int64
		v int64
	}{{&l.Size, 256 << 30}, {&l.Ratio, 1000}, {&l.Members, 200_000}, {&l.Whole, 256 << 20}} {
		if *d.p <= 0 {
			*d.p = d.v
		}
	}
	if l.Depth <= 0 {
		l.Depth = 4
	}
	return r, nil
}

// A Unit is a regular file that the user named or that lies below what the user named, or standard input: what is
// opened and read as one, by one goroutine.
type Unit struct {
	Path    string    // as reported: the argument as given and the path below it
	Size    int64     // bytes on disk; 0 for standard input, whose size is not known
	ModTime time.Time // zero for standard input
	stdin   bool
}

// Hooks are told what Open has to say; they may be nil.
type Hooks struct {
	Skip  func(tocsin.File)    // a stream or member that is not read, with the reason
	Fault func(*tocsin.Fault)  // something that could not be read, of a stream that is otherwise read
	Bytes func(progress int64) // so many more bytes of the unit are done; they add up to its Size
	// Digest is told the SHA-256 of the unit as it lies on disk, once it was read, if any of it was looked into; ok is false
	// where there is none, such as for a file that became shorter. Without it nothing is hashed.
	Digest func(size int64, sum [32]byte, ok bool)
	Passed func(Passed) // what of Tocsin's archive was passed over, as Options.From, To and Needs allow
}

// A Passed is what was passed over of one file of Tocsin's archive: it was not read, because it cannot hold what was asked for.
type Passed struct {
	Path        string
	Groups, Of  int // row groups, and how many there are
	Events      int64
	Outside     bool      // they are all before Options.From or after To; else they lack what Options.Needs asks for
	First, Last time.Time // of the events; zero where it is not known
	Names       []string  // of their fields; not told of those outside
}

func (h *Hooks) skip(path, why string) {
	if h.Skip != nil {
		h.Skip(tocsin.File{Path: path, Skipped: why})
	}
}

func (h *Hooks) fault(f *tocsin.Fault) {
	if h.Fault != nil {
		h.Fault(f)
	}
}

// A Stream is one file or archive member, decompressed, of a known format. It is valid during the visit only.
type Stream struct {
	Path    string // the unit's; for members ARCHIVE!/MEMBER
	Format  decode.Format
	ModTime time.Time // of the member or the file, whichever is known; zero when neither is
	Host    string    // the machine that a collection (of Velociraptor, KAPE …) says that it is of; for records that name none

	r     io.Reader
	kept  keptBlocks // of events that are kept, in the place of r
	from  *Reader
	hooks *Hooks
}

// Frames cuts the stream into records and gives each to yield, in order, until yield returns an error, which it
// returns. Every record has a buffer of its own, so that several goroutines can decode records at once, and belongs
// to whom it was given, who hands it to [Reader.Release] when done. What cannot be read goes to the Fault hook.
func (s *Stream) Frames(yield func(*tocsin.Record) error) error {
	c := cutter{Stream: s, yield: yield, line: 1}
	switch s.Format.Cut {
	case decode.Values, decode.OrderedValues:
		return c.values()
	case decode.Chunks:
		return c.chunks()
	case decode.Whole:
		return c.whole()
	case decode.Bytes:
		return c.bytes()
	case decode.Packed:
		return c.events()
	}
	return c.lines()
}

// Release takes back a record that Frames gave out.
func (r *Reader) Release(rec *tocsin.Record) {
	if cap(rec.Data) <= 4*r.block {
		r.records.Put(rec)
	}
}

// record returns a record with an empty buffer for size bytes, or for a block if that is more. It has no more room than
// that even where an older buffer is used again: where a stream is cut must not hang on what was read before it.
func (r *Reader) record(size int) *tocsin.Record {
	rec, _ := r.records.Get().(*tocsin.Record)
	if rec == nil {
		rec = &tocsin.Record{}
	}
	if size = max(size, r.block); cap(rec.Data) < size {
		rec.Data = make([]byte, 0, size)
	}
	rec.Data, rec.Before = rec.Data[:0:size], 0
	return rec
}
