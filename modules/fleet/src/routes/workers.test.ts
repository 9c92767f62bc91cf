import { newWorkerId } from '@taskflow/testing'
import { useApi } from '@taskflow/testing/given-api'
import { startTask, startWorker } from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'

const given = useApi()

const request = (id: string, verb: string) => given.call('POST', `/v1/workers/${id}/${verb}`)

test('gets a worker as the list shows it, with the tasks that it runs', async () => {
  const { worker, task } = await startTask(given.storage)
  const shown = await given.call('GET', `/v1/workers/${worker.id}`)
  expect(shown).toMatchObject({
    status: 200,
    json: { id: worker.id, state: 'active', running: [{ taskId: task.id, type: task.type }] },
  })
  const { items } = (await given.call('GET', '/v1/workers')).json
  expect(items.find(({ id }: { id: string }) => id === worker.id)).toEqual(shown.json)
})

test('does not send an unchanged worker again', async () => {
  const { id } = await startWorker(given.storage)
  const { headers } = await given.call('GET', `/v1/workers/${id}`)
  const again = await given.call('GET', `/v1/workers/${id}`, undefined, { 'if-none-match': headers.etag ?? '' })
  expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' })
  await request(id, 'cordon')
  const changed = await given.call('GET', `/v1/workers/${id}`, undefined, { 'if-none-match': headers.etag ?? '' })
  expect(changed).toMatchObject({ status: 200, json: { state: 'cordoned' } })
})

test('cordons, drains and uncordons a worker, repeatedly and in any order', async () => {
  const { id } = await startWorker(given.storage)
  for (const [verb, state] of [
    ['cordon', 'cordoned'],
    ['cordon', 'cordoned'],
    ['drain', 'draining'],
    ['drain', 'draining'],
    ['cordon', 'cordoned'],
    ['uncordon', 'active'],
    ['uncordon', 'active'],
  ] as const) {
    expect(await request(id, verb)).toMatchObject({ status: 200, json: { id, state } })
    expect((await given.call('GET', `/v1/workers/${id}`)).json.state).toBe(state)
  }
})

describe.each(['cordon', 'uncordon', 'drain'])('%s', (verb) => {
  test('is refused for an unknown worker', async () => {
    const id = newWorkerId()
    expect(await request(id, verb)).toMatchObject({ status: 404, json: { code: 'WORKER_NOT_FOUND' } })
    expect(await given.call('GET', `/v1/workers/${id}`)).toMatchObject({ status: 404 })
  })

  test('is refused for a stopped worker, naming its state', async () => {
    const { id } = await startWorker(given.storage)
    await given.storage.deregisterWorker(id)
    expect(await request(id, verb)).toMatchObject({
      status: 409,
      json: { code: 'WORKER_STATE_CONFLICT', detail: `Cannot ${verb} worker ${id}: it is stopped` },
    })
  })
})
