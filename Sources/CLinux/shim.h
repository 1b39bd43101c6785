/* Before the kernel's headers, which then leave out what the C library defines as well. */
#include <netinet/in.h>
#include <sys/socket.h>

#include <linux/netlink.h>
#include <linux/xfrm.h>
