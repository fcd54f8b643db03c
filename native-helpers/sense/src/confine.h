/*
 * Giving up rights. sense reads what strangers send; once its sockets are open it needs no right at all:
 * allocating a ring and binding a socket to an interface that came back are free to whoever holds the socket.
 */
#ifndef SENSE_CONFINE_H
#define SENSE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * For good: becomes `user` when root, gives up every capability and the way back (no_new_privs, bounding
 * set), makes no core dumps, dies with its parent, and can from then on make only the system calls that
 * capturing takes, `netlink` being the only socket it can send to. On failure false with errno and the name of
 * the step in `step`; the caller must then not go on.
 */
bool confine(uint32_t user, int netlink, const char **step);

/*
 * The same for whoever reads about processes in /proc as long as it runs: it may also open files to read them, receive
 * from one socket more (-1: from none), and keeps the two capabilities that takes (CAP_SYS_PTRACE to see what a process
 * executes, CAP_DAC_READ_SEARCH).
 */
bool confine_reader(uint32_t user, int netlink, int other, const char **step);

/*
 * The same for whoever waits until its parent is gone to remove an audit rule: it outlives its parent, reads from `life`,
 * sends to `control`, and keeps CAP_AUDIT_CONTROL. No files.
 */
bool confine_guard(uint32_t user, int control, int life, const char **step);

/*
 * The same for whoever watches files: it may open files to read them, by name and by handle, and mark file systems that
 * come later, which takes CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH; CAP_SYS_PTRACE to see what a process executes. No
 * sockets.
 */
bool confine_files(uint32_t user, const char **step);

/* The same for whoever asks before programs start: it may also take a lease, which takes CAP_LEASE. */
bool confine_verdicts(uint32_t user, const char **step);

/*
 * The same for whoever reads extended attributes of files by their paths, which takes CAP_DAC_READ_SEARCH. Nothing is
 * opened, and there are no sockets.
 */
bool confine_attributes(uint32_t user, const char **step);

/*
 * The same for whoever stops processes and ends them: it may send SIGSTOP, SIGCONT and SIGKILL and no other signal, which
 * takes CAP_KILL, and read about processes. It outlives its parent, to let go on what the parent did not write down. No
 * sockets.
 */
bool confine_signals(uint32_t user, const char **step);

#endif
