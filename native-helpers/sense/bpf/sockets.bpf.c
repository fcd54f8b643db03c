// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
/*
 * Tells which process makes, takes on and waits for connections, from inside the kernel and in the process that does it,
 * so that the shortest-lived one is known. It only reads. Records go to one ring; what finds it full is counted.
 *
 * There are two trace points. The change of a TCP socket's state tells who connects, listens and closes, but a connection
 * has no port of its own yet when it begins, and what is taken on begins without a process. The packet that goes to a
 * device (before any queue) tells the rest: the SYN has both ports, and an answer is sent by who took the connection on.
 * A packet may also be sent by the kernel in the name of whatever process is interrupted, or later than it was made: so
 * whoever is named is the one that connected, or is proven to have the socket open. The cost for a packet is a look into a
 * table; more only for the first of a conversation.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "../src/socket_records.h"
#include "kernel.h"
#include "network.h"

/* Some 10,000 connections. */
#define RING_BYTES (2u * 1024u * 1024u)
/* Conversations over UDP that are remembered as told; the longest unused goes, and is told again if it goes on. */
#define MAX_TOLD 16384u
/* Connections between two states. One that had to go is told without its process. */
#define MAX_WAITING 16384u
/* Open files of a process that are looked through for a socket. */
#define MAX_FILES 4096u

/* The words of path.h. */
#define MAX_PATH_BYTES SOCKET_PATH_BYTES
#define MAX_TEXT_BYTES SOCKET_TEXT_BYTES
#define FLAG_PATH_CUT SOCKET_FLAG_PATH_CUT

struct scratch {
  struct socket_record record;
  __u8 text[MAX_TEXT_BYTES];
  /* As in processes.bpf.c. */
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
  __uint(max_entries, 2);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

/* A socket's address in memory may be another's soon after: with the process and its port it cannot be mistaken. */
struct conversation {
  __u64 socket;
  __u32 process;
  __u16 local_port;
  __u16 remote_port;
  __u8 remote[SOCKET_ADDRESS_BYTES];
};

/* Sockets of which something is still to be told, by their address. */
struct waiting {
  /* RECORD_SOCKET_CONNECT: by this process. RECORD_SOCKET_ACCEPT: by nobody yet. */
  __u16 type;
  __u32 process;
  __u32 parent;
  __u32 user;
  __u32 effective_user;
  __u64 start_ns;
  char name[SOCKET_NAME_BYTES];
};

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, MAX_WAITING);
  __type(key, __u64);
  __type(value, struct waiting);
} waitings SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, MAX_TOLD);
  __type(key, struct conversation);
  __type(value, __u8);
} told SEC(".maps");

/* Read by sense through its mapping. */
__u64 dropped = 0;

static __always_inline void map_address(__u8 address[SOCKET_ADDRESS_BYTES], __u32 four) {
  __builtin_memset(address, 0, SOCKET_ADDRESS_BYTES);
  address[10] = 0xff;
  address[11] = 0xff;
  __builtin_memcpy(address + 12, &four, sizeof four);
}

/* The socket's side of a record. False: of no family that is told of. */
static __always_inline int describe_socket(struct socket_record *record, struct sock *sock) {
  const __u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);
  if (family == AF_INET) {
    map_address(record->local, BPF_CORE_READ(sock, __sk_common.skc_rcv_saddr));
    map_address(record->remote, BPF_CORE_READ(sock, __sk_common.skc_daddr));
  } else if (family == AF_INET6) {
    BPF_CORE_READ_INTO(&record->local, sock, __sk_common.skc_v6_rcv_saddr);
    BPF_CORE_READ_INTO(&record->remote, sock, __sk_common.skc_v6_daddr);
  } else {
    return 0;
  }
  record->local_port = BPF_CORE_READ(sock, __sk_common.skc_num);
  record->remote_port = __builtin_bswap16(BPF_CORE_READ(sock, __sk_common.skc_dport));
  record->network = BPF_CORE_READ(sock, __sk_common.skc_net.net, ns.inum);
  struct socket *socket = BPF_CORE_READ(sock, sk_socket);
  if (socket) {
    struct socket_alloc *pair = (void *)((char *)socket - bpf_core_field_offset(struct socket_alloc, socket));
    record->inode = BPF_CORE_READ(pair, vfs_inode.i_ino);
  }
  return 1;
}

