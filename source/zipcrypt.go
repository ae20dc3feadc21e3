package source

import (
	"archive/zip"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
)

const (
	zipEncrypted = 1 << 0 // flags of a member (APPNOTE.TXT 6.3.10, 4.4.4)
	zipLater     = 1 << 3 // its checksum follows its data
	zipStrong    = 1 << 6
	zipAES       = 99     // the method that stands for AES; the method of compression is in the extra field
	zipAESExtra  = 0x9901 // id of that field
)

var (
	errPassword = errors.New("the password does not fit")
	errZipAES   = errors.New("zip: damaged AES header")
	errTampered = errors.New("zip: does not have the checksum that it was encrypted with")
)

// zipUnlocked opens an encrypted member with the first password that fits. A password fits if what proves it in the
// member's header is right and the first bytes unpack: one in 256 wrong ones passes the proof of traditional encryption.
func (o *opening) zipUnlocked(f *zip.File, unpack func(method uint16, r io.Reader) (io.ReadCloser, error)) (io.ReadCloser, error) {
	for _, password := range o.passwords() {
		r, err := zipDecrypt(f, password, unpack)
		if err == nil {
			_, err = io.CopyN(io.Discard, metered{o, r}, probed)
			r.Close()
		}
		if o.bomb != nil {
			return nil, o.bomb
		}
		if err == nil || err == io.EOF {
			o.fits(password)
			return zipDecrypt(f, password, unpack)
		}
		if errors.Is(err, zip.ErrAlgorithm) || errors.Is(err, errZipAES) {
			return nil, err
		}
	}
	return nil, errPassword
}

// zipDecrypt opens an encrypted member with one password.
func zipDecrypt(f *zip.File, password string, unpack func(method uint16, r io.Reader) (io.ReadCloser, error)) (io.ReadCloser, error) {
	in, err := f.OpenRaw()
	if err != nil {
		return nil, err
	}
	if f.Method == zipAES {
		return aesMember(f, in, password, unpack)
	}
	proof := byte(f.CRC32 >> 24)
	if f.Flags&zipLater != 0 {
		proof = byte(f.ModifiedTime >> 8)
	}
	k := newZipKeys(password)
	var head [12]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	if k.decrypt(head[:]); head[11] != proof {
		return nil, errPassword
	}
	r, err := unpack(f.Method, &zipDecrypter{in, k})
	if err != nil {
		return nil, err
	}
	sum := crc32.NewIEEE()
	return &proven{ReadCloser: r, plain: sum, check: func() error {
		if sum.Sum32() != f.CRC32 {
			return zip.ErrChecksum
		}
		return nil
	}}, nil
}

// A proven reader checks what it has given, at its end.
type proven struct {
	io.ReadCloser
	plain hash.Hash
	check func() error // is called once
	end   error
}

func (p *proven) Read(b []byte) (int, error) {
	if p.end != nil {
		return 0, p.end
	}
	n, err := p.ReadCloser.Read(b)
	p.plain.Write(b[:n])
	if err == io.EOF {
		if bad := p.check(); bad != nil {
			err = bad
		}
	}
	p.end = err
	return n, err
}

// zipKeys are the state of traditional encryption (APPNOTE.TXT 6.3.10, 6.1).
type zipKeys [3]uint32

func newZipKeys(password string) *zipKeys {
	k := &zipKeys{0x12345678, 0x23456789, 0x34567890}
	for i := range len(password) {
		k.update(password[i])
	}
	return k
}

func (k *zipKeys) update(c byte) {
	k[0] = crcByte(k[0], c)
	k[1] = (k[1]+k[0]&0xff)*134775813 + 1
	k[2] = crcByte(k[2], byte(k[1]>>24))
}

func crcByte(crc uint32, c byte) uint32 { return crc32.IEEETable[byte(crc)^c] ^ crc>>8 }

func (k *zipKeys) decrypt(b []byte) {
	for i, c := range b {
		t := k[2] | 2
		c ^= byte(t * (t ^ 1) >> 8)
		k.update(c)
		b[i] = c
	}
}

type zipDecrypter struct {
	r io.Reader
	k *zipKeys
}

func (d *zipDecrypter) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	d.k.decrypt(p[:n])
	return n, err
}

// aesMember opens a member that is encrypted as WinZip does (AE-1, AE-2): salt, two bytes that prove the password, the
// data, ten bytes of an HMAC of it. https://www.winzip.com/en/support/aes-encryption/
func aesMember(f *zip.File, in io.Reader, password string, unpack func(method uint16, r io.Reader) (io.ReadCloser, error)) (io.ReadCloser, error) {
	strength, method, ok := aesExtra(f.Extra)
	if !ok {
		return nil, errZipAES
	}
	const proofSize, macSize, rounds = 2, 10, 1000
	keySize := 8 + 8*int(strength)
	salt := make([]byte, keySize/2+proofSize)
	size := int64(f.CompressedSize64) - int64(len(salt)) - macSize
	if size < 0 {
		return nil, errZipAES
	}
	if _, err := io.ReadFull(in, salt); err != nil {
		return nil, err
	}
	keys, err := pbkdf2.Key(sha1.New, password, salt[:keySize/2], rounds, 2*keySize+proofSize)
	if err != nil {
		return nil, err
	}
	if string(keys[2*keySize:]) != string(salt[keySize/2:]) {
		return nil, errPassword
	}
	block, err := aes.NewCipher(keys[:keySize])
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha1.New, keys[keySize:2*keySize])
	data := io.TeeReader(io.LimitReader(in, size), mac)
	r, err := unpack(method, &aesDecrypter{r: data, block: block, used: aes.BlockSize})
	if err != nil {
		return nil, err
	}
	return &proven{ReadCloser: r, plain: crc32.NewIEEE(), check: func() error {
		var want [macSize]byte
		if _, err := io.Copy(io.Discard, data); err != nil {
			return err
		}
		if _, err := io.ReadFull(in, want[:]); err != nil {
			return io.ErrUnexpectedEOF
		}
		if !hmac.Equal(want[:], mac.Sum(nil)[:macSize]) {
			return errTampered
		}
		return nil
	}}, nil
}

// aesExtra reads the extra field of AES: version, "AE", strength (1, 2, 3 for 128, 192, 256 bits), method.
func aesExtra(b []byte) (strength byte, method uint16, ok bool) {
	for len(b) >= 4 {
		id, n := binary.LittleEndian.Uint16(b), int(binary.LittleEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return 0, 0, false
		}
		if id == zipAESExtra && n >= 7 && b[4] >= 1 && b[4] <= 3 {
			return b[4], binary.LittleEndian.Uint16(b[5:]), true
		}
		b = b[n:]
	}
	return 0, 0, false
}

// An aesDecrypter is AES in counter mode with a counter that is little endian and begins at 1; the standard library's is
// big endian.
type aesDecrypter struct {
	r     io.Reader
	block cipher.Block
	count uint64
	pad   [aes.BlockSize]byte
	used  int // bytes of pad
}

func (d *aesDecrypter) Read(p []byte) (int, error) {
	n, err := d.r.Read(p)
	for i := range p[:n] {
		if d.used == aes.BlockSize {
			d.count++
			d.pad = [aes.BlockSize]byte{}
			binary.LittleEndian.PutUint64(d.pad[:], d.count)
			d.block.Encrypt(d.pad[:], d.pad[:])
			d.used = 0
		}
		p[i] ^= d.pad[d.used]
		d.used++
	}
	return n, err
}
