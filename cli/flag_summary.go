package cli

import (
	"errors"
	"io"
	"os"
)

// summaryFormat is a flag's value: how a summary is written at the end.
type summaryFormat string

const summaryText summaryFormat = "text"

func (f *summaryFormat) Set(text string) error {
	switch text {
	case "text", "json", "none":
		*f = summaryFormat(text)
		return nil
	}
	return errors.New("want text, json or none")
}

func (f *summaryFormat) String() string { return string(*f) }

func (f *summaryFormat) Type() string { return "string" }

// summary is what became of what a command did.
type summary interface {
	WriteText(w io.Writer) error
	WriteJSON(w io.Writer) error
}

// write writes a summary to standard error. One that cannot be written is no
// failure of the command.
func (f summaryFormat) write(s summary) {
	switch f {
	case "text":
		_ = s.WriteText(os.Stderr)
	case "json":
		_ = s.WriteJSON(os.Stderr)
	}
}
