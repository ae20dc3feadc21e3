package console

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/feed"
	"github.com/tocsin-ids/tocsin/report"
)

// listBody is a page with one table.
type listBody struct {
	Lede, None, Next string
	Try              bool // rules may be tried
	Choices          []link
	Notes            []string
	Heads            []string
	Rows             []listRow
}

type listRow struct {
	Bad   bool
	Cells []cell
}

type cell struct {
	Text, Small, Badge, Path string
	Number, Mono             bool
}

const maxListed = 2000

func (c *Console) listPage(w http.ResponseWriter, r *http.Request) {
	l, q := c.languageOf(r), r.URL.Query()
	status := q.Get("status")
	if status != Open && status != Acknowledged && status != Closed {
		status = ""
	}
	page, next, err := c.o.Run.Campaigns(r.Context(), Query{Tenant: q.Get("tenant"), Status: status, Limit: 100, Cursor: q.Get("cursor")})
	if err != nil {
		c.failed(w, r, err)
		return
	}
	b := listBody{Lede: l.say("All that were told, the last updated first."), None: l.say("None."), Heads: l.heads("Level", "Campaign", "Status", "What drove it", "Updated (UTC)")}
	for i := range page {
		x := l.row(&page[i])
		b.Rows = append(b.Rows, listRow{Cells: []cell{{Text: x.Level, Badge: "l" + strconv.Itoa(x.N)}, {Text: x.Title, Path: x.Path, Small: x.Tenant}, {Text: x.Status, Small: x.Who}, {Text: x.Verdict}, {Text: x.Updated}}})
	}
	if next != "" {
		more := url.Values{"cursor": {next}}
		for _, k := range []string{"status", "tenant"} {
			if v := q.Get(k); v != "" {
				more.Set(k, v)
			}
		}
		b.Next = "/campaigns?" + more.Encode()
	}
	for _, s := range [...]string{"", Open, Acknowledged, Closed} {
		b.Choices = append(b.Choices, link{"/campaigns?status=" + s, l.say(cmp.Or(s, "all")), s == status})
	}
	c.page(w, r, http.StatusOK, "list", "Campaigns", view{Again: true, Body: b})
}

func (l *language) heads(names ...string) []string {
	for i := range names {
		names[i] = l.say(names[i])
	}
	return names
}

func (l *language) number(n int64) cell { return cell{Text: l.digits(n), Number: true} }

func (l *language) digits(n int64) string {
	s := strconv.FormatInt(n, 10)
	gap := ","
	if l.page.Lang() == "fr" {
		gap = "\u202f"
	}
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + gap + s[i:]
	}
	return s
}

// size is a number of bytes in a unit that a person can read.
func (l *language) size(n int64) string {
	if n < 0 {
		return l.say("not known")
	}
	v, unit := float64(n), 0
	for ; v >= 999.5 && unit < 4; unit++ {
		v /= 1000
	}
	s := strconv.FormatFloat(v, 'f', 0, 64)
	if unit > 0 && v < 9.95 {
		s = strconv.FormatFloat(v, 'f', 1, 64)
	}
	if l.page.Lang() == "fr" {
		return strings.Replace(s, ".", ",", 1) + "\u00a0" + [...]string{"o", "ko", "Mo", "Go", "To"}[unit]
	}
	return s + " " + [...]string{"B", "kB", "MB", "GB", "TB"}[unit]
}

func (c *Console) sourcesPage(w http.ResponseWriter, r *http.Request) {
	l := c.languageOf(r)
	all := slices.Clone(c.o.Run.Sources())
	rank := map[string]int{"broken": 0, "waiting": 1}
	order := func(s *feed.Stat) int {
		if n, ok := rank[s.State]; ok {
			return n
		}
		if s.Lost > 0 {
			return 2
		}
		return 3
	}
	slices.SortStableFunc(all, func(a, b feed.Stat) int {
		return cmp.Or(cmp.Compare(order(&a), order(&b)), cmp.Compare(b.Behind, a.Behind), cmp.Compare(a.Path, b.Path))
	})
	n := c.o.Run.Numbers()
	b := listBody{None: l.say("No source is known yet."), Heads: l.heads("State", "Source", "Read", "Behind", "Lost", "Refused", "Last received (UTC)"),
		Lede: fmt.Sprintf(l.say("%s sources, %s events. Behind is what is there and not read yet; lost is what a transport could not wait for."), l.digits(int64(len(all))), l.digits(n.Events))}
	for _, stage := range slices.Sorted(maps.Keys(n.Lag)) {
		if d := n.Lag[stage]; d >= time.Minute {
			b.Notes = append(b.Notes, fmt.Sprintf(l.say("The stage %s is %s behind."), stage, d.Round(time.Second)))
		}
	}
	for i := range all[:min(len(all), maxListed)] {
		s := &all[i]
		path := s.Path
		if path == "" {
			path = s.ID
		}
		b.Rows = append(b.Rows, listRow{Bad: order(s) < 3, Cells: []cell{{Text: l.say(s.State), Small: report.Visible(s.Why)}, {Text: report.Visible(path), Mono: true, Small: strings.Trim(s.Kind+" · "+report.Visible(s.Tenant), " ·")},
			{Text: l.size(s.Read), Number: true}, {Text: l.size(s.Behind), Number: true}, l.number(s.Lost), l.number(s.Refused), {Text: stamp(s.Last)}}})
	}
	if len(all) > maxListed {
		b.Notes = append(b.Notes, fmt.Sprintf(l.say("The first %s; all are in the API."), l.digits(maxListed)))
	}
	c.page(w, r, http.StatusOK, "list", "Sources", view{Again: true, Body: b})
}

