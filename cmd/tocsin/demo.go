package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/rehearse"
	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/tell"
)

type demoCmd struct {
	Speed  float64       `help:"How many seconds of the rehearsal pass in one." default:"150"`
	Seed   uint64        `help:"Which rehearsal: the same seed gives the same story." default:"1"`
	Listen string        `help:"Where the console is served, on this machine only; a free port if left out." default:"127.0.0.1:0" placeholder:"ADDR"`
	Keep   string        `help:"Put logs and data into this folder, which is new or empty, and leave them there; otherwise they are removed at the end." placeholder:"DIR"`
	For    time.Duration `help:"End by itself after so long, as 90s; otherwise Ctrl-C ends it." placeholder:"DURATION"`
}

// Help says what a demo does.
func (demoCmd) Help() string {
	return `It writes the logs of an intrusion that never happened, with what goes on anyway, into a temporary folder,
quicker than it would happen, and follows them as "tocsin run" does. It opens no connection but the
console on this machine, and starts no program.`
}

// Bounds of a demo's speed: slower shows nothing, and faster is all there at once.
const (
	demoSlowest = 1
	demoFastest = 100_000
)

// Run plays a rehearsal into a live run, until it is stopped.
func (c *demoCmd) Run(s std) (err error) {
	if c.Speed < demoSlowest || c.Speed > demoFastest {
		return fmt.Errorf("--speed %v: want %d to %d", c.Speed, demoSlowest, demoFastest)
	}
	if c.For < 0 {
		return fmt.Errorf("--for %s: want more than nothing", c.For)
	}
	if !loopback(c.Listen) {
		return fmt.Errorf("--listen %s: a demo is served on this machine only; want 127.0.0.1:PORT", c.Listen)
	}
	lines, truth, err := rehearse.Lines(rehearse.Options{Seed: c.Seed, Start: lastMonday(time.Now()), Targets: 3, Days: 1, Noise: 0.5})
	if err != nil {
		return err
	}
	dir, done, err := c.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	p := &player{dir: filepath.Join(dir, "telemetry"), speed: c.Speed, lines: lines, over: truth.Campaign.Last, files: map[string]*os.File{}}
	defer p.close()
	// What lies before the operator's first act is there when the run begins.
	p.from = truth.Campaign.First.Add(-time.Duration(c.Speed * float64(demoBefore)))
	if err := p.before(); err != nil {
		return err
	}
	// The clock of the run follows the records, so what comes late does so in their time.
	lateness := time.Duration(c.Speed * float64(demoLate))
	cfg := &Config{Data: filepath.Join(dir, "data"), Listen: c.Listen, Zone: "UTC", Lateness: ConfigDuration(max(lateness, 5*time.Second))}
	cfg.Sources.Files = []ConfigFiles{{Glob: p.dir, Since: "start"}}
	cfg.Rules.NoInstalled = true
	cfg.Alerts.Every = ConfigDuration(demoUpdates)
	log := slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	v, err := newService(cfg, &runCmd{Replay: true}, log)
	if err != nil {
		return err
	}
	v.gather = demoGather
	screen := &screen{w: s.out}
	v.alsoTell("terminal", tell.Channel{Route: screen, Format: screen.line, Rate: -1})
	ctx, stop := context.WithCancel(s.ctx)
	if c.For > 0 {
		ctx, stop = context.WithTimeout(s.ctx, c.For)
	}
	defer stop()
	var playing sync.WaitGroup
	err = v.serve(ctx, func(url string) {
		screen.say("console: %s\n", url)
		screen.say("A rehearsal of %s is played, %s times as fast as it would happen: %d of %d records are there, and %d organisations are about to have a visitor.\n",
			truth.Campaign.First.Format("Monday, 2 January 2006"), short(c.Speed), p.next, len(lines), len(truth.Campaign.Orgs))
		screen.say("Open the console and watch; alerts stand here as they happen. Ctrl-C ends it.\n\n")
		playing.Go(func() {
			if err := p.play(ctx, v.ready.Load, func() {
				screen.say("\nThe intrusion is over: %s. Meanwhile the day goes on, and the console stays open until Ctrl-C.\n\n", whatHappened(truth))
			}); err != nil {
				screen.say("the rehearsal cannot be played on: %v\n", err)
			}
		})
	})
	stop()
	playing.Wait()
	if c.Keep != "" && err == nil {
		screen.say("kept: %s\n", report.Visible(dir))
	}
	return err
}

// How a demo goes, in time of whoever looks on.
const (
	demoBefore  = 3 * time.Second // from when it plays to the operator's first act
	demoLate    = 2 * time.Second // between two files, from one being written to it being read
	demoUpdates = 20 * time.Second
	demoGather  = 5 * time.Second
	demoStep    = 50 * time.Millisecond
)

