import type { WitnessOf } from '../witness.ts'
import type { Check, Scene } from './scene.ts'

/** P1: every task accepted from a caller is stored, for that caller alone, for as long as retention keeps it. */
export const acceptedIsStored: Check = (scene) => [...goneIn(scene), ...sharedIn(scene)]

const goneIn = ({ seen, tasks }: Scene): string[] =>
  [...new Set(seen('submitted').flatMap(({ taskIds }) => taskIds))]
    .filter((id) => !tasks.has(id))
    .map((id) => `task ${id} was accepted and is gone`)

/** Submissions are gathered into one statement: none may be answered with another's tasks. */
function sharedIn({ seen }: Scene): string[] {
  const owners = new Map<string, WitnessOf<'submitted'>>()
  const shared = new Set<string>()
  for (const submitted of seen('submitted'))
    for (const id of submitted.taskIds) {
      const owner = owners.get(id) ?? submitted
      owners.set(id, owner)
      if (owner !== submitted && (submitted.key === undefined || submitted.key !== owner.key)) shared.add(id)
    }
  return [...shared].map((id) => `task ${id} was the answer to two submissions`)
}
