import { join } from 'node:path'
import { fillHistory, vacuumAll } from '@taskflow/testing/fill-tables'
import { durablePostgres, withClient } from '@taskflow/testing/measuring/durable-postgres'
import { commit, type Machine, machine } from '@taskflow/testing/measuring/machine'
import { nowMs } from '@taskflow/testing/measuring/machine-clock'
import { openProcesses } from '@taskflow/testing/open-processes'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import { urlWith } from '@taskflow/testing/url-with'
import type { Client } from 'pg'
import { addAgedDay } from './aged-day.ts'
import { checkKept, type Kept } from './check-kept.ts'
import { noteWriter, startsSince } from './notes.ts'
import { type Sample, sampler } from './sampler.ts'
import { type SteadyLoad, steadyLoad } from './steady-load.ts'
import { complaintsOf, type SystemProcess, startRole } from './system.ts'

export interface SoakOptions {
  readonly minutes: number
  /** Submissions per second. */
  readonly rate: number
  /** The number of tasks that finished before the soak begins. */
  readonly finished: number
  readonly sampleSeconds: number
  /** Receives the progress, a line at a time. */
  log(line: string): void
}

export interface Measured {
  readonly measuredAt: string
  readonly commit: string
  readonly machine: Machine
  readonly settings: Readonly<Record<string, unknown>>
  /** The filling of the tables. */
  readonly fill: { readonly seconds: number; readonly finishedMiB: number }
  readonly submitted: number
  /** Answers that no caller may receive, and lines that the processes logged at level `warn` or above. */
  readonly complaints: Readonly<Record<string, readonly string[]>>
  readonly kept: Kept
  readonly samples: readonly Sample[]
}

const HISTORY_DAYS = 5
// Enough that no pickup waits for a free slot.
const SLOTS = 50
// A day is added in the middle between two rounds of retention, which come every ten minutes.
const AGED_DAY_EVERY_MS = 600_000
// The oldest kept day ends seven days ago at the latest.
const FIRST_AGED_DAY = 9
const AGED_SHARE = 0.01
const KEPT_FOR_MS = 1_500_000
const LAST_TASK_MS = 120_000

/** Runs the system at a steady rate, takes samples, checks the promises, and removes everything. */
export async function soak({ minutes, rate, finished, sampleSeconds, log }: SoakOptions): Promise<Measured> {
  const startedAs = commit()
  const processes = openProcesses()
  const folder = processes.tempFolder()
  const postgres = await durablePostgres()
  const database = `soak_${process.pid}`
  const url = urlWith(postgres.url, { database })
  const running: SystemProcess[] = []
  try {
    await postgres.run(`create database ${database}`)
    const notes = join(folder, 'handlers')
    const env = { TASKFLOW_DATABASE_URL: url, TASKFLOW_CONCURRENCY: String(SLOTS), SOAK_NOTES: notes }
    // A start creates the tables.
    await (await startRole(processes, 'api', env)).process.stop()
    log(`filling ${finished} finished tasks`)
    const fill = await fillTables(url, finished)
    log(`filled in ${fill.seconds.toFixed(0)} s: ${fill.finishedMiB.toFixed(0)} MiB`)
    await postgres.run('checkpoint')
    for (const role of ['coordinator', 'worker', 'api'] as const) running.push(await startRole(processes, role, env))
    return await withClient(url, async (client) => {
      const callers = join(folder, 'callers')
      const starts = startsSince(notes)
      const load = steadyLoad({ url: urlOf(running, 'api'), token: ADMIN_TOKEN, rate, note: noteWriter(callers) })
      const samples = await watch({
        client,
        running,
        load,
        readStarts: starts.read,
        minutes,
        sampleSeconds,
        finished,
        log,
      })
      await load.stop()
      log('waiting for the last task to finish')
      await waitUntilFinished(client)
      starts.close()
      const complaints = {
        caller: load.complaints,
        ...Object.fromEntries(running.map((each) => [each.role, complaintsOf(each)])),
      }
      for (const each of running.splice(0).toReversed()) await each.process.stop()
      log('checking the promises')
      const kept = await checkKept({ client, files: [callers, notes] }).catch(uncheckedBy)
      return {
        measuredAt: new Date().toISOString(),
        commit: startedAs,
        machine: machine(),
        settings: { minutes, rate, finished, sampleSeconds, slots: SLOTS, postgresql: postgres.settings },
        fill,
        submitted: load.submitted,
        complaints,
        kept,
        samples,
      }
    })
  } finally {
    for (const each of running) await each.process.stop()
    try {
      // The server may belong to the user, so the database would remain.
      await postgres.run(`drop database if exists ${database} with (force)`)
    } finally {
      await postgres.stop()
      await processes.close()
    }
  }
}

