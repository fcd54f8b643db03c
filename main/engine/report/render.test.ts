import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { KIND_WORDS } from '../../../contract/alert-words.ts';
import { type AnalysisAlert, type AnalysisDocument, analysisSchema } from '../../../contract/analysis.ts';
import { isoTime } from '../../../contract/analysis-document.ts';
import { ALERT_KINDS, SEVERITIES } from '../../../contract/domain.ts';
import { type ReportContext, renderReport } from './index.ts';
import { STYLE } from './style.ts';

const START = Date.UTC(2021, 8, 21, 9, 36);

type Stage = NonNullable<AnalysisAlert['stages']>[number];

function stage(changes: Partial<Stage>): Stage {
  const time = isoTime(START);
  return {
    kind: 'port-scan',
    title: 'scanned',
    severity: 'low',
    techniques: ['T1046'],
    firstSeen: time,
    lastSeen: time,
    ...changes,
  };
}

function alert(changes: Partial<AnalysisAlert> = {}): AnalysisAlert {
  return {
    id: 'a-0123456789ab',
    kind: 'port-scan',
    title: '10.0.0.5 scanned 1,000 ports of 10.0.0.9',
    severity: 'medium',
    confidence: 0.9,
    techniques: ['T1046'],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9'],
    firstSeen: isoTime(START),
    lastSeen: isoTime(START + 23_000),
    findings: 3,
    explanation: 'It tried 1,000 ports in 23 seconds.',
    evidence: [{ name: 'ports tried', value: 1000, unit: 'ports', usual: '1–5', meaning: 'Few programs use many.' }],
    attackerCount: 1,
    victimCount: 1,
    related: [],
    detectors: ['port-scan'],
    ...changes,
  };
}

function analysis(alerts: readonly AnalysisAlert[], capture: Partial<AnalysisDocument['capture']> = {}) {
  const document: AnalysisDocument = {
    capture: {
      path: 'office.pcap',
      format: 'pcap',
      packets: 2011,
      bytes: 140_000,
      firstSeen: isoTime(START),
      lastSeen: isoTime(START + 60_000),
      malformed: 0,
      notes: [],
      ...capture,
    },
    flows: 1000,
    hosts: 2,
    elapsedSeconds: 0.2,
    alerts,
  };
  return analysisSchema.parse(document);
}

const CONTEXT: ReportContext = {
  version: '0.1.0',
  writtenMs: START,
  catalogue: {
    attackVersion: '18.1',
    tactics: [{ id: 'discovery', name: 'Discovery', meaning: 'Finding out what is there.' }],
    techniques: new Map([
      [
        'T1046',
        { id: 'T1046', name: 'Network Service Discovery', tactics: ['discovery'], meaning: 'Ports are tried.' },
      ],
    ]),
  },
  detectors: [{ kind: 'port-scan', summary: 'Notices a computer that tries many ports.' }],
  buckets: [{ startMs: START, bytes: 1_000_000, packets: 900 }],
  talkers: [{ address: '10.0.0.5', sentBytes: 90_000, receivedBytes: 50_000, packets: 1500 }],
  protocols: [{ name: 'tcp', bytes: 140_000, flows: 1000 }],
};

/** What must never be in a page that stands alone and runs nothing. */
const FORBIDDEN = [/<script/i, /\son\w+=/i, /\sstyle=/i, /https?:/i, /url\(/i, /@import/i, /\ssrc=/i, /javascript:/i];

const VOID_ELEMENTS = new Set(['meta', 'path', 'rect', 'circle']);

/** Ids, and complaints about elements that are not closed where they should be. */
function inspect(page: string): { ids: string[]; wrong: string[] } {
  const open: string[] = [];
  const wrong: string[] = [];
  const body = page.replace(/<style>[\s\S]*?<\/style>/, '<style></style>').replace('<!doctype html>', '');
  for (const [tag, closing, name, selfClosing] of body.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^<>]*?(\/?)>/g)) {
    if (VOID_ELEMENTS.has(name!) || selfClosing === '/') continue;
    if (closing === '') open.push(name!);
    else if (open.pop() !== name) wrong.push(tag);
  }
  return { ids: [...body.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id!), wrong: [...wrong, ...open] };
}

