import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { refused, scriptedDatabase } from './test/scripted-database.ts'
import { waitForDatabase } from './wait-for-database.ts'

function setup({ waitMs = 60_000 } = {}) {
  const server = scriptedDatabase()
  const clock = handClock()
  const seen: string[] = []
  const waiting = waitForDatabase(server, {
    url: 'postgres://taskflow:hush-hush@db.example:5432/taskflow',
    waitMs,
    clock,
    onWait: (sentence) => seen.push(sentence),
  })
  const ended = waiting.then(
    () => 'answered',
    (error: { code: string }) => error.code,
  )

  async function failFor(ms: number, error: Error): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await settled()
      server.sent[0]?.fail(error)
      await clock.advance(500)
    }
  }

  return { server, seen, ended, failFor }
}

const SENTENCE = 'Waiting for PostgreSQL at db.example:5432 (connect ECONNREFUSED 127.0.0.1:5432)'

test('resolves at once when the database answers', async () => {
  const { server, seen, ended } = setup()
  await settled()
  server.sent[0]?.answer([{ accepts_writes: true }])
  expect(await ended).toBe('answered')
  expect(seen).toEqual([])
})

test('waits until the database answers, and reports host and reason every five seconds, without the password', async () => {
  const { server, seen, ended, failFor } = setup()
  await failFor(4_500, refused())
  expect(seen).toEqual([SENTENCE])
  await failFor(6_000, refused())
  expect(seen).toEqual([SENTENCE, SENTENCE, SENTENCE])
  await settled()
  server.sent[0]?.answer([{ accepts_writes: true }])
  expect(await ended).toBe('answered')
})

test('waits while the database only allows reads, as during a switch of the primary', async () => {
  const { server, seen } = setup()
  await settled()
  server.sent[0]?.answer([{ accepts_writes: false }])
  await settled()
  expect(seen).toEqual(['Waiting for PostgreSQL at db.example:5432 (The database only allows reads)'])
})

test('throws when the time is up', async () => {
  const { ended, failFor, server } = setup({ waitMs: 2_000 })
  await failFor(2_500, refused())
  expect(await ended).toBe('DATABASE_UNAVAILABLE')
  expect(server.sent).toEqual([])
})

test('does not wait if the time to wait is zero', async () => {
  const { ended, failFor, seen } = setup({ waitMs: 0 })
  await failFor(500, refused())
  expect(await ended).toBe('DATABASE_UNAVAILABLE')
  expect(seen).toEqual([])
})

test.each(['28P01', '3D000'])('throws at once when the database rejects the connection (%s)', async (code) => {
  const { server, ended, seen } = setup()
  await settled()
  server.sent[0]?.fail(Object.assign(new Error('refused'), { code }))
  expect(await ended).toBe(code)
  expect(seen).toEqual([])
})

test('reports the code of an error without a message, as when all addresses of a host name failed', async () => {
  const { seen, failFor } = setup()
  const cause = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  await failFor(500, Object.assign(refused(), { cause }))
  expect(seen).toEqual(['Waiting for PostgreSQL at db.example:5432 (ECONNREFUSED)'])
})
