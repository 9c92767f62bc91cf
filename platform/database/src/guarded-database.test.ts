import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import type { Lane } from './database.ts'
import { guardedDatabase } from './guarded-database.ts'
import { statement } from './statement.ts'
import { fromTheLine, playedDatabase, refused, type Sent, silence } from './test/scripted-database.ts'

const LANES: readonly Lane[] = ['submit', 'claim', 'settle', 'heartbeat', 'duty']
const UNAVAILABLE = { code: 'DATABASE_UNAVAILABLE' }

function setup() {
  const server = playedDatabase()
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const told: string[] = []
  for (const name of ['database.lost', 'database.returned'] as const)
    events.on(name, ({ database }) => told.push(`${database} ${name.split('.')[1]}`))
  const db = guardedDatabase(server, { clock, events })

  /** Sends a statement; resolves once it is on its way, or was refused. */
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

  return { server, clock, told, db, send, fail, answerTo }
}

test('lets statements through, and gives their rows', async () => {
  const { db, server } = setup()
  const rows = db.run(statement({ name: 'any', text: 'select 1', columns: [] }), [])
  await settled()
  server.sent[0]?.answer([{ a: 1 }])
  expect(await rows).toEqual([{ a: 1 }])
})

test('fails at once after five connections in a row that broke, and says so', async () => {
  const { fail, send, told, server } = setup()
  await fail(refused(), 4)
  expect(told).toEqual([])
  await fail(refused())
  expect(told).toEqual(['primary lost'])
  const { outcome } = await send()
  expect(await outcome).toBe('DATABASE_UNAVAILABLE')
  expect(server.sent).toEqual([])
})

test('fails at once after a single statement that heard nothing in its time', async () => {
  const { fail, send, told } = setup()
  await fail(silence())
  expect(told).toEqual(['primary lost'])
  expect((await send()).isSent).toBe(false)
})

test('keeps going when one connection of each lane breaks while another is answered', async () => {
  const { send, told } = setup()
  for (const lane of LANES) {
    const breaking = await send(`${lane} breaks`, lane)
    const other = await send('another')
    other.sent.answer()
    await other.outcome
    breaking.sent.fail(silence())
    expect(await breaking.outcome).toBe('DATABASE_UNAVAILABLE')
  }
  expect(told).toEqual([])
  expect((await send()).isSent).toBe(true)
})

test('takes a lane that breaks again and again for a broken lane while others are answered', async () => {
  const { send, told } = setup()
  for (let time = 0; time < 20; time++) {
    const breaking = await send('breaks', 'claim')
    breaking.sent.fail(refused())
    await breaking.outcome
    const other = await send('another', 'settle')
    other.sent.answer()
    expect(await other.outcome).toBe('answered')
  }
  expect(told).toEqual([])
})

test('does not lose the database again for statements that were under way when it was lost', async () => {
  const { send, fail, told, clock, answerTo } = setup()
  const lists = [await send('list 1'), await send('list 2')]
  await fail(silence())
  await clock.advance(1_000)
  const caller = await send('back')
  await answerTo('ping')
  await answerTo('back')
  expect(await caller.outcome).toBe('answered')
  for (const list of lists) {
    list.sent.fail(silence())
    expect(await list.outcome).toBe('DATABASE_UNAVAILABLE')
  }
  expect(told).toEqual(['primary lost', 'primary returned'])
})

test('thinks nothing of statements that waited in vain for a connection of this process', async () => {
  const { fail, told, send } = setup()
  await fail(fromTheLine(), 20)
  expect(told).toEqual([])
  await fail(refused(), 4)
  await fail(fromTheLine())
  await fail(refused())
  expect(told).toEqual(['primary lost'])
  expect((await send()).isSent).toBe(false)
})

test('asks a question of its own after a second, and lets no caller through until it is answered', async () => {
  const { fail, send, server, clock, told } = setup()
  await fail(silence())
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
  expect(told).toEqual(['primary lost', 'primary returned'])
})

test('gives up on its question after three seconds, and asks again a second later', async () => {
  const { fail, send, server, clock } = setup()
  await fail(silence())
  for (let round = 1; round <= 3; round++) {
    await clock.advance(1_000)
    const caller = await send()
    expect(server.sent.filter(({ name }) => name === 'ping')).toHaveLength(round)
    await clock.advance(3_000)
    expect(await caller.outcome).toBe('DATABASE_UNAVAILABLE')
    expect((await send()).isSent).toBe(false)
  }
})

test('takes a mistake in a statement for an answer', async () => {
  const { fail, send, told } = setup()
  await fail(refused(), 4)
  const mistaken = await send()
  mistaken.sent.fail(Object.assign(new Error('syntax error'), { code: '42601' }))
  expect(await mistaken.outcome).toBe('42601')
  await fail(refused(), 4)
  expect(told).toEqual([])
})

test('keeps transactions away as well, and counts them', async () => {
  const { db, server, told } = setup()
  const failed = expect(db.transaction(async () => {})).rejects.toMatchObject(UNAVAILABLE)
  await settled()
  server.sent[0]?.fail(silence())
  await failed
  expect(told).toEqual(['primary lost'])
  await expect(db.transaction(async () => {})).rejects.toMatchObject(UNAVAILABLE)
  expect(server.sent).toEqual([])
})

test('listens whatever happens, since listening comes back by itself', async () => {
  const { db, fail, server } = setup()
  await fail(silence())
  void db.listen('channel', () => {})
  expect(server.sent.map(({ name }) => name)).toEqual(['listen'])
})

test('closes what it guards', async () => {
  const { db, server } = setup()
  await db.close()
  expect(server.isClosed).toBe(true)
})