/* The process's side. */
static __always_inline void describe_process(struct scratch *scratch) {
  struct socket_record *record = &scratch->record;
  struct task_struct *task = (void *)bpf_get_current_task();
  const struct cred *cred = BPF_CORE_READ(task, real_cred);
  record->time_ns = bpf_ktime_get_boot_ns();
  record->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
  record->process = (__u32)BPF_CORE_READ(task, tgid);
  record->parent = (__u32)BPF_CORE_READ(task, group_leader, real_parent, tgid);
  record->user = BPF_CORE_READ(cred, uid.val);
  record->effective_user = BPF_CORE_READ(cred, euid.val);
  bpf_core_read(record->name, sizeof record->name, &task->comm);
  struct file *image = BPF_CORE_READ(task, mm, exe_file);
  scratch->used = 0;
  /* The kernel's own threads have none: of NFS, of WireGuard. */
  if (!image) return;
  struct inode *inode = BPF_CORE_READ(image, f_inode);
  if (BPF_CORE_READ(inode, i_nlink) == 0) record->flags |= SOCKET_FLAG_IMAGE_DELETED;
  record->image_bytes = (__u16)append_path(scratch, __builtin_preserve_access_index(&image->f_path));
}

/* An empty record; every field that is not named later stays 0. */
/* A packet may leave while a change of state is being told on the same processor: each has a place of its own. */
#define STATES 0
#define PACKETS 1

static __always_inline struct scratch *begin(__u32 key, __u16 type, __u16 protocol) {
  struct scratch *scratch = bpf_map_lookup_elem(&scratches, &key);
  if (!scratch) return 0;
  __builtin_memset(&scratch->record, 0, sizeof scratch->record);
  scratch->record.header.type = type;
  scratch->record.protocol = protocol;
  return scratch;
}

static __always_inline void send(struct scratch *scratch) {
  __u64 used = scratch->used;
  HIDE(used);
  if (used > MAX_TEXT_BYTES) return;
  if (bpf_ringbuf_output(&ring, scratch, sizeof scratch->record + used, 0) != 0) __sync_fetch_and_add(&dropped, 1);
}

/* A search through the open files of the process that runs. */
struct search {
  struct file **files;
  __u64 inode;
  __u64 found;
};

static long search_step(__u32 index, struct search *search) {
  struct file *file = 0;
  bpf_probe_read_kernel(&file, sizeof file, search->files + index);
  if (!file || (__u64)BPF_CORE_READ(file, f_inode) != search->inode) return 0;
  search->found = 1;
  return 1;
}

/* Whether the process that runs has the socket open. */
static __always_inline int is_owner(struct sock *sock) {
  struct socket *socket = BPF_CORE_READ(sock, sk_socket);
  if (!socket) return 0;
  struct socket_alloc *pair = (void *)((char *)socket - bpf_core_field_offset(struct socket_alloc, socket));
  struct task_struct *task = (void *)bpf_get_current_task();
  struct fdtable *table = BPF_CORE_READ(task, files, fdt);
  if (!table) return 0;
  struct search search = {
      .files = BPF_CORE_READ(table, fd),
      .inode = (__u64)((char *)pair + bpf_core_field_offset(struct socket_alloc, vfs_inode)),
  };
  __u32 count = BPF_CORE_READ(table, max_fds);
  if (count > MAX_FILES) count = MAX_FILES;
  bpf_loop(count, search_step, &search, 0);
  return search.found != 0;
}

/* Tells of a socket, with the process that runs. */
static __always_inline void tell(__u16 type, __u16 local_port, struct sock *sock) {
  struct scratch *scratch = begin(STATES, type, PROTOCOL_TCP);
  if (!scratch || !describe_socket(&scratch->record, sock)) return;
  if (local_port != 0) scratch->record.local_port = local_port;
  describe_process(scratch);
  send(scratch);
}

