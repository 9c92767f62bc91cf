/** Plays the seeds that it receives, one after the other, on its own database. */
import { parentPort, workerData } from 'node:worker_threads'
import { startDatabaseServer } from './database-server.ts'
import { planOf } from './plan.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { play } from './play.ts'
import type { Played } from './run.ts'

const bug = PLANTED_BUGS.find(({ name }) => name === (workerData as { bug?: string }).bug)
const server = await startDatabaseServer()

parentPort?.on('message', async (seed: number) => {
  const { story: _, ...outcome } = await play(planOf(String(seed)), server, { bug })
  parentPort?.postMessage({ ...outcome, seed } satisfies Played)
})
