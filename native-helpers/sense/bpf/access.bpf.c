// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Tells which process reaches into another one (traces it, reads or writes its memory), which sends signals to chosen
 * ones, and which modules come into the kernel. It only reads. Records go to one ring; what finds it full is counted.
 *
 * To look at every system call would cost each of them; these trace points are passed seldom, and tell the same:
 * - ptrace(2) has none of its own. PTRACE_ATTACH stops its target by a SIGSTOP that the kernel itself sends, and every
 *   stop of a traced process is told to the tracer by a SIGCHLD that the target sends: signal_generate sees both.
 * - Whoever reaches into foreign memory takes the lock of that memory first: mmap_lock_start_locking. Of these the ones
 *   that stand in ptrace(2), process_vm_readv(2), process_vm_writev(2), or read or write /proc/PID/mem, are told. A
 *   process takes mostly its own locks: then nothing is done but one comparison.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "../src/access_records.h"
#include "kernel.h"
#include "calls.h"

/* Some 1,000 records with long paths; the same thing is told once in REPEAT_NS. */
#define RING_BYTES (1024u * 1024u)
/* Pairs of processes that were told of; the longest unused goes, and is told again if it goes on. */
#define MAX_TOLD 4096u
#define REPEAT_NS 60000000000ull

/* include/uapi/asm-generic/signal.h, siginfo.h; include/linux/sched/signal.h */
#define SIGNAL_CHILD 17
#define SIGNAL_CONTINUE 18
#define SIGNAL_STOP 19
#define SIGNAL_URGENT 23
#define SIGNAL_WINDOW 28
#define FROM_NOBODY ((void *)0)
#define FROM_KERNEL ((void *)1)
#define CODE_USER 0
#define CODE_QUEUE (-1)
#define CODE_THREAD (-6)
#define CODE_TRAPPED 4
/* By PTRACE_INTERRUPT, or with others of its session. */
#define CODE_STOPPED 5
/* include/uapi/linux/ptrace.h */
#define REQUEST_READ_TEXT 1
#define REQUEST_READ_DATA 2
#define REQUEST_WRITE_TEXT 4
#define REQUEST_WRITE_DATA 5

/* The words of path.h. */
#define MAX_PATH_BYTES ACCESS_PATH_BYTES
#define MAX_TEXT_BYTES ACCESS_TEXT_BYTES
#define FLAG_PATH_CUT ACCESS_FLAG_PATH_CUT

struct scratch {
  struct access_record record;
  __u8 text[MAX_TEXT_BYTES];
  /* As in processes.bpf.c. */
  __u64 used;
  __u64 end;
};

#include "path.h"

struct kernel_siginfo { int si_code; } KERNEL;
struct module {
  char name[MODULE_NAME_BYTES];
  unsigned long taints;
} KERNEL;
struct mm_struct___owned { struct task_struct *owner; } KERNEL;
struct task_struct___traced {
  unsigned int ptrace;
  struct task_struct *parent;
} KERNEL;

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

/* Two processes, each executing one program, and what one did to the other. */
struct deed {
  __u64 memory;
  __u64 target_memory;
  __u32 process;
  __u32 target;
  __u32 type;
  __u32 detail;
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, MAX_TOLD);
  __type(key, struct deed);
  __type(value, __u64);
} told SEC(".maps");

/* Read by sense through its mapping. */
__u64 dropped = 0;
/* Set by sense: signals to this process, and to its children, are told; 0: to nobody. */
__u32 own = 0;

/* False when the same was told a short time ago. */
static __always_inline int is_news(__u32 type, __u32 detail, struct task_struct *by, struct task_struct *target) {
  struct deed deed = {
      .memory = (__u64)BPF_CORE_READ(by, mm),
      .target_memory = (__u64)BPF_CORE_READ(target, mm),
      .process = (__u32)BPF_CORE_READ(by, tgid),
      .target = (__u32)BPF_CORE_READ(target, tgid),
      .type = type,
      .detail = detail,
  };
  const __u64 now = bpf_ktime_get_boot_ns();
  __u64 *last = bpf_map_lookup_elem(&told, &deed);
  if (last && now - *last < REPEAT_NS) return 0;
  bpf_map_update_elem(&told, &deed, &now, BPF_ANY);
  return 1;
}

static __always_inline struct scratch *begin(__u16 type, struct task_struct *by) {
  const __u32 key = 0;
  struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);
  if (!scratch) return 0;
  struct access_record *record = &scratch->record;
  __builtin_memset(record, 0, sizeof *record);
  const struct cred *cred = BPF_CORE_READ(by, real_cred);
  record->header.type = type;
  record->time_ns = bpf_ktime_get_boot_ns();
  record->start_ns = BPF_CORE_READ(by, group_leader, start_boottime);
  record->process = (__u32)BPF_CORE_READ(by, tgid);
  record->parent = (__u32)BPF_CORE_READ(by, group_leader, real_parent, tgid);
  record->user = BPF_CORE_READ(cred, uid.val);
  record->effective_user = BPF_CORE_READ(cred, euid.val);
  bpf_core_read(record->name, sizeof record->name, &by->comm);
  scratch->used = 0;
  return scratch;
}

