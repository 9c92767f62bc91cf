import { describe, expect, test } from 'vitest'
import type { Settings } from './config.ts'
import { welcome } from './welcome.ts'

const SETTINGS = {
  roles: ['api', 'worker', 'coordinator'],
  host: '127.0.0.1',
  broker: 'postgres',
  databaseUrl: undefined,
  dataDir: '.taskflow',
} as unknown as Settings
const NOTHING = { types: [], isTerminal: true }
const PROCESS = { url: 'http://127.0.0.1:8080', administrator: { secret: 'the-key', isNew: true } } as const

test('suggests the task of the tutorial', () => {
  expect(welcome(PROCESS, SETTINGS, { types: ['drop-everything', 'hello'], isTerminal: true })).toContain(
    'npx taskflow tasks submit hello',
  )
})

test('lets the reader choose among types of their own, whatever these do', () => {
  const text = welcome(PROCESS, SETTINGS, { types: ['drop-everything', 'mail.send'], isTerminal: true })
  expect(text).toContain('task types drop-everything, mail.send:')
  expect(text).toContain('npx taskflow tasks submit <type> --payload')
  expect(text).not.toContain('submit drop-everything')
})

test('mentions the other addresses of the machine when it listens on all of them', () => {
  expect(welcome(PROCESS, { ...SETTINGS, host: '0.0.0.0' }, NOTHING)).toContain(
    'http://127.0.0.1:8080 (and every other address of this machine)',
  )
  expect(welcome(PROCESS, SETTINGS, NOTHING)).not.toContain('every other address')
})

describe('the administrator', () => {
  const text = (
    { secret, isNew }: { secret: string | undefined; isNew: boolean },
    settings: Partial<Settings>,
    isTerminal: boolean,
  ) =>
    welcome(
      { ...PROCESS, administrator: { secret, isNew } },
      { ...SETTINGS, ...settings },
      { types: ['hello'], isTerminal },
    )
  const created = { secret: 'the-key', isNew: true }

  test('is shown with a new key in a terminal, and nowhere else', () => {
    expect(text(created, {}, true)).toContain("with the administrator's key the-key (created now; kept in")
    const inLog = text(created, {}, false)
    expect(inLog).toContain("with the administrator's key in .taskflow/admin.key")
    expect(inLog).toContain('Bearer $(cat .taskflow/admin.key)')
    expect(inLog).not.toContain('the-key')
  })

  test('signs in with the token where one is set', () => {
    const shown = text({ secret: undefined, isNew: false }, { adminToken: 'hidden' }, true)
    expect(shown).toContain('Sign in     with TASKFLOW_ADMIN_TOKEN')
    expect(shown).toContain('Bearer $TASKFLOW_ADMIN_TOKEN')
    expect(shown).not.toContain('hidden')
  })

  test('is missing where a log is all that a start over PostgreSQL could print a key to', () => {
    const settings = { databaseUrl: 'postgres://host/db' }
    expect(text({ secret: undefined, isNew: false }, settings, false)).toContain('or set TASKFLOW_ADMIN_TOKEN')
  })
})
