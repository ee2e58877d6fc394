package collector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"sluice/headless/shipper"
)

// maxComplaint is how much of what journalctl complains about is kept, in bytes.
const maxComplaint = 4 << 10

// ask has journalctl follow the journal from the cursor on. It returns why that ended.
func (s *journalSource) ask(ctx context.Context, out *shipper.Feed, cursor *string) error {
	args := []string{"--output=export", "--follow", "--all", "--no-pager", "--quiet"}
	if s.Directory != "" {
		args = append(args, "--directory="+s.Directory)
	}
	switch {
	case *cursor != "":
		args = append(args, "--no-tail", "--cursor="+*cursor)
	case s.begin:
		args = append(args, "--lines=0")
	default:
		args = append(args, "--no-tail")
	}
	// It is killed when ctx ends, and by the system when this process does.
	c := exec.CommandContext(ctx, "journalctl", args...)
	c.WaitDelay = time.Second
	dieWithParent(c)
	var complaint complaints
	c.Stderr = &complaint
	in, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("there is no journalctl on the PATH: install systemd, or name a file with --journal-input")
		}
		return err
	}
	err = s.entries(ctx, in, out, cursor)
	_ = c.Cancel()
	waited := c.Wait()
	var ended *publishError
	switch {
	case errors.As(err, &ended), ctx.Err() != nil:
		return err
	case complaint.Len() > 0:
		return fmt.Errorf("journalctl: %s", strings.Join(strings.Fields(complaint.String()), " "))
	case errors.Is(err, io.EOF) && waited != nil:
		return fmt.Errorf("journalctl ended: %w", waited)
	case errors.Is(err, io.EOF):
		return errors.New("journalctl ended")
	}
	return err
}

// complaints keeps the beginning of what is written to it.
type complaints struct{ bytes.Buffer }

func (c *complaints) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), max(0, maxComplaint-c.Len()))])
	return len(p), nil
}
