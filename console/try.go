package console

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

// Bounds of trying rules.
const (
	tryTime  = 20 * time.Second
	maxTried = 100_000 // bytes of rules
	maxFirst = 100     // matches that are shown
)

// triedObject is what came of a trial as the API gives it.
type triedObject struct {
	Tried
	First []matchObject `json:"first" doc:"The first of them, in order of time."`
}

// try holds rules that are not in use against what is kept.
func (c *Console) try(ctx context.Context, t Trial) (*Tried, error) {
	switch {
	case strings.TrimSpace(t.Rules) == "":
		return nil, Refused("there is no rule")
	case len(t.Rules) > maxTried:
		return nil, Refused("it is too long for a rule")
	case !t.From.IsZero() && !t.To.IsZero() && t.To.Before(t.From):
		return nil, Refused("its end is before its beginning")
	}
	t.Limit = min(max(t.Limit, 1), maxFirst)
	detail := strings.TrimSpace(searchText(SearchQuery{From: t.From, To: t.To}) + " " + strconv.Quote(tocsin.Shorten(t.Rules, 2000)))
	if err := c.audit(ctx, "try", t.Tenant, detail); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	tried, err := c.o.Run.Try(ctx, t)
	if err != nil {
		return nil, err
	}
	tried.Faults, tried.Notes, tried.Hosts = append([]RuleFault{}, tried.Faults...), append([]RuleFault{}, tried.Notes...), append([]HostMatches{}, tried.Hosts...) // in JSON none is no null
	return tried, nil
}

type tryInput struct {
	Body struct {
		Rules  string    `json:"rules" minLength:"1" maxLength:"100000" doc:"Sigma rules as YAML, of which none is looked for elsewhere: a correlation together with the rules that it counts."`
		Tenant string    `json:"tenant,omitempty" maxLength:"200" doc:"Only events of this tenant; empty is of all."`
		From   time.Time `json:"from,omitempty" doc:"RFC 3339; left out is from the first event that is kept."`
		To     time.Time `json:"to,omitempty"`
		Limit  int       `json:"limit,omitempty" minimum:"1" maximum:"100" default:"20" doc:"How many matches are shown."`
	}
}

func (c *Console) tryAPI(ctx context.Context, in *tryInput) (*jsonBody, error) {
	t, err := c.try(ctx, Trial{in.Body.Tenant, in.Body.Rules, in.Body.From, in.Body.To, in.Body.Limit})
	if err != nil {
		return nil, c.wrong(err)
	}
	b, err := json.Marshal(struct {
		*Tried
		First json.RawMessage `json:"first"`
	}{t, report.AppendMatches(nil, t.First)})
	return jsonOf(b), err
}

type tryBody struct {
	Rules, CSRF string
	Days        int // 0 is all that is kept
	Spans       []span
	Wrong       string
	Found       []string
	Faults      []faultView
	Notes       []faultView
	Hosts       []hostView
	Events      []eventView
}

type hostView struct{ Host, Matches string }

type span struct {
	Days int
	Says string
}

type faultView struct{ At, Rule, What, Hint string }

func (l *language) faults(all []RuleFault) (views []faultView) {
	for _, f := range all {
		at := ""
		if f.Line > 0 {
			at = fmt.Sprintf(l.say("Line %d"), f.Line)
		}
		views = append(views, faultView{at, report.Visible(f.Rule), report.Visible(f.What), report.Visible(f.Hint)})
	}
	return views
}

// tryPage has the form, and what came of what it was sent with.
func (c *Console) tryPage(w http.ResponseWriter, r *http.Request) {
	l, p := c.languageOf(r), who(r.Context())
	if p.role != Admin {
		c.problemPage(w, r, &refusal{http.StatusForbidden, "a viewer changes nothing"})
		return
	}
	b := tryBody{Rules: r.PostFormValue("rules"), CSRF: p.csrf, Days: 7, Spans: []span{{1, l.say("1 day")}, {7, l.say("1 week")}, {30, l.say("30 days")}, {0, l.say("all that is kept")}}}
	status := http.StatusOK
	if r.Method == http.MethodPost {
		t := Trial{Rules: strings.ReplaceAll(b.Rules, "\r\n", "\n"), Limit: 20}
		if b.Days, _ = strconv.Atoi(r.PostFormValue("days")); b.Days > 0 && b.Days <= 400 {
			t.From = time.Now().UTC().AddDate(0, 0, -b.Days).Truncate(time.Second)
		}
		tried, err := c.try(r.Context(), t)
		switch {
		case err != nil:
			no := c.refusalOf(r, err)
			status, b.Wrong = no.status, l.say(no.why)
		case len(tried.Faults) > 0:
			b.Faults = l.faults(tried.Faults)
		default:
			c.tried(l, &b, tried)
		}
	}
	c.page(w, r, status, "try", "Try a rule", view{Body: b})
}

// tried puts into the page what came of a trial.
func (c *Console) tried(l *language, b *tryBody, t *Tried) {
	b.Notes = l.faults(t.Notes)
	b.Found = append(b.Found, fmt.Sprintf(l.say("%s matches in %s events, %s of them of a log source that it is for."), l.digits(t.Matches), l.digits(t.Events), l.digits(t.Fitting)))
	switch {
	case t.More == "time":
		b.Found = append(b.Found, l.say("Its time was over before all was read: take a shorter span."))
	case t.More == "count":
		b.Found = append(b.Found, l.say("It counts more events than a trial keeps: take a shorter span."))
	case t.Fitting == 0:
		b.Found = append(b.Found, l.say("So it was not put to the test: no event of that time is of such a log source."))
	}
	for _, h := range t.Hosts {
		b.Hosts = append(b.Hosts, hostView{report.Visible(h.Host), l.digits(h.Matches)})
	}
	if t.MoreHosts > 0 {
		b.Found = append(b.Found, fmt.Sprintf(l.say("Of the hosts, %s more are not listed."), l.digits(int64(t.MoreHosts))))
	}
	for _, m := range t.First {
		v := viewOf(m.Event)
		v.Rule = report.Visible(m.Rule.Title)
		b.Events = append(b.Events, v)
	}
}
