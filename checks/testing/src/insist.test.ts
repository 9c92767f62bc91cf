import { TaskFlowApiError } from '@taskflow/sdk'
import { expect, test } from 'vitest'
import { insist } from './insist.ts'

const unreachable = new TaskFlowApiError('SERVER_UNREACHABLE', 'nobody there')
const unavailable = new TaskFlowApiError('DATABASE_UNAVAILABLE', 'away', { status: 503 })
const conflict = new TaskFlowApiError('TASK_STATE_CONFLICT', 'too late', { status: 409 })

/** A call that throws these errors one after another, and then answers with the API that was called. */
function callThat(...errors: readonly Error[]) {
  const left = [...errors]
  return async (api: string) => {
    const error = left.shift()
    if (error) throw error
    return api
  }
}

test('calls one API after another until one answers, and reports each failure', async () => {
  const failures: Error[] = []
  const answer = await insist(
    { apis: () => ['a', 'b'], first: 1, pauseMs: 1, onFailure: (error) => failures.push(error) },
    callThat(unreachable, unavailable),
  )
  expect(answer).toBe('b')
  expect(failures).toEqual([unreachable, unavailable])
})

test('waits while there is no API', async () => {
  const apis = [[], [], ['late']]
  expect(await insist({ apis: () => apis.shift() ?? [], pauseMs: 1 }, callThat())).toBe('late')
})

test('throws a refusal at once', async () => {
  await expect(insist({ apis: () => ['a'], pauseMs: 1 }, callThat(conflict))).rejects.toBe(conflict)
})

test('gives up when the time is up, or when it is aborted, with the last failure', async () => {
  const never = async () => {
    throw unavailable
  }
  await expect(insist({ apis: () => ['a'], pauseMs: 1, timeoutMs: 20 }, never)).rejects.toBe(unavailable)
  const controller = new AbortController()
  const insisting = insist({ apis: () => ['a'], pauseMs: 600_000, signal: controller.signal }, never)
  controller.abort()
  await expect(insisting).rejects.toBe(unavailable)
})
