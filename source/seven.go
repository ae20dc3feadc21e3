package source

import (
	"bufio"
	"errors"
	"io"

	"github.com/bodgit/sevenzip"
)

func (o *opening) seven(l layer, br *bufio.Reader) error {
	at, size, free, err := o.random(l, br)
	defer free()
	if stop := o.stopped(l); stop != nil {
		return stop
	}
	if err != nil {
		o.hooks.faultAt(l.path, 0, err, "")
		return nil
	}
	var z *sevenzip.Reader
	folders, err := checkSeven(at, size, o.opt.Limits.Members)
	if err == nil {
		err = safely(func() (err error) { z, err = sevenzip.NewReader(at, size); return err })
	}
	if encrypted(err) {
		o.hooks.skip(l.path, "encrypted")
		return nil
	}
	if err != nil {
		o.hooks.faultAt(l.path, 0, err, "the archive is cut off or damaged")
		return nil
	}
	for _, f := range z.File {
		if err := o.counts(l); err != nil {
			return err
		}
		mode := f.FileInfo().Mode()
		if mode.IsDir() {
			continue
		}
		if !mode.IsRegular() {
			o.hooks.skip(inside(l.path, f.Name), kind(mode))
			continue
		}
		// The library would try the empty password, at the price that the archive names.
		if f.Stream < len(folders) && folders[f.Stream].encrypted && f.UncompressedSize > 0 {
			o.hooks.skip(inside(l.path, f.Name), "encrypted")
			continue
		}
		if err := o.sevenMember(l, f); err != nil {
			return err
		}
	}
	return nil
}

func (o *opening) sevenMember(l layer, f *sevenzip.File) error {
	var r io.ReadCloser
	if err := safely(func() (err error) { r, err = f.Open(); return err }); err != nil {
		why := err.Error()
		if encrypted(err) {
			why = "encrypted"
		}
		o.hooks.skip(inside(l.path, f.Name), why)
		return nil
	}
	defer safely(r.Close)
	return o.member(l, layer{path: f.Name, mod: f.Modified}, r)
}

func encrypted(err error) bool {
	var e *sevenzip.ReadError
	return err == errEncrypted || errors.As(err, &e) && e.Encrypted
}
