import type { Metrics, TaskFlowEvents } from '@taskflow/kernel'

const BATCH_SIZES = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000]

type DatabaseName = TaskFlowEvents['database.lost'][0]['database']

/** Metrics of the databases that this process uses. Each counts as up until it is lost. */
export function databaseMetrics(databases: readonly DatabaseName[]): Metrics {
  return ({ gauge, histogram }) => {
    const up = gauge('taskflow_database_up', '1 while the database answers this process, otherwise 0', ['database'])
    for (const database of databases) up.set({ database }, 1)
    const left = histogram('taskflow_batch_size', 'Number of items that shared one statement', ['lane'], BATCH_SIZES)
    return {
      'database.lost': ({ database }) => up.set({ database }, 0),
      'database.returned': ({ database }) => up.set({ database }, 1),
      'batch.left': ({ lane, size }) => left.observe({ lane }, size),
    }
  }
}
