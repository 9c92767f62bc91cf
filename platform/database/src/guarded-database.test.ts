import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import type { Lane } from './database.ts'
import { guardedDatabase } from './guarded-database.ts'
import { statement } from './statement.ts'
import { poolExhausted, refused, replyTimeout, type Sent, scriptedDatabase } from './test/scripted-database.ts'

const LANES: readonly Lane[] = ['submit', 'claim', 'settle', 'heartbeat', 'duty']
const UNAVAILABLE = { code: 'DATABASE_UNAVAILABLE' }

function setup() {
  const server = scriptedDatabase()
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const seen: string[] = []
  for (const name of ['database.lost', 'database.returned'] as const)
    events.on(name, ({ database }) => seen.push(`${database} ${name.split('.')[1]}`))
  const db = guardedDatabase(server, { clock, events })

  /** Sends a statement and resolves once it was sent or rejected. */
  async function send(name = 'any', lane?: Lane) {
    const text = `select '${name}'`
    const outcome = db.run(statement({ name, text, columns: [], ...(lane && { lane }) }), []).then(
      () => 'answered',
      (error: { code: string }) => error.code,
    )
    await settled()
    const sent = server.sent.findLast((each) => each.name === name)
    return { outcome, sent: sent as Sent, isSent: sent !== undefined }
  }

  async function fail(error: Error, times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      const { sent, outcome } = await send()
      sent.fail(error)
      expect(await outcome).toBe('DATABASE_UNAVAILABLE')
    }
  }

  async function answerTo(name: string): Promise<void> {
    server.sent.find((each) => each.name === name)?.answer()
    await settled()
  }

  return { server, clock, seen, db, send, fail, answerTo }
}

test('lets statements through and returns their rows', async () => {
  const { db, server } = setup()
  const rows = db.run(statement({ name: 'any', text: 'select 1', columns: [] }), [])
  await settled()
  server.sent[0]?.answer([{ a: 1 }])
  expect(await rows).toEqual([{ a: 1 }])
})

test('rejects statements after five broken connections in a row, and reports the loss', async () => {
  const { fail, send, seen, server } = setup()
  await fail(refused(), 4)
  expect(seen).toEqual([])
  await fail(refused())
  expect(seen).toEqual(['primary lost'])
  const { outcome } = await send()
  expect(await outcome).toBe('DATABASE_UNAVAILABLE')
  expect(server.sent).toEqual([])
})

test('rejects statements after a single statement without a reply', async () => {
  const { fail, send, seen } = setup()
  await fail(replyTimeout())
  expect(seen).toEqual(['primary lost'])
  expect((await send()).isSent).toBe(false)
})

test('lets statements through when one connection of each lane breaks while others are answered', async () => {
  const { send, seen } = setup()
  for (const lane of LANES) {
    const breaking = await send(`${lane} breaks`, lane)
    const other = await send('another')
    other.sent.answer()
    await other.outcome
    breaking.sent.fail(replyTimeout())
    expect(await breaking.outcome).toBe('DATABASE_UNAVAILABLE')
  }
  expect(seen).toEqual([])
  expect((await send()).isSent).toBe(true)
})

test('lets statements through when one lane breaks repeatedly while others are answered', async () => {
  const { send, seen } = setup()
  for (let time = 0; time < 20; time++) {
    const breaking = await send('breaks', 'claim')
    breaking.sent.fail(refused())
    await breaking.outcome
    const other = await send('another', 'settle')
    other.sent.answer()
    expect(await other.outcome).toBe('answered')
  }
  expect(seen).toEqual([])
})

test('does not report a second loss for statements that were in flight at the first', async () => {
  const { send, fail, seen, clock, answerTo } = setup()
  const lists = [await send('list 1'), await send('list 2')]
  await fail(replyTimeout())
  await clock.advance(1_000)
  const caller = await send('back')
  await answerTo('ping')
  await answerTo('back')
  expect(await caller.outcome).toBe('answered')
  for (const list of lists) {
    list.sent.fail(replyTimeout())
    expect(await list.outcome).toBe('DATABASE_UNAVAILABLE')
  }
  expect(seen).toEqual(['primary lost', 'primary returned'])
})

test('ignores statements that got no connection from the pool', async () => {
  const { fail, seen, send } = setup()
  await fail(poolExhausted(), 20)
  expect(seen).toEqual([])
  await fail(refused(), 4)
  await fail(poolExhausted())
  await fail(refused())
  expect(seen).toEqual(['primary lost'])
  expect((await send()).isSent).toBe(false)
})

test('sends its own probe after a second, and rejects callers until the probe is answered', async () => {
  const { fail, send, server, clock, seen } = setup()
  await fail(replyTimeout())
  await clock.advance(999)
  expect((await send()).isSent).toBe(false)
  await clock.advance(1)
  const first = await send('first')
  const second = await send('second')
  expect(await second.outcome).toBe('DATABASE_UNAVAILABLE')
  expect(server.sent.map(({ name }) => name)).toEqual(['ping'])
  server.sent[0]?.answer()
  await settled()
  expect(server.sent.map(({ name }) => name)).toEqual(['first'])
  server.sent[0]?.answer()
  expect(await first.outcome).toBe('answered')
  expect(seen).toEqual(['primary lost', 'primary returned'])
})

test('abandons its probe after three seconds and sends another one a second later', async () => {
  const { fail, send, server, clock } = setup()
  await fail(replyTimeout())
  for (let round = 1; round <= 3; round++) {
    await clock.advance(1_000)
    const caller = await send()
    expect(server.sent.filter(({ name }) => name === 'ping')).toHaveLength(round)
    await clock.advance(3_000)
    expect(await caller.outcome).toBe('DATABASE_UNAVAILABLE')
    expect((await send()).isSent).toBe(false)
  }
})

test('counts an error in a statement as an answer', async () => {
  const { fail, send, seen } = setup()
  await fail(refused(), 4)
  const mistaken = await send()
  mistaken.sent.fail(Object.assign(new Error('syntax error'), { code: '42601' }))
  expect(await mistaken.outcome).toBe('42601')
  await fail(refused(), 4)
  expect(seen).toEqual([])
})

test('counts and rejects transactions as well', async () => {
  const { db, server, seen } = setup()
  const failed = expect(db.transaction(async () => {})).rejects.toMatchObject(UNAVAILABLE)
  await settled()
  server.sent[0]?.fail(replyTimeout())
  await failed
  expect(seen).toEqual(['primary lost'])
  await expect(db.transaction(async () => {})).rejects.toMatchObject(UNAVAILABLE)
  expect(server.sent).toEqual([])
})

test('passes on LISTEN during an outage, because the listener reconnects by itself', async () => {
  const { db, fail, server } = setup()
  await fail(replyTimeout())
  void db.listen('channel', () => {})
  expect(server.sent.map(({ name }) => name)).toEqual(['listen'])
})

test('closes the guarded database', async () => {
  const { db, server } = setup()
  await db.close()
  expect(server.isClosed).toBe(true)
})
