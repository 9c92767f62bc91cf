import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TaskVerb, TRANSITIONS } from '@taskflow/tasks'
import { ROOT } from '@taskflow/testing/sources'
import { describe, expect, test } from 'vitest'

/**
 * One verb, one name, top to bottom. The tests walk the rooms: each operation of the API is named after its file, and has
 * the statement, the method of the SDK and the command of the same name, unless a table below says otherwise. So a new
 * verb that keeps the rule needs no change here.
 */

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Several verbs share a statement where they differ in values alone; its file names each of them. */
const STORED_IN: Readonly<Partial<Record<TaskVerb, string>>> = {
  promote: 'promote-tasks',
  claim: 'claim-tasks',
  complete: 'finish-tasks',
  fail: 'finish-tasks',
  retry: 'requeue-tasks',
  snooze: 'requeue-tasks',
  release: 'requeue-tasks',
  rescue: 'requeue-tasks',
  expire: 'expire-tasks',
}

/** The verbs that end an attempt are decided in one place, by judge(). */
const JUDGE = 'modules/tasks/src/domain/attempt-outcome.ts'

const DRIVEN_BY: Readonly<Partial<Record<TaskVerb, string>>> = {
  promote: 'modules/tasks/src/duties/promoter.ts',
  claim: 'packages/worker/src/fetching/claimer.ts',
  complete: JUDGE,
  fail: JUDGE,
  retry: JUDGE,
  snooze: JUDGE,
  release: JUDGE,
  rescue: 'modules/fleet/src/duties/rescuer.ts',
  expire: 'modules/tasks/src/duties/expirer.ts',
}

for (const verb of Object.keys(TRANSITIONS) as TaskVerb[]) {
  describe(verb, () => {
    const statement = `modules/tasks/src/statements/${STORED_IN[verb] ?? `${verb}-task`}.ts`
    const driver = DRIVEN_BY[verb] ?? `modules/tasks/src/routes/${verb}-task.ts`

    test(`is stored by ${statement}, which names it`, () => {
      expect(read(statement).toLowerCase()).toContain(verb)
    })

    test(`is driven by ${driver}, which names it`, () => {
      expect(read(driver).toLowerCase()).toContain(verb)
    })
  })
}

interface Names {
  /** The statement, in the same room or in another. */
  readonly statement?: string
  /** The method of the client. */
  readonly method?: string
  /** The file of the command, below `packages/cli/src`; null where there is none. */
  readonly command?: string | null
}

/** Where an operation does not have the names that follow from its own. */
const OTHERWISE: Readonly<Record<string, Names>> = {
  submitTask: { statement: 'submit-tasks' },
  submitTasks: { method: 'tasks.submitMany', command: 'tasks/submit' },
  listTasks: { method: 'tasks.list' },
  listAttempts: { method: 'tasks.attempts', command: 'tasks/attempts' },
  listEvents: { method: 'tasks.events', command: 'tasks/events' },
  listLogs: { method: 'tasks.logs', command: 'tasks/logs' },
  getWorker: { statement: 'list-workers' },
  cordonWorker: { statement: 'request-worker' },
  uncordonWorker: { statement: 'request-worker' },
  drainWorker: { statement: 'request-worker' },
  getQueue: { statement: 'list-queues', command: null },
  createApiKey: { command: 'keys/create' },
  listApiKeys: { command: 'keys/list' },
  revokeApiKey: { command: 'keys/revoke' },
  getMe: { statement: 'find-principal', method: 'me', command: null },
}

const kebab = (name: string): string => name.replace(/[A-Z]/g, '-$&').toLowerCase()
const plural = (noun: string): string => (noun.endsWith('s') ? noun : `${noun}s`)

/** `cancelTask` is `tasks.cancel` in the SDK and `tasks/cancel` on the command line. */
function namesOf(operation: string): Required<Names> {
  const [, verb = '', noun = ''] = /^([a-z]+)([A-Z]\w*)$/.exec(operation) ?? []
  const nouns = plural(noun.charAt(0).toLowerCase() + noun.slice(1))
  return {
    statement: kebab(operation),
    method: `${nouns}.${verb}`,
    command: `${kebab(nouns)}/${verb}`,
    ...OTHERWISE[operation],
  }
}

interface Operation {
  readonly name: string
  readonly file: string
  readonly code: string
}

const operations: readonly Operation[] = globSync('modules/*/src/routes/*.ts', { cwd: ROOT })
  .toSorted()
  .map((file) => ({ file, code: read(file) }))
  .flatMap(({ file, code }) =>
    [...code.matchAll(/operationId: '(\w+)'/g)].map(([, name = '']) => ({ name, file, code })),
  )

const sdk = globSync('packages/sdk/src/*.ts', { cwd: ROOT, exclude: (path) => path.endsWith('.test.ts') })
  .map(read)
  .join('\n')

/** The code of the class or interface of a noun of the SDK, or of the client itself. */
function codeOf(noun: string | undefined): string {
  const name = noun === undefined ? 'TaskFlow' : noun.charAt(0).toUpperCase() + noun.slice(1)
  return new RegExp(`^export (?:class|interface) ${name}\\b[^]*?^}`, 'm').exec(sdk)?.[0] ?? ''
}

/** Whether the SDK has `noun.method`, or `method` of the client. */
function hasMethod(path: string): boolean {
  const [method, noun] = path.split('.').toReversed()
  return new RegExp(`^ {2}(async \\*?)?${method}(\\(|<)`, 'm').test(codeOf(noun))
}

test('a method is found in its own noun only', () => {
  expect(hasMethod('workers.cordon')).toBe(true)
  expect(hasMethod('queues.cordon')).toBe(false)
})

test('rooms have operations', () => {
  expect(operations.length).toBeGreaterThan(15)
})

for (const { name, file, code } of operations) {
  const { statement, method, command } = namesOf(name)

  describe(name, () => {
    test(`is served by the file of its name, ${file}`, () => {
      expect(file.split('/').at(-1)).toBe(`${kebab(name)}.ts`)
    })

    test('names the permission that it takes', () => {
      expect(code).toMatch(/permission: '(any|[a-zA-Z]+:[a-zA-Z]+)'/)
    })

    test(`is read or written by ${statement}`, () => {
      expect(globSync(`modules/*/src/statements/${statement}.ts`, { cwd: ROOT })).toHaveLength(1)
    })

    test(`is client.${method}() in the SDK`, () => {
      expect(hasMethod(method)).toBe(true)
    })

    if (command !== null) {
      test(`is taskflow ${command.replace('/', ' ')}`, () => {
        expect(existsSync(join(ROOT, 'packages/cli/src', `${command}.ts`))).toBe(true)
        expect(read(`packages/cli/src/${command}.ts`)).toContain(`'${command.split('/').at(-1)}`)
      })
    }
  })
}

test('every exception is of an operation that is there', () => {
  expect(Object.keys(OTHERWISE).filter((name) => !operations.some((each) => each.name === name))).toEqual([])
})
