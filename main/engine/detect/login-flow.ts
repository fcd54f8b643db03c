import { type FlowView, INITIATOR_BASIS, PROTOCOL, SERVICE_BASIS, TCP_FLAG } from '../../../contract/traffic.ts';
import { type LoginProtocol, loginProtocolOf, loginServiceOfPort } from './login-protocols.ts';

/**
 * A flow as the two sides of a login: who asks and who answers. Mostly the initiator asks; of a connection that
 * was met in the middle nobody knows who began, and then the service's port or its bytes tell. A view: one object,
 * pointed at flow after flow.
 */
export class LoginFlow {
  /** Index into LOGIN_SERVICES. */
  service = 0;
  serverPort = 0;
  private flow!: FlowView;
  private isReversed = false;

  /** The login protocol of a flow, to which this now points; undefined when nobody logs in there, or it is unknown who. */
  point(flow: FlowView): LoginProtocol | undefined {
    if (flow.initiatorBasis === INITIATOR_BASIS.firstPacket) return this.pointInTheMiddle(flow);
    // Most flows are no logins, and leave here.
    const protocol = loginProtocolOf(flow.service, flow.responderPort);
    if (protocol !== undefined) this.set(flow, false, flow.service);
    return protocol;
  }

  /** As a parser tells it: it knows who logs in, and to which service. */
  pointTold(flow: FlowView, service: number, isClientInitiator: boolean): void {
    this.set(flow, !isClientInitiator, service);
  }

  private set(flow: FlowView, isReversed: boolean, service: number): void {
    this.flow = flow;
    this.isReversed = isReversed;
    this.service = service;
    this.serverPort = isReversed ? flow.initiatorPort : flow.responderPort;
  }

  /** By the port where logins are usual, which is the lower one; else by the bytes and the lower port. */
  private pointInTheMiddle(flow: FlowView): LoginProtocol | undefined {
    const { initiatorPort, responderPort, service } = flow;
    const isTold = flow.serviceBasis === SERVICE_BASIS.bytes;
    const isTcp = flow.protocol === PROTOCOL.tcp;
    if (responderPort < initiatorPort) {
      if (isTcp && !isTold && loginServiceOfPort(responderPort) < 0) return undefined;
      this.set(flow, false, service);
    } else {
      const byPort = loginServiceOfPort(initiatorPort);
      if (responderPort === initiatorPort || !isTcp || (byPort < 0 && !isTold)) return undefined;
      this.set(flow, true, isTold ? service : byPort);
    }
    return loginProtocolOf(this.service, this.serverPort);
  }

  isClient(fromInitiator: boolean): boolean {
    return fromInitiator !== this.isReversed;
  }

  get id(): number {
    return this.flow.id;
  }
  get firstUs(): number {
    return this.flow.firstUs;
  }
  get lastUs(): number {
    return this.flow.lastUs;
  }
  get client0(): number {
    return this.isReversed ? this.flow.responder0 : this.flow.initiator0;
  }
  get client1(): number {
    return this.isReversed ? this.flow.responder1 : this.flow.initiator1;
  }
  get client2(): number {
    return this.isReversed ? this.flow.responder2 : this.flow.initiator2;
  }
  get client3(): number {
    return this.isReversed ? this.flow.responder3 : this.flow.initiator3;
  }
  get server0(): number {
    return this.isReversed ? this.flow.initiator0 : this.flow.responder0;
  }
  get server1(): number {
    return this.isReversed ? this.flow.initiator1 : this.flow.responder1;
  }
  get server2(): number {
    return this.isReversed ? this.flow.initiator2 : this.flow.responder2;
  }
  get server3(): number {
    return this.isReversed ? this.flow.initiator3 : this.flow.responder3;
  }
  /** Payload bytes that the client has sent so far. */
  get clientBytes(): number {
    return this.isReversed ? this.flow.responderPayloadBytes : this.flow.initiatorPayloadBytes;
  }
  get serverBytes(): number {
    return this.isReversed ? this.flow.initiatorPayloadBytes : this.flow.responderPayloadBytes;
  }
  /** Nothing that the client sent is in the capture, which sees one direction only. */
  get isClientUnseen(): boolean {
    return (this.isReversed ? this.flow.responderPackets : this.flow.initiatorPackets) === 0;
  }
  get isServerUnseen(): boolean {
    return (this.isReversed ? this.flow.initiatorPackets : this.flow.responderPackets) === 0;
  }
  /** One side or both ended the connection. */
  get isEnding(): boolean {
    return ((this.flow.initiatorFlags | this.flow.responderFlags) & (TCP_FLAG.fin | TCP_FLAG.rst)) !== 0;
  }
}
