import { randomUUID } from 'node:crypto'
import type { Broker, Delivery, Dispatch, Subqueue, TakeOptions, TaskId } from '@taskflow/tasks'
import { newTaskId } from '../ids.ts'

/** The input of each case. Every case has its own names, so that cases do not see each other's dispatches. */
export interface Given {
  /** Two clients of the same broker. */
  readonly broker: Broker
  readonly other: Broker
  /** One more client, closed after the case. */
  open(): Promise<Broker>
  /** Makes these dispatches known to the broker, by the path that this broker uses. */
  notify(dispatches: readonly Dispatch[]): Promise<void>
  readonly subqueue: Subqueue
}

export type Case = (given: Given) => Promise<void>

export function newSubqueue(given: Partial<Subqueue> = {}): Subqueue {
  const name = (kind: string) => `${kind}-${randomUUID()}`
  return { project: name('project'), queue: name('queue'), type: name('type'), priority: 'normal', ...given }
}

const FIRST_RANK_MS = Date.UTC(2026, 0, 1)

export function newDispatch(subqueue: Subqueue, rank = 0): Dispatch {
  return { ...subqueue, taskId: newTaskId(), rankMs: FIRST_RANK_MS + rank }
}

/** `count` dispatches, each ranked one millisecond after the one before. */
export const newDispatches = (subqueue: Subqueue, count: number): Dispatch[] =>
  Array.from({ length: count }, (_, index) => newDispatch(subqueue, index))

/** Takes from these subqueues alone. A case gives the options that it tests; the others have ordinary values. */
export function take(
  broker: Broker,
  from: Subqueue | readonly Subqueue[],
  options: Partial<TakeOptions> = {},
): Promise<Delivery | undefined> {
  const subqueues = [from].flat()
  return broker.take({
    project: subqueues[0]?.project ?? '',
    queues: [...new Set(subqueues.map(({ queue }) => queue))],
    isDrawn: false,
    types: [...new Set(subqueues.map(({ type }) => type))],
    max: 10,
    waitMs: 2_000,
    signal: new AbortController().signal,
    ...options,
  })
}

export const idsIn = (dispatches: readonly Dispatch[]): TaskId[] => dispatches.map(({ taskId }) => taskId)

/** An empty list if there was no delivery. */
export function idsOf(delivery: Delivery | undefined): readonly TaskId[] {
  if (delivery?.tasks === 'any') throw new Error('Expected the delivery to list its tasks, got "any"')
  return delivery?.tasks ?? []
}

// More than any case publishes: a broker that delivers the same dispatches again and again would keep the loop running.
const MOST_TAKEN = 20_000

// A consumer that is new to a busy broker may wait a second for its first dispatch; later dispatches arrive fast.
const FIRST_WAIT_MS = 2_000
const NEXT_WAIT_MS = 500

/** Takes and acknowledges until a take returns nothing. The ids are in the order of arrival. */
export async function takeAll(
  broker: Broker,
  from: Subqueue | readonly Subqueue[],
  options: Partial<TakeOptions> = {},
): Promise<TaskId[]> {
  const taken: TaskId[] = []
  for (;;) {
    const waitMs = taken.length === 0 ? FIRST_WAIT_MS : NEXT_WAIT_MS
    const delivery = await take(broker, from, { waitMs, ...options })
    if (!delivery) return taken
    taken.push(...idsOf(delivery))
    await delivery.acknowledge(idsOf(delivery).length)
    if (taken.length > MOST_TAKEN) throw new Error(`Expected the subqueue to end, got ${taken.length} dispatches`)
  }
}

// A claim and its acknowledgement are milliseconds apart, so a dispatch that stays unacknowledged much longer has lost its
// consumer.
const RECOVERY_MS = 15_000

/** Takes and acknowledges until `count` different dispatches arrived, or until a broker must have noticed a loss. */
export async function takeRecovered(broker: Broker, from: Subqueue, count: number): Promise<ReadonlySet<TaskId>> {
  const taken = new Set<TaskId>()
  const deadline = performance.now() + RECOVERY_MS
  while (taken.size < count && performance.now() < deadline) {
    const delivery = await take(broker, from, { waitMs: Math.max(0, deadline - performance.now()) })
    for (const id of idsOf(delivery)) taken.add(id)
    await delivery?.acknowledge(idsOf(delivery).length)
  }
  return taken
}

// A broker that polls doubles its pause after each poll that finds nothing; this many polls lead from milliseconds to a
// minute.
const LOOKS_IN_VAIN = 12

/** Publishes dispatches of tasks that do not exist, until none is left and the broker polls only after a long pause. */
export async function quieten({ broker, notify, subqueue }: Given): Promise<void> {
  for (let look = 0; look < LOOKS_IN_VAIN; look++) {
    const waiting = take(broker, subqueue)
    await notify([newDispatch(subqueue)])
    await (await waiting)?.acknowledge(0)
  }
  for (let look = 0; look < LOOKS_IN_VAIN; look++) {
    const delivery = await take(broker, subqueue, { waitMs: 200 })
    if (!delivery) return
    await delivery.acknowledge(0)
  }
  throw new Error('Expected no more deliveries than there were dispatches')
}
