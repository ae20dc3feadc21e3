package eval

import (
	"fmt"
	"os"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

func TestZZAdmin(t *testing.T) {
	set := own(t)
	found, _ := told(t, set, scenarioFolder(t, readScenarios(t, "admin.txt")))
	defer found.Close()
	n := map[tocsin.Verdict]int{}
	for i, p := range found.Principals {
		n[p.Verdict]++
		if i < 80 && (os.Getenv("LOOK") != "" || p.Verdict >= tocsin.Suspicious) {
			fmt.Printf("%s %s %d calls, alert %d, score %.1f cleared %v\n", p.Name, p.Verdict, p.Calls, p.FirstAlert, p.Score, p.Cleared)
			for _, e := range p.Evidence {
				fmt.Printf("    %.1f %s %d | %.100s\n", e.Weight, e.Sentence, e.Call, e.Quote)
			}
		}
	}
	fmt.Println("admin", n)
}
