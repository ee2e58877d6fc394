package collector_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluice/consolidator"
	"sluice/headless/collector"
	"sluice/internal/foreign"
	"sluice/internal/testcluster"
	"sluice/internal/wait"
)

// syslogs reads rules for syslog.
func syslogs(t testing.TB, rules ...string) (all []collector.Syslog) {
	t.Helper()
	for _, rule := range rules {
		s, err := collector.ParseSyslog(rule)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// listening runs a collector of syslog, and returns where it listens.
func listening(t testing.TB, to string, cfg collector.Config, rules ...string) (r *running, at []string) {
	t.Helper()
	cfg.Syslog = syslogs(t, rules...)
	r = collect(t, to, cfg)
	wait.For(t, "listening", func() bool { at = r.SyslogAddrs(); return !slices.Contains(at, "") })
	return r, at
}

func send(t testing.TB, network, at string, messages ...string) {
	t.Helper()
	conn, err := net.Dial(network, at)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, m := range messages {
		if _, err := conn.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSyslog(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	r, on := listening(t, to, collector.Config{MaxStreams: 3}, "udp://127.0.0.1:0=system/{app}", "tcp://127.0.0.1:0=net/{host}/{facility}")
	send(t, "udp", on[0], "<11>1 2026-01-01T00:00:00Z h app 7 - - one")
	r.acknowledged(1)
	send(t, "udp", on[0], "<13>Oct 11 22:14:15 h ../x[7]: two", "<13>sshd: three", "<13>four: other", "no header")
	send(t, "tcp", on[1], "<34>Oct 11 22:14:15 h su: a\n<34>Oct 11 22:14:15 h su: b\n", "35 <35>Oct 11 22:14:15 h/i su: c\nand d<13>last, without an end")
	r.acknowledged(9)
	if got := stands(t, at, "system/app", 1)[0]; got.Msg != "one" || got.Name != "app" || got.PID != 7 || got.Level != 50 || got.Hostname != "h" {
		t.Errorf("%+v", got)
	}
	for stream, want := range map[string][]string{
		"system/..%2Fx": {"two"}, "system/sshd": {"three"}, "system/-": {"other", "no header"},
		"net/h/auth": {"a", "b"}, "net/h%2Fi/auth": {"c\nand d"}, "net/-/user": {"last, without an end"},
	} {
		if got := messages(t, at, stream, len(want)); !slices.Equal(got, want) {
			t.Errorf("%s: %q, expected %q", stream, got, want)
		}
	}
	r.said("names more than 3 streams")
	idle, err := net.Dial("tcp", on[1]) // holds up no end
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	r.end()
}

// What did not come whole is said, in the stream and at the end.
func TestSyslogCutShort(t *testing.T) {
	t.Parallel()
	to, at := pump(t)
	r, on := listening(t, to, collector.Config{}, "tcp://127.0.0.1:0=system/{app}")
	send(t, "tcp", on[0], "100 <13>app: half")
	r.acknowledged(2)
	if s, err := r.stop(); err == nil || s.Dropped != 1 {
		t.Errorf("%+v: %v", s, err)
	}
	if got := stands(t, at, "system/app", 1)[0]; got.Msg != "half" || field(got, "cut") != "87" {
		t.Errorf("%+v", got)
	}
	if got := messages(t, at, "system/-", 1)[0]; !strings.Contains(got, "ended within a message") {
		t.Errorf("%q", got)
	}
}

// A port that is taken is said, and listened on when it is free.
func TestSyslogPortTaken(t *testing.T) {
	t.Parallel()
	to, _ := pump(t)
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := taken.LocalAddr().String()
	r := collect(t, to, collector.Config{Syslog: syslogs(t, "udp://"+address+"=system/{app}")})
	r.said("address already in use: trying again")
	taken.Close()
	wait.For(t, "listening", func() bool { return r.SyslogAddrs()[0] == address })
	send(t, "udp", address, "<13>app: one")
	r.acknowledged(1)
	r.end()
}

// Datagrams that the system drops since nobody reads them are counted, and said.
func TestSyslogDrops(t *testing.T) {
	t.Parallel()
	to := "ipc://" + filepath.Join(t.TempDir(), "p")
	r, on := listening(t, to, collector.Config{}, "udp://127.0.0.1:0=system/{app}")
	large := "<13>app: " + strings.Repeat("x", 60000)
	const sent = 300 // more than the client's buffer and the socket's hold
	for range sent {
		send(t, "udp", on[0], large)
	}
	c, _ := testcluster.Consolidator(t, consolidator.Config{Publish: []string{to}})
	at := c.SubscribeAddrs()[0]
	wait.For(t, "all is read or dropped", func() bool {
		taken, dropped := collector.Messages(r.Collector)
		return taken+dropped == sent
	})
	s, err := r.stop()
	if err == nil || s.Dropped == 0 || s.Records-s.Notices+s.Dropped != sent {
		t.Errorf("%d were sent: %+v: %v", sent, s, err)
	}
	if got := messages(t, at, "system/-", 1)[0]; !strings.Contains(got, "were dropped by the system") {
		t.Errorf("%q", got)
	}
}

func TestParseSyslogRefuses(t *testing.T) {
	for text, why := range map[string]string{
		"": "write udp://", "udp://127.0.0.1:1": "write udp://", "unix:///x=y": "write udp://", "udp://127.0.0.1:1={pod}": "nothing fills the hole {pod}", "udp://127.0.0.1:1={": "hole",
	} {
		if _, err := collector.ParseSyslog(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, expected something about %q", text, err, why)
		}
	}
}

// The system's own program sends what is read, in each of its forms.
func TestLogger(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "bsdutils")
	to, at := pump(t)
	r, on := listening(t, to, collector.Config{}, "udp://127.0.0.1:0=system/{app}", "tcp://127.0.0.1:0=system/{app}")
	n := 0
	for i, network := range []string{"--udp", "--tcp"} {
		host, port, _ := net.SplitHostPort(on[i])
		for _, form := range [][]string{
			{"--rfc3164"},
			{"--rfc5424"},
			{"--rfc5424", "--octet-count", "--msgid", "ID", "--sd-id", "zoo@123", "--sd-param", `tiger="hungry"`},
			{"--rfc5424=notime,nohost"},
		} {
			if network == "--udp" && slices.Contains(form, "--octet-count") {
				continue
			}
			args := append([]string{network, "--server", host, "--port", port, "-t", "tester", "-p", "local3.warning", "--id=42"}, form...)
			if out, err := exec.Command("logger", append(args, fmt.Sprint("message ", n))...).CombinedOutput(); err != nil {
				t.Fatalf("logger %q: %v: %s", args, err, out)
			}
			n++
			r.acknowledged(n)
		}
	}
	for i, got := range stands(t, at, "system/tester", n) {
		if got.Msg != fmt.Sprint("message ", i) || got.Name != "tester" || got.PID != 42 || got.Level != 40 || field(got, "facility") != `"local3"` {
			t.Errorf("%+v", got)
		}
		if id := field(got, "msgid"); id != "" && field(got, "zoo@123") != `{"tiger":"hungry"}` {
			t.Errorf("%+v", got)
		}
	}
	r.end()
}

// rsyslog forwards by UDP, and by TCP in both framings, in each of its templates.
func TestRsyslog(t *testing.T) {
	t.Parallel()
	foreign.Need(t, "rsyslog", "bsdutils")
	to, at := pump(t)
	r, on := listening(t, to, collector.Config{}, "udp://127.0.0.1:0=udp/{app}", "tcp://127.0.0.1:0=tcp/{app}")
	dir := t.TempDir()
	udp, tcp := portOf(on[0]), portOf(on[1])
	config := fmt.Sprintf(`
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="%[1]s/log" CreatePath="off")
global(workDirectory="%[1]s" maxMessageSize="64k")
action(type="omfwd" target="127.0.0.1" port="%[2]s" protocol="udp" template="RSYSLOG_ForwardFormat")
action(type="omfwd" target="127.0.0.1" port="%[3]s" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format" TCP_Framing="octet-counted")
action(type="omfwd" target="127.0.0.1" port="%[3]s" protocol="tcp" template="RSYSLOG_TraditionalForwardFormat")
`, dir, udp, tcp)
	path := filepath.Join(dir, "rsyslog.conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	daemon := exec.Command("/usr/sbin/rsyslogd", "-n", "-f", path, "-i", filepath.Join(dir, "pid"))
	daemon.Stderr = &said
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = daemon.Process.Kill(); _ = daemon.Wait() }()
	wait.For(t, "the socket of rsyslog", func() bool { _, err := os.Stat(filepath.Join(dir, "log")); return err == nil })
	long := strings.Repeat("0123456789", 1000)
	texts := []string{"plain", `{"msg":"inner","level":"error"}`, "ünïcödé", long}
	for i, text := range texts {
		if out, err := exec.Command("logger", "-u", filepath.Join(dir, "log"), "-t", "tester", "-p", "daemon.err", "--size", "20000", text).CombinedOutput(); err != nil {
			t.Fatalf("logger: %v: %s", err, out)
		}
		r.acknowledged(3 * (i + 1))
	}
	texts[1] = "inner"
	if got := messages(t, at, "udp/tester", 4); !slices.Equal(got, texts) {
		t.Errorf("by UDP: %.100q", got)
	}
	got := messages(t, at, "tcp/tester", 8)
	slices.Sort(got)
	want := append(slices.Clone(texts), texts...)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("by TCP: %.100q; rsyslog says %s", got, said.String())
	}
	for _, rec := range stands(t, at, "tcp/tester", 8) {
		if rec.Level != 50 || field(rec, "facility") != `"daemon"` || rec.Time.IsZero() {
			t.Errorf("%+v", rec)
		}
	}
	r.end()
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}
