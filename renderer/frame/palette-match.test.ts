import { expect, it } from 'vitest';
import { matchChoices } from './palette-match.ts';

const choice = (title: string, group: string, more = {}) => ({ id: title, title, group, run: () => {}, ...more });
const choices = [
  choice('Export as CSV', 'On this page', { words: 'download' }),
  choice('Go to Alerts', 'Pages'),
  choice('Go to Settings', 'Pages'),
  choice('Search Alerts for “set”', 'Search', { isAlways: true }),
];
const found = (text: string) => matchChoices(choices, text).map(({ title }) => title);

it('finds by the beginnings of words first, in any order, and by hidden words', () => {
  expect(found('')).toHaveLength(4);
  expect(found('set')).toEqual(['Go to Settings', 'Search Alerts for “set”']);
  expect(found('set go')).toEqual(['Go to Settings', 'Search Alerts for “set”']);
  expect(found('download')[0]).toBe('Export as CSV');
  expect(found('go')).toEqual(['Go to Alerts', 'Go to Settings', 'Search Alerts for “set”']);
});
