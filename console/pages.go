package console

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

//go:embed html
var files embed.FS

// Bounds of the page on what goes on now.
const (
	maxNow        = 60       // campaigns in full; all are in the list
	maxNowRead    = 1000     // that are looked at for the worst of them
	maxNowMatches = 2000     // the newest
	maxNowData    = 12 << 20 // bytes of JSON, before compression
	staleAfter    = 3 * time.Second
)

// A view is what a page is made from.
type view struct {
	Lang, Other, Back    string
	Title, Style, Script string
	Icon                 string
	Data                 string // where the page's data is; "" on pages that are whole without
	Again                bool   // the page is loaded again while it is looked at
	Person, Way, CSRF    string
	Nav                  []link
	Body                 any
}

type link struct {
	Path, Says string
	Here       bool
}

// languageOf is the one that a person chose, or else that their browser asks for.
func (c *Console) languageOf(r *http.Request) *language {
	if cookie, err := r.Cookie("tocsin-lang"); err == nil && c.langs[cookie.Value] != nil {
		return c.langs[cookie.Value]
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if l := c.langs[primary]; l != nil {
			return l
		}
	}
	return c.langs["en"]
}

// page answers with a page: the layout around one template.
func (c *Console) page(w http.ResponseWriter, r *http.Request, status int, name, title string, v view) {
	l := c.languageOf(r)
	v.Lang, v.Other, v.Title, v.Back = l.page.Lang(), "fr", l.say(title), r.URL.RequestURI()
	if v.Lang == "fr" {
		v.Other = "en"
	}
	if r.Method != http.MethodGet {
		v.Back = "/"
	}
	v.Style, v.Script, v.Icon = l.assets["style"].name, l.assets["small"].name, l.assets["icon"].name
	if v.Data != "" {
		v.Script = l.assets["app"].name
	}
	if p := who(r.Context()); p != nil {
		v.Person, v.Way, v.CSRF = p.name, p.way, p.csrf
		for _, x := range [...][2]string{{"/", "Now"}, {"/campaigns", "Campaigns"}, {"/search", "Search"}, {"/sources", "Sources"}, {"/rules", "Rules"}, {"/incidents", "Incidents"}} {
			v.Nav = append(v.Nav, link{x[0], l.say(x[1]), x[0] == r.URL.Path || x[0] != "/" && strings.HasPrefix(r.URL.Path, x[0])})
		}
	}
	var b bytes.Buffer
	if err := l.pages[name].ExecuteTemplate(&b, "layout", v); err != nil {
		c.log.Error("console: page", "page", name, "err", err)
		plain(w, http.StatusInternalServerError, "this page could not be made; the log of the run says why\n")
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

// problemPage says to a person why a request is not answered.
func (c *Console) problemPage(w http.ResponseWriter, r *http.Request, no *refusal) {
	c.page(w, r, no.status, "login", "This is not possible", view{Body: loginBody{Wrong: c.languageOf(r).say(no.why)}})
}

// failed answers with a page that says what is wrong.
func (c *Console) failed(w http.ResponseWriter, r *http.Request, err error) {
	c.problemPage(w, r, c.refusalOf(r, err))
}

// refusalOf is an error as a person is told it.
func (c *Console) refusalOf(r *http.Request, err error) *refusal {
	switch {
	case errors.Is(err, ErrNotFound):
		return &refusal{http.StatusNotFound, "there is no such thing, or it is no longer kept"}
	case errors.Is(err, ErrRefused):
		return &refusal{http.StatusUnprocessableEntity, err.Error()}
	}
	c.log.Error("console", "path", r.URL.Path, "err", err)
	return &refusal{http.StatusInternalServerError, "it did not work; the log of the run says why"}
}

func (c *Console) pageRoutes() {
	c.mux.HandleFunc("GET /{$}", c.nowPage)
	c.mux.HandleFunc("GET /data", c.nowData)
	c.mux.HandleFunc("GET /campaigns", c.listPage)
	c.mux.HandleFunc("GET /campaigns/{id}", c.campaignPage)
	c.mux.HandleFunc("GET /campaigns/{id}/data", c.campaignData)
	c.mux.HandleFunc("GET /campaigns/{id}/report", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		c.download(w, r, ReportQuery{q.Get("tenant"), r.PathValue("id"), q.Get("format"), c.languageOf(r).page.Lang()})
	})
	c.mux.HandleFunc("POST /campaigns/{id}/status", c.postStatus)
	c.mux.HandleFunc("POST /campaigns/{id}/suppress", c.postSuppress)
	c.mux.HandleFunc("GET /sources", c.sourcesPage)
	c.mux.HandleFunc("GET /rules", c.rulesPage)
	c.mux.HandleFunc("GET /rules/try", c.tryPage)
	c.mux.HandleFunc("POST /rules/try", c.tryPage)
	c.mux.HandleFunc("GET /incidents", c.incidentsPage)
	c.mux.HandleFunc("GET /search", c.searchPage)
	c.mux.HandleFunc("GET /record", c.recordPage)
	c.mux.HandleFunc("GET /login", c.loginPage)
	c.mux.HandleFunc("POST /login", c.login)
	c.mux.HandleFunc("POST /logout", c.logout)
	c.mux.HandleFunc("GET /language", c.setLanguage)
	c.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { c.failed(w, r, ErrNotFound) })
}

