import type { Command } from 'commander'
import { withServer } from './command.ts'
import { shortDuration } from './duration.ts'
import { EXIT } from './exit-codes.ts'
import { paint } from './output.ts'

export function addHealth(taskflow: Command): void {
  taskflow
    .command('health')
    .summary('report whether the server works')
    .description(
      'Report whether the server, its database, its broker and its worker work. The exit code is 6 if one does not.',
    )
    .action(
      withServer(async ({ client, out }) => {
        const health = await client.health()
        out.one(health, ({ status, database, broker, worker, version, roles, uptimeMs }) =>
          out.fields({
            status: paint(status === 'ok' ? 'green' : 'red', status),
            database: paint(database === 'up' ? 'green' : 'red', database),
            broker: broker === 'none' ? undefined : paint(broker === 'up' ? 'green' : 'red', broker),
            worker: worker?.state,
            // Zero means that the worker does not fetch now, because it is full or cordoned.
            fetched: worker && worker.sinceFetchMs > 0 ? `${shortDuration(worker.sinceFetchMs)} ago` : undefined,
            version,
            roles: roles.join(', '),
            up: `for ${shortDuration(uptimeMs)}`,
          }),
        )
        if (health.status !== 'ok') process.exitCode = EXIT.unavailable
      }),
    )
}
