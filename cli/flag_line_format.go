package cli

import (
	"errors"
	"slices"

	"sluice/headless/shipper"
)

// lineFormat is what the lines of files are, as a flag.
type lineFormat shipper.Format

// lineFormats are the words for shipper's formats, in their order.
var lineFormats = []string{shipper.Plain: "plain", shipper.Auto: "auto", shipper.CRI: "cri", shipper.Docker: "docker"}

func (f *lineFormat) Set(text string) error {
	i := slices.Index(lineFormats, text)
	if i < 0 {
		return errors.New("write auto, plain, cri or docker")
	}
	*f = lineFormat(i)
	return nil
}

func (f *lineFormat) String() string { return lineFormats[*f] }

func (f *lineFormat) Type() string { return "string" }
