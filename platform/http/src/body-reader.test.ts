import { PassThrough } from 'node:stream'
import { handClock, settled } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { BodyReader } from './body-reader.ts'

function setup({ limit = 10_000_000, declaredBytes = Number.NaN } = {}) {
  const clock = handClock()
  const reader = new BodyReader(clock)
  const stream = new PassThrough()
  const outcomes: unknown[] = []
  reader.read({ stream, declaredBytes, limit }, (error, bytes) => outcomes.push(error ?? bytes?.toString()))
  return { clock, reader, stream, outcomes }
}

const timedOut = expect.objectContaining({ code: 'REQUEST_TIMED_OUT' })

test('reads a body in pieces, and then watches nothing', async () => {
  const { clock, stream, outcomes } = setup()
  stream.write('one ')
  await clock.advance(20_000)
  stream.end('two')
  await settled()
  expect(outcomes).toEqual(['one two'])
  await clock.advance(1_000)
  expect(clock.sleepers).toBe(0)
})

test('refuses a body that pauses, and one that drips', async () => {
  const { clock, stream, outcomes } = setup()
  for (let seconds = 0; seconds < 29; seconds++) {
    stream.write('x')
    await clock.advance(1_000)
  }
  expect(outcomes).toEqual([])
  await clock.advance(2_000)
  expect(outcomes).toEqual([timedOut])
  expect(outcomes[0]).toMatchObject({ message: 'Only 29 bytes of the body arrived in 31 s' })
  stream.end('x')
  await settled()
  expect(outcomes).toHaveLength(1)
})

test('gives a large body a second more for each 16 KB that arrived', async () => {
  const { clock, stream, outcomes } = setup()
  for (let seconds = 0; seconds < 120; seconds++) {
    stream.write(Buffer.alloc(16_000))
    await clock.advance(1_000)
  }
  expect(outcomes).toEqual([])
  await clock.advance(31_000)
  expect(outcomes).toEqual([timedOut])
})

test('refuses a body that is too large, by its declared length or by its bytes', async () => {
  const tooLarge = expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE', message: expect.stringContaining('4 bytes') })
  expect(setup({ limit: 4, declaredBytes: 5 }).outcomes).toEqual([tooLarge])
  const { stream, outcomes } = setup({ limit: 4 })
  stream.end('12345')
  await settled()
  expect(outcomes).toEqual([tooLarge])
})

test('discards the rest of a body that is refused, and ends one that does not arrive', async () => {
  const { clock, reader } = setup()
  const [whole, dripping] = [new PassThrough(), new PassThrough()]
  for (const stream of [whole, dripping]) reader.discard(stream)
  whole.end('rest')
  for (let seconds = 0; seconds < 32; seconds++) {
    dripping.write('x')
    await clock.advance(1_000)
  }
  expect(whole.readableEnded).toBe(true)
  expect(dripping.destroyed).toBe(true)
})

test('passes on the error of a caller that leaves', async () => {
  const { stream, outcomes } = setup()
  stream.destroy(new Error('aborted'))
  await settled()
  expect(outcomes).toEqual([expect.objectContaining({ message: 'aborted' })])
})
