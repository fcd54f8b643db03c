/** Names of capabilities by their number: linux/capability.h, capabilities(7). */
const CAPABILITIES = (
  'chown dac_override dac_read_search fowner fsetid kill setgid setuid setpcap linux_immutable net_bind_service ' +
  'net_broadcast net_admin net_raw ipc_lock ipc_owner sys_module sys_rawio sys_chroot sys_ptrace sys_pacct sys_admin ' +
  'sys_boot sys_nice sys_resource sys_time sys_tty_config mknod lease audit_write audit_control setfcap mac_override ' +
  'mac_admin syslog wake_alarm block_suspend audit_read perfmon bpf checkpoint_restore'
).split(' ');

/** "cap_sys_admin" and the like; bits that have no name yet are left out. */
export function capabilityNames(bits: bigint): string[] {
  return CAPABILITIES.filter((_, number) => (bits >> BigInt(number)) & 1n).map((name) => `cap_${name}`);
}
