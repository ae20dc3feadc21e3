package console

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/report"
)

// Bounds of answers.
const (
	maxFound      = 5_000    // events of one search
	maxFoundBytes = 32 << 20 // of one answer
	searchTime    = 50 * time.Second
)

// jsonBody is an answer whose JSON was written by package report.
type jsonBody struct {
	ContentType string `header:"Content-Type"`
	Next        string `header:"X-Next-Cursor" doc:"The cursor of the next ones; left out at the end."`
	Link        string `header:"Link" doc:"The next ones, as rel=\"next\" (RFC 8288)."`
	More        string `header:"X-More" doc:"Why there is more than the answer has; left out where it has all."`
	Body        []byte
}

func jsonOf(b []byte) *jsonBody { return &jsonBody{ContentType: "application/json", Body: b} }

type tenantQuery struct {
	Tenant string `query:"tenant" maxLength:"200" doc:"Only of this tenant; empty is of all."`
}

type campaignsQuery struct {
	tenantQuery
	Since  time.Time `query:"since" doc:"Only what was updated since then (RFC 3339)."`
	Level  string    `query:"level" enum:"informational,low,medium,high,critical" doc:"At least this level."`
	Status string    `query:"status" enum:"open,acknowledged,closed"`
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Cursor string    `query:"cursor" maxLength:"1000" doc:"X-Next-Cursor of the answer before."`
	Detail bool      `query:"detail" doc:"With every record that belongs to each."`
}

