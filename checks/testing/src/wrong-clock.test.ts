import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useProcesses } from '@taskflow/testing'
import { expect, test } from 'vitest'
import type { WrongClock } from './wrong-clock.ts'

const HOUR_MS = 3_600_000
const PRELOAD = new URL('./wrong-clock.ts', import.meta.url).href

const processes = useProcesses()

/** Returns the output of a script that runs under a wrong clock. */
async function under(wrong: WrongClock | undefined, script: string): Promise<string> {
  const file = join(processes.tempFolder(), 'clock')
  writeFileSync(file, wrong ? JSON.stringify(wrong) : '')
  const env = { NODE_OPTIONS: `--import=${PRELOAD}`, WRONG_CLOCK_FILE: file, CLOCK: file }
  const child = processes.node(['-e', script], { env })
  expect(await child.ended, child.output).toEqual({ code: 0, signal: null })
  return child.stdout.trim()
}

const jumped = (jumpMs: number, driftMsPerSecond = 0, sinceMs = Date.now()): WrongClock => ({
  sinceMs,
  jumpMs,
  driftMsPerSecond,
})
const aheadMs = (printed: string): number => Number(printed) - Date.now()

test('every way of reading the time returns the wrong time after a jump', async () => {
  const script = 'console.log(Date.now(), new Date().getTime(), +new Date(), Date.parse(Date()))'
  const printed = await under(jumped(HOUR_MS), script)
  for (const each of printed.split(' ')) {
    expect(aheadMs(each)).toBeGreaterThan(HOUR_MS - 30_000)
    expect(aheadMs(each)).toBeLessThan(HOUR_MS + 2_000)
  }
})

test('threads and child processes have the same wrong clock', async () => {
  const module = join(processes.tempFolder(), 'thread.cjs')
  writeFileSync(module, 'console.log(Date.now())')
  const thread = `new (require('node:worker_threads').Worker)('${module}')`
  const child = `console.log(require('node:child_process').execFileSync(process.execPath, ['-p', 'Date.now()'], { encoding: 'utf8' }))`
  for (const script of [thread, child])
    expect(aheadMs(await under(jumped(-HOUR_MS), script))).toBeLessThan(-HOUR_MS + 2_000)
})

test('the error of a drifting clock grows with time', async () => {
  const printed = await under(jumped(0, 100, Date.now() - 600_000), 'console.log(Date.now())')
  expect(aheadMs(printed)).toBeGreaterThan(60_000 - 30_000)
})

test('explicit dates and instanceof checks keep working', async () => {
  const script = `console.log(new Date(1000).toISOString(), new Date() instanceof Date, structuredClone(new Date()) instanceof Date, new Date(2020, 0).getFullYear())`
  expect(await under(jumped(HOUR_MS), script)).toBe('1970-01-01T00:00:01.000Z true true 2020')
})

test('the clock of a running process can be set wrong and right again', async () => {
  const script = `
    const { writeFileSync } = require('node:fs')
    const until = (isTrue, next) => (isTrue() ? next() : setTimeout(until, 10, isTrue, next))
    const start = Date.now()
    writeFileSync(process.env.CLOCK, JSON.stringify({ sinceMs: start, jumpMs: ${HOUR_MS}, driftMsPerSecond: 0 }))
    until(() => Date.now() > start + ${HOUR_MS / 2}, () => {
      writeFileSync(process.env.CLOCK, '')
      until(() => Date.now() < start + ${HOUR_MS / 2}, () => console.log('right again'))
    })`
  expect(await under(undefined, script)).toBe('right again')
})
