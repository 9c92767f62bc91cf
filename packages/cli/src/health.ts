import type { Command } from 'commander'
import { withServer } from './command.ts'
import { shortDuration } from './duration.ts'
import { EXIT } from './exit-codes.ts'
import { paint } from './output.ts'

export function addHealth(taskflow: Command): void {
  taskflow
    .command('health')
    .description(
      'tell whether the server is alive, its database and its broker; exit code 6 if one is not, or its worker is stuck',
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
            // A worker that rightly rests tells of none.
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
