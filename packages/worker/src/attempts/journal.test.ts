import { TaskFlowError, uuidV7Ids } from '@taskflow/kernel'
import type { Lease, LeaseId, NewLogLine, ProgressUpdate, TaskId } from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'
import { type HandClock, handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import { journal } from './journal.ts'

const HOUR_MS = 3_600_000

const leaseOf = (taskId: string): Lease => ({ project: PROJECT, taskId, leaseId: 'l' as LeaseId, attempt: 1 }) as Lease
const lineOf = (message: string) => ({ at: new Date(0), level: 'info', message, fields: null }) as const

/** A database that several workers share. */
class StoredLines {
  readonly lines: NewLogLine[] = []
  readonly progress: ProgressUpdate[] = []
  readonly sent: NewLogLine[][] = []
  searches = 0
  isAway = false
  losesReply = false

  async findLastLog(taskIds: readonly TaskId[]): Promise<string | undefined> {
    this.searches++
    const ids = this.lines.filter(({ taskId }) => taskIds.includes(taskId)).map(({ id }) => id)
    return ids.sort().at(-1)
  }

  async appendLogs(lines: readonly NewLogLine[]): Promise<void> {
    this.sent.push([...lines])
    if (this.isAway) throw new TaskFlowError('DATABASE_UNAVAILABLE', 'away')
    this.lines.push(...lines)
    if (this.losesReply) {
      this.losesReply = false
      throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The reply was lost')
    }
  }

  async recordProgress(updates: readonly ProgressUpdate[]): Promise<void> {
    this.progress.push(...updates)
  }

  /** The messages of a task in the order in which a reader gets them. */
  messagesOf({ taskId }: Lease): string[] {
    const own = this.lines.filter((line) => line.taskId === taskId)
    return own.sort((one, other) => (one.id < other.id ? -1 : 1)).map(({ message }) => message)
  }
}

function setup({ clock = handClock(), storage = new StoredLines(), aheadMs = 0 } = {}) {
  const databaseClock = {
    now: () => new Date(clock.now().getTime() + aheadMs),
    at: (local: Date) => new Date(local.getTime() + aheadMs),
  }
  const ids = uuidV7Ids(databaseClock, Math.random)
  const writing = journal({ storage, clock, databaseClock, ids, signal: new AbortController().signal, onError() {} })
  return { ...writing, clock, storage }
}

async function pass(clock: HandClock): Promise<void> {
  for (let passed = 0; passed < 10; passed++) await clock.advance(500)
}

test('sends a line again under the same id, with its time by the clock of the database', async () => {
  const { append, clock, storage } = setup({ aheadMs: -HOUR_MS })
  storage.losesReply = true
  const at = clock.now()
  const stored = append(leaseOf('a'), [
    { ...lineOf('one'), at },
    { ...lineOf('two'), at },
  ])
  await settled()
  await pass(clock)
  await stored
  const { sent } = storage
  expect(sent).toHaveLength(2)
  expect(sent[1]).toEqual(sent[0])
  expect(sent[0]?.map((each) => each.at)).toEqual(Array(2).fill(new Date(at.getTime() - HOUR_MS)))
  expect(new Set(sent[0]?.map(({ id }) => id)).size).toBe(2)
  expect(storage.messagesOf(leaseOf('a')).slice(0, 2)).toEqual(['one', 'one'])
})

test('stores no line before an earlier one, also while the database is away', async () => {
  const { append, clock, storage } = setup()
  const lease = leaseOf('a')
  storage.isAway = true
  const all = [append(lease, [lineOf('one')])]
  await settled()
  storage.isAway = false
  all.push(append(lease, [lineOf('two')]))
  await settled()
  expect(storage.lines).toEqual([])
  await pass(clock)
  await Promise.all(all)
  expect(storage.lines.map(({ message }) => message)).toEqual(['one', 'two'])
  expect(storage.messagesOf(lease)).toEqual(['one', 'two'])
})

test.each([
  ['whose clock is ahead', HOUR_MS],
  ['whose clock is some milliseconds ahead', 5],
  ['that wrote before the clock of the database was set back', 2 * HOUR_MS],
])('the lines of an attempt follow those of an earlier one on a worker %s', async (_, aheadMs) => {
  const earlier = setup({ aheadMs })
  const { clock, storage } = earlier
  const later = setup({ clock, storage })
  const [first, second] = [leaseOf('a'), leaseOf('a')]
  await earlier.append(first, [lineOf('1.1')])
  await earlier.append(first, [lineOf('1.2')])
  await later.append(leaseOf('b'), [lineOf('of another task')])
  await Promise.all([later.append(second, [lineOf('2.1')]), later.append(second, [lineOf('2.2')])])
  await later.append(second, [lineOf('2.3')])
  expect(storage.messagesOf(second)).toEqual(['1.1', '1.2', '2.1', '2.2', '2.3'])
})

test('looks for earlier lines once for each attempt, and for all attempts of a batch at once', async () => {
  const { append, storage } = setup()
  const leases = ['a', 'b', 'c'].map(leaseOf)
  for (const message of ['one', 'two']) {
    await Promise.all(leases.map((lease) => append(lease, [lineOf(message)])))
  }
  expect(storage.searches).toBe(1)
  expect(storage.lines).toHaveLength(6)
})

test('stores many lines in statements of limited size', async () => {
  const { append, storage } = setup()
  const messages = Array.from({ length: 2_500 }, (_, index) => `line ${index}`)
  await append(leaseOf('a'), messages.map(lineOf))
  expect(storage.sent.map(({ length }) => length)).toEqual([1_000, 1_000, 500])
  expect(storage.messagesOf(leaseOf('a'))).toEqual(messages)
})

test('gives the updates of an attempt ascending ids', async () => {
  const { record, storage } = setup()
  const lease = leaseOf('a')
  await Promise.all([1, 2, 3].map((percent) => record(lease, { percent, message: null })))
  const ids = storage.progress.map(({ id }) => id)
  expect(storage.progress.map(({ percent }) => percent)).toEqual([1, 2, 3])
  expect(ids).toEqual(ids.toSorted())
  expect(new Set(ids).size).toBe(3)
})
