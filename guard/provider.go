package guard

import (
	_ "embed"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/tsv"
)

//go:embed providers.tsv
var providerText string

var providerGrounds = readProviders(providerText)

// readProviders reads the rows.
func readProviders(text string) map[[2]string]string {
	all := map[[2]string]string{}
	for n, c := range tsv.Rows("providers.tsv", text, 3) {
		if grounds[c[2]] == nil {
			tsv.Fault("providers.tsv", n, "no such ground: "+c[2])
		}
		all[[2]string{c[0], c[1]}] = c[2]
	}
	return all
}

const mostVerdicts = 256 // of a session

// Verdict notes what the provider of a model said of a request or an account: an event of the category provider_verdict. It
// is no call. It raises what is said of the principal and never lowers it.
func (b *Book) Verdict(ev *tocsin.Event) {
	kind, category := ev.Text("verdict"), ev.Text("category")
	ground := providerGrounds[[2]string{kind, category}]
	if ground == "" {
		ground = providerGrounds[[2]string{kind, "*"}]
	}
	if ground == "" {
		return
	}
	id := ev.Text("session")
	principal := ev.Text("principal")
	if id == "" { // it is of the account, whatever session
		if id = principal; id == "" {
			id = ev.Source
		}
	}
	x := b.session(id)
	x.changes()
	x.taken, b.judged.stale = b.takes, true
	b.whose(x, principal, ev.Text("account"), ev.Text("parent_session"), ev.Text("run"), ev.Text("agent"))
	said := kind
	if category != "" {
		said += ", " + category
	}
	at := stamp{source: strings.Clone(ev.Source), record: ev.Record}
	if !ev.Time.IsZero() {
		at.at = ev.Time.UnixNano()
	}
	c := call{stamp: at, place: tocsin.Place{Time: ev.Time, Source: at.source, Record: ev.Record},
		acts: []act{{ground: ground, text: strings.Clone(said)}}}
	x.addVerdict(providerWord{c, strings.Clone(ev.Text("request_id"))})
}

// A providerWord is a verdict, which stands among the calls of a session, and the request that it is of, if that has an id.
type providerWord struct {
	call
	request string
}

// addVerdict adds a verdict; one that several records tell of is one.
func (x *session) addVerdict(v providerWord) {
	for i := range x.verdicts {
		if o := &x.verdicts[i]; v.request != "" && o.request == v.request && o.acts[0].ground == v.acts[0].ground {
			return
		}
	}
	if len(x.verdicts) == mostVerdicts {
		x.letGo++
		return
	}
	x.verdicts = append(x.verdicts, v)
}

func notSelf(parent, id string) string {
	if parent == id {
		return ""
	}
	return parent
}
