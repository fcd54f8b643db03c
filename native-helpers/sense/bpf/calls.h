/*
 * Which system call a process is in the middle of, and its arguments. Registers and numbers are of the machine; the
 * loader finds by the names of the registers which machine it is, so that nothing is chosen when this is compiled.
 */
#ifndef SENSE_BPF_CALLS_H
#define SENSE_BPF_CALLS_H

#include "kernel.h"

struct pt_regs___x86 {
  unsigned long orig_ax;
  unsigned long di;
  unsigned long si;
  unsigned long bx;
  unsigned long cx;
} KERNEL;
/* Its numbers are those of include/uapi/asm-generic/unistd.h, as riscv's. */
struct pt_regs___arm64 {
  unsigned long regs[31];
  unsigned long orig_x0;
  int syscallno;
} KERNEL;
struct pt_regs___riscv {
  unsigned long orig_a0;
  unsigned long a1;
  unsigned long a7;
} KERNEL;
struct thread_info___x86 { __u32 status; } KERNEL;
struct task_struct___x86 { struct thread_info___x86 thread_info; } KERNEL;
/* arch/x86/include/asm/thread_info.h: in a call of the 32-bit kind, which programs of 64 bits can make too. */
#define STATUS_COMPAT 2u

enum call {
  CALL_OTHER,
  CALL_PTRACE,
  CALL_PROCESS_READ,
  CALL_PROCESS_WRITE,
  CALL_FILE_READ,
  CALL_FILE_WRITE,
  CALL_MODULE_FROM_FILE,
};

struct current_call {
  enum call call;
  __u64 first;
};

/* arch/x86/entry/syscalls/syscall_64.tbl */
static __always_inline enum call call_of_x86_64(long number) {
  switch (number) {
    case 101: return CALL_PTRACE;
    case 310: return CALL_PROCESS_READ;
    case 311: return CALL_PROCESS_WRITE;
    case 313: return CALL_MODULE_FROM_FILE;
    case 0: case 17: case 19: case 295: case 327: return CALL_FILE_READ;
    case 1: case 18: case 20: case 296: case 328: return CALL_FILE_WRITE;
    default: return CALL_OTHER;
  }
}

/* arch/x86/entry/syscalls/syscall_32.tbl */
static __always_inline enum call call_of_x86_32(long number) {
  switch (number) {
    case 26: return CALL_PTRACE;
    case 347: return CALL_PROCESS_READ;
    case 348: return CALL_PROCESS_WRITE;
    case 350: return CALL_MODULE_FROM_FILE;
    case 3: case 145: case 180: case 333: case 378: return CALL_FILE_READ;
    case 4: case 146: case 181: case 334: case 379: return CALL_FILE_WRITE;
    default: return CALL_OTHER;
  }
}

/* include/uapi/asm-generic/unistd.h */
static __always_inline enum call call_of_generic(long number) {
  switch (number) {
    case 117: return CALL_PTRACE;
    case 270: return CALL_PROCESS_READ;
    case 271: return CALL_PROCESS_WRITE;
    case 273: return CALL_MODULE_FROM_FILE;
    case 63: case 65: case 67: case 69: case 286: return CALL_FILE_READ;
    case 64: case 66: case 68: case 70: case 287: return CALL_FILE_WRITE;
    default: return CALL_OTHER;
  }
}

static __always_inline struct current_call call_of(struct task_struct *task) {
  struct current_call now = {.call = CALL_OTHER};
  void *registers = (void *)bpf_task_pt_regs(task);
  if (bpf_core_field_exists(struct pt_regs___x86, orig_ax)) {
    struct pt_regs___x86 *x86 = registers;
    const long number = (long)BPF_CORE_READ(x86, orig_ax);
    if (BPF_CORE_READ((struct task_struct___x86 *)task, thread_info.status) & STATUS_COMPAT) {
      now.call = call_of_x86_32(number);
      now.first = BPF_CORE_READ(x86, bx);
    } else {
      now.call = call_of_x86_64(number);
      now.first = BPF_CORE_READ(x86, di);
    }
  } else if (bpf_core_field_exists(struct pt_regs___arm64, orig_x0)) {
    struct pt_regs___arm64 *arm64 = registers;
    now.call = call_of_generic(BPF_CORE_READ(arm64, syscallno));
    now.first = BPF_CORE_READ(arm64, orig_x0);
  } else if (bpf_core_field_exists(struct pt_regs___riscv, orig_a0)) {
    struct pt_regs___riscv *riscv = registers;
    now.call = call_of_generic((long)BPF_CORE_READ(riscv, a7));
    now.first = BPF_CORE_READ(riscv, orig_a0);
  }
  return now;
}

#endif
