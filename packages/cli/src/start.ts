import type { Command } from 'commander'
import { examples } from './command.ts'
import { addSettings, flagsOf } from './settings-options.ts'

export function addStart(taskflow: Command): void {
  const start = taskflow
    .command('start')
    .description('start a server: API, coordinator and worker, as the roles say')
    .addHelpText(
      'after',
      examples(
        'taskflow start --tasks ./tasks                        all in one process, data in .taskflow',
        'taskflow start --roles worker --tasks ./tasks --concurrency 50',
        'TASKFLOW_DATABASE_URL=postgres://db/taskflow taskflow start --roles api,coordinator',
      ),
    )
    .action(async () => {
      const { runServer, SETTINGS } = await import('@taskflow/server')
      process.exitCode = await runServer(flagsOf(start, SETTINGS))
    })
  start.configureHelp({ ...start.configureHelp(), showGlobalOptions: false })
  // The server is loaded for this command alone: the others stay quick.
  taskflow.hook('preSubcommand', async (_taskflow, chosen) => {
    if (chosen === start) addSettings(start, (await import('@taskflow/server')).SETTINGS)
  })
}
