package command

import (
	"context"
	"io"

	"sluice/archive/consume"
)

// Lines writes records, a line each.
type Lines struct {
	To     io.Writer
	Told   func(text string) // of losses
	Failed func(error)       // called once it cannot write: it is to end the worker

	lines []byte
}

// Handle writes a batch. It is a consume.Config's Handle.
func (l *Lines) Handle(ctx context.Context, b *consume.Batch) error {
	if b.Loss != nil {
		l.Told(b.Loss.Text())
		return nil
	}
	l.lines = appendLines(l.lines[:0], b.Records)
	if _, err := l.To.Write(l.lines); err != nil {
		l.Failed(err)
		<-ctx.Done() // so that the batch is given back, and not put aside
		return err
	}
	return nil
}
