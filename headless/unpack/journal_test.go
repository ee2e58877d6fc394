package unpack_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"sluice/headless/internal/packed"
	"sluice/headless/unpack"
)

const entry = "__CURSOR=s=739ad463;i=4ece7\n__REALTIME_TIMESTAMP=1342540861416351\nPRIORITY=3\n_HOSTNAME=lenno\nMESSAGE=one = two\n\n"

// What `journalctl -o export` writes becomes what `journalctl -o json` does.
func TestAJournalsExportBecomesJSON(t *testing.T) {
	binary := "__CURSOR=s=7;i=5\nMESSAGE\n\x07\x00\x00\x00\x00\x00\x00\x00foo\nbar\nN=1\nN=2\nBYTES\n\x02\x00\x00\x00\x00\x00\x00\x00\xff\n\nEMPTY=\n\n"
	const first = `{"__CURSOR":"s=739ad463;i=4ece7","__REALTIME_TIMESTAMP":"1342540861416351","PRIORITY":"3","_HOSTNAME":"lenno","MESSAGE":"one = two"}` + "\n"
	const second = `{"__CURSOR":"s=7;i=5","MESSAGE":"foo\nbar","N":["1","2"],"BYTES":[255,10],"EMPTY":""}` + "\n"
	for in, want := range map[string]string{
		entry:                      first,
		entry + binary + entry:     first + second + first,
		packed.Gzip(entry + entry): first + first,
		entry + "\n\n" + entry:     first + first,
	} {
		got, err := read(in)
		if err != nil || got != want {
			t.Errorf("%q reads\n%s%v, want\n%s", in, got, err, want)
		}
	}
}

func TestAJournalsExportThatIsBroken(t *testing.T) {
	for in, want := range map[string]string{
		entry + "__CURSOR=s=8\nMESSAGE=cut":                                    "unexpected EOF",
		entry + "__CURSOR=s=8\n":                                               "unexpected EOF",
		entry + "__CURSOR=s=8\nMESSAGE\n\x07\x00":                              "unexpected EOF",
		entry + "__CURSOR=s=8\nMESSAGE\n\x07\x00\x00\x00\x00\x00\x00\x00foo":   "unexpected EOF",
		entry + "__CURSOR=s=8\nMESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff":      "says that it has 18446744073709551615 bytes",
		entry + "__CURSOR=s=8\nMESSAGE\n\x01\x00\x00\x00\x00\x00\x00\x00foo\n": "does not end where it says",
		entry + "__CURSOR=s=8\nno field\n":                                     `"no field" is no field`,
	} {
		got, err := read(in)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(got, `{"__CURSOR":"s=739ad463`) {
			t.Errorf("%q reads %q, %v, want what is before, and %s", in, got, err, want)
		}
	}
}

// An entry is as long as somebody likes; what of it is kept is not.
func TestAJournalsExportIsBounded(t *testing.T) {
	for name, in := range map[string]string{
		"line":   "MESSAGE=" + strings.Repeat("x", 3<<20) + "\n",
		"binary": "MESSAGE\n\x00\x00\x30\x00\x00\x00\x00\x00" + strings.Repeat("x", 3<<20) + "\n",
	} {
		got, err := read("__CURSOR=12\n" + in + "\n" + entry)
		first, rest, _ := strings.Cut(got, "\n")
		var m struct {
			Message string
			Cut     int
		}
		if err != nil || json.Unmarshal([]byte(first), &m) != nil || len(m.Message)+m.Cut != 3<<20 || len(m.Message) > 1<<20 || rest == "" {
			t.Errorf("%s: %d bytes are there and %d missing, %v, then %.80q", name, len(m.Message), m.Cut, err, rest)
		}
	}
	many, err := read("__CURSOR=1\n" + strings.Repeat("A=\n", 1<<20) + "\n")
	if err != nil || len(many) > 8<<10 {
		t.Errorf("a million values are %d bytes, %v", len(many), err)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("A=1\nB\n\x01\x00\x00\x00\x00\x00\x00\x00\n\n\nC=\xff\n\n"))
	f.Add([]byte("A\n\xff\x00\x00\x00\x00\x00\x00\x00\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, err := unpack.Open(io.MultiReader(strings.NewReader("__CURSOR=1\n"), bytes.NewReader(in)))
		if err != nil {
			var unreadable *unpack.UnreadableError
			if errors.As(err, &unreadable) {
				return // it has the magic of a tar archive, too
			}
			t.Fatal(err)
		}
		defer r.Close()
		data, _ := io.ReadAll(r)
		for line := range bytes.Lines(data) {
			if !json.Valid(line) {
				t.Fatalf("%q becomes %q", in, line)
			}
		}
	})
}
