package unpack

import (
	"bufio"
	"bytes"
	"io"
)

// Format is what an input is. The zero Format is text, as it stands.
type Format struct {
	name string                                        // in words, such as "gzip-compressed"; "" for text
	tool tool                                          // that makes text of it
	open func(in *bufio.Reader) (io.ReadCloser, error) // nil for text as it stands, and for what cannot be read
}

// String is the format in words that follow "it is".
func (f Format) String() string {
	if f.name == "" {
		return "text"
	}
	return f.name
}

// Text reports whether it is text as it stands: bytes with ASCII's line breaks.
func (f Format) Text() bool { return f.name == "" }

// The formats that are read.
var (
	gzipped   = Format{"gzip-compressed", filter("gzip -dc"), newGunzip}
	zstandard = Format{"zstd-compressed", filter("zstd -dc"), newUnzstd}
	bzipped   = Format{"bzip2-compressed", filter("bzip2 -dc"), newBunzip}
	xzipped   = Format{"xz-compressed", filter("xz -dc"), newUnxz}
	exported  = Format{"an export of a journal", tool{}, newJournal}
	utf16LE   = Format{"UTF-16", filter("iconv -f UTF-16LE -t UTF-8"), fromUTF16LE}
	utf16BE   = Format{"UTF-16", filter("iconv -f UTF-16BE -t UTF-8"), fromUTF16BE}
	utf32LE   = Format{"UTF-32", filter("iconv -f UTF-32LE -t UTF-8"), fromUTF32LE}
	utf32BE   = Format{"UTF-32", filter("iconv -f UTF-32BE -t UTF-8"), fromUTF32BE}
)

// unknown is what is no text, and nothing else that is known.
var unknown = Format{name: "no text that is known", tool: filter("iconv -f ENCODING -t UTF-8")}

// magic is how an input of a format begins, at an offset.
type magic struct {
	at     int
	bytes  string
	format Format
}

// tarMagic is where a tar archive says what it is.
const tarMagic = 257

// magics are all that are known; the first that matches counts.
var magics = knownMagics()

