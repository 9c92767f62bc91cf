import { once } from 'node:events'
import { Readable } from 'node:stream'
import { eventually, within } from '@taskflow/testing'
import type { FastifyInstance } from 'fastify'
import { describe, expect, test } from 'vitest'
import { listeningApp } from '../../test/listening-app.ts'

const GET = 'GET /held HTTP/1.1\r\nHost: a\r\n\r\n'
const HALF_HEADERS = 'GET /held HTTP/1.1\r\nHos'
const HALF_BODY = 'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"'

// Much longer than a stop takes whose deadlines have passed.
const PROMPTLY_MS = 5_000

/** An app that holds its replies until `release` is called. */
async function setup() {
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let arrived = 0
  const addRoutes = (app: FastifyInstance): void => {
    app.get('/held', async () => {
      arrived++
      await released
      return { is: 'done' }
    })
    app.post('/echo', async ({ body }) => body)
    // More than the buffers of both sides take.
    app.get('/large', (_request, reply) => reply.send(Readable.from(Array(256).fill(Buffer.alloc(65_536)))))
  }
  const listening = await listeningApp(addRoutes)
  const hasArrived = (count: number) => eventually(() => arrived === count)
  return { ...listening, release, hasArrived }
}

const bodyIsArriving = ({ clock }: { clock: { sleepers: number } }) => eventually(() => clock.sleepers > 0)

describe('a stop', () => {
  test('ends a connection that has sent nothing, or half of the headers, at once', async () => {
    const { app, dial, logged } = await setup()
    const callers = [await dial(), await dial(HALF_HEADERS)]
    await within(PROMPTLY_MS, app.close(), 'the stop')
    expect(logged.filter(({ message }) => String(message).startsWith('Ended connections'))).toEqual([])
    expect(await Promise.all(callers.map(({ ended }) => ended))).toEqual(['', ''])
  })

  test('ends an idle connection, and one whose request was refused before its body arrived', async () => {
    const { app, dial } = await setup()
    const callers = [await dial('GET /none HTTP/1.1\r\nHost: a\r\n\r\n'), await dial(HALF_BODY.replace('echo', 'none'))]
    await once(callers[0]!.socket, 'data')
    await within(PROMPTLY_MS, app.close(), 'the stop')
    for (const { ended } of callers) expect(await ended).toMatch(/^(HTTP\/1.1 404|$)/)
  })

  test('refuses a body that does not arrive within two seconds', async () => {
    const listening = await setup()
    const { app, clock, dial } = listening
    const { ended } = await dial(HALF_BODY)
    await bodyIsArriving(listening)
    const closed = app.close()
    await eventually(() => clock.sleepers === 2)
    await clock.advance(2_000)
    expect(await within(PROMPTLY_MS, ended)).toMatch(/^HTTP\/1.1 408.*"code":"REQUEST_TIMED_OUT".*is stopping/s)
    await within(PROMPTLY_MS, closed, 'the stop')
  })

  test('serves a request whose body arrives meanwhile, and one that is held', async () => {
    const listening = await setup()
    const { app, clock, dial, hasArrived, release } = listening
    const half = await dial(HALF_BODY)
    const held = await dial(GET)
    await Promise.all([bodyIsArriving(listening), hasArrived(1)])
    const closed = app.close()
    await eventually(() => clock.sleepers === 2)
    half.socket.write(':[1]}')
    release()
    expect(await half.ended).toMatch(/^HTTP\/1.1 200.*connection: close.*{"a":\[1\]}$/is)
    expect(await held.ended).toMatch(/^HTTP\/1.1 200.*connection: close.*{"is":"done"}$/is)
    await clock.advance(1_000)
    await within(PROMPTLY_MS, closed, 'the stop')
  })

  test('ends every connection after five seconds, and logs how many', async () => {
    const { app, clock, dial, hasArrived, logged } = await setup()
    const held = await dial(GET)
    const unread = await dial()
    unread.socket.pause()
    unread.socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n')
    await hasArrived(1)
    await eventually(() => unread.socket.readableLength > 0)
    const closed = app.close()
    await eventually(() => clock.sleepers === 1)
    await clock.advance(5_000)
    await within(PROMPTLY_MS, closed, 'the stop')
    expect(await held.ended).toBe('')
    expect(logged).toContainEqual({ connections: 2, message: expect.stringContaining('5000 ms') })
  })

  test('ends a connection after a reply that had promised to keep it', async () => {
    const { app, clock, dial } = await setup()
    const caller = await dial()
    caller.socket.pause()
    caller.socket.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n')
    await eventually(() => caller.socket.readableLength > 0)
    const closed = app.close()
    await eventually(() => clock.sleepers === 1)
    caller.socket.resume()
    expect(await within(PROMPTLY_MS, caller.ended, 'the reply')).toMatch(/connection: keep-alive/i)
    await within(PROMPTLY_MS, closed, 'the stop')
  })
})

test('ends the connection of a caller whose refused body does not arrive', async () => {
  const listening = await setup()
  const { clock, dial } = listening
  const long = HALF_BODY.replace('Length: 9', 'Length: 900')
  const { socket, ended } = await dial(long.replace('application/json', 'text/plain'))
  await once(socket, 'data')
  await bodyIsArriving(listening)
  for (let seconds = 0; seconds < 31; seconds++) {
    socket.write('x')
    await clock.advance(1_000)
  }
  expect(await within(PROMPTLY_MS, ended, 'the end')).toMatch(/^HTTP\/1.1 415/)
})

test('ends connections after their next reply once a stop is announced, and takes new ones', async () => {
  const { app, dial, release } = await setup()
  release()
  app.connections.announceStop()
  for (let calls = 0; calls < 2; calls++) expect(await (await dial(GET)).ended).toMatch(/connection: close/i)
})

test('bounds the arrival of headers and the pauses of a connection', async () => {
  const { app } = await setup()
  expect(app.server).toMatchObject({ headersTimeout: 30_000, timeout: 300_000 })
})
