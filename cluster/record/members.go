package record

// match reads the members of a JSON object that have known names. It reports
// false when data is no valid JSON object: it is [validObject] and a scan in one
// go, for whoever has to look at every line.
func match(data []byte) (m matched, ok bool) {
	i := skipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return m, false
	}
	if i = skipSpace(data, i+1); i == len(data) {
		return m, false
	}
	if data[i] == '}' {
		return m, skipSpace(data, i+1) == len(data)
	}
	for {
		if data[i] != '"' {
			return m, false
		}
		end := checkString(data, i)
		if end < 0 {
			return m, false
		}
		key := data[i+1 : end-1]
		if i = skipSpace(data, end); i == len(data) || data[i] != ':' {
			return m, false
		}
		if i = skipSpace(data, i+1); i == len(data) {
			return m, false
		}
		switch data[i] {
		case '"':
			end = checkString(data, i)
		case '{', '[':
			end = checkNested(data, i, 1)
		case 't':
			end = checkLiteral(data, i, "true")
		case 'f':
			end = checkLiteral(data, i, "false")
		case 'n':
			end = checkLiteral(data, i, "null")
		default:
			end = checkNumber(data, i)
		}
		if end < 0 {
			return m, false
		}
		if name := known(key); name != noName {
			m.value[name] = data[i:end:end]
		} else {
			m.prefix = max(m.prefix, fieldsPrefix(key))
		}
		if i = skipSpace(data, end); i == len(data) {
			return m, false
		}
		switch data[i] {
		case ',':
			if i = skipSpace(data, i+1); i == len(data) {
				return m, false
			}
		case '}':
			return m, skipSpace(data, i+1) == len(data)
		default:
			return m, false
		}
	}
}
