import { randomBytes } from 'node:crypto'
import { SLOTS } from '../load.ts'
import { type Option, optionBench } from '../option-cost.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'

// As it would come: PostgreSQL compresses what repeats itself.
const LARGE = randomBytes(7_680).toString('base64')

/** Each entry is a plain task with one option. A new feature adds an entry. */
const OPTIONS: Readonly<Record<string, Option>> = {
  'none (plain task again)': {},
  'idempotency key': { hasIdempotencyKey: true },
  'priority high': { body: { priority: 'high' } },
  'three labels': { body: { labels: { customer: '4711', region: 'eu', plan: 'pro' } } },
  'title and description': {
    body: { title: 'Monthly report', description: 'Of all orders of the month, by customer' },
  },
  'retry policy': { body: { retry: { baseMs: 500, factor: 3 }, maxAttempts: 10 } },
  'start-to-close and heartbeat timeouts': { body: { timeouts: { startToCloseMs: 60_000, heartbeatMs: 30_000 } } },
  'schedule-to-start and -to-close timeouts': {
    body: { timeouts: { scheduleToStartMs: 600_000, scheduleToCloseMs: 600_000 } },
  },
  'own retention time': { body: { retentionMs: 3_600_000 } },
  'delay of a second': { body: { delayMs: 1_000 } },
  'payload of 10 KiB': { body: { payload: LARGE }, share: 0.2 },
  'result of 10 KiB': { type: 'bench.gives-large-result', share: 0.2 },
  'progress, reported once': { type: 'bench.reports-progress' },
  'ten log lines': { type: 'bench.logs-ten-lines', share: 0.2 },
  'one failed attempt': { type: 'bench.fails-once' },
  'isolation: thread': { type: 'bench.runs-in-thread', share: 0.02 },
  'isolation: process': { type: 'bench.runs-in-process', share: 0.02 },
}

const tasksOf = (bench: Bench): number => sized(bench, 10_000, 3_000, 1_500)

let shared: ReturnType<typeof optionBench> | undefined

export const options: Scenario = {
  name: 'options',
  // Costs in CPU time and bytes, which hardly spread.
  mostRounds: 1,
  title: 'Cost of each option',
  summary:
    'The cost that each option adds to a plain task: CPU time of API, coordinator, worker and PostgreSQL ' +
    'together, and write-ahead log, as a share of the cost of plain tasks a moment before. Submit: NDJSON over ' +
    'HTTP, while the worker is cordoned. Run: from then on until all tasks have ended.',
  figures: { submit: '% of plain', run: '% of plain', log: '% of plain' },
  settings: (bench) => ({ tasks: tasksOf(bench), slots: SLOTS }),
  contenders: (bench) => {
    const opened = optionBench(bench)
    shared = opened
    return Object.fromEntries(
      Object.entries(OPTIONS).map(([name, option]) => [name, () => opened.costOf(option, tasksOf(bench))]),
    )
  },
  close: async () => shared?.close(),
}
