/** What Holdfast did about an alert, on the alert's page: shown, asked about, undone, ended and allowed by a person. */
import { describe, expect, it, vi } from 'vitest';
import type { CallOutput } from '../contract/api.ts';
import type { ActionRecord } from '../contract/api-actions.ts';
import type { AlertStory } from '../contract/api-alerts.ts';
import { HOSTILE_TEXT, hostileStory, sampleAlert } from './support/alert-scripts.ts';
import { axeViolations, screenshot } from './support/browser.ts';
import { sampleStatus } from './support/sample-status.ts';
import { ScriptedPages } from './support/scripted-pages.ts';

const NOW = Date.now();
const HOUR_MS = 3_600_000;
const PYTHON = {
  pid: 4711,
  startedMs: NOW - 60_000,
  name: 'python3.11',
  image: '/usr/bin/python3.11',
  commandLine: 'python3 /home/ann/update.py',
};
const FROZEN: ActionRecord = {
  id: 'x-0123456789ab',
  kind: 'freeze',
  mode: 'act',
  state: 'verified',
  createdMs: NOW - 30_000,
  updatedMs: NOW - 29_900,
  expiresMs: NOW + 24 * HOUR_MS,
  actor: 'engine',
  sentence: 'Froze python3.11 (4711): it stands still until somebody decides, 24 hours at the longest.',
  reason: 'It makes documents unreadable, and every further second costs more of them.',
  setting: 'response.ransomware',
  value: 'freeze',
  alertId: 'a-1',
  targets: [PYTHON],
  targetCount: 1,
  spared: [{ pid: 99, name: 'dpkg', why: 'It installs packages.' }],
  steps: [],
};
const ALERT = sampleAlert(1, {
  kind: 'ransomware',
  severity: 'critical',
  title: 'python3.11 changed 12 documents into ".l0cked"',
  explanation: 'One program goes through the documents of this computer and replaces what is in them.',
  attackers: [],
  victims: [],
  attackerCount: 0,
  victimCount: 0,
  techniques: ['T1486'],
});
const STORY: AlertStory = {
  ...hostileStory(),
  alert: ALERT,
  timeline: [{ timeMs: NOW - 29_900, who: 'engine', text: FROZEN.sentence }],
  series: [],
  techniques: [],
  detectors: [],
  decisions: [{ timeMs: NOW, text: FROZEN.sentence, setting: FROZEN.setting, value: FROZEN.value }],
  nextSteps: ['Decide what becomes of what is frozen.'],
  related: [],
  huntQuery: 'flows',
};

describe('what was done about an alert', () => {
  const pages = new ScriptedPages();

  async function open(action: ActionRecord, theme: 'light' | 'dark' = 'light', role?: 'view') {
    let now = action;
    const become = (change: Partial<ActionRecord>) => (): CallOutput<'actions.undo'> => {
      now = { ...now, expiresMs: null, ...change };
      return now;
    };
    const page = await pages.open(`#/alerts/${ALERT.id}`, {
      theme,
      role,
      script: {
        status: () => sampleStatus(),
        'alerts.list': () => ({ alerts: [ALERT], total: 1, next: null }),
        'alerts.story': () => STORY,
        'actions.list': () => ({ actions: [now], next: null }),
        'actions.watch': () => [],
        'actions.undo': become({ state: 'reverted', sentence: 'Let python3.11 (4711) go on.' }),
        'actions.end': become({ state: 'ended', sentence: 'Ended python3.11 (4711).' }),
        'allow.add': ({ match }) => ({
          id: 'w-1',
          match,
          reason: 'known',
          maximumSeverity: 'critical',
          createdMs: NOW,
          createdBy: 'ann',
          untilMs: null,
          hidden: 1,
        }),
      },
    });
    const shown = page.getByRole('region', { name: 'What Holdfast did' });
    await shown.waitFor();
    return { page, shown, dialog: page.getByRole('dialog').or(page.getByRole('alertdialog')) };
  }

  const calls = (name: string) =>
    pages.engine?.calls.filter(({ call }) => call === name).map(({ input }) => input) ?? [];

  it.each(['light', 'dark'] as const)('says what stands still, why and for how long (%s)', async (theme) => {
    const { page, shown } = await open(FROZEN, theme);
    const text = await shown.innerText();
    for (const said of [
      FROZEN.sentence,
      FROZEN.reason,
      'goes on by itself on',
      'dpkg (99)',
      'response.ransomware: freeze',
    ]) {
      expect(text).toContain(said);
    }
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, `alerts-frozen-${theme}`);
  });

  it('lets it go on once that was confirmed, and not before', async () => {
    const { shown, dialog } = await open(FROZEN);
    await shown.getByRole('button', { name: 'Let it go on' }).click();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(calls('actions.undo')).toEqual([]);
    await shown.getByRole('button', { name: 'Let it go on' }).click();
    await dialog.getByRole('button', { name: 'Let it go on' }).click();
    await shown.getByText('Let python3.11 (4711) go on.').waitFor();
    expect(calls('actions.undo')).toEqual([{ id: FROZEN.id }]);
    expect(await shown.getByRole('button').count()).toBe(0);
  });

  it('ends it once that was confirmed', async () => {
    const { page, shown, dialog } = await open(FROZEN);
    await shown.getByRole('button', { name: 'End it' }).click();
    await screenshot(page, 'alerts-frozen-end');
    await dialog.getByRole('button', { name: 'End it' }).click();
    await shown.getByText('Ended python3.11 (4711).').waitFor();
    expect(calls('actions.end')).toEqual([{ id: FROZEN.id }]);
  });

  it('allows the one script of an interpreter, and lets it go on', async () => {
    const { shown, dialog } = await open(FROZEN);
    await shown.getByRole('button', { name: 'Allow this program' }).click();
    await dialog.getByRole('button', { name: 'Allow this program' }).click();
    await vi.waitUntil(() => calls('actions.undo').length === 1, { timeout: 45_000 });
    expect(calls('allow.add')).toMatchObject([
      {
        match: { kind: 'ransomware', program: PYTHON.image, command: PYTHON.commandLine },
        maximumSeverity: 'critical',
      },
    ]);
  });

  it('says what would have been done, with nothing to undo', async () => {
    const sentence = 'Would have frozen python3.11 (4711).';
    const simulated = { mode: 'simulate', state: 'planned', expiresMs: null, value: 'simulate', sentence } as const;
    const { shown } = await open({ ...FROZEN, ...simulated });
    expect(await shown.innerText()).toContain(sentence);
    expect(await shown.innerText()).not.toContain('Froze');
    expect(await shown.getByRole('button').count()).toBe(0);
  });

  it('leaves the decision to those who may take it', async () => {
    const { shown } = await open(FROZEN, 'light', 'view');
    expect(await shown.getByRole('button').count()).toBe(0);
  });

  it('shows names of programs as text', async () => {
    const { page, shown } = await open({
      ...FROZEN,
      sentence: HOSTILE_TEXT,
      targets: [{ ...PYTHON, name: HOSTILE_TEXT }],
      spared: [{ pid: 1, name: HOSTILE_TEXT, why: HOSTILE_TEXT }],
    });
    await shown.getByRole('button', { name: 'End it' }).click();
    const text = (await page.evaluate('document.body.innerText')) as string;
    for (const control of ['\u202e', '\u200b', '\u0007', '\u001b']) expect(text).not.toContain(control);
    expect(await page.evaluate('window.__owned')).toBeUndefined();
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
  });
});
