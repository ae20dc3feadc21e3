package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// TestRequests holds that requests are told however a call makes them.
func TestRequests(t *testing.T) {
	for _, c := range []struct{ name, tool, arguments, result, want string }{
		{"a tool for it", "http_request", `{"method":"post","url":"http://192.0.2.7/login","headers":{"A":"b"},"body":"user=a&password=b"}`, `{"status_code": 401, "body": "no"}`, "POST http://192.0.2.7/login user=a&password=b 401"},
		{"a browser", "browser_navigate", `{"url":"https://shop.example/"}`, "Page title", "GET https://shop.example/  "},
		{"a body of JSON", "fetch", `{"url":"http://192.0.2.7/x","json":{"q":"1"}}`, "HTTP/1.1 500 Oops", `POST http://192.0.2.7/x {"q":"1"} 500`},
		{"curl", "bash", `{"command":"curl -si -X PUT http://192.0.2.7/a?b=1 -d 'c=2'"}`, "HTTP/2 204 \nserver: x", "PUT http://192.0.2.7/a?b=1 c=2 204"},
		{"requests in code", "python", `{"code":"import requests\nr = requests.post('http://192.0.2.7/q', json={'u': 'x'})\nprint(r)"}`, "<Response [200]>", `POST http://192.0.2.7/q {"u":"x"} 200`},
		{"fetch in code", "js", `{"code":"await fetch(\"http://192.0.2.7/q\", {method: 'DELETE'})"}`, "", "DELETE http://192.0.2.7/q  "},
		{"a file", "bash", `{"command":"cat notes.txt"}`, "http://192.0.2.7/", "   "},
		{"a clone", "bash", `{"command":"git clone https://git.example/a.git"}`, "", "   "},
	} {
		log := `{"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"` + c.tool + `","arguments":` + fmt.Sprintf("%q", c.arguments) + `}}]}`
		if c.result != "" {
			log += `,{"role":"tool","tool_call_id":"c1","content":` + fmt.Sprintf("%q", c.result) + `}`
		}
		readAs(t, "", log+"]}\n", func(ev *tocsin.Event) {
			got := strings.Join([]string{ev.Text("http_method"), ev.Text("http_url"), ev.Text("http_body"), ev.Text("http_status")}, " ")
			if got != c.want {
				t.Errorf("%s: %q, want %q", c.name, got, c.want)
			}
		})
	}
}

// TestObjectsInTurn holds that numbers of one object asked for one after the other are counted within a session, and that
// pages, versions and what is picked here and there are not.
func TestObjectsInTurn(t *testing.T) {
	ask := func(session, format string, ids ...int) string {
		var calls []string
		for i, id := range ids {
			calls = append(calls, fmt.Sprintf(`{"id":"c%d","type":"function","function":{"name":"http_get","arguments":%q}}`, i, fmt.Sprintf(`{"url":"`+format+`"}`, id)))
		}
		return `{"session":"` + session + `","messages":[{"role":"assistant","content":"","tool_calls":[` + strings.Join(calls, ",") + "]}]}\n"
	}
	for _, c := range []struct {
		name, log, want string
	}{
		{"in turn", ask("s", "http://192.0.2.7/api/users/%d", 1, 2, 3, 5), "4"},
		{"in a query", ask("s", "http://192.0.2.7/i?id=%d", 30, 31, 32), "3"},
		{"backwards with more behind", ask("s", "http://192.0.2.7/orders/%d/items", 9, 8, 7), "3"},
		{"two sessions", ask("s", "http://192.0.2.7/u/%d", 1) + ask("t", "http://192.0.2.7/u/%d", 2), ""},
		{"pages", ask("s", "http://192.0.2.7/list?page=%d", 1, 2, 3), ""},
		{"here and there", ask("s", "http://192.0.2.7/issues/%d", 17, 904, 51), ""},
		{"one again", ask("s", "http://192.0.2.7/u/%d", 4, 4, 4), ""},
	} {
		last := ""
		readAs(t, "", c.log, func(ev *tocsin.Event) { last = ev.Text("ids_tried") })
		if last != c.want {
			t.Errorf("%s: %q, want %q", c.name, last, c.want)
		}
	}
}

// TestSeveralRequests holds that all requests of a call are told, each with what was sent and, as far as it is known, what came
// back, and that what is not on a server is counted within a session.
func TestSeveralRequests(t *testing.T) {
	for _, c := range []struct{ name, command, result, want string }{
		{"curl twice", `curl -s http://192.0.2.7/a; curl -s -d 'x=1' http://192.0.2.7/b`, "HTTP/1.1 404 Not Found\nHTTP/1.1 200 OK", "GET http://192.0.2.7/a 404 1 POST http://192.0.2.7/b x=1 200"},
		{"fewer answers than requests", `curl -s http://192.0.2.7/a; curl -s http://192.0.2.7/b`, "HTTP/1.1 404 Not Found", "GET http://192.0.2.7/a GET http://192.0.2.7/b"},
		{"a line for each", `for p in a b; do curl -s -o /dev/null -w "$p %{http_code}\\n" http://192.0.2.7/$p; done`, "a 200\nb 404\n", "GET http://192.0.2.7/a 200 GET http://192.0.2.7/b 404 1"},
		{"more than are read", strings.Repeat("curl -s http://192.0.2.7/a;", maxRequests+3), "", strings.TrimSpace(strings.Repeat("GET http://192.0.2.7/a ", maxRequests))},
	} {
		log := `{"messages":[{"role":"assistant","content":"","tool_calls":[{"id":"c1","type":"function","function":{"name":"bash","arguments":` + fmt.Sprintf("%q", fmt.Sprintf(`{"command":%q}`, c.command)) +
			`}}]},{"role":"tool","tool_call_id":"c1","content":` + fmt.Sprintf("%q", c.result) + "}]}\n"
		var got []string
		readAs(t, "", log, func(ev *tocsin.Event) {
			for i := range ev.Fields {
				if f := &ev.Fields[i]; strings.HasPrefix(f.Name, "http_") || f.Name == "paths_missed" {
					got = append(got, f.Value)
				}
			}
		})
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}
