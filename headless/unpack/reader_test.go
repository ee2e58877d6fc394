package unpack_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/ulikunitz/xz"

	"sluice/headless/internal/packed"
	"sluice/headless/unpack"
)

const text = "{\"msg\":\"one é\"}\nline two\r\n{\"msg\":\"three\"}\n"

func xzipped(data string) string {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(w, data)
	_ = w.Close()
	return b.String()
}

// bzipped is "hello\nworld\n" in bzip2, made by its own tool.
func bzipped(t testing.TB) string {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString("QlpoOTFBWSZTWWtfsd0AAAJBgAAQBkSQgCAAMQwIIaNpCAcjroeLuSKcKEg1r9jugA==")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const hello = "hello\nworld\n"

// wide encodes text in units of so many bytes.
func wide(text string, size int, order binary.AppendByteOrder) string {
	var b []byte
	if size == 2 {
		for _, u := range utf16.Encode([]rune(text)) {
			b = order.AppendUint16(b, u)
		}
	} else {
		for _, r := range text {
			b = order.AppendUint32(b, uint32(r))
		}
	}
	return string(b)
}

const bom = "\ufeff"

// read reads a whole input, with reads of all sizes.
func read(in string) (text string, err error) {
	for i, reader := range []io.Reader{strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in))} {
		var data []byte
		r, openErr := unpack.Open(reader)
		again := openErr
		if openErr == nil {
			data, again = io.ReadAll(r)
			r.Close()
		}
		if i > 0 && (string(data) != text || (again == nil) != (err == nil) || err != nil && again.Error() != err.Error()) {
			return text, errors.Join(err, again, errors.New("it depends on how much is read at once"))
		}
		text, err = string(data), again
	}
	return text, err
}

func TestReads(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	skip := "\x5a\x2a\x4d\x18\x04\x00\x00\x00skip"
	for name, tt := range map[string]struct{ in, want string }{
		"text":                        {text, text},
		"nothing":                     {"", ""},
		"one byte of a magic":         {"\x1f", "\x1f"},
		"a magic that does not go on": {"BZh91A", "BZh91A"},
		"a mark":                      {bom + text, bom + text},
		"gzip":                        {packed.Gzip(text), text},
		"gzip of members":             {packed.Gzip(text) + packed.Gzip("") + packed.Gzip(bom+text), text + bom + text},
		"gzip with padding":           {packed.Gzip(text) + strings.Repeat("\x00", 100_000), text},
		"gzip with padding between":   {packed.Gzip(text) + "\x00\x00" + packed.Gzip(text) + "\x00", text + text},
		"zstd":                        {packed.Zstd(text), text},
		"zstd of frames":              {packed.Zstd(text) + skip + packed.Zstd(text), text + text},
		"zstd with a skippable first": {skip + packed.Zstd(text), text},
		"zstd with padding":           {packed.Zstd(text) + strings.Repeat("\x00", 100_000), text},
		"bzip2":                       {bzipped(t), hello},
		"bzip2 of streams":            {bzipped(t) + bzipped(t), hello + hello},
		"bzip2 with padding":          {bzipped(t) + strings.Repeat("\x00", 1000), hello},
		"xz":                          {xzipped(text), text},
		"xz of streams":               {xzipped(text) + xzipped("") + xzipped(text), text + text},
		"xz with padding":             {xzipped(text) + strings.Repeat("\x00", 1000), text},
		"xz with little padding":      {xzipped(text) + "\x00\x00\x00", text},
		"xz with padding between":     {xzipped(text) + strings.Repeat("\x00", 8) + xzipped(text), text + text},
		"a large text in xz":          {xzipped(strings.Repeat(text, 2_000)), strings.Repeat(text, 2_000)},
		"UTF-16LE":                    {wide(bom+text, 2, le), bom + text},
		"UTF-16BE":                    {wide(bom+text, 2, be), bom + text},
		"UTF-16LE without a mark":     {wide(text, 2, le), text},
		"UTF-16BE without a mark":     {wide(text, 2, be), text},
		"UTF-32LE":                    {wide(bom+text, 4, le), bom + text},
		"UTF-32BE":                    {wide(bom+text, 4, be), bom + text},
		"UTF-32LE without a mark":     {wide(text, 4, le), text},
		"UTF-32BE without a mark":     {wide(text, 4, be), text},
		"UTF-16 of files put together": {
			wide(bom+text, 2, le) + wide(bom+text, 2, le), bom + text + bom + text,
		},
		"UTF-16 in gzip":         {packed.Gzip(wide(bom+text, 2, le)), bom + text},
		"gzip in gzip":           {packed.Gzip(packed.Gzip(text)), text},
		"zstd in gzip":           {packed.Gzip(packed.Zstd(text)), text},
		"text with zeros":        {"a\x00b\x00\x00c\n", "a\x00b\x00\x00c\n"},
		"a hole before text":     {strings.Repeat("\x00", 1001) + text, strings.Repeat("\x00", 1001) + text},
		"names that zeros part":  {"./a\x00./b\x00", "./a\x00./b\x00"},
		"text that says gzip":    {"BZh is no bzip2\n", "BZh is no bzip2\n"},
		"a large text in gzip":   {packed.Gzip(strings.Repeat(text, 2_000)), strings.Repeat(text, 2_000)},
		"a large text in UTF-16": {wide(strings.Repeat(text, 2_000), 2, le), strings.Repeat(text, 2_000)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("%.80q, %v; want %.80q", got, err, tt.want)
			}
		})
	}
}

