/* Files whose opening is told: few, as every opening costs whoever opens. Marked one by one, by their inodes. */
#ifndef SENSE_FILES_OPENS_H
#define SENSE_FILES_OPENS_H

#include "files_events.h"
#include "files_group.h"

/* Each keeps its inode in memory. */
#define MAX_WATCHED_OPENS 4096u
/* A program that opens one of them again within this time is not told of again. */
#define OPEN_AGAIN_MS 10000u
#define REMEMBERED_OPENS 256u
/* Files that are gone took their marks along; how many are left is asked no more often than this. */
#define COUNT_AGAIN_MS 10000u

struct remembered_open {
  uint32_t process;
  uint32_t hash; /* of the file's handle */
  uint64_t told_ms;
};

struct files_opens {
  uint64_t marked; /* those that are gone among them, until they are counted */
  uint64_t count_again_ms;
  struct remembered_open told[REMEMBERED_OPENS];
};

/*
 * From now on openings of this file are told. Nothing where there is no such regular file on a file system that is watched.
 * No symbolic link is followed, and no file system is entered that is not watched: in a program's (FUSE) one could wait
 * for ever.
 */
void files_opens_watch(struct files_opens *opens, const struct file_systems *systems, const char *path, uint64_t now_ms);

/* Marks of single files by what /proc/PID/fdinfo says of a group (proc_pid_fdinfo(5)), which is read to its end. */
uint64_t files_opens_count(int info);

/* Whether an opening is news. */
bool files_opens_is_news(struct files_opens *opens, const struct files_event *event, uint64_t now_ms);

/* The process executes another program: what that opens is its own news. */
void files_opens_forget(struct files_opens *opens, uint32_t process);

#endif
