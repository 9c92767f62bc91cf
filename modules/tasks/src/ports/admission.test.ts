import type { Database, Statement } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import { openStorage } from '@taskflow/rooms'
import { engines, newTask, newTaskId, submissionOf, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { describe, expect, test } from 'vitest'
import { askAdmitters } from '../store/ask-admitters.ts'
import type { Submission } from './task-store.ts'
import { linkedTask, RETENTION_MS, refusedTask, useTestRoom } from './test/use-test-room.ts'

/** The same database, and the texts of the statements that it is asked to run. */
function listening(db: Database, texts: string[]): Database {
  const note = <Params extends readonly unknown[], Row>({ text }: Statement<Params, Row>) => texts.push(text)
  return {
    ...db,
    run(statement, params) {
      note(statement)
      return db.run(statement, params)
    },
  }
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    const room = useTestRoom(given)

    test('a submission runs the same statements, whether or not a room admits and has nothing against it', async () => {
      const texts: Record<'none' | 'listed', string[]> = { none: [], listed: [] }
      const none = openStorage({
        db: listening(given.db, texts.none),
        events: given.events,
        retentionMs: RETENTION_MS,
      })
      const listed = room.open(listening(given.db, texts.listed))
      for (const each of [none, listed]) {
        await each.submitTasks(submissionOf(newTask(), newTask()))
        await each.submitTasks(submissionOf(newTask(), newTask({ type: 'test.other' })))
        await each.submitTasks({ ...submissionOf(newTask()), idempotency: { key: newTaskId(), requestHash: 'h' } })
      }
      expect(texts.none.map((text) => /insert into (\w+)/.exec(text)?.[1])).toHaveLength(3)
      expect(texts.listed).toEqual(texts.none)
    })

    test('refuses one submission of a batch alone', async () => {
      const tasks = [newTask(), refusedTask(), newTask()]
      const results = await Promise.allSettled(tasks.map((task) => room.storage.submitTasks(submissionOf(task))))
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'TASK_INVALID' })
      const stored = await rowsOf<{ id: string }>(given.db, 'select id from task order by id')
      expect(stored.map(({ id }) => id)).toEqual([tasks[0]!.id, tasks[2]!.id].sort())
    })

    test('refuses a submission of a caller’s transaction', async () => {
      await given.db.transaction(async (tx) => {
        await expect(room.storage.submitWithin(tx, submissionOf(refusedTask()))).rejects.toBeInstanceOf(TaskFlowError)
        await room.storage.submitWithin(tx, submissionOf(linkedTask()))
      })
      const stored = await rowsOf<{ linked: boolean }>(given.db, 'select linked from task')
      expect(stored).toEqual([{ linked: true }])
    })

    test('answers a retry as the first submission was answered, though it would be refused now', async () => {
      const idempotency = { key: newTaskId(), requestHash: 'h' }
      const first = await room.storage.submitTasks({ ...submissionOf(newTask()), idempotency })
      const again = await room.storage.submitTasks({ ...submissionOf(refusedTask()), idempotency })
      expect(again).toEqual({ ...first, replayed: true })
      const other = { key: newTaskId(), requestHash: 'h' }
      await expect(
        room.storage.submitTasks({ ...submissionOf(refusedTask()), idempotency: other }),
      ).rejects.toMatchObject({
        code: 'TASK_INVALID',
      })
    })

    test('returns the tasks as they were stored, where a room changed them', async () => {
      const plain = await room.storage.submitTasks(submissionOf(newTask()))
      expect(plain.tasks).toBeUndefined()
      const changed = await room.storage.submitTasks(submissionOf(linkedTask()))
      expect(changed.tasks).toMatchObject([{ linked: true }])
    })

    test.each([
      ['no answer', () => undefined],
      ['no task', (submission: Submission) => ({ ...submission, tasks: [] })],
      ['another task', (submission: Submission) => ({ ...submission, tasks: [newTask()] })],
      [
        'a task of another project',
        (submission: Submission) => ({
          ...submission,
          tasks: submission.tasks.map((task) => ({ ...task, project: 'x' })),
        }),
      ],
    ])('refuses an admitter that answers %s, and names its room', async (_what, answer) => {
      const admit = async (submissions: readonly Submission[]) => submissions.map(answer) as Submission[]
      const answered = askAdmitters([{ name: 'notes', admit }], [submissionOf(newTask())], given.db)
      await expect(answered).rejects.toThrow('Expected the admitter of room notes to answer')
    })

    test('asks an admitter that is an object of a class', async () => {
      class Counting {
        readonly name = 'counting'
        #count = 0
        async admit(submissions: readonly Submission[]): Promise<readonly Submission[]> {
          this.#count += submissions.length
          return submissions
        }
        get count(): number {
          return this.#count
        }
      }
      const admitter = new Counting()
      await askAdmitters([admitter], [submissionOf(newTask())], given.db)
      expect(admitter.count).toBe(1)
    })
  })
}
