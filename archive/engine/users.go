package engine

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// ownUser is the user that this process connects to its own server as.
func ownUser() User { return User{Name: "sluice-archive", Password: rand.Text(), May: Write} }

var (
	readable = []string{
		"$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.NAMES", "$JS.API.DIRECT.GET.>", "$JS.API.STREAM.MSG.GET.*", batchGet,
		"$JS.API.CONSUMER.CREATE." + Logs + ".>", "$JS.API.CONSUMER.CREATE." + Last + ".>", "$JS.API.CONSUMER.INFO.>", "$JS.API.CONSUMER.DELETE.>",
		"$JS.API.CONSUMER.MSG.NEXT.>", "$JS.FC.>",
	}
	workable = []string{
		"$JS.ACK.>", "$JS.API.CONSUMER.>", "$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.UPDATE.*", "$JS.API.STREAM.MSG.DELETE.*",
		"$JS.API.STREAM.PURGE.GROUPS", "$JS.API.STREAM.PURGE.DEFER", "$JS.API.STREAM.PURGE.DEAD",
		"groups.>", "defer.>", "dead.>",
	}
)

// natsUsers are users with what each may do, in the words of the server. Who may not write
// publishes nothing to LOGS and LAST. But the server sends an answer wherever who asks says,
// but for its own subjects: so a reader can have a batch be stored again under another
// subject, where its checksum is wrong. Nothing that is held is changed by that.
func natsUsers(users []User) []*server.User {
	all := make([]*server.User, len(users))
	for i, u := range users {
		all[i] = &server.User{Username: u.Name, Password: u.Password}
		if u.May == Write {
			continue
		}
		allow := readable
		if u.May == Work {
			allow = append(append([]string{}, readable...), workable...)
		}
		all[i].Permissions = &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: allow},
			Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
		}
	}
	return all
}

// ReadUsers reads users from a file: on each line a name, what the user may do ("read",
// "work" or "write"), and the password or its bcrypt hash, with blanks between. Empty lines,
// and those that begin with "#", are nothing. Other users of the machine must not be able to
// read the file.
func ReadUsers(path string) ([]User, error) {
	fail := func(err error) ([]User, error) {
		return nil, fmt.Errorf("read the archive's users from %q: %w", path, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return fail(err)
	}
	if info, err := os.Stat(path); err != nil {
		return fail(err)
	} else if info.Mode().IsRegular() && info.Mode().Perm()&0o007 != 0 {
		return fail(errors.New("everybody on this machine can read it: chmod o= it"))
	}
	var users []User
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		may, known := rights[fields[min(1, len(fields)-1)]]
		switch {
		case len(fields) != 3 || !known:
			return fail(fmt.Errorf(`line %d is not NAME read|work|write PASSWORD`, n))
		case slices.ContainsFunc(users, func(u User) bool { return u.Name == fields[0] }):
			return fail(fmt.Errorf("line %d: user %q stands there twice", n, fields[0]))
		}
		users = append(users, User{fields[0], fields[2], may})
	}
	if len(users) == 0 {
		return fail(errors.New("it has none"))
	}
	return users, nil
}

var rights = map[string]Right{"read": Read, "work": Work, "write": Write}
