package record

// SlowHead is Peek by the table alone. It reports false for what a container printed,
// which is read further.
func SlowHead(data []byte) (Head, bool) {
	var r reading
	r.read(data)
	h := r.head(true, true)
	c := r.message()
	h.Encoded = c != nil && c.value[0] == '['
	return h, r.printed() == nil
}

// LevelOfWord reads a level as other loggers write it.
var LevelOfWord = levelOfWord

// Known reports whether a key is in the table.
func Known(key string) bool {
	p, ok := placeOf("", []byte(key))
	return ok && p.at >= 0
}
