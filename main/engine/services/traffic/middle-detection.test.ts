/** Those who put themselves between others, and those who move on, as bytes on the wire through parsers to the alerts' findings. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import { LINK_TYPE } from '../../../../contract/traffic.ts';
import { DETECTORS, EMPTY_SEED, LearnedLandscape, NO_INDICATORS } from '../../detect/index.ts';
import { flowSettings, TrafficEngine } from '../../network/index.ts';
import { analyzeCapture } from '../captures/analyze.ts';
import { DEFAULT_SETTINGS } from './default-settings.ts';

const CAPTURES = process.env.HOLDFAST_TEST_DATA ?? resolve('../shared/data');
const DETECTOR_IDS = ['arp-spoofing', 'rogue-server', 'name-poisoning', 'certificate-change', 'lateral-movement'];
const SECOND = 1_000_000;

interface Device {
  readonly mac: string;
  readonly ip: string;
}
const ATTACKER: Device = { mac: '000c29aa0066', ip: '192.168.1.66' };
const VICTIM: Device = { mac: '001b21000007', ip: '192.168.1.7' };
const GATEWAY: Device = { mac: '00260b000001', ip: '192.168.1.1' };
const ALL = 'ffffffffffff';

function ipHex(ip: string): string {
  return ip
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('');
}

function u16(value: number): string {
  return value.toString(16).padStart(4, '0');
}

function textHex(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

/** A network on which frames are sent, watched by these detectors. */
class Wire {
  nowUs = 1_700_000_000 * SECOND;
  readonly findings: Finding[] = [];
  readonly #engine: TrafficEngine;

  constructor() {
    const landscape = new LearnedLandscape(EMPTY_SEED);
    const rows = DETECTORS.filter(({ id }) => DETECTOR_IDS.includes(id));
    const report = (finding: Finding) => this.findings.push(finding);
    this.#engine = new TrafficEngine({
      settings: { ...DEFAULT_SETTINGS.section('network', flowSettings), flowCapacity: 1_024 },
      observers: [
        landscape,
        ...rows.map((row) =>
          row.create({
            settings: DEFAULT_SETTINGS.section(`detect.${row.id}`, row.settings),
            landscape,
            indicators: NO_INDICATORS,
            report,
          }),
        ),
      ],
    });
  }

  frame(hex: string): void {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    this.#engine.frame(bytes, 0, bytes.length, bytes.length, this.nowUs, LINK_TYPE.ethernet);
    this.nowUs += 1_000;
  }

  arp(operation: 1 | 2, sender: Device, target: Device, frameTo: string, frameFrom = sender.mac): void {
    const body = `0001 0800 06 04 ${u16(operation)} ${sender.mac} ${ipHex(sender.ip)} ${target.mac} ${ipHex(target.ip)}`;
    this.frame(`${frameTo} ${frameFrom} 0806 ${body}`);
  }

  udp(from: Device, to: Device, fromPort: number, toPort: number, payload: string): void {
    const bytes = payload.replaceAll(' ', '').length / 2;
    const header = `45000000 00000000 40110000 ${ipHex(from.ip)} ${ipHex(to.ip)}`.replaceAll(' ', '');
    const sized = `${header.slice(0, 4)}${u16(28 + bytes)}${header.slice(8)}`;
    this.frame(`${to.mac} ${from.mac} 0800 ${sized} ${u16(fromPort)} ${u16(toPort)} ${u16(8 + bytes)} 0000 ${payload}`);
  }

  wait(seconds: number): void {
    this.nowUs += seconds * SECOND;
    this.#engine.advance(this.nowUs);
  }

  /** The last finding of each cause. */
  finish(): Finding[] {
    this.#engine.finish();
    return [...new Map(this.findings.map((finding) => [finding.cause, finding])).values()];
  }
}