func (c *Console) rulesPage(w http.ResponseWriter, r *http.Request) {
	l := c.languageOf(r)
	all := slices.Clone(c.o.Run.Rules())
	byCost := r.URL.Query().Get("by") == "cost"
	slices.SortStableFunc(all, func(a, b RuleCost) int {
		aside := func(x RuleCost) int {
			if x.PutAside != "" {
				return 0
			}
			return 1
		}
		if byCost {
			return cmp.Or(cmp.Compare(aside(a), aside(b)), cmp.Compare(b.Cost, a.Cost), cmp.Compare(a.Title, b.Title))
		}
		return cmp.Or(cmp.Compare(aside(a), aside(b)), cmp.Compare(b.Hits, a.Hits), cmp.Compare(b.Cost, a.Cost), cmp.Compare(a.Title, b.Title))
	})
	var total time.Duration
	for _, x := range all {
		total += x.Cost
	}
	b := listBody{None: l.say("No rule is loaded."), Heads: l.heads("Level", "Rule", "Hits", "Took", "Share of all"),
		Lede:    fmt.Sprintf(l.say("%s rules, with what they found and took since the run began."), l.digits(int64(len(all)))),
		Choices: []link{{"/rules", l.say("by hits"), !byCost}, {"/rules?by=cost", l.say("by cost"), byCost}}}
	b.Try = who(r.Context()).role == Admin
	for _, x := range all[:min(len(all), maxListed)] {
		share := 0.0
		if total > 0 {
			share = 100 * x.Cost.Seconds() / total.Seconds()
		}
		small := report.Visible(x.ID)
		if x.PutAside != "" {
			small = l.say("put aside:") + " " + report.Visible(x.PutAside)
		}
		b.Rows = append(b.Rows, listRow{Bad: x.PutAside != "", Cells: []cell{{Text: l.page.Level(x.Level), Badge: "l" + strconv.Itoa(int(min(x.Level, tocsin.Critical)))}, {Text: report.Visible(x.Title), Small: small},
			l.number(x.Hits), {Text: x.Cost.Round(time.Microsecond).String(), Number: true}, {Text: strconv.FormatFloat(share, 'f', 1, 64) + " %", Number: true}}})
	}
	if len(all) > maxListed {
		b.Notes = append(b.Notes, fmt.Sprintf(l.say("The first %s; all are in the API."), l.digits(maxListed)))
	}
	c.page(w, r, http.StatusOK, "list", "Rules", view{Again: true, Body: b})
}

func (c *Console) incidentsPage(w http.ResponseWriter, r *http.Request) {
	l := c.languageOf(r)
	all := c.o.Run.Incidents()
	b := listBody{Lede: l.say("What is wrong with the run itself or its sources, the newest first."), None: l.say("Nothing is wrong that is known."), Heads: l.heads("Began (UTC)", "Ended (UTC)", "Kind", "What", "Source")}
	for _, i := range all[:min(len(all), maxListed)] {
		ended := l.say("goes on")
		if !i.Ended.IsZero() {
			ended = stamp(i.Ended)
		}
		b.Rows = append(b.Rows, listRow{Bad: i.Ended.IsZero(), Cells: []cell{{Text: stamp(i.Time)}, {Text: ended}, {Text: l.say(i.Kind)}, {Text: report.Visible(i.What), Small: report.Visible(i.Hint)}, {Text: report.Visible(i.Source), Mono: i.Source != "", Small: report.Visible(i.Tenant)}}})
	}
	c.page(w, r, http.StatusOK, "list", "Incidents", view{Again: true, Body: b})
}

type searchBody struct {
	From, To, Text, Fields string
	BadFrom, BadTo         bool
	Limits                 []int
	Limit                  int
	Asked                  bool
	Wrong, Found           string
	Events                 []eventView
}

// limits are what a person may choose from: how many events a search shows at most.
var limits = [...]int{50, 100, 500, 1000}

type eventView struct {
	Time, Host, Place, Format, Details, Raw string
	Rule                                    string // that held, where it is said
	Fields                                  []tocsin.Field
	Open                                    bool
}

// Bounds of what a page shows of an event.
const (
	maxShownFields = 300
	maxShownValue  = 8 << 10
)

