package zmtp_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/cluster/zmtp"
)

// unhex reads hex with spaces.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatalf("%v in %q", err, s)
	}
	return b
}

// one decodes b, which has to be exactly one token.
func one(t testing.TB, b []byte) zmtp.Token {
	t.Helper()
	var d zmtp.Decoder
	tok, n, err := d.Next(b)
	if err != nil || n != len(b) || tok.Kind == zmtp.TokenNone {
		t.Fatalf("Next = kind %d, %d of %d bytes, %v", tok.Kind, n, len(b), err)
	}
	return tok
}

func TestGreetingVector(t *testing.T) {
	want := unhex(t, "ff 00000000 00000001 7f 0301 4e554c4c"+strings.Repeat("00", 64-16))
	got := zmtp.AppendGreeting(nil)
	if !bytes.Equal(got, want) {
		t.Errorf("greeting is %x, want %x", got, want)
	}
	if v, err := zmtp.ParseGreeting(got); err != nil || v != (zmtp.Version{Major: 3, Minor: 1}) || v.String() != "3.1" {
		t.Errorf("our own greeting: %v, %v", v, err)
	}
}

func TestGreetings(t *testing.T) {
	greeting := func(change func(g []byte)) []byte {
		g := zmtp.AppendGreeting(nil)
		change(g)
		return g
	}
	for _, c := range []struct {
		name  string
		g     []byte
		wrong string // part of the error; empty for none
	}{
		{"3.1", greeting(func([]byte) {}), ""},
		{"3.0", greeting(func(g []byte) { g[11] = 0 }), ""},
		{"4.7", greeting(func(g []byte) { g[10], g[11] = 4, 7 }), ""},
		{"as-server", greeting(func(g []byte) { g[32] = 1 }), ""},
		{"filler that is not zero", greeting(func(g []byte) { g[63] = 9 }), ""},
		{"length octets of an old signature", greeting(func(g []byte) { g[8] = 5 }), ""},
		{"first octet", greeting(func(g []byte) { g[0] = 1 }), "not a ZeroMQ peer"},
		{"tenth octet", greeting(func(g []byte) { g[9] = 0x7e }), "not a ZeroMQ peer"},
		{"revision 1", greeting(func(g []byte) { g[10] = 1 }), "older ZMTP (revision 1)"},
		{"PLAIN", greeting(func(g []byte) { copy(g[12:], "PLAIN") }), `mechanism "PLAIN"`},
		{"CURVE", greeting(func(g []byte) { copy(g[12:], "CURVE") }), `mechanism "CURVE"`},
		{"no mechanism", greeting(func(g []byte) { clear(g[12:32]) }), `mechanism ""`},
		{"something after the mechanism", greeting(func(g []byte) { g[20] = 'x' }), "mechanism"},
	} {
		_, err := zmtp.ParseGreeting(c.g)
		switch {
		case c.wrong == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong) || !errors.Is(err, zmtp.ErrProtocol)):
			t.Errorf("%s: error is %v, want one with %q", c.name, err, c.wrong)
		}
	}
	// The beginning of a good greeting is never refused.
	for n := range zmtp.GreetingSize {
		if err := zmtp.CheckGreeting(zmtp.AppendGreeting(nil)[:n]); err != nil {
			t.Errorf("its first %d bytes: %v", n, err)
		}
	}
}

func TestReadyVector(t *testing.T) {
	want := unhex(t, `04 28 05 5245414459
		0b 536f636b65742d54797065 00000004 58505542
		08 582d536c75696365 00000001 31`)
	got := zmtp.AppendReady(nil, [][2]string{{"Socket-Type", "XPUB"}, {"X-Sluice", "1"}})
	if !bytes.Equal(got, want) {
		t.Fatalf("READY is\n%x, want\n%x", got, want)
	}
	name, data, err := zmtp.SplitCommand(one(t, got).Body)
	if err != nil || name != "READY" {
		t.Fatalf("SplitCommand = %q, %v", name, err)
	}
	props, err := zmtp.ParseReady(data)
	if err != nil || props.Get("socket-type") != "XPUB" || props.Get("X-SLUICE") != "1" || props.Get("Identity") != "" {
		t.Errorf("ParseReady = %v, %v", props, err)
	}
}

