import type { TaskId } from '@taskflow/tasks'
import type { LineConsumer } from './line-consumer.ts'
import type { Word } from './line-session.ts'

/** Lines to choose the smallest rank from. */
export type Group = readonly Pick<LineConsumer, 'first' | 'shift' | 'isDueBefore'>[]

/**
 * Adds to these words until they are of so many tasks: one group after the other,
 * the smallest rank first, and none that one may precede which is just coming.
 * Words of one task are taken together, and count once.
 */
export function choose(words: Word[], groups: readonly Group[], max: number): void {
  const tasks = tasksOf(words)
  for (const group of groups) {
    while (tasks.size < max) {
      const next = smallestOf(group)
      const rankMs = next?.first?.rankMs ?? Number.POSITIVE_INFINITY
      if (group.some((line) => line.isDueBefore(rankMs))) return
      const word = next?.shift()
      if (!word) break
      words.push(word)
      tasks.add(word.taskId)
    }
  }
}

export const tasksOf = (words: readonly Word[]): Set<TaskId> => new Set(words.map(({ taskId }) => taskId))

function smallestOf(group: Group): Group[number] | undefined {
  let smallest: Group[number] | undefined
  let leastMs = Number.POSITIVE_INFINITY
  for (const line of group) {
    const rankMs = line.first?.rankMs
    if (rankMs === undefined || rankMs >= leastMs) continue
    smallest = line
    leastMs = rankMs
  }
  return smallest
}