// What ends too early, or is broken, gives what was before that, and says which.
func TestEndsTooEarly(t *testing.T) {
	for name, whole := range map[string]string{"gzip": packed.Gzip(text), "zstd": packed.Zstd(text), "bzip2": bzipped(t), "xz": xzipped(text)} {
		for cut := 10; cut < len(whole); cut += 1 + len(whole)/20 {
			got, err := read(whole[:cut])
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("%s cut at %d of %d: %q, %v", name, cut, len(whole), got, err)
			}
			if got, err = read(whole + whole[:cut]); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(got, text) && !strings.HasPrefix(got, hello) {
				t.Fatalf("%s of two, cut at %d of %d: %q, %v", name, cut, len(whole), got, err)
			}
		}
		got, err := read(whole + "something else")
		if err == nil || errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), "what follows its "+name+" is no "+name) || got != text && got != hello {
			t.Errorf("%s and something else: %q, %v", name, got, err)
		}
		// Zeros in the place of data are no padding.
		got, err = read(whole[:len(whole)-6] + strings.Repeat("\x00", 4096))
		if err == nil {
			t.Errorf("%s with a hole at its end: %q", name, got)
		}
		if got, err = read(whole + strings.Repeat("\x00", 512) + "x"); err == nil {
			t.Errorf("%s with padding that is none: %q", name, got)
		}
	}
	deep := text
	for range 5 {
		deep = packed.Gzip(deep)
	}
	if _, err := read(deep); err == nil || !strings.Contains(err.Error(), "unpack it first") {
		t.Errorf("gzip, five deep: %v", err)
	}
}

