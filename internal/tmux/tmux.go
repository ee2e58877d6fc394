// Package tmux runs programs in terminals that tmux emulates, presses keys in them, and reads
// what they show. It is for measures and pictures, and needs tmux.
package tmux

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// poll is how often a screen is looked at while something is awaited.
const poll = 15 * time.Millisecond

// A Terminal is one program in one terminal. It is not safe for concurrent use.
type Terminal struct {
	pace   time.Duration
	socket string // of a tmux server of its own
}

// A Program is what [Start] runs.
type Program struct {
	Args          []string
	Dir           string
	Env           []string // NAME=value, beside what this process has
	Width, Height int
	Pace          time.Duration // after each key; 0 presses them at once
}

// Start runs a program in a terminal of its own. Close ends both.
func Start(p Program) (*Terminal, error) {
	t := &Terminal{socket: fmt.Sprintf("sluice-%d-%d", os.Getpid(), time.Now().UnixNano()), pace: p.Pace}
	args := []string{"-u", "-f", "/dev/null", "new-session", "-d", "-x", strconv.Itoa(p.Width), "-y", strconv.Itoa(p.Height)}
	if p.Dir != "" {
		args = append(args, "-c", p.Dir)
	}
	args = append(append(args, "env", "TERM=tmux-256color", "COLORTERM=truecolor"), p.Env...)
	_, err := t.run(append(args, p.Args...)...)
	return t, err
}

// Close ends the terminal, and the program in it.
func (t *Terminal) Close() { _, _ = t.run("kill-server") }

// Press presses keys one after the other: tmux's names of keys, such as Enter, Up and C-b, or
// one character each.
func (t *Terminal) Press(keys ...string) error {
	if t.pace == 0 {
		_, err := t.run(append([]string{"send-keys"}, keys...)...)
		return err
	}
	for _, k := range keys {
		if _, err := t.run("send-keys", k); err != nil {
			return err
		}
		time.Sleep(t.pace)
	}
	return nil
}

// Type presses the key of each character of a text.
func (t *Terminal) Type(text string) error {
	if t.pace == 0 {
		_, err := t.run("send-keys", "-l", text)
		return err
	}
	for _, r := range text {
		key := string(r)
		if key == ";" { // tmux would take it for the end of its command
			key = `\;`
		}
		if _, err := t.run("send-keys", "-l", key); err != nil {
			return err
		}
		time.Sleep(t.pace)
	}
	return nil
}

// Text is what the terminal shows, a line a row.
func (t *Terminal) Text() (string, error) { return t.run("capture-pane", "-p") }

// Styled is [Terminal.Text] with escape sequences for colours, as wide as the terminal.
func (t *Terminal) Styled() (string, error) { return t.run("capture-pane", "-e", "-N", "-p") }

// Wait waits until the terminal shows what a regular expression matches (in Go's syntax; ^ and
// $ are of a row), and returns the error of the context, with the screen, when it ends before.
func (t *Terminal) Wait(ctx context.Context, expression string) error {
	want, err := regexp.Compile("(?m)" + expression)
	if err != nil {
		return err
	}
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		text, err := t.Text()
		if err != nil {
			return err
		}
		if want.MatchString(text) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %q: %w; the terminal shows:\n%s", expression, ctx.Err(), text)
		case <-tick.C:
		}
	}
}

func (t *Terminal) run(args ...string) (string, error) {
	out, err := exec.Command("tmux", append([]string{"-L", t.socket}, args...)...).Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("tmux %s: %s", args[0], strings.TrimSpace(string(e.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("run tmux (apt-get install tmux): %w", err)
	}
	return string(out), nil
}

// Resize makes the terminal another size.
func (t *Terminal) Resize(width, height int) error {
	_, err := t.run("resize-window", "-x", strconv.Itoa(width), "-y", strconv.Itoa(height))
	return err
}
