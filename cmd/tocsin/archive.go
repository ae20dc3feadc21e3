package main

import (
	"fmt"

	"github.com/tocsin-ids/tocsin"
	"github.com/tocsin-ids/tocsin/rules"
)

func readRuleArchive(path string) ([]rules.File, []*tocsin.Fault, error) {
	return nil, nil, fmt.Errorf("--rules %s: neither a folder nor a .yml file", path)
}
