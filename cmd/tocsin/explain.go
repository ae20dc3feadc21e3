package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/report"
)

type explainCmd struct {
	From     string `required:"" help:"What \"tocsin hunt --format jsonl\" wrote; - is standard input." placeholder:"RESULT.jsonl"`
	Campaign string `arg:"" optional:"" help:"Id of a campaign, or the beginning of one that no other has; left out: list them all."`
}

func (c *explainCmd) Run(s std) error {
	all, err := readCampaigns(c.From, s)
	if err != nil {
		return err
	}
	options := report.TextOptions{Width: width(s.out), Color: color(s.out)}
	if c.Campaign == "" {
		return report.ExplainList(s.out, all, options)
	}
	one, err := campaignOf(all, c.Campaign)
	if err != nil {
		return err
	}
	return report.Explain(s.out, one, options)
}

// readCampaigns reads the campaigns of a result, of which there must be some.
func readCampaigns(path string, s std) ([]*tocsin.Campaign, error) {
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
	all, err := report.ReadCampaigns(in)
	if err != nil {
		return nil, fmt.Errorf("--from %s: %w; want the file that \"tocsin hunt --format jsonl\" wrote", path, err)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("--from %s: holds no campaign: none was found, or it is of another format or an older version; \"tocsin hunt --format jsonl -o %s PATH\" writes one", path, path)
	}
	return all, nil
}

// campaignOf finds the campaign of an id, or the only one whose id begins so; "c-" may be left out.
func campaignOf(all []*tocsin.Campaign, id string) (*tocsin.Campaign, error) {
	var found []*tocsin.Campaign
	for _, c := range all {
		if c.ID == id {
			return c, nil
		}
		if strings.HasPrefix(c.ID, id) || strings.HasPrefix(c.ID, "c-"+id) {
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	const most = 20
	what, list := fmt.Sprintf("no campaign has the id %q", id), all
	if len(found) > 1 {
		what, list = fmt.Sprintf("%q is the beginning of %d ids", id, len(found)), found
	}
	text := what + "; there are:"
	for i, c := range list {
		if i == most {
			text += fmt.Sprintf("\n  … and %d more", len(list)-most)
			break
		}
		text += "\n  " + c.ID + "  " + c.Title
	}
	return nil, errors.New(text)
}
