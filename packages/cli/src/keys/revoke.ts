import type { Command } from 'commander'
import { withServer } from '../command.ts'

export function addRevoke(keys: Command): void {
  keys
    .command('revoke')
    .summary('revoke an API key')
    .description('Revoke an API key permanently. All servers refuse it within five seconds.')
    .argument('<id>', 'full id of the key, as `taskflow keys list` shows it')
    .action(
      withServer(async ({ client, out }, id: string) => {
        const key = await client.apiKeys.revoke(id)
        out.one(key, () => out.line(`Revoked ${key.id} (${key.name})`))
      }),
    )
}
