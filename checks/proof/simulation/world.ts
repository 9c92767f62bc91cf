import { setImmediate as nextTurn } from 'node:timers/promises'

/**
 * Time and order of everything that happens. Nothing happens by itself: each step has its moment, steps are done one
 * after the other, and between two of them all code that can go on without another step has gone as far as it can.
 * So the order of steps is the whole of what is random, and the same steps lead to the same end.
 */
export interface World {
  /** Since the beginning, in true time, which no process sees. */
  readonly nowMs: number
  /** Does it then, after whatever was asked for the same moment before. */
  after(ms: number, step: () => unknown): void
  /** Until it is over, or nothing is left to happen, or that moment of true time. */
  run(isOver: () => boolean, untilMs: number): Promise<void>
  readonly steps: number
}

interface Step {
  readonly atMs: number
  readonly number: number
  readonly does: () => unknown
}

export function newWorld(): World {
  const line = heap()
  let nowMs = 0
  let asked = 0
  let steps = 0

  return {
    get nowMs() {
      return nowMs
    },
    get steps() {
      return steps
    },
    after(ms, does) {
      line.push({ atMs: nowMs + Math.max(0, ms), number: asked++, does })
    },
    async run(isOver, untilMs) {
      await nextTurn()
      while (!isOver()) {
        const next = line.pop(untilMs)
        if (!next) break
        nowMs = next.atMs
        steps++
        await next.does()
        // Microtasks are done before the loop turns: what could go on has gone on.
        await nextTurn()
      }
      if (!isOver()) nowMs = Math.max(nowMs, untilMs)
    },
  }
}

const isBefore = (a: Step, b: Step): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.number < b.number)

/** A binary heap: the earliest step is always the next. */
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
    /** The earliest, unless it is later than that. */
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
