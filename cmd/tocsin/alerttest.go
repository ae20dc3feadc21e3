package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/store"
	"github.com/tocsin-ids/tocsin/tell"
)

// alertCmd tries ways of telling, and shows what became of alerts.
type alertCmd struct {
	Test alertTestCmd `cmd:"" help:"Send one test alert by a route of the configuration, and say what was answered."`
	List alertListCmd `cmd:"" help:"List alerts that wait, were sent or were given up, the newest first."`
}

type alertTestCmd struct {
	Route  string `arg:"" help:"The route's name in the configuration."`
	Config string `required:"" help:"The configuration." placeholder:"FILE"`
}

// mostTest bounds how long a test may take.
const mostTest = 2 * time.Minute

// Run sends a test alert; exit code 1 says that it was not taken.
func (c *alertTestCmd) Run(s std) error {
	cfg, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	names := map[string]ConfigRoute{}
	for _, r := range cfg.Alerts.Routes {
		names[r.Name] = r
	}
	r, ok := names[c.Route]
	if !ok {
		return fmt.Errorf("--config %s: no route is called %q; %s", c.Config, c.Route, meant(c.Route, slices.Sorted(maps.Keys(names)), "routes"))
	}
	channel, err := makeRoute(r)
	if err != nil {
		return fmt.Errorf("--config %s: route %s: %w", c.Config, r.Name, err)
	}
	ctx, stop := context.WithTimeout(s.ctx, mostTest)
	defer stop()
	answer, err := tell.Test(ctx, channel, tell.Policy{Lang: cfg.Lang, Base: strings.TrimSuffix(cfg.PublicURL, "/")}, time.Now())
	if err != nil {
		if s.ctx.Err() != nil {
			return s.ctx.Err()
		}
		again := "a run would try it again"
		var never *tell.Permanent
		if errors.As(err, &never) {
			again = "a run would not try it again"
		}
		fmt.Fprintf(s.out, "%s: not taken: %s (%s)\n", report.Visible(r.Name), report.Visible(err.Error()), again)
		return errFound
	}
	fmt.Fprintf(s.out, "%s: sent; answered: %s\n", report.Visible(r.Name), cmp.Or(report.Visible(answer), "nothing"))
	return nil
}

type alertListCmd struct {
	dataFlag
	State string `help:"Only those that are due, sent or failed (given up)." enum:"due,sent,failed," default:"" placeholder:"STATE"`
	Limit int    `help:"How many, at most 1000." default:"50" placeholder:"N"`
}

// Run lists deliveries.
func (c *alertListCmd) Run(s std) error {
	if c.Limit < 1 || c.Limit > 1000 {
		return fmt.Errorf("--limit %d: want 1 to 1000", c.Limit)
	}
	db, err := c.read()
	if err != nil {
		return err
	}
	defer db.Close()
	all, err := db.Deliveries(s.ctx, store.DeliveryQuery{State: c.State, Limit: c.Limit})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		fmt.Fprintln(s.out, "none")
		return nil
	}
	w := tabwriter.NewWriter(s.out, 0, 8, 2, ' ', 0)
	for _, d := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.At.UTC().Format(time.RFC3339), report.Visible(d.Route), report.Visible(d.Kind), report.Visible(cmp.Or(d.Campaign, "-")), report.Visible(becameOf(&d)))
	}
	return w.Flush()
}

// becameOf is what became of an alert, in a clause.
func becameOf(d *store.Delivery) string {
	tries := fmt.Sprintf("%d tries failed", d.Tries)
	if d.Tries == 1 {
		tries = "1 try failed"
	}
	switch {
	case d.State == store.Sent:
		return "sent " + d.Ended.UTC().Format(time.RFC3339) + ": " + cmp.Or(d.Response, "nothing was answered")
	case d.State == store.Failed:
		return "given up " + d.Ended.UTC().Format(time.RFC3339) + ", " + tries + ": " + d.Error
	case d.Tries > 0:
		return "waits until " + d.Next.UTC().Format(time.RFC3339) + ", " + tries + ": " + d.Error
	}
	return "waits"
}
