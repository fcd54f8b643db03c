/** What unusual features may be a sign of, as ATT&CK techniques. None of them is proven by being unusual. */
import type { AnomalyJudgement, AnomalyReason, ModelTable } from '../../../contract/models.ts';

interface Sign {
  readonly features: readonly string[];
  /** On which side of what is usual the value must be; `any` for names. */
  readonly side: 'above' | 'below' | 'any';
  readonly technique: string;
  /** After "may be a sign of". */
  readonly words: string;
}

/** Reasons with less of a share do not say what kind of thing it is. */
const LEAST_SHARE = 0.08;

const SIGNS: Readonly<Record<ModelTable, readonly Sign[]>> = {
  flow: [
    {
      features: ['Total Length of Fwd Packets', 'Subflow Fwd Bytes', 'Fwd Avg Bytes/Bulk', 'Fwd Avg Packets/Bulk'],
      side: 'above',
      technique: 'T1048',
      words: 'data being taken away',
    },
    {
      features: ['Total Length of Bwd Packets', 'Bwd Avg Bytes/Bulk', 'Bwd Avg Packets/Bulk'],
      side: 'above',
      technique: 'T1105',
      words: 'tools being brought in',
    },
    { features: ['Periodicity'], side: 'above', technique: 'T1071', words: 'a program that calls for orders' },
    {
      features: ['SYN Flag Count', 'RST Flag Count'],
      side: 'above',
      technique: 'T1046',
      words: 'somebody trying out services',
    },
    { features: ['Flow Packets/s'], side: 'above', technique: 'T1498', words: 'a flood' },
    {
      features: ['Initiator Payload Entropy', 'Responder Payload Entropy'],
      side: 'above',
      technique: 'T1573',
      words: 'a hidden encrypted channel',
    },
    {
      features: ['Service', 'Responder Port Range'],
      side: 'any',
      technique: 'T1571',
      words: 'a protocol where it does not belong',
    },
  ],
  host: [
    {
      features: ['file_writes', 'file_renames', 'disk_written_bytes'],
      side: 'above',
      technique: 'T1486',
      words: 'files being encrypted',
    },
    { features: ['file_deletions'], side: 'above', technique: 'T1485', words: 'files being destroyed' },
    { features: ['failed_logins'], side: 'above', technique: 'T1110', words: 'passwords being guessed' },
    { features: ['users', 'logins'], side: 'above', technique: 'T1078', words: 'stolen accounts in use' },
    {
      features: ['process_starts', 'new_executables', 'privileged_commands'],
      side: 'above',
      technique: 'T1059',
      words: 'commands of an intruder',
    },
    { features: ['dns_failures'], side: 'above', technique: 'T1568.002', words: 'malware in search of its server' },
    {
      features: ['remote_addresses', 'outgoing_sockets'],
      side: 'above',
      technique: 'T1046',
      words: 'a search for other computers',
    },
    { features: ['sent_bytes', 'sent_packets'], side: 'above', technique: 'T1048', words: 'data being taken away' },
    { features: ['cpu_percent', 'load_1m'], side: 'above', technique: 'T1496', words: 'somebody else computing here' },
  ],
  process: [
    {
      features: ['children', 'child_programs', 'shells'],
      side: 'above',
      technique: 'T1059',
      words: 'an intruder’s commands',
    },
    {
      features: ['files_written', 'files_renamed', 'written_bytes'],
      side: 'above',
      technique: 'T1486',
      words: 'files being encrypted',
    },
    { features: ['files_deleted'], side: 'above', technique: 'T1485', words: 'files being destroyed' },
    { features: ['files_read', 'read_bytes'], side: 'above', technique: 'T1083', words: 'files being looked through' },
    {
      features: ['remote_addresses', 'remote_ports'],
      side: 'above',
      technique: 'T1046',
      words: 'a search for other computers',
    },
    { features: ['sent_bytes'], side: 'above', technique: 'T1048', words: 'data being taken away' },
    { features: ['received_bytes'], side: 'above', technique: 'T1105', words: 'tools being brought in' },
    { features: ['cpu_seconds'], side: 'above', technique: 'T1496', words: 'somebody else computing here' },
  ],
};

/** Every technique that is ever named. */
export const SIGN_TECHNIQUES: ReadonlySet<string> = new Set(
  Object.values(SIGNS).flatMap((signs) => signs.map(({ technique }) => technique)),
);

export interface NamedSign {
  readonly technique: string;
  readonly words: string;
}

/** What a row's reasons may be signs of, those of the strongest reason first; often none. */
export function signsOf({ table, reasons }: Pick<AnomalyJudgement, 'table' | 'reasons'>): NamedSign[] {
  const found = new Map<string, NamedSign>();
  for (const reason of reasons) {
    if (reason.share < LEAST_SHARE) continue;
    for (const { features, side, technique, words } of SIGNS[table]) {
      if (!features.includes(reason.feature) || !isOn(side, reason)) continue;
      if (!found.has(technique)) found.set(technique, { technique, words });
    }
  }
  return [...found.values()];
}

function isOn(side: Sign['side'], { value, usual }: AnomalyReason): boolean {
  return side === 'any' || (side === 'above' ? value > usual.high : value < usual.low);
}
