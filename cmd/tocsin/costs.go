package main

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tocsin-ids/tocsin/report"
	"github.com/tocsin-ids/tocsin/sigma"
)

// costs are what the rules of a run cost, by worker.
type costs struct {
	set *sigma.Set
	mu  sync.Mutex
	all []*sigma.Profile
}

// newCosts notes costs if somebody wants them in a file; otherwise it is nil.
func newCosts(file string, set *sigma.Set) *costs {
	if file == "" {
		return nil
	}
	return &costs{set: set}
}

func (c *costs) profile() func() *sigma.Profile {
	if c == nil {
		return nil
	}
	began := time.Now()
	return func() *sigma.Profile {
		c.mu.Lock()
		defer c.mu.Unlock()
		p := c.set.NewProfile(func() int64 { return int64(time.Since(began)) })
		c.all = append(c.all, p)
		return p
	}
}

// write tells the costs, the dearest rule first.
func (c *costs) write(to *output) error {
	if c == nil {
		return nil
	}
	sum := c.set.NewProfile(nil)
	total := int64(0)
	for _, p := range c.all {
		sum.Join(p)
	}
	var order []int
	for i, n := range sum.Looked {
		if n > 0 {
			order = append(order, i)
			total += sum.Nanos[i]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(sum.Nanos[b], sum.Nanos[a]) })
	b := append(report.AppendCSV(nil, "tocsin_rule", "title", "microseconds", "share", "looked_at", "held", "file", "line"), '\n')
	rules := c.set.Rules()
	for _, i := range order {
		r := &rules[i].Rule
		b = append(report.AppendCSV(b, r.ID, r.Title, fmt.Sprint(sum.Nanos[i]/1000), fmt.Sprintf("%.4f", float64(sum.Nanos[i])/float64(max(total, 1))),
			fmt.Sprint(sum.Looked[i]), fmt.Sprint(sum.Held[i]), r.File, fmt.Sprint(r.Line)), '\n')
	}
	if _, err := to.Write(b); err != nil {
		return err
	}
	return to.keep()
}
