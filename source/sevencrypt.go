package source

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
)

// mostRounds bounds the rounds of hashing that the keys of one file's 7z archives may take, some seconds: 7-Zip asks for
// 2^19 a key, and gives all of an archive the same.
const mostRounds = 1 << 26

var errRounds = errors.New("asks for more work to derive its keys than any archive needs")

// A sevenKey is how a 7z archive derives a key from a password: 2^power rounds of SHA-256 over salt, password in UTF-16
// and the round's number (7zAes.cpp of 7-Zip, https://www.7-zip.org).
type sevenKey struct {
	power    byte
	salt, iv string
}

// sevenKeyOf reads the properties of the AES coder.
func sevenKeyOf(properties string) (k sevenKey, ok bool) {
	if len(properties) < 2 || properties[0]&0xc0 == 0 {
		return k, false
	}
	a, b := properties[0], properties[1]
	salt, iv := int(a>>7+b>>4), int(a>>6&1+b&15)
	if len(properties) != 2+salt+iv {
		return k, false
	}
	return sevenKey{a & 0x3f, properties[2 : 2+salt], properties[2+salt:]}, true
}

// sevenPlain says that the salt is the key; nothing is hashed.
const sevenPlain = 0x3f

func (k sevenKey) rounds() int64 {
	switch {
	case k.power == sevenPlain:
		return 0
	case k.power > 24: // the library's bound too
		return mostRounds + 1
	}
	return 1 << k.power
}

// derives counts the work of another key and says whether it is too much.
func (o *opening) derives(k sevenKey) error {
	if o.key.power == k.power && o.key.salt == k.salt { // the library remembers it
		return nil
	}
	o.key = k
	if o.rounds += k.rounds() * int64(len(o.passwords())); o.rounds > mostRounds*int64(len(o.passwords())) {
		return errRounds
	}
	return nil
}

func (k sevenKey) derive(password string) []byte {
	text := []byte(k.salt)
	for _, c := range utf16.Encode([]rune(password)) {
		text = binary.LittleEndian.AppendUint16(text, c)
	}
	if k.power == sevenPlain {
		key := make([]byte, sha256.Size)
		copy(key, text)
		return key
	}
	h := sha256.New()
	n := len(text)
	text = append(text, make([]byte, 8)...)
	for i := range uint64(1) << k.power {
		binary.LittleEndian.PutUint64(text[n:], i)
		h.Write(text)
	}
	return h.Sum(nil)
}

// decrypt gives the bytes of r, which are whole blocks, as password decrypts them.
func (k sevenKey) decrypt(r io.Reader, password string) (io.Reader, error) {
	block, err := aes.NewCipher(k.derive(password))
	if err != nil {
		return nil, err
	}
	iv := make([]byte, aes.BlockSize)
	copy(iv, k.iv)
	return &cbcReader{r: r, mode: cipher.NewCBCDecrypter(block, iv)}, nil
}

type cbcReader struct {
	r    io.Reader
	mode cipher.BlockMode
	buf  [aes.BlockSize]byte
	rest []byte
}

func (c *cbcReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 {
		if _, err := io.ReadFull(c.r, c.buf[:]); err != nil {
			return 0, err
		}
		c.mode.CryptBlocks(c.buf[:], c.buf[:])
		c.rest = c.buf[:]
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
