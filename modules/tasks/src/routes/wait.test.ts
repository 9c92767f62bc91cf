import { once } from 'node:events'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Storage } from '@taskflow/rooms'
import { eventually, PROJECT, within } from '@taskflow/testing'
import { ADMIN_TOKEN, useApi } from '@taskflow/testing/given-api'
import { beforeAll, expect, test } from 'vitest'
import type { TaskId } from '../domain/task.ts'

let queries = 0

const given = useApi({
  storageOf: (storage): Storage => ({
    ...storage,
    findFinishedTasks(ids) {
      queries++
      return storage.findFinishedTasks(ids)
    },
  }),
})
beforeAll(() => given.app.listen({ host: '127.0.0.1', port: 0 }))

const submit = async (): Promise<string> => (await given.call('POST', '/v1/tasks', { type: 'test.wait' })).json.id
const wait = (id: string, waitMs = 10_000) => given.call('GET', `/v1/tasks/${id}?waitMs=${waitMs}`)
const finish = (id: string) => given.storage.cancelTask(id as TaskId, { project: PROJECT, actor: 'test' }, null)

test('holds the reply until the task has finished', async () => {
  const id = await submit()
  const held = wait(id)
  await finish(id)
  expect((await within(5_000, held)).json).toMatchObject({ id, state: 'cancelled' })
})

test('counts held replies separately, because their time says nothing about the speed of the server', async () => {
  const counts = async (held: boolean): Promise<number> => {
    const { body } = await given.app.inject({ url: '/metrics', headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
    const labels = `route="/v1/tasks/:id",method="GET",status="200",held="${held}"`
    return Number(body.match(`taskflow_http_request_duration_seconds_count{${labels}} (\\d+)`)?.[1] ?? 0)
  }
  const id = await submit()
  const before = [await counts(true), await counts(false)]
  await wait(id, 50)
  await finish(id)
  await wait(id, 50)
  expect([await counts(true), await counts(false)]).toEqual(before.map((count) => count + 1))
})

test('replies at once for a task that has finished', async () => {
  const id = await submit()
  await finish(id)
  const before = queries
  expect((await wait(id)).json.state).toBe('cancelled')
  expect(queries).toBe(before)
})

test('replies with the task as it is when the time is up', async () => {
  expect((await within(5_000, wait(await submit(), 50))).json.state).toBe('queued')
})

test('finds the tasks of all waiting callers with one query', async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, submit))
  const before = queries
  const held = ids.flatMap((id) => [wait(id), wait(id)])
  await eventually(() => queries > before)
  await Promise.all(ids.map(finish))
  const states = (await within(15_000, Promise.all(held))).map(({ json }) => json.state)
  expect(new Set(states)).toEqual(new Set(['cancelled']))
  expect(queries - before).toBeLessThan(40 * 5)
})

/** Waits for a task on a real connection. */
function hold(id: string) {
  const { port } = given.app.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const call = request({ port, host: '127.0.0.1', path: `/v1/tasks/${id}?waitMs=60000`, headers })
  call.on('error', () => undefined)
  call.end()
  return call
}

test('stops its queries when the caller has disconnected', async () => {
  const before = queries
  const call = hold(await submit())
  await eventually(() => queries > before)
  call.destroy()
  // Twice the longest pause between two queries.
  let quiet = { queries, since: performance.now() }
  await eventually(() => {
    if (queries !== quiet.queries) quiet = { queries, since: performance.now() }
    return performance.now() - quiet.since > 1_000
  })
})

test('does not delay a stop of the server', async () => {
  const before = queries
  const call = hold(await submit())
  const responded = once(call, 'response')
  await eventually(() => queries > before)
  await within(5_000, given.app.close(), 'the stop')
  await within(5_000, responded, 'the reply')
})
