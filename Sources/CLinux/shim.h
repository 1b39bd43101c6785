/* Before the kernel's headers, which then leave out what the C library defines as well. Swift may take these
   types for this module's or for Glibc's: who uses sockets imports both. */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>

/* The C library has these, but its headers show them only to who asks for them by a macro before any other
   header, which a module cannot. Names of our own, so that nothing is declared twice. */

/* struct mmsghdr */
struct message_of_many {
  struct msghdr header;
  unsigned int byte_count;
};

int receive_many(int socket, struct message_of_many *messages, unsigned int count, int flags,
                 struct timespec *timeout) __asm__("recvmmsg");
int send_many(int socket, struct message_of_many *messages, unsigned int count, int flags)
    __asm__("sendmmsg");
int poll_precisely(struct pollfd *entries, nfds_t count, const struct timespec *timeout,
                   const sigset_t *blocked) __asm__("ppoll");
int accept_with_flags(int socket, struct sockaddr *address, socklen_t *address_size, int flags)
    __asm__("accept4");
/* prctl with all its arguments, as Swift calls no function with open ones. */
int change_process(int option, unsigned long second, unsigned long third, unsigned long fourth,
                   unsigned long fifth) __asm__("prctl");
int set_capabilities(struct __user_cap_header_struct *header,
                     const struct __user_cap_data_struct *sets) __asm__("capset");
