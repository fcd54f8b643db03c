import { LAYER, type Step } from './cursor.ts';

/** UDP ports that may carry a tunnel (IANA; 8472 is the Linux kernel's first choice for VXLAN). */
const PORT = {
  gtpUser: 2152,
  teredo: 3544,
  vxlan: 4789,
  vxlanGpe: 4790,
  capwapData: 5247,
  geneve: 6081,
  vxlanLinux: 8472,
} as const;

/**
 * The tunnel that a datagram between these ports may carry, as a LAYER, or 0. The port is only a hint: the layer's
 * dissector looks at the bytes and leaves the datagram as it is when they are something else.
 */
export function udpTunnel(sourcePort: number, destinationPort: number): Step {
  // VXLAN and Geneve senders use any source port, so that there only the destination says something.
  switch (destinationPort) {
    case PORT.vxlan:
    case PORT.vxlanLinux:
      return LAYER.vxlan;
    case PORT.vxlanGpe:
      return LAYER.vxlanGpe;
    case PORT.geneve:
      return LAYER.geneve;
    case PORT.gtpUser:
      return LAYER.gtpUser;
    case PORT.teredo:
      return LAYER.teredo;
    case PORT.capwapData:
      return LAYER.capwapData;
  }
  if (sourcePort === PORT.teredo) return LAYER.teredo;
  if (sourcePort === PORT.gtpUser) return LAYER.gtpUser;
  if (sourcePort === PORT.capwapData) return LAYER.capwapData;
  return 0;
}
