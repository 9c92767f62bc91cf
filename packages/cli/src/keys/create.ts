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
    .summary('create an API key')
    .description('Create an API key, and print its secret. The secret is shown only once.')
    .argument('<name>', 'name of the key, such as the program that uses it')
    .addOption(
      new Option('-r, --role <role>', 'role of the key, which decides its permissions')
        .choices(ROLES)
        .default('submitter'),
    )
    .option('--expires <when>', 'when the key expires: a duration from now, such as 90d, or a time', parseExpiry)
    .addHelpText('after', examples('taskflow keys create ci --role submitter --expires 90d'))
    .action(
      withServer(async ({ client, out }, name: string, { role, expires }: CreateOptions) => {
        const key = await client.apiKeys.create({ name, role, ...(expires !== undefined && { expiresAt: expires }) })
        // Only the secret goes to stdout, so that it can be piped into a secret store.
        out.one(key, () => out.line(key.secret))
        out.aside(`\nCreated ${key.id} (${role}). Keep the secret: it is not shown again.`)
      }),
    )
}

function parseExpiry(text: string): string {
  if (/^\d+(\.\d+)?[a-z]+$/.test(text)) return new Date(Date.now() + parseDurationMs(text)).toISOString()
  const moment = parseMoment(text)
  if (Date.parse(moment) <= Date.now()) throw new InvalidArgumentError('Expected a time in the future.')
  return moment
}
