import { sqlBeside, statement } from '@taskflow/database'

export interface NoticeRow {
  id: number
  project: string
  task_id: string
  kind: string
  at: Date
}

/** For a transaction that deletes what it returns (delete_notices), or leaves it for the next. */
export const lockNotices = statement<readonly [consumer: string, limit: number], NoticeRow>({
  name: 'lock_notices',
  columns: ['id', 'project', 'task_id', 'kind', 'at'],
  text: sqlBeside(import.meta.url),
})
