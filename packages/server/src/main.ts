import { assemble } from './assemble.ts'
import { type Flags, loadSettings } from './load-settings.ts'
import { open } from './open.ts'
import { processOptions } from './process-options.ts'
import { createLog } from './telemetry/log.ts'
import { welcome } from './welcome.ts'
import { withStatus } from './with-status.ts'

/** Runs a TaskFlow process until SIGTERM or SIGINT; a second signal ends it at once. Resolves with the exit code. */
export const runServer = (flags: Flags): Promise<number> => withStatus(() => run(flags))

async function run(flags: Flags): Promise<number> {
  const settings = await loadSettings({ flags, env: process.env, cwd: process.cwd() })
  const log = createLog(settings)
  const options = processOptions(settings)
  const taskflow = assemble(await open(settings, log), options)
  const signalled = untilSignal()
  try {
    await taskflow.start()
    const types = (await taskflow.storage.listTaskTypes(options.project)).map(({ type }) => type)
    process.stdout.write(welcome(taskflow, settings, types))
    const signal = await signalled
    const { drainMs } = settings
    log.info({ signal, drainMs }, 'Stopping: running tasks may finish within drainMs; the worker releases the others')
  } finally {
    await taskflow.stop()
  }
  log.info('Stopped')
  return 0
}

function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        resolve(signal)
        // A second signal means that nobody wants to wait: the coordinator rescues the tasks that still run.
        process.once(signal, () => process.exit(130))
      })
    }
  })
}
