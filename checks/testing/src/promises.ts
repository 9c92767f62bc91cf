/**
 * The promises of `docs/reliability.md` (P1 to P12), each as a check of what witnesses saw against what the database holds when all has come
 * to rest: no process runs any more, or none has anything left to do. `checkInvariants` asks what must be true at any moment, of the
 * database alone; this module checks the outcome of a whole run.
 */
import { acceptedIsStored } from './promises/accepted-is-stored.ts'
import { cancelledStaysSo } from './promises/cancelled-stays-so.ts'
import { comesToItsEnd } from './promises/comes-to-its-end.ts'
import { deadWorkers } from './promises/dead-workers.ts'
import { oneLeader } from './promises/one-leader.ts'
import { oneResult } from './promises/one-result.ts'
import { plannedStops } from './promises/planned-stops.ts'
import { quarantine } from './promises/quarantine.ts'
import { sameKeySameTask } from './promises/same-key-same-task.ts'
import { type Check, type PromisesInput, sceneOf } from './promises/scene.ts'

/** A broken promise, in a sentence. */
export interface Violation {
  readonly promise: string
  readonly sentence: string
}

/** A promise whose feature does not exist yet. Its check takes this place, and its breach one in `promises.test.ts`. */
const NO_FEATURE_YET: Check = () => []

const PROMISES = {
  P1: acceptedIsStored,
  P2: comesToItsEnd,
  P3: oneResult,
  P4: deadWorkers,
  P5: sameKeySameTask,
  P6: oneLeader,
  P7: cancelledStaysSo,
  // Limits.
  P8: NO_FEATURE_YET,
  // Workflows.
  P9: NO_FEATURE_YET,
  // Webhooks and events.
  P10: NO_FEATURE_YET,
  P11: quarantine,
  P12: plannedStops,
} as const satisfies Readonly<Record<string, Check>>

export type PromiseName = keyof typeof PROMISES

/** The promises that have a check. */
export const CHECKED_PROMISES = (Object.keys(PROMISES) as PromiseName[]).filter(
  (name) => PROMISES[name] !== NO_FEATURE_YET,
)

/** Resolves with the promises that were broken; with none when all were kept. */
export async function checkPromises(input: PromisesInput): Promise<Violation[]> {
  const scene = await sceneOf(input)
  return Object.entries(PROMISES).flatMap(([promise, check]) => check(scene).map((sentence) => ({ promise, sentence })))
}
