import type { TaskFlowEvents } from '@taskflow/kernel'

type Settled = TaskFlowEvents['tasks.settled'][0]
type Verb = Settled['verb']

/** Groups the durations of attempts that were settled together, by task type, queue and verb. */
export function settledDurations() {
  const groups = new Map<string, Settled & { readonly durationsMs: number[] }>()
  return {
    add(type: string, queue: string, verb: Verb, durationMs: number): void {
      const key = `${type} ${queue} ${verb}`
      const group = groups.get(key)
      if (group) group.durationsMs.push(durationMs)
      else groups.set(key, { type, queue, verb, durationsMs: [durationMs] })
    },
    all: (): Iterable<Settled> => groups.values(),
  }
}
