// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Tells of every process that begins, executes a program and ends, from inside the kernel and at the moment it happens:
 * nothing is too short-lived. It only reads. Records go to one ring; what finds it full is counted.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "../src/process_records.h"
#include "kernel.h"

/* Some 5,000 programs with usual command lines: a second of the fastest that a machine of four cores starts. */
#define RING_BYTES (4u * 1024u * 1024u)
/* include/linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x4u

/* linux/stat.h, which has these for user space only. */
#define S_IFMT 0170000u
#define S_IFSOCK 0140000u

/* sys/socket.h */
#define AF_INET 2
#define AF_INET6 10

struct in6_addr___stream { __u8 bytes[REMOTE_ADDRESS_BYTES]; };
struct sock_common___stream {
  __u16 skc_family;
  __u16 skc_dport;
  __u32 skc_daddr;
  struct in6_addr___stream skc_v6_daddr;
} KERNEL;
struct sock___stream { struct sock_common___stream __sk_common; } KERNEL;
struct socket___stream { struct sock___stream *sk; } KERNEL;

struct scratch {
  struct process_record record;
  __u8 text[MAX_TEXT_BYTES];
  /* How much text there is, and how far the present walk may go. Kept here because the verifier takes what lies in a
     map as unknown, and so is done with a loop after one turn. */
  __u64 used;
  __u64 end;
};

#include "path.h"

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, RING_BYTES);
} ring SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

/* Read by sense through its mapping. */
__u64 dropped = 0;

static __always_inline void count_drop(void) {
  __sync_fetch_and_add(&dropped, 1);
}

static __always_inline __u64 start_of(struct task_struct *task) {
  return BPF_CORE_READ(task, group_leader, start_boottime);
}

/* What every record has. Every field that is not named becomes 0. */
static __always_inline void describe(struct process_record *record, __u16 type, struct task_struct *task) {
  __builtin_memset(record, 0, sizeof *record);
  struct task_struct *parent = BPF_CORE_READ(task, group_leader, real_parent);
  const struct cred *cred = BPF_CORE_READ(task, real_cred);
  record->header.type = type;
  record->time_ns = bpf_ktime_get_boot_ns();
  record->start_ns = start_of(task);
  record->parent_start_ns = start_of(parent);
  record->process = (__u32)BPF_CORE_READ(task, tgid);
  record->parent = (__u32)BPF_CORE_READ(parent, tgid);
  record->user = BPF_CORE_READ(cred, uid.val);
  record->effective_user = BPF_CORE_READ(cred, euid.val);
  record->group = BPF_CORE_READ(cred, gid.val);
  record->effective_group = BPF_CORE_READ(cred, egid.val);
  bpf_core_read(&record->capabilities, sizeof record->capabilities, &cred->cap_effective);
  record->login_user = bpf_core_field_exists(task->loginuid) ? BPF_CORE_READ(task, loginuid.val) : UNSET_ID;
  record->session = bpf_core_field_exists(task->sessionid) ? BPF_CORE_READ(task, sessionid) : UNSET_ID;
  record->flags = FLAG_HAS_USERS | FLAG_HAS_GROUPS | FLAG_HAS_CAPABILITIES | FLAG_HAS_SESSION;
  bpf_core_read(record->name, sizeof record->name, &task->comm);
}

static long cgroup_step(__u32 index, struct walk *walk) {
  (void)index;
  struct kernfs_node *node = walk->node;
  if (bpf_core_field_exists(node->__parent)) walk->node = BPF_CORE_READ(node, __parent);
  else walk->node = BPF_CORE_READ((struct kernfs_node___older *)node, parent);
  /* The root has no name. */
  if (walk->node) append(walk, BPF_CORE_READ(node, name));
  else walk->finished = 1;
  return walk->finished != 0;
}

static __always_inline __u32 append_cgroup(struct scratch *scratch, struct task_struct *task) {
  struct walk walk = {.scratch = scratch};
  const __u64 begun = scratch->used;
  scratch->end = begun + MAX_CGROUP_BYTES;
  walk.node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
  bpf_loop(MAX_STEPS, cgroup_step, &walk, 0);
  return (__u32)(scratch->used - begun);
}

/*
 * AF_INET, AF_UNIX, …; what a socket's file keeps is the socket (net/socket.c). The first one that is connected over the
 * network tells with whom.
 */
static __always_inline __u16 describe_socket(struct process_record *record, struct file *file) {
  struct socket___stream *socket = BPF_CORE_READ(file, private_data);
  struct sock___stream *sock = BPF_CORE_READ(socket, sk);
  const __u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);
  if (record->remote_port != 0 || (family != AF_INET && family != AF_INET6)) return family;
  record->remote_port = __builtin_bswap16(BPF_CORE_READ(sock, __sk_common.skc_dport));
  if (family == AF_INET6) {
    BPF_CORE_READ_INTO(&record->remote, sock, __sk_common.skc_v6_daddr);
  } else {
    const __u32 four = BPF_CORE_READ(sock, __sk_common.skc_daddr);
    record->remote[10] = 0xff;
    record->remote[11] = 0xff;
    __builtin_memcpy(record->remote + 12, &four, sizeof four);
  }
  return family;
}

