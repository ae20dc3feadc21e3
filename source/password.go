package source

import (
	"fmt"
	"slices"
)

// usualPassword is what malware and evidence are exchanged under by convention, so that no scanner on the way opens it.
const usualPassword = "infected"

// passwords are what to try on encrypted members, in order; what fitted last comes first.
func (o *opening) passwords() []string {
	if o.tries == nil {
		o.tries = append(slices.Clone(o.opt.Passwords), usualPassword)
	}
	return o.tries
}

// fits notes the password that opened a member: the next is likely to have the same.
func (o *opening) fits(password string) {
	if i := slices.Index(o.tries, password); i > 0 {
		o.tries = slices.Insert(slices.Delete(o.tries, i, i+1), 0, password)
	}
}

// locked lists a member, or the archive if its table of contents is encrypted too, that no password opens. If the user
// gave passwords, the first of an archive is a fault as well.
func (o *opening) locked(archive, path, why string) {
	o.hooks.skip(path, "encrypted: "+why)
	if len(o.opt.Passwords) > 0 && o.lockedIn != archive {
		o.lockedIn = archive
		o.hooks.faultAt(archive, 0, fmt.Errorf("%s: encrypted: %s", path, why), "what lies in it is not read; give its password with --archive-password or --archive-password-file")
	}
}

const wrongPassword = "no password fits (--archive-password WORD)"

// probed is how many bytes of a member are unpacked to see whether a password fits.
const probed = 64 << 10
