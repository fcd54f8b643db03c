import { describe, expect, it } from 'vitest';
import { MOST_LINES, ruleExcerpt, wholeFile } from './excerpt.ts';

const SIGMA = `title: First
id: 11111111-1111-4111-8111-111111111111
detection:
  condition: a
---
title: "Second"
id: '22222222-2222-4222-8222-222222222222'
detection:
  condition: b
--- # the last
title: Third
detection: {}
`;

const YARA = `import "elf"

private rule Helper { condition: true }

rule Second : tag
{
  strings:
    $a = "rule First {"
  condition:
    $a
}
rule Third {
  condition: false
}`;

describe('the part of a file that is one rule', () => {
  it('is one document of Sigma, by its id or its title', () => {
    expect(ruleExcerpt('sigma', '22222222-2222-4222-8222-222222222222', 'x', SIGMA)).toEqual({
      firstLine: 6,
      lines: SIGMA.split('\n').slice(5, 9),
      left: 0,
    });
    expect(ruleExcerpt('sigma', 'made-of-its-text', 'Third', SIGMA)).toMatchObject({ firstLine: 11 });
  });

  it('is one rule of YARA, to the brace at the beginning of a line', () => {
    const { firstLine, lines } = ruleExcerpt('yara', 'Second', '', YARA);
    expect([firstLine, lines[0], lines.at(-1), lines.length]).toEqual([5, 'rule Second : tag', '}', 7]);
    expect(ruleExcerpt('yara', 'Helper', '', YARA).firstLine).toBe(3);
  });

  it('is the whole file where it cannot be told', () => {
    expect(ruleExcerpt('sigma', 'unknown', 'Nobody', SIGMA)).toEqual(wholeFile(SIGMA));
    expect(ruleExcerpt('yara', 'Nobody', '', YARA)).toEqual(wholeFile(YARA));
  });

  it('is bounded, and says how much is left out', () => {
    const { lines, left } = wholeFile('x\n'.repeat(MOST_LINES + 9));
    expect([lines.length, left]).toEqual([MOST_LINES, 10]);
  });

  it('takes a hostile file in a moment', () => {
    const text = `${'rule '.repeat(200_000)}\n${'---\n'.repeat(200_000)}`;
    const startMs = performance.now();
    ruleExcerpt('yara', 'x', 'x', text);
    ruleExcerpt('sigma', 'x', 'x', text);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });
});
