// Package host reads the machine that the program runs on: what it is, what it is made of, and what runs on it.
//
// On Linux it reads files of /proc, /sys, /etc, /run, /var and the like below the root that it is given, and asks the
// kernel over netlink for links and sockets: it runs no program, touches no network, follows no remote mount, wakes no
// automounter and changes nothing. The one daemon that it asks is the database of Open vSwitch, for the names of its
// bridges, which nothing else shows. It waits only where a second look was asked for, and for no dead file system.
// What this user may not read becomes an unknown with the right that would reveal it. It does not look into
// container engines or hypervisors, which have sources of their own: it sees their containers as control groups
// and their virtual machines as processes. On other systems it gives the few facts that gopsutil offers.
package host
