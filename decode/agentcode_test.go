package decode

import (
	"fmt"
	"hash/maphash"
	"strings"
	"testing"
)

// requestsIn are the requests of commands of one session, one behind the other.
func requestsIn(commands ...string) (out []string) {
	d := &agentLog{}
	d.calls.seed = maphash.MakeSeed()
	for _, c := range commands {
		for _, r := range d.requestsOf(&call{turn: turn{session: "s"}}, raw("{}"), c, 0) {
			one := strings.TrimSpace(r.method + " " + r.url)
			if r.body != "" {
				one += " [" + r.body + "]"
			}
			if r.header != "" {
				one += " (" + strings.ReplaceAll(strings.TrimSpace(r.header), "\n", "; ") + ")"
			}
			out = append(out, one)
		}
	}
	return out
}

// Requests are read out of commands and of code that is run, each with what a loop or a variable puts into it.
func TestRequestsOfCommands(t *testing.T) {
	for _, c := range []struct {
		name     string
		commands []string
		want     []string
	}{
		{"quotes in quotes", []string{`curl -s "http://192.0.2.7/i?id=1' OR 1=1-- -" -o x`}, []string{"http://192.0.2.7/i?id=1' OR 1=1-- -"}},
		{"flags together", []string{`curl -skX PUT -HA:b -b 'c=d' 192.0.2.7:8080/a --data-raw='e=f'`}, []string{"PUT http://192.0.2.7:8080/a [e=f] (A:b; Cookie: c=d)"}},
		{"query by flag", []string{`curl -G http://shop.example/s --data-urlencode "q={{7*7}}"`}, []string{"http://shop.example/s?q={{7*7}}"}},
		{"form with a file", []string{`curl -F 'cv=@a.pdf' http://shop.example/up`}, []string{"POST http://shop.example/up [cv=@a.pdf]"}},
		{"loop", []string{`for p in a b; do curl -s http://192.0.2.7/$p -d "x=${p}"; done`}, []string{"http://192.0.2.7/a [x=a]", "http://192.0.2.7/b [x=b]"}},
		{"array", []string{"P=('a b' c)\nfor p in \"${P[@]}\"; do curl \"http://192.0.2.7/?q=$p\"; done"}, []string{"http://192.0.2.7/?q=a b", "http://192.0.2.7/?q=c"}},
		{"variable", []string{`U=http://192.0.2.7; curl "$U/a"`}, []string{"http://192.0.2.7/a"}},
		{"in a substitution", []string{`t=$(curl -s http://192.0.2.7/t); echo "$(curl -s 'http://192.0.2.7/u')"`}, []string{"http://192.0.2.7/t", "http://192.0.2.7/u"}},
		{"run by others", []string{`sudo timeout 5 curl http://192.0.2.7/a; docker compose exec t sh -c "curl http://web.example/b"`}, []string{"http://192.0.2.7/a", "http://web.example/b"}},
		{"printed to a connection", []string{`printf 'GET /a/../b HTTP/1.0\r\n\r\n' | nc -w 3 192.0.2.7 81`}, []string{"GET http://192.0.2.7:81/a/../b"}},
		{"other clients", []string{`wget -q -O- --post-data='a=b' http://192.0.2.7/w; http POST http://192.0.2.7/h a=b X:y`}, []string{"http://192.0.2.7/w [a=b]", "POST http://192.0.2.7/h [a=b] (X: y)"}},
		{"here-document to a program", []string{"python3 - <<'EOF'\nimport requests\nfor p in [\"a'\", 'b']:\n    requests.get('http://192.0.2.7/?q=' + p, headers={'X-A': 'y'})\nEOF"}, []string{"GET http://192.0.2.7/?q=a' (X-A: y)", "GET http://192.0.2.7/?q=b (X-A: y)"}},
		{"written, then run", []string{"cat > /tmp/a.py <<EOF\nimport requests\nB = 'http://192.0.2.7'\nrequests.post(f\"{B}/l\", data={'u': 'x'})\nEOF", "cd /tmp && python3 a.py"}, []string{`POST http://192.0.2.7/l [{"u":"x"}]`}},
		{"written and not run", []string{"cat > /tmp/a.md <<EOF\ncurl http://192.0.2.7/?q={{7*7}}\nEOF", "git add a.md"}, nil},
		{"searched and told", []string{`grep -rn "requests.get('http://192.0.2.7/')" src; echo "curl http://192.0.2.7/"`}, nil},
		{"inside of one's project", []string{`docker compose exec t sh -c 'curl http://web:8000/a; curl http://shop.example/b'`}, []string{"http://shop.example/b"}},
		{"base of a client", []string{"python3 -c \"import httpx\nc = httpx.Client(base_url='https://a.example/')\nc.get('/x', params={'q': '../..'})\""}, []string{"GET https://a.example/x?q=..%2F.."}},
		{"function", []string{"python3 -c \"import requests\ndef t(p, n=1):\n    return requests.get('http://192.0.2.7/' + p)\nt('a')\nt('b')\""}, []string{"GET http://192.0.2.7/a", "GET http://192.0.2.7/b"}},
		{"objects in a list", []string{"python3 -c \"import requests\nL = [{'u': 'a'}, {'u': 'b'}]\nfor o in L:\n    requests.post('http://192.0.2.7/', json=o)\""}, []string{`POST http://192.0.2.7/ [{"u":"a"}]`, `POST http://192.0.2.7/ [{"u":"b"}]`}},
		{"objects as values", []string{"node -e \"const axios = require('axios'); const L = [{'$ne': ''}, {'$gt': 'a'}]; for (const o of L) { axios.post('http://192.0.2.7/', {u: o, p: o}) }\""}, []string{`POST http://192.0.2.7/ [{"p":{"$ne":""},"u":{"$ne":""}}]`, `POST http://192.0.2.7/ [{"p":{"$gt":"a"},"u":{"$gt":"a"}}]`}},
		{"product", []string{"python3 -c \"import requests, itertools\nfor u, p in itertools.product(['a'], ['x', 'y']):\n    requests.post('http://192.0.2.7/l', data={'u': u, 'p': p})\""}, []string{`POST http://192.0.2.7/l [{"p":"x","u":"a"}]`, `POST http://192.0.2.7/l [{"p":"y","u":"a"}]`}},
		{"lines of a file", []string{"python3 -c \"import requests\nfor w in open('w.txt'):\n    requests.post('http://192.0.2.7/l', data={'p': w})\""}, []string{`POST http://192.0.2.7/l [{"p":"{w}"}]`}},
		{"only checked", []string{"cat > a.py <<EOF\nimport requests\nrequests.get('http://192.0.2.7/?q={{7*7}}')\nEOF\ncp a.py a.js", "python3 -m py_compile a.py; python3 -m pytest a.py", "cat > b.js <<EOF\nfetch('http://192.0.2.7/b')\nEOF", "node --check b.js; node --test b.js", "cat > c.sh <<EOF\ncurl http://192.0.2.7/c\nEOF", "bash -n c.sh"}, nil},
		{"a module's own flag", []string{"cat > a.py <<EOF\nimport requests\nrequests.get('http://192.0.2.7/a')\nEOF", "python3 -u a.py -m x"}, []string{"GET http://192.0.2.7/a"}},
		{"answered by a test", []string{"python3 -c \"import responses, requests\nresponses.add('GET', 'http://192.0.2.7/')\nrequests.get('http://192.0.2.7/?q={{7*7}}')\""}, nil},
		{"remarks", []string{"python3 - <<'EOF'\nimport requests\n# requests.get('http://192.0.2.7/a')\n\"\"\"\nrequests.get('http://192.0.2.7/b')\n\"\"\"\nrequests.get('http://192.0.2.7/c')\nEOF"}, []string{"GET http://192.0.2.7/c"}},
		{"here-documents that do not end", []string{"cat <<A <<B\nA", ": <<A <<B\nA", "cat <<A <<B"}, nil},
		{"fetch", []string{"node -e 'for (const q of [\"a\", \"b\"]) { await fetch(`http://192.0.2.7/${q}`, {method: \"POST\", body: JSON.stringify({q})}) }'"}, []string{`POST http://192.0.2.7/a [{"q":"a"}]`, `POST http://192.0.2.7/b [{"q":"b"}]`}},
		{"axios", []string{"node -e \"const axios = require('axios'); axios.post('http://192.0.2.7/l', {u: 'x'}, {headers: {A: 'b'}})\""}, []string{`POST http://192.0.2.7/l [{"u":"x"}] (A: b)`}},
		{"Go", []string{"cat > a.go <<EOF\npackage main\nfunc main() { for _, p := range []string{\"x\", \"y\"} { http.PostForm(\"http://192.0.2.7/l\", url.Values{\"p\": {p}}) } }\nEOF\ngo run a.go"}, []string{`POST http://192.0.2.7/l [{"p":"x"}]`, `POST http://192.0.2.7/l [{"p":"y"}]`}},
		{"PHP", []string{`php -r '$c = curl_init(); curl_setopt($c, CURLOPT_URL, "http://192.0.2.7/l"); curl_setopt($c, CURLOPT_POSTFIELDS, "a=b");'`}, []string{"http://192.0.2.7/l [a=b]"}},
		{"connection in code", []string{"python3 -c \"import socket\ns = socket.create_connection(('192.0.2.7', 81))\nfor p in ['/a', '/b']:\n    s.send(f'GET {p} HTTP/1.0\\r\\n\\r\\n'.encode())\""}, []string{"GET http://192.0.2.7:81/a", "GET http://192.0.2.7:81/b"}},
		{"bare code", []string{"import requests\nr = requests.get('http://192.0.2.7/a')"}, []string{"GET http://192.0.2.7/a"}},
	} {
		if got := requestsIn(c.commands...); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Tools that send what is written out, and those that act in a page, make requests too.
func TestRequestsOfTools(t *testing.T) {
	d := &agentLog{}
	d.calls.seed = maphash.MakeSeed()
	for _, c := range []struct{ name, tool, args, want string }{
		{"written out", "send_http1_request", `{"targetHostname":"a.example","usesHttps":true,"content":"POST /l?q=1 HTTP/1.1\r\nHost: a.example\r\nX: y\r\n\r\nu=v"}`, "POST https://a.example/l?q=1 [u=v]"},
		{"with a query and headers", "http", `{"url":"http://a.example/","params":{"q":"a b"},"headers":{"X":"y"}}`, " http://a.example/?q=a+b []"},
		{"a page is opened", "browser_navigate", `{"url":"https://a.example/login?next=1"}`, " https://a.example/login?next=1 []"},
		{"written into it", "browser_type", `{"text":"o'neill"}`, "POST https://a.example/login [o'neill]"},
		{"run in it", "browser_evaluate", `{"function":"() => fetch('https://a.example/api')"}`, " https://a.example/api []"},
		{"no browser's", "todo_write", `{"text":"x"}`, ""},
	} {
		got := ""
		for _, r := range d.requestsOf(&call{turn: turn{session: "s"}, tool: c.tool, args: c.args}, raw(c.args), "", 0) {
			got += fmt.Sprintf("%s %s [%s]", r.method, r.url, r.body)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// Whatever a command or its code is, reading it ends.
func TestRequestsAreBounded(t *testing.T) {
	rep := strings.Repeat
	for name, s := range map[string]string{
		"nested objects":  "import requests\nx = " + rep("{'a':", 3000) + "\nrequests.post('http://a.example/', json=" + rep("{'a':", 2000),
		"sums":            "import requests\n" + rep("x = "+rep("'a'+", 800)+"'b'\n", 6) + "requests.get('http://a.example/'+x)",
		"calls":           "import requests\n" + rep("requests.get('http://a.example/',", 500),
		"names":           "import requests # ://\n" + rep("a=b=c=d={\n", 1600),
		"substitutions":   "curl http://a.example/" + rep("$(curl ", 2000),
		"quotes":          "curl http://a.example/" + rep("\"$(", 4000),
		"here-documents":  rep("cat <<A\n", 2000),
		"doubled":         "a=http://a.example/; " + rep("a=$a$a; ", 1000) + "curl $a",
		"loops":           rep("for a in 1 2 3 4 5; do ", 300) + rep("curl http://a.example/$a$a$a$a; ", 200),
		"formatted texts": "import requests\na=['x','y','z']\nfor b in a:\n requests.get(f'http://a.example/" + rep("{b}", 3000) + "')",
		"functions":       "import requests # http://\n" + rep("def f(a,b,c):\n", 32) + rep("f(", 7000),
		"shells":          rep("sh -c ' ", 2000) + "curl http://a.example",
	} {
		if n := len(requestsIn(s)); n > maxRequests {
			t.Errorf("%s: %d requests", name, n)
		}
	}
}

// What a call of 16 KB costs is bounded, however it refers to itself.
func TestRequestsCost(t *testing.T) {
	long := strings.Repeat("A", 8000)
	code := "import requests\n" + strings.Repeat("requests.get('http://192.0.2.7/' + x)\n", 400)
	for _, c := range []struct {
		name     string
		commands []string
	}{
		{"a long name, many times", []string{"curl -H $" + long + strings.Repeat(" a.b", 1900)}},
		{"a program run again and again", []string{"cat > x.py <<EOF\n" + code + "\nEOF", strings.Repeat("python3 x.py;", 256)}},
	} {
		d := &agentLog{}
		d.calls.seed = maphash.MakeSeed()
		left := 0
		for _, command := range c.commands {
			q := requestReader{budget: new(budget), session: "s", calls: &d.calls}
			*q.budget = maxMade
			q.shell(command, 0)
			left = int(*q.budget)
			if len(q.found) > maxRequests {
				t.Errorf("%s: %d requests", c.name, len(q.found))
			}
		}
		if left > maxMade/2 { // what it would cost is counted
			t.Errorf("%s: %d of %d are left", c.name, left, maxMade)
		}
	}
}
