/*
 * Writing down where something lies: the names that are passed on the way up to the root, over all mounts. For programs
 * that have a `struct scratch` (defined before this file is included) with `record.flags`, `text`, `used` and `end`.
 */
#ifndef SENSE_BPF_PATH_H
#define SENSE_BPF_PATH_H

/* Names and mounts on the way to the root. Linux has no bound but PATH_MAX; a deeper path loses its beginning. */
#define MAX_STEPS 512
/* NAME_MAX and its NUL. */
#define COMPONENT_BYTES 256u

/* Keeps the compiler from proving a bound away that the kernel's verifier wants to see. */
#define HIDE(value) asm volatile("" : "+r"(value))

/* A walk up a tree that writes down the names that it passes. */
struct walk {
  struct scratch *scratch;
  __u64 finished; /* 0 or 1 */
  /* Of a path. */
  struct dentry *dentry;
  struct mount *mount;
  /* Of a control group. */
  struct kernfs_node *node;
};

/* One name with its NUL, as long as there is room. */
static __always_inline void append(struct walk *walk, const void *name) {
  struct scratch *scratch = walk->scratch;
  const __u64 used = scratch->used;
  if (used > MAX_TEXT_BYTES - COMPONENT_BYTES || used + COMPONENT_BYTES > scratch->end) {
    scratch->record.flags |= FLAG_PATH_CUT;
    walk->finished = 1;
    return;
  }
  long length = bpf_probe_read_kernel_str(scratch->text + used, COMPONENT_BYTES, name);
  if (length > 0 && length <= COMPONENT_BYTES) scratch->used = used + (__u64)length;
}

/* The loops are calls of bpf_loop because the verifier would otherwise follow every way through every turn. */
static long path_step(__u32 index, struct walk *walk) {
  (void)index;
  struct dentry *dentry = walk->dentry;
  struct mount *mount = walk->mount;
  if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
    walk->mount = BPF_CORE_READ(mount, mnt_parent);
    walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    walk->finished = walk->mount == mount;
    return walk->finished != 0;
  }
  append(walk, BPF_CORE_READ(dentry, d_name.name));
  walk->dentry = BPF_CORE_READ(dentry, d_parent);
  /* A file without a place in the tree: a memfd, a pipe. */
  if (walk->dentry == dentry) walk->finished = 1;
  return walk->finished != 0;
}

/* The names from `path` up to the root, the last first, over all mounts. How many bytes they take. */
static __always_inline __u32 append_path(struct scratch *scratch, struct path *path) {
  struct walk walk = {.scratch = scratch};
  const __u64 begun = scratch->used;
  scratch->end = begun + MAX_PATH_BYTES;
  struct vfsmount *mount = BPF_CORE_READ(path, mnt);
  walk.mount = (void *)((char *)mount - bpf_core_field_offset(struct mount, mnt));
  walk.dentry = BPF_CORE_READ(path, dentry);
  bpf_loop(MAX_STEPS, path_step, &walk, 0);
  if (!walk.finished) scratch->record.flags |= FLAG_PATH_CUT;
  return (__u32)(scratch->used - begun);
}

#endif
