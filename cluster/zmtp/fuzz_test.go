package zmtp_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/cluster/zmtp"
)

// A greeting is taken or refused, and its beginning never refused when the
// whole is taken.
func FuzzGreeting(f *testing.F) {
	f.Add(zmtp.AppendGreeting(nil))
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		g := make([]byte, zmtp.GreetingSize)
		copy(g, b)
		v, err := zmtp.ParseGreeting(g)
		refused := false
		for n := range len(g) + 1 {
			early := zmtp.CheckGreeting(g[:n])
			if early == nil && refused {
				t.Errorf("refused, and taken again with %d bytes", n)
			}
			refused = early != nil
		}
		if refused != (err != nil) {
			t.Errorf("the whole: %v, bit by bit: refused %v", err, refused)
		}
		if err == nil && (v.Major < 3 || !bytes.Equal(g[12:16], []byte("NULL"))) {
			t.Errorf("version %v, mechanism %q is taken", v, g[12:32])
		}
	})
}

// What is read of a READY, written again, is read as the same.
func FuzzReady(f *testing.F) {
	for _, props := range [][][2]string{
		{{"Socket-Type", "SUB"}, {"X-Sluice", "1"}},
		{{"a", ""}, {"A", "2"}},
	} {
		_, data, _ := zmtp.SplitCommand(zmtp.AppendReady(nil, props)[2:])
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		props, err := zmtp.ParseReady(data)
		if err != nil {
			return
		}
		if len(props) > zmtp.MaxProperties {
			t.Errorf("%d properties", len(props))
		}
		var pairs [][2]string
		for _, k := range slices.Sorted(maps.Keys(props)) {
			pairs = append(pairs, [2]string{k, props[k]})
		}
		b := zmtp.AppendReady(nil, pairs)
		if len(b) > zmtp.MaxCommand {
			return
		}
		name, data, err := zmtp.SplitCommand(one(t, b).Body)
		if err != nil || name != "READY" {
			t.Fatalf("%q, %v", name, err)
		}
		again, err := zmtp.ParseReady(data)
		if err != nil || !reflect.DeepEqual(again, props) {
			t.Errorf("%v became %v, %v", props, again, err)
		}
	})
}

// rewrite reads a command's data, and writes it again.
var rewrite = map[string][]func(data []byte) ([]byte, error){
	zmtp.CmdTail: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseTail(d)
		return zmtp.AppendTail(nil, v), err
	}},
	zmtp.CmdStop: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseName(d)
		return zmtp.AppendStop(nil, v), err
	}},
	zmtp.CmdLive: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseName(d)
		return zmtp.AppendLive(nil, v), err
	}},
	zmtp.CmdMark: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseMark(d)
		return zmtp.AppendMark(nil, v), err
	}},
	zmtp.CmdStreams: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseWatch(d)
		return zmtp.AppendWatch(nil, v), err
	}, func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseStreams(d)
		return zmtp.AppendStreams(nil, v), err
	}},
	zmtp.CmdBye: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseBye(d)
		return zmtp.AppendBye(nil, v), err
	}},
	zmtp.CmdStill: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseStill(d)
		return zmtp.AppendStill(nil, v), err
	}},
	zmtp.CmdSkip: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseSkip(d)
		return zmtp.AppendSkip(nil, v), err
	}},
	zmtp.CmdAck: {func(d []byte) ([]byte, error) {
		v, err := zmtp.ParseAck(d)
		return zmtp.AppendAck(nil, v), err
	}},
}

// A command is refused, or it is written again byte for byte: there is one way
// to write each, and nothing of it is passed over.
func FuzzCommands(f *testing.F) {
	for _, c := range sluiceCommands {
		f.Add(one(f, c.frame).Body)
	}
	f.Add(one(f, zmtp.AppendPing(nil, 150)).Body)
	f.Add(one(f, zmtp.AppendError(nil, "no")).Body)
	f.Add(one(f, zmtp.AppendSubscription(nil, zmtp.Version{Major: 3, Minor: 1}, "tenant/", true)).Body)
	f.Fuzz(func(t *testing.T, body []byte) {
		name, data, err := zmtp.SplitCommand(body)
		if err != nil {
			return
		}
		whole := zmtp.AppendCommand(nil, name, data)
		for _, again := range rewrite[name] {
			b, err := again(data)
			// A list above 32 KiB may be written as several commands.
			if err == nil && len(data) < 32<<10 && !bytes.Equal(b, whole) {
				t.Errorf("%x became %x", whole, b)
			}
		}
		switch name {
		case zmtp.CmdPing:
			if pong, err := zmtp.AppendPong(nil, data); err == nil && !bytes.HasSuffix(pong, append([]byte("\x04PONG"), data[2:]...)) {
				t.Errorf("PING %x is answered with %x", data, pong)
			}
		case "ERROR":
			if reason := zmtp.ParseError(data); len(reason) > 255 {
				t.Errorf("a reason of %d bytes", len(reason))
			}
		}
	})
}

// expand makes long input of short: 0xee and n stand for n KiB.
func expand(b []byte) []byte {
	var long []byte
	for i := 0; i < len(b) && len(long) < 600<<10; i++ {
		if b[i] == 0xee && i+1 < len(b) {
			i++
			long = append(long, make([]byte, int(b[i])<<10)...)
			continue
		}
		long = append(long, b[i])
	}
	return long
}

// However the bytes are cut, a decoder finds in them what it finds in the
// whole, and needs to keep no more than a message.
func FuzzDecoder(f *testing.F) {
	f.Add(join(name, small, ping), uint64(1))
	f.Add(join(name, ping, small, name, small, pong, frame(1, nil), ping, ping, small), uint64(6))
	f.Add(join(name, frame(1, []byte("r")), small, ping, name), uint64(2))
	f.Add(join(name, announced(1, 260<<10), []byte{0xee, 255, 0xee, 5}, small, ping), uint64(3))
	f.Add(join(name, announced(0, 200<<10), []byte{0xee, 200}, name, announced(0, 1<<63), []byte{0xee, 255}), uint64(4))
	f.Add(join(bytes.Repeat(frame(1, nil), 500), small, []byte{0x80, 0}), uint64(5))
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		b = expand(b)
		want, wantErr := decode(t, b, func(rest int) int { return rest })
		rnd := rand.New(rand.NewPCG(seed, 0))
		got, err := decode(t, b, func(int) int {
			if rnd.IntN(4) == 0 {
				return 1 + rnd.IntN(100<<10)
			}
			return 1 + rnd.IntN(len(b)/16+16)
		})
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			t.Errorf("cut: found\n%.400s\nwhole:\n%.400s", g, w)
		}
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Errorf("cut: %v; whole: %v", err, wantErr)
		}
	})
}