// An input that fails gives its own error.
func TestFails(t *testing.T) {
	failure := errors.New("the disk is broken")
	for name, in := range map[string]string{"nothing": "", "text": text, "gzip": packed.Gzip(strings.Repeat(text, 1000))[:50]} {
		r, err := unpack.Open(io.MultiReader(strings.NewReader(in), iotest.ErrReader(failure)))
		if err == nil {
			_, err = io.ReadAll(r)
			r.Close()
		}
		if !errors.Is(err, failure) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Text is there as soon as it comes: nothing is waited for that would tell more.
func TestDoesNotWait(t *testing.T) {
	for _, first := range []string{"a\n", "{}\n", "B\n", "\x00\x00a\n" + strings.Repeat("b", 20), "PK\n", wide(bom+"a\n", 2, binary.LittleEndian)} {
		in, out := io.Pipe()
		go func() { _, _ = io.WriteString(out, first) }()
		r, err := unpack.Open(in)
		if err != nil {
			t.Fatal(err)
		}
		n, err := r.Read(make([]byte, 1<<20)) // of which more never comes
		if n == 0 || err != nil {
			t.Errorf("%q: read %d, %v", first, n, err)
		}
		out.Close()
		r.Close()
	}
}

// The tools that people pack logs with.
func TestForeignTools(t *testing.T) {
	for _, command := range []string{"gzip -c", "gzip -1c", "bzip2 -c", "zstd -c", "zstd -19 -c --long=27", "pigz -c", "pbzip2 -c", "pzstd -c", "xz -c", "xz -0 -c", "xz -1 -c --block-size=8192", "xz -9e -c", "xz -0 -c -T4 --block-size=65536 --check=sha256", "xz -c --check=none"} {
		args := strings.Fields(command)
		if _, err := exec.LookPath(args[0]); err != nil {
			continue
		}
		long := strings.Repeat(text, 5000)
		tool := exec.Command(args[0], args[1:]...)
		tool.Stdin = strings.NewReader(long)
		packed, err := tool.Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		r, err := unpack.Open(bytes.NewReader(append(packed, packed...)))
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != long+long {
			t.Errorf("%s: %d bytes, %v", command, len(got), err)
		}
		r.Close()
	}
}

// What is no text is not read as such; text in other encodings, and with controls, is.
func TestNoText(t *testing.T) {
	random := make([]byte, 4096)
	rand.NewChaCha8([32]byte{1}).Read(random)
	_, err := read(string(random))
	var unreadable *unpack.UnreadableError
	if !errors.As(err, &unreadable) || unreadable.Advice("x.bin", "sluice replay -") != "make text of it first: iconv -f ENCODING -t UTF-8 x.bin | sluice replay -" {
		t.Errorf("random bytes: %v", err)
	}
	for name, line := range map[string]string{
		"Latin-1":         "Gr\xf6\xdfe \xfcberschritten, M\xfcller",
		"Shift-JIS":       "\x83\x47\x83\x89\x81\x5b\x82\xaa\x94\xad\x90\xb6",
		"KOI8-R":          "\xef\xdb\xc9\xc2\xcb\xc1",
		"FIX":             "8=FIX.4.4\x019=65\x0135=A\x0149=A\x0156=B\x0134=1\x01",
		"colours":         "\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[0m",
		"C1 controls":     "\u0085\u009b31m\u0084\u0090",
		"bytes of a dump": "\x01\x02\x03 and so on",
		"Chinese":         "\u9519\u8bef\uff0c\u8bf7\u91cd\u8bd5",
	} {
		in := strings.Repeat(line+"\n", 20)
		if got, err := read(in); err != nil || got != in {
			t.Errorf("%s: %.40q, %v", name, got, err)
		}
	}
}

// A window above the limit is refused before it is made, in the first block and in
// any later one.
func TestLargeWindows(t *testing.T) {
	small := xzipped(text)
	large := []byte(small)
	header := large[12:][:(int(large[12])+1)*4]
	if header[2] != 0x21 || header[3] != 1 {
		t.Fatalf("the header of the block is % x", header)
	}
	for _, size := range []byte{33, 39, 40} { // 192 MiB, 3 GiB, 4 GiB
		header[4] = size
		binary.LittleEndian.PutUint32(header[len(header)-4:], crc32.ChecksumIEEE(header[:len(header)-4]))
		for _, before := range []string{"", small} {
			got, err := read(before + string(large))
			if err == nil || !strings.Contains(err.Error(), "its window is larger than 128 MiB") || got != strings.Repeat(text, len(before)/len(small)) {
				t.Errorf("size %d: %q, %v", size, got, err)
			}
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = read(string(large))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("it took %d bytes", used)
	}
}

func FuzzOpen(f *testing.F) {
	for _, in := range []string{
		text, packed.Gzip(text), packed.Zstd(text), bzipped(f), xzipped(text), xzipped("") + "\x00\x00\x00\x00" + xzipped(text), wide(bom+text, 2, binary.LittleEndian), wide(text, 4, binary.BigEndian),
		packed.Gzip(text) + "\x00\x00", packed.Zstd("") + "\x00\x00\x00\x00", bzipped(f) + "\x00\x00", "PK\x03\x04", "\x00\x00\xfe\xff", packed.Gzip(packed.Gzip("\x04\x22\x4d\x18")),
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		const most = 1 << 20
		r, err := unpack.Open(bytes.NewReader(in))
		if err != nil {
			var unreadable *unpack.UnreadableError
			if errors.As(err, &unreadable) && (unreadable.Advice("f", "sluice replay -") == "" || unreadable.Advice("", "sluice replay -") == "") {
				t.Errorf("%v has no advice", err)
			}
			return
		}
		defer r.Close()
		data, err := io.ReadAll(io.LimitReader(r, most))
		if r.Plain() && (err != nil || len(in) < most && !bytes.Equal(data, in)) {
			t.Errorf("%q is plain, and reads %q, %v", in, data, err)
		}
	})
}
