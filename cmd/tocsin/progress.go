package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/report"
	"golang.org/x/term"
)

// isTerminal says whether f, if it is a file, is a terminal.
func isTerminal(f any) bool {
	file, ok := f.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// textOptions are how text is written to w: folded to COLUMNS or the terminal's width, and cut by a terminal only.
func textOptions(w any, full bool) report.TextOptions {
	return report.TextOptions{Width: width(w), Color: color(w), Whole: !isTerminal(w), Full: full}
}

// width is what COLUMNS says, else the terminal's, or 100 where there is none.
func width(f any) int {
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 20 && w <= maxColumns {
		return w
	}
	if file, ok := f.(*os.File); ok {
		if w, _, err := term.GetSize(int(file.Fd())); err == nil && w > 20 {
			return w
		}
	}
	return 100
}

// maxColumns bounds what COLUMNS can ask for.
const maxColumns = 10_000

// showProgress draws a bar on w until the function it returns is called. Without a terminal it draws nothing.
func showProgress(w io.Writer, p *engine.Progress, quiet bool) (stop func()) {
	if quiet || !isTerminal(w) {
		return func() {}
	}
	bar := progressbar.NewOptions64(-1,
		progressbar.OptionSetWriter(w), progressbar.OptionShowBytes(true), progressbar.OptionSetPredictTime(true),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(24), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionFullWidth())
	done, drawn := make(chan struct{}), make(chan struct{})
	began := time.Now()
	go func() {
		defer close(drawn)
		tick := time.NewTicker(150 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				_ = bar.Finish()
				_ = bar.Clear()
				return
			case <-tick.C:
				if total := p.BytesTotal.Load(); total > 0 && bar.GetMax64() != total {
					bar.ChangeMax64(total)
				}
				events := p.Events.Load()
				rate := float64(events) / time.Since(began).Seconds()
				bar.Describe(description(width(w), fmt.Sprintf("%d/%d files", p.Files.Load(), p.FilesTotal.Load()),
					fmt.Sprintf(", %d events", events), fmt.Sprintf(", %.0f/s", rate), fmt.Sprintf(", %d matches", p.Matches.Load())))
				_ = bar.Set64(min(p.Bytes.Load(), max(p.BytesTotal.Load(), 1)))
			}
		}
	}()
	return func() { close(done); <-drawn }
}

// description is as many of the parts as leave the bar its room on the line: what wraps could not be cleared.
func description(width int, parts ...string) string {
	const bar = 44 // percentage, some of the bar, rate and time
	s := ""
	for _, p := range parts {
		if len(s)+len(p) > width-bar {
			break
		}
		s += p
	}
	return s
}
