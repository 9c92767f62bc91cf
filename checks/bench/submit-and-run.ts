import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import type { ApiSystem } from './api-system.ts'
import { withCaller } from './callers.ts'
import type { Figures } from './rounds.ts'
import { type Bench, sized } from './scenario.ts'
import { rateOfRan } from './team.ts'

export const submitMsOf = (bench: Bench): number => sized(bench, 3_000, 1_500, 200)

/**
 * Single submits over HTTP while workers run: replies per second, and tasks per second from the first call to the last
 * end.
 */
export function submitAndRun(bench: Bench, { api, untilSettled }: ApiSystem): Promise<Figures> {
  return withCaller(bench, api, async ({ singles }) => {
    await singles(submitMsOf(bench) / 3)
    await untilSettled()
    const ran = await singles(submitMsOf(bench))
    await untilSettled()
    return { submit: rateOfRan(ran), 'end to end': (ran.count / (nowMs() - ran.beganMs)) * 1_000 }
  })
}
