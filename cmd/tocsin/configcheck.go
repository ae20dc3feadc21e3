package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"

	"github.com/tocsin-ids/tocsin/tell"
)

// missing says which files that a configuration names cannot be used, each with the place where it stands, and what in it is
// right but may not be meant.
func (c *Config) missing() (faults []error, doubts []error) {
	say, all := c.saying()
	doubt, doubted := c.saying()
	pair(say, "$.tls", c.TLS)
	files := func(path string, names ...string) {
		for i, name := range names {
			at := path
			if len(names) > 1 {
				at = fmt.Sprintf("%s[%d]", path, i)
			}
			if name != "" {
				opens(say, at, name)
			}
		}
	}
	each := func(path string, names []string) {
		for i, name := range names {
			files(fmt.Sprintf("%s[%d]", path, i), name)
		}
	}
	each("$.rules.paths", c.Rules.Paths)
	files("$.rules.suppress", c.Rules.Suppress)
	files("$.rules.levels", c.Rules.Levels)
	each("$.rules.ioc", c.Rules.IOC)
	each("$.scope.records", c.Scope.Records)
	files("$.scope.allowed-signers", c.Scope.AllowedSigners)
	for i, j := range c.Sources.Journal {
		at := fmt.Sprintf("$.sources.journal[%d]", i)
		if n := nodeAt(c.doc, "$.sources.journal"); n != nil && nodeAt(c.doc, at) == nil {
			at = "$.sources.journal" // the only one
		}
		for key, name := range map[string]string{".dir": j.Dir, ".file": j.File} {
			if _, err := os.Stat(name); name != "" && err != nil {
				doubt(at+key, "%s: followed once it is there", cause(err))
			}
		}
	}
	for i, s := range c.Sources.Syslog {
		at := fmt.Sprintf("$.sources.syslog[%d]", i)
		pair(say, at+".tls", s.TLS)
		for j, n := range s.Trusted {
			if p, err := netip.ParsePrefix(n); err == nil && p.Bits() == 0 {
				doubt(fmt.Sprintf("%s.trusted[%d]", at, j), "%s is every address there is: whoever reaches this listener is believed", n)
			}
		}
	}
	for i, h := range c.Sources.HTTP {
		at := fmt.Sprintf("$.sources.http[%d]", i)
		pair(say, at+".tls", h.TLS)
		of := map[string]string{}
		for j, t := range h.Tokens {
			at := fmt.Sprintf("%s.tokens[%d]", at, j)
			if text := secretFile(say, doubt, at, t.File); of[text] != "" {
				say(at, "%s holds the token of %s too: whose is what it sends?", t.File, of[text])
			} else if text != "" {
				of[text] = t.File
			}
		}
	}
	for i, k := range c.Sources.Kafka {
		at := fmt.Sprintf("$.sources.kafka[%d]", i)
		pair(say, at+".tls", k.TLS)
		secretFile(say, doubt, at+".password-file", k.PasswordFile)
	}
	for i, n := range c.Sources.NATS {
		at := fmt.Sprintf("$.sources.nats[%d]", i)
		pair(say, at+".tls", n.TLS)
		switch text, err := readBounded(n.Creds); { // of several lines
		case n.Creds == "":
		case err != nil:
			say(at+".creds", "%s", cause(err))
		case len(bytes.TrimSpace(text)) == 0:
			say(at+".creds", "%s is empty", n.Creds)
		default:
			secretMode(doubt, at+".creds", n.Creds)
		}
	}
	for i, r := range c.Alerts.Routes {
		at := fmt.Sprintf("$.alerts.routes[%d]", i)
		bad := len(*all)
		secretFile(say, doubt, at+".url-file", r.URLFile)
		secretFile(say, doubt, at+".secret-file", r.SecretFile)
		secretFile(say, doubt, at+".password-file", r.Password)
		pool(say, at+".ca", r.CA)
		if len(*all) > bad {
			continue // it would be said again
		}
		if _, err := makeRoute(r); err != nil {
			say(at, "%v", err)
		}
	}
	of := c.tenants()
	for i, g := range c.Tenants.Joined {
		for j, t := range g {
			if !of[t] {
				doubt(fmt.Sprintf("$.tenants.joined[%d][%d]", i, j), "no source is of the tenant %q", t)
			}
		}
	}
	s := &c.Sources
	if !s.Discover && !s.Stdin && len(s.Files)+len(s.Journal)+len(s.Syslog)+len(s.HTTP)+len(s.Kafka)+len(s.NATS) == 0 {
		doubt("$.sources", "there are none, so nothing is followed: discover: true follows what this machine has")
	}
	return *all, *doubted
}

// tenants are those of which there may be events: of sources, tokens and certificates.
func (c *Config) tenants() map[string]bool {
	all := map[string]bool{}
	s := &c.Sources
	for _, x := range s.Files {
		all[x.Tenant] = true
	}
	for _, x := range s.Journal {
		all[x.Tenant] = true
	}
	for _, x := range s.Syslog {
		all[x.Tenant] = true
		for _, t := range x.Tenants {
			all[t] = true
		}
	}
	for _, x := range s.HTTP {
		all[x.Tenant] = true
		for _, t := range x.Tenants {
			all[t] = true
		}
		for _, t := range x.Tokens {
			all[t.Tenant] = true
		}
	}
	for _, x := range s.Kafka {
		all[x.Tenant] = true
	}
	for _, x := range s.NATS {
		all[x.Tenant] = true
	}
	all[""] = all[""] || s.Discover || s.Stdin
	return all
}

// opens holds that a file or folder is there and can be read.
func opens(say sayer, path, name string) {
	f, err := os.Open(name)
	if err != nil {
		say(path, "%s", cause(err))
		return
	}
	_ = f.Close()
}

// secretFile holds that a file has a secret, as its reader takes it, which only its owner should read, and gives it.
func secretFile(say, doubt sayer, path, name string) string {
	if name == "" {
		return ""
	}
	text, err := tell.Secret(name)
	if err != nil {
		say(path, "%s", cause(err))
		return ""
	}
	secretMode(doubt, path, name)
	return text
}

// secretMode doubts that everybody on the machine should know a secret.
func secretMode(doubt sayer, path, name string) {
	if st, err := os.Stat(name); err == nil && runtime.GOOS != "windows" && st.Mode().Perm()&0o007 != 0 {
		doubt(path, "%s may be read by everybody on this machine: chmod o-rwx it", name)
	}
}

// pair holds that a certificate can be used with its key.
func pair(say sayer, path string, t *ConfigTLS) {
	if t == nil {
		return
	}
	if t.Cert != "" && t.Key != "" {
		bad := false
		for _, f := range []struct{ key, name string }{{"cert", t.Cert}, {"key", t.Key}} {
			if _, err := readBounded(f.name); err != nil {
				say(path+"."+f.key, "%s", cause(err))
				bad = true
			}
		}
		if !bad {
			if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
				say(path, "%s and %s: %v", filepath.Base(t.Cert), filepath.Base(t.Key), err)
			}
		}
	}
	pool(say, path+".client-ca", t.ClientCA)
}

// pool holds that a file has certificates.
func pool(say sayer, path, name string) {
	if name == "" {
		return
	}
	text, err := readBounded(name)
	if err != nil {
		say(path, "%s", cause(err))
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(text) {
		say(path, "%s: no certificates in PEM form there", name)
	}
}

// cause is an error of a file, in words that say which.
func cause(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return fmt.Sprintf("%s: %v", p.Path, p.Err)
	}
	return err.Error()
}