/* Tells of a socket that waited: the process that runs if it is the right one, else what was noted of the other. */
static __always_inline void tell_waiting(struct sock *sock, struct waiting *waiting, int is_current) {
  struct scratch *scratch = begin(STATES, waiting->type, PROTOCOL_TCP);
  if (!scratch || !describe_socket(&scratch->record, sock)) return;
  struct socket_record *record = &scratch->record;
  if (record->local_port == 0) record->local_port = __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sock, inet_sport));
  if (is_current) {
    describe_process(scratch);
  } else {
    record->time_ns = bpf_ktime_get_boot_ns();
    record->start_ns = waiting->start_ns;
    record->process = waiting->process;
    record->parent = waiting->parent;
    record->user = waiting->user;
    record->effective_user = waiting->effective_user;
    __builtin_memcpy(record->name, waiting->name, sizeof record->name);
    scratch->used = 0;
  }
  send(scratch);
}

static __always_inline void note_connecting(__u64 key) {
  struct task_struct *task = (void *)bpf_get_current_task();
  const struct cred *cred = BPF_CORE_READ(task, real_cred);
  struct waiting waiting = {
      .type = RECORD_SOCKET_CONNECT,
      .process = (__u32)BPF_CORE_READ(task, tgid),
      .parent = (__u32)BPF_CORE_READ(task, group_leader, real_parent, tgid),
      .user = BPF_CORE_READ(cred, uid.val),
      .effective_user = BPF_CORE_READ(cred, euid.val),
      .start_ns = BPF_CORE_READ(task, group_leader, start_boottime),
  };
  bpf_core_read(waiting.name, sizeof waiting.name, &task->comm);
  bpf_map_update_elem(&waitings, &key, &waiting, BPF_ANY);
}

SEC("raw_tp/inet_sock_set_state")
int on_state(struct bpf_raw_tracepoint_args *context) {
  struct sock *sock = (void *)context->args[0];
  const int before = (int)context->args[1];
  const int now = (int)context->args[2];
  if (BPF_CORE_READ(sock, sk_protocol) != PROTOCOL_TCP) return 0;
  const __u64 key = (__u64)sock;
  if (now == STATE_SYN_SENT) {
    note_connecting(key);
  } else if (now == STATE_ESTABLISHED && before == STATE_SYN_RECEIVED) {
    const struct waiting accepted = {.type = RECORD_SOCKET_ACCEPT};
    bpf_map_update_elem(&waitings, &key, &accepted, BPF_ANY);
  } else if (now == STATE_LISTEN) {
    tell(RECORD_SOCKET_LISTEN, 0, sock);
  } else if (before == STATE_LISTEN) {
    /* What comes in begins as a copy of the socket that listens. */
    if (now != STATE_CLOSE) return 0;
    /* The port itself was given back a moment ago. */
    tell(RECORD_SOCKET_UNLISTEN, __builtin_bswap16(BPF_CORE_READ((struct inet_sock *)sock, inet_sport)), sock);
  } else {
    struct waiting *waiting = bpf_map_lookup_elem(&waitings, &key);
    if (!waiting) return 0;
    /* The other side is done sooner than anybody here took the connection on: who does is still to come. */
    if (now == STATE_CLOSE_WAIT && waiting->type == RECORD_SOCKET_ACCEPT) return 0;
    /* These two are made by close(2) and shutdown(2): by the process itself. */
    const int is_closing = now == STATE_FIN_WAIT_1 || now == STATE_LAST_ACK;
    tell_waiting(sock, waiting, waiting->type == RECORD_SOCKET_ACCEPT && is_closing);
    bpf_map_delete_elem(&waitings, &key);
  }
  return 0;
}

static __always_inline void on_tcp_packet(struct sock *sock) {
  const __u64 key = (__u64)sock;
  struct waiting *waiting = bpf_map_lookup_elem(&waitings, &key);
  if (!waiting) return;
  if (waiting->type == RECORD_SOCKET_CONNECT) {
    tell_waiting(sock, waiting, waiting->process == (__u32)(bpf_get_current_pid_tgid() >> 32));
  } else {
    /* Acknowledgments go out before anybody takes the connection on, and whoever runs then has not got it. */
    if (!is_owner(sock)) return;
    tell_waiting(sock, waiting, 1);
  }
  bpf_map_delete_elem(&waitings, &key);
}

