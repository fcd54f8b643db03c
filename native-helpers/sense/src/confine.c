#include "confine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process_parent.h"

#ifndef SENSE_WITHOUT_SECCOMP

#if defined(__x86_64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define THIS_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define THIS_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#error "the system call filter does not know this architecture"
#endif

/* What an argument of a system call must be. */
enum condition { ANYTHING, EQUALS, HAS_NONE_OF };

/* Whom a rule is for, as bits. */
enum role {
  ROLE_PACKETS = 1u << 0,
  /* Reads about processes. */
  ROLE_READER = 1u << 1,
  /* Watches files. */
  ROLE_FILES = 1u << 2,
  /* Reads extended attributes. */
  ROLE_ATTRIBUTES = 1u << 3,
  /* Removes an audit rule at the end. */
  ROLE_GUARD = 1u << 4,
  /* Asks before programs start. */
  ROLE_VERDICTS = 1u << 5,
  /* Stops processes and ends them. */
  ROLE_SIGNALS = 1u << 6,
  ANY_FILES = ROLE_FILES | ROLE_VERDICTS,
  ANYBODY = ROLE_PACKETS | ROLE_READER | ANY_FILES | ROLE_ATTRIBUTES | ROLE_SIGNALS,
  ANY_READER = ROLE_READER | ANY_FILES | ROLE_SIGNALS,
};

struct rule {
  uint32_t call;
  unsigned argument;
  enum condition condition;
  uint32_t value;
  unsigned roles;
};

#define MAX_RULES 40u
/* Instructions: 4 to begin with, at most 5 a rule, 1 to end. */
#define MAX_INSTRUCTIONS (5u + 5u * MAX_RULES)

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define RETURN(verdict) BPF_STMT(BPF_RET | BPF_K, (verdict))

/* The low half of an argument: everything compared here is an int to the kernel. Little-endian. */
#define ARGUMENT_OFFSET(n) (offsetof(struct seccomp_data, args) + 8u * (n))

static unsigned build_filter(struct sock_filter *code, const struct rule *rules, size_t count, unsigned role) {
  unsigned used = 0;
  code[used++] = (struct sock_filter)LOAD(offsetof(struct seccomp_data, arch));
  code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_ARCHITECTURE, 1, 0);
  code[used++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
  for (size_t i = 0; i < count; i++) {
    const struct rule *rule = &rules[i];
    if ((rule->roles & role) == 0) continue;
    code[used++] = (struct sock_filter)LOAD(offsetof(struct seccomp_data, nr));
    if (rule->condition == ANYTHING) {
      code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, 1);
    } else {
      bool equals = rule->condition == EQUALS;
      code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->call, 0, 3);
      code[used++] = (struct sock_filter)LOAD(ARGUMENT_OFFSET(rule->argument));
      code[used++] = equals ? (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, rule->value, 0, 1)
                            : (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, rule->value, 1, 0);
    }
    code[used++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
  }
  code[used++] = (struct sock_filter)RETURN(SECCOMP_RET_KILL_PROCESS);
  return used;
}

#define FOR_WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)

static bool filter_system_calls(int netlink, int other, unsigned role) {
  /* The first four are the ones of every turn. The x32 numbers of x86-64 match none of these. */
  const struct rule rules[] = {
      {SYS_write, 0, ANYTHING, 0, ANYBODY},
      {SYS_write, 0, EQUALS, (uint32_t)other, ROLE_GUARD},
      {SYS_ppoll, 0, ANYTHING, 0, ANYBODY},
      {SYS_getsockopt, 0, ANYTHING, 0, ROLE_PACKETS | ROLE_READER},
      {SYS_clock_gettime, 0, ANYTHING, 0, ANYBODY}, /* where the vdso has no clock */
      {SYS_recvfrom, 0, EQUALS, (uint32_t)netlink, ROLE_PACKETS | ROLE_READER | ROLE_GUARD},
      {SYS_recvfrom, 0, EQUALS, (uint32_t)other, ROLE_READER},
      {SYS_sendto, 0, EQUALS, (uint32_t)netlink, ROLE_PACKETS | ROLE_READER | ROLE_GUARD},
      {SYS_setsockopt, 1, EQUALS, SOL_PACKET, ROLE_PACKETS | ROLE_READER},
      {SYS_bind, 0, ANYTHING, 0, ROLE_PACKETS | ROLE_READER},
      {SYS_mmap, 2, HAS_NONE_OF, PROT_EXEC, ANYBODY},
      {SYS_munmap, 0, ANYTHING, 0, ANYBODY},
      {SYS_close, 0, ANYTHING, 0, ANYBODY},
      {SYS_rt_sigreturn, 0, ANYTHING, 0, ANYBODY},
      {SYS_restart_syscall, 0, ANYTHING, 0, ANYBODY},
      {SYS_exit_group, 0, ANYTHING, 0, ANYBODY | ROLE_GUARD},
      {SYS_openat, 2, HAS_NONE_OF, FOR_WRITING, ANY_READER},
      {SYS_read, 0, ANYTHING, 0, ANY_READER | ROLE_ATTRIBUTES},
      {SYS_read, 0, EQUALS, (uint32_t)other, ROLE_GUARD},
      {SYS_readlinkat, 0, ANYTHING, 0, ROLE_READER | ANY_FILES},
      {SYS_open_by_handle_at, 2, HAS_NONE_OF, FOR_WRITING, ANY_FILES},
      {SYS_fstat, 0, ANYTHING, 0, ANY_FILES},
      {SYS_newfstatat, 0, ANYTHING, 0, ANY_FILES}, /* as the C library calls fstat since 2.33 */
      {SYS_statx, 0, ANYTHING, 0, ANY_FILES},
      {SYS_pread64, 0, ANYTHING, 0, ANY_FILES},
      {SYS_llistxattr, 0, ANYTHING, 0, ROLE_ATTRIBUTES},
      {SYS_lgetxattr, 0, ANYTHING, 0, ROLE_ATTRIBUTES},
      {SYS_fanotify_init, 1, HAS_NONE_OF, FOR_WRITING, ANY_FILES},
      {SYS_fcntl, 1, EQUALS, F_SETLEASE, ROLE_VERDICTS},
      {SYS_fanotify_mark, 0, ANYTHING, 0, ANY_FILES},
      {SYS_pidfd_open, 0, ANYTHING, 0, ROLE_SIGNALS | ROLE_VERDICTS},
      {SYS_getpgid, 0, ANYTHING, 0, ROLE_VERDICTS},
      {SYS_getsid, 0, ANYTHING, 0, ROLE_VERDICTS},
      {SYS_ioctl, 1, EQUALS, (uint32_t)PIDFD_GET_FACTS, ROLE_VERDICTS},
      {SYS_pidfd_send_signal, 1, EQUALS, SIGSTOP, ROLE_SIGNALS},
      {SYS_pidfd_send_signal, 1, EQUALS, SIGCONT, ROLE_SIGNALS},
      {SYS_pidfd_send_signal, 1, EQUALS, SIGKILL, ROLE_SIGNALS},
  };
  static_assert(sizeof rules / sizeof rules[0] <= MAX_RULES, "the filter has room");
  struct sock_filter code[MAX_INSTRUCTIONS];
  struct sock_fprog program = {
      .len = (unsigned short)build_filter(code, rules, sizeof rules / sizeof rules[0], role),
      .filter = code,
  };
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

#else

enum role { ROLE_PACKETS, ROLE_READER, ROLE_FILES, ROLE_ATTRIBUTES, ROLE_GUARD, ROLE_VERDICTS, ROLE_SIGNALS };

static bool filter_system_calls(int netlink, int other, unsigned role) {
  (void)netlink;
  (void)other;
  (void)role;
  return true;
}

#endif

/* Takes every capability out of the bounding set that this process may take out. */
static void empty_bounding_set(void) {
  for (unsigned long capability = 0; capability <= 63; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno == EINVAL) return;
  }
}