func TestMalformedReady(t *testing.T) {
	for name, data := range map[string]string{
		"empty name":              "00 00000000",
		"half a name":             "05 4162",
		"no size":                 "02 4162",
		"half a size":             "02 4162 000000",
		"half a value":            "02 4162 00000002 31",
		"a value of 4 GiB":        "02 4162 ffffffff 31",
		"trailing bytes":          "02 4162 00000001 31 07",
		"more properties than 64": manyProperties(zmtp.MaxProperties + 1),
	} {
		if p, err := zmtp.ParseReady(unhex(t, data)); !errors.Is(err, zmtp.ErrProtocol) {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
	if p, err := zmtp.ParseReady(unhex(t, manyProperties(zmtp.MaxProperties))); err != nil || len(p) != zmtp.MaxProperties {
		t.Errorf("%d properties: %d, %v", zmtp.MaxProperties, len(p), err)
	}
}

func manyProperties(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "02 %04x 00000000 ", 0x6100+i)
	}
	return s.String()
}

func TestErrorVector(t *testing.T) {
	want := unhex(t, "04 0a 05 4552524f52 03 6e6f74")
	if got := zmtp.AppendError(nil, "not"); !bytes.Equal(got, want) {
		t.Errorf("ERROR is %x, want %x", got, want)
	}
	for data, want := range map[string]string{
		"03 6e6f74":    "not",
		"03 6e6f74 21": "not",
		"00":           "",
		"":             "no reason given",
		"04 6e6f74":    "no reason given",
	} {
		if got := zmtp.ParseError(unhex(t, data)); got != want {
			t.Errorf("reason in %q is %q, want %q", data, got, want)
		}
	}
	long := zmtp.AppendError(nil, strings.Repeat("x", 300))
	if _, data, _ := zmtp.SplitCommand(one(t, long).Body); len(zmtp.ParseError(data)) != 255 {
		t.Errorf("a long reason has %d bytes", len(zmtp.ParseError(data)))
	}
}

func TestSubscriptionVectors(t *testing.T) {
	v30, v31, v40 := zmtp.Version{Major: 3}, zmtp.Version{Major: 3, Minor: 1}, zmtp.Version{Major: 4}
	for _, c := range []struct {
		version zmtp.Version
		prefix  string
		cancel  bool
		want    string
	}{
		{v30, "", false, "00 01 01"},
		{v30, "", true, "00 01 00"},
		{v30, "sys", false, "00 04 01 737973"},
		{v30, "sys", true, "00 04 00 737973"},
		{v31, "", false, "04 0a 09 535542534352494245"},
		{v31, "", true, "04 07 06 43414e43454c"},
		{v31, "sys", false, "04 0d 09 535542534352494245 737973"},
		{v31, "sys", true, "04 0a 06 43414e43454c 737973"},
		{v40, "sys", true, "04 0a 06 43414e43454c 737973"},
		{v30, strings.Repeat("x", 255), false, "02 0000000000000100 01" + strings.Repeat("78", 255)},
	} {
		got := zmtp.AppendSubscription([]byte("before"), c.version, c.prefix, c.cancel)
		if !bytes.Equal(got, append([]byte("before"), unhex(t, c.want)...)) {
			t.Errorf("subscription of %v to %q, cancel %v: %x, want %s", c.version, c.prefix, c.cancel, got[6:], c.want)
			continue
		}
		tok := one(t, got[6:])
		if c.version == v30 {
			prefix, cancel, ok := zmtp.ParseSubscription(tok)
			if !ok || string(prefix) != c.prefix || cancel != c.cancel {
				t.Errorf("ParseSubscription(%s) = %q, %v, %v", c.want, prefix, cancel, ok)
			}
			continue
		}
		name, data, err := zmtp.SplitCommand(tok.Body)
		if err != nil || (name == zmtp.CmdCancel) != c.cancel || string(data) != c.prefix {
			t.Errorf("SplitCommand(%s) = %q %q, %v", c.want, name, data, err)
		}
	}
}

func TestNoSubscription(t *testing.T) {
	for name, message := range map[string]string{
		"empty frame":   "00 00",
		"first octet 2": "00 02 02 61",
		"two frames":    "01 02 01 61 00 01 62",
	} {
		if prefix, cancel, ok := zmtp.ParseSubscription(one(t, unhex(t, message))); ok {
			t.Errorf("%s was taken for a subscription: %q, cancel %v", name, prefix, cancel)
		}
	}
}

