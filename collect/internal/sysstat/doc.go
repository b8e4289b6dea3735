// Package sysstat reads the files in which sysstat's collector, sadc, keeps what a machine has used: one for each day,
// with a record for every few minutes. Of what a record holds, it takes processors, memory and network interfaces, and
// turns the records of many days into the percentiles that sizing asks for.
//
// The format describes itself: the file says of each kind of statistics how many items it has, how large each is, and
// how many 64-bit, long and 32-bit numbers that begins with; later versions only ever add numbers of a type after
// those that were there. So every version that has the same format magic can be read, older and newer ones.
// The layouts are those of sa.h, rd_stats.h and sa_common.c of https://github.com/sysstat/sysstat (12.0 to 12.7).
//
// Nothing here opens a file, and nothing of a file is trusted: memory is bounded by the largest item that is known,
// whatever a file says.
package sysstat
