import { assemble, type TaskFlowProcess } from './assemble.ts'
import type { Settings } from './config.ts'
import { forgetSecrets } from './forget-secrets.ts'
import { type Flags, loadSettings } from './load-settings.ts'
import { open } from './open.ts'
import { processOptions } from './process-options.ts'
import { createLog } from './telemetry/log.ts'
import { welcome } from './welcome.ts'
import { withStatus } from './with-status.ts'

/**
 * Runs a TaskFlow process until SIGTERM or SIGINT; a second signal ends it at once. Resolves with the exit code.
 *
 * A signal during the start ends the process in time, whatever the start waits for: a database, or a task module.
 */
export const runServer = (flags: Flags): Promise<number> => withStatus(() => run(flags))

async function run(flags: Flags): Promise<number> {
  // Listens before anything that takes time, so that no signal is lost.
  const signalled = untilSignal()
  const { settings, log, taskflow, project } = await unlessSignalled(signalled, openProcess(flags))
  try {
    // A task module that never finishes its import keeps the start from ending; a signal does not wait for it.
    const running = taskflow.start().then(() => greet(taskflow, settings, project))
    const signal = await Promise.race([signalled, running.then(() => signalled)])
    const { drainMs } = settings
    log.info({ signal, drainMs }, 'Stopping: running tasks may finish within drainMs; the worker releases the others')
  } finally {
    await taskflow.stop()
  }
  log.info('Stopped')
  return 0
}

async function openProcess(flags: Flags) {
  const settings = await loadSettings({ flags, env: process.env, cwd: process.cwd() })
  forgetSecrets(process.env)
  const log = createLog(settings)
  const options = processOptions(settings, isTerminal())
  return { settings, log, taskflow: assemble(await open(settings, log), options), project: options.project }
}

async function greet(taskflow: TaskFlowProcess, settings: Settings, project: string): Promise<void> {
  const types = (await taskflow.storage.listTaskTypes(project)).map(({ type }) => type)
  process.stdout.write(welcome(taskflow, settings, { types, isTerminal: isTerminal() }))
}

/** Otherwise the output goes to a log or another program, which shall not get a secret. */
const isTerminal = (): boolean => process.stdout.isTTY === true

/** Resolves with the result of a step that leaves nothing to release. A signal ends the process at once. */
async function unlessSignalled<Result>(signalled: Promise<NodeJS.Signals>, step: Promise<Result>): Promise<Result> {
  let isOver = false
  void signalled.then((signal) => {
    if (isOver) return
    process.stderr.write(`Stopped by ${signal} before the start was complete\n`)
    process.exit(0)
  })
  return step.finally(() => {
    isOver = true
  })
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
