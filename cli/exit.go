package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"sluice/cluster/record"
	"sluice/cluster/rescue"
	"sluice/cluster/version"
	"sluice/headless"
	"sluice/headless/shipper"
	"sluice/tui"
)

// The exit codes.
const (
	exitDone         = 0   // as asked
	exitFailed       = 1   // or --for ran out before --count or --until was met
	exitUsage        = 2   // wrong usage
	exitNotConnected = 3   // no source was ever connected, or those that were are lost
	exitInterrupted  = 130 // tail, by a signal
)

// errInterrupted ends a reading command that a signal ended. Nothing is
// printed: the sender of the signal knows.
var errInterrupted = errors.New("interrupted")

// outcome is how the command that ran ended.
type outcome struct{ err error }

// run makes a cobra function of a command's.
func (o *outcome) run(command func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		o.err = command(c.Context(), args)
		var usage *usageError
		if errors.As(o.err, &usage) {
			o.err = helpHint(c, o.err)
		}
		return nil
	}
}

// usageError is what the user has to put right on the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
}

// startError separates the two reasons why a server cannot be made: what was asked
// for is impossible, which is wrong usage, or the machine did not give it.
func startError(err error) error {
	var refused syscall.Errno
	var network *net.OpError
	if errors.As(err, &refused) || errors.As(err, &network) {
		return err
	}
	return &usageError{err}
}

// helpHint adds where to read how the command is used.
func helpHint(c *cobra.Command, err error) error {
	return &usageError{fmt.Errorf("%w: run \"%s --help\"", err, c.CommandPath())}
}

// exitCode is the exit code for how a command ended.
func exitCode(err error) int {
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, headless.ErrNotConnected), errors.Is(err, shipper.ErrNotConnected):
		return exitNotConnected
	case errors.Is(err, errInterrupted), errors.Is(err, tui.ErrInterrupted):
		return exitInterrupted
	}
	return exitFailed
}

// Report writes to w why a command ended, nothing if err is nil, and returns the
// exit code for it.
func Report(w io.Writer, err error) int {
	if err != nil {
		printError(w, err)
	}
	return exitCode(err)
}

// printError writes an error as one line, as it is, or as a line each if several
// were joined; below one that is a fault of Sluice itself, what is needed to find
// it.
func printError(w io.Writer, err error) {
	if errors.Is(err, errInterrupted) || errors.Is(err, tui.ErrInterrupted) {
		return
	}
	for _, e := range joined(err) {
		fmt.Fprintf(w, "sluice: %s\n", record.Safe(e.Error()))
	}
	var fault *rescue.Error
	if !errors.As(err, &fault) {
		return
	}
	for line := range strings.Lines(string(fault.Stack)) {
		line = strings.TrimRight(line, "\n")
		text := strings.TrimLeft(line, "\t")
		fmt.Fprintf(w, "%s%s\n", strings.Repeat("\t", len(line)-len(text)), record.Safe(text))
	}
	fmt.Fprintf(w, "sluice: that is a fault of sluice %s: please report it with the lines above\n", version.Get())
}

// joined is the errors that errors.Join has made one of.
func joined(err error) []error {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	var texts []string
	for _, e := range several.Unwrap() {
		all = append(all, joined(e)...)
		texts = append(texts, e.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []error{err} // it has words of its own
	}
	return all
}
