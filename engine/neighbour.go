package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/decode"
	"github.com/tocsin-ids/tocsin/source"
)

// A web server's error log names no zone, and its access log does: both tell of the same requests. Where the logs lie in one
// folder, the requests of the one are looked up in the other, and the distance of their clocks, in the quarters of an hour
// that zones are told in, is taken for the offset of the log without a zone, if it is well supported.
const (
	neighbourLooks = 16        // folders of one archive that are looked at
	neighbourFiles = 8         // streams of a folder
	neighbourUnits = 256       // files of a folder that are opened for them
	neighbourBytes = 512 << 10 // of each of them
	neighbourFirst = 1 << 10   // bytes of a stream that show whether it is a web server's log without a zone, or with one
	neighbourKept  = 512       // times of one client and path
	neighbourCache = 4         // folders that are remembered
	quarter        = 15 * 60   // seconds
	mostQuarters   = 14 * 4    // no zone is further from UTC
	neighbourSlack = 5         // seconds between the two records of a request
	leastAgreeing  = 5         // requests, of as many seconds, that an offset needs
	mostAgainst    = 1.0 / 5   // share of those requests that may stand against it
)

// requests are the times, in Unix seconds, at which a client asked for a path, by a hash of both, and of the client alone.
type requests map[uint64][]int64

var requestSeed = maphash.MakeSeed()

func requestKey(client, path string) uint64 {
	return maphash.Comparable(requestSeed, [2]string{client, path})
}

func isWeb(ev *tocsin.Event) bool {
	return len(ev.Sources) > 0 && ev.Sources[0].Category == "webserver" && !ev.Time.IsZero()
}

// requestOf returns client and path of an event of a web server.
func requestOf(ev *tocsin.Event) (client, path string, ok bool) {
	if !isWeb(ev) {
		return "", "", false
	}
	client = ev.Text("src_ip")
	return client, ev.Text("cs-uri-stem"), client != ""
}

const noZone = 1 << decode.GuessZone

// A neighbourhood is what the logs of a folder that name their zone tell of requests.
type neighbourhood struct {
	names []string // of those logs, in path order
	seen  requests
}

var errEnough = errors.New("enough was looked at")

// neighbours reads the beginnings of the logs that lie beside path.
func (r *run) neighbours(ctx context.Context, u source.Unit, path string) *neighbourhood {
	folder, units := folderOf(path), []source.Unit{u}
	if path == u.Path {
		units = r.folders[folder]
		units = units[:min(len(units), neighbourUnits)]
	}
	key := u.Path + "\x00" + folder
	if path == u.Path {
		key = folder
	}
	r.mu.Lock()
	n, ok := r.near[key]
	r.mu.Unlock()
	if ok {
		return n
	}
	n = &neighbourhood{seen: requests{}}
	for _, u := range units {
		if len(n.names) >= neighbourFiles || ctx.Err() != nil {
			break
		}
		_ = r.from.Open(u, source.Hooks{}, func(s *source.Stream) error { // what cannot be opened is told of where it is read
			if len(n.names) >= neighbourFiles || len(units) > 1 && s.Path != u.Path {
				return errEnough
			}
			if folderOf(s.Path) == folder && (s.Format.Cut == decode.Lines || s.Format.Cut == decode.Ordered || s.Format.Cut == decode.Values) {
				n.look(r, s)
			}
			return ctx.Err()
		})
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.near) >= neighbourCache {
		clear(r.near)
	}
	r.near[key] = n
	return n
}

// look takes the requests of the beginning of a stream, if its events name their zone.
func (n *neighbourhood) look(r *run, s *source.Stream) {
	d := s.Format.New(r.in.Decode)
	left, found := neighbourBytes, false
	_ = s.Frames(func(rec *tocsin.Record) error {
		defer r.from.Release(rec)
		b := *rec
		if b.Data = wholeLines(rec.Data, left); left == neighbourBytes {
			first := b
			first.Data = wholeLines(b.Data, neighbourFirst)
			if !holds(d, &first, func(ev *tocsin.Event) bool { return isWeb(ev) && ev.Guessed&noZone == 0 }) {
				return errEnough
			}
		}
		left -= len(b.Data)
		if m := try(func() {
			d.Decode(&b, func(ev *tocsin.Event) {
				client, path, ok := requestOf(ev)
				if !ok || ev.Guessed&noZone != 0 {
					return
				}
				found = true
				for _, key := range [...]uint64{requestKey(client, path), requestKey(client, "")} {
					if at := n.seen[key]; len(at) < neighbourKept {
						n.seen[key] = append(at, ev.Time.Unix())
					}
				}
			})
		}); m != nil || left <= 0 || len(b.Data) < len(rec.Data) {
			return errEnough
		}
		return nil
	})
	if found {
		n.names = append(n.names, s.Path)
	}
}

