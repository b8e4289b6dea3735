// Package sockdiag asks the kernel for the sockets of a network namespace (NETLINK_SOCK_DIAG), as every user may, and
// for the numbers by which it knows network namespaces and control groups. It asks nothing of other machines, changes
// nothing, and loads no module of the kernel.
package sockdiag