func knownMagics() []magic {
	var all []magic
	known := func(f Format, begins ...string) {
		for _, b := range begins {
			all = append(all, magic{0, b, f})
		}
	}
	known(gzipped, "\x1f\x8b")
	known(zstandard, "\x28\xb5\x2f\xfd")
	for n := byte(0); n < 16; n++ { // a frame to be skipped, as pzstd writes
		known(zstandard, string([]byte{0x50 + n, 0x2a, 0x4d, 0x18}))
	}
	for n := byte('1'); n <= '9'; n++ { // a block, or none
		known(bzipped, "BZh"+string(n)+"1AY&SY", "BZh"+string(n)+"\x17rE8P\x90")
	}
	known(xzipped, "\xfd7zXZ\x00")
	known(exported, journalBegin)
	known(utf32LE, "\xff\xfe\x00\x00")
	known(utf32BE, "\x00\x00\xfe\xff")
	known(utf16LE, "\xff\xfe")
	known(utf16BE, "\xfe\xff")

	known(Format{name: "lz4-compressed", tool: filter("lz4 -dc")}, "\x04\x22\x4d\x18", "\x02\x21\x4c\x18")
	known(Format{name: "lzip-compressed", tool: filter("lzip -dc")}, "LZIP\x00", "LZIP\x01")
	known(Format{name: "lzop-compressed", tool: filter("lzop -dc")}, "\x89LZO\x00\r\n\x1a\n")
	known(Format{name: "lzma-compressed", tool: filter("xz -dc --format=lzma")}, "\x5d\x00\x00\x80\x00", "\x5d\x00\x00\x00\x04", "\x5d\x00\x00\x00\x01", "\x5d\x00\x00\x10\x00")
	known(Format{name: "snappy-compressed", tool: filter("snzip -dc")}, "\xff\x06\x00\x00sNaPpY")
	known(Format{name: "compressed by compress", tool: filter("gzip -dc")}, "\x1f\x9d", "\x1f\xa0")
	known(Format{name: "a zip archive", tool: tool{"unzip -p FILE", "funzip"}}, "PK\x03\x04", "PK\x05\x06", "PK\x07\x08")
	known(Format{name: "a 7z archive", tool: tool{"7z x -so FILE", ""}}, "7z\xbc\xaf\x27\x1c")
	known(Format{name: "a rar archive", tool: tool{"unrar p -inul FILE", ""}}, "Rar!\x1a\x07")
	known(Format{name: "a cpio archive", tool: tool{"cpio -i --to-stdout < FILE", "cpio -i --to-stdout"}}, "070701000", "070702000")
	known(Format{name: "an ar archive", tool: tool{"ar p FILE", ""}}, "!<arch>\n")
	known(Format{name: "an RPM package"}, "\xed\xab\xee\xdb")
	known(Format{name: "a journal of systemd", tool: tool{"journalctl -o json --file FILE", ""}}, "LPKSHHRH")
	known(Format{name: "an event log of Windows", tool: tool{"evtx_dump -o jsonl FILE", ""}}, "ElfFile\x00")
	known(Format{name: "a capture of packets", tool: tool{"tcpdump -nr FILE", "tcpdump -nr -"}},
		"\xd4\xc3\xb2\xa1", "\xa1\xb2\xc3\xd4", "\x4d\x3c\xb2\xa1", "\xa1\xb2\x3c\x4d", "\n\r\r\n")
	known(Format{name: "an SQLite database", tool: tool{"sqlite3 -json FILE 'select * from TABLE'", ""}}, "SQLite format 3\x00")
	known(Format{name: "a Parquet file", tool: tool{`duckdb -c "copy (from 'FILE') to '/dev/stdout' (format json)"`, ""}}, "PAR1\x15")
	known(Format{name: "an Avro file", tool: tool{"avro-tools tojson FILE", "avro-tools tojson -"}}, "Obj\x01")
	known(Format{name: "an ORC file", tool: tool{"orc-contents FILE", ""}}, "ORC\x08", "ORC\x0a")
	known(Format{name: "an Arrow file"}, "ARROW1\x00\x00")
	known(Format{name: "an HDF5 file"}, "\x89HDF\r\n\x1a\n")
	known(Format{name: "encrypted", tool: filter("gpg -d")}, "-----BEGIN PGP MESSAGE-----")
	known(Format{name: "encrypted", tool: filter("age -d -i KEY")}, "age-encryption.org/v1\n", "-----BEGIN AGE ENCRYPTED FILE-----")
	known(Format{name: "encrypted", tool: tool{"openssl enc -d -in FILE", "openssl enc -d"}}, "Salted__")
	known(Format{name: "a program"}, "\x7fELF", "MZ\x90\x00", "\xca\xfe\xba\xbe\x00", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe", "\x00asm\x01\x00\x00\x00")
	known(Format{name: "a PDF document", tool: tool{"pdftotext -layout FILE -", "pdftotext -layout - -"}}, "%PDF-")
	known(Format{name: "a picture"}, "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "GIF87a", "GIF89a")

	all = append(all, magic{tarMagic, "ustar", Format{name: "a tar archive", tool: tool{"tar -xOf FILE", "tar -xO"}}})
	return all
}

// headSize is how much of an input is looked at, in bytes.
const headSize = 512

// Detect tells what an input is by how it begins: [DetectSize] bytes, or as many as
// there are.
func Detect(head []byte) Format {
	f, _ := detect(head)
	return f
}

// DetectSize is how many bytes Detect looks at.
const DetectSize = headSize

// enough is how many bytes tell whether text with zero bytes is UTF-16 or UTF-32.
const enough = 16

// detect is Detect for an input of which more may come: it also reports whether more
// is worth waiting for. It is when a magic has begun; when zero bytes may be those of
// UTF-16 or UTF-32; and as long as no line has ended, of which nobody can make use.
func detect(head []byte) (f Format, more bool) {
	head = head[:min(len(head), headSize)]
	for _, m := range magics {
		switch {
		case len(head) >= m.at+len(m.bytes):
			if string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
				return m.format, more
			}
		case m.at == 0 && string(head) == m.bytes[:len(head)]:
			more = true
		}
	}
	more = more || bytes.IndexByte(head, '\n') < 0 && len(head) < enough
	if bytes.IndexByte(head, 0) >= 0 {
		more = more || len(head) < enough
		if f, ok := wide(head); ok {
			return f, more
		}
	}
	if noText(head) {
		return unknown, more
	}
	return Format{}, more
}
