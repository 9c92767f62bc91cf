/**
 * The report of a worker about its handlers: how many have started, and how long after the call that submitted them. The
 * worker keeps the report in memory and sends it on request, so that it costs nothing during the measurement. While the
 * gate is shut, handlers wait, so that a backlog can grow before warm workers.
 */

import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { obey } from './controlled.ts'
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
  /** Resets the counts. */
  latencies() {
    const noted = latenciesMs
    count = 0
    latenciesMs = []
    return noted
  },
}

/** Starts to answer the harness, if there is one. */
export function report(): void {
  const path = process.env.BENCH_CONTROL
  if (path !== undefined) obey(path, 'worker', commands)
}

/** The work of a handler; a promise only while the gate is shut. */
export function handle({ at }: Payload): Promise<void> | undefined {
  latenciesMs.push(nowMs() - at)
  count++
  return gate?.promise
}
