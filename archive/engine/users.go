package engine

import (
	"crypto/rand"

	"github.com/nats-io/nats-server/v2/server"
)

// ownUser is the user that this process connects to its own server as.
func ownUser() User { return User{Name: "sluice-archive", Password: rand.Text(), May: Write} }

var (
	readable = []string{
		"$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.NAMES", "$JS.API.DIRECT.GET.>", "$JS.API.STREAM.MSG.GET.*",
		"$JS.API.CONSUMER.CREATE." + Logs + ".>", "$JS.API.CONSUMER.CREATE." + Last + ".>", "$JS.API.CONSUMER.INFO.>", "$JS.API.CONSUMER.DELETE.>",
		"$JS.API.CONSUMER.MSG.NEXT.>", "$JS.FC.>",
	}
	workable = []string{
		"$JS.ACK.>", "$JS.API.CONSUMER.>", "$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.UPDATE.*", "$JS.API.STREAM.MSG.DELETE.*",
		"groups.>", "defer.>", "dead.>",
	}
)

// natsUsers are users with what each may do, in the words of the server. Who may not write
// publishes nothing to LOGS and LAST.
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
