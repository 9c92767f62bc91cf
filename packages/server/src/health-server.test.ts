import { EventEmitter } from 'node:events'
import { type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import { systemClock } from '@taskflow/testing/system-clock'
import { expect, onTestFinished, test } from 'vitest'
import { healthServer } from './health-server.ts'
import { createLog } from './telemetry/log.ts'
import { metricsOf } from './telemetry/metrics.ts'

function setup(port: number) {
  const metrics = metricsOf(new EventEmitter<TaskFlowEvents>())
  const server = healthServer({
    storage: { ping: async () => {}, findPrincipal: async () => undefined },
    metrics,
    clock: systemClock,
    ids: uuidV7Ids(systemClock, Math.random),
    log: createLog({ logLevel: 'silent' }),
    settings: { roles: ['coordinator'] },
    host: '127.0.0.1',
    port,
  })
  onTestFinished(async () => {
    await server.stop()
    metrics.close()
  })
  return server
}

test('answers on a free port from its start to its stop, and after another start', async () => {
  const server = setup(0)
  expect(server.url).toBeUndefined()
  for (let starts = 0; starts < 2; starts++) {
    await server.start()
    await server.start()
    const { url } = server
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    await server.stop()
    expect(server.url).toBeUndefined()
    await expect(fetch(`${url}/ready`)).rejects.toThrow()
  }
})

test('is unready once its stop is announced, and continues to answer', async () => {
  const server = setup(0)
  await server.announceStop()
  await server.start()
  await server.announceStop()
  const reply = await fetch(`${server.url}/ready`)
  expect(await reply.json()).toMatchObject({ status: 503, code: 'NOT_READY', detail: 'The process is stopping' })
  expect((await fetch(`${server.url}/health`)).status).toBe(200)
})

test('names the flag to change if its port is in use', async () => {
  const first = setup(0)
  await first.start()
  const port = Number(new URL(first.url ?? '').port)
  await expect(setup(port).start()).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    message: `127.0.0.1:${port} is already in use: choose another address with --health-port and --host`,
  })
})
