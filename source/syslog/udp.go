package syslog

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// A queue holds lines of datagrams until they are on the disk.
type queue struct {
	mu   sync.Mutex
	data []byte
	at   time.Time // when the last came
	n    int64     // datagrams
	some chan struct{}
}

func (l *Listener) runUDP(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { l.packets.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	defer l.packets.Close()
	q := &queue{some: make(chan struct{}, 1)}
	read := make(chan error, 1)
	go func() {
		read <- l.receive(ctx, q)
		close(q.some)
	}()
	o := l.origin(l.opt.Tenant)
	var spare []byte
	for open := true; open; {
		_, open = <-q.some
		q.mu.Lock()
		data, at, n := q.data, q.at, q.n
		q.data, q.n = spare[:0], 0
		q.mu.Unlock()
		if err := l.keep(ctx, o, data, at); err != nil {
			l.lost.Add(n)
			l.opt.Logger.Error("syslog: messages could not be kept", "listener", l.name, "messages", n, "err", err)
		}
		l.queued.Add(-int64(len(data)))
		if spare = data; cap(spare) > maxBatch {
			spare = nil
		}
	}
	err := <-read
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// receive reads datagrams into the queue until ctx ends.
func (l *Listener) receive(ctx context.Context, q *queue) error {
	b := make([]byte, 1<<16)
	var line []byte
	for faults := 0; ; {
		n, from, err := l.packets.ReadFromUDPAddrPort(b)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if faults++; faults > 100 || errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("%s: %w", l.name, err)
			}
			time.Sleep(10 * time.Millisecond)
			continue
		}
		faults = 0
		if !l.allowed(from.Addr()) {
			l.refused.Add(1)
			continue
		}
		line = appendLine(line[:0], b[:n])
		if len(line) == 0 {
			continue
		}
		if l.queued.Load()+int64(len(line)) > int64(l.opt.Queue) {
			l.lost.Add(1)
			continue
		}
		l.queued.Add(int64(len(line)))
		q.mu.Lock()
		q.data = append(q.data, line...)
		q.at = time.Now()
		q.n++
		q.mu.Unlock()
		select {
		case q.some <- struct{}{}:
		default:
		}
	}
}
