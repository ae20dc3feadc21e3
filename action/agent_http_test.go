package action

import (
	"strconv"
	"strings"
	"testing"

	"github.com/tocsin-ids/tocsin"
)

// Requests of one call are told one by one, with what an attack is after and what its result shows; a result alone shows nothing.
func TestRequestsOfAnAgent(t *testing.T) {
	const passwd = "root:x:0:0:root:/root:/bin/bash"
	for _, c := range []struct{ name, command, result, want string }{
		{"quote", `curl "http://192.0.2.7/i?id=1'"`, "x", "query-broken"},
		{"header", `curl -H 'X-Forwarded-For: 127.0.0.1' http://192.0.2.7/admin`, "x", "client-forged"},
		{"cookie", `curl -b 'admin=true' http://192.0.2.7/admin`, "x", "cookie-forged"},
		{"template in a body", `curl -d 'name={{7*7}}' http://192.0.2.7/hello`, "Hello 49", "template-injection"},
		{"command in a form", `curl -d 'host=127.0.0.1;id' http://192.0.2.7/ping`, "uid=33(www) gid=33(www)", "command-injected command-answered"},
		{"file given", `curl 'http://192.0.2.7/?p=../../etc/passwd'`, passwd, "path-traversal system-file-given"},
		{"rows, not let", `curl -si "http://192.0.2.7/?id=1%20union%20select%20a,b%20from%20staff"`, "HTTP/1.1 403 Forbidden", "sql-injection"},
		{"rows", `curl -si "http://192.0.2.7/?id=1%20union%20select%20a,b%20from%20staff"`, "HTTP/1.1 200 OK", "sql-injection rows-asked"},
		{"blanks as they are", `curl "http://192.0.2.7/?id=1 union select 1,2"; curl -d 'id=2 union select 1,2' http://192.0.2.7/`, "x", "sql-injection sql-injection"},
		{"a long one", `curl 'http://192.0.2.7/?id=` + strings.Repeat("1", 300) + `%27%20or%201=1'`, "x", "sql-injection"},
		{"only an answer", `curl -s http://192.0.2.7/docs/passwd-format`, passwd, ""},
		{"own machine", `curl "http://localhost:8080/i?id=1'"`, passwd, ""},
		{"guesses", `for p in a1b2c3 d4e5f6 g7h8i9; do curl -d "user=ann&password=$p" http://192.0.2.7/login; done`, "x", "logins-guessed logins-guessed logins-guessed"},
		{"a list of accounts", "python3 - <<'EOF'\nimport requests\nfor o in [{'user': 'a', 'password': 'a1b2c3'}, {'user': 'b', 'password': 'd4e5f6'}, {'user': 'c', 'password': 'g7h8i9'}]:\n    requests.post('http://192.0.2.7/login', data=o)\nEOF", "x", ""},
	} {
		var got []string
		sent := map[uint64]bool{}
		for _, a := range read(t, "agent-log", call("Bash", `{"command":`+strconv.Quote(c.command)+`}`, c.result, false)) {
			if a.Tool == "" && a.Row != nil && a.Level > tocsin.Informational {
				got = append(got, a.Row.ID)
			}
			if a.Sent != 0 && sent[a.Sent] {
				t.Errorf("%s: two requests carry the same", c.name)
			}
			sent[a.Sent] = true
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %q, want %q", c.name, s, c.want)
		}
	}
}