describe('between others', () => {
  it('by ARP, in both directions', () => {
    const wire = new Wire();
    for (const device of [VICTIM, ATTACKER]) {
      wire.arp(1, device, { mac: '000000000000', ip: GATEWAY.ip }, ALL);
      wire.arp(2, GATEWAY, device, device.mac);
      wire.wait(1);
    }
    wire.arp(1, GATEWAY, { mac: '000000000000', ip: VICTIM.ip }, ALL);
    wire.arp(2, VICTIM, GATEWAY, GATEWAY.mac);
    for (let round = 0; round < 4; round++) {
      wire.wait(10);
      wire.arp(2, { mac: ATTACKER.mac, ip: GATEWAY.ip }, VICTIM, VICTIM.mac);
      wire.arp(2, { mac: ATTACKER.mac, ip: VICTIM.ip }, GATEWAY, GATEWAY.mac);
    }
    const alerts = wire.finish();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ kind: 'man-in-the-middle', severity: 'high', attackers: [ATTACKER.ip] });
    expect(alerts[0]!.victims).toContain(VICTIM.ip);
  });

  it('by answers to questions for names (LLMNR)', () => {
    const wire = new Wire();
    const group = { mac: '01005e0000fc', ip: '224.0.0.252' };
    for (const [index, name] of ['fileshrae', 'prnsrv', 'intranett'].entries()) {
      const question = `${u16(name.length).slice(2)}${textHex(name)} 00 0001 0001`;
      const id = u16(100 + index);
      wire.udp(VICTIM, group, 50_000 + index, 5355, `${id} 0000 0001 0000 0000 0000 ${question}`);
      const answer = `c00c 0001 0001 0000001e 0004 ${ipHex(ATTACKER.ip)}`;
      wire.udp(ATTACKER, VICTIM, 5355, 50_000 + index, `${id} 8000 0001 0001 0000 0000 ${question} ${answer}`);
      wire.wait(5);
    }
    const alerts = wire.finish();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({
      kind: 'man-in-the-middle',
      severity: 'medium',
      attackers: [ATTACKER.ip],
      victims: [VICTIM.ip],
    });
  });

  it('by a second DHCP server', () => {
    const wire = new Wire();
    const everybody = { mac: ALL, ip: '255.255.255.255' };
    const answer = (server: Device, type: number, given: string) => {
      const head = `02 01 06 00 0000abcd 0000 0000 00000000 ${ipHex(given)} ${ipHex(server.ip)} 00000000 ${VICTIM.mac}`;
      const filler = '00'.repeat(10 + 64 + 128);
      const options = `3501${u16(type).slice(2)} 3604${ipHex(server.ip)} 330400000e10 0104ffffff00 0304${ipHex(server.ip)} 0604${ipHex(server.ip)} ff`;
      wire.udp(server, everybody, 67, 68, `${head} ${filler} 63825363 ${options}`);
    };
    answer(GATEWAY, 2, '192.168.1.7');
    answer(ATTACKER, 2, '192.168.1.120');
    answer(ATTACKER, 5, '192.168.1.120');
    const alerts = wire.finish();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ severity: 'high', attackers: [ATTACKER.ip], victims: ['192.168.1.120'] });
  });

  it('by announcing itself as a router (IPv6)', () => {
    const wire = new Wire();
    const announce = (mac: string, router: string, flags: string, prefix: string, server: string) => {
      const options = `0304 40c0 00015180 00003840 00000000 ${prefix} 1903 0000 00000e10 ${server}`;
      const message = `86 00 0000 40 ${flags} 0708 00000000 00000000 ${options}`.replaceAll(' ', '');
      const group = 'ff020000000000000000000000000001';
      wire.frame(`333300000001 ${mac} 86dd 60000000 ${u16(message.length / 2)} 3aff ${router} ${group} ${message}`);
      wire.wait(5);
    };
    const rogue = 'fe800000000000000000000000000066';
    const right = 'fe800000000000000000000000000001';
    announce(GATEWAY.mac, right, '00', '20010db8000100000000000000000000', '20010db8000100000000000000000001');
    announce(ATTACKER.mac, rogue, '08', '20010db80bad00000000000000000000', rogue);
    const alerts = wire.finish();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]).toMatchObject({ severity: 'medium', attackers: ['fe80::66'], techniques: ['T1557'] });
  });

  it('and nothing of this in an ordinary hour', () => {
    const wire = new Wire();
    for (let i = 0; i < 60; i++) {
      for (const device of [VICTIM, ATTACKER]) {
        wire.arp(1, device, { mac: '000000000000', ip: GATEWAY.ip }, ALL);
        wire.arp(2, GATEWAY, device, device.mac);
      }
      wire.udp(VICTIM, GATEWAY, 40_000 + i, 53, '1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001');
      wire.wait(60);
    }
    expect(wire.finish()).toEqual([]);
  });
});

const PSEXEC = join(CAPTURES, 'dpi/suricata/smb2-07.pcap');

describe('moving on', () => {
  it.skipIf(!existsSync(PSEXEC))('is told of a real session that starts a service elsewhere', async () => {
    const { alerts } = await analyzeCapture(PSEXEC);
    const alert = alerts.find(({ kind }) => kind === 'lateral-movement');
    expect(alert).toMatchObject({ severity: 'medium', attackers: ['192.168.10.31'], victims: ['192.168.10.10'] });
    expect(alert?.techniques).toEqual(expect.arrayContaining(['T1569.002', 'T1570', 'T1021.002']));
  });
});