static __always_inline void describe_streams(struct process_record *record, struct task_struct *task) {
  struct fdtable *table = BPF_CORE_READ(task, files, fdt);
  const __u32 count = BPF_CORE_READ(table, max_fds);
  struct file **files = BPF_CORE_READ(table, fd);
  for (__u32 i = 0; i < STREAMS; i++) {
    struct file *file = 0;
    if (i < count) bpf_core_read(&file, sizeof file, files + i);
    if (!file) continue;
    struct inode *inode = BPF_CORE_READ(file, f_inode);
    record->stream_mode[i] = BPF_CORE_READ(inode, i_mode);
    const int is_socket = (record->stream_mode[i] & S_IFMT) == S_IFSOCK;
    record->stream_device[i] = is_socket ? describe_socket(record, file) : BPF_CORE_READ(inode, i_rdev);
  }
  record->flags |= FLAG_HAS_STREAMS;
}

static __always_inline void send(void *record, __u64 bytes) {
  if (bpf_ringbuf_output(&ring, record, bytes, 0) != 0) count_drop();
}

SEC("raw_tp/sched_process_fork")
int on_fork(struct bpf_raw_tracepoint_args *context) {
  struct task_struct *child = (void *)context->args[1];
  /* A thread. */
  if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid)) return 0;
  struct process_record record;
  describe(&record, RECORD_PROCESS_FORK, child);
  send(&record, sizeof record);
  return 0;
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *context) {
  struct task_struct *task = (void *)context->args[0];
  struct linux_binprm *program = (void *)context->args[2];
  const __u32 key = 0;
  struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);
  if (!scratch) return 0;
  struct process_record *record = &scratch->record;
  describe(record, RECORD_PROCESS_EXEC, task);
  describe_streams(record, task);
  struct tty_struct *terminal = BPF_CORE_READ(task, signal, tty);
  if (terminal) bpf_probe_read_kernel_str(record->terminal, sizeof record->terminal, &terminal->name);

  scratch->used = 0;
  long length = bpf_probe_read_kernel_str(scratch->text, MAX_PATH_BYTES, BPF_CORE_READ(program, filename));
  if (length > 0 && length <= MAX_PATH_BYTES) scratch->used = (__u64)length;
  record->text_bytes[TEXT_FILE_NAME] = (__u32)scratch->used;

  struct file *image = BPF_CORE_READ(task, mm, exe_file);
  struct inode *inode = BPF_CORE_READ(image, f_inode);
  record->inode = BPF_CORE_READ(inode, i_ino);
  if (BPF_CORE_READ(inode, i_nlink) == 0) record->flags |= FLAG_IMAGE_DELETED;
  record->text_bytes[TEXT_IMAGE] = append_path(scratch, __builtin_preserve_access_index(&image->f_path));
  struct fs_struct *fs = BPF_CORE_READ(task, fs);
  record->text_bytes[TEXT_DIRECTORY] = append_path(scratch, __builtin_preserve_access_index(&fs->pwd));
  record->text_bytes[TEXT_CGROUP] = append_cgroup(scratch, task);

  const unsigned long from = BPF_CORE_READ(task, mm, arg_start);
  const unsigned long to = BPF_CORE_READ(task, mm, arg_end);
  __u64 bytes = to > from ? to - from : 0;
  record->arguments_bytes = (__u32)bytes;
  if (bytes > MAX_ARGUMENTS_BYTES) {
    bytes = MAX_ARGUMENTS_BYTES;
    record->flags |= FLAG_ARGUMENTS_CUT;
  }
  const __u64 used = scratch->used;
  HIDE(bytes);
  if (bytes > MAX_ARGUMENTS_BYTES || used > MAX_TEXT_BYTES - MAX_ARGUMENTS_BYTES) return 0;
  if (bytes > 0 && bpf_probe_read_user(scratch->text + used, (__u32)bytes, (void *)from) != 0) {
    record->flags |= FLAG_INCOMPLETE;
    bytes = 0;
  }
  record->text_bytes[TEXT_ARGUMENTS] = (__u32)bytes;
  __u64 total = sizeof *record + used + bytes;
  if (total > sizeof *scratch) return 0;
  send(scratch, total);
  return 0;
}

SEC("raw_tp/sched_process_exit")
int on_exit(struct bpf_raw_tracepoint_args *context) {
  struct task_struct *task = (void *)context->args[0];
  /* Not the last thread. Two that end at once may both be the last: the reader takes the first record. */
  if (BPF_CORE_READ(task, signal, live.counter) > 0) return 0;
  struct process_record record;
  describe(&record, RECORD_PROCESS_EXIT, task);
  /* As wait_task_zombie in kernel/exit.c has it. */
  const __u32 as_group = BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT;
  record.exit_status = as_group ? (__u32)BPF_CORE_READ(task, signal, group_exit_code)
                                : (__u32)BPF_CORE_READ(task, group_leader, exit_code);
  send(&record, sizeof record);
  return 0;
}

/* The helpers that read kernel memory are for programs under the GPL only: see the first line. */
char LICENSE[] SEC("license") = "GPL";
