/*
 * The parts of the kernel's structures that the programs read, by name: the loader looks up where the running kernel
 * has them (CO-RE, docs.kernel.org/bpf/btf.html). Nothing but names and kinds counts here, so this list takes the place
 * of a header made from one kernel, and building needs none.
 */
#ifndef SENSE_BPF_KERNEL_H
#define SENSE_BPF_KERNEL_H

#define KERNEL __attribute__((preserve_access_index))

typedef struct { __u32 val; } KERNEL kuid_t;
typedef struct { __u32 val; } KERNEL kgid_t;
typedef struct { __u64 val; } kernel_cap_t;

struct qstr { const unsigned char *name; } KERNEL;
struct super_block { __u32 s_dev; } KERNEL;
struct inode {
  __u16 i_mode;
  unsigned int i_nlink;
  unsigned long i_ino;
  __u32 i_rdev;
} KERNEL;
struct dentry {
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
} KERNEL;
struct vfsmount { struct dentry *mnt_root; } KERNEL;
struct mount {
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
} KERNEL;
struct path {
  struct vfsmount *mnt;
  struct dentry *dentry;
} KERNEL;
struct file {
  struct inode *f_inode;
  struct path f_path;
  void *private_data;
} KERNEL;
struct fdtable {
  unsigned int max_fds;
  struct file **fd;
} KERNEL;
struct files_struct { struct fdtable *fdt; } KERNEL;
struct fs_struct { struct path pwd; } KERNEL;
struct mm_struct {
  unsigned long arg_start;
  unsigned long arg_end;
  struct file *exe_file;
} KERNEL;
struct tty_struct { char name[64]; } KERNEL;
struct signal_struct {
  unsigned int flags;
  int group_exit_code;
  struct tty_struct *tty;
  struct { int counter; } live;
} KERNEL;
struct cred {
  kuid_t uid;
  kgid_t gid;
  kuid_t euid;
  kgid_t egid;
  kernel_cap_t cap_effective;
} KERNEL;
struct kernfs_node {
  struct kernfs_node *__parent;
  const char *name;
} KERNEL;
/* Until 6.14. */
struct kernfs_node___older { struct kernfs_node *parent; } KERNEL;
struct cgroup { struct kernfs_node *kn; } KERNEL;
struct css_set { struct cgroup *dfl_cgrp; } KERNEL;
struct task_struct {
  int pid;
  int tgid;
  int exit_code;
  __u64 start_boottime;
  struct task_struct *real_parent;
  struct task_struct *group_leader;
  struct signal_struct *signal;
  struct mm_struct *mm;
  struct fs_struct *fs;
  struct files_struct *files;
  struct css_set *cgroups;
  const struct cred *real_cred;
  const struct cred *cred;
  kuid_t loginuid;
  unsigned int sessionid;
  char comm[16];
} KERNEL;
struct linux_binprm { const char *filename; } KERNEL;

#endif
