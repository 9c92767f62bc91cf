import { expect, test } from 'vitest'
import type { Settings } from './config.ts'
import { welcome } from './welcome.ts'

const SETTINGS = {
  roles: ['api', 'worker', 'coordinator'],
  host: '127.0.0.1',
  broker: 'postgres',
  databaseUrl: undefined,
  dataDir: '.taskflow',
} as unknown as Settings
const PROCESS = { url: 'http://127.0.0.1:8080', administrator: { secret: 'the-key', isNew: true } } as const

test('suggests the task of the tutorial', () => {
  expect(welcome(PROCESS, SETTINGS, ['drop-everything', 'hello'])).toContain('npx taskflow tasks submit hello')
})

test('lets the reader choose among types of their own, whatever these do', () => {
  const text = welcome(PROCESS, SETTINGS, ['drop-everything', 'mail.send'])
  expect(text).toContain('task types drop-everything, mail.send:')
  expect(text).toContain('npx taskflow tasks submit <type> --payload')
  expect(text).not.toContain('submit drop-everything')
})

test('mentions the other addresses of the machine when it listens on all of them', () => {
  expect(welcome(PROCESS, { ...SETTINGS, host: '0.0.0.0' }, [])).toContain(
    'http://127.0.0.1:8080 (and every other address of this machine)',
  )
  expect(welcome(PROCESS, SETTINGS, [])).not.toContain('every other address')
})
