package journald

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A child is a running journalctl.
type child struct {
	cmd    *exec.Cmd
	chunks chan []byte   // what it writes; closed at its end
	done   chan struct{} // closed by stop
	read   sync.WaitGroup

	mu   sync.Mutex
	said []string // the last of its standard error
}

// saidLines and saidBytes bound what is kept of standard error.
const (
	saidLines = 4
	saidBytes = 300
)

// spawn starts program; told is called for each line of its standard error, from another goroutine.
func spawn(program string, args []string, told func(string)) (*child, error) {
	c := &child{cmd: exec.Command(program, args...), chunks: make(chan []byte, 2), done: make(chan struct{})}
	c.cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "SYSTEMD_") || strings.HasPrefix(v, "LC_") || strings.HasPrefix(v, "LANG")
	}), "LC_ALL=C", "TZ=UTC", "SYSTEMD_COLORS=0", "SYSTEMD_URLIFY=0")
	ownGroup(c.cmd)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	errs, err := c.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.read.Add(2)
	go func() {
		defer c.read.Done()
		defer close(c.chunks)
		for {
			b := make([]byte, 64<<10)
			n, err := out.Read(b)
			if n > 0 {
				select {
				case c.chunks <- b[:n]:
				case <-c.done:
					return
				}
			}
			if err != nil {
				return
			}
		}
	}()
	go func() {
		defer c.read.Done()
		r := bufio.NewReaderSize(errs, 4096)
		for {
			line, more, err := r.ReadLine()
			if err != nil {
				return
			}
			if text := plain(line); text != "" {
				c.mu.Lock()
				if c.said = append(c.said, text); len(c.said) > saidLines {
					c.said = c.said[1:]
				}
				c.mu.Unlock()
				told(text)
			}
			for more && err == nil {
				_, more, err = r.ReadLine()
			}
		}
	}()
	return c, nil
}

// plain is a line of a child as it can be shown.
func plain(line []byte) string {
	line = bytes.TrimSpace(line[:min(len(line), saidBytes)])
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(line))
}

// stop ends the child and all that it started, and gives what it said last.
func (c *child) stop() string {
	close(c.done)
	killGroup(c.cmd)
	for range c.chunks {
	}
	c.read.Wait()
	err := c.cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	said := strings.Join(c.said, " ")
	if said == "" && err != nil {
		said = err.Error()
	}
	return said
}

// ended waits for a child whose output has ended, and gives what it said last.
func (c *child) ended() string {
	c.read.Wait()
	said := c.stop()
	if said == "" {
		said = "without a word"
	}
	return said
}

// output runs program to its end and gives up to limit bytes of what it wrote, and what it said.
func output(program string, args []string, limit int, stop <-chan struct{}) (out []byte, said string, err error) {
	c, err := spawn(program, args, func(string) {})
	if err != nil {
		return nil, "", err
	}
	for {
		select {
		case <-stop:
			c.stop()
			return nil, "", io.ErrUnexpectedEOF
		case b, ok := <-c.chunks:
			if !ok {
				c.read.Wait()
				close(c.done)
				err := c.cmd.Wait()
				return out, strings.Join(c.said, " "), err
			}
			if len(out)+len(b) > limit {
				c.stop()
				return nil, "", bufio.ErrTooLong
			}
			out = append(out, b...)
		}
	}
}
