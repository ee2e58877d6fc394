package foreign

import (
	"errors"
	"os"
	"os/exec"
)

// Python is the interpreter that Debian's python3-zmq belongs to.
const Python = "/usr/bin/python3"

// JournalRemote makes a journal of what `journalctl -o export` writes.
const JournalRemote = "/lib/systemd/systemd-journal-remote"

// unpackaged is what Debian has no package of, or what a kernel may refuse: CI does
// without it.
var unpackaged = map[string]bool{"bunyan": true, "webtask-log-stream": true, "loghub": true, "network namespaces": true}

// things are all foreign things, by the name of Debian's package if there is
// one, and what finds each.
var things = map[string]func() error{
	// Messages with their true groups: files of lines, a group, a tab and a message.
	"loghub": func() error {
		_, err := os.Stat(os.Getenv("SLUICE_LOGHUB"))
		return err
	},
	"systemd":           all(program("systemd-analyze"), program("systemd-sysusers"), program("systemd-tmpfiles")),
	"prometheus":        program("promtool"),
	"dpkg":              program("dpkg-deb"),
	"strace":            succeeds("strace", "-f", "-o", "/dev/null", "true"),
	"python3-zmq":       succeeds(Python, "-c", "import zmq"),
	"python3-requests":  succeeds(Python, "-c", "import requests"),
	"node-eventsource":  all(program("node"), file("/usr/share/nodejs/eventsource/package.json")),
	"tmux":              program("tmux"),
	"bash-completion":   all(program("bash"), file("/usr/share/bash-completion/bash_completion")),
	"zsh":               program("zsh"),
	"fish":              program("fish"),
	"groff":             program("groff"),
	"lnav":              program("lnav"),
	"jq":                program("jq"),
	"nodejs":            program("node"),
	"zstd":              program("zstd"),
	"coreutils":         succeeds("tail", "--version"),
	"gzip":              program("gzip"),
	"curl":              program("curl"),
	"bsdutils":          program("logger"),
	"rsyslog":           file("/usr/sbin/rsyslogd"),
	"logrotate":         file("/usr/sbin/logrotate"),
	"chromium":          program("chromium"),
	"etcd-server":       program("etcd"),
	"bunyan":            program("bunyan"),
	"/proc":             file("/proc/self/status"),
	"/var/log/dpkg.log": file("/var/log/dpkg.log"),
	"a tmpfs":           tmpfs,

	"network namespaces": succeeds("unshare", "--user", "--map-root-user", "--net", "sh", "-c",
		"ip link add a0 type veth peer name a1 && nsenter --net=/proc/self/ns/net ip link set lo up"),

	// Of npm: `npm install webtask-log-stream`, and NODE_PATH.
	"webtask-log-stream": succeeds("node", "-e", "require('webtask-log-stream')"),

	"systemd-journal-remote": all(file(JournalRemote), program("journalctl")),
}

func program(name string) func() error {
	return func() error {
		_, err := exec.LookPath(name)
		return err
	}
}

func succeeds(name string, args ...string) func() error {
	return func() error { return exec.Command(name, args...).Run() }
}

// file finds a file that is not empty, as those of /proc look.
func file(path string) func() error {
	return func() error {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Read(make([]byte, 1))
		return err
	}
}

func all(finds ...func() error) func() error {
	return func() error {
		var errs []error
		for _, find := range finds {
			errs = append(errs, find())
		}
		return errors.Join(errs...)
	}
}

func tmpfs() error {
	return exec.Command("unshare", Unshare("sh", "-c", "mount -t tmpfs none /tmp")...).Run()
}

// Unshare returns unshare's arguments for a command that may mount a tmpfs.
func Unshare(command ...string) []string {
	args := []string{"--mount"}
	if os.Geteuid() != 0 {
		args = append(args, "--map-root-user")
	}
	return append(args, command...)
}
