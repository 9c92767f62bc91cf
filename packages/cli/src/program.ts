import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { Command } from 'commander'
import { EXIT_CODES_HELP } from './exit-codes.ts'
import { addHealth } from './health.ts'
import { addKeys } from './keys/keys.ts'
import { addMigrate } from './migrate.ts'
import { addQueues } from './queues/queues.ts'
import { addStart } from './start.ts'
import { addTasks } from './tasks/tasks.ts'
import { addWorkers } from './workers/workers.ts'

const HELP = `
Examples:
  taskflow start --tasks ./tasks                       a server with its worker, on port 8080
  taskflow tasks submit report.build --payload '{"customer":"acme"}' --wait
  taskflow tasks list --state failed
  taskflow tasks logs 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --follow

Environment:
  TASKFLOW_URL      the server, where --url is not given
  TASKFLOW_TOKEN    the API key, where --token is not given; without either, the administrator's
                    key of a local server is read from its data folder (TASKFLOW_DATA_DIR, .taskflow)
  NO_COLOR          no colours

${EXIT_CODES_HELP}
`

/** The whole command line: one file a verb, gathered by noun. */
export function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const taskflow = new Command('taskflow')
    .description('Runs work reliably: durable tasks, retries, priorities, on any number of machines.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .configureHelp({
      showGlobalOptions: true,
      styleTitle: (text) => styleText('bold', text, { validateStream: false }),
      styleCommandText: (text) => styleText('cyan', text, { validateStream: false }),
      styleSubcommandText: (text) => styleText('cyan', text, { validateStream: false }),
      styleOptionText: (text) => styleText('cyan', text, { validateStream: false }),
      styleArgumentText: (text) => styleText('cyan', text, { validateStream: false }),
    })
    // What went wrong is told in one place, failure.ts.
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText('after', HELP)

  taskflow.optionsGroup('Options for every command:')
  taskflow
    .option('--url <address>', 'the server (default: TASKFLOW_URL, or http://127.0.0.1:8080)')
    .option('--token <key>', 'an API key (default: TASKFLOW_TOKEN)')
    .option('--json', 'print what the API said, as JSON')
  taskflow.commandsGroup('Run:')
  addStart(taskflow)
  addMigrate(taskflow)
  taskflow.commandsGroup('Use:')
  addTasks(taskflow)
  addQueues(taskflow)
  addWorkers(taskflow)
  addKeys(taskflow)
  addHealth(taskflow)
  return taskflow.helpCommand(false)
}
