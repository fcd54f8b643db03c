import { dns, llmnr, mdns, netbiosNames } from './dns/index.ts';
import type { ProtocolDefinition } from './protocol.ts';
import { quic } from './quic/quic.ts';
import { dtls } from './tls/dtls.ts';
import { tls } from './tls/tls.ts';

/** All protocols that are told by their bytes. The order does not count: identification must not depend on it. */
export const PROTOCOLS: readonly ProtocolDefinition[] = [dns, mdns, llmnr, netbiosNames, tls, dtls, quic];
