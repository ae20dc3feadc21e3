package action

import (
	"encoding/hex"
	"strings"

	"github.com/tocsin-ids/tocsin/prevalence"
)

// fingerprint is what stands for a secret: an HMAC-SHA256 with the reader's key, cut to 64 bits. What stands for none, and
// what everybody tries (prevalence.Trivial), has none.
func (r *Reader) fingerprint(secret string) string {
	secret = strings.TrimSpace(secret)
	if prevalence.Trivial(secret) {
		return ""
	}
	switch strings.ToLower(secret) {
	case "null", "none", "true", "false", "password", "passwd", "secret", "redacted", "[redacted]", "aad3b435b51404eeaad3b435b51404ee":
		return ""
	}
	if strings.Trim(secret, "*x.") == "" || strings.ContainsAny(secret, "${}<>") && len(secret) < 40 {
		return "" // masked, or a placeholder
	}
	r.key.Reset()
	r.low = append(r.low[:0], secret...)
	r.key.Write(r.low)
	r.low = append(r.key.Sum(r.low[:0])[:8], "key:"...)
	return string(hex.AppendEncode(r.low[8:12], r.low[:8]))
}