// A row is a campaign in a list.
type row struct {
	N                             int
	Level, Path, Title, Tenant    string
	Status, Verdict, Updated, Who string
}

func campaignPath(t *Told) string {
	path := "/campaigns/" + url.PathEscape(t.Campaign.ID)
	if t.Tenant != "" {
		path += "?tenant=" + url.QueryEscape(t.Tenant)
	}
	return path
}

func (l *language) row(t *Told) row {
	k := t.Campaign
	return row{N: int(min(k.Level, tocsin.Critical)), Level: l.page.Level(k.Level), Path: campaignPath(t), Title: l.page.Title(k), Tenant: report.Visible(t.Tenant),
		Status: l.say(t.status()), Verdict: l.page.Verdict(k), Updated: stamp(t.Updated), Who: report.Visible(t.By)}
}

// stamp is a time as pages show it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

// current are the campaigns that are not closed, the worst first, and how many more there are.
func (c *Console) current(ctx context.Context, tenant string) (all []Told, more int, err error) {
	q := Query{Tenant: tenant, Limit: 200}
	for read := 0; read < maxNowRead; {
		page, next, err := c.o.Run.Campaigns(ctx, q)
		if err != nil {
			return nil, 0, err
		}
		for i := range page {
			if page[i].status() != Closed {
				all = append(all, page[i])
			}
		}
		if read += len(page); next == "" || len(page) == 0 {
			break
		}
		q.Cursor = next
	}
	slices.SortStableFunc(all, func(a, b Told) int { return int(b.Campaign.Level) - int(a.Campaign.Level) })
	more = max(0, len(all)-maxNow)
	return all[:len(all)-more], more, nil
}

type nowBody struct {
	Note       string
	Going      []Incident
	Told       *toldView // on a campaign's page
	StatusSays string
	Downloads  []link
	May, Offer bool
	CSRF       string
	First      template.HTML
	App        template.HTML
	Campaigns  []row
	Count      string
	Ready      bool
	Principals []principalRow
}

type toldView struct{ ID, Tenant, Status, By, Note, Updated string }

type principalRow struct{ Verdict, Name, Why string }

func (c *Console) nowPage(w http.ResponseWriter, r *http.Request) {
	l := c.languageOf(r)
	tenant := r.URL.Query().Get("tenant")
	all, more, err := c.current(r.Context(), tenant)
	if err != nil {
		c.failed(w, r, err)
		return
	}
	app, err := l.page.App()
	if err != nil {
		c.failed(w, r, err)
		return
	}
	b := nowBody{App: template.HTML(app), Ready: c.o.Run.Ready(), Count: fmt.Sprintf(l.say("%d campaigns that are not closed, the most severe first."), len(all)+more)}
	for i := range all {
		b.Campaigns = append(b.Campaigns, l.row(&all[i]))
	}
	for _, i := range c.o.Run.Incidents() {
		if i.Ended.IsZero() && len(b.Going) < 3 {
			b.Going = append(b.Going, Incident{Kind: l.say(i.Kind), What: report.Visible(i.What), Hint: report.Visible(i.Hint)})
		}
	}
	for _, p := range c.o.Run.Principals(tenant) {
		if p.Verdict != tocsin.Ordinary && len(b.Principals) < 100 {
			b.Principals = append(b.Principals, principalRow{l.page.Say(p.Verdict.String()), report.Visible(p.Name), l.page.Because(p)})
		}
	}
	data := "/data"
	if tenant != "" {
		data += "?tenant=" + url.QueryEscape(tenant)
	}
	c.page(w, r, http.StatusOK, "now", "Now", view{Data: data, Again: true, Body: b})
}

