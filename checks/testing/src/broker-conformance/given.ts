import { randomUUID } from 'node:crypto'
import type { Broker, Delivery, Dispatch, Line, TakeOptions, TaskId } from '@taskflow/tasks'
import { newTaskId } from '../ids.ts'

/** What each case is given. Names are new for each, so that cases do not see each other's dispatches. */
export interface Given {
  /** Two clients of the same broker. */
  readonly broker: Broker
  readonly other: Broker
  /** One more client, closed after the case. */
  open(): Promise<Broker>
  /** Gets word of these to the broker, in whatever way they reach it. */
  tell(dispatches: readonly Dispatch[]): Promise<void>
  readonly line: Line
}

export type Case = (given: Given) => Promise<void>

export function newLine(given: Partial<Line> = {}): Line {
  const name = (kind: string) => `${kind}-${randomUUID()}`
  return { project: name('project'), queue: name('queue'), type: name('type'), priority: 'normal', ...given }
}

const FIRST_RANK_MS = Date.UTC(2026, 0, 1)

export function newDispatch(line: Line, rank = 0): Dispatch {
  return { ...line, taskId: newTaskId(), rankMs: FIRST_RANK_MS + rank }
}

/** So many, each waiting since a millisecond later. */
export const newDispatches = (line: Line, count: number): Dispatch[] =>
  Array.from({ length: count }, (_, index) => newDispatch(line, index))

/** Takes from these lines alone; what a case is about is given, the rest is ordinary. */
export function take(
  broker: Broker,
  from: Line | readonly Line[],
  options: Partial<TakeOptions> = {},
): Promise<Delivery | undefined> {
  const lines = [from].flat()
  return broker.take({
    project: lines[0]?.project ?? '',
    queues: [...new Set(lines.map(({ queue }) => queue))],
    isDrawn: false,
    types: [...new Set(lines.map(({ type }) => type))],
    max: 10,
    waitMs: 2_000,
    signal: new AbortController().signal,
    ...options,
  })
}

export const idsIn = (dispatches: readonly Dispatch[]): TaskId[] => dispatches.map(({ taskId }) => taskId)

/** None, where there was nothing. */
export function idsOf(delivery: Delivery | undefined): readonly TaskId[] {
  if (delivery?.tasks === 'any') throw new Error('Expected to be told which tasks, got "any"')
  return delivery?.tasks ?? []
}

// More than any case publishes: a broker that gives the same again and again would be taken from for ever.
const MOST_TAKEN = 20_000

// A consumer that is new to a busy broker may need a second for its first word; from then on word comes fast.
const FIRST_WAIT_MS = 2_000
const NEXT_WAIT_MS = 500

/** Takes and acknowledges until a take comes back with nothing; in the order in which they came. */
export async function takeAll(
  broker: Broker,
  from: Line | readonly Line[],
  options: Partial<TakeOptions> = {},
): Promise<TaskId[]> {
  const taken: TaskId[] = []
  for (;;) {
    const waitMs = taken.length === 0 ? FIRST_WAIT_MS : NEXT_WAIT_MS
    const delivery = await take(broker, from, { waitMs, ...options })
    if (!delivery) return taken
    taken.push(...idsOf(delivery))
    await delivery.acknowledge(idsOf(delivery).length)
    if (taken.length > MOST_TAKEN) throw new Error(`Expected the line to end, got ${taken.length} dispatches`)
  }
}

// A claim and its acknowledgement are milliseconds apart, so what is out for much longer has nobody behind it any more.
const RECOVERY_MS = 15_000

/** Takes and acknowledges until so many different ones have come, or as long as a broker may need to notice a loss. */
export async function takeRecovered(broker: Broker, from: Line, count: number): Promise<ReadonlySet<TaskId>> {
  const taken = new Set<TaskId>()
  const deadline = performance.now() + RECOVERY_MS
  while (taken.size < count && performance.now() < deadline) {
    const delivery = await take(broker, from, { waitMs: Math.max(0, deadline - performance.now()) })
    for (const id of idsOf(delivery)) taken.add(id)
    await delivery?.acknowledge(idsOf(delivery).length)
  }
  return taken
}

// A broker that polls doubles its pause with each look in vain; so many lead from milliseconds to a minute.
const LOOKS_IN_VAIN = 12

/** Tells of tasks that nobody finds there, until there is nothing more to say and no reason to look for a long time. */
export async function quieten({ broker, tell, line }: Given): Promise<void> {
  for (let look = 0; look < LOOKS_IN_VAIN; look++) {
    const waiting = take(broker, line)
    await tell([newDispatch(line)])
    await (await waiting)?.acknowledge(0)
  }
  for (let look = 0; look < LOOKS_IN_VAIN; look++) {
    const delivery = await take(broker, line, { waitMs: 200 })
    if (!delivery) return
    await delivery.acknowledge(0)
  }
  throw new Error('Expected no more word than there was to tell')
}
