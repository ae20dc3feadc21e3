package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// checked is what "tocsin run --check" says about a configuration.
func checked(t *testing.T, file string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	args = append([]string{"run", "--check", "--no-installed", "--data", t.TempDir()}, args...)
	if file != "" {
		args = append(args, "--config", file)
	}
	code = run(t.Context(), args, std{t.Context(), strings.NewReader(""), &o, &e})
	return code, o.String(), e.String()
}

// keyPair writes a certificate of its own and its key.
func keyPair(t *testing.T, dir, name string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: der}, name + ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestConfigFaults: each mistake is told with the line on which it stands and what is wanted instead.
func TestConfigFaults(t *testing.T) {
	dir := t.TempDir()
	keyPair(t, dir, "a")
	keyPair(t, dir, "b")
	write := func(name, text string, mode os.FileMode) string {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("empty", "", 0o600)
	write("secret", "tocsin-secret-1\n", 0o600)
	write("same", "tocsin-secret-1\n", 0o600)
	write("two", "one\ntwo\n", 0o600)
	write("long", strings.Repeat("x", 5000), 0o600)
	write("not.pem", "no certificate\n", 0o600)
	write("tool", "#!/bin/sh\n", 0o755)
	write("loose", "#!/bin/sh\n", 0o777)
	if err := os.Chmod(filepath.Join(dir, "loose"), 0o777); err != nil {
		t.Fatal(err)
	}
	route := func(text string) string { return "alerts:\n  routes:\n    - " + text + "\n" }
	for _, c := range []struct {
		name, text string
		line       int    // 0: the message has none
		want       string // part of the message
	}{
		// The form of the document.
		{"wrong key", "lisen: 127.0.0.1:1", 1, `"lisen" is no key here; did you mean listen`},
		{"wrong key below", "data: x\nalerts:\n  routs: []", 3, `alerts: "routs" is no key here; did you mean routes`},
		{"wrong key in a list", "sources:\n  files:\n    - glob: /a\n      sinse: now", 4, `"sinse" is no key here; did you mean since`},
		{"key in the wrong place", "files: []", 1, `"files" is no key here`},
		{"wrong key in a journal", "sources:\n  journal: {follow: true}", 2, `"follow" is no key here`},
		{"wrong key in journals", "sources:\n  journal:\n    - {dirr: /x}", 3, `"dirr" is no key here; did you mean dir`},
		{"key twice", "data: x\ndata: y", 2, `already defined`},
		{"tab", "rules:\n\tpaths: [x]", 2, ""},
		{"colon", "a: b: c", 1, "mapping value is not allowed"},
		{"open quote", "data: 'x", 1, ""},
		{"a list", "- a", 1, "want keys with values"},
		{"only text", "just text", 1, "want keys with values"},
		{"two documents", "data: x\n---\ndata: y", 3, "second document"},
		{"unknown alias", "lang: en\nzone: *z", 2, "alias"},
		// Types.
		{"text for a list", "sources:\n  files: /var/log", 2, "sources.files: want a list"},
		{"text for keys", "sources:\n  files:\n    - /var/log", 3, "want keys with values"},
		{"list for text", "listen: [a]", 1, "listen: want one text"},
		{"list for keys", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tenants: [a]", 4, "want keys with values"},
		{"text for yes or no", "login: maybe", 1, "login: want true or false"},
		{"text for a number", "workers: many", 1, "workers: want a whole number"},
		{"fraction", "workers: 1.5", 1, "workers: want a whole number"},
		{"below nothing", "workers: -1", 1, "workers: want a whole number"},
		{"duration without unit", "data: x\nlateness: 5", 2, "lateness: \"5\" is no length of time; write 30s"},
		{"duration with a wrong unit", "horizon: 5 parsecs", 1, "horizon: \"5 parsecs\" is no length of time"},
		{"duration below nothing", "archive: {age: -3d}", 1, "archive.age: \"-3d\" is no length of time"},
		{"duration as a list", "alerts:\n  every: [1]", 2, "is no length of time"},
		{"commit too slow", "commit: 6s", 1, "commit: want 10ms to 5s"},
		{"commit too quick", "commit: 1ms", 1, "commit: want 10ms to 5s"},
		{"size", "archive:\n  size: big", 2, "archive.size: \"big\" is no number of bytes; write 500MB"},
		{"size without unit", "sources: {received: {size: 5}}", 1, "is no number of bytes"},
		{"size beyond all", "archive: {size: 99999999TiB}", 1, "is no number of bytes"},
		// Words.
		{"language", "lang: de", 1, `lang: "de" is not one of en, fr`},
		{"zone", "zone: Mars", 1, "zone: no such time zone: write UTC"},
		{"level", "alerts: {level: huge}", 1, `alerts.level: "huge" is no level`},
		{"level of a route", route("{name: a, kind: webhook, url: https://x.example, level: hi}"), 3, "is no level"},
		{"since", "sources:\n  files:\n    - glob: /a\n      since: yesterday", 4, `"yesterday" is not one of start, now`},
		{"format", "sources:\n  files:\n    - glob: /a\n      format: acces", 4, `"acces" is no format; did you mean access`},
		{"no glob", "sources:\n  files:\n    - since: now", 3, "names no glob"},
		{"bad glob", "sources:\n  files:\n    - glob: '/a/[b'", 3, "is no pattern"},
		{"dir and file", "sources:\n  journal: {dir: /a, file: /b}", 2, "give one of them"},
		{"status", "rules:\n  status: [stabel]", 2, `"stabel" is not one of stable`},
		{"host with a port", "hosts: ['tocsin.example:443']", 1, "want a name such as"},
		{"public URL", "public-url: tocsin.example", 1, "public-url: \"tocsin.example\": want https://"},
		{"tenant in two groups", "tenants:\n  joined:\n    - [a, b]\n    - [b, c]", 4, "is of another group too"},
		// Listeners beyond this machine.
		{"all addresses", "listen: 0.0.0.0:8417", 1, "is reachable from other machines: the console needs tls"},
		{"all of IPv6", "listen: '[::]:8417'", 1, "is reachable from other machines"},
		{"no host", "listen: ':8417'", 1, "is reachable from other machines"},
		{"a name", "listen: tocsin.example:8417", 1, "is reachable from other machines"},
		{"a name that begins as loopback", "listen: localhost.example:8417", 1, "is reachable from other machines"},
		{"link-local", "listen: 169.254.1.1:8417", 1, "is reachable from other machines"},
		{"link-local of IPv6", "listen: '[fe80::1%eth0]:8417'", 1, "is reachable from other machines"},
		{"private", "listen: 192.168.1.5:8417", 1, "is reachable from other machines"},
		{"mapped", "listen: '[::ffff:10.0.0.1]:8417'", 1, "is reachable from other machines"},
		{"short form of loopback", "listen: '127.1:8417'", 1, "is reachable from other machines"},
		{"nought", "listen: '0:8417'", 1, "is reachable from other machines"},
		{"no port", "listen: 127.0.0.1", 1, "want ADDR:PORT"},
		{"port by name", "listen: 127.0.0.1:http", 1, "want ADDR:PORT"},
		{"port too high", "listen: 127.0.0.1:70000", 1, "want ADDR:PORT"},
		{"bare IPv6", "listen: ::1", 1, "want ADDR:PORT"},
		{"tls without key", "listen: 0.0.0.0:8417\ntls: {cert: DIR/a.crt}", 1, "its tls wants cert and key"},
		{"certificates of browsers", "listen: 0.0.0.0:8417\ntls: {cert: DIR/a.crt, key: DIR/a.key, client-ca: DIR/a.crt}", 2, "tls.client-ca: the console asks for a login"},
		{"http beyond, in clear", "sources:\n  http:\n    - listen: 0.0.0.0:1\n      tokens: [{file: DIR/secret}]", 3, "senders need tls"},
		{"http beyond, for all", "sources:\n  http:\n    - listen: 0.0.0.0:1\n      tls: {cert: DIR/a.crt, key: DIR/a.key}", 3, "it needs tokens, or tls with client-ca"},
		{"http by certificates without any", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tenants: {a: b}", 4, "it needs tls with client-ca"},
		{"syslog beyond, udp", "sources:\n  syslog:\n    - listen: udp://0.0.0.0:514", 3, "use tls:// with client-ca, or name under trusted"},
		{"syslog beyond, tcp", "sources:\n  syslog:\n    - listen: tcp://:601", 3, "is reachable from other machines"},
		{"syslog beyond, tls for all", "sources:\n  syslog:\n    - listen: tls://0.0.0.0:6514\n      tls: {cert: DIR/a.crt, key: DIR/a.key}", 3, "use tls:// with client-ca"},
		{"syslog, tls without any", "sources:\n  syslog:\n    - listen: tls://127.0.0.1:6514", 3, "needs tls: {cert, key, client-ca}"},
		{"syslog, tls over tcp", "sources:\n  syslog:\n    - listen: tcp://127.0.0.1:601\n      tls: {cert: DIR/a.crt, key: DIR/a.key}", 4, "tcp:// is not encrypted: write tls://127.0.0.1:601"},
		{"syslog without scheme", "sources:\n  syslog:\n    - listen: 127.0.0.1:514", 3, "want udp://ADDR:PORT"},
		{"syslog without port", "sources:\n  syslog:\n    - listen: udp://127.0.0.1", 3, "want udp://ADDR:PORT"},
		{"no network", "sources:\n  syslog:\n    - listen: udp://10.0.0.1:514\n      trusted: [10.0.0.0]", 4, "is no network"},
		{"one port twice", "listen: 127.0.0.1:8417\nsources:\n  http:\n    - listen: 127.0.0.1:8417", 4, "127.0.0.1:8417 is taken by listen"},
		// Kafka and NATS.
		{"kafka without topics", "sources:\n  kafka:\n    - brokers: ['k:9092']", 3, "wants brokers and topics"},
		{"broker without port", "sources:\n  kafka:\n    - brokers: [k]\n      topics: [a]", 3, "want HOST:PORT"},
		{"sasl", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: kerberos", 5, "is not one of plain"},
		{"sasl without user", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: plain", 3, "a login wants sasl, user and password-file"},
		{"nats without stream", "sources:\n  nats:\n    - url: nats://n:4222", 3, "wants url and stream"},
		{"one topic of two clusters", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a, b]\n    - brokers: ['l:9092']\n      topics: [c, b]", 5, `topic "b" is of sources.kafka[0] too, and their records could not be told apart: give one of them a name`},
		{"one stream of two servers", "sources:\n  nats:\n    - url: nats://n:4222\n      stream: S\n      name: a\n    - url: nats://o:4222\n      stream: S\n      name: a", 6, `stream "S" is of sources.nats[0] too, and their records could not be told apart: give one of them a name`},
		{"one journal twice", "sources:\n  journal:\n    - dir: DIR\n    - dir: DIR\n      since: now", 4, `this journal is of sources.journal[0] too`},
		{"name", "sources:\n  nats:\n    - url: nats://n:4222\n      stream: S\n      name: a/b", 5, `"a/b": want letters`},
		// Ways of telling.
		{"no name", route("kind: webhook\n      url: https://x.example"), 3, "has no name"},
		{"name twice", route("{name: a, kind: webhook, url: https://x.example}\n    - {name: a, kind: webhook, url: https://y.example}"), 4, `"a" is the name of another route too`},
		{"no kind", route("name: a"), 3, "has no kind: webhook, slack"},
		{"kind", route("{name: a, kind: pigeon}"), 3, `"pigeon" is not one of webhook`},
		{"no url", route("{name: a, kind: slack}"), 3, "wants url or url-file"},
		{"url twice", route("{name: a, kind: slack, url: https://x.example, url-file: DIR/secret}"), 3, "wants url or url-file"},
		{"mail to nobody", route("{name: a, kind: email, server: 'm:25', from: a@b.example}"), 3, "wants server, from and to"},
		{"mail with half a login", route("{name: a, kind: email, server: 'm:25', from: a@b.example, to: [c@d.example], user: u}"), 3, "a login wants user and password-file"},
		{"syslog to nowhere", route("{name: a, kind: syslog}"), 3, "wants server"},
		{"syslog by pigeon", route("{name: a, kind: syslog, server: 'pigeon://h:1'}"), 3, "wants server: udp://HOST:PORT"},
		{"command by name", route("{name: a, kind: command, command: [page]}"), 3, "the program with its whole path"},
		{"a key of another kind", route("name: a\n      kind: slack\n      url: https://x.example\n      to: [a@b.example]"), 6, "a route of kind slack does not have it; it is of email"},
		// Files that are named.
		{"certificate is missing", "tls: {cert: DIR/none.crt, key: DIR/a.key}\nlisten: 0.0.0.0:1", 1, "tls.cert: DIR/none.crt: no such file"},
		{"key is missing", "listen: 0.0.0.0:1\ntls:\n  cert: DIR/a.crt\n  key: DIR/none.key", 4, "tls.key: DIR/none.key: no such file"},
		{"key of another", "listen: 0.0.0.0:1\ntls: {cert: DIR/a.crt, key: DIR/b.key}", 2, "does not match"},
		{"certificate is none", "tls: {cert: DIR/not.pem, key: DIR/a.key}", 1, "tls: not.pem and a.key:"},
		{"no certificates of clients", "sources:\n  http:\n    - listen: 0.0.0.0:1\n      tls: {cert: DIR/a.crt, key: DIR/a.key, client-ca: DIR/not.pem}", 4, "no certificates in PEM form"},
		{"token is missing", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tokens:\n        - {file: DIR/none}", 5, "DIR/none: no such file"},
		{"token is empty", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tokens:\n        - {file: DIR/empty}", 5, "is empty"},
		{"token without file", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tokens:\n        - {tenant: a}", 5, "names no file"},
		{"token of two", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tokens:\n        - {file: DIR/secret, tenant: a}\n        - {file: DIR/same, tenant: b}", 6, "holds the token of DIR/secret too"},
		{"url is missing", route("name: a\n      kind: slack\n      url-file: DIR/none"), 5, "url-file: DIR/none: no such file"},
		{"url has two lines", route("name: a\n      kind: slack\n      url-file: DIR/two"), 5, "a secret is one line"},
		{"url is none", route("{name: a, kind: slack, url-file: DIR/secret}"), 3, "want https://"},
		{"http to another machine", route("{name: a, kind: webhook, url: 'http://x.example/'}"), 3, "alerts go by https"},
		{"signing key is missing", route("name: a\n      kind: webhook\n      url: https://x.example\n      secret-file: DIR/none"), 6, "secret-file: DIR/none: no such file"},
		{"signing key is none", route("{name: a, kind: webhook, url: https://x.example, secret-file: DIR/secret}"), 3, "DIR/secret"},
		{"password is missing", route("name: a\n      kind: email\n      server: m.example:587\n      from: a@b.example\n      to: [c@d.example]\n      user: u\n      password-file: DIR/none"), 9, "password-file: DIR/none: no such file"},
		{"address", route("{name: a, kind: email, server: 'm.example:25', from: nobody, to: [c@d.example]}"), 3, "nobody"},
		{"certificates of a server", route("name: a\n      kind: webhook\n      url: https://x.example\n      ca: DIR/not.pem"), 6, "no certificates in PEM form"},
		{"program is missing", route("{name: a, kind: command, command: [DIR/none]}"), 3, "no such file"},
		{"program of everybody", route("{name: a, kind: command, command: [DIR/loose]}"), 3, "chmod go-w"},
		{"rules are missing", "rules:\n  paths:\n    - DIR\n    - DIR/none", 4, "rules.paths[1]: DIR/none: no such file"},
		{"suppressions are missing", "rules:\n  suppress: DIR/none", 2, "rules.suppress: DIR/none: no such file"},
		{"levels are missing", "rules:\n  levels: DIR/none", 2, "rules.levels: DIR/none: no such file"},
		{"indicators are missing", "rules:\n  ioc: [DIR/none]", 2, "DIR/none: no such file"},
		{"scope is missing", "scope:\n  records: [DIR/none]\n  allowed-signers: DIR/secret", 2, "DIR/none: no such file"},
		{"signers are missing", "scope:\n  allowed-signers: DIR/none", 2, "scope.allowed-signers: DIR/none: no such file"},
		{"password of kafka is missing", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: plain\n      user: u\n      password-file: DIR/none", 7, "DIR/none: no such file"},
		{"password of kafka is empty", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: plain\n      user: u\n      password-file: DIR/empty", 7, "DIR/empty is empty"},
		{"password of kafka has two lines", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: plain\n      user: u\n      password-file: DIR/two", 7, "DIR/two: a secret is one line"},
		{"password of kafka is too long", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: plain\n      user: u\n      password-file: DIR/long", 7, "DIR/long: more than 4 KiB are no secret"},
		{"password of kafka is a folder", "sources:\n  kafka:\n    - brokers: ['k:9092']\n      topics: [a]\n      sasl: plain\n      user: u\n      password-file: DIR/", 7, "DIR/: "},
		{"token has two lines", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tokens:\n        - {file: DIR/two}", 5, "DIR/two: a secret is one line"},
		{"token is too long", "sources:\n  http:\n    - listen: 127.0.0.1:1\n      tokens:\n        - {file: DIR/long}", 5, "DIR/long: more than 4 KiB are no secret"},
		{"password of mail is empty", route("name: a\n      kind: email\n      server: m.example:587\n      from: a@b.example\n      to: [c@d.example]\n      user: u\n      password-file: DIR/empty"), 9, "DIR/empty is empty"},
		{"url is a folder", route("name: a\n      kind: slack\n      url-file: DIR"), 5, "is a directory"},
		{"credentials of nats are missing", "sources:\n  nats:\n    - url: nats://n:4222\n      stream: S\n      creds: DIR/none", 5, "DIR/none: no such file"},
		{"credentials of nats are empty", "sources:\n  nats:\n    - url: nats://n:4222\n      stream: S\n      creds: DIR/empty", 5, "DIR/empty is empty"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := write("config.yaml", strings.ReplaceAll(c.text, "DIR", dir)+"\n", 0o600)
			code, out, errs := checked(t, file)
			want := "--config " + file
			if c.line > 0 {
				want = regexp.QuoteMeta(want) + ":" + string(rune('0'+c.line)) + ": .*" + regexp.QuoteMeta(strings.ReplaceAll(c.want, "DIR", dir))
			}
			if code != 2 || out != "" || !regexp.MustCompile(want).MatchString(errs) {
				t.Errorf("exit %d, want 2 and %s\n%s%s", code, want, out, errs)
			}
		})
	}
}

// TestConfigFlags: what a flag says is held against the same rules, and the flag is named.
func TestConfigFlags(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"--listen 0.0.0.0:1", "--listen: 0.0.0.0:1 is reachable from other machines"},
		{"--listen [::]:1", "--listen: [::]:1 is reachable"},
		{"--listen :1", "--listen: :1 is reachable"},
		{"--listen nowhere", "--listen: \"nowhere\": want ADDR:PORT"},
		{"--file /a/[b", "--file: \"/a/[b\" is no pattern"},
	} {
		if code, _, errs := checked(t, "", strings.Fields(c.args)...); code != 2 || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d, want %q\n%s", c.args, code, c.want, errs)
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"run", "--check", "--config", filepath.Join(t.TempDir(), "none")}, std{t.Context(), strings.NewReader(""), &out, &errs}); code != 2 || !strings.Contains(errs.String(), "--config: open") {
		t.Errorf("exit %d: %s", code, errs.String())
	}
}

// TestConfigGood: what is right is taken, and what may not be meant is said.
func TestConfigGood(t *testing.T) {
	dir := t.TempDir()
	keyPair(t, dir, "a")
	for name, mode := range map[string]os.FileMode{"token": 0o600, "open": 0o644} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("tocsin-"+name), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, text, doubt string }{
		{"nothing", "", "there are none, so nothing is followed"},
		{"comments", "# nothing\n---\n", "nothing is followed"},
		{"discover", "sources: {discover: true}", ""},
		{"loopback", "listen: localhost:0\nsources: {stdin: true}", ""},
		{"loopback of IPv6", "listen: '[::1]:0'\nsources: {stdin: true}", ""},
		{"mapped loopback", "listen: '[::ffff:127.0.0.1]:0'\nsources: {stdin: true}", ""},
		{"beyond with all", "listen: 0.0.0.0:0\ntls: {cert: DIR/a.crt, key: DIR/a.key}\nsources: {stdin: true}", ""},
		{"http beyond with all", "sources:\n  http:\n    - listen: 0.0.0.0:0\n      tls: {cert: DIR/a.crt, key: DIR/a.key}\n      tokens: [{file: DIR/token, tenant: a}]", ""},
		{"a token that all can read", "sources:\n  http:\n    - listen: 127.0.0.1:0\n      tokens: [{file: DIR/open}]", "may be read by everybody"},
		{"one journal", "sources: {journal: {dir: DIR}}", ""},
		{"this machine's journal", "sources: {journal: {}}", ""},
		{"journals", "sources: {journal: [{dir: DIR}, {}]}", ""},
		{"a journal that is not there", "sources:\n  journal:\n    dir: DIR/none", ":3: sources.journal.dir: DIR/none"},
		{"durations", "lateness: 1m30s\nhorizon: 7d\ncommit: 500ms\nsources: {stdin: true}", ""},
		{"quoted", "lateness: '30s'\narchive: {size: \"1.5 GiB\"}\nsources: {stdin: true}", ""},
		{"udp and tcp of one port", "sources: {syslog: [{listen: 'udp://127.0.0.1:514'}, {listen: 'tcp://127.0.0.1:514'}]}", ""},
		{"all are trusted", "sources:\n  syslog:\n    - listen: udp://0.0.0.0:5514\n      trusted: [10.0.0.0/8, '::/0']", ":4: sources.syslog[0].trusted[1]: ::/0 is every address"},
		{"streams and topics of one name, with names", "sources: {nats: [{url: 'nats://n:4222', stream: S}, {url: 'nats://o:4222', stream: S, name: o}, {url: 'nats://n:4222', stream: S, subjects: [a]}, {url: 'nats://n:4222', stream: S, tenant: a}], kafka: [{brokers: ['k:1'], topics: [a]}, {brokers: ['l:1'], topics: [a], name: l-2.x}]}", ""},
		{"joined tenants", "sources: {files: [{glob: /a, tenant: a}], http: [{listen: '127.0.0.1:0', tokens: [{file: DIR/token, tenant: b}]}], syslog: [{listen: 'udp://127.0.0.1:0', tenant: c}]}\ntenants: {joined: [[a, b, c]]}", ""},
		{"a joined tenant that no source has", "sources: {files: [{glob: /a, tenant: acme}]}\ntenants:\n  joined:\n    - [acme, acme-cluod]", `:4: tenants.joined[0][1]: no source is of the tenant "acme-cluod"`},
		{"plain mail and webhook", "sources: {stdin: true}\nalerts: {routes: [{name: a, kind: email, server: 'm.example:25', plain: true, from: a@b.example, to: [c@d.example]}, {name: b, kind: webhook, plain: true, url: 'http://x.example/'}]}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, "config.yaml")
			if err := os.WriteFile(file, []byte(strings.ReplaceAll(c.text, "DIR", dir)+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, errs := checked(t, file)
			doubt := strings.ReplaceAll(c.doubt, "DIR", dir)
			if code != 0 || !strings.HasPrefix(out, "the configuration is right: ") || (doubt == "") != (errs == "") || !strings.Contains(errs, doubt) {
				t.Errorf("exit %d, want %q\n%s%s", code, doubt, out, errs)
			}
		})
	}
}

// TestRenewed: what a run takes of a configuration that was changed, and what it says it takes a restart for.
func TestRenewed(t *testing.T) {
	parse := func(text string) *Config {
		c, err := parseConfig("x.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	was := parse("listen: 127.0.0.1:8417\nlang: en\nsources: {stdin: true}\nalerts: {level: high}\n")
	for text, want := range map[string]string{
		"listen: 127.0.0.1:8417\nlang: fr\nsources: {stdin: true}\nalerts: {level: low, every: 5m}\narchive: {age: 3d}\nretention: {campaigns: 30d}\nrules: {no-builtin: true}": "",
		"listen: 127.0.0.1:9\nsources: {discover: true}\nlang: fr\nalerts: {level: low}":                                                                                        "listen, sources",
		"listen: 127.0.0.1:8417\nlang: fr\nsources: {stdin: true}\nalerts: {level: low, routes: [{name: a, kind: command, command: [/x]}]}":                                     "alerts",
	} {
		next, left := was.renewed(parse(text))
		if got := strings.Join(left, ", "); got != want {
			t.Errorf("%s: left %q, want %q", text, got, want)
		}
		if next.Lang != "fr" || next.Alerts.Level != "low" || next.Listen != was.Listen || len(next.Alerts.Routes) != 0 {
			t.Errorf("%s: %+v", text, next)
		}
	}
	for text, want := range map[string]bool{"": true, "# lang: fr\n---\n": true, "{}": false, "lang: fr": false} {
		if c := parse(text); c.empty != want {
			t.Errorf("%q: empty %v", text, c.empty)
		}
	}
}

// TestSourceNames: a name tells streams and topics of one name apart, and without one they are named as ever.
func TestSourceNames(t *testing.T) {
	for name, want := range map[string][2]string{"": {"nats/S", "kafka/S"}, "north": {"nats/north/S", "kafka/north/S"}} {
		n, err := (&service{}).nats(ConfigNATS{URL: "nats://n:4222", Stream: "S", Name: name})
		if err != nil {
			t.Fatal(err)
		}
		k, err := (&service{}).kafka(ConfigKafka{Brokers: []string{"k:9092"}, Topics: []string{"S"}, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{n.Stats()[0].Path, k.Stats()[0].Path}; got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestConfigDoc: what "go doc ./cmd/tocsin Config" shows is a configuration, and has every key there is.
func TestConfigDoc(t *testing.T) {
	src, err := os.ReadFile("config.go")
	if err != nil {
		t.Fatal(err)
	}
	doc := regexp.MustCompile(`(?s)brackets holds where the key is left out:\n//\n(.*?)\ntype Config struct`).FindSubmatch(src)
	if doc == nil {
		t.Fatal("no example in the comment of Config")
	}
	text := strings.ReplaceAll(string(doc[1]), "//\t", "")
	c, err := parseConfig("go doc", []byte(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if time.Duration(c.Horizon) != 7*24*time.Hour || c.Archive.Size != 20<<30 || len(c.Sources.Journal) != 2 || c.Alerts.Routes[4].Command[1] != "--urgent" {
		t.Errorf("%+v", c)
	}
	var walk func(v reflect.Type, path string)
	walk = func(v reflect.Type, path string) {
		for v.Kind() == reflect.Slice || v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return
		}
		for i := range v.NumField() {
			key := v.Field(i).Tag.Get("yaml")
			if key == "" {
				continue
			}
			at := path + "." + key
			if at == "$.tls.client-ca" { // refused
				continue
			}
			if !has(c.doc, at) {
				t.Errorf("the comment of Config lacks %s", strings.TrimPrefix(at, "$."))
			}
			next := at
			if v.Field(i).Type.Kind() == reflect.Slice {
				next += "[*]"
			}
			walk(v.Field(i).Type, next)
		}
	}
	walk(reflect.TypeFor[Config](), "$")
	for line := range strings.Lines(text) { // keys without a word about them
		if key, rest, _ := strings.Cut(strings.TrimSpace(line), ":"); !strings.Contains(rest, "#") && strings.Contains(line, ":") && regexp.MustCompile(`^(workers|commit|level|every|age|size|off|past|listen|data|zone|horizon|lateness)$`).MatchString(key) {
			t.Errorf("%s stands without its default", strings.TrimSpace(line))
		}
	}
}

// has says that there is something at a path in which [*] stands for any.
func has(doc *ast.File, path string) bool {
	before, after, any := strings.Cut(path, "[*]")
	if !any {
		return nodeAt(doc, path) != nil
	}
	for i := range 8 {
		if has(doc, before+"["+string(rune('0'+i))+"]"+after) {
			return true
		}
	}
	return false
}

// TestRunDoc: the configurations that the documents show are ones, and docs/run.md names all sources and commands.
func TestRunDoc(t *testing.T) {
	blocks := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```\n")
	n := 0
	for name, text := range documents(t) {
		if name == "docs/rules.md" { // rules, not configurations
			continue
		}
		for _, b := range blocks.FindAllStringSubmatch(text, -1) {
			if !regexp.MustCompile(`(?m)^(data|listen|sources|alerts|archive|retention|tenants):`).MatchString(b[1]) {
				continue
			}
			n++
			if _, err := parseConfig(name, []byte(b[1])); err != nil {
				t.Errorf("%v\n%s", err, b[1])
			}
		}
	}
	if n == 0 {
		t.Error("no configuration is shown")
	}
	if _, err := readConfig("../../packaging/service/run.yaml"); err != nil {
		t.Error(err)
	}
	text := documents(t)["docs/run.md"]
	for _, key := range keysAt("$.sources") {
		if key != "discover" && key != "since" && key != "received" && !strings.Contains(text, "`"+key+"`") {
			t.Errorf("docs/run.md does not tell of %s", key)
		}
	}
	for _, c := range commands(model(t)) {
		if first, _, _ := strings.Cut(c.path, " "); (first == "account" || first == "audit" || first == "alert" || first == "demo" || first == "run") && !strings.Contains(text, "tocsin "+first) {
			t.Errorf("docs/run.md does not show tocsin %s", c.path)
		}
	}
}
