/**
 * Which PostgreSQL driver carries large batches and many single statements better: what decision 6 rests on.
 * `BENCH_DATABASE_URL=postgres://… node bench/drivers.ts`, on a server with its durable settings.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import postgres from 'postgres'
import { machine } from './machine.ts'
import { interleaved, rateOf } from './rounds.ts'

const url = process.env.BENCH_DATABASE_URL
if (!url) throw new Error('Set BENCH_DATABASE_URL to an empty database of a server with durable settings')

const ROUNDS = 5
const INSERT = 'insert into driver_bench select * from unnest($1::uuid[], $2::text[], $3::json[])'
const SELECT = 'select $1::integer as a, $2::text as b'
const PAYLOAD = JSON.stringify({ text: 'x'.repeat(80) })

type Query = (name: string, text: string, values: unknown[]) => Promise<unknown>

const plain = new pg.Client({ connectionString: url })
const pipelined = new pg.Client({ connectionString: url, pipeline: true })
const js = postgres(url, { max: 1, onnotice() {} })
await Promise.all([plain.connect(), pipelined.connect()])

const drivers: Record<'pg' | 'pg pipelined' | 'postgres.js', Query> = {
  pg: (name, text, values) => plain.query({ name, text, values }),
  'pg pipelined': (name, text, values) => pipelined.query({ name, text, values }),
  'postgres.js': (_name, text, values) => js.unsafe(text, values as never[], { prepare: true }),
}

const insert = (query: Query, rows: number): Promise<unknown> =>
  query('insert', INSERT, [
    Array.from({ length: rows }, () => crypto.randomUUID()),
    Array(rows).fill('report.build'),
    Array(rows).fill(PAYLOAD),
  ])

async function repeat(times: number, atOnce: number, work: () => Promise<unknown>): Promise<void> {
  let left = times
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) await work()
    }),
  )
}

const measures = {
  'insert, batches of 500, one in flight, rows/s': (query: Query) =>
    rateOf(50_000, () => repeat(100, 1, () => insert(query, 500))),
  'insert, one row, one in flight, rows/s': (query: Query) =>
    rateOf(2_000, () => repeat(2_000, 1, () => insert(query, 1))),
  'select, 50 at once, statements/s': (query: Query) =>
    rateOf(20_000, () => repeat(20_000, 50, () => query('select', SELECT, [1, 'x']))),
}

await plain.query('create table driver_bench (id uuid primary key, type text, payload json)')
const results: Record<string, unknown> = {}
try {
  for (const [measure, run] of Object.entries(measures)) {
    // node-postgres without its pipeline takes one statement at a time and asks not to be given more.
    const contenders = Object.entries(drivers).filter(([name]) => !(name === 'pg' && measure.includes('50 at once')))
    results[measure] = await interleaved(
      ROUNDS,
      Object.fromEntries(contenders.map(([name, query]) => [name, () => run(query)])),
    )
    await plain.query('truncate driver_bench')
  }
} finally {
  await plain.query('drop table driver_bench')
  await Promise.all([plain.end(), pipelined.end(), js.end()])
}
const report = { measuredAt: new Date().toISOString(), machine: machine(), rounds: ROUNDS, results }
writeFileSync(join(import.meta.dirname, 'results/drivers.json'), `${JSON.stringify(report, null, 2)}\n`)
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)