/** Keeps the samples of an hour when the final check fails, but reports a violation. */
const uncheckedBy = (error: Error): Kept => ({
  accepted: 0,
  starts: 0,
  violations: [`could not be checked: ${error.stack}`],
})

async function fillTables(url: string, finished: number): Promise<Measured['fill']> {
  const startedMs = nowMs()
  await fillHistory(url, { days: HISTORY_DAYS, tasksPerDay: Math.ceil(finished / HISTORY_DAYS) })
  // The first round of the coordinator drops this day.
  await withClient(url, (client) => addAgedDay(client, FIRST_AGED_DAY, agedTasks(finished), KEPT_FOR_MS))
  await vacuumAll(url)
  const finishedMiB = await withClient(url, async (client) => {
    const { rows } = await client.query<{ mib: number }>(
      `select sum(pg_total_relation_size(inhrelid))::float8 / 1048576 as mib from pg_inherits where inhparent = 'finished_task'::regclass`,
    )
    return rows[0]?.mib ?? 0
  })
  return { seconds: (nowMs() - startedMs) / 1_000, finishedMiB }
}

const agedTasks = (finished: number): number => Math.ceil(finished * AGED_SHARE)

interface Watch {
  readonly client: Client
  readonly running: readonly SystemProcess[]
  readonly load: SteadyLoad
  readonly readStarts: Parameters<typeof sampler>[0]['readStarts']
  readonly minutes: number
  readonly sampleSeconds: number
  readonly finished: number
  log(line: string): void
}

async function watch(given: Watch): Promise<Sample[]> {
  const { client, running, load, readStarts, minutes, sampleSeconds, finished, log } = given
  const { sample } = await sampler({ client, system: running, takeCalls: load.take, readStarts })
  const samples: Sample[] = []
  const failed = Promise.race(running.map((each) => each.process.failed))
  const startedMs = nowMs()
  const endMs = startedMs + minutes * 60_000
  let agedDays = 0
  for (let nth = 1; nowMs() < endMs; nth++) {
    await Promise.race([until(Math.min(endMs, startedMs + nth * sampleSeconds * 1_000)), failed])
    samples.push(await sample())
    log(lineOf(samples))
    if (nowMs() - startedMs > (agedDays + 0.5) * AGED_DAY_EVERY_MS) {
      // A long read may block the insertion, as it blocks the coordinator; then the next day is added instead.
      await addAgedDay(client, FIRST_AGED_DAY + ++agedDays, agedTasks(finished), KEPT_FOR_MS).then(
        () => log('added a day past its retention'),
        (error: Error) => log(`no day was added: ${error.message}`),
      )
    }
  }
  return samples
}

const until = (atMs: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, atMs - nowMs())))

function lineOf(samples: readonly Sample[]): string {
  const { atSeconds, machine, processes, postgres, submits, pickups } = samples.at(-1) as Sample
  const task = postgres.tables.task
  const mib = Object.values(processes).map(({ residentMiB }) => residentMiB.toFixed(0))
  const ms = (value: number | null) => (value === null ? '-' : value.toFixed(1))
  return [
    `${Math.floor(atSeconds / 60)}:${String(Math.floor(atSeconds % 60)).padStart(2, '0')}`,
    `memory ${mib.join('/')} MiB`,
    `dead ${task?.dead} in ${task?.tableMiB.toFixed(1)} MiB`,
    `submit ${ms(submits.p50)}/${ms(submits.p99)} ms`,
    `pickup ${ms(pickups.p50)}/${ms(pickups.p99)} ms`,
    `${submits.count} calls, ${submits.failures} failed`,
    `depth ${JSON.stringify(postgres.depth)}`,
    `busy ${machine.busy.toFixed(0)} %, other processes ${machine.others.toFixed(0)} %`,
  ].join(', ')
}

function urlOf(running: readonly SystemProcess[], role: string): string {
  const found = running.find((each) => each.role === role)
  if (!found) throw new Error(`No process of role ${role} runs`)
  return found.url
}

async function waitUntilFinished(client: Client): Promise<void> {
  const deadlineMs = nowMs() + LAST_TASK_MS
  for (;;) {
    const { rowCount } = await client.query('select from task limit 1')
    // The check of the promises reports unfinished tasks.
    if (rowCount === 0 || nowMs() > deadlineMs) return
    await until(nowMs() + 250)
  }
}
