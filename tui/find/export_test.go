package find

// States is how many states an expression keeps.
func States(x *Expression) int { return len(x.states) }
