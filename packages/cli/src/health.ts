import type { Command } from 'commander'
import { withServer } from './command.ts'
import { shortDuration } from './duration.ts'
import { EXIT } from './exit-codes.ts'
import { paint } from './output.ts'

export function addHealth(taskflow: Command): void {
  taskflow
    .command('health')
    .description('tell whether the server is alive, and its database; exit code 6 if either is not')
    .action(
      withServer(async ({ client, out }) => {
        const health = await client.health()
        out.one(health, ({ status, database, version, roles, uptimeMs }) =>
          out.fields({
            status: paint(status === 'ok' ? 'green' : 'red', status),
            database: paint(database === 'up' ? 'green' : 'red', database),
            version,
            roles: roles.join(', '),
            up: `for ${shortDuration(uptimeMs)}`,
          }),
        )
        if (health.status !== 'ok') process.exitCode = EXIT.unavailable
      }),
    )
}
