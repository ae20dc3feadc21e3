package source

import (
	"bufio"
	"errors"
	"hash/crc32"
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
	s := sevenArchive{opening: o, at: at, size: size, readers: map[sevenUse]*sevenzip.Reader{}, fit: map[int]string{}}
	var z *sevenzip.Reader
	folders, err := o.checkSeven(at, size)
	if err == nil {
		z, err = s.reader(sevenUse{password: o.passwords()[0]})
	}
	if err == errPassword || encrypted(err) {
		o.locked(l.path, l.path, "its table of contents too; "+wrongPassword)
		return nil
	}
	if err != nil {
		o.hooks.faultAt(l.path, 0, err, "the archive is cut off or damaged")
		return nil
	}
	for i, f := range z.File {
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
		open := f.Open
		if f.Stream < len(folders) && folders[f.Stream].encrypted && f.UncompressedSize > 0 {
			open = func() (io.ReadCloser, error) { return s.unlocked(i, f.Stream, folders[f.Stream]) }
		}
		if err := o.sevenMember(l, f, open); err != nil {
			return err
		}
	}
	return nil
}

func (o *opening) sevenMember(l layer, f *sevenzip.File, open func() (io.ReadCloser, error)) error {
	var r io.ReadCloser
	if err := safely(func() (err error) { r, err = open(); return err }); err != nil {
		if stop := o.stopped(l); stop != nil {
			return stop
		}
		switch path := inside(l.path, f.Name); {
		case err == errPassword || encrypted(err):
			o.locked(l.path, path, wrongPassword)
		case err == errRounds:
			o.locked(l.path, path, err.Error())
		default:
			o.hooks.skip(path, err.Error())
		}
		return nil
	}
	defer safely(r.Close)
	return o.member(l, layer{path: f.Name, mod: f.Modified}, r)
}

// A sevenArchive is a 7z archive while its members are read: for each password by one reader that tries it and one that
// reads, since the library gives an encrypted folder right only once (its derivation of keys writes over what it has read
// of the coder's properties).
type sevenArchive struct {
	*opening
	at      io.ReaderAt
	size    int64
	readers map[sevenUse]*sevenzip.Reader
	fit     map[int]string // the password of a folder: its members are unpacked one after the other, and only once
}

// A sevenUse is what a reader is for.
type sevenUse struct {
	password string
	try      bool
}

func (s *sevenArchive) reader(use sevenUse) (*sevenzip.Reader, error) {
	if z, ok := s.readers[use]; ok {
		return z, nil
	}
	var z *sevenzip.Reader
	err := safely(func() (err error) { z, err = sevenzip.NewReaderWithPassword(s.at, s.size, use.password); return err })
	if err == nil {
		s.readers[use] = z
	}
	return z, err
}

// unlocked opens the member of a number, of an encrypted folder, with the first password by which its first bytes unpack.
// Nothing else in the format proves a password.
func (s *sevenArchive) unlocked(member, number int, folder sevenFolder) (io.ReadCloser, error) {
	if password, ok := s.fit[number]; ok {
		return s.open(member, sevenUse{password: password})
	}
	for _, c := range folder.coders {
		if c.id != sevenAES {
			continue
		}
		key, ok := sevenKeyOf(c.properties)
		if !ok {
			return nil, errSeven
		}
		if err := s.derives(key); err != nil {
			return nil, err
		}
	}
	for _, password := range s.passwords() {
		r, err := s.open(member, sevenUse{password, true})
		if err == nil {
			_, err = io.CopyN(io.Discard, metered{s.opening, r}, probed)
			safely(r.Close)
		}
		if s.bomb != nil {
			return nil, s.bomb
		}
		if err == nil || err == io.EOF {
			s.fits(password)
			s.fit[number] = password
			return s.open(member, sevenUse{password: password})
		}
	}
	return nil, errPassword
}

// open opens a member with one password.
func (s *sevenArchive) open(member int, use sevenUse) (io.ReadCloser, error) {
	z, err := s.reader(use)
	if err != nil || member >= len(z.File) { // a header that is encrypted by another password
		return nil, errPassword
	}
	f := z.File[member]
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	sum := crc32.NewIEEE()
	return &proven{ReadCloser: r, plain: sum, check: func() error {
		if f.CRC32 != 0 && sum.Sum32() != f.CRC32 {
			return errSum
		}
		return nil
	}}, nil
}

var errSum = errors.New("7z: does not have the checksum that the archive says")

func encrypted(err error) bool {
	var e *sevenzip.ReadError
	return errors.As(err, &e) && e.Encrypted
}