/* Both ends from the packet itself: the socket need not know its own address, nor a receiver. False: no beginning. */
static __always_inline int read_ends(struct socket_record *record, struct sk_buff *packet, __u16 family) {
  unsigned char *head = BPF_CORE_READ(packet, head);
  unsigned char *network = head + BPF_CORE_READ(packet, network_header);
  if (family == VERSION_4) {
    struct ip_header header;
    if (bpf_probe_read_kernel(&header, sizeof header, network) != 0) return 0;
    if (header.fragment & __builtin_bswap16(FRAGMENT_OFFSET)) return 0;
    map_address(record->local, header.source);
    map_address(record->remote, header.destination);
  } else {
    struct ip6_header header;
    if (bpf_probe_read_kernel(&header, sizeof header, network) != 0) return 0;
    __builtin_memcpy(record->local, header.source, SOCKET_ADDRESS_BYTES);
    __builtin_memcpy(record->remote, header.destination, SOCKET_ADDRESS_BYTES);
  }
  if (record->protocol != PROTOCOL_UDP) {
    record->local_port = 0;
    record->remote_port = 0;
    return 1;
  }
  __u16 ports[2];
  if (bpf_probe_read_kernel(ports, sizeof ports, head + BPF_CORE_READ(packet, transport_header)) != 0) return 0;
  record->local_port = __builtin_bswap16(ports[0]);
  record->remote_port = __builtin_bswap16(ports[1]);
  return 1;
}

static __always_inline void on_datagram(struct sock *sock, struct sk_buff *packet, __u16 protocol) {
  struct scratch *scratch = begin(PACKETS, RECORD_SOCKET_SEND, protocol);
  if (!scratch || !describe_socket(&scratch->record, sock)) return;
  struct socket_record *record = &scratch->record;
  unsigned char *network = BPF_CORE_READ(packet, head) + BPF_CORE_READ(packet, network_header);
  __u8 version = 0;
  if (bpf_probe_read_kernel(&version, sizeof version, network) != 0) return;
  if (!read_ends(record, packet, version >> 4)) return;
  struct conversation conversation = {
      .socket = (__u64)sock,
      .process = (__u32)(bpf_get_current_pid_tgid() >> 32),
      .local_port = record->local_port,
      .remote_port = record->remote_port,
  };
  __builtin_memcpy(conversation.remote, record->remote, SOCKET_ADDRESS_BYTES);
  if (bpf_map_lookup_elem(&told, &conversation)) return;
  const __u8 yes = 1;
  bpf_map_update_elem(&told, &conversation, &yes, BPF_ANY);
  if (BPF_CORE_READ_BITFIELD_PROBED(sock, sk_userlocks) & BIND_PORT_LOCK) record->flags |= SOCKET_FLAG_BOUND;
  if (is_owner(sock)) {
    describe_process(scratch);
  } else {
    record->time_ns = bpf_ktime_get_boot_ns();
    scratch->used = 0;
  }
  send(scratch);
}

SEC("raw_tp/net_dev_queue")
int on_packet(struct bpf_raw_tracepoint_args *context) {
  struct sk_buff *packet = (void *)context->args[0];
  struct sock *sock = BPF_CORE_READ(packet, sk);
  if (!sock) return 0;
  const __u16 family = BPF_CORE_READ(sock, __sk_common.skc_family);
  if (family != AF_INET && family != AF_INET6) return 0;
  /* In these two states there is less of a socket than its type says. */
  const __u8 state = BPF_CORE_READ(sock, __sk_common.skc_state);
  if (state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECEIVED) return 0;
  const __u16 protocol = BPF_CORE_READ(sock, sk_protocol);
  if (protocol == PROTOCOL_TCP) {
    on_tcp_packet(sock);
  } else if (protocol == PROTOCOL_UDP || protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMP6) {
    /* The kernel's own: tunnels, its answers to pings. */
    if (!BPF_CORE_READ_BITFIELD_PROBED(sock, sk_kern_sock)) on_datagram(sock, packet, protocol);
  }
  return 0;
}

/* The helpers that read kernel memory are for programs under the GPL only: see the first line. */
char LICENSE[] SEC("license") = "GPL";
