package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

type explainCmd struct {
	outputFlags
	From       string            `required:"" help:"What \"tocsin hunt --format jsonl\" wrote; - is standard input." placeholder:"RESULT.jsonl"`
	Format     string            `short:"f" help:"text, stix, markdown or incident (a report, as a page to print), nis2-24h or nis2-72h (drafts of what NIS 2 asks for), pack, pack-html or pack-json (what NIS 2, CRA, DORA and GDPR ask for, with deadlines); of a principal: text, stix, or abuse (a report for who runs or serves agents, as Markdown); otherwise told by the ending of --output." placeholder:"FORMAT"`
	Lang       string            `help:"Language of reports and drafts: en or fr." enum:"en,fr" default:"en"`
	Full       bool              `help:"Cut nothing, and leave nothing out of lists."`
	Aware      string            `help:"When the incident was found to be significant; deadlines of drafts are counted from it." placeholder:"TIME"`
	Classified string            `help:"When the incident was classified as major (DORA), for a pack." placeholder:"TIME"`
	Fixed      string            `help:"When a corrective measure was available (CRA), for a pack." placeholder:"TIME"`
	Sent       map[string]string `help:"When a report of a pack was sent; what follows is counted from it. May be repeated, as in nis2.notification=TIME." placeholder:"REGIME.REPORT=TIME"`
	Zone       string            `help:"Time zone of deadlines, and of the times given here that name none: UTC, Local, Europe/Paris or +02:00." default:"UTC" placeholder:"ZONE"`
	Regimes    string            `help:"Table of regimes of a pack, as JSON, in place of the one that comes with Tocsin (docs/pack.md)." placeholder:"FILE"`
	Name       string            `arg:"" optional:"" help:"Id of a campaign, or the beginning of one that no other has; or the name of a principal, or a part of one that no other has. Left out: list them all."`
}

var explainFormats = []string{"text", "stix", "markdown", "incident", "nis2-24h", "nis2-72h", "pack", "pack-html", "pack-json", "abuse"}

func (c *explainCmd) Run(s std) error {
	var err error
	if c.Format, err = reportFormat(c.Format, c.Output, "text", explainFormats); err != nil {
		return err
	}
	pack, err := c.pack()
	if err != nil {
		return err
	}
	out, err := createOutput("--output", c.Output, s.out, &guard{reads: []string{c.From}, stdin: s.in, force: c.Force})
	if err != nil {
		return err
	}
	defer out.discard()
	h, err := readHunt(c.From, s)
	if err != nil {
		return err
	}
	h.Version = version()
	one, err := c.choose(h)
	if err != nil {
		return err
	}
	if one.principal != nil {
		err = c.writePrincipal(out, h, one.principal, s)
	} else {
		err = c.write(out, h, one.campaign, pack, s)
	}
	if err != nil {
		return err
	}
	return out.keep()
}

// chosen is what is to be explained; empty is all.
type chosen struct {
	campaign  *tocsin.Campaign
	principal *tocsin.Principal
}

// choose finds what the user named. Of a campaign the hunt then holds no other.
func (c *explainCmd) choose(h *report.Hunt) (one chosen, err error) {
	about := c.Format == "abuse" // a principal
	switch {
	case c.Name != "" && !about:
		if one.campaign, err = campaignOf(h.Campaigns, c.Name); err == nil {
			h.Campaigns = []*tocsin.Campaign{one.campaign}
			return one, nil
		}
		var other error
		if one.principal, other = principalOf(h.Principals, c.Name); other == nil {
			return one, nil
		} else if len(h.Campaigns) == 0 || strings.Contains(other.Error(), "a part of") {
			err = other
		}
	case c.Name != "":
		one.principal, err = principalOf(h.Principals, c.Name)
	case about:
		worse := slices.DeleteFunc(slices.Clone(h.Principals), func(p *tocsin.Principal) bool { return p.Verdict == tocsin.Ordinary })
		if len(worse) != 1 {
			return one, fmt.Errorf("--format abuse is about one principal: %w", principalList("name it", h.Principals))
		}
		one.principal = worse[0]
	case (strings.HasPrefix(c.Format, "nis2") || strings.HasPrefix(c.Format, "pack")) && len(h.Campaigns) > 1:
		err = fmt.Errorf("--format %s is about one campaign: %w", c.Format, campaignList("name it", h.Campaigns))
	}
	return one, err
}

// shown is how text is written: for a screen, if that is where it goes.
func (c *explainCmd) shown(w io.Writer, s std) report.TextOptions {
	var to any = w // a file, unless it is standard output
	if c.Output == "" || c.Output == "-" {
		to = s.out
	}
	return textOptions(to, c.Full)
}

func (c *explainCmd) write(w io.Writer, h *report.Hunt, one *tocsin.Campaign, pack *report.PackOptions, s std) error {
	switch c.Format {
	case "stix":
		if one != nil {
			h.Principals = nil
		}
		return report.STIX(w, h)
	case "markdown":
		return report.Incident(w, h, c.Lang)
	case "incident":
		return report.IncidentHTML(w, h, c.Lang)
	case "nis2-24h", "nis2-72h":
		return report.Notification(w, h, one, report.Notice{Stage: strings.TrimPrefix(c.Format, "nis2-"), Lang: c.Lang, Aware: pack.Aware})
	case "pack", "pack-html", "pack-json":
		return report.Pack(w, h, one, *pack)
	}
	if one != nil {
		return report.Explain(w, h, one, c.shown(w, s))
	}
	if len(h.Principals) > 0 {
		if err := report.ExplainPrincipals(w, h, c.shown(w, s)); err != nil {
			return err
		}
	}
	return report.ExplainList(w, h, c.shown(w, s))
}

