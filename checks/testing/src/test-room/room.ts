import { type Duty, type DutyDeps, duty, TaskFlowError, type Wakeups } from '@taskflow/kernel'
import type { Room } from '@taskflow/room'
import { type Admitter, closedGates, type Submission } from '@taskflow/tasks'
import { CONSUMER, gateOfQueue, openTestRoomStore, type TestRoomStore, type TestRoomStoreDeps } from './store.ts'

export { createTestRoomTables } from './statements.ts'
export { CONSUMER, type TestRoomStore } from './store.ts'

/** Labels that ask this room for something; a task without labels is none of its business. */
export const REFUSE = 'test-room.refuse'
export const LINK = 'test-room.link'
export const GATE = 'test-room.gate'

interface TestRoomDutyDeps extends DutyDeps {
  readonly storage: Pick<TestRoomStore, 'consumeEnds' | 'applyClosedQueues'>
  readonly wakeups: Wakeups
}

const admitter: Admitter = {
  name: 'test-room',
  async admit(submissions, db) {
    const queues = submissions.flatMap(({ tasks }) => tasks.filter(asks(GATE)).map(gateOfQueue))
    const closed = new Set((await closedGates(db, queues)).map(({ project, name }) => `${project} ${name}`))
    return submissions.map((submission) => answerTo(submission, closed))
  },
}

type Asking = Submission['tasks'][number]

const asks =
  (label: string) =>
  ({ labels }: Asking): boolean =>
    labels !== null && label in labels

function answerTo(submission: Submission, closed: ReadonlySet<string>): Submission | TaskFlowError {
  const refused = submission.tasks.find(asks(REFUSE))
  if (refused) return new TaskFlowError('TASK_INVALID', `The test room refuses task ${refused.id}`)
  if (!submission.tasks.some(({ labels }) => labels !== null)) return submission
  const tasks = submission.tasks.map((task) => {
    const { project, name } = gateOfQueue(task)
    const waits = asks(GATE)(task) && closed.has(`${project} ${name}`)
    // An earlier room may have set the same fields.
    return { ...task, linked: task.linked || asks(LINK)(task), waitingGate: task.waitingGate ?? (waits ? name : null) }
  })
  return { ...submission, tasks }
}

/**
 * A room that uses each port of `tasks`, as a room of the product would: it refuses submissions by a label, closes and
 * opens queues by gates, and keeps a row of every end of a linked task. No process of the product has it.
 */
export const testRoom = {
  name: 'test-room',
  stores: openTestRoomStore,
  ports: { admission: admitter, end: { consumer: CONSUMER } },
  duties: ({ storage, wakeups, ...deps }: TestRoomDutyDeps): readonly Duty[] => [
    {
      service: duty({
        ...deps,
        name: 'testRoom',
        intervalMs: 1_000,
        async round(isOver) {
          while ((await storage.consumeEnds()) > 0 && !isOver());
          await storage.applyClosedQueues()
          return undefined
        },
      }),
      watch: (wake) => wakeups.on('finished', wake),
    },
  ],
} as const satisfies Room<TestRoomStoreDeps, TestRoomStore, never, TestRoomDutyDeps>
