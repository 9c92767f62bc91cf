/**
 * Stores an order and a task in one transaction: either both exist or neither. The database needs the tables of
 * TaskFlow (`taskflow migrate up`). A worker with `--tasks examples/tasks` runs the task.
 *
 *     DATABASE_URL=postgres://… npx node examples/direct/place-order.ts
 */
import { taskflowDirect } from '@taskflow/direct'
import pg from 'pg'
import { hello } from '../tasks/hello.ts'

const { DATABASE_URL: databaseUrl = 'postgres://127.0.0.1/taskflow' } = process.env

const taskflow = taskflowDirect({ databaseUrl, actor: 'shop' })
const client = new pg.Client(databaseUrl)
await client.connect()
await client.query('create table if not exists shop_order (id serial primary key, customer text not null)')

try {
  await client.query('begin')
  await client.query('insert into shop_order (customer) values ($1)', ['Ada'])
  const task = await taskflow.tasks.submit(hello, { name: 'Ada' }, {}, { tx: client })
  await client.query('commit')
  console.log(`Stored the order and task ${task.id}`)
} catch (error) {
  await client.query('rollback')
  throw error
} finally {
  await client.end()
  await taskflow.close()
}
