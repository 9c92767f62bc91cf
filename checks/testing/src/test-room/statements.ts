import type { Database } from '@taskflow/database'
import { statement } from '@taskflow/database'
import { script } from '../raw-sql.ts'

// No key: what is stored twice shall be seen twice.
const TABLES = `
  create table if not exists test_room_end (task_id uuid not null, kind text not null);
  create table if not exists test_room_queue (project text not null, queue text not null, primary key (project, queue))`

export const createTestRoomTables = (db: Database): Promise<void> => script(db, TABLES)

export const storeEnds = statement<readonly [taskIds: readonly string[], kinds: readonly string[]], never>({
  name: 'test_room_store_ends',
  columns: [],
  text: 'insert into test_room_end (task_id, kind) select * from unnest($1::uuid[], $2::text[])',
})

export const listEnds = statement<readonly [], { task_id: string; kind: string }>({
  name: 'test_room_list_ends',
  columns: ['task_id', 'kind'],
  text: 'select task_id, kind from test_room_end order by task_id, kind',
})

export const keepClosed = statement<readonly [project: string, queue: string], never>({
  name: 'test_room_keep_closed',
  columns: [],
  text: 'insert into test_room_queue (project, queue) values ($1, $2) on conflict do nothing',
})

export const forgetClosed = statement<readonly [project: string, queue: string], never>({
  name: 'test_room_forget_closed',
  columns: [],
  text: 'delete from test_room_queue where project = $1 and queue = $2',
})

export const listClosed = statement<readonly [], { project: string; queue: string }>({
  name: 'test_room_list_closed',
  columns: ['project', 'queue'],
  text: 'select project, queue from test_room_queue order by project, queue',
})
