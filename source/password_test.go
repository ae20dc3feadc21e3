package source

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"encoding/binary"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func deflated(t testing.TB, data string) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	must(t, err)
	_, err = io.WriteString(w, data)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// zipLocked builds a zip whose members are encrypted: as WinZip does with AES of so many bits, or traditionally with 0.
func zipLocked(t testing.TB, bits int, method uint16, password string, members ...member) string {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, m := range members {
		data := []byte(m.data)
		if method == zip.Deflate {
			data = deflated(t, m.data)
		}
		h := &zip.FileHeader{Name: m.name, Method: method, Modified: packed, Flags: zipEncrypted, UncompressedSize64: uint64(len(m.data))}
		if bits == 0 {
			h.CRC32 = crc32.ChecksumIEEE([]byte(m.data))
			data = encryptZip(password, append([]byte("elevenbytes"), byte(h.CRC32>>24)), data)
		} else {
			h.Method = zipAES
			h.Extra = []byte{0x01, 0x99, 7, 0, 2, 0, 'A', 'E', byte(bits/64 - 1), byte(method), 0}
			data = encryptAES(t, password, bits/8, data)
		}
		h.CompressedSize64 = uint64(len(data))
		raw, err := w.CreateRaw(h)
		must(t, err)
		_, err = raw.Write(data)
		must(t, err)
	}
	must(t, w.Close())
	return b.String()
}

func encryptZip(password string, head, data []byte) []byte {
	k := newZipKeys(password)
	out := append(bytes.Clone(head), data...)
	for i, c := range out {
		t := k[2] | 2
		out[i] = c ^ byte(t*(t^1)>>8)
		k.update(c)
	}
	return out
}

func encryptAES(t testing.TB, password string, keySize int, data []byte) []byte {
	salt := []byte("0123456789abcdef")[:keySize/2]
	keys, err := pbkdf2.Key(sha1.New, password, salt, 1000, 2*keySize+2)
	must(t, err)
	block, err := aes.NewCipher(keys[:keySize])
	must(t, err)
	sealed := bytes.Clone(data)
	for i := 0; i < len(sealed); i += aes.BlockSize {
		var pad [aes.BlockSize]byte
		binary.LittleEndian.PutUint32(pad[:], uint32(i/aes.BlockSize+1))
		block.Encrypt(pad[:], pad[:])
		for j := i; j < min(i+aes.BlockSize, len(sealed)); j++ {
			sealed[j] ^= pad[j-i]
		}
	}
	mac := hmac.New(sha1.New, keys[keySize:2*keySize])
	mac.Write(sealed)
	return slices.Concat(salt, keys[2*keySize:], sealed, mac.Sum(nil)[:10])
}

// sevenLocked builds a 7z archive of one stored and encrypted member; its header is encrypted too if asked for.
func sevenLocked(t testing.TB, hide bool, password string, m member) string {
	properties := []byte{0xc0 | 4, 0x3f, 's', 'a', 'l', 't'}
	iv := []byte("sixteen bytes iv")
	properties = append(properties, iv...)
	key, ok := sevenKeyOf(string(properties))
	if !ok {
		t.Fatal("properties")
	}
	seal := func(data []byte) []byte {
		data = append(bytes.Clone(data), make([]byte, (aes.BlockSize-len(data)%aes.BlockSize)%aes.BlockSize)...)
		block, err := aes.NewCipher(key.derive(password))
		must(t, err)
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
		return data
	}
	coder := append([]byte{1, 0x24, 6, 0xf1, 7, 1, byte(len(properties))}, properties...)
	data := seal([]byte(m.data))
	names := []byte{0}
	for _, c := range m.name + "\x00" {
		names = append(names, byte(c), 0)
	}
	num := func(n int) []byte { return []byte{0xe0, byte(n), byte(n >> 8), byte(n >> 16)} }
	crc := binary.LittleEndian.AppendUint32([]byte{sevenCRC, 1}, crc32.ChecksumIEEE([]byte(m.data)))
	h := slices.Concat([]byte{sevenIsHeader, sevenMainStreams, sevenPack, 0, 1, sevenSize}, num(len(data)), []byte{sevenEnd, sevenUnpack, sevenFolderInfo, 1, 0},
		coder, []byte{sevenUnpackSize}, num(len(m.data)), []byte{sevenEnd, sevenSubStreams}, crc, []byte{sevenEnd, sevenEnd, sevenFiles, 1, 0x11}, num(len(names)), names, []byte{sevenEnd, sevenEnd})
	if hide {
		sealed := seal(h)
		sum := binary.LittleEndian.AppendUint32([]byte{sevenCRC, 1}, crc32.ChecksumIEEE(h))
		h = slices.Concat([]byte{sevenEncoded, sevenPack}, num(len(data)), []byte{1, sevenSize}, num(len(sealed)), []byte{sevenEnd, sevenUnpack, sevenFolderInfo, 1, 0},
			coder, []byte{sevenUnpackSize}, num(len(h)), sum, []byte{sevenEnd, sevenEnd})
		data = append(data, sealed...)
	}
	return sevenFile(data, h)
}

