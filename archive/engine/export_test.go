package engine

// KeepFree sets how many bytes of the disk are left free.
func (e *Engine) KeepFree(bytes int64) { e.server.disk.reserve.Store(bytes); e.server.disk.look() }

// Broken reports that the server in this process could not write a file.
func (e *Engine) Broken() bool { return e.server.says.broken.Load() }