/* Keeps those of `kept` (bits of the first 32 capabilities) that it has. */
static bool reduce_capabilities(uint32_t kept) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct held[_LINUX_CAPABILITY_U32S_3] = {0};
  if (kept != 0 && syscall(SYS_capget, &header, held) != 0) return false;
  const uint32_t left = held[0].permitted & kept;
  struct __user_cap_data_struct reduced[_LINUX_CAPABILITY_U32S_3] = {{.effective = left, .permitted = left}};
  return syscall(SYS_capset, &header, reduced) == 0;
}

static bool become(uint32_t user) {
  if (geteuid() != 0) return true;
  return setgroups(0, NULL) == 0 && setresgid(user, user, user) == 0 && setresuid(user, user, user) == 0;
}

static bool tie_to(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return false;
  if (getppid() == parent) return true;
  errno = ESRCH;
  return false;
}

/* `other`: a second descriptor that the role may use; -1 for none. */
static bool confine_to(uint32_t user, int netlink, int other, uint32_t capabilities, enum role role,
                       const char **step) {
  const pid_t parent = getppid();
  const struct rlimit none = {0, 0};
  /* Without CAP_SETPCAP this does nothing, and no_new_privs makes up for it. */
  empty_bounding_set();
  *step = "become another user";
  if (capabilities != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return false;
  if (!become(user)) return false;
  *step = "give up capabilities";
  if (!reduce_capabilities(capabilities)) return false;
  /* This and the next after the change of user, which sets both anew (fs.suid_dumpable of proc(5), prctl(2)). */
  *step = "forbid core dumps";
  if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return false;
  *step = "tie its life to its parent's";
  if (role != ROLE_GUARD && role != ROLE_SIGNALS && !tie_to(parent)) return false;
  *step = "forbid new rights";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  *step = "filter its system calls";
  return filter_system_calls(netlink, other, role);
}

bool confine(uint32_t user, int netlink, const char **step) {
  return confine_to(user, netlink, -1, 0, ROLE_PACKETS, step);
}

bool confine_reader(uint32_t user, int netlink, int other, const char **step) {
  return confine_to(user, netlink, other, 1u << CAP_SYS_PTRACE | 1u << CAP_DAC_READ_SEARCH, ROLE_READER, step);
}

bool confine_guard(uint32_t user, int control, int life, const char **step) {
  return confine_to(user, control, life, 1u << CAP_AUDIT_CONTROL, ROLE_GUARD, step);
}

#define FILES_CAPABILITIES (1u << CAP_SYS_ADMIN | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_SYS_PTRACE)

bool confine_files(uint32_t user, const char **step) {
  return confine_to(user, -1, -1, FILES_CAPABILITIES, ROLE_FILES, step);
}

bool confine_verdicts(uint32_t user, const char **step) {
  return confine_to(user, -1, -1, FILES_CAPABILITIES | 1u << CAP_LEASE, ROLE_VERDICTS, step);
}

bool confine_attributes(uint32_t user, const char **step) {
  return confine_to(user, -1, -1, 1u << CAP_DAC_READ_SEARCH, ROLE_ATTRIBUTES, step);
}

bool confine_signals(uint32_t user, const char **step) {
  return confine_to(user, -1, -1, 1u << CAP_KILL, ROLE_SIGNALS, step);
}