// apiRoutes registers what scripts, and the pages, ask for.
func (c *Console) apiRoutes() {
	conf := huma.Config{OpenAPI: openAPI(c.o.Version), OpenAPIPath: "/api/openapi",
		Formats: map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}, DefaultFormat: "application/json"}
	api := humago.New(c.mux, conf)
	d := describe(api)

	get := func(id, path, does string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: "/api/v1" + path, Summary: does}
	}
	change := func(id, method, path, does string) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: "/api/v1" + path, Summary: does, Description: "For admins. With the cookie of a session the header X-CSRF-Token is needed.", MaxBodyBytes: maxBody}
	}

	huma.Register(api, d.array(get("campaigns", "/campaigns", "Campaigns, the last updated first: an array of the objects that JSONL has, with what became of each"), d.campaign), c.listCampaigns)
	huma.Register(api, d.object(get("campaign", "/campaigns/{id}", "One campaign, by an id that it has or was told under, with its records"), d.campaign), func(ctx context.Context, in *struct {
		tenantQuery
		ID string `path:"id" maxLength:"100"`
	}) (*jsonBody, error) {
		t, err := c.o.Run.Campaign(ctx, in.Tenant, in.ID)
		if err != nil {
			return nil, c.wrong(err)
		}
		return jsonOf(c.toldJSON(nil, t, true)), nil
	})
	huma.Register(api, change("setStatus", http.MethodPost, "/campaigns/{id}/status", "Acknowledge, close or open a campaign"), func(ctx context.Context, in *struct {
		tenantQuery
		ID   string `path:"id" maxLength:"100"`
		Body struct {
			Status string `json:"status" enum:"open,acknowledged,closed"`
			Note   string `json:"note,omitempty" maxLength:"4000"`
			Benign bool   `json:"benign,omitempty" doc:"Closed because there was nothing to it."`
		}
	}) (*struct{}, error) {
		return nil, c.wrong(c.setStatus(ctx, StatusChange{in.Tenant, in.ID, in.Body.Status, in.Body.Note, in.Body.Benign}))
	})
	huma.Register(api, change("suppress", http.MethodPost, "/suppressions", "Keep what is like something from being told, until it ends"), func(ctx context.Context, in *struct {
		Body struct {
			Tenant   string    `json:"tenant,omitempty" maxLength:"200"`
			Campaign string    `json:"campaign,omitempty" maxLength:"100" doc:"What is like this campaign; or"`
			Rule     string    `json:"rule,omitempty" maxLength:"200" doc:"what a rule of this id finds; or"`
			Entity   string    `json:"entity,omitempty" maxLength:"1000" doc:"what this one does, as KIND:VALUE."`
			Reason   string    `json:"reason" minLength:"1" maxLength:"4000"`
			Until    time.Time `json:"until"`
		}
	}) (*struct{}, error) {
		b := in.Body
		return nil, c.wrong(c.suppress(ctx, Suppression{b.Tenant, b.Campaign, b.Rule, b.Entity, b.Reason, b.Until}))
	})
	huma.Register(api, d.array(get("principals", "/principals", "Those for whom AI agents work, the worst first; of ordinary ones counts only"), d.principal), func(_ context.Context, in *tenantQuery) (*jsonBody, error) {
		b, err := report.AppendPrincipals(nil, c.o.Run.Principals(in.Tenant), c.o.Names)
		return jsonOf(b), err
	})
	huma.Register(api, d.array(get("matches", "/matches", "The newest matches of rules, in order of time"), d.match), func(ctx context.Context, in *struct {
		tenantQuery
		Campaign string `query:"campaign" maxLength:"100" doc:"Only of its records."`
		Limit    int    `query:"limit" minimum:"1" maximum:"5000" default:"200"`
	}) (*jsonBody, error) {
		all, err := c.o.Run.Matches(ctx, MatchQuery{in.Tenant, in.Campaign, in.Limit})
		if err != nil {
			return nil, c.wrong(err)
		}
		return jsonOf(report.AppendMatches(nil, all)), nil
	})
	huma.Register(api, get("sources", "/sources", "Sources with lag and loss"), func(context.Context, *struct{}) (*struct{ Body []feed.Stat }, error) {
		return &struct{ Body []feed.Stat }{append([]feed.Stat{}, c.o.Run.Sources()...)}, nil
	})
	huma.Register(api, d.object(change("tryRules", http.MethodPost, "/rules/try", "Hold Sigma rules that are not in use against the events that are kept, for at most 20 seconds"), d.tried), c.tryAPI)
	huma.Register(api, get("rules", "/rules", "Rules with what they found and took"), func(context.Context, *struct{}) (*struct{ Body []RuleCost }, error) {
		return &struct{ Body []RuleCost }{append([]RuleCost{}, c.o.Run.Rules()...)}, nil
	})
	huma.Register(api, get("incidents", "/incidents", "What is wrong with the run or its sources, the newest first"), func(context.Context, *struct{}) (*struct{ Body []Incident }, error) {
		return &struct{ Body []Incident }{append([]Incident{}, c.o.Run.Incidents()...)}, nil
	})
	huma.Register(api, d.array(get("search", "/search", "Events of the archive, in order of time: an array of the objects that JSONL has"), d.event), c.searchAPI)
	huma.Register(api, d.object(get("record", "/record", "One event of the archive, by its place"), d.event), func(ctx context.Context, in *struct {
		tenantQuery
		Source string `query:"source" required:"true" maxLength:"4096"`
		Record uint64 `query:"record" required:"true"`
		Nth    int64  `query:"nth" minimum:"1" default:"1"`
	}) (*jsonBody, error) {
		ev, err := c.o.Run.Record(ctx, in.Tenant, tocsin.Place{Source: in.Source, Record: tocsin.Nth(in.Record, in.Nth)})
		if err != nil {
			return nil, c.wrong(err)
		}
		return jsonOf(report.AppendEvent(nil, ev)), nil
	})
	huma.Register(api, get("report", "/campaigns/{id}/report", "A report on a campaign, to download"), func(ctx context.Context, in *struct {
		tenantQuery
		ID     string `path:"id" maxLength:"100"`
		Format string `query:"format" default:"html" enum:"html,markdown,jsonl,stix,csv,ocsf,navigator,text"`
		Lang   string `query:"lang" default:"en" enum:"en,fr"`
	}) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			c.download(w, r, ReportQuery{in.Tenant, in.ID, in.Format, in.Lang})
		}}, nil
	})
	c.accountRoutes(api, get, change)
	api.OpenAPI().AddOperation(&huma.Operation{OperationID: "events", Method: http.MethodGet, Path: "/api/v1/events", Summary: "Changes as they happen, as server-sent events",
		Description: "Events are campaign, where campaigns, principals or matches may not be what they were, and source, where sources, rules or incidents may not be, each with {kind, tenant, id}, of which the last two are left out where it is of all; and snapshot, at the beginning and where some may have been missed: then everything has to be asked for again. Last-Event-ID goes on where a stream broke off. A stream that is not read is cut.",
		Responses:   map[string]*huma.Response{"200": {Description: "A stream", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: "string"}}}}}})
	c.mux.HandleFunc("GET /api/{$}", func(w http.ResponseWriter, r *http.Request) { c.apiPage(w, r, api.OpenAPI()) })
}

// arrayOf is a JSON array of what add writes of each.
func arrayOf[T any](all []T, add func([]byte, T) []byte) []byte {
	b := []byte{'['}
	for i, x := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = add(b, x)
	}
	return append(b, ']')
}