func viewOf(ev *tocsin.Event) eventView {
	at := ev.Time
	if at.IsZero() {
		at = ev.Sensor
	}
	v := eventView{Time: stamp(at), Host: report.Visible(ev.Host), Place: report.Visible(ev.Place().String()), Format: report.Visible(ev.Format), Details: report.Visible(report.Details(ev))}
	for _, f := range ev.Fields[:min(len(ev.Fields), maxShownFields)] {
		v.Fields = append(v.Fields, tocsin.Field{Name: report.Visible(tocsin.Shorten(f.Name, 200)), Value: report.Visible(tocsin.Shorten(f.Value, maxShownValue))})
	}
	if len(ev.Fields) == 0 {
		v.Raw, v.Open = report.Visible(tocsin.Shorten(ev.Raw, maxShownValue)), true
	}
	return v
}

func (c *Console) searchPage(w http.ResponseWriter, r *http.Request) {
	l, q := c.languageOf(r), r.URL.Query()
	b := searchBody{From: q.Get("from"), To: q.Get("to"), Text: q.Get("text"), Fields: q.Get("fields")}
	limit := 100
	if n, _ := strconv.Atoi(q.Get("limit")); slices.Contains(limits[:], n) {
		limit = n
	}
	b.Limits, b.Limit = limits[:], limit
	s := SearchQuery{Tenant: q.Get("tenant"), Text: strings.TrimSpace(b.Text), Limit: limit}
	var ok [2]bool
	s.From, ok[0] = instant(b.From, false)
	s.To, ok[1] = instant(b.To, true)
	b.BadFrom, b.BadTo = !ok[0], !ok[1]
	for line := range strings.Lines(b.Fields) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, value, is := strings.Cut(line, "=")
		if !is || strings.TrimSpace(name) == "" || len(s.Fields) == 16 {
			b.Wrong = l.say("Fields are NAME=VALUE, one a line, at most 16.")
			break
		}
		s.Fields = append(s.Fields, tocsin.Field{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	if b.BadFrom || b.BadTo {
		b.Wrong = l.say("Times are YYYY-MM-DD, with hh:mm or hh:mm:ss after it where wanted.")
	}
	status := http.StatusOK
	if b.Asked = b.Wrong == "" && len(q) > 0 && (b.From+b.To+s.Text != "" || len(s.Fields) > 0); b.Asked {
		size := 0
		more, err := c.search(r.Context(), s, func(ev *tocsin.Event) int {
			v := viewOf(ev)
			b.Events = append(b.Events, v)
			for _, f := range v.Fields {
				size += len(f.Name) + len(f.Value)
			}
			size += len(v.Raw) + len(v.Details)
			return size
		})
		if err != nil {
			c.failed(w, r, err)
			return
		}
		b.Found = fmt.Sprintf(l.say("%s events found."), l.digits(int64(len(b.Events))))
		if more != "" {
			b.Found += " " + l.say("There may be more: narrow the search, or take a later beginning.")
		}
	} else if b.Wrong != "" {
		status = http.StatusUnprocessableEntity
	}
	c.page(w, r, status, "search", "Search", view{Body: b})
}

// instant is a time as a person types it; the zero time for nothing. An end is the last moment of what was typed.
func instant(s string, end bool) (time.Time, bool) {
	s = strings.TrimSuffix(strings.TrimSpace(strings.Replace(s, "T", " ", 1)), "Z")
	if s == "" {
		return time.Time{}, true
	}
	for layout, long := range map[string]time.Duration{"2006-01-02 15:04:05": time.Second, "2006-01-02 15:04": time.Minute, "2006-01-02": 24 * time.Hour} {
		if t, err := time.Parse(layout, s); err == nil {
			if end {
				t = t.Add(long - time.Nanosecond)
			}
			return t, true
		}
	}
	return time.Time{}, false
}

func (c *Console) recordPage(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	record, err := strconv.ParseUint(q.Get("record"), 10, 64)
	nth, _ := strconv.ParseInt(q.Get("nth"), 10, 64)
	if err != nil || q.Get("source") == "" {
		c.failed(w, r, ErrNotFound)
		return
	}
	ev, err := c.o.Run.Record(r.Context(), q.Get("tenant"), tocsin.Place{Source: q.Get("source"), Record: tocsin.Nth(record, max(1, nth))})
	if err != nil {
		c.failed(w, r, err)
		return
	}
	v := viewOf(ev)
	v.Open = true
	c.page(w, r, http.StatusOK, "search", "Record", view{Body: searchBody{Events: []eventView{v}, Limits: limits[:], Limit: 100}})
}

type apiBody struct{ Operations []operation }

type operation struct {
	Method, Path, Summary, Description string
	Params                             []param
}

type param struct{ Name, In, Says string }

// apiPage lists what the API can be asked for.
func (c *Console) apiPage(w http.ResponseWriter, r *http.Request, o *huma.OpenAPI) {
	var b apiBody
	for path, item := range o.Paths {
		for method, op := range map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PUT": item.Put, "DELETE": item.Delete} {
			if op == nil {
				continue
			}
			x := operation{Method: method, Path: path, Summary: op.Summary, Description: op.Description}
			for _, p := range op.Parameters {
				x.Params = append(x.Params, param{p.Name, p.In, p.Description})
			}
			b.Operations = append(b.Operations, x)
		}
	}
	slices.SortFunc(b.Operations, func(x, y operation) int { return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.Method, y.Method)) })
	c.page(w, r, http.StatusOK, "api", "API", view{Body: b})
}
