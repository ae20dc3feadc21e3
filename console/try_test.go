package console

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// Try finds something wrong with a rule that is broken, and with any other what the run has.
func (f *fakeRun) Try(ctx context.Context, t Trial) (*Tried, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tried = append(f.tried, t)
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > tryTime {
		return nil, errors.New("it may take for ever")
	}
	switch {
	case f.tryFails != nil:
		return nil, f.tryFails
	case strings.Contains(t.Rules, "broken"):
		return &Tried{Faults: []RuleFault{{7, "Broken" + evil, "condition: no search is called selektion" + evil, "did you mean selection?"}, {What: "no title"}}}, nil
	case strings.Contains(t.Rules, "nowhere"):
		return &Tried{Events: 120}, nil
	}
	return &Tried{Notes: []RuleFault{{3, "", "no field is called usr", "did you mean user?"}}, Events: 1_234_567, Fitting: 120, Matches: 2345, More: "time",
		Hosts: []HostMatches{{"web1" + evil, 2300}, {"", 45}}, MoreHosts: 3, First: slices.Clone(f.matches[:min(t.Limit, len(f.matches))])}, nil
}

func TestTryAPI(t *testing.T) {
	f := sampleRun()
	at := server(t, newConsole(t, f, nil))
	try := func(body string) (int, string) {
		t.Helper()
		a, got := ask(t, "POST", at+"/api/v1/rules/try", body, "Content-Type", "application/json")
		return a.StatusCode, got
	}
	status, body := try(`{"rules":"title: x","from":"2026-03-01T00:00:00Z","limit":3}`)
	got := decode[struct {
		Events, Fitting, Matches int64
		Hosts                    []HostMatches
		More                     string
		Faults, Notes            []RuleFault
		First                    []struct {
			Kind string
			Rule struct{ Title string }
		}
	}](t, body)
	if status != 200 || got.Events != 1_234_567 || got.Fitting != 120 || got.Matches != 2345 || got.More != "time" || len(got.Hosts) != 2 || got.Hosts[0].Host != "web1"+evil || len(got.Notes) != 1 {
		t.Errorf("%d %s", status, body)
	}
	if len(got.First) != 3 || got.First[2].Kind != "match" || got.First[2].Rule.Title != sampleRule.Title {
		t.Errorf("the first: %s", body)
	}
	if x := f.tried[0]; x.Rules != "title: x" || !x.From.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) || !x.To.IsZero() || x.Limit != 3 {
		t.Errorf("asked was %+v", x)
	}
	if a := f.acts[0]; a.Who != "local" || a.What != "try" || a.From == "" || a.Detail != `from 2026-03-01T00:00:00Z "title: x"` {
		t.Errorf("noted is %+v", a)
	}
	if status, body = try(`{"rules":"broken"}`); status != 200 || !strings.Contains(body, `"line":7`) || !strings.Contains(body, `"hosts":[]`) || !strings.Contains(body, `"first":[]`) || f.tried[1].Limit != 20 {
		t.Errorf("a broken rule: %d %s", status, body)
	}
	for _, wrong := range []string{`{}`, `{"rules":""}`, `{"rules":" \n"}`, `{"rules":"x","limit":0}`, `{"rules":"x","limit":101}`, `{"rules":"x","from":"2026-03-02T00:00:00Z","to":"2026-03-01T00:00:00Z"}`, `{"rules":"` + strings.Repeat("x", maxTried+1) + `"}`} {
		if status, body = try(wrong); status != 422 {
			t.Errorf("%.80s: %d %.200s", wrong, status, body)
		}
	}
	f.tryFails = Refused("another rule is being tried; try again when it is done")
	if status, body = try(`{"rules":"x"}`); status != 422 || !strings.Contains(body, "another rule is being tried") {
		t.Errorf("one too many: %d %s", status, body)
	}
	f.tryFails, f.auditFails = nil, errors.New("disk full")
	n := len(f.tried)
	if status, body = try(`{"rules":"x"}`); status != 500 || len(f.tried) != n {
		t.Errorf("what cannot be noted is done: %d %s", status, body)
	}
}

