package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sluice/archive/consume"
)

// Command is run for each batch.
type Command struct {
	Text   string // as sh -c takes it
	Stdout io.Writer
	Stderr io.Writer
	Told   func(text string) // of losses

	lines []byte
}

// killAfter is how long a command has to end after it was told to.
const killAfter = 500 * time.Millisecond

// Handle runs the command. It is a consume.Config's Handle.
func (c *Command) Handle(ctx context.Context, b *consume.Batch) error {
	if b.Loss != nil {
		c.Told(b.Loss.Text())
		return nil
	}
	c.lines = appendLines(c.lines[:0], b.Records)
	last := &lastLine{to: c.Stderr}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", c.Text)
	cmd.Env = append(os.Environ(), Environment(b)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.lines), c.Stdout, last
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 2 * killAfter
	ended := make(chan struct{})
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		go func() {
			select {
			case <-time.After(killAfter):
				_ = syscall.Kill(group, syscall.SIGKILL)
			case <-ended:
			}
		}()
		return syscall.Kill(group, syscall.SIGTERM)
	}
	err := cmd.Run()
	close(ended)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what its shell has left
		return ctx.Err()
	case errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success():
		return nil // something that it has left behind holds its output open
	}
	if text := last.text(); text != "" {
		return fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// Environment is what a command is told of its batch:
//
//	SLUICE_GROUP, SLUICE_STREAM, SLUICE_CONSOLIDATOR
//	SLUICE_BATCH        the same for the same records, whenever they come
//	SLUICE_EPOCH, SLUICE_FIRST, SLUICE_RECORDS
//	SLUICE_ATTEMPT      from 1; of a single record that failed before, more
//	SLUICE_REDELIVERED  1 if another worker may have done it, else 0
func Environment(b *consume.Batch) []string {
	again := "0"
	if b.Redelivered {
		again = "1"
	}
	return []string{
		"SLUICE_GROUP=" + b.Group, "SLUICE_STREAM=" + b.Stream, "SLUICE_CONSOLIDATOR=" + b.Consolidator,
		"SLUICE_BATCH=" + b.ID(), fmt.Sprintf("SLUICE_EPOCH=%016x", b.Epoch),
		"SLUICE_FIRST=" + strconv.FormatUint(b.First, 10), "SLUICE_RECORDS=" + strconv.Itoa(len(b.Records)),
		"SLUICE_ATTEMPT=" + strconv.Itoa(b.Attempt), "SLUICE_REDELIVERED=" + again,
	}
}

func appendLines(dst []byte, records [][]byte) []byte {
	for _, r := range records {
		from := len(dst)
		dst = append(append(dst, r...), '\n')
		for line := dst[from : len(dst)-1]; ; {
			i := bytes.IndexByte(line, '\n')
			if i < 0 {
				break
			}
			line[i] = ' '
			line = line[i+1:]
		}
	}
	return dst
}

// lastLine hands on what is written, and keeps the end of it.
type lastLine struct {
	to  io.Writer
	end []byte
}

// maxLine is how much of a line is kept, in bytes.
const maxLine = 400

func (l *lastLine) Write(p []byte) (int, error) {
	l.end = append(l.end, p[max(0, len(p)-2*maxLine):]...)
	l.end = l.end[max(0, len(l.end)-2*maxLine):]
	return l.to.Write(p)
}

// text is the last line that has something in it.
func (l *lastLine) text() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(l.end), "?"))
	text = text[strings.LastIndexByte(text, '\n')+1:]
	return text[max(0, len(text)-maxLine):]
}