/* How many bytes the path of a process's program takes; `deleted` is set when it has no name any more. */
static __always_inline __u16 append_image(struct scratch *scratch, struct task_struct *task, __u32 deleted) {
  struct file *image = BPF_CORE_READ(task, mm, exe_file);
  /* The kernel's own threads have none. */
  if (!image) return 0;
  struct inode *inode = BPF_CORE_READ(image, f_inode);
  if (BPF_CORE_READ(inode, i_nlink) == 0) scratch->record.flags |= deleted;
  return (__u16)append_path(scratch, __builtin_preserve_access_index(&image->f_path));
}

static __always_inline void send(struct scratch *scratch) {
  __u64 used = scratch->used;
  HIDE(used);
  if (used > MAX_TEXT_BYTES) return;
  if (bpf_ringbuf_output(&ring, scratch, sizeof scratch->record + used, 0) != 0) __sync_fetch_and_add(&dropped, 1);
}

/* One function for all, called: inlined everywhere the walks up the paths would be too much for the verifier. */
static __noinline int tell_deed(__u32 type, __u32 detail, struct task_struct *by, struct task_struct *target) {
  if (!is_news(type, detail, by, target)) return 0;
  struct scratch *scratch = begin((__u16)type, by);
  if (!scratch) return 0;
  struct access_record *record = &scratch->record;
  record->target = (__u32)BPF_CORE_READ(target, tgid);
  record->target_start_ns = BPF_CORE_READ(target, group_leader, start_boottime);
  record->target_user = BPF_CORE_READ(target, real_cred, euid.val);
  bpf_core_read(record->target_name, sizeof record->target_name, &target->comm);
  if (type == RECORD_ACCESS_SIGNAL) record->signal = (__u16)detail;
  else record->way = (__u16)detail;
  record->text_bytes[ACCESS_TEXT_IMAGE] = append_image(scratch, by, ACCESS_FLAG_IMAGE_DELETED);
  record->text_bytes[ACCESS_TEXT_TARGET] = append_image(scratch, target, ACCESS_FLAG_TARGET_DELETED);
  send(scratch);
  return 0;
}

/* Another program of the same tracer began it: it is traced from its first moment on, as strace -f has it. */
static __always_inline int is_inherited(struct task_struct *target, struct task_struct *tracer) {
  struct task_struct___traced *parent = (void *)BPF_CORE_READ(target, group_leader, real_parent);
  if (BPF_CORE_READ(parent, ptrace) == 0) return 0;
  return BPF_CORE_READ(parent, parent, tgid) == BPF_CORE_READ(tracer, tgid);
}

/* A traced process stopped, and lets its tracer know. */
static __always_inline void on_trap(struct task_struct *target, struct task_struct *tracer) {
  /* Who began it asked for it, or it did so itself (PTRACE_TRACEME). */
  if (BPF_CORE_READ(target, group_leader, real_parent, tgid) == BPF_CORE_READ(tracer, tgid)) return;
  if (BPF_CORE_READ((struct task_struct___traced *)target, ptrace) == 0 || is_inherited(target, tracer)) return;
  tell_deed(RECORD_ACCESS_TRACE, WAY_PTRACE, tracer, target);
}

static __always_inline int is_own(struct task_struct *task) {
  if ((__u32)BPF_CORE_READ(task, tgid) == own) return 1;
  return (__u32)BPF_CORE_READ(task, group_leader, real_parent, tgid) == own;
}

SEC("raw_tp/signal_generate")
int on_signal(struct bpf_raw_tracepoint_args *context) {
  const int number = (int)context->args[0];
  struct kernel_siginfo *information = (void *)context->args[1];
  struct task_struct *target = (void *)context->args[2];
  struct task_struct *task = (void *)bpf_get_current_task();
  int code = CODE_USER;
  if (information == FROM_KERNEL) {
    /* Nothing else of the kernel's own stops another process by a signal. */
    if (number == SIGNAL_STOP && task != target) tell_deed(RECORD_ACCESS_TRACE, WAY_PTRACE, task, target);
    return 0;
  }
  if (information != FROM_NOBODY) code = BPF_CORE_READ(information, si_code);
  if (number == SIGNAL_CHILD) {
    if (code == CODE_TRAPPED || code == CODE_STOPPED) on_trap(task, target);
    return 0;
  }
  if (own == 0 || (code != CODE_USER && code != CODE_QUEUE && code != CODE_THREAD)) return 0;
  /* They end nothing and stop nothing, unless somebody wants it so. */
  if (number == SIGNAL_CONTINUE || number == SIGNAL_URGENT || number == SIGNAL_WINDOW) return 0;
  /* It ends its own children when it likes, and every process may do so to itself. */
  if (!is_own(target) || (__u32)BPF_CORE_READ(task, tgid) == own) return 0;
  if (BPF_CORE_READ(task, tgid) == BPF_CORE_READ(target, tgid)) return 0;
  tell_deed(RECORD_ACCESS_SIGNAL, (__u32)number, task, target);
  return 0;
}

