/**
 * What a worker tells the harness of its handlers: how many started, and how long after the call that submitted them.
 * It is noted in memory and told when asked, so that telling costs nothing while it is measured. And the gate: while it
 * is shut, handlers wait, so that a backlog can gather before workers that are warm.
 */
import { obey } from './controlled.ts'
import { nowMs } from './moment.ts'
import type { Payload } from './payload.ts'

let count = 0
let latenciesMs: number[] = []
let gate: PromiseWithResolvers<void> | undefined

const commands = {
  handled: () => count,
  shut() {
    gate ??= Promise.withResolvers()
  },
  open() {
    gate?.resolve()
    gate = undefined
    return nowMs()
  },
  /** Begins anew. */
  latencies() {
    const noted = latenciesMs
    count = 0
    latenciesMs = []
    return noted
  },
}

/** From now on the harness may ask; without a harness nothing happens. */
export function report(): void {
  const path = process.env.BENCH_CONTROL
  if (path !== undefined) obey(path, 'worker', commands)
}

/** All that a handler does; a promise only while the gate is shut. */
export function handle({ at }: Payload): Promise<void> | undefined {
  latenciesMs.push(nowMs() - at)
  count++
  return gate?.promise
}
