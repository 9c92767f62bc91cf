import { EventEmitter } from 'node:events'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { replicaDatabase } from './replica-database.ts'
import { statement } from './statement.ts'
import { poolExhausted, refused, scriptedDatabase } from './test/scripted-database.ts'

const READ = statement<readonly [], unknown>({ name: 'read', text: 'select 1', columns: [] })

function setup() {
  const [primary, replica] = [scriptedDatabase(), scriptedDatabase()]
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const seen: string[] = []
  for (const name of ['database.lost', 'database.returned'] as const)
    events.on(name, ({ database }) => seen.push(`${database} ${name.split('.')[1]}`))
  const db = replicaDatabase({ primary, replica, clock, events })

  function read(): Promise<unknown> {
    return db.run(READ, []).catch((error: { code: string }) => error.code)
  }

  /** Answers the query for the lag, if it was sent. */
  async function reportLag(lagMs: number): Promise<void> {
    await settled()
    replica.sent.find(({ name }) => name === 'replica_lag')?.answer([{ lag_ms: lagMs }])
    await settled()
  }

  async function readFrom(database: typeof primary): Promise<void> {
    const rows = read()
    await reportLag(0)
    database.sent.find(({ name }) => name === 'read')?.answer(['row'])
    expect(await rows).toEqual(['row'])
  }

  return { primary, replica, clock, seen, db, read, readFrom, reportLag }
}

test('reads from the replica', async () => {
  const { readFrom, replica, primary, seen } = setup()
  await readFrom(replica)
  expect({ seen, sent: primary.sent }).toEqual({ seen: [], sent: [] })
})

test('reads from the primary at once when the replica is unavailable, and tries the replica again after five seconds', async () => {
  const { read, readFrom, reportLag, replica, primary, clock, seen } = setup()
  const rows = read()
  await reportLag(0)
  replica.sent[0]?.fail(refused())
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(seen).toEqual(['replica lost'])

  await clock.advance(4_999)
  await readFrom(primary)
  expect(replica.sent).toEqual([])

  await clock.advance(1)
  await readFrom(replica)
  expect(seen).toEqual(['replica lost', 'replica returned'])
})

test('reads from the primary when the replica lags', async () => {
  const { read, reportLag, readFrom, primary, replica, clock, seen } = setup()
  await readFrom(replica)
  await clock.advance(2_000)
  const rows = read()
  await reportLag(10_001)
  expect(replica.sent).toEqual([])
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(seen).toEqual(['replica lost'])
})

test('reads from the primary and reports the replica lost when it rejects the connection', async () => {
  const { read, readFrom, replica, primary, seen } = setup()
  const rows = read()
  await settled()
  replica.sent[0]?.fail(Object.assign(new Error('password authentication failed'), { code: '28P01' }))
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(seen).toEqual(['replica lost'])
  await readFrom(primary)
  expect(replica.sent).toEqual([])
})

test('queries the lag once for all reads of two seconds', async () => {
  const { read, readFrom, reportLag, replica, clock } = setup()
  const reads = [read(), read()]
  await settled()
  expect(replica.sent.map(({ name }) => name)).toEqual(['replica_lag'])
  await reportLag(0)
  for (const { answer } of replica.sent) answer(['row'])
  expect(await Promise.all(reads)).toEqual([['row'], ['row']])
  await clock.advance(1_999)
  void read()
  await settled()
  expect(replica.sent.map(({ name }) => name)).toEqual(['read'])
  replica.sent[0]?.answer()
  await clock.advance(1)
  await readFrom(replica)
})

test('reads from the primary within seconds when the replica stops answering', async () => {
  const { read, reportLag, primary, clock, seen } = setup()
  const rows = read()
  await reportLag(0)
  await clock.advance(2_000)
  await clock.advance(3_000)
  expect(seen).toEqual(['replica lost'])
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
})

test('waits for a long list while the replica answers its checks', async () => {
  const { read, reportLag, replica, primary, clock } = setup()
  const rows = read()
  await reportLag(0)
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000)
    await reportLag(0)
  }
  replica.sent.find(({ name }) => name === 'read')?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(primary.sent).toEqual([])
})

test('repeats a read on the primary after a recovery conflict, and keeps using the replica', async () => {
  const { read, readFrom, reportLag, replica, primary, seen } = setup()
  const cause = new Error('canceling statement due to conflict with recovery')
  for (const conflict of [
    Object.assign(cause, { code: '40001' }),
    new TaskFlowError('QUERY_TOO_SLOW', 'The database gave up', { cause }),
  ]) {
    const rows = read()
    await reportLag(0)
    replica.sent[0]?.fail(conflict)
    await settled()
    primary.sent[0]?.answer(['row'])
    expect(await rows).toEqual(['row'])
    await readFrom(replica)
  }
  expect(seen).toEqual([])
})

test('repeats a read on the primary when the replica does not know a column yet', async () => {
  const { read, reportLag, replica, primary } = setup()
  const rows = read()
  await reportLag(0)
  replica.sent[0]?.fail(Object.assign(new Error('relation "new" does not exist'), { code: '42P01' }))
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
})

test('does not repeat a read on the primary that took too long', async () => {
  const { read, reportLag, replica, primary } = setup()
  const code = read()
  await reportLag(0)
  replica.sent[0]?.fail(new TaskFlowError('QUERY_TOO_SLOW', 'The database gave up'))
  expect(await code).toBe('QUERY_TOO_SLOW')
  expect(primary.sent).toEqual([])
})

test('reads from the primary while all connections to the replica are in use, without reporting it lost', async () => {
  const { read, reportLag, readFrom, replica, primary, seen } = setup()
  const rows = read()
  await reportLag(0)
  replica.sent[0]?.fail(poolExhausted())
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  await readFrom(replica)
  expect(seen).toEqual([])
})

test('uses the primary for transactions and listening, and closes both databases', async () => {
  const { db, primary, replica } = setup()
  void db.transaction(async () => {})
  void db.listen('channel', () => {})
  expect(primary.sent.map(({ name }) => name)).toEqual(['transaction', 'listen'])
  await db.close()
  expect([primary.isClosed, replica.isClosed]).toEqual([true, true])
})
