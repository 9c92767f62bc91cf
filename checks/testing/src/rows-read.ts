import { randomUUID } from 'node:crypto'
import type { Database, Lane, Statement } from '@taskflow/database'
import { statement } from '@taskflow/database'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly PlanNode[]
}

/** The parts of a statement that its plan depends on. */
export type Planned = Pick<Statement<readonly unknown[], unknown>, 'text' | 'lane'>

/**
 * Runs a statement as sessions of its lane plan it, and returns how many rows of the table its largest scan read.
 *
 * @param args the parameters as SQL literals
 */
export async function rowsRead(
  db: Database,
  { text, lane }: Planned,
  args: readonly string[],
  table: string,
): Promise<number> {
  // A server remembers a text by its name, and each of these is another.
  const name = `testing_${randomUUID().replaceAll('-', '')}`
  const explain = statement<readonly [], { 'QUERY PLAN': string }>({
    name: `${name}_explained`,
    columns: ['QUERY PLAN'],
    text: `explain (analyze, format json, timing off) execute ${name}(${args.join(', ')})`,
  })
  return db.transaction(async (tx) => {
    await tx.script(`${plannedAs(lane)}; prepare ${name} as ${text}`)
    const [row] = await tx.run(explain, [])
    await tx.script(`deallocate ${name}`)
    const [{ Plan }] = JSON.parse(row?.['QUERY PLAN'] ?? '') as [{ Plan: PlanNode }]
    const scans = nodesOf(Plan).filter((node) => node['Relation Name'] === table && node['Node Type'].endsWith('Scan'))
    return Math.max(
      ...scans.map((node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']),
    )
  })
}

function plannedAs(lane: Lane | undefined): string {
  const plan = lane === undefined || lane === 'duty' ? 'custom' : 'generic'
  return `set local plan_cache_mode = force_${plan}_plan; set local enable_bitmapscan = ${lane === undefined ? 'on' : 'off'}`
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)]

/** Beliefs that the planner may have about the table of unfinished tasks, each as the SQL that causes it. */
export const BELIEFS = {
  'nothing yet': 'select 1',
  'the truth': 'analyze task',
  'that it is empty': believe(0, 0),
  'that it is empty, and was large': believe(10_000, 0),
  'that it has one row, and was large': believe(10_000, 1),
  'that it is crowded': believe(10, 100_000_000),
} as const

function believe(pages: number, rows: number): string {
  return `update pg_class set relpages = ${pages}, reltuples = ${rows}
          where oid = 'task'::regclass or oid in (select indexrelid from pg_index where indrelid = 'task'::regclass)`
}
