import type { MigrateDirection, SettingName } from '@taskflow/server'
import { Argument, type Command, InvalidArgumentError } from 'commander'
import { examples } from './command.ts'
import { EXIT } from './exit-codes.ts'
import { UsageError } from './failure.ts'
import { output, paint } from './output.ts'
import { addSettings, flagsOf } from './settings-options.ts'
import type { Column } from './table.ts'

type Outcome = Awaited<ReturnType<typeof import('@taskflow/server').runMigrate>>
type Migration = Outcome['status'][number]

/** The settings that a migration needs: those that locate the database, and the log level. */
const NAMES: readonly SettingName[] = ['databaseUrl', 'databaseSchema', 'dataDir', 'logLevel']

export function addMigrate(taskflow: Command): void {
  const migrate = taskflow
    .command('migrate')
    .summary('migrate the database schema, or show its state')
    .description(
      'Bring the database schema up to date (up), go back to an older version (down), or list the migrations' +
        ' (status). The exit code of status is 5 if a migration is missing.',
    )
    .addArgument(new Argument('[direction]', 'what to do').choices(['up', 'down', 'status']).default('up'))
    .option(
      '--to <version>',
      'with down: version of the last migration to keep (0: none). The data of the others is deleted',
      parseVersion,
    )
    .addHelpText(
      'after',
      examples(
        'taskflow migrate status',
        'TASKFLOW_DATABASE_URL=postgres://db/taskflow taskflow migrate up',
        'taskflow migrate down --to 3',
      ),
    )
    .action(async (direction: MigrateDirection, { to }: { to?: number }) => {
      if ((direction === 'down') !== (to !== undefined))
        throw new UsageError('Give the version of the last migration to keep: migrate down --to <version>')
      const { runMigrate, SETTINGS } = await import('@taskflow/server')
      const outcome = await runMigrate(direction, flagsOf(migrate, SETTINGS), to)
      showMigrations(direction, outcome, taskflow.opts<{ json?: boolean }>().json ?? false)
    })
  taskflow.hook('preSubcommand', async (_taskflow, chosen) => {
    if (chosen !== migrate) return
    const { SETTINGS } = await import('@taskflow/server')
    addSettings(
      migrate,
      SETTINGS.filter(({ name }) => NAMES.includes(name)),
    )
  })
}

function parseVersion(text: string): number {
  if (!/^\d{1,4}$/.test(text))
    throw new InvalidArgumentError('Expected a version number, as `taskflow migrate status` shows it.')
  return Number(text)
}

function showMigrations(direction: MigrateDirection, outcome: Outcome, isJson: boolean): void {
  const out = output({ isJson })
  out.one(outcome, ({ changed, status }) => {
    if (direction !== 'status')
      out.line(changed.length === 0 ? 'Nothing to do.' : `Migrated ${direction}: ${changed.join(', ')}`)
    else out.list(status, COLUMNS, 'There are no migrations.')
  })
  // Lets a deployment check whether it must migrate first.
  if (direction === 'status' && outcome.status.some(({ appliedAt }) => appliedAt === null))
    process.exitCode = EXIT.conflict
}

const COLUMNS: readonly Column<Migration>[] = [
  { title: 'VERSION', value: ({ version }) => String(version), align: 'right' },
  { title: 'NAME', value: ({ name }) => name, isFlexible: true },
  {
    title: 'APPLIED',
    value: ({ appliedAt }) => appliedAt?.toISOString() ?? 'not yet',
    paint: (text, { appliedAt }) => (appliedAt === null ? paint('yellow', text) : text),
  },
]