func (c *Console) listCampaigns(ctx context.Context, in *campaignsQuery) (*jsonBody, error) {
	l, err := tocsin.ParseLevel(in.Level)
	if err != nil {
		return nil, huma.Error422UnprocessableEntity(err.Error())
	}
	page, next, err := c.o.Run.Campaigns(ctx, Query{in.Tenant, in.Since, l, in.Status, in.Limit, in.Cursor})
	if err != nil {
		return nil, c.wrong(err)
	}
	out := jsonOf(arrayOf(page, func(b []byte, t Told) []byte { return c.toldJSON(b, &t, in.Detail) }))
	if next != "" {
		q := url.Values{"cursor": {next}, "limit": {strconv.Itoa(in.Limit)}}
		for k, v := range map[string]string{"tenant": in.Tenant, "level": in.Level, "status": in.Status} {
			if v != "" {
				q.Set(k, v)
			}
		}
		if !in.Since.IsZero() {
			q.Set("since", in.Since.Format(time.RFC3339Nano))
		}
		if in.Detail {
			q.Set("detail", "1")
		}
		out.Next, out.Link = next, "</api/v1/campaigns?"+q.Encode()+`>; rel="next"`
	}
	return out, nil
}

// toldJSON is a campaign as JSONL has it, and what became of it.
func (c *Console) toldJSON(b []byte, t *Told, records bool) []byte {
	more := []tocsin.Field{{Name: "updated", Value: t.Updated.UTC().Format(time.RFC3339Nano)}, {Name: "status", Value: t.status()}, {Name: "tenant", Value: t.Tenant}}
	if t.Note != "" {
		more = append(more, tocsin.Field{Name: "note", Value: t.Note})
	}
	if t.By != "" {
		more = append(more, tocsin.Field{Name: "by", Value: t.By})
	}
	return report.AppendCampaign(b, t.Campaign, records, more...)
}

func (c *Console) searchAPI(ctx context.Context, in *struct {
	tenantQuery
	From  time.Time `query:"from" doc:"RFC 3339"`
	To    time.Time `query:"to" doc:"RFC 3339"`
	Text  string    `query:"text" maxLength:"1000" doc:"Occurs in the record or one of its fields, in any case."`
	Field []string  `query:"field,explode" maxItems:"16" doc:"NAME=VALUE, as often as needed: such a field has the value; * stands for anything."`
	Limit int       `query:"limit" minimum:"1" maximum:"5000" default:"100"`
}) (*jsonBody, error) {
	q := SearchQuery{Tenant: in.Tenant, From: in.From, To: in.To, Text: in.Text, Limit: in.Limit}
	for _, f := range in.Field {
		name, value, ok := strings.Cut(f, "=")
		if !ok || name == "" {
			return nil, huma.Error422UnprocessableEntity("field: want NAME=VALUE")
		}
		q.Fields = append(q.Fields, tocsin.Field{Name: name, Value: value})
	}
	out := jsonOf([]byte{'['})
	why, err := c.search(ctx, q, func(ev *tocsin.Event) int {
		if len(out.Body) > 1 {
			out.Body = append(out.Body, ',')
		}
		out.Body = report.AppendEvent(out.Body, ev)
		return len(out.Body)
	})
	if err != nil {
		return nil, c.wrong(err)
	}
	out.Body = append(out.Body, ']')
	out.More = why
	return out, nil
}

// search gives the events that a query asks for to add, which says how many bytes the answer has by then. It says why there may
// be more; "" where it gave all.
func (c *Console) search(ctx context.Context, q SearchQuery, add func(*tocsin.Event) int) (more string, err error) {
	if q.Limit <= 0 || q.Limit > maxFound {
		q.Limit = maxFound
	}
	most := q.Limit
	q.Limit++ // one more says that there are more
	if err := c.audit(ctx, "search", q.Tenant, searchText(q)); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	n := 0
	for ev, err := range c.o.Run.Search(ctx, q) {
		if err != nil {
			if n > 0 && errors.Is(err, context.DeadlineExceeded) {
				return "time", nil
			}
			return "", err
		}
		if n == most {
			return "limit", nil
		}
		n++
		if add(ev) > maxFoundBytes {
			return "size", nil
		}
	}
	if ctx.Err() != nil {
		return "time", nil
	}
	return "", nil
}

