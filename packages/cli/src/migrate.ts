import { Argument, type Command } from 'commander'
import { examples } from './command.ts'

export function addMigrate(taskflow: Command): void {
  const migrate = taskflow
    .command('migrate')
    .description('bring the database schema up to date, step it down, or show where it is')
    .addArgument(new Argument('[direction]').choices(['up', 'down', 'status']).default('up'))
  migrate.addHelpText(
    'after',
    examples('taskflow migrate status', 'TASKFLOW_DATABASE_URL=postgres://db/taskflow taskflow migrate up'),
  )
  migrate.action(async (_direction: string) => undefined)
}
