import { TaskFlowError } from '@taskflow/kernel'
import { expect, test } from 'vitest'
import { loadSettings } from '../../../packages/server/src/load-settings.ts'
import { settingsRound } from './fuzz-settings.ts'
import { TIMEOUT_MS } from './given-worlds.ts'

const RUNS = 200

test('every setting is accepted as given, or refused by its name', { timeout: TIMEOUT_MS }, async () => {
  const { tried, failures } = await settingsRound(loadSettings, { seed: 1, runs: RUNS })
  expect(failures).toEqual([])
  for (const kind of ['valid', 'one invalid', 'any text']) expect(tried[kind]).toBe(RUNS)
})

test.each<[string, typeof loadSettings, RegExp]>([
  [
    'a setting that is accepted with another value',
    async (sources) => ({ ...(await loadSettings(sources)), port: 1 }),
    /accepts port as 1/,
  ],
  [
    'a refusal without a name',
    (sources) =>
      loadSettings(sources).catch(() => {
        throw new TaskFlowError('SETTINGS_INVALID', 'Something is wrong')
      }),
    /names no setting|is not named/,
  ],
  [
    'an exception',
    (sources) =>
      loadSettings(sources).catch((error: Error) => {
        throw new TypeError(error.message)
      }),
    /throws TypeError/,
  ],
  [
    'an invalid setting that is ignored',
    ({ flags: _, ...sources }) => loadSettings({ ...sources, flags: {} }),
    /is accepted|accepts/,
  ],
])('finds %s', { timeout: TIMEOUT_MS }, async (_name, load, complaint) => {
  const { failures } = await settingsRound(load, { seed: 1, runs: RUNS, isShrunk: false })
  expect(failures.map(({ sentence }) => sentence).join('\n')).toMatch(complaint)
})
