import type { Command } from 'commander'
import { withServer } from '../command.ts'

export function addRevoke(keys: Command): void {
  keys
    .command('revoke')
    .description('make an API key useless, at once and for good')
    .argument('<id>', 'whole id of the key, as `taskflow keys list` shows it')
    .action(
      withServer(async ({ client, out }, id: string) => {
        const key = await client.apiKeys.revoke(id)
        out.one(key, () => out.line(`Revoked ${key.id} (${key.name})`))
      }),
    )
}
