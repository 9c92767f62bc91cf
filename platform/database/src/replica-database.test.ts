import { EventEmitter } from 'node:events'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { replicaDatabase } from './replica-database.ts'
import { statement } from './statement.ts'
import { fromTheLine, playedDatabase, refused } from './test/scripted-database.ts'

const READ = statement<readonly [], unknown>({ name: 'read', text: 'select 1', columns: [] })

function setup() {
  const [primary, replica] = [playedDatabase(), playedDatabase()]
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const told: string[] = []
  for (const name of ['database.lost', 'database.returned'] as const)
    events.on(name, ({ database }) => told.push(`${database} ${name.split('.')[1]}`))
  const db = replicaDatabase({ primary, replica, clock, events })

  function read(): Promise<unknown> {
    return db.run(READ, []).catch((error: { code: string }) => error.code)
  }

  /** Answers the question for its lag, if it was asked. */
  async function tellLag(lagMs: number): Promise<void> {
    await settled()
    replica.sent.find(({ name }) => name === 'replica_lag')?.answer([{ lag_ms: lagMs }])
    await settled()
  }

  async function readFrom(database: typeof primary): Promise<void> {
    const rows = read()
    await tellLag(0)
    database.sent.find(({ name }) => name === 'read')?.answer(['row'])
    expect(await rows).toEqual(['row'])
  }

  return { primary, replica, clock, told, db, read, readFrom, tellLag }
}

test('reads from the replica', async () => {
  const { readFrom, replica, primary, told } = setup()
  await readFrom(replica)
  expect({ told, sent: primary.sent }).toEqual({ told: [], sent: [] })
})

test('reads from the primary at once when the replica is away, and asks it again after five seconds', async () => {
  const { read, readFrom, tellLag, replica, primary, clock, told } = setup()
  const rows = read()
  await tellLag(0)
  replica.sent[0]?.fail(refused())
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(told).toEqual(['replica lost'])

  await clock.advance(4_999)
  await readFrom(primary)
  expect(replica.sent).toEqual([])

  await clock.advance(1)
  await readFrom(replica)
  expect(told).toEqual(['replica lost', 'replica returned'])
})

test('reads from the primary when the replica lags', async () => {
  const { read, tellLag, readFrom, primary, replica, clock, told } = setup()
  await readFrom(replica)
  await clock.advance(2_000)
  const rows = read()
  await tellLag(10_001)
  expect(replica.sent).toEqual([])
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(told).toEqual(['replica lost'])
})

test('reads from the primary, and says so, when the replica does not let us in', async () => {
  const { read, readFrom, replica, primary, told } = setup()
  const rows = read()
  await settled()
  replica.sent[0]?.fail(Object.assign(new Error('password authentication failed'), { code: '28P01' }))
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(told).toEqual(['replica lost'])
  await readFrom(primary)
  expect(replica.sent).toEqual([])
})

test('asks how far the replica lags once for all reads of two seconds', async () => {
  const { read, readFrom, tellLag, replica, clock } = setup()
  const reads = [read(), read()]
  await settled()
  expect(replica.sent.map(({ name }) => name)).toEqual(['replica_lag'])
  await tellLag(0)
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

test('reads from the primary within seconds when the replica falls silent', async () => {
  const { read, tellLag, primary, clock, told } = setup()
  const rows = read()
  await tellLag(0)
  await clock.advance(2_000)
  await clock.advance(3_000)
  expect(told).toEqual(['replica lost'])
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
})

test('waits for a long list as long as the replica answers', async () => {
  const { read, tellLag, replica, primary, clock } = setup()
  const rows = read()
  await tellLag(0)
  for (let second = 0; second < 10; second++) {
    await clock.advance(1_000)
    await tellLag(0)
  }
  replica.sent.find(({ name }) => name === 'read')?.answer(['row'])
  expect(await rows).toEqual(['row'])
  expect(primary.sent).toEqual([])
})

test('repeats on the primary what the replica drops for what it received, and keeps asking the replica', async () => {
  const { read, readFrom, tellLag, replica, primary, told } = setup()
  const cause = new Error('canceling statement due to conflict with recovery')
  for (const conflict of [
    Object.assign(cause, { code: '40001' }),
    new TaskFlowError('QUERY_TOO_SLOW', 'The database gave up', { cause }),
  ]) {
    const rows = read()
    await tellLag(0)
    replica.sent[0]?.fail(conflict)
    await settled()
    primary.sent[0]?.answer(['row'])
    expect(await rows).toEqual(['row'])
    await readFrom(replica)
  }
  expect(told).toEqual([])
})

test('repeats on the primary what the replica does not know yet', async () => {
  const { read, tellLag, replica, primary } = setup()
  const rows = read()
  await tellLag(0)
  replica.sent[0]?.fail(Object.assign(new Error('relation "new" does not exist'), { code: '42P01' }))
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
})

test('does not repeat on the primary what took too long', async () => {
  const { read, tellLag, replica, primary } = setup()
  const code = read()
  await tellLag(0)
  replica.sent[0]?.fail(new TaskFlowError('QUERY_TOO_SLOW', 'The database gave up'))
  expect(await code).toBe('QUERY_TOO_SLOW')
  expect(primary.sent).toEqual([])
})

test('reads from the primary while all connections to the replica are in use, and does not call it lost', async () => {
  const { read, tellLag, readFrom, replica, primary, told } = setup()
  const rows = read()
  await tellLag(0)
  replica.sent[0]?.fail(fromTheLine())
  await settled()
  primary.sent[0]?.answer(['row'])
  expect(await rows).toEqual(['row'])
  await readFrom(replica)
  expect(told).toEqual([])
})

test('leaves transactions and listening to the primary, and closes both', async () => {
  const { db, primary, replica } = setup()
  void db.transaction(async () => {})
  void db.listen('channel', () => {})
  expect(primary.sent.map(({ name }) => name)).toEqual(['transaction', 'listen'])
  await db.close()
  expect([primary.isClosed, replica.isClosed]).toEqual([true, true])
})
