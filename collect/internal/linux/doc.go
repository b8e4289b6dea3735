// Package linux turns the text of Linux kernel files (/proc, /sys) and of a few files of /etc and /var into
// values: one Go file per kernel file or topic, named after it.
//
// Its parsers are pure: they take text or a reader, trust none of it, and report what they do not understand as
// an error that wraps [ErrFormat]. The few functions that read do so through an [FS], whose root tests replace.
// Nothing here runs a program, opens a socket, writes, sleeps or judges what was read; and nothing here keeps
// environment values or command-line arguments outside a short list of harmless flags.
package linux
