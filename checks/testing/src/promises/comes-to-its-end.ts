import { FINISHED_STATES } from '@taskflow/tasks'
import type { Check } from './scene.ts'

/** P2: what was accepted is never lost on the way, so that where nothing keeps it any more it has come to its end. */
export const comesToItsEnd: Check = ({ tasks, isOver }) =>
  isOver
    ? [...tasks.values()]
        .filter(({ state }) => !(FINISHED_STATES as readonly string[]).includes(state))
        .map(({ id, state }) => `task ${id} never came to its end: it is ${state}`)
    : []
