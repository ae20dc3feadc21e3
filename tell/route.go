package tell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// A Route is a way to people. Send delivers a body under an id and returns what was answered, in at most 300 bytes of visible text. It
// is called by one goroutine at a time, ends soon after ctx does, and may be called again with the same id where an answer did not
// come or was not committed. An error that is [Permanent] will not be mended by sending the same again; all others may be.
type Route interface {
	Send(ctx context.Context, id string, body []byte) (answer string, err error)
}

// Permanent is an error after which the same is not sent again.
type Permanent struct {
	Err error
	Off bool // the route says that nothing shall be sent by it any more
}

func (e *Permanent) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *Permanent) Unwrap() error { return e.Err }

// Later is an error of a route that said when to try again.
type Later struct {
	Err   error
	After time.Duration
}

func (e *Later) Error() string { return e.Err.Error() }

// Unwrap is the reason.
func (e *Later) Unwrap() error { return e.Err }

// A Channel is a route with what is sent by it.
type Channel struct {
	Route  Route
	Format Format
	Rate   int // messages a minute; what comes faster is folded into one. 0 is 30, below 0 no bound
}

// Test sends one alert that says it is a test, at once and past any outbox, and returns the answer. at makes its id.
func Test(ctx context.Context, c Channel, p Policy, at time.Time) (answer string, err error) {
	a := Trying(p, at)
	body, err := c.Format(&a)
	if err != nil {
		return "", err
	}
	return c.Route.Send(ctx, a.ID, body)
}

// Trying is the alert that [Test] sends.
func Trying(p Policy, at time.Time) Alert {
	lang := in(p.Lang)
	link := ""
	if p.Check() == nil && p.Base != "" {
		link = strings.TrimRight(p.Base, "/") + "/"
	}
	return Alert{ID: stable(p.Tenant, "test", at.UTC().Format(time.RFC3339Nano)), Kind: Trial, At: at.UTC(), Tenant: p.Tenant, Level: tocsin.Informational,
		Title: lang.trial, Reason: fillSentence(p.lang(), lang.trialWhy), Link: link, Lang: p.lang()}
}

// answered is what a route keeps of an answer.
func answered(s string) string { return bounded(strings.TrimSpace(s), 300) }

// Secret reads a secret from a file: its content without the spaces around it, of at most 4 KiB.
func Secret(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 4097))
	if err != nil {
		return "", err
	}
	if len(b) > 4096 {
		return "", fmt.Errorf("%s: more than 4 KiB are no secret", file)
	}
	s := strings.TrimSpace(string(b))
	if s == "" {
		return "", fmt.Errorf("%s: there is no secret in it", file)
	}
	if strings.ContainsAny(s, "\r\n\x00") {
		return "", fmt.Errorf("%s: a secret is one line", file)
	}
	return s, nil
}

// errAnswer is for answers that are no success.
var errAnswer = errors.New("refused")

// shown is an error's text, for a log or an outbox.
func shown(err error) string { return report.Visible(tocsin.Shorten(err.Error(), 300)) }
