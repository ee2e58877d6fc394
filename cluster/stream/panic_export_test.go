package stream

// Break lets the goroutines of a Source, which runs or will, panic at their next
// attempt to connect.
func (s *Source) Break() {
	switch be := s.be.(type) {
	case *direct:
		be.mu.Lock()
		defer be.mu.Unlock()
		for _, l := range be.links {
			l.mu.Lock()
			l.wanted["broken"] = nil
			l.mu.Unlock()
		}
	case *proxied:
		be.tails["broken"] = newProxiedTail(nil, "broken", Backfill{})
	}
}
