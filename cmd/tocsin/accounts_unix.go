//go:build unix

package main

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/tocsin-ids/tocsin/report"
)

// ownedByUs says that a folder is this user's. What another one, root say, puts there could not be read by the run.
func ownedByUs(dir string) error {
	st, err := os.Stat(dir)
	if err != nil {
		return err
	}
	of, ok := st.Sys().(*syscall.Stat_t)
	if !ok || int(of.Uid) == os.Geteuid() {
		return nil
	}
	name := "#" + strconv.Itoa(int(of.Uid)) // as sudo takes it
	if u, err := user.LookupId(strconv.Itoa(int(of.Uid))); err == nil {
		name = u.Username
	}
	return fmt.Errorf("%s is of user %s, who could not read what you put there: run this as that user, with \"sudo -u %s tocsin …\"", report.Visible(dir), report.Visible(name), report.Visible(name))
}