func TestPingVectors(t *testing.T) {
	ping := zmtp.AppendPing(nil, 150)
	if want := unhex(t, "04 07 04 50494e47 0096"); !bytes.Equal(ping, want) {
		t.Errorf("PING is %x, want %x", ping, want)
	}
	for _, c := range []struct{ ping, pong string }{
		{"0000", "04 05 04 504f4e47"},
		{"0096 636f6e74", "04 09 04 504f4e47 636f6e74"},
		{"0000" + strings.Repeat("61", 16), "04 15 04 504f4e47" + strings.Repeat("61", 16)},
		{"", ""},
		{"00", ""},
		{"0000" + strings.Repeat("61", 17), ""},
	} {
		got, err := zmtp.AppendPong(nil, unhex(t, c.ping))
		if !bytes.Equal(got, unhex(t, c.pong)) || errors.Is(err, zmtp.ErrProtocol) != (c.pong == "") {
			t.Errorf("answer to PING %q is %x, %v, want %s", c.ping, got, err, c.pong)
		}
	}
}

func TestSplitCommand(t *testing.T) {
	for body, want := range map[string]string{
		"04 50494e47 0000": "PING",
		"03 466f6f":        "Foo",
	} {
		if name, _, err := zmtp.SplitCommand(unhex(t, body)); err != nil || name != want {
			t.Errorf("SplitCommand(%s) = %q, %v", body, name, err)
		}
	}
	for _, body := range []string{"", "00", "00 41", "05 50494e47", "ff"} {
		if name, _, err := zmtp.SplitCommand(unhex(t, body)); !errors.Is(err, zmtp.ErrProtocol) {
			t.Errorf("SplitCommand(%s) = %q, %v", body, name, err)
		}
	}
}

