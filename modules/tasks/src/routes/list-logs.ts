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

export const LogLineView = Type.Object(
  {
    attempt: Type.Integer(),
    at: Moment,
    level: Type.Enum(['debug', 'info', 'warn', 'error']),
    message: Type.String(),
    fields: Type.Unsafe<unknown>({ description: 'What was logged beside the message; null where nothing was' }),
    cursor: Type.String({ description: 'As `cursor` of a request: the lines after this one, also those yet to come' }),
  },
  { $id: 'LogLine' },
)

/** GET /v1/tasks/:id/logs */
export const listLogsRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks/:id/logs',
    {
      schema: {
        operationId: 'listLogs',
        summary: 'List what the handler of a task logged',
        description: 'Oldest first, of all attempts.',
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
