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
  taskflow start --tasks ./tasks                       start a server with a worker, on port 8080
  taskflow tasks submit report.build --payload '{"customer":"acme"}' --wait
  taskflow tasks list --state failed
  taskflow tasks logs 01936f0e-5d7c-7000-8000-3f1c6d2a9b10 --follow

Environment:
  TASKFLOW_URL          the address of the server, if --url is not given
  TASKFLOW_TOKEN        the API key, if --token is not given
  TASKFLOW_ADMIN_TOKEN  the API key, if neither --token nor TASKFLOW_TOKEN is given
  TASKFLOW_DATA_DIR     the data folder of a local server (default: .taskflow), from which the administrator's
                        key is read if no other API key is given
  NO_COLOR              if set, print no colours

${EXIT_CODES_HELP}
`

/** Builds the command line. Each verb has its own file, in the folder of its noun. */
export function program(): Command {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const taskflow = new Command('taskflow')
    .description(
      'Run tasks reliably on any number of machines, with durable storage, retries, priorities and timeouts.',
    )
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
    // One file, failure.ts, prints all errors.
    .configureOutput({ outputError: () => undefined })
    .exitOverride()
    .addHelpText('after', HELP)

  taskflow.optionsGroup('Options for every command:')
  taskflow
    .option('--url <address>', 'address of the server (default: TASKFLOW_URL, or http://127.0.0.1:8080)')
    .option('--token <key>', 'API key (default: TASKFLOW_TOKEN, TASKFLOW_ADMIN_TOKEN, or the key of a local server)')
    .option('--json', 'print the reply of the server as JSON')
  taskflow.commandsGroup('Run a server:')
  addStart(taskflow)
  addMigrate(taskflow)
  taskflow.commandsGroup('Use a server:')
  addTasks(taskflow)
  addQueues(taskflow)
  addWorkers(taskflow)
  addKeys(taskflow)
  addHealth(taskflow)
  return taskflow.helpCommand(false)
}
