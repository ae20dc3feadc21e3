package eval

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestZZMiss(t *testing.T) {
	set, labels := own(t), labelsOf(t)
	for _, g := range guardSets {
		if !g.arms || os.Getenv("ONLY") != "" && g.source != os.Getenv("ONLY") {
			continue
		}
		var all []chat
		for _, c := range chats(t, g.source) {
			l := labels[g.source+" "+c.Session]
			if l == nil || g.label != "" && l[3] != g.label || !strings.HasPrefix(l[4], g.kinds) {
				continue
			}
			all = append(all, c)
		}
		for _, one := range byPrincipal(all) {
			for _, p := range judged(t, set, one) {
				if p.Verdict == tocsin.Suspicious {
					fmt.Printf("%s %s %d calls, alert %d, score %.1f\n", p.Name, p.Verdict, p.Calls, p.FirstAlert, p.Score)
					for _, b := range p.ByTarget {
						fmt.Printf("  T %s %s %.1f %v\n", b.Target, b.Verdict, b.Score, b.Phases)
						for _, e := range b.Evidence {
							fmt.Printf("      %.1f %s %d | %.100s\n", e.Weight, e.Sentence, e.Call, e.Quote)
						}
					}
				}
			}
		}
	}
}
