/** Files that nobody uses: laid out, remembered, and taken away again. */
export { Canaries, type Canary, type CanaryOutcome, type CanaryState } from './canaries.ts';
export { canarySettings } from './settings.ts';
