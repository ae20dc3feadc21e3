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
	Format     string            `short:"f" help:"text, stix, markdown or incident (a report, as a page to print), nis2-24h or nis2-72h (drafts of what NIS 2 asks for), pack, pack-html or pack-json (what NIS 2, CRA, DORA and GDPR ask for, with deadlines); otherwise told by the ending of --output." placeholder:"FORMAT"`
	Lang       string            `help:"Language of reports and drafts: en or fr." enum:"en,fr" default:"en"`
	Full       bool              `help:"Cut nothing, and leave nothing out of lists."`
	Aware      string            `help:"When the incident was found to be significant; deadlines of drafts are counted from it." placeholder:"TIME"`
	Classified string            `help:"When the incident was classified as major (DORA), for a pack." placeholder:"TIME"`
	Fixed      string            `help:"When a corrective measure was available (CRA), for a pack." placeholder:"TIME"`
	Sent       map[string]string `help:"When a report of a pack was sent; what follows is counted from it. May be repeated, as in nis2.notification=TIME." placeholder:"REGIME.REPORT=TIME"`
	Zone       string            `help:"Time zone of deadlines, and of the times given here that name none: UTC, Local, Europe/Paris or +02:00." default:"UTC" placeholder:"ZONE"`
	Regimes    string            `help:"Table of regimes of a pack, as JSON, in place of the one that comes with Tocsin (docs/pack.md)." placeholder:"FILE"`
	Campaign   string            `arg:"" optional:"" help:"Id of a campaign, or the beginning of one that no other has; left out: list them all."`
}

var explainFormats = []string{"text", "stix", "markdown", "incident", "nis2-24h", "nis2-72h", "pack", "pack-html", "pack-json"}

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
	all, covered, err := readCampaigns(c.From, s)
	if err != nil {
		return err
	}
	h := &report.Hunt{Campaigns: all, Covered: covered, Version: version()}
	var one *tocsin.Campaign
	if c.Campaign != "" {
		if one, err = campaignOf(all, c.Campaign); err != nil {
			return err
		}
		h.Campaigns = []*tocsin.Campaign{one}
	} else if (strings.HasPrefix(c.Format, "nis2") || strings.HasPrefix(c.Format, "pack")) && len(all) > 1 {
		return fmt.Errorf("--format %s is about one campaign: %w", c.Format, campaignList("name it", all))
	}
	if err := c.write(out, h, one, pack, s); err != nil {
		return err
	}
	return out.keep()
}

func (c *explainCmd) write(w io.Writer, h *report.Hunt, one *tocsin.Campaign, pack *report.PackOptions, s std) error {
	switch c.Format {
	case "stix":
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
	var to any = w // a file, unless it is standard output
	if c.Output == "" || c.Output == "-" {
		to = s.out
	}
	options := textOptions(to, c.Full)
	if one == nil {
		return report.ExplainList(w, h, options)
	}
	return report.Explain(w, h, one, options)
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

// readCampaigns reads the campaigns of a result, of which there must be some, and what the run covered.
func readCampaigns(path string, s std) ([]*tocsin.Campaign, *report.Covered, error) {
	in := s.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, nil, fmt.Errorf("--from: %w", err)
		}
		defer f.Close()
		if st, err := f.Stat(); err == nil && st.IsDir() {
			return nil, nil, fmt.Errorf("--from %s: is a folder; name the file that \"tocsin hunt --format jsonl\" wrote", path)
		}
		in = f
	}
	all, covered, err := report.ReadCampaigns(in)
	if err != nil {
		return nil, nil, fmt.Errorf("--from %s: %w; want the file that \"tocsin hunt --format jsonl\" wrote", path, err)
	}
	if len(all) == 0 {
		return nil, nil, fmt.Errorf("--from %s: holds no campaign: none was found, or it is of another format or an older version; \"tocsin hunt --format jsonl -o RESULT.jsonl PATH\" writes one", path)
	}
	return all, covered, nil
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
