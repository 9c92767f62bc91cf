/** `node producer-process.ts <contender> <place as JSON>`: submits as the harness commands. */
import { setTimeout as pause } from 'node:timers/promises'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { obey } from './controlled.ts'
import { payload } from './payload.ts'
import type { Peer, Place } from './peer.ts'

/** A number of tasks, or a duration. */
interface Extent {
  readonly tasks?: number
  readonly forMs?: number
}

const [name, place] = process.argv.slice(2) as [string, string]
const { peer } = (await import(`./contenders/${name}.ts`)) as { peer: Peer }
const producer = await peer.openProducer(JSON.parse(place) as Place)

// Between two looks at the store for the end of a phase; short compared with the phase.
const LOOK_MS = 3

/** Keeps that many calls in flight. */
async function run(calls: number, { tasks = Infinity, forMs = Infinity }: Extent, size: number, call: () => unknown) {
  const beganMs = nowMs()
  let [called, count] = [0, 0]
  async function lane(): Promise<void> {
    while (called < tasks && nowMs() - beganMs < forMs) {
      called += size
      await call()
      count += size
    }
  }
  await Promise.all(Array.from({ length: calls }, lane))
  return { count, beganMs, endedMs: nowMs() }
}

obey(process.env.BENCH_CONTROL ?? '', 'producer', {
  singles: ({ atOnce, ...extent }: Extent & { atOnce: number }) =>
    run(atOnce, extent, 1, () => producer.submit(payload())),
  batches: ({ atOnce, size, ...extent }: Extent & { atOnce: number; size: number }) =>
    run(atOnce, extent, size, () => producer.submitMany(Array.from({ length: size }, payload))),
  /** One at a time, each after a pause. */
  async spaced({ tasks, gapMs }: { tasks: number; gapMs: number }) {
    for (let count = 0; count < tasks; count++) {
      await pause(gapMs)
      await producer.submit(payload())
    }
  },
  /** At a steady rate, whether or not the calls before have returned. */
  async paced({ tasks, perSecond }: { tasks: number; perSecond: number }) {
    const beganMs = nowMs()
    const calls: Promise<unknown>[] = []
    while (calls.length < tasks) {
      const due = Math.min(tasks, Math.floor(((nowMs() - beganMs) * perSecond) / 1_000) + 1)
      while (calls.length < due) calls.push(producer.submit(payload()))
      await pause(1)
    }
    await Promise.all(calls)
  },
  async settled() {
    while (await producer.hasUnfinished()) await pause(LOOK_MS)
    return nowMs()
  },
})

process.once('SIGTERM', () => void producer.close().then(() => process.exit()))
// The control socket does not keep the process alive, and some clients do not either.
setInterval(() => {}, 60_000)
