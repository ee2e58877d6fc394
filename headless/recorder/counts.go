package recorder

// Counts are what became of the records of a stream, or of all. From the place
// where the reading of a stream began, what was published is
//
//	Records + Older + Filtered + Dropped + Unwritten
//
// exactly, as long as Unknown is 0.
type Counts struct {
	Records   uint64 `json:"records"`   // stand in the recording
	Older     uint64 `json:"older"`     // of streams that appeared, from before the recording, and no part of it
	Filtered  uint64 `json:"filtered"`  // were not let through by the filter
	Bytes     uint64 `json:"bytes"`     // of lines in the recording before they are compressed, those about losses included
	Gaps      uint64 `json:"gaps"`      // times that something was lost
	Dropped   uint64 `json:"dropped"`   // lost, as far as they could be counted
	Unknown   uint64 `json:"unknown"`   // gaps of which the number is not known, or not all of it
	Unwritten uint64 `json:"unwritten"` // arrived, but could not be written
}

func (c *Counts) add(o *Counts) {
	c.Records += o.Records
	c.Older += o.Older
	c.Filtered += o.Filtered
	c.Bytes += o.Bytes
	c.Gaps += o.Gaps
	c.Dropped += o.Dropped
	c.Unknown += o.Unknown
	c.Unwritten += o.Unwritten
}
