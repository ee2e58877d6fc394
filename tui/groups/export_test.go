package groups

// Eager has groups read what has come, and drop what is gone, without a pause.
func Eager(g *Groups) { g.between, g.folder.between = 0, 0 }
