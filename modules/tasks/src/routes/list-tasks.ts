import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { PageQuery, pageOf, principalOf, problems, readPage, ref } from '@taskflow/http'
import { isUuid } from '@taskflow/kernel'
import { closed, name } from '@taskflow/validation'
import { PRIORITIES } from '../domain/priority.ts'
import type { TaskId } from '../domain/task.ts'
import { TASK_STATES } from '../domain/task-state.ts'
import { taskView } from '../domain/task-view.ts'
import { MAX_PAGE_BYTES, type TaskFilter, type TaskStore } from '../ports/task-store.ts'
import { TaskView } from './task-view.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'listTasks'>
}

const MAX_PAGE_MIB = MAX_PAGE_BYTES / 1_048_576

const Query = closed(
  {
    ...PageQuery,
    state: Type.Optional(
      Type.Array(Type.Enum([...TASK_STATES]), {
        description: 'Tasks in any of these states; repeat the parameter, or separate states by commas',
      }),
    ),
    queue: Type.Optional(name('Tasks of this queue')),
    type: Type.Optional(name('Tasks of this type')),
    priority: Type.Optional(Type.Enum([...PRIORITIES], { description: 'Tasks of this priority class' })),
    createdBy: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'Tasks that this caller submitted, such as `key:ci`' }),
    ),
    createdAfter: Type.Optional(Type.String({ format: 'date-time', description: 'Tasks submitted after this time' })),
    createdBefore: Type.Optional(Type.String({ format: 'date-time', description: 'Tasks submitted before this time' })),
    q: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'Tasks whose title, description or type contains this text, in upper or lower case',
      }),
    ),
    include: Type.Optional(
      Type.Array(Type.Enum(['payload', 'result']), {
        description: `Adds the payload or the result of each task, which lists omit by default. A page that reaches ${MAX_PAGE_MIB} MiB of them ends early, with at least one task and with its \`nextCursor\``,
      }),
    ),
  },
  { patternProperties: { '^label\\.[\\s\\S]{1,64}$': { type: 'string', maxLength: 256 } } },
)

/** GET /v1/tasks */
export const listTasksRoute: FastifyPluginAsyncTypebox<Deps> = async (app, { storage }) => {
  app.get(
    '/v1/tasks',
    {
      schema: {
        operationId: 'listTasks',
        summary: 'List tasks',
        description:
          'Returns a page of tasks that match all given filters, newest first. `label.<name>=<value>` filters by a label; repeat it for other labels.',
        tags: ['tasks'],
        querystring: Query,
        response: { 200: pageOf(ref(TaskView)), ...problems() },
      },
      config: { permission: 'tasks:read', commaSeparated: ['state', 'include'] },
    },
    async (request) => {
      const { query } = request
      const filter = filterOf(query, principalOf(request).project)
      const include = {
        payload: query.include?.includes('payload') ?? false,
        result: query.include?.includes('result') ?? false,
      }
      const page = await readPage(query, {
        read: ({ limit, after }) =>
          storage.listTasks(filter, { limit, ...(after !== undefined && { before: after as TaskId }) }, include),
        positionOf: (task) => task.id,
        isPosition: isUuid,
        fits: (task) => task.fits,
      })
      return { ...page, items: page.items.map((task) => taskView(task, { ...include, progress: false })) }
    },
  )
}

function filterOf(query: Static<typeof Query>, project: string): TaskFilter {
  const labels = labelsOf(query)
  return {
    project,
    ...(query.state && { states: query.state }),
    ...(query.queue !== undefined && { queue: query.queue }),
    ...(query.type !== undefined && { type: query.type }),
    ...(query.priority && { priority: query.priority }),
    ...(query.createdBy !== undefined && { createdBy: query.createdBy }),
    ...(query.createdAfter !== undefined && { createdAfter: new Date(query.createdAfter) }),
    ...(query.createdBefore !== undefined && { createdBefore: new Date(query.createdBefore) }),
    ...(query.q !== undefined && { search: query.q }),
    ...(Object.keys(labels).length > 0 && { labels }),
  }
}

const LABEL = 'label.'

function labelsOf(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.entries(query).filter(([key]) => key.startsWith(LABEL))
  return Object.fromEntries(given.map(([key, value]) => [key.slice(LABEL.length), value as string]))
}
