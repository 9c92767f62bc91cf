import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, expectTypeOf, test } from 'vitest'
import { defineTask, isTaskDefinition, jsonSchemaOf, type TaskContext } from './define-task.ts'
import type { InputOf, ResultOf } from './new-task.ts'

const run = () => null

/** A schema like those of a Standard Schema library. */
const order: StandardSchemaV1<{ customer: string; pages?: number }, { customer: string; pages: number }> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ value: value as { customer: string; pages: 1 } }),
  },
}

function withJsonSchema(input: (options: { target: string }) => Record<string, unknown>): StandardSchemaV1 {
  const jsonSchema = { input, output: () => ({}) }
  return { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }), jsonSchema } as never }
}

test('returns a frozen definition that isTaskDefinition recognises', () => {
  const definition = defineTask({ type: 'report.build', run })
  expect(definition).toMatchObject({ type: 'report.build', run })
  expect(Object.isFrozen(definition)).toBe(true)
  expect(isTaskDefinition(definition)).toBe(true)
})

test('recognises a definition of another copy of the package', () => {
  expect(isTaskDefinition({ type: 'a', run, [Symbol.for('taskflow.definition')]: true })).toBe(true)
})

test.each([null, undefined, 'text', {}, { type: 'a', run }])('does not take %o for a definition', (value) => {
  expect(isTaskDefinition(value)).toBe(false)
})

test.each([
  [{ type: '.hidden' }, 'Expected `type` of task `.hidden` to be a name of 1 to 128 letters'],
  [{ type: 'x'.repeat(129) }, 'to be a name of 1 to 128 letters'],
  [{ type: 7 }, 'Expected `type` of a task to be a name'],
  [{ type: 'a', run: 'text' }, 'Expected `run` of task `a` to be a function, got "text"'],
  [{ type: 'a', maxAttempts: 0 }, 'Expected `maxAttempts` of task `a` to be an integer from 1, got 0'],
  [{ type: 'a', retry: { factor: 0.5 } }, 'Expected `retry.factor` of task `a` to be a number from 1, got 0.5'],
  [{ type: 'a', retry: { maxMs: 315_360_000_001 } }, 'to be an integer from 0 to 315360000000 (ten years)'],
  [
    { type: 'a', timeouts: { heartbeatMs: 8.9e15 } },
    'Expected `timeouts.heartbeatMs` of task `a` to be an integer from 1',
  ],
  [{ type: 'a', retry: 5 }, 'Expected `retry` of task `a` to be an object, got 5'],
  [{ type: 'a', timeouts: { startToCloseMs: -1 } }, 'Expected `timeouts.startToCloseMs` of task `a`'],
  [{ type: 'a', timeouts: { startToClose: 1 } }, 'Unknown field `timeouts.startToClose` of task `a`'],
  [{ type: 'a', timeout: 1 }, 'Unknown field `timeout` of task `a`; the fields are type, run, queue'],
  [{ type: 'a', isolation: 'fibre' }, 'Expected `isolation` of task `a` to be one of thread, process'],
  [{ type: 'a', priority: 'urgent' }, 'Expected `priority` of task `a` to be one of critical, high, normal, low'],
  [{ type: 'a', input: {} }, 'Expected `input` of task `a` to be a schema of a Standard Schema library'],
])('refuses %o', (options, message) => {
  expect(() => defineTask({ run, ...options } as never)).toThrow(message)
})

test('refuses a definition without a handler', () => {
  expect(() => defineTask({ type: 'a' } as never)).toThrow('Expected `run` of task `a` to be a function, got undefined')
})

test('types the handler by the output of the schema and the submission by its input', () => {
  const definition = defineTask({
    type: 'report.build',
    input: order,
    run(payload, ctx) {
      expectTypeOf(payload).toEqualTypeOf<{ customer: string; pages: number }>()
      expectTypeOf(ctx).toEqualTypeOf<TaskContext>()
      return Promise.resolve({ rows: payload.pages })
    },
  })
  expectTypeOf<InputOf<typeof definition>>().toEqualTypeOf<{ customer: string; pages?: number }>()
  expectTypeOf<ResultOf<typeof definition>>().toEqualTypeOf<{ rows: number }>()
})

test('types a submission by the handler where there is no schema', () => {
  const definition = defineTask({ type: 'a', run: async ({ name }: { name: string }) => name.length })
  expectTypeOf<InputOf<typeof definition>>().toEqualTypeOf<{ name: string }>()
  expectTypeOf<ResultOf<typeof definition>>().toEqualTypeOf<number>()
})

test('returns the JSON Schema of the payload', () => {
  const input = withJsonSchema(({ target }) => ({ $comment: target, type: 'object' }))
  expect(jsonSchemaOf(defineTask({ type: 'a', input, run }))).toEqual({ $comment: 'draft-2020-12', type: 'object' })
})

test('returns no JSON Schema when the library cannot convert the schema', () => {
  const refusing = withJsonSchema(() => {
    throw new Error('a bigint has none')
  })
  expect(jsonSchemaOf(defineTask({ type: 'a', input: order, run }))).toBeUndefined()
  expect(jsonSchemaOf(defineTask({ type: 'b', input: refusing, run }))).toBeUndefined()
  expect(jsonSchemaOf(defineTask({ type: 'c', run }))).toBeUndefined()
})
