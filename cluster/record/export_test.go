package record

// SlowHead is Peek member by member.
func SlowHead(data []byte) Head {
	when, level := slowHead(data)
	h := Head{Time: millisOf(when), Level: plainLevel(level)}
	if h.Time == 0 || h.Level == 0 {
		foreignHead(&h, data)
	}
	return h
}

// LevelOfWord reads a level as other loggers write it.
var LevelOfWord = levelOfWord

// Known reports whether a key is in the table.
func Known(key string) bool {
	p, ok := placeOf("", []byte(key))
	return ok && p.at >= 0
}
