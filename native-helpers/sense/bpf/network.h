/* What the programs about sockets read of the kernel's structures; see kernel.h. */
#ifndef SENSE_BPF_NETWORK_H
#define SENSE_BPF_NETWORK_H

#include "kernel.h"

#define AF_INET 2
#define AF_INET6 10
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_ICMP 1
#define PROTOCOL_ICMP6 58
/* net/tcp_states.h */
#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT 2
#define STATE_SYN_RECEIVED 3
#define STATE_FIN_WAIT_1 4
#define STATE_TIME_WAIT 6
#define STATE_CLOSE 7
#define STATE_CLOSE_WAIT 8
#define STATE_LAST_ACK 9
#define STATE_LISTEN 10
#define STATE_NEW_SYN_RECEIVED 12
/* SOCK_BINDPORT_LOCK of net/sock.h: the port was named, not chosen. */
#define BIND_PORT_LOCK 8

struct ns_common { unsigned int inum; } KERNEL;
struct net { struct ns_common ns; } KERNEL;
typedef struct { struct net *net; } KERNEL possible_net_t;
struct in6_addr { __u8 bytes[16]; };
struct sock_common {
  __u32 skc_daddr;
  __u32 skc_rcv_saddr;
  __u16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  possible_net_t skc_net;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
} KERNEL;
struct socket;
struct sock {
  struct sock_common __sk_common;
  struct socket *sk_socket;
  unsigned char sk_kern_sock : 1;
  unsigned char sk_userlocks : 4;
  __u16 sk_protocol;
} KERNEL;
struct inet_sock {
  struct sock sk;
  __u16 inet_sport;
} KERNEL;
struct socket { short type; } KERNEL;
struct socket_alloc {
  struct socket socket;
  struct inode vfs_inode;
} KERNEL;
struct sk_buff {
  struct sock *sk;
  unsigned char *head;
  __u16 network_header;
  __u16 transport_header;
} KERNEL;

/* On the wire: RFC 791, RFC 8200. */
struct ip_header {
  __u8 version_length;
  __u8 service;
  __u16 total;
  __u16 id;
  __u16 fragment;
  __u8 hops;
  __u8 protocol;
  __u16 checksum;
  __u32 source;
  __u32 destination;
};
struct ip6_header {
  __u32 version_class_flow;
  __u16 payload;
  __u8 next;
  __u8 hops;
  __u8 source[16];
  __u8 destination[16];
};
#define VERSION_4 4
#define FRAGMENT_OFFSET 0x1fff

#endif
