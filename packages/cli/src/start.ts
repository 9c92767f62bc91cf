import type { Command } from 'commander'
import { examples } from './command.ts'
import { addSettings, flagsOf } from './settings-options.ts'

export function addStart(taskflow: Command): void {
  const start = taskflow
    .command('start')
    .summary('start a server: the API, a worker, the coordinator, or all of them')
    .description(
      'Start a server process. Its roles decide whether it serves the API, runs tasks, does the duties of the ' +
        'coordinator, or all of these.',
    )
    .addHelpText(
      'after',
      examples(
        'taskflow start --tasks ./tasks                        all roles in one process, data in .taskflow',
        'taskflow start --roles worker --tasks ./tasks --concurrency 50',
        'TASKFLOW_DATABASE_URL=postgres://db/taskflow taskflow start --roles api,coordinator',
      ),
    )
    .action(async () => {
      const { runServer, SETTINGS } = await import('@taskflow/server')
      process.exitCode = await runServer(flagsOf(start, SETTINGS))
    })
  start.configureHelp({ ...start.configureHelp(), showGlobalOptions: false })
  // Only this command loads the server, so that the others start fast.
  taskflow.hook('preSubcommand', async (_taskflow, chosen) => {
    if (chosen === start) addSettings(start, (await import('@taskflow/server')).SETTINGS)
  })
}
