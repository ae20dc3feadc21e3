package console

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tell"
)

// A tab is a page in a headless Chromium, with what it complained of.
type tab struct {
	t   *testing.T
	ctx context.Context
	at  string

	mu    sync.Mutex
	wrong []string
}

// newTab opens one. Without a Chromium, or in a hurry, the test is skipped.
func newTab(t *testing.T, at string) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium here")
	}
	// The sandbox cannot be had as root, where tests often run; the pages are the tests' own.
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("ignore-certificate-errors", true), chromedp.WindowSize(1440, 1000), chromedp.UserDataDir(t.TempDir()))
	all, stopAll := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, stop := chromedp.NewContext(all)
	t.Cleanup(func() { stop(); stopAll() })
	b := &tab{t: t, ctx: ctx, at: at}
	if err := chromedp.Do(ctx); err != nil {
		t.Skipf("Chromium does not start here: %v", err)
	}
	err := chromedp.Listen(ctx, func(ev any) {
		b.mu.Lock()
		defer b.mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			b.wrong = append(b.wrong, e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			if e.Entry.Level == "error" {
				b.wrong = append(b.wrong, e.Entry.Text+" "+e.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.failed(err)
	}
}

func (b *tab) failed(err error) {
	b.t.Helper()
	b.shot("failed")
	says, _ := eval[string](b, `location.href + "\n" + document.body.innerText`)
	b.t.Fatalf("%v on a page that says:\n%.1500s\nwrong: %v", err, says, b.wrong)
}

// eval is what an expression is on the page.
func eval[T any](b *tab, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// run does something on the page.
func (b *tab) run(script string) {
	b.t.Helper()
	if _, err := eval[bool](b, "(() => { "+script+"; return true; })()"); err != nil {
		b.failed(fmt.Errorf("%s: %w", script, err))
	}
}

// until waits until an expression is true, on this page or on one that it leads to.
func (b *tab) until(expression string) {
	b.t.Helper()
	var err error
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var is bool
		if is, err = eval[bool](b, "Boolean("+expression+")"); is && err == nil {
			return
		}
	}
	b.failed(fmt.Errorf("never was %s (%v)", expression, err))
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.at + path))
}

func (b *tab) click(selector string) { b.t.Helper(); b.do(chromedp.Click(chromedp.CSS(selector))) }
func (b *tab) write(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}
func (b *tab) submit(selector string) { b.t.Helper(); b.do(chromedp.Submit(chromedp.CSS(selector))) }

// shot keeps a picture of the page where the environment names a folder for them.
func (b *tab) shot(name string) {
	dir := os.Getenv("TOCSIN_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Logf("no picture: %v", err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600); err != nil {
		b.t.Error(err)
	}
}

func (b *tab) size(wide, high int64, scheme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: wide, Height: high, DeviceScaleFactor: 1, Mobile: wide < 600})
	if err == nil {
		_, err = chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	}
	if err != nil {
		b.failed(err)
	}
}

