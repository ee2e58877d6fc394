package unpack

import "strings"

// tool is a command that makes text of a format.
type tool struct {
	file string // of FILE
	pipe string // of its standard input; "" when it has no such
}

// filter is a tool that takes both.
func filter(command string) tool { return tool{command + " FILE", command} }

// UnreadableError is of an input that is known, and cannot be read.
type UnreadableError struct {
	Format Format
	within []Format // what it was in, outermost first
}

func (e *UnreadableError) Error() string {
	text := "it is " + e.Format.String()
	for i := len(e.within) - 1; i >= 0; i-- {
		text += ", " + e.within[i].String()
	}
	return text
}

// Advice is what to do: a command line that makes text of the input and pipes it
// into another command, such as "sluice replay -". name is the file's; "" is standard
// input.
func (e *UnreadableError) Advice(name, into string) string {
	const other = "name a file of lines, text or JSON"
	do := "make text of it first"
	if strings.HasSuffix(e.Format.name, "compressed") {
		do = "decompress it first"
	}
	var commands []string
	for _, f := range append(append([]Format(nil), e.within...), e.Format) {
		command := f.tool.pipe
		if len(commands) == 0 && name != "" {
			command = strings.ReplaceAll(f.tool.file, "FILE", quoted(name))
		}
		if command == "" && f.tool.file == "" {
			return other
		}
		if command == "" {
			return do + ", from a file"
		}
		commands = append(commands, command)
	}
	if name == "" {
		commands = append([]string{"…"}, commands...)
	}
	return do + ": " + strings.Join(append(commands, into), " | ")
}

// quoted is a name as a shell takes it.
func quoted(name string) string {
	for _, r := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+:@%,=", r) {
			return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
		}
	}
	if strings.HasPrefix(name, "-") {
		return "./" + name
	}
	return name
}
