import { checkInvariants, engines, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { describe, expect, test } from 'vitest'
import { nothingIsLeft, type Server, startServer } from './server.ts'

const COUNT = 10_000
// An idle process has about 540 MB with PGlite, and 200 MB with a server beside it; the tasks add little to that.
const MAX_BYTES = 800e6

/** As one request with one body, as a program that knows nothing of this project would send it. */
async function submit({ url, env }: Server): Promise<string[]> {
  const lines = Array.from({ length: COUNT }, (_, n) => JSON.stringify({ type: 'record', payload: { n } }))
  const reply = await fetch(`${url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${env.TASKFLOW_TOKEN}`, 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  })
  expect(reply.status).toBe(201)
  const replies = (await reply.text()).trim().split('\n')
  return replies.map((line) => JSON.parse(line)).map(({ id }) => id)
}

async function residentBytes({ url, env }: Server): Promise<number> {
  const reply = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${env.TASKFLOW_TOKEN}` } })
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(await reply.text())?.[1])
}

async function resultsOf({ client }: Server): Promise<Map<string, unknown>> {
  const results = new Map<string, unknown>()
  for await (const { id, state, result } of client.tasks.listAll({ limit: 200, include: ['result'] }))
    results.set(id, { state, result })
  return results
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(engine, processes)

    test('ten thousand tasks of one request are all run by one worker, in bounded memory', {
      timeout: 120_000,
    }, async ({ annotate }) => {
      const server = await startServer(processes, { env: { ...database.env, TASKFLOW_CONCURRENCY: '100' } })
      const startedAt = performance.now()
      const ids = await submit(server)
      const submittedMs = performance.now() - startedAt
      await nothingIsLeft(server, 90_000)
      const finishedMs = performance.now() - startedAt
      const bytes = await residentBytes(server)
      await annotate(
        `submitted after ${Math.round(submittedMs)} ms, finished after ${Math.round(finishedMs)} ms, ${Math.round(bytes / 1e6)} MB`,
      )

      expect(new Set(ids).size).toBe(COUNT)
      expect(await resultsOf(server)).toEqual(
        new Map(ids.map((id, n) => [id, { state: 'succeeded', result: { square: n * n } }])),
      )
      expect(bytes).toBeLessThan(MAX_BYTES)
      await server.process.kill('SIGTERM')
      expect(await database.inspect(checkInvariants)).toEqual([])
    })
  })
}