// sluiceCommands are all the commands between sluice peers: how one is
// written, as a whole frame, and what its data is read as.
var sluiceCommands = []struct {
	name  string
	frame []byte
	hex   string
	parse func(data []byte) (any, error)
	want  any
}{
	{
		"X-TAIL now", zmtp.AppendTail(nil, zmtp.Tail{Name: "system"}),
		"04 1f 06 582d5441494c 06 73797374656d 00 0000000000000000 0000000000000000",
		func(d []byte) (any, error) { return zmtp.ParseTail(d) },
		zmtp.Tail{Name: "system"},
	},
	{
		"X-TAIL last", zmtp.AppendTail(nil, zmtp.Tail{Name: "system", From: zmtp.TailLast, A: 1000}),
		"04 1f 06 582d5441494c 06 73797374656d 01 00000000000003e8 0000000000000000",
		func(d []byte) (any, error) { return zmtp.ParseTail(d) },
		zmtp.Tail{Name: "system", From: zmtp.TailLast, A: 1000},
	},
	{
		"X-TAIL position", zmtp.AppendTail(nil, zmtp.Tail{Name: "s", From: zmtp.TailPosition, A: 0x8899aabbccddeeff, B: 1203}),
		"04 1a 06 582d5441494c 01 73 02 8899aabbccddeeff 00000000000004b3",
		func(d []byte) (any, error) { return zmtp.ParseTail(d) },
		zmtp.Tail{Name: "s", From: zmtp.TailPosition, A: 0x8899aabbccddeeff, B: 1203},
	},
	{
		"X-STOP", zmtp.AppendStop(nil, "system"),
		"04 0e 06 582d53544f50 06 73797374656d",
		func(d []byte) (any, error) { return zmtp.ParseName(d) },
		"system",
	},
	{
		"X-LIVE", zmtp.AppendLive(nil, "system"),
		"04 0e 06 582d4c495645 06 73797374656d",
		func(d []byte) (any, error) { return zmtp.ParseName(d) },
		"system",
	},
	{
		"X-MARK", zmtp.AppendMark(nil, zmtp.Mark{Name: []byte("system"), Epoch: 0x8899aabbccddeeff, Next: 1203, Cause: zmtp.MarkOvertaken}),
		"04 1f 06 582d4d41524b 06 73797374656d 8899aabbccddeeff 00000000000004b3 01",
		func(d []byte) (any, error) { return zmtp.ParseMark(d) },
		zmtp.Mark{Name: []byte("system"), Epoch: 0x8899aabbccddeeff, Next: 1203, Cause: zmtp.MarkOvertaken},
	},
	{
		"X-MARK refused", zmtp.AppendMark(nil, zmtp.Mark{Name: []byte("s"), Epoch: 1, Next: 3, Cause: zmtp.MarkTooLarge}),
		"04 1a 06 582d4d41524b 01 73 0000000000000001 0000000000000003 05",
		func(d []byte) (any, error) { return zmtp.ParseMark(d) },
		zmtp.Mark{Name: []byte("s"), Epoch: 1, Next: 3, Cause: zmtp.MarkTooLarge},
	},
	{
		// Of a consolidator that is newer than its reader.
		"X-MARK unknown cause", zmtp.AppendMark(nil, zmtp.Mark{Name: []byte("s"), Epoch: 1, Next: 3, Cause: 200}),
		"04 1a 06 582d4d41524b 01 73 0000000000000001 0000000000000003 c8",
		func(d []byte) (any, error) { return zmtp.ParseMark(d) },
		zmtp.Mark{Name: []byte("s"), Epoch: 1, Next: 3, Cause: 200},
	},
	{
		"X-STILL", zmtp.AppendStill(nil, zmtp.Still{Lasted: 6 * time.Second, Ago: 250 * time.Millisecond}),
		"04 18 07 582d5354494c4c 0000000000001770 00000000000000fa",
		func(d []byte) (any, error) { return zmtp.ParseStill(d) },
		zmtp.Still{Lasted: 6 * time.Second, Ago: 250 * time.Millisecond},
	},
	{
		"X-STREAMS watch", zmtp.AppendWatch(nil, true),
		"04 0b 09 582d53545245414d53 01",
		func(d []byte) (any, error) { return zmtp.ParseWatch(d) },
		true,
	},
	{
		"X-STREAMS stop", zmtp.AppendWatch(nil, false),
		"04 0b 09 582d53545245414d53 00",
		func(d []byte) (any, error) { return zmtp.ParseWatch(d) },
		false,
	},
	{
		"X-STREAMS list", zmtp.AppendStreams(nil, []zmtp.StreamStat{{Name: "a", Epoch: 1, Next: 2, Bytes: 3}, {Name: "bc", Epoch: 4, Next: 5, Bytes: 6}}),
		"04 41 09 582d53545245414d53 0002" +
			"01 61 0000000000000001 0000000000000002 0000000000000003" +
			"02 6263 0000000000000004 0000000000000005 0000000000000006",
		func(d []byte) (any, error) { return zmtp.ParseStreams(d) },
		[]zmtp.StreamStat{{Name: "a", Epoch: 1, Next: 2, Bytes: 3}, {Name: "bc", Epoch: 4, Next: 5, Bytes: 6}},
	},
	{
		"X-STREAMS empty", zmtp.AppendStreams(nil, nil),
		"04 0c 09 582d53545245414d53 0000",
		func(d []byte) (any, error) { return zmtp.ParseStreams(d) },
		[]zmtp.StreamStat(nil),
	},
	{
		"X-BYE", zmtp.AppendBye(nil, []zmtp.StreamEnd{{Name: "a", Epoch: 1, Next: 2}}),
		"04 1a 05 582d425945 0001 01 61 0000000000000001 0000000000000002",
		func(d []byte) (any, error) { return zmtp.ParseBye(d) },
		[]zmtp.StreamEnd{{Name: "a", Epoch: 1, Next: 2}},
	},
	{
		"X-BYE empty", zmtp.AppendBye(nil, nil),
		"04 08 05 582d425945 0000",
		func(d []byte) (any, error) { return zmtp.ParseBye(d) },
		[]zmtp.StreamEnd(nil),
	},
	{
		"X-ACK", zmtp.AppendAck(nil, 1_000_000),
		"04 0e 05 582d41434b 00000000000f4240",
		func(d []byte) (any, error) { return zmtp.ParseAck(d) },
		uint64(1_000_000),
	},
	{
		"X-SKIP", zmtp.AppendSkip(nil, 1),
		"04 0f 06 582d534b4950 0000000000000001",
		func(d []byte) (any, error) { return zmtp.ParseSkip(d) },
		uint64(1),
	},
}

func TestSluiceCommands(t *testing.T) {
	for _, c := range sluiceCommands {
		t.Run(c.name, func(t *testing.T) {
			if want := unhex(t, c.hex); !bytes.Equal(c.frame, want) {
				t.Fatalf("frame is\n%x, want\n%x", c.frame, want)
			}
			name, data, err := zmtp.SplitCommand(one(t, c.frame).Body)
			if err != nil || !strings.HasPrefix(c.name, name) {
				t.Fatalf("SplitCommand = %q, %v", name, err)
			}
			if got, err := c.parse(data); err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("parsed as %+v, %v, want %+v", got, err, c.want)
			}
			for n := range data {
				if got, err := c.parse(data[:n:n]); !errors.Is(err, zmtp.ErrProtocol) {
					t.Errorf("%d of %d bytes: %+v, %v", n, len(data), got, err)
				}
			}
			if got, err := c.parse(append(bytes.Clone(data), 0)); !errors.Is(err, zmtp.ErrProtocol) {
				t.Errorf("with a byte too many: %+v, %v", got, err)
			}
		})
	}
}

