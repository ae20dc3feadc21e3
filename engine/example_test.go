package engine_test

import (
	"context"
	"fmt"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/engine"
	"github.com/tocsin-ids/tocsin/rules"
	"github.com/tocsin-ids/tocsin/sigma"
)

// ownRules are the rules that are in the binary.
func ownRules() *sigma.Set {
	files, err := rules.Files()
	if err != nil {
		panic(err)
	}
	var all []*sigma.Rule
	for _, f := range files {
		parsed, _ := sigma.Parse(f.Path, f.Data)
		all = append(all, parsed...)
	}
	set, _ := sigma.Compile(all, sigma.Options{})
	return set
}

// A hunt reads whatever is below the paths, holds rules against it and joins what it means to campaigns.
func ExampleHunt() {
	found, coverage, err := engine.Hunt(context.Background(), engine.Input{Paths: []string{"../example/intrusion"}, Key: []byte("any secret")}, ownRules(),
		func(m *tocsin.Match) bool { return m.Rule.Level >= tocsin.High })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(coverage.Events, "events,", found.Len(), "matches of level high or above")
	for _, c := range found.Campaigns {
		fmt.Println(c.Level, c.Driver)
	}
	// Output:
	// 1083 events, 8 matches of level high or above
	// critical script
	// high script
	// high agent
}

// A desk is given every event that is decoded, on as many goroutines as there are workers.
func ExampleRead() {
	hosts := map[string]int{}
	_, err := engine.Read(context.Background(), engine.Input{Paths: []string{"../example/intrusion/web01/auth.log"}, Workers: 1}, func(int) engine.Desk {
		return engine.DeskFunc(func(ev *tocsin.Event) { hosts[ev.Host]++ })
	})
	fmt.Println(hosts, err)
	// Output: map[web01:174] <nil>
}
