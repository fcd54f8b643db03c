import type { Finding } from '../../../../contract/domain.ts';
import { endpointText } from '../ends.ts';
import { countOf, formatDuration } from '../finding-text.ts';
import { TUNNEL_FORMS, type TunnelForm, type TunnelFormId } from './forms.ts';

/** A tunnel between two ends, with what went through so far. */
export interface TunnelCase {
  readonly cause: string;
  readonly form: TunnelFormId;
  /** The detail of the form: a protocol, a program, a port. */
  readonly what: string;
  readonly attacker: string;
  readonly victim: string;
  readonly mayNameAttacker: boolean;
  readonly port: number;
  readonly firstUs: number;
  lastUs: number;
  conversations: number;
  /** Bytes from the victim and to it. */
  out: number;
  back: number;
  reportedBytes: number;
  reportedConversations: number;
  reportedUs: number;
}

export function describeTunnel(tunnel: TunnelCase): Finding {
  const { attacker, victim, what } = tunnel;
  const form: TunnelForm = TUNNEL_FORMS[tunnel.form];
  const attackers = tunnel.mayNameAttacker ? [attacker] : [];
  const said = form.title.replace(/\{other\}|\{what\}/g, (mark) => (mark === '{other}' ? attacker : what));
  return {
    detector: 'tunnel',
    kind: 'tunnel',
    cause: tunnel.cause,
    firstSeenMs: Math.round(tunnel.firstUs / 1000),
    lastSeenMs: Math.round(tunnel.lastUs / 1000),
    severity: form.severity,
    confidence: form.confidence,
    techniques: form.techniques,
    attackers,
    victims: [victim],
    attackerCount: attackers.length,
    victimCount: 1,
    title: `${victim} ${said}`,
    explanation: [
      `${victim} ${said}: ${countOf(tunnel.out, 'byte')} out and ${countOf(tunnel.back, 'byte')} in within ${formatDuration((tunnel.lastUs - tunnel.firstUs) / 1e6)}.`,
      form.meaning,
      ...(tunnel.mayNameAttacker
        ? []
        : [`${attacker} belongs to this network, so it is not named as attacker: the true other end is behind it.`]),
    ].join(' '),
    evidence: [
      { name: 'seen', value: what, meaning: form.meaning },
      {
        name: 'with',
        value: endpointText(attacker, tunnel.port),
        meaning: 'The other end, and the port that was called.',
      },
      {
        name: 'conversations',
        value: tunnel.conversations,
        unit: 'conversations',
        meaning: 'Of this kind between the two.',
      },
      { name: 'data out', value: Math.round(tunnel.out), unit: 'B', meaning: 'From the computer that is used.' },
      { name: 'data in', value: Math.round(tunnel.back), unit: 'B', meaning: 'To it.' },
    ],
  };
}
