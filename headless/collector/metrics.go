package collector

import "sluice/cluster/admin"

const namespace admin.Namespace = "sluice_collector"

// All of them stand in docs/collecting.md, which a test holds.
var (
	descConnected = namespace.Desc("connected", "1 while a consolidator is connected.")
	descLines     = namespace.Desc("lines_total", "Lines and messages that were read.")
	descBytes     = namespace.Desc("bytes_total", "Bytes of them.")
	descRecords   = namespace.Desc("records_total", "Records, by what became of them.", "outcome")
	descRepeated  = namespace.Desc("records_repeated_total", "Of the acknowledged records, those that were sent more than once: they may be there twice.")
	descWaiting   = namespace.Desc("records_waiting", "Records that are not acknowledged yet.")

	descFollowed  = namespace.Desc("files", "Names of files that are followed.")
	descOpen      = namespace.Desc("files_open", "Files that are open.")
	descForRoom   = namespace.Desc("files_waiting", "Files that are not open since as many are as may be.")
	descBehind    = namespace.Desc("behind_bytes", "Bytes of open files that are not read yet.")
	descRotations = namespace.Desc("rotations_total", "Rotations that were followed.")

	descMessages = namespace.Desc("messages_total", "Messages that a source took.", "source")
	descDropped  = namespace.Desc("messages_dropped_total", "Messages that are known not to have been taken, or not whole.", "source")
	descCut      = namespace.Desc("messages_cut_total", "Messages of which a part was left out, since they were too large.", "source")
	descBeyond   = namespace.Desc("messages_without_stream_total", "Messages that went to the stream without values, since there were too many others, or theirs had no possible name.", "source")
	descRefused  = namespace.Desc("connections_refused_total", "Connections that were closed at once, since there were too many.", "source")

	descAgain = namespace.Desc("exports_told_to_wait_total", "Exports of OpenTelemetry whose exporter was told to come again.")
	descBad   = namespace.Desc("exports_unreadable_total", "Exports of OpenTelemetry that could not be read.")

	descMissing = namespace.Desc("missing_total", "What is missing, or may be: files, bytes, messages or times, by what happened.", "reason")
)

// figures are a Collector's as they are now.
func (c *Collector) figures(f admin.Figures) {
	now := c.ship.Now()
	connected := int64(0)
	if c.cfg.Client.Status().Connected {
		connected = 1
	}
	f.Gauge(descConnected, connected)
	f.Count(descLines, now.Lines)
	f.Count(descBytes, now.Bytes)
	f.Count(descRecords, now.Acknowledged, "acknowledged")
	f.Count(descRecords, now.Unacknowledged, "unacknowledged")
	f.Count(descRecords, now.Refused, "refused")
	f.Count(descRecords, now.Uncertain, "uncertain")
	f.Count(descRepeated, now.Repeated)
	f.Gauge(descWaiting, int64(now.Records-now.Acknowledged-now.Unacknowledged-now.Refused-now.Uncertain-now.Unsent))
	files := c.ship.Files()
	f.Gauge(descFollowed, int64(files.Names))
	f.Gauge(descOpen, int64(files.Open))
	f.Gauge(descForRoom, int64(files.Waiting))
	f.Gauge(descBehind, files.Behind)
	f.Count(descRotations, now.Rotations)
	if s := c.journal; s != nil {
		f.Count(descMessages, s.messages.Load(), s.label())
		f.Count(descCut, s.cut.Load(), s.label())
		f.Count(descBeyond, s.streams.beyond.Load(), s.label())
	}
	for _, s := range c.syslogs {
		f.Count(descMessages, s.messages.Load(), s.label())
		f.Count(descDropped, s.dropped.Load(), s.label())
		f.Count(descCut, s.cut.Load(), s.label())
		f.Count(descBeyond, s.streams.beyond.Load(), s.label())
		f.Count(descRefused, s.refused.Load(), s.label())
	}
	if s := c.otlp; s != nil {
		f.Count(descMessages, s.messages.Load(), s.label())
		f.Count(descDropped, s.refused.Load(), s.label())
		f.Count(descBeyond, s.streams.beyond.Load(), s.label())
		if e := s.exports.Load(); e != nil {
			f.Count(descAgain, e.Again.Load())
			f.Count(descBad, e.Bad.Load())
		}
	}
	f.Count(descMissing, now.Missed, "missed_files")
	f.Count(descMissing, now.LostBytes, "lost_bytes")
	f.Count(descMissing, now.Doubts, "doubts")
	f.Count(descMissing, now.Unnamed, "unnamed_files")
	f.Count(descMissing, now.Dropped, "dropped_messages")
}
