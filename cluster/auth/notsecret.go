package auth

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode"
)

// publicWords are in files of public keys that are no PEM: of SSH, in three forms, and
// of XML signatures.
var publicWords = []string{
	"ssh-rsa", "ssh-dss", "ssh-ed25519", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "---- BEGIN ", "PUBLIC KEY", "<RSAKeyValue", "<KeyValue", "<Modulus",
}

// notSecret reports what a file is that is taken for a secret by mistake. Whoever has
// what others can have, as a public key, in a form that is not read here, could sign
// tokens with it otherwise.
func notSecret(data []byte) error {
	text := bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	if narrow := bytes.ReplaceAll(data, []byte{0}, nil); bytes.Contains(narrow, []byte(pemBegins)) {
		return errors.New("it is PEM in UTF-16: save it as plain text")
	}
	if bytes.HasPrefix(text, []byte("{")) {
		return errors.New("it is JSON: give a set of keys as --jwks")
	}
	if isPublic(data) || isPublic(text) { // the last byte of a binary one may look like a space
		return errors.New("it is a public key, but not in PEM: convert it, as with: openssl pkey -pubin -inform DER, or ssh-keygen -e -m PKCS8")
	}
	for _, inner := range decoded(text) {
		switch {
		case bytes.Contains(inner, []byte(pemBegins)):
			return errors.New("it is PEM that is encoded once more: decode it, as with: base64 -d")
		case bytes.HasPrefix(inner, []byte(`{"`)):
			return errors.New("it is JSON that is encoded: decode it, and give a set of keys as --jwks")
		case isPublic(inner):
			return errors.New("it is a public key, but not in PEM: put it between the lines -----BEGIN PUBLIC KEY----- and -----END PUBLIC KEY-----, if it is none of SSH")
		}
	}
	return nil
}

// decoded is what a text is in base64 and in hexadecimal digits.
func decoded(text []byte) (all [][]byte) {
	line := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r), r == '=':
			return -1
		case r == '-':
			return '+'
		case r == '_':
			return '/'
		}
		return r
	}, string(text))
	if b, err := base64.RawStdEncoding.DecodeString(line); err == nil {
		all = append(all, b)
	}
	if b, err := hex.DecodeString(line); err == nil {
		all = append(all, b)
	}
	return all
}

// isPublic tells whether the file is a public key or a certificate in a form that is
// not read.
func isPublic(text []byte) bool {
	if slices.ContainsFunc(publicWords, func(word string) bool { return bytes.Contains(text, []byte(word)) }) {
		return true
	}
	if _, err := x509.ParsePKIXPublicKey(text); err == nil {
		return true
	}
	if _, err := x509.ParsePKCS1PublicKey(text); err == nil {
		return true
	}
	_, err := x509.ParseCertificate(text)
	return err == nil
}
