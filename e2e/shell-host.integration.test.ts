/** The test host is no wish: it is what electron.d.ts says, and all that the app uses. */
import { expect, it } from 'vitest';
import { checkAppAgainstHost } from './support/electron-host/check.ts';

it('the app uses nothing of Electron that the test host lacks', () => {
  const { problems, probe } = checkAppAgainstHost();
  expect(problems).toEqual([]);
  expect(probe).toEqual([expect.stringContaining("Property 'showAboutPanel' does not exist")]);
}, 120_000);
