package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sluice/cluster/zmtp"
	"sluice/cluster/zmtp/curve"
)

// encryption is the keys of a pump that encrypts by CURVE, and of the generator.
type encryption struct {
	file           string         // of the pump's pair
	public, secret string         // likewise, in Z85
	client         zmtp.Mechanism // of the generator
}

// newEncryption makes keys, in files in dir.
func newEncryption(dir string) (*encryption, error) {
	server, err := curve.Generate()
	if err != nil {
		return nil, err
	}
	client, err := curve.Generate()
	if err != nil {
		return nil, err
	}
	e := &encryption{public: server.Public.String(), client: curve.NewClient(client, server.Public)}
	if e.file, _, err = server.Write(filepath.Join(dir, "pump")); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(e.file)
	if err != nil {
		return nil, err
	}
	_, rest, _ := strings.Cut(string(text), `secret-key = "`)
	secret, _, ok := strings.Cut(rest, `"`)
	if !ok {
		return nil, fmt.Errorf("%q has no secret key", e.file)
	}
	e.secret = secret
	return e, nil
}

// sealedSize is what a record takes on the wire, encrypted: each of its two frames is a
// MESSAGE of 33 bytes more, with a header of its own.
func sealedSize(message []byte) (size int) {
	for len(message) > 0 {
		_, n, h, err := zmtp.FrameHeader(message)
		if err != nil {
			panic(err) // it is our own
		}
		message = message[h+int(n):]
		size += len(zmtp.AppendFrameHeader(nil, 0, n+33)) + int(n) + 33
	}
	return size
}
