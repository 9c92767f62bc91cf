import type { Role } from '@taskflow/sdk'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { examples, withServer } from '../command.ts'
import { parseDurationMs } from '../duration.ts'
import { parseMoment } from '../option-values.ts'

interface CreateOptions {
  readonly role: Role
  readonly expires?: string
}

const ROLES = ['viewer', 'submitter', 'operator', 'admin'] satisfies Role[]

export function addCreate(keys: Command): void {
  keys
    .command('create')
    .description('create an API key; its secret is shown this once')
    .argument('<name>', 'who or what it is for')
    .addOption(new Option('-r, --role <role>', 'what it may do').choices(ROLES).default('submitter'))
    .option('--expires <when>', 'after a duration such as 90d, or at a moment', parseExpiry)
    .addHelpText('after', examples('taskflow keys create ci --role submitter --expires 90d'))
    .action(
      withServer(async ({ client, out }, name: string, { role, expires }: CreateOptions) => {
        const key = await client.apiKeys.create({ name, role, ...(expires !== undefined && { expiresAt: expires }) })
        // The secret alone on stdout, so that it can be piped into a secret store.
        out.one(key, () => out.line(key.secret))
        out.aside(`\nCreated ${key.id} (${role}). Keep the secret: it is not shown again.`)
      }),
    )
}

function parseExpiry(text: string): string {
  if (/^\d+(\.\d+)?[a-z]+$/.test(text)) return new Date(Date.now() + parseDurationMs(text)).toISOString()
  const moment = parseMoment(text)
  if (Date.parse(moment) <= Date.now()) throw new InvalidArgumentError('Expected a moment in the future.')
  return moment
}
