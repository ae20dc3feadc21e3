package report

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
)

// A uuid is 16 bytes as RFC 9562 lays them out.
type uuid [16]byte

var (
	// stixObservables is the namespace of STIX 2.1 section 2.9 for deterministic ids of cyber-observable objects.
	stixObservables = uuid{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}
	// ours is version 5 of https://github.com/tocsin-ids/tocsin in RFC 9562's namespace of URLs.
	ours = uuid5(uuid{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}, "https://github.com/tocsin-ids/tocsin")
)

// uuid5 is the name-based UUID of RFC 9562 section 5.5.
func uuid5(space uuid, name string) uuid {
	h := sha1.New()
	h.Write(space[:])
	h.Write([]byte(name))
	var u uuid
	copy(u[:], h.Sum(nil))
	return u.marked(5)
}

// uuid4 has the form of a random UUID, which STIX asks for where an object has nothing to derive an id from, but is
// derived all the same, so that one hunt gives one file.
func uuid4(name string) uuid {
	sum := sha256.Sum256([]byte("tocsin\x00" + name))
	var u uuid
	copy(u[:], sum[:])
	return u.marked(4)
}

func (u uuid) marked(version byte) uuid {
	u[6] = u[6]&0x0f | version<<4
	u[8] = u[8]&0x3f | 0x80
	return u
}

func (u uuid) String() string {
	var b [36]byte
	hex.Encode(b[0:], u[0:4])
	b[8] = '-'
	hex.Encode(b[9:], u[4:6])
	b[13] = '-'
	hex.Encode(b[14:], u[6:8])
	b[18] = '-'
	hex.Encode(b[19:], u[8:10])
	b[23] = '-'
	hex.Encode(b[24:], u[10:16])
	return string(b[:])
}
