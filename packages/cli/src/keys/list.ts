import { type ApiKey, everyItem } from '@taskflow/sdk'
import type { Command } from 'commander'
import { withServer } from '../command.ts'
import { fromNow } from '../duration.ts'
import type { Column } from '../table.ts'

export function addList(keys: Command): void {
  keys
    .command('list')
    .summary('list the API keys')
    .description('List the API keys, without their secrets.')
    .action(
      withServer(async ({ client, out }) => {
        const keys = await Array.fromAsync(everyItem((page) => client.apiKeys.list(page)))
        out.list(keys, COLUMNS, 'No API keys yet. Create one: taskflow keys create <name> --role submitter')
      }),
    )
}

const COLUMNS: readonly Column<ApiKey>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, isFlexible: true },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'STATE', value: stateOf },
  {
    title: 'LAST USED',
    value: ({ lastUsedAt }) => (lastUsedAt === null ? 'never' : fromNow(lastUsedAt)),
    isOptional: true,
  },
  { title: 'CREATED', value: ({ createdAt }) => fromNow(createdAt), isOptional: true },
]

function stateOf({ revokedAt, expiresAt }: ApiKey): string {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt === null) return 'valid'
  return Date.parse(expiresAt) <= Date.now() ? 'expired' : `expires ${fromNow(expiresAt)}`
}