// writePrincipal writes about one principal.
func (c *explainCmd) writePrincipal(w io.Writer, h *report.Hunt, one *tocsin.Principal, s std) error {
	switch c.Format {
	case "text":
		return report.ExplainPrincipal(w, h, one, c.shown(w, s))
	case "abuse":
		return report.Abuse(w, h, one, c.Lang)
	case "stix":
		return report.STIX(w, &report.Hunt{Principals: []*tocsin.Principal{one}, Version: h.Version})
	}
	return fmt.Errorf("--format %s is about campaigns; of the principal %s there are text, abuse and stix", c.Format, report.Visible(one.Name))
}

// principalOf finds the principal of a name, or the only one whose name holds it.
func principalOf(all []*tocsin.Principal, name string) (*tocsin.Principal, error) {
	var found []*tocsin.Principal
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
		if strings.Contains(strings.ToLower(p.Name), strings.ToLower(name)) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return nil, principalList(fmt.Sprintf("no principal has the name %q", name), all)
	case 1:
		return found[0], nil
	}
	return nil, principalList(fmt.Sprintf("%q is a part of %d names", name, len(found)), found)
}

// principalList is an error that says which principals there are, but the ordinary ones.
func principalList(what string, all []*tocsin.Principal) error {
	const most = 20
	text := what + "; there are:"
	n, ordinary := 0, 0
	for _, p := range all {
		switch {
		case p.Verdict == tocsin.Ordinary:
			ordinary++
		case n < most:
			text += "\n  " + report.Visible(p.Name) + "  " + p.Verdict.String()
			fallthrough
		default:
			n++
		}
	}
	if n > most {
		text += fmt.Sprintf("\n  … and %d more", n-most)
	}
	return fmt.Errorf("%s\n  %d ordinary ones, of whom there is nothing to report", text, ordinary)
}

// pack is what the flags say of a report pack and of the deadlines of drafts.
func (c *explainCmd) pack() (*report.PackOptions, error) {
	format := map[string]string{"pack-html": "html", "pack-json": "json"}[c.Format]
	if c.Format == "pack" {
		switch strings.ToLower(filepath.Ext(c.Output)) {
		case ".html", ".htm":
			format = "html"
		case ".json":
			format = "json"
		}
	}
	zone, err := parseZone(c.Zone)
	if err != nil {
		return nil, err
	}
	o := &report.PackOptions{Format: format, Lang: c.Lang, Now: time.Now(), Moments: report.Moments{Zone: zone, Sent: map[string]time.Time{}}}
	for _, x := range []struct {
		flag, given string
		at          *time.Time
	}{{"--aware", c.Aware, &o.Aware}, {"--classified", c.Classified, &o.Classified}, {"--fixed", c.Fixed, &o.Fixed}} {
		if *x.at, err = parseBound(x.flag, x.given, zone); err != nil {
			return nil, err
		}
	}
	for name, given := range c.Sent {
		if o.Sent[name], err = parseBound("--sent "+name, given, zone); err != nil {
			return nil, err
		}
	}
	if c.Regimes == "" {
		return o, nil
	}
	f, err := os.Open(c.Regimes)
	if err != nil {
		return nil, fmt.Errorf("--regimes: %w", err)
	}
	defer f.Close()
	if o.Regimes, err = report.ReadRegimes(f); err != nil {
		return nil, fmt.Errorf("--regimes %s: %w", c.Regimes, err)
	}
	return o, nil
}

// readHunt reads the campaigns and principals of a result, of which there must be some, and what the run covered.
func readHunt(path string, s std) (*report.Hunt, error) {
	in := s.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("--from: %w", err)
		}
		defer f.Close()
		if st, err := f.Stat(); err == nil && st.IsDir() {
			return nil, fmt.Errorf("--from %s: is a folder; name the file that \"tocsin hunt --format jsonl\" wrote", path)
		}
		in = f
	}
	h, err := report.ReadHunt(in)
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w; want the file that \"tocsin hunt --format jsonl\" wrote", path, err)
	}
	if len(h.Campaigns)+len(h.Principals) == 0 {
		return nil, fmt.Errorf("--from %s: holds no campaign and no principal: none was found, or it is of another format or an older version; \"tocsin hunt --format jsonl -o RESULT.jsonl PATH\" writes one", path)
	}
	return h, nil
}

// campaignOf finds the campaign of an id, or the only one whose id begins so; "c-" may be left out. An id under which a
// campaign was told before is its too.
func campaignOf(all []*tocsin.Campaign, id string) (*tocsin.Campaign, error) {
	var found []*tocsin.Campaign
	for _, c := range all {
		if c.ID == id || slices.Contains(c.Was, id) {
			return c, nil
		}
		if strings.HasPrefix(c.ID, id) || strings.HasPrefix(c.ID, "c-"+id) {
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	if len(found) > 1 {
		return nil, campaignList(fmt.Sprintf("%q is the beginning of %d ids", id, len(found)), found)
	}
	return nil, campaignList(fmt.Sprintf("no campaign has the id %q", id), all)
}

// campaignList is an error that says which campaigns there are.
func campaignList(what string, all []*tocsin.Campaign) error {
	const most = 20
	text := what + "; there are:"
	for i, c := range all {
		if i == most {
			text += fmt.Sprintf("\n  … and %d more", len(all)-most)
			break
		}
		text += "\n  " + c.ID + "  " + c.Title
	}
	return errors.New(text)
}
