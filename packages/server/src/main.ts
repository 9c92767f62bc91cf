import { assemble, type TaskFlowProcess } from './assemble.ts'
import type { Settings } from './config.ts'
import { type Flags, loadSettings } from './load-settings.ts'
import { open } from './open.ts'
import { type ProcessOptions, processOptions } from './process-options.ts'
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
    // A task module that never finishes its import keeps the start from ending; a signal does not wait for it.
    const running = taskflow.start().then(() => greet(taskflow, settings, options))
    const signal = await Promise.race([signalled, running.then(() => signalled)])
    const { drainMs } = settings
    log.info({ signal, drainMs }, 'Stopping: running tasks may finish within drainMs; the worker releases the others')
  } finally {
    await taskflow.stop()
  }
  log.info('Stopped')
  return 0
}

async function greet(taskflow: TaskFlowProcess, settings: Settings, { project }: ProcessOptions): Promise<void> {
  const types = (await taskflow.storage.listTaskTypes(project)).map(({ type }) => type)
  process.stdout.write(welcome(taskflow, settings, types))
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
