// Package full knows the errors of a full disk on each system.
package full

import (
	"errors"
	"slices"
)

// Is says that an error is that of a full disk, or of a quota or a bound on file sizes that is used up.
func Is(err error) bool {
	return slices.ContainsFunc(known, func(e error) bool { return errors.Is(err, e) })
}
