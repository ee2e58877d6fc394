package proxy

import "sluice/cluster/record"

// appendText appends a record as readers of text get it: byte for byte, unless it could
// be taken for a notice of ours.
func appendText(dst, data []byte) []byte {
	if record.HasNoticeKey(data) {
		return record.AppendRenamed(dst, data)
	}
	return append(dst, data...)
}