// folder is where a demo's files lie, and what is to be done with it at the end.
func (c *demoCmd) folder() (dir string, done func() error, err error) {
	if c.Keep == "" {
		if dir, err = os.MkdirTemp("", "tocsin-demo-*"); err != nil {
			return "", nil, err
		}
		return dir, func() error { return os.RemoveAll(dir) }, nil
	}
	if err := os.MkdirAll(c.Keep, 0o700); err != nil {
		return "", nil, fmt.Errorf("--keep: %w", err)
	}
	there, err := os.ReadDir(c.Keep)
	if err != nil {
		return "", nil, fmt.Errorf("--keep: %w", err)
	}
	if len(there) > 0 {
		return "", nil, fmt.Errorf("--keep %s: the folder is not empty; name another", c.Keep)
	}
	dir, err = filepath.Abs(c.Keep)
	return dir, func() error { return nil }, err
}

// lastMonday is the beginning of the last Monday that is wholly over: what is rehearsed is near, and goes by the same week
// whenever it is played.
func lastMonday(now time.Time) time.Time {
	day := now.UTC().Truncate(24 * time.Hour)
	back := (int(day.Weekday()) + 6) % 7 // since Monday
	if back == 0 {
		back = 7
	}
	return day.AddDate(0, 0, -back)
}

// whatHappened is the truth about a rehearsal in a clause.
func whatHappened(t *rehearse.Truth) string {
	return fmt.Sprintf("%d acts against %d organisations, %.0f %% of them by agents without a person, and %d machines entered", len(t.Actions), len(t.Campaign.Orgs), 100*t.Campaign.Autonomy, reached(t))
}

// reached is how many machines were entered.
func reached(t *rehearse.Truth) (n int) {
	for _, v := range t.Victims {
		if v.Reached {
			n++
		}
	}
	return n
}

// short is a number without what it does not need.
func short(n float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", n), ".0") }

// alsoTell adds a way of telling that no configuration names, of all that is told. The service is not served yet.
func (v *service) alsoTell(name string, c tell.Channel) {
	v.channels[name] = c
	v.keep.routes = append(v.keep.routes, alertRoute{name, tocsin.Unrated})
}

// A screen is a terminal as a way of telling. Several goroutines may use it.
type screen struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.w, format, args...)
}

// line is an alert as one line.
func (s *screen) line(a *tell.Alert) ([]byte, error) {
	level := cmp.Or(a.Level.String(), "-")
	text := fmt.Sprintf("%-8s %s: %s. %s", strings.ToUpper(level), a.Kind, strings.TrimSuffix(a.Title, "."), a.Reason)
	if a.Link != "" {
		text += " " + a.Link
	}
	return []byte(report.Visible(text) + "\n"), nil
}

// Send writes it.
func (s *screen) Send(_ context.Context, _ string, body []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.w.Write(body); err != nil {
		return "", &tell.Permanent{Err: err, Off: true}
	}
	return "shown", nil
}

// A player appends the records of a rehearsal to their files, as time goes by.
type player struct {
	dir   string
	speed float64
	from  time.Time // of the records, when playing begins
	over  time.Time // of the records, when the intrusion is over
	lines []rehearse.Line
	next  int
	files map[string]*os.File
}

// before writes what is over when playing begins.
func (p *player) before() error {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	return p.until(p.from)
}

// until writes the records before a time.
func (p *player) until(at time.Time) error {
	var name string
	var text strings.Builder
	write := func() error {
		if text.Len() == 0 {
			return nil
		}
		f, err := p.file(name)
		if err == nil {
			_, err = io.WriteString(f, text.String())
		}
		text.Reset()
		return err
	}
	for ; p.next < len(p.lines) && p.lines[p.next].At.Before(at); p.next++ {
		l := &p.lines[p.next]
		if l.File != name {
			if err := write(); err != nil {
				return err
			}
			name = l.File
		}
		text.WriteString(l.Text)
	}
	return write()
}

// file is one of those that are written to.
func (p *player) file(name string) (*os.File, error) {
	if f := p.files[name]; f != nil {
		return f, nil
	}
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		p.files[name] = f
	}
	return f, err
}

// play writes the rest, once the files are followed, until all is written or ctx ends. over is called when all that is left is
// what goes on anyway.
func (p *player) play(ctx context.Context, ready func() bool, over func()) error {
	step := time.NewTicker(demoStep)
	defer step.Stop()
	var began time.Time
	for p.next < len(p.lines) {
		select {
		case <-ctx.Done():
			return nil
		case now := <-step.C:
			if began.IsZero() {
				if !ready() {
					continue
				}
				began = now
			}
			at := p.from.Add(time.Duration(float64(now.Sub(began)) * p.speed))
			if err := p.until(at); err != nil {
				return err
			}
			if over != nil && at.After(p.over) {
				over()
				over = nil
			}
		}
	}
	return nil
}

func (p *player) close() {
	for _, f := range p.files {
		_ = f.Close()
	}
}
