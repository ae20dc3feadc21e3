package scope

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/ssh"
)

// Signatures are SSHSIG's (OpenSSH's PROTOCOL.sshsig): what "ssh-keygen -Y sign" makes and "ssh-keygen -Y verify" reads.
const (
	sigMagic   = "SSHSIG"
	sigVersion = 1
	sigBegin   = "-----BEGIN SSH SIGNATURE-----"
	sigEnd     = "-----END SSH SIGNATURE-----"
	sigLine    = 70    // characters of base64 to a line, as OpenSSH writes them
	mostSig    = 32768 // bytes of an armoured signature: RSA of 16,384 bits has 6,000
)

// A signature is an SSHSIG blob as it was read.
type signature struct {
	Key       ssh.PublicKey
	Namespace string
	Hash      string
	Sig       *ssh.Signature
}

// sigBlob is the wire form after magic and version.
type sigBlob struct {
	Key, Namespace, Reserved, Hash, Sig string
}

// sigSigned is what is signed, after the magic.
type sigSigned struct {
	Namespace, Reserved, Hash, Digest string
}

// readSignature reads an armoured signature.
func readSignature(text []byte) (*signature, error) {
	if len(text) > mostSig {
		return nil, fmt.Errorf("a signature of %d bytes: no key is as long as that", len(text))
	}
	s := strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n"))
	body, ok := strings.CutPrefix(s, sigBegin)
	if !ok {
		return nil, errors.New("no SSH signature: it does not begin with " + sigBegin + ` (made by "tocsin scope sign" or "ssh-keygen -Y sign")`)
	}
	if body, ok = strings.CutSuffix(body, sigEnd); !ok {
		return nil, errors.New("the signature is cut short: " + sigEnd + " is missing")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\n", "", " ", "", "\t", "").Replace(body))
	if err != nil {
		return nil, fmt.Errorf("the signature is not base64: %w", err)
	}
	rest, ok := bytes.CutPrefix(raw, []byte(sigMagic))
	if !ok || len(rest) < 4 {
		return nil, errors.New("no SSH signature: its first bytes are not SSHSIG")
	}
	if v := uint32(rest[0])<<24 | uint32(rest[1])<<16 | uint32(rest[2])<<8 | uint32(rest[3]); v != sigVersion {
		return nil, fmt.Errorf("an SSH signature of version %d; known is %d", v, sigVersion)
	}
	var b sigBlob
	if err := ssh.Unmarshal(rest[4:], &b); err != nil {
		return nil, fmt.Errorf("the signature cannot be read: %w", err)
	}
	x := &signature{Namespace: b.Namespace, Hash: b.Hash}
	if x.Key, err = ssh.ParsePublicKey([]byte(b.Key)); err != nil {
		return nil, fmt.Errorf("the signature's key cannot be read: %w", err)
	}
	if _, ok := x.Key.(*ssh.Certificate); ok {
		return nil, errors.New("signed with a certificate: certificates are not supported; sign with the key itself and list it among the allowed signers")
	}
	x.Sig = &ssh.Signature{}
	if err := ssh.Unmarshal([]byte(b.Sig), x.Sig); err != nil {
		return nil, fmt.Errorf("the signature itself cannot be read: %w", err)
	}
	return x, nil
}

// signed is what a signature of a message is made over.
func signed(message []byte, namespace, hash string) ([]byte, error) {
	var digest []byte
	switch hash {
	case "sha256":
		d := sha256.Sum256(message)
		digest = d[:]
	case "sha512":
		d := sha512.Sum512(message)
		digest = d[:]
	default:
		return nil, fmt.Errorf("the signature hashes with %q; known are sha256 and sha512", hash)
	}
	return append([]byte(sigMagic), ssh.Marshal(sigSigned{Namespace: namespace, Hash: hash, Digest: string(digest)})...), nil
}

// verify says that the key of the signature signed the message in the namespace; not whose the key is.
func (x *signature) verify(message []byte, namespace string) error {
	if x.Namespace != namespace {
		return fmt.Errorf("signed for %q, not for %q: a signature made for something else grants nothing", x.Namespace, namespace)
	}
	switch x.Sig.Format {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
	default: // DSA, and RSA with SHA-1
		return fmt.Errorf("signed by the algorithm %s, which is not accepted; use ed25519, ECDSA, RSA with SHA-2 or a security key", x.Sig.Format)
	}
	data, err := signed(message, namespace, x.Hash)
	if err != nil {
		return err
	}
	if err := x.Key.Verify(data, x.Sig); err != nil {
		return errors.New("the signature is not of this text: one of the two was changed after signing")
	}
	return nil
}

// sign makes an armoured signature of a message.
func sign(message []byte, namespace string, by ssh.Signer) ([]byte, error) {
	if _, ok := by.PublicKey().(*ssh.Certificate); ok {
		return nil, errors.New("certificates are not supported: sign with the key itself")
	}
	const hash = "sha512"
	data, err := signed(message, namespace, hash)
	if err != nil {
		return nil, err
	}
	sig, err := signWith(by, rand.Reader, data)
	if err != nil {
		return nil, err
	}
	blob := append([]byte(sigMagic), 0, 0, 0, sigVersion)
	blob = append(blob, ssh.Marshal(sigBlob{Key: string(by.PublicKey().Marshal()), Namespace: namespace, Hash: hash, Sig: string(ssh.Marshal(*sig))})...)
	text := base64.StdEncoding.EncodeToString(blob)
	var b strings.Builder
	b.WriteString(sigBegin + "\n")
	for len(text) > sigLine {
		b.WriteString(text[:sigLine] + "\n")
		text = text[sigLine:]
	}
	b.WriteString(text + "\n" + sigEnd + "\n")
	return []byte(b.String()), nil
}

// signWith signs; RSA keys with SHA-512, since their own default is SHA-1.
func signWith(by ssh.Signer, random io.Reader, data []byte) (*ssh.Signature, error) {
	if by.PublicKey().Type() != ssh.KeyAlgoRSA {
		return by.Sign(random, data)
	}
	a, ok := by.(ssh.AlgorithmSigner)
	if !ok {
		return nil, errors.New("this RSA key signs with SHA-1 only; use another key")
	}
	return a.SignWithAlgorithm(random, data, ssh.KeyAlgoRSASHA512)
}
