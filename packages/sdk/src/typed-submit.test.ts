import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expectTypeOf, test } from 'vitest'
import type { NewTask } from './api-types.ts'
import type { TaskFlow } from './client.ts'
import { defineTask } from './define-task.ts'
import { newTask } from './new-task.ts'

const plain = defineTask({
  type: 'report.build',
  run: async ({ customer }: { customer: string }) => ({ rows: customer.length }),
})

const dateSchema: StandardSchemaV1<{ at: string }, { at: Date }> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: value as { at: Date } }) },
}

const transforming = defineTask({
  type: 'report.send',
  input: dateSchema,
  run: ({ at }) => at.getTime(),
})

test('without a schema, the handler types the input and the result', () => {
  const submit = (taskflow: TaskFlow) => taskflow.tasks.submit(plain, { customer: 'acme' })
  expectTypeOf<Awaited<ReturnType<typeof submit>>['result']>().toEqualTypeOf<{ rows: number } | null | undefined>()
})

test('with a schema, the input is the input of the schema', () => {
  const submit = (taskflow: TaskFlow) => taskflow.tasks.submit(transforming, { at: '2026-01-02' })
  expectTypeOf<Awaited<ReturnType<typeof submit>>['result']>().toEqualTypeOf<number | null | undefined>()
})

test('waiting keeps the type of the result', () => {
  const result = async (taskflow: TaskFlow) =>
    taskflow.tasks.result(await taskflow.tasks.submit(plain, { customer: 'acme' }))
  expectTypeOf(result).returns.resolves.toEqualTypeOf<{ rows: number }>()
})

test('a task type given by name accepts any payload and has an unknown result', () => {
  const result = (taskflow: TaskFlow) => taskflow.tasks.result('01900000-0000-7000-8000-000000000001')
  expectTypeOf(result).returns.resolves.toBeUnknown()
  expectTypeOf(newTask('report.build', { anything: true })).toEqualTypeOf<NewTask>()
})

test('a wrong input does not compile', () => {
  // @ts-expect-error customer is a string
  newTask(plain, { customer: 7 })
  // @ts-expect-error the schema takes a string
  newTask(transforming, { at: new Date(0) })
  // @ts-expect-error there is no such option
  newTask(plain, { customer: 'acme' }, { prioritty: 'high' })
})