describe('the report', () => {
  it('answers in order: am I safe, what happened, what can I do', () => {
    const page = renderReport(analysis([alert()]), CONTEXT);
    const order = [
      'Something in this capture needs a look.',
      'What happened when',
      '10.0.0.5 scanned 1,000 ports of 10.0.0.9</h3>',
      'It tried 1,000 ports in 23 seconds.',
      'Few programs use many.',
      'Network Service Discovery',
      'What you can do',
      'Done so far:',
      'What was looked at',
      'What was looked for',
    ].map((text) => page.indexOf(text));
    expect(order).not.toContain(-1);
    expect(order).toEqual([...order].sort((first, second) => first - second));
  });

  it('stands alone and runs nothing; its policy lets through its own style only', () => {
    const page = renderReport(analysis(SEVERITIES.map((severity) => alert({ severity }))), CONTEXT);
    for (const forbidden of FORBIDDEN) expect(page).not.toMatch(forbidden);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(page).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    );
  });

  it('shows hostile text from every field as text', () => {
    const hostile = `"><script>alert('x')</script><img src=x onerror=y>\u202E\u0007&amp;`;
    const evil = alert({
      title: hostile,
      explanation: hostile,
      attackers: [hostile],
      victims: [hostile],
      evidence: [{ name: hostile, value: hostile, unit: hostile, usual: hostile, meaning: hostile }],
      detectors: [hostile],
    });
    const notes = [{ code: 'x', message: hostile, byteOffset: 1, packetNumber: 1, count: 1 }];
    const page = renderReport(analysis([evil], { path: hostile, format: hostile, notes }), {
      ...CONTEXT,
      version: hostile,
      talkers: [{ address: hostile, sentBytes: 1, receivedBytes: 1, packets: 1 }],
      protocols: [{ name: hostile, flows: 1, bytes: 1 }],
    });
    expect(page).not.toMatch(/<script|<img|\u202E/);
    expect(page).not.toContain(String.fromCharCode(7));
    expect(page).toContain('&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;');
    expect(page).toContain('\\u{202e}\\u{7}&amp;amp;');
    expect(inspect(page).wrong).toEqual([]);
  });

  it('is well-formed, with every link inside it leading somewhere', () => {
    const alerts = ALERT_KINDS.map((kind, index) =>
      alert({
        kind,
        id: `a-${index.toString(16).padStart(12, '0')}`,
        stages: [stage({}), stage({ kind: 'reverse-shell', title: 'it had a <shell>' })],
        severity: SEVERITIES[index % 5]!,
        related: ['a-000000000000'],
      }),
    );
    for (const document of [analysis(alerts), analysis([]), analysis([alert({ attackers: [], attackerCount: 9 })])]) {
      const page = renderReport(document, CONTEXT);
      const { ids, wrong } = inspect(page);
      expect(wrong).toEqual([]);
      expect(page.includes('it had a &lt;shell&gt;')).toBe(document.alerts.some(({ stages }) => stages !== undefined));
      expect(new Set(ids).size).toBe(ids.length);
      for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) expect(ids).toContain(target);
    }
  });

  it('says when nothing was found, and what that is worth', () => {
    const page = renderReport(analysis([]), CONTEXT);
    expect(page).toContain('Nothing suspicious was found in this capture.');
    expect(page).toContain('2,011 packets in 1,000 conversations were looked at.');
    expect(page).toContain('Notices a computer that tries many ports.');
    expect(page).toContain('what is inside encrypted connections');
    expect(page).toContain(KIND_WORDS.exfiltration.lookedFor);
    expect(page).not.toContain(KIND_WORDS['port-scan'].lookedFor);
  });

  it('does not call an empty capture safe', () => {
    const empty = analysis([], { packets: 0, bytes: 0, firstSeen: null, lastSeen: null });
    const page = renderReport(empty, { ...CONTEXT, buckets: undefined, talkers: [], detectors: [] });
    expect(page).toContain('There is nothing to judge');
    expect(page).toContain('every detector was switched off');
    expect(page).not.toContain('What happened when');
  });

  it('says that damage may hide something', () => {
    const notes = [
      { code: 'cut-off', message: 'It ends in the middle of a packet.', byteOffset: 4711, packetNumber: 12, count: 1 },
      { code: 'evicted', message: 'Flows ended early.', byteOffset: null, packetNumber: null, count: 3 },
    ];
    const page = renderReport(analysis([], { notes }), CONTEXT);
    expect(page).toContain('was not read without losses (2 notes)');
    expect(page).toContain('4,711');
  });

  it('stays readable with very many alerts, and with times outside of the capture', () => {
    const many = Array.from({ length: 3000 }, (_, index) =>
      alert({ id: `a-${index.toString(16).padStart(12, '0')}`, firstSeen: isoTime(0), lastSeen: isoTime(Infinity) }),
    );
    const page = renderReport(analysis(many), CONTEXT);
    expect(page.length).toBeLessThan(1_500_000);
    expect(page).toContain('And 1,900 more alerts; the JSON output has them all.');
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('adds traffic up without losing any', () => {
    const buckets = Array.from({ length: 1000 }, (_, index) => ({
      startMs: START + index * 60,
      bytes: 100,
      packets: 1,
    }));
    const page = renderReport(analysis([]), { ...CONTEXT, buckets });
    const rows = [...page.matchAll(/<td class="mono">[\d:.]+<\/td>\s*<td class="number">(\d+)<\/td>/g)];
    expect(rows.length).toBeLessThanOrEqual(50);
    expect(rows.reduce((sum, [, packets]) => sum + Number(packets), 0)).toBe(1000);
  });
});

describe('the colours of the report', () => {
  const luminance = (colour: string) => {
    const [red, green, blue] = [1, 3, 5].map((start) => {
      const part = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
  };
  const contrast = (first: string, second: string) => {
    const [dark, light] = [luminance(first), luminance(second)].sort((one, other) => one - other);
    return (light! + 0.05) / (dark! + 0.05);
  };

  it.each([0, 1])('have a contrast of 4.5 to 1 or more on every surface (theme %i)', (theme) => {
    const root = [...STYLE.matchAll(/:root \{([^}]*--text[^}]*)\}/g)][theme]![1]!;
    const colours = Object.fromEntries(
      [...root.matchAll(/--([a-z]+): (#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex!]),
    );
    for (const surface of ['page', 'surface']) {
      for (const text of ['text', 'quiet', 'accent', ...SEVERITIES]) {
        expect(contrast(colours[text]!, colours[surface]!), `${text} on ${surface}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
