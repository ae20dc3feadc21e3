package action

import "strings"

// minToken is the length from which on a word may be a token by its own shape.
const minToken = 16

// A tokenShape is how a platform writes its secrets, so that one is known wherever it stands.
type tokenShape struct {
	prefix string
	least  int // length with the prefix
}

// tokenShapes are those of platforms that document theirs, as scanners for leaked secrets know them
// (https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns).
var tokenShapes = []tokenShape{
	{"AKIA", 20}, {"ASIA", 20}, {"ABIA", 20}, {"ACCA", 20}, // Amazon
	{"ghp_", 20}, {"gho_", 20}, {"ghu_", 20}, {"ghs_", 20}, {"ghr_", 20}, {"github_pat_", 30}, // GitHub
	{"glpat-", 20}, {"gldt-", 20}, {"glrt-", 20}, {"glcbt-", 20}, {"glsoat-", 20}, {"glsa_", 30}, {"glc_", 30}, // GitLab, Grafana
	{"xoxb-", 16}, {"xoxp-", 16}, {"xoxa-", 16}, {"xoxs-", 16}, {"xoxr-", 16}, {"xoxe.", 16}, {"xoxe-", 16}, {"xoxc-", 16}, {"xoxd-", 16}, {"xapp-", 16}, // Slack
	{"sk-ant-", 16}, {"sk-proj-", 16}, {"sk-svcacct-", 20}, {"sk-or-", 16}, {"sk-lf-", 20}, {"gsk_", 20}, {"xai-", 24}, {"hf_", 20}, {"nvapi-", 20}, {"pplx-", 24}, {"r8_", 24}, {"AIza", 30}, {"ya29.", 20}, {"GOCSPX-", 20}, // models, Google
	{"sk_live_", 16}, {"sk_test_", 16}, {"rk_live_", 16}, {"rk_test_", 16}, {"whsec_", 20}, {"sq0atp-", 20}, {"sq0csp-", 20}, {"shpat_", 20}, {"shpss_", 20}, {"shpca_", 20}, // payment, shops
	{"npm_", 30}, {"pypi-", 30}, {"rubygems_", 30}, {"dckr_pat_", 20}, {"dop_v1_", 30}, {"doo_v1_", 30}, {"hvs.", 16}, {"hvb.", 16}, {"hvr.", 16}, {"tskey-", 16}, {"SG.", 30}, {"PMAK-", 30}, {"lin_api_", 20}, {"figd_", 20}, {"sbp_", 30}, {"ATATT3", 30}, {"ATCTT3", 30}, {"ATBB", 24}, {"AGE-SECRET-KEY-1", 30}, {"sntrys_", 30}, {"pul-", 30}, {"dp.pt.", 30}, {"NRAK-", 24},
	{"eyJ", 24}, // a JSON Web Token, or JSON in base64: see ofToken
}

// ofToken says that a word is a token.
func ofToken(w string) bool {
	if len(w) < minToken {
		return false
	}
	for i := range tokenShapes {
		s := &tokenShapes[i]
		if w[0] != s.prefix[0] || len(w) < s.least || !strings.HasPrefix(w, s.prefix) {
			continue
		}
		switch s.prefix {
		case "AKIA", "ASIA", "ABIA", "ACCA":
			if len(w) != 20 || strings.ToUpper(w) != w || strings.IndexByte(w, '-') >= 0 {
				continue
			}
		case "eyJ": // https://www.rfc-editor.org/rfc/rfc7519: header.claims.signature
			if n := strings.Index(w, ".eyJ"); n < 0 || strings.IndexByte(w[n+1:], '.') < 0 {
				continue
			}
		}
		return true
	}
	// OpenAI's first keys have no more than a short prefix: sk- and 32 and more mixed characters.
	return strings.HasPrefix(w, "sk-") && len(w) >= 24 && mixed(w) && !strings.ContainsAny(w[3:], "-_.+")
}

// pem masks a private key from word to its end, and returns where that is.
func (m *masker) pem(u *unit, from, i int) int {
	s := u.text
	line := s[i:min(len(s), i+48)]
	if !strings.Contains(line, "PRIVATE KEY") {
		return i
	}
	end := len(s)
	if n := strings.Index(s[i:], "-----END"); n >= 0 {
		end = i + n + len("-----END")
		if n := strings.Index(s[end:], "-----"); n >= 0 {
			end += n + len("-----")
		}
	}
	m.hit(u, from, end)
	return end
}

// crypt masks a password's hash as crypt(5) writes it, and a ticket's as crackers do, and returns where it ends.
func (m *masker) crypt(u *unit, i int) int {
	s := u.text
	ticket := strings.HasPrefix(s[i+1:], "krb5") || strings.HasPrefix(s[i+1:], "DCC2$")
	n := run1(s[i:], func(c byte) bool {
		return letterOrDigit(c) || strings.IndexByte("$./*@=,+-", c) >= 0 || ticket && (c == ':' || c == '~' || c == '#')
	})
	v := s[i : i+n]
	if len(v) < 20 || strings.Count(v, "$") < 3 && !ticket || !letterOrDigit(v[1]) {
		return i
	}
	kind, rest, _ := strings.Cut(v[1:], "$")
	switch kind {
	case "1", "2a", "2b", "2y", "5", "6", "7", "y", "gy", "apr1", "argon2id", "argon2i", "krb5tgs", "krb5asrep", "krb5pa", "DCC2", "NT", "P", "H":
		m.hit(u, i+len(v)-len(rest), i+n)
		return i + n
	}
	return i
}