func TestTryPage(t *testing.T) {
	f := sampleRun()
	c := newConsole(t, f, nil)
	at := server(t, c)
	if _, body := ask(t, "GET", at+"/rules", ""); !strings.Contains(body, `href="/rules/try"`) {
		t.Error("nothing leads to it")
	}
	if a, body := ask(t, "GET", at+"/rules/try", ""); a.StatusCode != 200 || !strings.Contains(body, `<option value="7" selected>`) || len(f.tried) > 0 {
		t.Errorf("%s %s", a.Status, body)
	}
	post := func(rules, days, lang string) (int, string) {
		t.Helper()
		a, body := ask(t, "POST", at+"/rules/try", url.Values{"rules": {rules}, "days": {days}, "csrf": {c.local}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", at, "Accept-Language", lang)
		return a.StatusCode, body
	}
	has := func(body string, texts ...string) {
		t.Helper()
		for _, s := range texts {
			if !strings.Contains(body, s) {
				t.Errorf("it lacks %q:\n%s", s, body)
			}
		}
		if strings.Contains(body, "<img") || strings.Contains(body, "<script>") || strings.Contains(body, "\u202e") {
			t.Error("what a log says is markup")
		}
	}
	status, body := post("title: </textarea>"+evil[:10]+"\r\nx: y", "1", "en")
	if status != 200 || f.tried[0].Rules != "title: </textarea>"+evil[:10]+"\nx: y" || time.Since(f.tried[0].From) < 23*time.Hour || time.Since(f.tried[0].From) > 25*time.Hour {
		t.Errorf("%d, asked was %+v", status, f.tried[0])
	}
	has(body, "2,345 matches in 1,234,567 events, 120 of them of a log source that it is for.", "Its time was over before all was read", `<td role="cell" data-label="Matches" class="num">2,300</td>`, "3 more are not listed", "Line 3", "no field is called usr",
		"&lt;/textarea&gt;", `<option value="1" selected>`, "/var/log/auth.log:1<", "SSH login from a new address", "The first matches")
	if n := strings.Count(body, "<article"); n != 20 {
		t.Errorf("%d matches are shown", n)
	}
	status, body = post("x", "0", "fr")
	if status != 200 || !f.tried[1].From.IsZero() {
		t.Errorf("%d, asked was %+v", status, f.tried[1])
	}
	has(body, "correspondances dans", "Les premières correspondances", "Essayer une règle")
	if status, body = post("broken", "7", "en"); status != 200 || strings.Contains(body, "matches in") {
		t.Errorf("a broken rule: %d", status)
	}
	has(body, "It cannot be used", "Line 7", "no search is called selektion", "did you mean selection?", "no title", ">broken</textarea>")
	_, body = post("nowhere", "7", "en")
	has(body, "So it was not put to the test")
	if status, body = post(" ", "7", "fr"); status != 422 {
		t.Errorf("nothing: %d", status)
	}
	has(body, "il n’y a pas de règle")
	f.tryFails = errors.New("a disk")
	if status, body = post("x", "7", "en"); status != 500 || strings.Contains(body, "a disk") {
		t.Errorf("what fails: %d", status)
	}
	if a, _ := ask(t, "POST", at+"/rules/try", "rules=x", "Content-Type", "application/x-www-form-urlencoded"); a.StatusCode != 403 {
		t.Errorf("a form without a token: %s", a.Status)
	}
	if did := f.did(); len(did) != 5 || did[0] != "local try " {
		t.Errorf("noted are %q", did)
	}
}

// A viewer tries nothing.
func TestTryRoles(t *testing.T) {
	f := sampleRun()
	s := tlsServer(t, newConsole(t, f, func(o *Options) { o.Accounts, o.Login = accounts(t), true }))
	b := newBrowser(t, s)
	if got := b.login(t, "ann", password); got != 303 {
		t.Fatalf("login: %d", got)
	}
	if _, body, _ := b.get(t, "/rules"); strings.Contains(body, "/rules/try") {
		t.Error("a viewer is led to it")
	}
	status, _, _ := b.get(t, "/rules/try")
	_, _, csrf := b.get(t, "/")
	if sent, _ := b.post(t, "/rules/try", url.Values{"rules": {"x"}, "csrf": {csrf}}); status != 403 || sent != 403 || len(f.tried) > 0 {
		t.Errorf("a viewer: %d and %d", status, sent)
	}
}