func TestPasswords(t *testing.T) {
	var long strings.Builder
	for i := range 5000 {
		long.WriteString(line(i))
	}
	a, b := member{"a.log", line(1)}, member{"dir/b", long.String()}
	both := map[string]string{"/it!/a.log": a.data, "/it!/dir/b": b.data}
	only := map[string]string{"/it!/dir/b": b.data}
	for _, test := range []struct {
		name, data string
		passwords  []string
		want       map[string]string
	}{
		{"zip", zipLocked(t, 0, zip.Deflate, "infected", a, b), nil, both},
		{"zip, stored", zipLocked(t, 0, zip.Store, "s3cret", a, b), []string{"s3cret"}, both},
		{"zip, the second word", zipLocked(t, 0, zip.Deflate, "s3cret", a, b), []string{"guess", "s3cret"}, both},
		{"zip, AES-128", zipLocked(t, 128, zip.Deflate, "infected", a, b), nil, both},
		{"zip, AES-192, stored", zipLocked(t, 192, zip.Store, "ключ", a, b), []string{"no", "ключ"}, both},
		{"zip, AES-256", zipLocked(t, 256, zip.Deflate, "with blank", a, b), []string{"with blank"}, both},
		{"7z", sevenLocked(t, false, "infected", b), nil, only},
		{"7z, header too", sevenLocked(t, true, "s3cret", b), []string{"no", "s3cret"}, only},
		{"7z, header too, the usual word", sevenLocked(t, true, "infected", b), []string{"no"}, only},
		{"zip in tar", tarOf(t, member{"x.zip", zipLocked(t, 0, zip.Deflate, "infected", a)}), nil, map[string]string{"/it!/x.zip!/a.log": a.data}},
		{"every 256th wrong word is not told by its proof", zipLocked(t, 0, zip.Deflate, "s3cret", a, b), append(words(2000), "s3cret"), both},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := opened(t, Options{Passwords: test.passwords}, test.data)
			if d := cmp.Diff(test.want, got.data); d != "" || len(got.faults)+len(got.skipped) > 0 {
				t.Errorf("-want +got\n%.600s%v %v", d, got.faults, got.skipped)
			}
		})
	}
}

func words(n int) []string {
	var all []string
	for i := range n {
		all = append(all, strings.TrimSpace(line(i))[:4]+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676)))
	}
	return all
}

func TestWrongPassword(t *testing.T) {
	a, b := member{"a.log", line(1)}, member{"dir/b", line(2)}
	for _, test := range []struct {
		name, data string
		skipped    []string
	}{
		{"zip", zipLocked(t, 0, zip.Deflate, "right", a, b), []string{"/it!/a.log", "/it!/dir/b"}},
		{"zip, AES", zipLocked(t, 256, zip.Deflate, "right", a, b), []string{"/it!/a.log", "/it!/dir/b"}},
		{"7z", sevenLocked(t, false, "right", a), []string{"/it!/a.log"}},
		{"7z, header too", sevenLocked(t, true, "right", a), []string{"/it"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, given := range [][]string{nil, {"wrong"}} {
				got := opened(t, Options{Passwords: given}, test.data)
				if len(got.data) > 0 || len(got.faults) != len(given) {
					t.Errorf("passwords %q: read %v, faults %q", given, got.data, got.faults)
				}
				if d := cmp.Diff(test.skipped, slices.Sorted(maps.Keys(got.skipped))); d != "" {
					t.Errorf("-want +got\n%s", d)
				}
				for _, f := range got.faults {
					if !strings.HasPrefix(f, "/it: ") || !strings.Contains(f, "--archive-password") {
						t.Errorf("fault %q", f)
					}
				}
			}
		})
	}
}

// TestTampered: what was changed after it was encrypted is told.
func TestTampered(t *testing.T) {
	for _, bits := range []int{0, 256} {
		var long strings.Builder
		for i := range 20_000 {
			long.WriteString(line(i))
		}
		data := []byte(zipLocked(t, bits, zip.Store, "infected", member{"a", long.String()}))
		data[len(data)/2] ^= 1
		if got := opened(t, Options{}, string(data)); len(got.faults) != 1 {
			t.Errorf("AES of %d bits: faults %q", bits, got.faults)
		}
	}
}

// TestSevenWork: an archive cannot make us derive keys for ever.
func TestSevenWork(t *testing.T) {
	o := opening{Reader: &Reader{}}
	n := 0
	for ; n < 1000; n++ {
		if o.derives(sevenKey{power: 22, salt: string(rune(n))}) != nil {
			break
		}
	}
	if n != mostRounds>>22 {
		t.Errorf("%d keys of 2^22 rounds", n)
	}
	if o = (opening{Reader: &Reader{}}); o.derives(sevenKey{power: 40}) == nil {
		t.Error("2^40 rounds")
	}
}

func FuzzLocked(f *testing.F) {
	a := member{"a.log", line(1)}
	for _, s := range []string{zipLocked(f, 0, zip.Deflate, "infected", a), zipLocked(f, 256, zip.Store, "infected", a), sevenLocked(f, false, "infected", a), sevenLocked(f, true, "infected", a)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		opened(t, Options{Limits: Limits{Size: 1 << 20}}, string(data))
	})
}
