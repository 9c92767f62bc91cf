import type { Database, Lane } from '@taskflow/database'
import { settingsOf, startupOptions } from '@taskflow/database'
import pg from 'pg'

/** The reads of one statement, as the server itself counted them. */
export interface Reading {
  readonly statement: string
  /** Rows of tasks, finished or not, and of what belongs to them, that its scans looked at, those they left out included. */
  readonly rowsRead: number
  /** Tables that were read from end to end. */
  readonly readWhole: readonly string[]
  /** Pages of 8 kB that were looked at. */
  readonly pages: number
  readonly plan: string
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Rows Removed by Index Recheck'?: number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly Plans?: readonly PlanNode[]
}

export interface ExplainedDatabase extends Database {
  /** Returns one reading for each statement that ran since the last call. */
  readings(): Reading[]
}

/** The same database, which explains each statement before it is run: by the plan, and under the settings, of its lane. */
export function explainedDatabase(db: Database, url: string): ExplainedDatabase {
  const sessions = new Map<Lane | undefined, Promise<pg.Client>>()
  let readings: Reading[] = []

  async function connect(lane: Lane | undefined): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: url, options: startupOptions(settingsOf(lane, undefined)) })
    await client.connect()
    return client
  }

  function sessionOf(lane: Lane | undefined): Promise<pg.Client> {
    const session = sessions.get(lane) ?? connect(lane)
    sessions.set(lane, session)
    return session
  }

  return {
    ...db,
    async run(statement, params) {
      const client = await sessionOf(statement.lane)
      readings.push(await explain(client, statement, params))
      return db.run(statement, params)
    },
    readings() {
      const taken = readings
      readings = []
      return taken
    },
    async close() {
      for (const session of sessions.values()) await (await session).end()
      await db.close()
    },
  }
}

async function explain(
  client: pg.Client,
  { name, text }: { readonly name: string; readonly text: string },
  params: readonly unknown[],
): Promise<Reading> {
  const execute = params.length > 0 ? `${name}(${params.map(literalOf).join(', ')})` : name
  // Sent at once, so that nobody else's come between.
  const [, explained] = await Promise.all([
    client.query(`begin; prepare ${name} as ${text}`),
    client.query(`explain (analyze, buffers, timing off, format json) execute ${execute}`),
    client.query(`rollback; deallocate ${name}`),
  ])
  return readingOf(name, explained.rows[0]['QUERY PLAN'][0].Plan)
}

function readingOf(statement: string, root: PlanNode): Reading {
  const scans = nodesOf(root).filter(isScanOfTasks)
  const read = (node: PlanNode) =>
    node['Actual Loops'] *
    (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0))
  return {
    statement,
    rowsRead: Math.round(scans.reduce((sum, node) => sum + read(node), 0)),
    readWhole: scans.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'] ?? ''),
    pages: root['Shared Hit Blocks'] + root['Shared Read Blocks'],
    plan: JSON.stringify(root, undefined, 1),
  }
}

const isScanOfTasks = (node: PlanNode): boolean =>
  node['Node Type'].endsWith('Scan') && /^(finished_)?task/.test(node['Relation Name'] ?? '')

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** A parameter as `execute` takes it: of no type of its own, so that it becomes whatever the statement says. */
function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map(elementOf).join(',')}}`)
  return pg.escapeLiteral(textOf(value))
}

const elementOf = (value: unknown): string =>
  value === null ? 'null' : `"${textOf(value).replace(/["\\]/g, (sign) => `\\${sign}`)}"`

const textOf = (value: unknown): string => (value instanceof Date ? value.toISOString() : String(value))
