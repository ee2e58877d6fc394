//go:build !linux

package follow

import (
	"errors"
	"os"
	"time"
)

// inotify is where the system tells of changes; here it does not.
type inotify struct{}

func newInotify() (*inotify, error) { return nil, errors.ErrUnsupported }

func (*inotify) watchDir(*os.File) (int, error) { return 0, errors.ErrUnsupported }

func (*inotify) watchFile(*File) (int, error)                      { return 0, errors.ErrUnsupported }
func (*inotify) unwatch(int)                                       {}
func (*inotify) wait(time.Time, <-chan struct{}) ([]change, error) { return nil, errors.ErrUnsupported }
func (*inotify) interrupt()                                        {}
func (*inotify) drain() ([]change, error)                          { return nil, errors.ErrUnsupported }
func (*inotify) close()                                            {}
