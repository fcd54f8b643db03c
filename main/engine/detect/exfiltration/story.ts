import type { Evidence, Finding } from '../../../../contract/domain.ts';
import { endpointText } from '../ends.ts';
import { formatCount, formatDuration, formatShare, listOf } from '../finding-text.ts';
import { tellingSigns, UPLOAD_SIGNS, type UploadSign } from './signs.ts';
import type { Upload } from './upload.ts';

/** Points to confidence: four are a good guess, eight are as good as certain. */
const CONFIDENCE_AT_ZERO = 0.3;
const CONFIDENCE_PER_POINT = 0.085;
const MOST_CONFIDENCE = 0.95;
const TOLD_SIGNS = 4;

/** The most specific technique first (attack.mitre.org, Exfiltration). */
function techniquesOf({ signs, service }: Upload): string[] {
  const techniques: string[] = [];
  if (signs.has('drop-service')) techniques.push('T1567.003');
  if (service !== undefined && !signs.has('drop-service')) techniques.push('T1567.002');
  if (signs.has('no-protocol') || signs.has('ftp') || signs.has('plain-copy')) techniques.push('T1048.003');
  if (signs.has('even-pieces')) techniques.push('T1020');
  if (techniques.length === 0 && signs.has('odd-port')) techniques.push('T1048');
  return techniques.length === 0 ? ['T1041'] : techniques;
}

export function describeUpload(upload: Upload, points: number, severity: 'high' | 'medium' | 'low'): Finding {
  const { victim, attacker, service } = upload;
  const place = service === undefined ? attacker : `${service.domain} (${attacker})`;
  const what = upload.files.length > 0 ? ` (${listOf(upload.files)})` : '';
  const attackers = upload.mayNameAttacker ? [attacker] : [];
  const signs = tellingSigns(upload.signs);
  return {
    detector: 'exfiltration',
    kind: 'exfiltration',
    cause: `exfiltration/${victim}/${attacker}`,
    firstSeenMs: Math.round(upload.firstUs / 1000),
    lastSeenMs: Math.round(upload.lastUs / 1000),
    severity,
    confidence: Number(Math.min(MOST_CONFIDENCE, CONFIDENCE_AT_ZERO + CONFIDENCE_PER_POINT * points).toFixed(2)),
    techniques: techniquesOf(upload),
    attackers,
    victims: [victim],
    attackerCount: attackers.length,
    victimCount: 1,
    title: `${victim} sent ${bytesText(upload.sentBytes)} out to ${place}${what}`,
    explanation: [
      `${victim} sent ${bytesText(upload.sentBytes)} to ${place} within ${formatDuration((upload.lastUs - upload.firstUs) / 1e6)}, and got ${bytesText(upload.receivedBytes)} back.`,
      `It stands out because ${listOf(
        signs.slice(0, TOLD_SIGNS).map((sign) => UPLOAD_SIGNS[sign].meaning),
        TOLD_SIGNS,
      )}.`,
      'If nobody at this computer sent it on purpose, somebody may be carrying data away.',
    ].join(' '),
    evidence: evidenceOf(upload, points, signs),
  };
}

function evidenceOf(upload: Upload, points: number, signs: readonly UploadSign[]): Evidence[] {
  const all = upload.sentBytes + upload.receivedBytes;
  const rows: Evidence[] = [
    { name: 'sent', value: Math.round(upload.sentBytes), unit: 'B', meaning: 'In the conversations that carry it.' },
    {
      name: 'share of what went out',
      value: formatShare(upload.sentBytes, all),
      usual: 'under 30 %',
      meaning: 'Most programs receive more than they send.',
    },
    { name: 'sent to', value: endpointText(upload.attacker, upload.port), meaning: `By ${upload.way}.` },
    {
      name: 'points',
      value: points,
      unit: 'points',
      usual: '0–2.5',
      usualRange: { low: 0, high: 2.5 },
      meaning: `Signs of theft, added up: ${signs.map((sign) => `${sign} ${UPLOAD_SIGNS[sign].points}`).join(', ')}.`,
    },
  ];
  if (upload.fileCount > 0) {
    rows.push({
      name: 'files',
      value: upload.fileCount,
      unit: 'files',
      meaning: upload.files.length > 0 ? `Named ${listOf(upload.files, 5)}.` : 'Their names were not said.',
    });
  }
  if (upload.pieces > 0 && upload.signs.has('even-pieces')) {
    rows.push({
      name: 'pieces of one size',
      value: upload.pieces,
      unit: 'pieces',
      usual: '0–3',
      meaning: `Of ${formatCount(upload.pieceBytes)} bytes each: a program cuts a file up.`,
    });
  }
  if (upload.signs.has('unusual-volume')) {
    rows.push({
      name: 'sent out in this hour',
      value: upload.hourBytes,
      unit: 'B',
      usual: `${bytesText(upload.usualHourBytes)} an hour`,
      meaning: 'Compared with the hours before of the same host.',
    });
  }
  return rows;
}

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** "812 bytes", "1.4 MB". */
function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}
