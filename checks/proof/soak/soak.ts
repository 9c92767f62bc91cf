import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commit, type Machine, machine } from '@taskflow/bench/machine.ts'
import { nowMs } from '@taskflow/bench/moment.ts'
import { benchPostgres, withClient } from '@taskflow/bench/postgres.ts'
import { fillHistory, vacuumAll } from '@taskflow/testing/fill-tables'
import { removeFolder } from '@taskflow/testing/remove-folder'
import type { Client } from 'pg'
import { addAgedDay } from './aged-day.ts'
import { checkKept, type Kept } from './check-kept.ts'
import { noteTaker, startsSince } from './notes.ts'
import { type Sample, sampler } from './sampler.ts'
import { type SteadyLoad, steadyLoad } from './steady-load.ts'
import { type SystemProcess, startRole, TOKEN } from './system.ts'

export interface SoakOptions {
  readonly minutes: number
  /** Submissions a second. */
  readonly rate: number
  /** Tasks that finished before it began. */
  readonly finished: number
  readonly sampleSeconds: number
  /** Said on the way, a line at a time. */
  tell(line: string): void
}

export interface Measured {
  readonly measuredAt: string
  readonly commit: string
  readonly machine: Machine
  readonly settings: Readonly<Record<string, unknown>>
  /** Of filling the tables. */
  readonly fill: { readonly seconds: number; readonly finishedMiB: number }
  readonly submitted: number
  /** Answers that no caller should get, and lines that the processes logged at level `warn` or above. */
  readonly complaints: Readonly<Record<string, readonly string[]>>
  readonly kept: Kept
  readonly samples: readonly Sample[]
}

const HISTORY_DAYS = 5
// Enough that a pickup waits for nobody.
const SLOTS = 50
// One in the middle between two rounds of retention, which come every ten minutes.
const AGED_DAY_EVERY_MS = 600_000
// The oldest that is kept ends seven days ago at the latest.
const FIRST_AGED_DAY = 9
const AGED_SHARE = 0.01
const KEPT_FOR_MS = 1_500_000
const LAST_TASK_MS = 120_000

/** Runs the system for so long at a steady rate, and looks at it now and then; everything is gone afterwards. */
export async function soak({ minutes, rate, finished, sampleSeconds, tell }: SoakOptions): Promise<Measured> {
  const startedAs = commit()
  const folder = mkdtempSync(join(tmpdir(), 'taskflow-soak-'))
  const remove = () => removeFolder(folder)
  process.once('exit', remove)
  const postgres = await benchPostgres()
  const database = `soak_${process.pid}`
  const url = Object.assign(new URL(postgres.url), { pathname: `/${database}` }).href
  const running: SystemProcess[] = []
  try {
    await postgres.run(`create database ${database}`)
    const notes = join(folder, 'handlers')
    const env = { TASKFLOW_DATABASE_URL: url, TASKFLOW_CONCURRENCY: String(SLOTS), SOAK_NOTES: notes }
    // A start makes the tables.
    await (await startRole('api', env, folder)).stop()
    tell(`filling ${finished} finished tasks`)
    const fill = await fillTables(url, finished)
    tell(`filled in ${fill.seconds.toFixed(0)} s: ${fill.finishedMiB.toFixed(0)} MiB`)
    await postgres.run('checkpoint')
    for (const role of ['coordinator', 'worker', 'api'] as const) running.push(await startRole(role, env, folder))
    return await withClient(url, async (client) => {
      const callers = join(folder, 'callers')
      const starts = startsSince(notes)
      const load = steadyLoad({ url: urlOf(running, 'api'), token: TOKEN, rate, note: noteTaker(callers) })
      const samples = await watch({
        client,
        running,
        load,
        readStarts: starts.read,
        minutes,
        sampleSeconds,
        finished,
        tell,
      })
      await load.stop()
      tell('waiting for the last task to end')
      await nothingIsLeft(client)
      starts.close()
      const complaints = {
        caller: load.complaints,
        ...Object.fromEntries(running.map((each) => [each.role, each.complaints()])),
      }
      for (const each of running.splice(0).toReversed()) await each.stop()
      tell('checking what was promised')
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
    for (const each of running) await each.stop()
    try {
      // The server may be the user's own, where it would stay.
      await postgres.run(`drop database if exists ${database} with (force)`)
    } finally {
      await postgres.stop()
      process.off('exit', remove)
      remove()
    }
  }
}

/** An hour of samples is not thrown away because its end could not be checked; but nor is it said to be well. */
const uncheckedBy = (error: Error): Kept => ({
  accepted: 0,
  starts: 0,
  violations: [`could not be checked: ${error.stack}`],
})

async function fillTables(url: string, finished: number): Promise<Measured['fill']> {
  const startedMs = nowMs()
  await fillHistory(url, { days: HISTORY_DAYS, tasksPerDay: Math.ceil(finished / HISTORY_DAYS) })
  // Dropped by the coordinator's first round.
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
  tell(line: string): void
}

async function watch(given: Watch): Promise<Sample[]> {
  const { client, running, load, readStarts, minutes, sampleSeconds, finished, tell } = given
  const { sample } = await sampler({ client, system: running, takeCalls: load.take, readStarts })
  const samples: Sample[] = []
  const failed = Promise.race(running.map((each) => each.failed))
  const startedMs = nowMs()
  const endMs = startedMs + minutes * 60_000
  let agedDays = 0
  for (let nth = 1; nowMs() < endMs; nth++) {
    await Promise.race([until(Math.min(endMs, startedMs + nth * sampleSeconds * 1_000)), failed])
    samples.push(await sample())
    tell(lineOf(samples))
    if (nowMs() - startedMs > (agedDays + 0.5) * AGED_DAY_EVERY_MS) {
      // Gives way to who reads long, as the coordinator does; then the next day is as good.
      await addAgedDay(client, FIRST_AGED_DAY + ++agedDays, agedTasks(finished), KEPT_FOR_MS).then(
        () => tell('another day has been kept long enough'),
        (error: Error) => tell(`no day was added: ${error.message}`),
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
    `busy ${machine.busy.toFixed(0)} %, others ${machine.others.toFixed(0)} %`,
  ].join(', ')
}

function urlOf(running: readonly SystemProcess[], role: string): string {
  const found = running.find((each) => each.role === role)
  if (!found) throw new Error(`No ${role} runs`)
  return found.url
}

async function nothingIsLeft(client: Client): Promise<void> {
  const deadlineMs = nowMs() + LAST_TASK_MS
  for (;;) {
    const { rowCount } = await client.query('select from task limit 1')
    // What is left is told by the check of the promises.
    if (rowCount === 0 || nowMs() > deadlineMs) return
    await until(nowMs() + 250)
  }
}
