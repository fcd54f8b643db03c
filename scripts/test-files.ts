/** Which files vitest runs, for its configuration and for the check that no test is orphaned. */

/** The folders that hold code of ours. */
const FOLDERS = ['bench', 'contract', 'e2e', 'main', 'preload', 'renderer', 'scripts', 'server'] as const;

/** Unit and property tests; they sit beside their file. */
export const UNIT_TESTS = `{${FOLDERS.join(',')}}/**/*.test.{ts,tsx}`;

/** Tests of real effects on the host. They are unit tests by their name's end too, so exclude them there. */
export const INTEGRATION_TESTS = `{${FOLDERS.join(',')}}/**/*.integration.test.{ts,tsx}`;
