import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Controls time and order of all events of a run. Each step has its moment; steps run one after the other. Between two
 * steps, all code runs that does not wait for another step. Only the order of steps is random, so the same steps lead
 * to the same end.
 */
export interface World {
  /** The true time since the start of the run, which no process can read. */
  readonly nowMs: number
  /** Schedules a step, after all steps that were scheduled for the same moment before. */
  after(ms: number, step: () => unknown): void
  /** Runs steps until `isOver`, until none is left, or until a moment of true time. */
  run(isOver: () => boolean, untilMs: number): Promise<void>
  readonly steps: number
}

interface Step {
  readonly atMs: number
  readonly number: number
  readonly does: () => unknown
}

export function newWorld(): World {
  const scheduled = heap()
  let nowMs = 0
  let count = 0
  let steps = 0

  return {
    get nowMs() {
      return nowMs
    },
    get steps() {
      return steps
    },
    after(ms, does) {
      scheduled.push({ atMs: nowMs + Math.max(0, ms), number: count++, does })
    },
    async run(isOver, untilMs) {
      await nextTurn()
      while (!isOver()) {
        const next = scheduled.pop(untilMs)
        if (!next) break
        nowMs = next.atMs
        steps++
        await next.does()
        // All microtasks run before the event loop turns.
        await nextTurn()
      }
      if (!isOver()) nowMs = Math.max(nowMs, untilMs)
    },
  }
}

const isBefore = (a: Step, b: Step): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number)

/** A binary heap of steps, the earliest first. */
function heap() {
  const items: Step[] = []

  function sink(from: number): void {
    for (let at = from; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2]
      let least = at
      for (const child of [left, right])
        if (child < items.length && isBefore(items[child] as Step, items[least] as Step)) least = child
      if (least === at) return
      swap(at, least)
      at = least
    }
  }

  function swap(a: number, b: number): void {
    const item = items[a] as Step
    items[a] = items[b] as Step
    items[b] = item
  }

  return {
    push(step: Step): void {
      items.push(step)
      for (let at = items.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1
        if (!isBefore(items[at] as Step, items[parent] as Step)) return
        swap(at, parent)
        at = parent
      }
    },
    /** Removes and returns the earliest step, unless it is later than `untilMs`. */
    pop(untilMs: number): Step | undefined {
      const [first] = items
      if (!first || first.atMs > untilMs) return undefined
      const last = items.pop() as Step
      if (items.length > 0) {
        items[0] = last
        sink(0)
      }
      return first
    },
  }
}
