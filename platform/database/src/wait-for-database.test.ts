import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { playedDatabase, refused } from './test/scripted-database.ts'
import { waitForDatabase } from './wait-for-database.ts'

function setup({ waitMs = 60_000 } = {}) {
  const server = playedDatabase()
  const clock = handClock()
  const told: string[] = []
  const waiting = waitForDatabase(server, {
    url: 'postgres://taskflow:hush-hush@db.example:5432/taskflow',
    waitMs,
    clock,
    onWait: (sentence) => told.push(sentence),
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

  return { server, told, ended, failFor }
}

const SENTENCE = 'Waiting for PostgreSQL at db.example:5432 (connect ECONNREFUSED 127.0.0.1:5432)'

test('is over at once when the database answers', async () => {
  const { server, told, ended } = setup()
  await settled()
  server.sent[0]?.answer()
  expect(await ended).toBe('answered')
  expect(told).toEqual([])
})

test('waits until the database answers, and tells every five seconds where and why, without the password', async () => {
  const { server, told, ended, failFor } = setup()
  await failFor(4_500, refused())
  expect(told).toEqual([SENTENCE])
  await failFor(6_000, refused())
  expect(told).toEqual([SENTENCE, SENTENCE, SENTENCE])
  await settled()
  server.sent[0]?.answer()
  expect(await ended).toBe('answered')
})

test('gives up when its time is over', async () => {
  const { ended, failFor, server } = setup({ waitMs: 2_000 })
  await failFor(2_500, refused())
  expect(await ended).toBe('DATABASE_UNAVAILABLE')
  expect(server.sent).toEqual([])
})

test('does not wait at all where it may not', async () => {
  const { ended, failFor, told } = setup({ waitMs: 0 })
  await failFor(500, refused())
  expect(await ended).toBe('DATABASE_UNAVAILABLE')
  expect(told).toEqual([])
})

test.each(['28P01', '3D000'])('is over at once when the database refuses it (%s)', async (code) => {
  const { server, ended, told } = setup()
  await settled()
  server.sent[0]?.fail(Object.assign(new Error('refused'), { code }))
  expect(await ended).toBe(code)
  expect(told).toEqual([])
})

test('names the code of a failure that has no words, as where each address of a name failed', async () => {
  const { told, failFor } = setup()
  const cause = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  await failFor(500, Object.assign(refused(), { cause }))
  expect(told).toEqual(['Waiting for PostgreSQL at db.example:5432 (ECONNREFUSED)'])
})
