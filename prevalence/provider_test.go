package prevalence

import (
	"strings"
	"testing"
)

func TestProvider(t *testing.T) {
	for line := range strings.Lines(`
8.8.8.8 resolver
[2606:4700:4700::1111]:443 resolver
104.16.12.194:443 front
2a04:4e42::81 front
40.97.120.162 provider
140.82.112.3 forge
github.com forge
raw.githubusercontent.com:443 forge
DEB.debian.org. mirror
archive.ubuntu.com mirror
registry.npmjs.org mirror
ctldl.windowsupdate.com update
login.microsoftonline.com identity
login.windows.net cloud
ocsp.digicert.com certificate
s3.eu-west-1.amazonaws.com cloud
transfer.sh sharing
api.telegram.org messaging
checkip.amazonaws.com echo
pool.ntp.org time
smtp.office365.com update
trycloudflare.com tunnel
cloudfront.net front
`) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		value, want, _ := strings.Cut(line, " ")
		if kind, name := Provider(value); kind != want || name == "" {
			t.Errorf("%s: %q %q, want %s", value, kind, name, want)
		}
	}
	for _, value := range []string{"198.51.100.7", "203.0.113.9:8443", "2001:db8::1", "192.168.1.1", "intruder.example", "drop.github.com.intruder.example",
		"mygithub.com", "blue-cat.trycloudflare.com", "d111111abcdef8.cloudfront.net", "shopfiles.blob.core.windows.net", "", ".", "::", "com"} {
		if kind, name := Provider(value); kind != "" {
			t.Errorf("%s: %s, %s; want nobody's", value, kind, name)
		}
	}
}

// Each row is found by what it names, so that none is hidden by another.
func TestProviderRows(t *testing.T) {
	for n, p := range providerNames {
		if kind, _ := Provider(n); kind != p.kind {
			t.Errorf("%s: %q, want %s", n, kind, p.kind)
		}
	}
	for _, p := range providerNets {
		if kind, _ := Provider(p.net.Addr().Next().String()); kind == "" && p.net.Bits() != p.net.Addr().BitLen() {
			t.Errorf("%s: nobody's", p.net)
		}
		if p.net != p.net.Masked() {
			t.Errorf("%s: is not written as the network it is", p.net)
		}
	}
	if len(providerNames)+len(providerNets) != strings.Count(providerText, "\n")-strings.Count(providerText, "#") {
		t.Errorf("%d rows read of %d", len(providerNames)+len(providerNets), strings.Count(providerText, "\n")-strings.Count(providerText, "#"))
	}
}