/* The file behind a descriptor of the process that runs. */
static __always_inline struct file *file_of(struct task_struct *task, __u32 descriptor) {
  struct fdtable *table = BPF_CORE_READ(task, files, fdt);
  if (!table || descriptor >= BPF_CORE_READ(table, max_fds)) return 0;
  struct file *file = 0;
  struct file **files = BPF_CORE_READ(table, fd);
  bpf_probe_read_kernel(&file, sizeof file, files + descriptor);
  return file;
}

/* /proc/PID/mem and no other of its files: environ and cmdline are read from foreign memory too, by every ps. */
static __always_inline int is_memory_file(struct task_struct *task, __u32 descriptor) {
  struct file *file = file_of(task, descriptor);
  if (!file) return 0;
  char name[4] = "";
  const unsigned char *from = BPF_CORE_READ(file, f_path.dentry, d_name.name);
  if (bpf_probe_read_kernel(name, sizeof name, from) != 0) return 0;
  return name[0] == 'm' && name[1] == 'e' && name[2] == 'm' && name[3] == '\0';
}

SEC("raw_tp/mmap_lock_start_locking")
int on_memory_lock(struct bpf_raw_tracepoint_args *context) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct mm_struct *memory = (void *)context->args[0];
  struct mm_struct *mine = task->mm;
  if (mine == memory || !mine) return 0;
  const struct current_call now = call_of(task);
  if (now.call == CALL_OTHER || now.call == CALL_MODULE_FROM_FILE) return 0;
  if (!bpf_core_field_exists(struct mm_struct___owned, owner)) return 0;
  struct task_struct *owner = BPF_CORE_READ((struct mm_struct___owned *)memory, owner);
  if (!owner || BPF_CORE_READ(owner, tgid) == BPF_CORE_READ(task, tgid)) return 0;
  const __u32 request = (__u32)now.first;
  switch (now.call) {
    case CALL_PTRACE:
      if (request == REQUEST_READ_TEXT || request == REQUEST_READ_DATA)
        tell_deed(RECORD_ACCESS_READ, WAY_PTRACE, task, owner);
      else if (request == REQUEST_WRITE_TEXT || request == REQUEST_WRITE_DATA)
        tell_deed(RECORD_ACCESS_WRITE, WAY_PTRACE, task, owner);
      break;
    case CALL_PROCESS_READ: tell_deed(RECORD_ACCESS_READ, WAY_PROCESS_VM, task, owner); break;
    case CALL_PROCESS_WRITE: tell_deed(RECORD_ACCESS_WRITE, WAY_PROCESS_VM, task, owner); break;
    default:
      if (is_memory_file(task, request))
        tell_deed(now.call == CALL_FILE_WRITE ? RECORD_ACCESS_WRITE : RECORD_ACCESS_READ, WAY_MEMORY_FILE, task, owner);
  }
  return 0;
}

static __always_inline int tell_module(__u16 type, struct module *module) {
  /* A kernel without modules knows nothing of their form. */
  if (!bpf_core_field_exists(module->taints)) return 0;
  struct task_struct *task = bpf_get_current_task_btf();
  struct scratch *scratch = begin(type, task);
  if (!scratch) return 0;
  struct access_record *record = &scratch->record;
  record->taints = BPF_CORE_READ(module, taints);
  bpf_core_read(record->module, sizeof record->module, &module->name);
  record->text_bytes[ACCESS_TEXT_IMAGE] = append_image(scratch, task, ACCESS_FLAG_IMAGE_DELETED);
  const struct current_call now = call_of(task);
  if (type == RECORD_ACCESS_MODULE_LOAD && now.call == CALL_MODULE_FROM_FILE) {
    struct file *file = file_of(task, (__u32)now.first);
    if (file) {
      struct path *path = __builtin_preserve_access_index(&file->f_path);
      record->text_bytes[ACCESS_TEXT_MODULE] = (__u16)append_path(scratch, path);
    }
  }
  send(scratch);
  return 0;
}

SEC("raw_tp/module_load")
int on_module_load(struct bpf_raw_tracepoint_args *context) {
  return tell_module(RECORD_ACCESS_MODULE_LOAD, (void *)context->args[0]);
}

SEC("raw_tp/module_free")
int on_module_free(struct bpf_raw_tracepoint_args *context) {
  return tell_module(RECORD_ACCESS_MODULE_UNLOAD, (void *)context->args[0]);
}

/* The helpers that read kernel memory are for programs under the GPL only: see the first line. */
char LICENSE[] SEC("license") = "GPL";
