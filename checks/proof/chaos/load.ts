import type { NewTask } from '@taskflow/sdk'
import type { Chance } from '../simulation/chance.ts'
import { type Act, type Script, TYPES } from './script.ts'

/** One call of one caller. */
export type Call =
  | { readonly kind: 'submit'; readonly tasks: readonly NewTask[]; readonly isDoubled: boolean }
  /** `nth` counts the accepted tasks from the last. */
  | { readonly kind: 'cancel' | 'redrive'; readonly nth: number }

/**
 * Draws a call. The rate scales the share of tasks that kill their worker, so that deaths depend on time and not on
 * load.
 */
export function callOf(chance: Chance, tasksPerSecond: number): Call {
  if (chance.happens(0.06)) return { kind: 'cancel', nth: chance.between(0, 60) }
  if (chance.happens(0.03)) return { kind: 'redrive', nth: chance.between(100, 2_000) }
  const count = chance.pick([1, 1, 1, 1, 1, 1, 3, 10])
  return {
    kind: 'submit',
    tasks: Array.from({ length: count }, () => taskOf(chance, 1 / (60 * tasksPerSecond))),
    isDoubled: chance.happens(0.05),
  }
}

function taskOf(chance: Chance, onceAMinute: number): NewTask {
  const { type, script } = scriptOf(chance, onceAMinute)
  return {
    type,
    payload: script,
    priority: chance.pick(['critical', 'high', 'normal', 'normal', 'normal', 'low']),
    maxAttempts: chance.pick([1, 2, 4]),
    retry: { baseMs: 200, factor: 2, maxMs: 2_000 },
    ...(chance.happens(0.15) && { delayMs: chance.between(1, 8_000) }),
    ...(chance.happens(0.02) && { timeouts: { startToCloseMs: chance.between(300, 3_000) } }),
  }
}

function scriptOf(chance: Chance, onceAMinute: number): { readonly type: string; readonly script: Script } {
  const does = 'kill its process'
  // Kills its whole worker: always, so that it is quarantined, or once, so that it is rescued and succeeds.
  if (chance.happens(0.3 * onceAMinute))
    return { type: TYPES.shared, script: { acts: [{ ms: 50, does, ...(chance.happens(0.5) && { kills: 1 }) }] } }
  // Kills only its own runner.
  if (chance.happens(6 * onceAMinute))
    return { type: TYPES.process, script: { acts: [{ ms: 50, does, ...(chance.happens(0.5) && { kills: 1 }) }] } }
  if (chance.happens(12 * onceAMinute))
    return {
      type: chance.pick([TYPES.thread, TYPES.process]),
      script: { acts: [{ ms: chance.between(100, 3_000), does: 'succeed', isBlocking: true }] },
    }
  const acts = Array.from({ length: chance.between(1, 3) }, () => actOf(chance))
  return { type: TYPES.shared, script: { acts: chance.happens(0.9) ? [...acts, { ms: 10, does: 'succeed' }] : acts } }
}

const actOf = (chance: Chance): Act => ({
  ms: chance.pick([0, 0, 5, 20, 50, 100, chance.between(50, 1_000), chance.between(500, 4_000)]),
  does: chance.pick([
    'succeed',
    'succeed',
    'succeed',
    'succeed',
    'succeed',
    'succeed',
    'succeed',
    'fail',
    'fail',
    'snooze',
    'fail for good',
  ]),
  ...(chance.happens(0.05) && { isStubborn: true }),
})
