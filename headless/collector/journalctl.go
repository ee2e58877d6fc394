package collector

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"sluice/headless/shipper"
	"sluice/headless/unpack"
)

// maxComplaint is how much of what journalctl complains about is kept, in bytes.
const maxComplaint = 4 << 10

// journalctl is a command of journalctl that is killed when ctx ends, and by the
// system when this process does.
func (s *journalSource) journalctl(ctx context.Context, args ...string) *exec.Cmd {
	args = append([]string{"--output=export", "--all", "--no-pager", "--quiet"}, args...)
	if s.Directory != "" {
		args = append(args, "--directory="+s.Directory)
	}
	c := exec.CommandContext(ctx, "journalctl", args...)
	c.WaitDelay = time.Second
	dieWithParent(c)
	return c
}

// last moves the cursor to the last entry that there is.
func (s *journalSource) last(ctx context.Context, out *shipper.Feed, cursor *string) error {
	var complaint complaints
	c := s.journalctl(ctx, "--lines=1")
	c.Stderr = &complaint
	export, err := c.Output()
	if err != nil {
		return complaint.of(started(err))
	}
	line, err := bufio.NewReader(unpack.NewJournal(bytes.NewReader(export))).ReadBytes('\n')
	if errors.Is(err, io.EOF) {
		return nil // there is none: all that comes is new
	}
	if err == nil {
		*cursor = text(line[:len(line)-1], "__CURSOR")
		out.Mark(s.label(), *cursor)
	}
	return err
}

// started is the error of a command, with what to do if there is none.
func started(err error) error {
	if errors.Is(err, exec.ErrNotFound) {
		return errors.New("there is no journalctl on the PATH: install systemd, or name a file with --journal-input")
	}
	return err
}

// ask has journalctl follow the journal from the cursor on. It returns why that ended.
func (s *journalSource) ask(ctx context.Context, out *shipper.Feed, cursor *string) error {
	if s.begin && *cursor == "" {
		if err := s.last(ctx, out, cursor); err != nil {
			return err
		}
	}
	s.begin = false
	args := []string{"--follow", "--no-tail"}
	if *cursor != "" {
		args = append(args, "--cursor="+*cursor)
	}
	c := s.journalctl(ctx, args...)
	var complaint complaints
	c.Stderr = &complaint
	in, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return started(err)
	}
	err = s.entries(ctx, in, out, cursor)
	_ = c.Cancel()
	waited := c.Wait()
	var ended *publishError
	switch {
	case errors.As(err, &ended), ctx.Err() != nil:
		return err
	case errors.Is(err, io.EOF) && waited != nil:
		err = fmt.Errorf("journalctl ended: %w", waited)
	case errors.Is(err, io.EOF):
		err = errors.New("journalctl ended")
	}
	return complaint.of(err)
}

// complaints keeps the beginning of what is written to it.
type complaints struct{ bytes.Buffer }

func (c *complaints) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), max(0, maxComplaint-c.Len()))])
	return len(p), nil
}

// of is why a command failed: what it complained about, or else err.
func (c *complaints) of(err error) error {
	if c.Len() == 0 {
		return err
	}
	return fmt.Errorf("journalctl: %s", strings.Join(strings.Fields(c.String()), " "))
}
