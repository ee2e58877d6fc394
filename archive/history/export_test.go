package history

import "sluice/cluster/stream"

// Rejoined is what is told before the first live record of a consolidator of which only the
// position was known when the tail, whose history is over, had a gap read out of the archive.
// The source is not running.
func (s *Source) Rejoined(name string, rec *stream.Record) []stream.Notice {
	t := s.tails[name]
	s.join([]*tail{t})
	position := stream.Notice{Kind: stream.KindPosition, Stream: name, Source: rec.Source, Position: rec.Position}
	heard := router{s: s, copies: true}
	heard.notice(&position)
	s.join([]*tail{t})
	r := router{s: s, copies: true}
	r.run(t, []stream.Record{*rec})
	return r.notices
}