// holds says whether some event of a record is as asked.
func holds(d decode.Decoder, rec *tocsin.Record, is func(*tocsin.Event) bool) (found bool) {
	try(func() { d.Decode(rec, func(ev *tocsin.Event) { found = found || is(ev) }) })
	return found
}

// wholeLines cuts lines so that they are at most so many bytes, but for the first.
func wholeLines(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	for i := n; i > 0; i-- {
		if b[i-1] == '\n' {
			return b[:i]
		}
	}
	return nil
}

func folderOf(path string) string {
	path = filepath.ToSlash(path)
	return path[:strings.LastIndexByte(path, '/')+1]
}

// offset finds by how much the requests of a log's beginning are behind those that its neighbours tell of; ok is false where
// there are too few, or where they do not agree.
func (n *neighbourhood) offset(d decode.Decoder, rec *tocsin.Record) (by time.Duration, agree, against int, ok bool) {
	var votes, single [2*mostQuarters + 1]int
	var last [2*mostQuarters + 1]int64 // the second of the last vote
	voters := 0
	try(func() {
		d.Decode(rec, func(ev *tocsin.Event) {
			client, path, ok := requestOf(ev)
			if !ok || ev.Guessed&noZone == 0 {
				return
			}
			var vote [2*mostQuarters + 1]bool
			any := false
			sec := ev.Time.Unix()
			for _, at := range n.seen[requestKey(client, path)] {
				d := at - sec
				q := (d + quarter/2 + quarter*mostQuarters) / quarter
				if d < -quarter*mostQuarters-neighbourSlack || q >= int64(len(vote)) {
					continue
				}
				if late := d - (q-mostQuarters)*quarter; late >= -neighbourSlack && late <= neighbourSlack {
					vote[q], any = true, true
				}
			}
			if !any {
				return
			}
			voters++
			for q, v := range vote {
				if v {
					if votes[q]++; sec != last[q] {
						single[q]++
						last[q] = sec
					}
				}
			}
		})
	})
	best := 0
	for q := range votes {
		if votes[q] > votes[best] {
			best = q
		}
	}
	against = voters - votes[best]
	for q := range votes {
		if q != best {
			against = max(against, votes[q])
		}
	}
	ok = single[best] >= leastAgreeing && float64(against) <= mostAgainst*float64(votes[best])
	return time.Duration(best-mostQuarters) * 15 * time.Minute, votes[best], against, ok
}

// settleByNeighbours decides the offset of a stream of web requests whose stamps name no zone, by its first record. looks is
// how many folders of an archive may still be looked at.
func (w *worker) settleByNeighbours(ctx context.Context, u source.Unit, f *file, format decode.Format, rec *tocsin.Record, looks *int) (decode.Format, bool) {
	if z := w.in.Decode.Zone; z != nil && z != time.UTC || format.Cut != decode.Lines && format.Cut != decode.Ordered {
		return format, false
	}
	if f.path == u.Path && len(w.folders[folderOf(f.path)]) < 2 {
		return format, false
	}
	head := *rec
	head.Data = wholeLines(rec.Data, neighbourFirst)
	var d decode.Decoder
	if format.Cut == decode.Lines {
		d = w.decoder(format, nil)
	} else {
		d = format.New(w.in.Decode)
	}
	if !holds(d, &head, func(ev *tocsin.Event) bool { return isWeb(ev) && ev.Guessed&noZone != 0 }) {
		return format, false
	}
	if f.path != u.Path {
		if *looks--; *looks < 0 {
			return format, false
		}
	}
	n := w.neighbours(ctx, u, f.path)
	names := slices.DeleteFunc(slices.Clone(n.names), func(name string) bool { return name == f.path })
	if len(names) == 0 {
		return format, false
	}
	by, agree, against, ok := n.offset(format.New(w.in.Decode), rec)
	if !ok {
		return format, false
	}
	f.zoneBy = fmt.Sprintf("%s names its zone and tells of the same requests (%d agree, %d do not)", filepath.Base(names[0]), agree, against)
	if len(names) > 1 {
		f.zoneBy = fmt.Sprintf("%d logs beside it name their zone and tell of the same requests (%d agree, %d do not)", len(names), agree, against)
	}
	return decode.Behind(format, by), true
}