// nowData answers with the data of the page on what goes on now.
func (c *Console) nowData(w http.ResponseWriter, r *http.Request) {
	l, tenant := c.languageOf(r), r.URL.Query().Get("tenant")
	c.data(w, r, l.page.Lang()+" "+tenant, func(ctx context.Context) ([]byte, error) {
		all, more, err := c.current(ctx, tenant)
		if err != nil {
			return nil, err
		}
		matches, err := c.o.Run.Matches(ctx, MatchQuery{Tenant: tenant, Limit: maxNowMatches})
		if err != nil {
			return nil, err
		}
		for {
			h := &report.Hunt{Title: l.say("Now"), Version: c.o.Version, Campaigns: []*tocsin.Campaign{}, Principals: c.o.Run.Principals(tenant), Names: c.o.Names, Matches: report.List(matches)}
			for i := range all {
				h.Campaigns = append(h.Campaigns, all[i].Campaign)
			}
			b := c.withTold(l.page.Data(h), all, more)
			if len(b) <= maxNowData || len(all) < 2 && len(matches) < 2 {
				return b, nil
			}
			more += len(all) - (len(all)+1)/2
			all, matches = all[:(len(all)+1)/2], matches[len(matches)/2:]
		}
	})
}

// withTold adds to the page's data what became of its campaigns, and how many more there are.
func (c *Console) withTold(data []byte, all []Told, more int) []byte {
	b := append(bytes.TrimSuffix(data, []byte("}")), `,"told":{`...)
	for i := range all {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(report.AppendJSON(b, all[i].Campaign.ID), `:{"status":`...)
		b = append(report.AppendJSON(b, all[i].status()), `,"path":`...)
		b = append(report.AppendJSON(b, campaignPath(&all[i])), '}')
	}
	b = append(b, `},"further":`...)
	return append(strconv.AppendInt(b, int64(more), 10), '}')
}

// A pageCache keeps the data of pages for a moment: many look at the same.
type pageCache struct {
	mu  sync.Mutex
	all map[string]*cached
}

type cached struct {
	mu     sync.Mutex
	made   time.Time
	number uint64
	tag    string
	packed []byte
}

const maxCached = 64

func (p *pageCache) of(key string) *cached {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all == nil {
		p.all = map[string]*cached{}
	}
	x := p.all[key]
	if x == nil {
		if len(p.all) >= maxCached {
			clear(p.all)
		}
		x = &cached{}
		p.all[key] = x
	}
	return x
}

// data answers with a page's data, made anew where something changed since it was made.
func (c *Console) data(w http.ResponseWriter, r *http.Request, key string, make func(context.Context) ([]byte, error)) {
	x := c.now.of(key)
	x.mu.Lock()
	number := c.hub.number()
	if x.packed == nil || number != x.number || time.Since(x.made) > staleAfter {
		b, err := make(r.Context())
		if err != nil {
			x.mu.Unlock()
			c.tellProblem(w, err)
			return
		}
		sum := sha256.Sum256(b)
		x.made, x.number = time.Now(), number
		if tag := `"` + hex.EncodeToString(sum[:12]) + `"`; tag != x.tag {
			x.tag, x.packed = tag, packed(b)
		}
	}
	tag, b := x.tag, x.packed
	x.mu.Unlock()
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Vary", "Accept-Encoding, Cookie, Accept-Language")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(b)
		return
	}
	if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
		_, _ = io.Copy(w, z) // of our own making
	}
}

func packed(b []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // the level is one there is; writes to memory do not fail
	_, _ = z.Write(b)
	_ = z.Close()
	return out.Bytes()
}

