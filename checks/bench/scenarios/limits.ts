import { withClient } from '@taskflow/testing/measuring/durable-postgres'
import type { Client } from 'pg'
import { BARE_BATCH, claimBare, createBareTable, insertBare, settleBare } from '../bare-table.ts'
import { payload } from '../payload.ts'
import { type Figures, rateOf } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'

const COMMITTERS = 10

const sizesOf = (bench: Bench) =>
  sized(bench, { rows: 50_000, commits: 1_000 }, { rows: 10_000, commits: 300 }, { rows: 1_000, commits: 20 })

export const limits: Scenario = {
  name: 'limits',
  title: 'Limits of this machine',
  summary:
    'The rates of this PostgreSQL for the bare queue: 500 rows per statement over one connection, each statement ' +
    'durable; and how many single rows it commits per second. Rows A, C and D contain their own limits.',
  figures: {
    insert: 'rows/s',
    claim: 'rows/s',
    settle: 'rows/s',
    'commits, one connection': 'commits/s',
    'commits, ten connections': 'commits/s',
  },
  settings: (bench) => ({ ...sizesOf(bench), batch: BARE_BATCH }),
  contenders: (bench) => ({ PostgreSQL: () => measure(bench) }),
}

function measure(bench: Bench): Promise<Figures> {
  const { rows, commits } = sizesOf(bench)
  return bench.stores.with('PostgreSQL', ({ url = '' }) =>
    withClient(url, async (client) => {
      await createBareTable(client)
      const insert = await rateOf(rows, () => insertAll(client, rows))
      const claimed: { readonly id: string }[][] = []
      const claim = await rateOf(rows, async () => {
        for (let left = rows; left > 0; left -= BARE_BATCH) claimed.push(await claimBare(client))
      })
      const settle = await rateOf(rows, async () => {
        for (const batch of claimed) await settleBare(client, batch)
      })
      const one = await rateOf(commits, () => insertSingly(client, commits))
      const ten = await rateOf(commits * COMMITTERS, () =>
        Promise.all(
          Array.from({ length: COMMITTERS }, () => withClient(url, (another) => insertSingly(another, commits))),
        ),
      )
      return { insert, claim, settle, 'commits, one connection': one, 'commits, ten connections': ten }
    }),
  )
}

async function insertAll(client: Client, rows: number): Promise<void> {
  for (let left = rows; left > 0; left -= BARE_BATCH)
    await insertBare(client, Array.from({ length: BARE_BATCH }, payload))
}

async function insertSingly(client: Client, rows: number): Promise<void> {
  for (let left = rows; left > 0; left--) await insertBare(client, [payload()])
}
