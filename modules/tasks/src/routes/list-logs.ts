import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { encodeCursor, Moment, PageQuery, pageOf, principalOf, problems, readPage, ref } from '@taskflow/http'
import { isUuid } from '@taskflow/kernel'
import { closed } from '@taskflow/validation'
import type { LogLine, TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'
import { TaskParams } from './task-params.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'listLogs'>
}

/** A line that a handler logged as the API shows it. */
export const LogLineView = Type.Object(
  {
    attempt: Type.Integer({ description: 'The attempt that logged the line' }),
    at: Moment,
    level: Type.Enum(['debug', 'info', 'warn', 'error']),
    message: Type.String(),
    fields: Type.Unsafe<unknown>({ description: 'The fields that the handler logged with the message; null for none' }),
    cursor: Type.String({
      description: 'Pass this as `cursor` to get the lines after this one, including lines that are logged later',
    }),
  },
  {
    $id: 'LogLine',
    examples: [
      {
        attempt: 1,
        at: '2026-01-01T00:00:00.640Z',
        level: 'info',
        message: 'Loaded the orders',
        fields: { orders: 1_204 },
        cursor: 'MDE5Yjc2ZGEtYWE4MC03YjE3LTliMmMtNGU4ZDBmNzNhNjUx',
      },
    ],
  },
)

/** GET /v1/tasks/:id/logs */
export const listLogsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks/:id/logs',
    {
      schema: {
        operationId: 'listLogs',
        summary: 'List the log of a task',
        description:
          'Returns a page of what the handler logged in all attempts, oldest first. To follow the log of a running task, pass the `cursor` of the last line: no line is ever stored before one that was shown, except by a worker that was lost and comes back.',
        tags: ['tasks'],
        params: TaskParams,
        querystring: closed(PageQuery),
        response: { 200: pageOf(ref(LogLineView)), ...problems(404) },
      },
      config: { permission: 'tasks:read' },
    },
    async (request) => {
      const { project } = principalOf(request)
      const page = await readPage(request.query, {
        read: (range) => storage.listLogs(project, request.params.id as TaskId, range),
        positionOf: (line) => line.cursor,
        isPosition: isUuid,
      })
      return { ...page, items: page.items.map(logLineView) }
    },
  )
}

function logLineView(line: LogLine & { cursor: string }): Static<typeof LogLineView> {
  return {
    ...line,
    at: line.at.toISOString(),
    fields: line.fields === null ? null : (JSON.parse(line.fields) as unknown),
    cursor: encodeCursor(line.cursor),
  }
}
