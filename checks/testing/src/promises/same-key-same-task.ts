import { PROJECT } from '../factories.ts'
import type { WitnessOf } from '../witness.ts'
import type { Check, Scene } from './scene.ts'

/** The label that holds the key a task was submitted with, so that the check finds tasks that no caller got in an answer. */
const KEY_LABEL = 'idempotency-key'

/** P5: one key gives one answer, stored once. */
export const sameKeySameTask: Check = (scene) => {
  const keyed = scene.seen('submitted').filter(({ key }) => key !== undefined)
  const kept = new Map(scene.keys.map(({ project, key, task_ids }) => [nameOf(project, key), task_ids.join(' ')]))
  const byKey = Map.groupBy(keyed, ({ project = PROJECT, key = '' }) => nameOf(project, key))
  return [...[...byKey].flatMap(([name, replies]) => answersOf(replies, kept.get(name))), ...storedBeside(scene)]
}

const nameOf = (project: string, key: string): string => `${project} ${key}`

/** `kept`: for which tasks the database keeps the key. A day later it is forgotten. */
function answersOf(replies: readonly WitnessOf<'submitted'>[], kept: string | undefined): string[] {
  const [{ key } = {}] = replies
  const violations: string[] = []
  const answers = new Set(replies.map(({ taskIds }) => taskIds.join(' ')))
  if (answers.size > 1)
    violations.push(`key ${key} gave ${answers.size} different answers: ${[...answers].join(' | ')}`)
  if (new Set(replies.map(({ requestHash }) => requestHash)).size > 1)
    violations.push(`key ${key} was accepted with two different requests`)
  if (kept !== undefined && !answers.has(kept))
    violations.push(`key ${key} is kept for ${kept}, and nobody was answered so`)
  return violations
}

function storedBeside({ tasks, keys }: Scene): string[] {
  const kept = new Map(keys.map(({ project, key, task_ids }) => [nameOf(project, key), new Set(task_ids)]))
  return [...tasks.values()].flatMap(({ id, project, labels }) => {
    const key = labels?.[KEY_LABEL]
    return key === undefined || (kept.get(nameOf(project, key))?.has(id) ?? true)
      ? []
      : [`task ${id} was stored by key ${key}, which names others`]
  })
}
