import type { Database } from '@taskflow/database'
import type { TaskId } from '../domain/task.ts'
import type { Notice, NoticeStore } from '../ports/end.ts'
import { deleteNotices } from '../statements/delete-notices.ts'
import { lockNotices, type NoticeRow } from '../statements/lock-notices.ts'

export function noticeStore(db: Database): NoticeStore {
  return {
    consumeNotices: (consumer, limit, work) =>
      db.transaction(async (tx) => {
        const rows = await tx.run(lockNotices, [consumer, limit])
        if (rows.length === 0) return 0
        await work(rows.map(toNotice), tx)
        await tx.run(deleteNotices, [rows.map(({ id }) => id)])
        return rows.length
      }),
  }
}

const toNotice = ({ id, project, task_id: taskId, kind, at }: NoticeRow): Notice => ({
  id,
  project,
  taskId: taskId as TaskId,
  kind: kind as Notice['kind'],
  at,
})
