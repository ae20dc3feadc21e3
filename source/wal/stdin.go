package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tocsin-ids/tocsin/feed"
)

const (
	maxRead = 1 << 20  // bytes of lines that are appended at once
	maxLine = 16 << 20 // bytes of one line
)

// Stdin appends the lines that r has, as they come, until it ends, and then says that the origin has ended. It waits where
// the log is full. Its origin's ID should be new for each process, since what a process reads can not be read again by the
// next. A line of more than 16 MiB is cut into several and reported. When ctx ends it returns nil at once; a read that is
// under way is left to itself, so nothing else should read from r.
func Stdin(ctx context.Context, r io.Reader, log *Log, origin *feed.Origin) error {
	chunks := make(chan []byte, 4)
	var fault error // set before chunks is closed
	go func() {
		defer close(chunks)
		for {
			b := make([]byte, 64<<10)
			n, err := r.Read(b)
			if n > 0 {
				select {
				case chunks <- b[:n]:
				case <-ctx.Done():
					return
				}
			}
			if err != nil {
				if err != io.EOF {
					fault = err
				}
				return
			}
		}
	}()
	var rest []byte
	for open := true; open; {
		select {
		case <-ctx.Done():
			return nil
		case b, ok := <-chunks:
			open = ok
			rest = append(rest, b...)
		}
		for more := true; more && open && len(rest) < maxRead; { // what is there already
			select {
			case b, ok := <-chunks:
				open = ok
				rest = append(rest, b...)
			default:
				more = false
			}
		}
		n := bytes.LastIndexByte(rest, '\n') + 1
		if !open {
			n = len(rest)
		} else if n == 0 && len(rest) > maxLine {
			log.opt.Report(fmt.Errorf("%s: a line of more than 16 MiB was cut", origin.Path))
			n = len(rest)
		}
		if n == 0 {
			continue
		}
		if err := log.AppendWait(ctx, origin, rest[:n], time.Now()); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		rest = append(rest[:0:0], rest[n:]...)
	}
	if ctx.Err() != nil {
		return nil
	}
	if fault != nil {
		return fmt.Errorf("%s: %w", origin.Path, fault)
	}
	if err := log.End(origin, time.Now()); err != nil && !errors.Is(err, ErrClosed) {
		return err
	}
	return nil
}