func TestMalformedSluiceCommands(t *testing.T) {
	for _, c := range []struct{ name, data string }{
		{"X-TAIL", "00 00 0000000000000000 0000000000000000"},    // empty name
		{"X-TAIL", "01 73 03 0000000000000000 0000000000000000"}, // from 3
		{"X-STOP", "00"},
		{"X-MARK", "00 0000000000000000 0000000000000000 00"},
		{"X-MARK", "01 73 0000000000000000 0000000000000000"}, // no cause
		{"X-STILL", "ffffffffffffffff 0000000000000000"},      // longer than a century
		{"X-STREAMS watch", "02"},
		{"X-STREAMS list", "0001 00 000000000000000000000000000000000000000000000000"},
		{"X-STREAMS list", "ffff"},
		{"X-BYE", "0002 01 61 0000000000000001 0000000000000002"},
	} {
		for _, k := range sluiceCommands {
			if k.name != c.name && !strings.HasPrefix(k.name, c.name+" ") {
				continue
			}
			if got, err := k.parse(unhex(t, c.data)); !errors.Is(err, zmtp.ErrProtocol) {
				t.Errorf("%s with %s: %+v, %v", k.name, c.data, got, err)
			}
		}
	}
}

// A list that does not fit in one command goes in several.
func TestLongLists(t *testing.T) {
	var stats []zmtp.StreamStat
	var ends []zmtp.StreamEnd
	for i := range 5000 {
		name := fmt.Sprintf("tenant/%s-%d", strings.Repeat("x", i%240), i)
		stats = append(stats, zmtp.StreamStat{Name: name, Epoch: 1, Next: uint64(i), Bytes: 2})
		ends = append(ends, zmtp.StreamEnd{Name: name, Epoch: 1, Next: uint64(i)})
	}
	var gotStats []zmtp.StreamStat
	var gotEnds []zmtp.StreamEnd
	b := zmtp.AppendBye(zmtp.AppendStreams(nil, stats), ends)
	commands := 0
	for len(b) > 0 {
		var d zmtp.Decoder
		tok, n, err := d.Next(b)
		if err != nil || tok.Kind != zmtp.TokenCommand {
			t.Fatalf("kind %d, %v", tok.Kind, err)
		}
		b = b[n:]
		commands++
		name, data, err := zmtp.SplitCommand(tok.Body)
		if err != nil {
			t.Fatal(err)
		}
		if name == zmtp.CmdStreams {
			some, err := zmtp.ParseStreams(data)
			if err != nil {
				t.Fatal(err)
			}
			gotStats = append(gotStats, some...)
			continue
		}
		some, err := zmtp.ParseBye(data)
		if err != nil {
			t.Fatal(err)
		}
		gotEnds = append(gotEnds, some...)
	}
	if !reflect.DeepEqual(gotStats, stats) || !reflect.DeepEqual(gotEnds, ends) || commands < 4 {
		t.Errorf("%d of %d streams and %d of %d ends in %d commands", len(gotStats), len(stats), len(gotEnds), len(ends), commands)
	}
}

func TestMessageVector(t *testing.T) {
	short := zmtp.AppendMessage(nil, "system", []byte(`{"i":1}`))
	if want := unhex(t, "01 06 73797374656d 00 07 7b2269223a317d"); !bytes.Equal(short, want) {
		t.Errorf("message is %x, want %x", short, want)
	}
	long := zmtp.AppendMessage(nil, "s", bytes.Repeat([]byte{'x'}, 256))
	if want := unhex(t, "01 01 73 02 0000000000000100"+strings.Repeat("78", 256)); !bytes.Equal(long, want) {
		t.Errorf("message is %x, want %x", long, want)
	}
	three := unhex(t, "01 01 73 01 01 78 00 02 7979")
	all := append(append(append([]byte(nil), short...), three...), long...)
	for _, want := range [][]byte{short, three, long} {
		size, numbers := zmtp.NextMessage(all)
		if size != len(want) || numbers != 1 {
			t.Errorf("NextMessage = %d, %d, want %d, 1", size, numbers, len(want))
		}
		all = all[len(want):]
	}
	for _, m := range [][]byte{short, three, long} {
		tok := one(t, m)
		name, body := zmtp.SplitMessage(m)
		if !bytes.Equal(name, tok.Name) || !bytes.Equal(body, tok.Body) || !bytes.Equal(tok.Raw, m) {
			t.Errorf("SplitMessage = %q, %q; the decoder has %q, %q", name, body, tok.Name, tok.Body)
		}
	}
}