// searchText says what was searched for.
func searchText(q SearchQuery) string {
	var parts []string
	if !q.From.IsZero() {
		parts = append(parts, "from "+q.From.UTC().Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		parts = append(parts, "to "+q.To.UTC().Format(time.RFC3339))
	}
	if q.Text != "" {
		parts = append(parts, strconv.Quote(q.Text))
	}
	for _, f := range q.Fields {
		parts = append(parts, strconv.Quote(f.Name+"="+f.Value))
	}
	return strings.Join(parts, " ")
}

func (c *Console) setStatus(ctx context.Context, s StatusChange) error {
	if s.Status != Open && s.Status != Acknowledged && s.Status != Closed || len(s.Note) > 4000 || s.Benign && s.Status != Closed {
		return ErrRefused
	}
	detail := s.Status
	if s.Benign {
		detail += ", benign"
	}
	if s.Note != "" {
		detail += ": " + s.Note
	}
	t, err := c.o.Run.Campaign(ctx, s.Tenant, s.ID)
	if err != nil {
		return err
	}
	if err := c.audit(ctx, "status", s.ID, detail); err != nil {
		return err
	}
	if err = c.o.Run.SetStatus(ctx, who(ctx).name, s); err == nil {
		c.Changed(Change{Kind: "campaign", Tenant: t.Tenant, ID: t.Campaign.ID}) // who looks at it sees it at once
	}
	return err
}

func (c *Console) suppress(ctx context.Context, s Suppression) error {
	n := 0
	for _, what := range [...]string{s.Campaign, s.Rule, s.Entity} {
		if what != "" {
			n++
		}
	}
	switch now := time.Now(); {
	case n != 1:
		return Refused("name one of campaign, rule and entity")
	case strings.TrimSpace(s.Reason) == "" || len(s.Reason) > 4000:
		return Refused("a reason is needed")
	case !s.Until.After(now):
		return Refused("its end is not in the future")
	case s.Until.After(now.AddDate(1, 0, 1)):
		return Refused("it ends within a year")
	}
	if err := c.audit(ctx, "suppress", s.Campaign+s.Rule+s.Entity, "until "+s.Until.UTC().Format(time.RFC3339)+": "+s.Reason); err != nil {
		return err
	}
	return c.o.Run.Suppress(ctx, who(ctx).name, s)
}

// refusedError is why something that a person asked for is not done.
type refusedError string

// Refused is an error that wraps [ErrRefused] and says just why.
func Refused(why string) error { return refusedError(why) }

func (e refusedError) Error() string   { return string(e) }
func (refusedError) Is(err error) bool { return err == ErrRefused }

// wrong is an error as the API tells it: what is the asker's fault in words, of anything else only that it is so.
func (c *Console) wrong(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrNotFound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, ErrRefused):
		return huma.Error422UnprocessableEntity(err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return huma.Error504GatewayTimeout("it takes too long: ask for less")
	}
	c.log.Error("console", "err", err)
	return huma.Error500InternalServerError("it did not work; the log of the run says why")
}

// download answers with a report. Until the first bytes of it are there an error can still be told.
func (c *Console) download(w http.ResponseWriter, r *http.Request, q ReportQuery) {
	at := -1
	for i, f := range formats {
		if f.name == q.Format {
			at = i
		}
	}
	if at < 0 {
		problem(w, http.StatusUnprocessableEntity, "there is no such format")
		return
	}
	t, err := c.o.Run.Campaign(r.Context(), q.Tenant, q.ID)
	if err == nil {
		q.ID, q.Tenant = t.Campaign.ID, t.Tenant
		err = c.audit(r.Context(), "report", q.ID, q.Format+" "+q.Lang)
	}
	if err != nil {
		c.tellProblem(w, err)
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(reportTime))
	h := w.Header()
	h.Set("Content-Type", formats[at].kind)
	h.Set("Content-Disposition", `attachment; filename="tocsin-`+fileName(q.ID)+formats[at].end+`"`)
	// A report opened from here would be of our origin: it gets one of its own.
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	out := &held{w: w}
	if err := c.o.Run.Report(r.Context(), out, q); err != nil {
		c.log.Error("console: report", "campaign", q.ID, "format", q.Format, "err", err)
		if out.begun {
			panic(http.ErrAbortHandler) // so that who reads it knows that it is not whole
		}
		h.Del("Content-Disposition")
		c.tellProblem(w, err)
		return
	}
	_ = out.end()
}

func (c *Console) tellProblem(w http.ResponseWriter, err error) {
	var e huma.StatusError
	if errors.As(c.wrong(err), &e) {
		problem(w, e.GetStatus(), e.Error())
	}
}

// fileName is an id as it may stand in a file's name.
func fileName(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, id)
}

// held keeps the first bytes of an answer back.
type held struct {
	w     http.ResponseWriter
	b     bytes.Buffer
	begun bool
}

func (h *held) Write(p []byte) (int, error) {
	if h.begun {
		return h.w.Write(p)
	}
	h.b.Write(p)
	if h.b.Len() >= 256<<10 {
		return len(p), h.end()
	}
	return len(p), nil
}

func (h *held) end() error {
	if h.begun {
		return nil
	}
	h.begun = true
	_, err := h.w.Write(h.b.Bytes())
	h.b = bytes.Buffer{}
	return err
}
