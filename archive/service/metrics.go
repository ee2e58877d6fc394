package service

import (
	"strings"

	"sluice/cluster/admin"
	"sluice/cluster/stream"
)

const namespace admin.Namespace = "sluice_archive"

// All of them stand in docs/operations.md, which a test holds.
var (
	descRecords = namespace.Desc("records_total", "Records that were archived.")
	descBatches = namespace.Desc("batches_total", "Batches that were archived.")
	descRaw     = namespace.Desc("raw_bytes_total", "Bytes of the records that were archived.")
	descStored  = namespace.Desc("stored_bytes_total", "Bytes that became of them, compressed.")
	descGaps    = namespace.Desc("gaps_total", "Gaps that were archived in the place of records.")
	descLost    = namespace.Desc("records_lost_total", "Records in them, as far as that is known.")
	descUnknown = namespace.Desc("unknown_losses_total", "Gaps whose number of records nobody knows.")
	descRefused = namespace.Desc("appends_refused_total", "Batches that were not appended, since another archive had been there.")
	descTaken   = namespace.Desc("lanes_taken_total", "Streams of a consolidator that this archive began to write.")

	descLanes   = namespace.Desc("lanes", "Streams of a consolidator, by who writes them: this archive, another one, or nobody who keeps up.", "writer")
	descWaiting = namespace.Desc("waiting_bytes", "Records that are read, and not archived yet.")
	descFull    = namespace.Desc("waiting_full", "Whether those are as many as may be, so that nothing is read (1) or not (0).")
	descLag     = namespace.Desc("lag_seconds", "How long the oldest of them has been waiting.")
	descReady   = namespace.Desc("ready", "Whether what is appended is taken (1) or not (0).")

	descHeldBatches = namespace.Desc("held_batches", "Batches that are held.")
	descHeldBytes   = namespace.Desc("held_bytes", "Bytes that they take.")
	descHeldLimit   = namespace.Desc("held_limit_bytes", "Bytes that they may take; 0 is no bound.")
	descHeldStreams = namespace.Desc("held_lanes", "Streams of a consolidator of which something is held.")
	descHeldSince   = namespace.Desc("held_since_timestamp_seconds", "When the oldest batch was stored; 0 when none is held.")
	descReplicas    = namespace.Desc("replicas", "Servers that hold everything.")
	descLagging     = namespace.Desc("replicas_lagging", "Servers that ought to, and are not there or behind.")

	descConsolidator = namespace.Desc("consolidator_connected", "Whether a consolidator is connected (1) or not (0).", "consolidator")
	descFound        = namespace.Desc("consolidators_found", "Whether the list of consolidators is as new as it can be (1), or none or the last one (0), since where they are found does not answer.")
)

// figures gives the figures as they are now.
func (s *Service) figures(to admin.Figures) {
	to.Gauge(descReady, oneIf(s.writer.Load() != nil && s.trouble() == ""))
	held, _ := s.now()
	to.Gauge(descHeldBatches, int64(held.Messages))
	to.Gauge(descHeldBytes, int64(held.Bytes))
	to.Gauge(descHeldLimit, held.MaxBytes)
	to.Gauge(descHeldStreams, int64(held.Subjects))
	since := int64(0)
	if held.Messages > 0 {
		since = held.First.Stored.Unix()
	}
	to.Gauge(descHeldSince, since)
	to.Gauge(descReplicas, int64(held.Replicas))
	to.Gauge(descLagging, int64(held.Lagging))
	w := s.writer.Load()
	if w == nil {
		return
	}
	f := w.Figures()
	to.Count(descRecords, f.Records)
	to.Count(descBatches, f.Batches)
	to.Count(descRaw, f.Raw)
	to.Count(descStored, f.Stored)
	to.Count(descGaps, f.Gaps)
	to.Count(descLost, f.Lost)
	to.Count(descUnknown, f.Unknown)
	to.Count(descRefused, f.Refused)
	to.Count(descTaken, f.Taken)
	to.Gauge(descLanes, int64(f.Mine), "this")
	to.Gauge(descLanes, int64(f.Lanes-f.Mine-f.Late), "another")
	to.Gauge(descLanes, int64(f.Late), "nobody")
	to.Gauge(descWaiting, f.Waiting)
	to.Gauge(descFull, oneIf(f.Full))
	to.Seconds(descLag, f.Lag)
	fresh := true
	for _, c := range w.Status() {
		if c.Finder {
			fresh = c.State == stream.StateLive
			continue
		}
		to.Gauge(descConsolidator, oneIf(c.State.Connected()), strings.ToValidUTF8(c.Name, "\uFFFD"))
	}
	to.Gauge(descFound, oneIf(fresh))
}

func oneIf(yes bool) int64 {
	if yes {
		return 1
	}
	return 0
}