func (c *Console) campaignPage(w http.ResponseWriter, r *http.Request) {
	l := c.languageOf(r)
	t, err := c.o.Run.Campaign(r.Context(), r.URL.Query().Get("tenant"), r.PathValue("id"))
	if err != nil {
		c.failed(w, r, err)
		return
	}
	app, err := l.page.App()
	var first bytes.Buffer
	if err == nil {
		err = l.page.Campaign(&first, &report.Hunt{Campaigns: []*tocsin.Campaign{t.Campaign}}, t.Campaign)
	}
	if err != nil {
		c.failed(w, r, err)
		return
	}
	b := nowBody{App: template.HTML(app), First: template.HTML(first.String()), StatusSays: l.say(t.status()), May: who(r.Context()).role == Admin, CSRF: who(r.Context()).csrf,
		Told: &toldView{t.Campaign.ID, t.Tenant, t.status(), report.Visible(t.By), t.Note, stamp(t.Updated)}}
	at := campaignPath(t)
	path, query, _ := strings.Cut(at, "?")
	for _, f := range formats {
		b.Downloads = append(b.Downloads, link{Path: path + "/report?format=" + f.name + "&" + query, Says: f.says})
	}
	switch r.URL.Query().Get("done") {
	case "status":
		b.Note = l.say("It is saved.")
	case "benign":
		b.Note, b.Offer = l.say("It is closed: there was nothing to it. If the same comes again it is told again, unless that is suppressed below."), true
	case "suppress":
		b.Note = l.say("What is like it is not told until then.")
	}
	if t.Campaign.ID != r.PathValue("id") {
		b.Note = fmt.Sprintf(l.say("What was told as %s is part of this campaign now."), report.Visible(r.PathValue("id")))
	}
	data := path + "/data"
	if query != "" {
		data += "?" + query
	}
	c.page(w, r, http.StatusOK, "now", t.Campaign.ID, view{Data: data, Again: true, Body: b})
}

func (c *Console) campaignData(w http.ResponseWriter, r *http.Request) {
	l, tenant, id := c.languageOf(r), r.URL.Query().Get("tenant"), r.PathValue("id")
	c.data(w, r, l.page.Lang()+" "+tenant+"\n"+id, func(ctx context.Context) ([]byte, error) {
		t, err := c.o.Run.Campaign(ctx, tenant, id)
		if err != nil {
			return nil, err
		}
		matches, err := c.o.Run.Matches(ctx, MatchQuery{t.Tenant, t.Campaign.ID, maxNowMatches})
		if err != nil {
			return nil, err
		}
		h := &report.Hunt{Title: l.page.Title(t.Campaign), Version: c.o.Version, Campaigns: []*tocsin.Campaign{t.Campaign}, Matches: report.List(matches)}
		return c.withTold(l.page.Data(h), []Told{*t}, 0), nil
	})
}

func (c *Console) postStatus(w http.ResponseWriter, r *http.Request) {
	s := StatusChange{Tenant: r.PostFormValue("tenant"), ID: r.PathValue("id"), Status: r.PostFormValue("status"), Note: strings.TrimSpace(r.PostFormValue("note"))}
	done := "status"
	if s.Status == "benign" {
		s.Status, s.Benign, done = Closed, true, "benign"
	}
	if err := c.setStatus(r.Context(), s); err != nil {
		c.failed(w, r, err)
		return
	}
	c.back(w, r, s.Tenant, done)
}

func (c *Console) postSuppress(w http.ResponseWriter, r *http.Request) {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > 365 {
		days = 7
	}
	s := Suppression{Tenant: r.PostFormValue("tenant"), Campaign: r.PathValue("id"), Reason: strings.TrimSpace(r.PostFormValue("reason")), Until: time.Now().UTC().AddDate(0, 0, days).Truncate(time.Second)}
	if err := c.suppress(r.Context(), s); err != nil {
		c.failed(w, r, err)
		return
	}
	c.back(w, r, s.Tenant, "suppress")
}

// back leads to a campaign's page after what was done to it.
func (c *Console) back(w http.ResponseWriter, r *http.Request, tenant, done string) {
	q := url.Values{"done": {done}}
	if tenant != "" {
		q.Set("tenant", tenant)
	}
	http.Redirect(w, r, "/campaigns/"+url.PathEscape(r.PathValue("id"))+"?"+q.Encode(), http.StatusSeeOther)
}
