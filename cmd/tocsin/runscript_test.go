package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// runCommands are what scripts need to look at a run that goes on.
var runCommands = map[string]func(*testscript.TestScript, bool, []string){
	"waitfor":   waitForText,
	"api":       askAPI,
	"campaigns": sameCampaigns,
	"members":   sameMembers,
}

// mostWait bounds how long a script waits for something.
const mostWait = 90 * time.Second

// until tries again and again.
func until(ts *testscript.TestScript, try func() (ok bool, last string)) {
	end := time.Now().Add(mostWait)
	for {
		ok, last := try()
		if ok {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("it did not come within %s; last there was:\n%.4000s", mostWait, last)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// waitForText waits until a file has a text: waitfor FILE REGEXP
func waitForText(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitfor FILE REGEXP")
	}
	re := regexp.MustCompile("(?m)" + args[1])
	until(ts, func() (bool, string) {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil {
			return false, err.Error()
		}
		return re.Match(b), string(b)
	})
}

// askAPI asks the console whose address a file has until it answers so, and keeps the answer: api FILE PATH REGEXP OUT
func askAPI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: api FILE PATH REGEXP OUT")
	}
	address := regexp.MustCompile(`(?m)^console: (http\S+)$`)
	re := regexp.MustCompile("(?ms)" + args[2])
	until(ts, func() (bool, string) {
		b, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil {
			return false, err.Error()
		}
		m := address.FindSubmatch(b)
		if m == nil {
			return false, string(b)
		}
		res, err := http.Get(string(m[1]) + args[1])
		if err != nil {
			return false, err.Error()
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return false, err.Error()
		}
		if res.StatusCode != http.StatusOK || !re.Match(body) {
			return false, res.Status + "\n" + string(body)
		}
		ts.Check(os.WriteFile(ts.MkAbs(args[3]), body, 0o600))
		return true, ""
	})
}

// campaignsOf are the campaigns of a file, an array or lines.
func campaignsOf(ts *testscript.TestScript, name string) (all []map[string]any) {
	b, err := os.ReadFile(ts.MkAbs(name))
	ts.Check(err)
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("[")) {
		ts.Check(json.Unmarshal(b, &all))
		return all
	}
	for line := range bytes.Lines(b) {
		var c map[string]any
		ts.Check(json.Unmarshal(line, &c))
		if c["kind"] == "campaign" {
			all = append(all, c)
		}
	}
	return all
}

// sameCampaigns holds that two files tell of the same: campaigns A B
func sameCampaigns(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: [!] campaigns A B")
	}
	told := func(name string) string {
		var lines []string
		for _, c := range campaignsOf(ts, name) {
			b, err := json.Marshal(c)
			ts.Check(err)
			lines = append(lines, string(b))
		}
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	a, b := told(args[0]), told(args[1])
	if a == "" && !neg {
		ts.Fatalf("%s has no campaign", args[0])
	}
	if (a == b) == neg {
		i := 0
		for i < min(len(a), len(b)) && a[i] == b[i] {
			i++
		}
		ts.Fatalf("they differ from here on:\n%s: …%.500s\n%s: …%.500s", args[0], a[max(0, i-200):], args[1], b[max(0, i-200):])
	}
}

// sameMembers holds that all campaigns of a file have the members that the first of another one has: members MORE LESS
func sameMembers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: members MORE LESS")
	}
	more, less := campaignsOf(ts, args[0]), campaignsOf(ts, args[1])
	if len(more) == 0 || len(less) == 0 {
		ts.Fatalf("%d and %d campaigns", len(more), len(less))
	}
	for _, m := range more {
		for key := range less[0] {
			if _, ok := m[key]; !ok && key != "records" { // left out unless they are asked for
				ts.Fatalf("%s: a campaign lacks %s", args[0], key)
			}
		}
	}
}
