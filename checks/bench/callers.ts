import { openControl } from './control.ts'
import { type Server, startHttpCaller } from './processes.ts'
import type { Bench } from './scenario.ts'
import type { Ran } from './team.ts'

export const CONNECTIONS = 50

/** A process that calls an API. */
export interface Caller {
  singles(forMs: number): Promise<Ran>
  lines(forMs: number, lines: number): Promise<Ran>
}

/** Starts a process that calls this API, and ends it after the work. */
export async function withCaller<Result>(
  { profileDir }: Bench,
  { url, failed: apiFailed }: Server,
  work: (caller: Caller) => Promise<Result>,
): Promise<Result> {
  const control = await openControl()
  const server = startHttpCaller({ env: control.env, profileDir })
  const orFailure = <Value>(value: Promise<Value>): Promise<Value> => Promise.race([value, server.failed, apiFailed])
  try {
    const agent = await orFailure(control.next('producer'))
    return await orFailure(
      work({
        singles: (forMs) => agent.ask<Ran>('singles', { url, forMs, connections: CONNECTIONS }),
        lines: (forMs, lines) => agent.ask<Ran>('lines', { url, forMs, lines }),
      }),
    )
  } finally {
    await server.stop()
    control.close()
  }
}
