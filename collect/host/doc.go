// Package host reads the machine that the program runs on: what it is, what it is made of, and what runs on it.
//
// On Linux it reads files of /proc, /sys, /etc, /run and /var below the root that it is given and nothing else: it
// runs no program, asks no daemon, touches no network, follows no remote mount, changes nothing and never sleeps.
// What this user may not read becomes an unknown with the right that would reveal it. It does not look into
// container engines or hypervisors, which have sources of their own: it sees their containers as control groups
// and their virtual machines as processes. On other systems it gives the few facts that gopsutil offers.
package host
