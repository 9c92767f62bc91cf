import pg from 'pg'
import postgres from 'postgres'
import { insertBare, type Query } from '../bare-insert.ts'
import { type Figures, rateOf } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'

const SELECT = 'select $1::integer as a, $2::text as b'

interface Driver {
  readonly query: Query
  readonly takesManyAtOnce: boolean
  close(): Promise<unknown>
}

const sizesOf = (bench: Bench) =>
  sized(
    bench,
    { rows: 50_000, singles: 2_000, selects: 20_000 },
    { rows: 10_000, singles: 500, selects: 5_000 },
    { rows: 1_000, singles: 20, selects: 500 },
  )

export const drivers: Scenario = {
  name: 'drivers',
  isAside: true,
  title: 'PostgreSQL drivers',
  summary:
    'A comparison of PostgreSQL drivers over one connection, with large batches and many single statements, for ' +
    'decision 6.',
  figures: { 'insert, batches of 500': 'rows/s', 'insert, one row': 'rows/s', 'select, 50 at once': 'statements/s' },
  settings: (bench) => ({ ...sizesOf(bench), batch: 500 }),
  contenders: (bench) => ({
    pg: () => measure(bench, (url) => openPg(url, false)),
    'pg pipelined': () => measure(bench, (url) => openPg(url, true)),
    'postgres.js': () => measure(bench, openPostgresJs),
  }),
}

async function openPg(url: string, pipeline: boolean): Promise<Driver> {
  const client = new pg.Client({ connectionString: url, pipeline })
  await client.connect()
  return {
    query: (name, text, values) => client.query({ name, text, values }),
    // Without its pipeline it takes one statement at a time and asks not to be given more.
    takesManyAtOnce: pipeline,
    close: () => client.end(),
  }
}

async function openPostgresJs(url: string): Promise<Driver> {
  const sql = postgres(url, { max: 1, onnotice() {} })
  return {
    query: (_name, text, values) => sql.unsafe(text, values as never[], { prepare: true }),
    takesManyAtOnce: true,
    close: () => sql.end(),
  }
}

function measure(bench: Bench, open: (url: string) => Promise<Driver>): Promise<Figures> {
  const { rows, singles, selects } = sizesOf(bench)
  return bench.stores.with('PostgreSQL', async ({ url = '' }) => {
    const { query, takesManyAtOnce, close } = await open(url)
    try {
      await query('create', 'create table bare (id uuid primary key, type text, payload json)', [])
      await insertBare(query, { rows: 500, batch: 500 })
      const batches = await rateOf(rows, () => insertBare(query, { rows, batch: 500 }))
      const single = await rateOf(singles, () => insertBare(query, { rows: singles, batch: 1 }))
      const select = () => query('select', SELECT, [1, 'x'])
      return {
        'insert, batches of 500': batches,
        'insert, one row': single,
        ...(takesManyAtOnce && { 'select, 50 at once': await rateOf(selects, () => repeat(selects, 50, select)) }),
      }
    } finally {
      await close()
    }
  })
}

async function repeat(times: number, atOnce: number, work: () => Promise<unknown>): Promise<void> {
  let left = times
  const lane = async () => {
    while (left-- > 0) await work()
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}
