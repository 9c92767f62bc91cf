import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RunningProcess, useProcesses } from '@taskflow/testing'
import { afterAll, expect, test } from 'vitest'
import type { Verdict } from './judge.ts'
import type { Measured } from './soak.ts'

const RUN = join(import.meta.dirname, 'run.ts')
const HISTORY_DAYS = 5
const DAYS_FROM_TODAY = 4

const processes = useProcesses()
let soak: RunningProcess | undefined
// SIGTERM lets the soak stop the processes that it started.
afterAll(() => soak?.kill('SIGTERM'))

test('a short soak measures every curve, keeps every promise, and drops days past their retention', {
  timeout: 240_000,
}, async () => {
  const folder = processes.tempFolder()
  const [json, plot] = [join(folder, 'soak.json'), join(folder, 'soak.svg')]
  const args = [
    '--minutes',
    '0.25',
    '--rate',
    // Enough tasks: only a few of those with a delay start within these seconds.
    '150',
    '--finished',
    '10000',
    '--sample',
    '0.8',
    '--json',
    json,
    '--plot',
    plot,
  ]
  soak = processes.node([RUN, ...args])
  const { code } = await soak.ended
  const { samples, kept, complaints, verdicts, submitted }: Measured & { verdicts: Verdict[] } = JSON.parse(
    readFileSync(json, 'utf8'),
  )
  expect(kept.violations).toEqual([])
  expect(Object.values(complaints).flat()).toEqual([])
  expect(kept.accepted).toBe(submitted)
  expect(samples.length, 'enough samples to judge').toBeGreaterThanOrEqual(16)
  expect(verdicts.length).toBeGreaterThan(20)
  expect(verdicts.filter(({ median, first, last }) => ![median, first, last].every(Number.isFinite))).toEqual([])
  expect(samples.at(-1)?.postgres.finished.partitions, 'one partition for each day, and the default').toBe(
    HISTORY_DAYS + DAYS_FROM_TODAY + 1,
  )
  expect(readFileSync(plot, 'utf8')).toContain('<svg')
  // A rise within seconds is part of the start and no leak, but the exit code must agree with the verdicts.
  expect(code).toBe(verdicts.every(({ isFlat }) => isFlat) ? 0 : 1)

  const again = processes.node([RUN, '--again', json])
  expect(await again.ended).toEqual({ code, signal: null })
  expect(again.stdout).toContain(`${submitted} tasks accepted`)
})

test('refuses an invalid option', async () => {
  const refused = processes.node([RUN, '--rate', 'fast'])
  expect(await refused.ended).toEqual({ code: 2, signal: null })
  expect(refused.output).toContain("option '--rate <n>' argument 'fast' is invalid. Expected a number above 0")
})
