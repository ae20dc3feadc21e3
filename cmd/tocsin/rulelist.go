package main

import (
	"encoding/json"
	"io"

	"github.com/tocsin-ids/tocsin"
)

// listedRule is a line of rules list -f jsonl. Names and meanings are stable; what a rule does not say is left out.
type listedRule struct {
	Kind           string       `json:"kind"` // rule
	ID             string       `json:"id,omitempty"`
	Title          string       `json:"title"`
	Name           string       `json:"name,omitempty"`
	Level          string       `json:"level"`
	Status         string       `json:"status,omitempty"`
	LogSource      listedSource `json:"log_source"` // empty for a correlation
	Correlation    string       `json:"correlation,omitempty"`
	Description    string       `json:"description,omitempty"`
	Tags           []string     `json:"tags,omitempty"`
	Tactics        []string     `json:"tactics,omitempty"`            // of ATT&CK, as slugs
	Techniques     []string     `json:"techniques,omitempty"`         // by their ids in the version of ATT&CK that the last line names
	Revoked        []string     `json:"revoked_techniques,omitempty"` // ids among the tags that are no longer, as written there
	Author         string       `json:"author,omitempty"`
	License        string       `json:"license,omitempty"`
	Date           string       `json:"date,omitempty"`
	Modified       string       `json:"modified,omitempty"`
	References     []string     `json:"references,omitempty"`
	FalsePositives []string     `json:"falsepositives,omitempty"`
	Fields         []string     `json:"fields,omitempty"`
	File           string       `json:"file"`
	Line           int64        `json:"line,omitempty"`
}

type listedSource struct {
	Product  string `json:"product,omitempty"`
	Category string `json:"category,omitempty"`
	Service  string `json:"service,omitempty"`
}

// listEnd is the last line: how many there are, and what was rejected.
type listEnd struct {
	Kind     string        `json:"kind"` // rules
	Listed   int           `json:"listed"`
	Of       int           `json:"of"`
	Rejected []listedFault `json:"rejected"`
	Attack   string        `json:"attack"` // the version of ATT&CK that techniques are of
}

type listedFault struct {
	File string `json:"file,omitempty"`
	Line int64  `json:"line,omitempty"`
	Rule string `json:"rule,omitempty"`
	Why  string `json:"why"`
	Hint string `json:"hint,omitempty"`
}

// listJSON writes rules as lines of JSON.
func listJSON(w io.Writer, rules []*tocsin.Rule, of int, rejected []*tocsin.Fault) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, r := range rules {
		l := listedRule{Kind: "rule", ID: r.ID, Title: r.Title, Name: r.Name, Level: r.Level.String(), Status: r.Status,
			LogSource: listedSource{r.Source.Product, r.Source.Category, r.Source.Service}, Correlation: r.Correlation, Description: r.Description,
			Tags: r.Tags, Author: r.Author, License: r.License, Date: r.Date, Modified: r.Modified, References: r.References,
			FalsePositives: r.FalsePositives, Fields: r.Show, File: r.File, Line: r.Line}
		for _, t := range r.Tactics() {
			l.Tactics = append(l.Tactics, t.Slug)
		}
		l.Techniques, l.Revoked = r.Techniques(), r.RevokedTechniques()
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	end := listEnd{Kind: "rules", Listed: len(rules), Of: of, Rejected: []listedFault{}, Attack: tocsin.AttackVersion}
	for _, f := range rejected {
		why := ""
		if f.Err != nil {
			why = f.Err.Error()
		}
		end.Rejected = append(end.Rejected, listedFault{f.Source, f.Line, f.Rule, why, f.Hint})
	}
	return e.Encode(end)
}
