import { submitInBulk, submitSingly, untilNone } from './loads.ts'
import type { Scene } from './profile-process.ts'
import { startProfiled } from './profiled-server.ts'
import { readStatements, resetStatements, type StatementCost } from './statement-report.ts'

/** Measures each statement of the database while tasks run, half of them submitted singly and half in bulk. */
export async function profileDatabase({ databaseUrl, db, amount, report }: Scene): Promise<readonly StatementCost[]> {
  const server = await startProfiled({ roles: ['api', 'worker', 'coordinator'], databaseUrl })
  await submitInBulk(server.url, Math.ceil(amount / 10))
  await untilNone(db, ['queued', 'running'])
  report(`Submitting ${amount} tasks, one half singly and one in bulk, and running them`)
  await resetStatements(db)
  const half = Math.ceil(amount / 2)
  await Promise.all([submitSingly(server.url, half), submitInBulk(server.url, amount - half)])
  await untilNone(db, ['queued', 'running'])
  const costs = await readStatements(db)
  await server.stop()
  return costs
}
