import { sqlBeside, statement } from '@taskflow/database'

export const deleteNotices = statement<readonly [ids: readonly number[]], never>({
  name: 'delete_notices',
  columns: [],
  text: sqlBeside(import.meta.url),
})
