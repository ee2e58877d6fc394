package command_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/archive/consume"
	"sluice/archive/consume/command"
	"sluice/cluster/loss"
)

func batch(records ...string) *consume.Batch {
	b := &consume.Batch{Group: "g", Consolidator: "vm-1", Stream: "tenant/a b", Epoch: 7, First: 40, Attempt: 2, Redelivered: true}
	for _, r := range records {
		b.Records = append(b.Records, []byte(r))
	}
	return b
}

func TestCommandGetsRecordsAsLinesAndKnowsItsBatch(t *testing.T) {
	var out, errs bytes.Buffer
	c := command.Command{Text: `echo "$SLUICE_GROUP|$SLUICE_STREAM|$SLUICE_CONSOLIDATOR|$SLUICE_BATCH|$SLUICE_FIRST|$SLUICE_RECORDS|$SLUICE_ATTEMPT|$SLUICE_REDELIVERED"; cat`, Stdout: &out, Stderr: &errs}
	if err := c.Handle(t.Context(), batch(`{"a":1}`, "{\n\"b\":\n2}")); err != nil {
		t.Fatal(err)
	}
	want := "g|tenant/a b|vm-1|vm-1/0000000000000007/40+2|40|2|2|1\n{\"a\":1}\n{ \"b\": 2}\n"
	if out.String() != want {
		t.Errorf("it got %q, want %q", out.String(), want)
	}
}

func TestCommandFailsWithTheLastLineOfItsErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"echo one >&2; echo 'no such index' >&2; exit 3", "exit status 3: no such index"},
		{"exit 1", "exit status 1"},
		{"kill -9 $$", "signal: killed"},
	} {
		var out, errs bytes.Buffer
		err := (&command.Command{Text: c.text, Stdout: &out, Stderr: &errs}).Handle(t.Context(), batch("x"))
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
}

func TestCommandThatDoesNotReadIsDoneWhenItSaysSo(t *testing.T) {
	var out, errs bytes.Buffer
	c := command.Command{Text: "exit 0", Stdout: &out, Stderr: &errs}
	if err := c.Handle(t.Context(), batch(strings.Repeat("x", 1<<20))); err != nil {
		t.Error(err)
	}
}

func TestCommandEndsWithItsContextAndWhatItStarted(t *testing.T) {
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c := command.Command{Text: "trap '' TERM; sleep 100 & wait; sleep 100", Stdout: &out, Stderr: &errs}
	if err := c.Handle(ctx, batch("x")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestLossesAreToldAndNotAmongTheRecords(t *testing.T) {
	var out, errs bytes.Buffer
	var told []string
	tell := func(text string) { told = append(told, text) }
	b := &consume.Batch{Stream: "system", Loss: &loss.Loss{Stream: "system", Hop: "archive", Count: 3, Reason: "expired"}}
	handlers := []func(context.Context, *consume.Batch) error{
		(&command.Command{Text: "echo ran", Stdout: &out, Stderr: &errs, Told: tell}).Handle,
		(&command.Lines{To: &out, Told: tell}).Handle,
	}
	for _, h := range handlers {
		if err := h(t.Context(), b); err != nil {
			t.Error(err)
		}
	}
	if len(told) != 2 || !strings.Contains(told[0], "3 records of system lost") || out.Len() > 0 {
		t.Errorf("told %q, written %q", told, out.String())
	}
}
