package curve

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// maxCertificate is how large the file of one key may be, in bytes.
const maxCertificate = 64 << 10

// certificate is a file as zmq.auth and CZMQ write it.
type certificate struct {
	public  Key
	secret  *[KeySize]byte // nil when only the public key stands there
	streams string         // of its metadata
}

// certificateSection begins what a certificate has of keys.
const certificateSection = "curve"

// isCertificate reports whether a file looks like a certificate, and not like a list.
func isCertificate(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		switch fields := strings.Fields(line); {
		case len(fields) == 0, strings.HasPrefix(fields[0], "#"):
		case len(fields) == 1 && (fields[0] == "metadata" || fields[0] == certificateSection):
			return true
		default:
			return false
		}
	}
	return false
}

// parseCertificate reads a certificate: sections, and lines of a name, "=" and a value in
// quotes below them. What is not known is passed over.
func parseCertificate(data []byte) (c certificate, err error) {
	lines, section, public := bufio.NewScanner(bytes.NewReader(data)), "", false
	lines.Buffer(nil, maxCertificate+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		name, value, pair := strings.Cut(line, "=")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case !pair:
			section = line
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if value, err = unquote(value); err != nil {
			return c, fmt.Errorf("line %d: %w", n, err)
		}
		switch section + " " + name {
		case "curve public-key":
			if c.public, err = ParseKey(value); err != nil {
				return c, fmt.Errorf("line %d: %w", n, err)
			}
			public = true
		case "curve secret-key":
			secret, err := decode(value)
			if err != nil {
				return c, fmt.Errorf("line %d: the secret key is not %d characters of Z85", n, textSize)
			}
			c.secret = (*[KeySize]byte)(secret)
		case "metadata streams":
			if c.streams = value; len(splitStreams(value)) == 0 {
				return c, fmt.Errorf("line %d: no streams are named: leave the line out where all are meant", n)
			}
		}
	}
	if err := lines.Err(); err != nil {
		return c, err
	}
	if !public && c.secret == nil {
		return c, errors.New("there is no key in it")
	}
	if c.secret != nil {
		pair, err := pairOf(*c.secret)
		switch {
		case err != nil:
			return c, err
		case public && !pair.Public.Equal(c.public):
			return c, errors.New("its public key does not belong to its secret key: make a new pair")
		}
		c.public = pair.Public
	}
	return c, nil
}

// unquote takes the quotes off a value.
func unquote(s string) (string, error) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return s, nil
	}
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return "", errors.New("a quote that does not end")
	}
	return s[1 : 1+end], nil
}

// ReadPair reads the pair in a file: a certificate with a secret key, as [Pair.Write] and
// zmq.auth write it.
func ReadPair(path string) (*Pair, error) {
	c, err := readCertificate(path)
	switch {
	case err != nil:
		return nil, err
	case c.secret == nil:
		return nil, fmt.Errorf("%q has no secret key, only a public one, which is for others: give the secret half, as in %s", path, strings.TrimSuffix(path, filepath.Ext(path))+secretSuffix)
	}
	return &Pair{Public: c.public, secret: *c.secret}, nil
}

// ReadKey returns the public key that s is, in Z85, or that stands in the certificate
// with that path.
func ReadKey(s string) (Key, error) {
	key, wrong := ParseKey(s)
	if wrong == nil {
		return key, nil
	}
	c, err := readCertificate(s)
	if errors.Is(err, os.ErrNotExist) {
		return key, fmt.Errorf("%.80q is neither a key (%d characters of Z85) nor a file that is there", s, textSize)
	}
	return c.public, err
}

func readCertificate(path string) (c certificate, err error) {
	data, err := readFile(path, maxCertificate)
	if err != nil {
		return c, err
	}
	if c, err = parseCertificate(data); err != nil {
		return c, fmt.Errorf("key file %q: %w: give a file that `sluice keygen` has made", path, err)
	}
	return c, nil
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is no file", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%q has more than %d bytes", path, limit)
	}
	return data, err
}

// The names of the files of a pair.
const (
	secretSuffix = ".key"
	publicSuffix = ".pub"
)

// Write writes the pair into two new files: name.key, the secret, which only its owner
// may read, and name.pub, for others. It returns their paths. It never writes over a
// file.
func (p *Pair) Write(name string) (secret, public string, err error) {
	secret, public = name+secretSuffix, name+publicSuffix
	if _, err := os.Lstat(public); err == nil {
		return "", "", exists(public)
	}
	if err := write(secret, 0o600, fmt.Sprintf(`# The secret key of %s: who has it is taken for its owner. Show it to nobody.

metadata
curve
    public-key = "%s"
    secret-key = "%s"
`, filepath.Base(name), p.Public, encode(p.secret[:]))); err != nil {
		return "", "", err
	}
	if err := write(public, 0o644, fmt.Sprintf(`# The public key of %s, for its peers.

metadata
curve
    public-key = "%s"
`, filepath.Base(name), p.Public)); err != nil {
		return "", "", errors.Join(err, os.Remove(secret))
	}
	return secret, public, nil
}

func exists(path string) error {
	return fmt.Errorf("%q is there already, and a key that is in use must not be lost: choose another name, or move it away", path)
}

func write(path string, mode os.FileMode, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return exists(path)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