// A person logs in, sees a campaign appear, opens its evidence, searches, acknowledges and switches the language.
func TestInBrowser(t *testing.T) {
	f := sampleRun()
	late := f.told[0]
	f.told = f.told[1:]
	c := newConsole(t, f, func(o *Options) { o.Accounts, o.Login = accounts(t), true })
	s := tlsServer(t, c)
	b := newTab(t, s.URL) // which ends first, with its event streams

	b.open("/")
	b.until(`location.pathname === "/login"`)
	b.shot("login")
	b.write(`input[name=name]`, "root")
	b.write(`input[name=password]`, password)
	b.submit(`form[action="/login"]`)
	b.until(`document.documentElement.classList.contains("live") && document.querySelectorAll("#campaign-list .camprow").length === 2`)

	// It appears without the page being loaded again.
	b.run(`window.stays = true`)
	began := time.Now()
	f.mu.Lock()
	f.told = append(f.told, late)
	f.mu.Unlock()
	c.Changed(Change{Kind: "campaign", Tenant: "clinic", ID: late.Campaign.ID})
	b.until(`document.querySelectorAll("#campaign-list .camprow").length === 3 && window.stays`)
	t.Logf("a campaign is seen %v after it was told", time.Since(began).Round(time.Millisecond))
	b.until(`document.getElementById("feed").textContent.includes("New: Intrusion into web1")`)
	b.shot("now-wide")

	// No tile of a campaign is wider than its card.
	for _, wide := range []int64{390, 760, 1024, 1440} {
		b.size(wide, 1000, "light")
		b.until(`[...document.querySelectorAll(".camp .tiles > *")].length > 4 && [...document.querySelectorAll(".camp .tiles > *")].every((e) => e.getBoundingClientRect().right < e.parentElement.getBoundingClientRect().right + 1)`)
	}

	// What was chosen stays chosen while more comes.
	b.run(`[...document.querySelectorAll("#campaign-list .camprow")].find((r) => r.textContent.includes("files")).click()`)
	b.until(`document.querySelector("#campaign .campname").textContent.includes("files")`)
	b.run(`document.querySelector("#campaign details").open = true; document.querySelector("#campaign .step").focus()`)
	grown := *late.Campaign
	grown.Actions, grown.Title = 999, "Intrusion into web1: grown"
	f.mu.Lock()
	f.told[len(f.told)-1].Campaign = &grown
	f.mu.Unlock()
	c.Changed(Change{Kind: "campaign", Tenant: "clinic", ID: late.Campaign.ID})
	b.until(`document.querySelector("#campaign-list").textContent.includes("grown")`)
	b.until(`document.querySelector("#campaign .campname").textContent.includes("files") && document.querySelector("#campaign details").open && document.activeElement.classList.contains("step")`)

	// Evidence: of a match in the table, and of a record in the archive.
	b.click(`#campaign .placelink`)
	b.until(`document.getElementById("evidence").textContent.includes("Why it matched")`)
	b.run(`[...document.querySelectorAll("#campaign a.placelink")].find((a) => a.textContent.endsWith(":90")).click()`)
	b.until(`document.getElementById("record").open && document.getElementById("record").textContent.includes("sshd[90]")`)
	b.shot("record")
	b.click(`#record-close`)

	// Text of logs is text.
	for _, check := range []string{`document.querySelectorAll("main img, main script").length === 0`, `!document.body.textContent.includes("\u202e")`, `document.body.textContent.includes("<img src=x onerror=alert(1)>")`} {
		b.until(check)
	}

	// Acknowledge, with a note; close as benign, which offers a suppression.
	b.open("/campaigns/" + late.Campaign.ID + "?tenant=clinic")
	b.until(`document.documentElement.classList.contains("live")`)
	b.click(`.acts summary`)
	b.write(`textarea[name=note]`, "Looked at by Ann.")
	b.submit(`form[action$="/status"]`)
	b.until(`document.querySelector(".acts .pill").textContent === "acknowledged" && document.querySelector(".note").textContent === "Looked at by Ann."`)
	b.until(`document.documentElement.classList.contains("live")`)
	b.shot("campaign-wide")
	b.click(`.acts summary`)
	b.click(`input[value=benign]`)
	b.submit(`form[action$="/status"]`)
	b.until(`document.querySelectorAll(".acts details")[1].open`)
	b.write(`textarea[name=reason]`, "A backup.")
	b.submit(`form[action$="/suppress"]`)
	b.until(`location.search.includes("done=suppress")`)
	f.mu.Lock()
	if len(f.suppressed) != 1 || f.suppressed[0].Reason != "A backup." || f.suppressed[0].Campaign != late.Campaign.ID || f.told[len(f.told)-1].Status != Closed {
		t.Errorf("suppressions %+v", f.suppressed)
	}
	f.told[len(f.told)-1].Status = ""
	f.mu.Unlock()

	// Search.
	b.open("/search")
	b.write(`input[name=from]`, "2026-03-01")
	b.write(`input[name=text]`, "sshd[7")
	b.write(`textarea[name=fields]`, "user=deploy")
	b.submit(`form.searchform`)
	b.until(`document.querySelectorAll("article.event").length === 11`)
	b.shot("search-wide")

	// French, everywhere.
	b.click(`a[hreflang=fr]`)
	b.until(`document.documentElement.lang === "fr" && document.body.textContent.includes("événements trouvés")`)
	b.open("/")
	b.until(`document.documentElement.classList.contains("live") && document.querySelector("#campaign h4").textContent === "Faits marquants"`)
	b.shot("now-french")

	// The link of an alert opens the principal that it is of.
	f.mu.Lock()
	f.principals = append(f.principals, &tocsin.Principal{Name: "ops@shop.example", Verdict: tocsin.Suspicious, Calls: 3, First: begin, Last: begin})
	alert, _ := tell.DecidePrincipal(nil, f.principals[len(f.principals)-1], tell.Policy{Base: s.URL, Tenant: "clinic"}, begin)
	f.mu.Unlock()
	b.open(strings.TrimPrefix(alert.Link, s.URL))
	b.until(`document.querySelector("#principal .campname")?.textContent === "ops@shop.example" && document.querySelector("#principal-list [aria-pressed=true]").textContent.includes("ops@shop.example")`)

	// A rule is tried, with what is wrong with it and with what it finds.
	b.open("/language?to=en&back=/rules")
	b.click(`a[href="/rules/try"]`)
	b.until(`location.pathname === "/rules/try"`)
	b.write(`textarea[name=rules]`, "title: broken")
	b.submit(`form[action="/rules/try"]`)
	b.until(`document.querySelector(".faults").textContent.includes("selektion")`)
	b.shot("try-broken")
	b.run(`document.querySelector("textarea[name=rules]").value = "title: mended\n".repeat(12)`)
	b.submit(`form[action="/rules/try"]`)
	b.until(`document.querySelectorAll("article.event").length === 20 && document.querySelector("textarea").value.startsWith("title: mended")`)
	b.shot("try")
	b.size(390, 844, "light")
	b.until(`document.documentElement.scrollWidth <= 390`)
	b.shot("try-390")

	// Narrow and dark; nothing is wider than the screen.
	schemes := []string{"light"}
	if os.Getenv("TOCSIN_SCREENSHOTS") != "" {
		schemes = append(schemes, "dark")
	}
	for _, scheme := range schemes {
		for path, name := range map[string]string{"/": "now", "/campaigns/c-000000000000": "campaign", "/campaigns": "campaigns", "/sources": "sources", "/rules": "rules", "/rules/try": "rules-try", "/incidents": "incidents", "/search?text=sshd": "search", "/api/": "api"} {
			b.size(390, 844, scheme)
			b.open(path)
			if name == "now" || name == "campaign" {
				b.until(`document.documentElement.classList.contains("live")`)
			}
			b.until(`document.documentElement.scrollWidth <= 390`)
			b.shot(name + "-390-" + scheme)
			if scheme == "dark" {
				b.size(1440, 1000, scheme)
				b.open(path)
				b.shot(name + "-dark")
			}
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.wrong {
		t.Errorf("in the browser: %s", w)
	}
}

// Without scripts everything can be read, and forms work.
func TestWithoutScripts(t *testing.T) {
	b := newTab(t, server(t, newConsole(t, sampleRun(), nil)))
	b.size(390, 844, "dark")
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/": "Intrusion into files", "/campaigns/c-000000000000": "Accepted publickey", "/sources": "permission denied", "/search?text=sshd": "sshd", "/campaigns": "Intrusion into web1"} {
		b.open(path)
		text, err := eval[string](b, `document.querySelector("main").innerText`)
		if err != nil {
			t.Fatal(err)
		}
		nav, _ := eval[string](b, `document.querySelector("nav").innerText`)
		if !strings.Contains(text, want) || !strings.Contains(nav, "Sources") {
			t.Errorf("%s says\n%.400s", path, text)
		}
		b.shot("without-scripts-" + strings.Trim(strings.NewReplacer("/", "-", "?", "-").Replace(path), "-"))
	}
}

// TOCSIN_AXE names axe.min.js of the npm package axe-core: then no page has what it finds fault with.
func TestAxe(t *testing.T) {
	path := os.Getenv("TOCSIN_AXE")
	if path == "" {
		t.Skip("TOCSIN_AXE names no axe.min.js")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := newTab(t, server(t, newConsole(t, sampleRun(), nil)))
	if _, err := chromedp.Call(b.ctx, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	for _, wide := range []int64{1440, 390} {
		for _, scheme := range []string{"light", "dark"} {
			for _, path := range []string{"/", "/campaigns/c-000000000000", "/campaigns", "/sources", "/rules", "/rules/try", "/incidents", "/search?text=sshd", "/record?source=/var/log/auth.log&record=7", "/login", "/api/"} {
				b.size(wide, 900, scheme)
				b.open(path)
				b.until(`document.documentElement.classList.contains("script")`)
				if _, err := eval[bool](b, string(axe)+"; true"); err != nil {
					t.Fatal(err)
				}
				text, err := eval[string](b, `axe.run().then((r) => r.passes.length < 10 ? "axe did not run" : JSON.stringify(r.violations.map((v) => ({ id: v.id, impact: v.impact, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + n.failureSummary.slice(0, 300)) }))))`)
				if err != nil {
					t.Fatal(err)
				}
				var all []struct {
					ID, Impact, Help string
					Nodes            []string
				}
				if err := json.Unmarshal([]byte(text), &all); err != nil {
					t.Fatalf("%s: %v %s", path, err, text)
				}
				for _, v := range all {
					t.Errorf("%s %d %s: %s (%s): %s\n  %s", path, wide, scheme, v.ID, v.Impact, v.Help, strings.Join(v.Nodes, "\n  "))
				}
			}
		}
	}
}

// The page is drawn with as much as it may hold.
func TestManyCampaigns(t *testing.T) {
	f := sampleRun()
	f.told = nil
	for i := range 400 {
		f.told = append(f.told, Told{Campaign: sampleCampaign(fmt.Sprintf("c-%012d", i), fmt.Sprint("host", i), tocsin.Level(i%6)), Updated: begin.Add(time.Duration(i) * time.Second)})
	}
	at := server(t, newConsole(t, f, nil))
	began := time.Now()
	a, body := ask(t, "GET", at+"/data", "", "Accept-Encoding", "identity")
	d := decode[struct {
		Campaigns []struct{ Level string }
		Told      map[string]any
		Further   int
	}](t, body)
	if len(d.Campaigns) != maxNow || d.Further != 400-maxNow || len(d.Told) != maxNow || d.Campaigns[maxNow-1].Level != "critical" {
		t.Errorf("%d campaigns, %d more, the last %s", len(d.Campaigns), d.Further, d.Campaigns[len(d.Campaigns)-1].Level)
	}
	t.Logf("%d bytes in %v", len(body), time.Since(began))
	if b, _ := ask(t, "GET", at+"/data", "", "If-None-Match", a.Header.Get("ETag")); b.StatusCode != 304 {
		t.Errorf("the same data again: %s", b.Status)
	}
}
