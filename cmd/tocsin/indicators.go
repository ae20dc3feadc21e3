package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/ioc"
)

// indicators reads the lists that --ioc names, into one index; nil where it names none. What of them cannot be used is among
// the rejected.
func (c *huntCmd) indicators(set *ruleset) (*ioc.Lists, error) {
	var all []ioc.Indicator
	for _, file := range c.IOC {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--ioc: %w", err)
		}
		some, faults := ioc.Parse(file, data)
		if len(some) == 0 {
			if len(faults) > 0 {
				return nil, fmt.Errorf("--ioc: no indicator can be used: %w", faults[0])
			}
			return nil, fmt.Errorf("--ioc %s: holds no indicator", file)
		}
		all = append(all, some...)
		set.rejected = append(set.rejected, faults...)
		set.digests = append(set.digests, digestOfFile("ioc", file, data))
		set.sets = append(set.sets, tocsin.RuleSet{Kind: "indicators", Path: file, Rules: len(some)})
	}
	if len(all) == 0 {
		return nil, nil
	}
	lists, faults := ioc.New(all)
	set.rejected = append(set.rejected, faults...)
	set.indicators = lists.Rules()
	return lists, nil
}

// lateIndicators says that indicators were met when they were no longer valid.
func lateIndicators(l *ioc.Lists) []tocsin.Unmet {
	if l == nil || l.Late() == 0 {
		return nil
	}
	return []tocsin.Unmet{{Filter: "--ioc", There: "indicators were met " + strconv.FormatInt(l.Late(), 10) + " times in events after they had ceased to be valid, which is not told as a match"}}
}
