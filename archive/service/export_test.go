package service

import (
	"time"

	"sluice/cluster/publish"
)

// Report is the first record of the archive's state.
func (s *Service) Report(c publish.Config) ([]byte, error) {
	r, err := newReporter(c)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.line(time.Now(), s), nil
}
