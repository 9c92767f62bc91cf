import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const simulate = (...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], { encoding: 'utf8' })

test('a few hundred seeds break no promise', { timeout: 400_000 }, () => {
  const { status, stdout, stderr } = simulate('--seeds', '200')
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(stdout).toMatch(/^200 runs in .*\nNo promise was broken\n$/m)
})

test('a run that breaks a promise is shrunk, and its story printed', { timeout: 120_000 }, () => {
  const { status, stdout } = simulate('--seeds', '20', '--bug', 'idempotency-race')
  expect(status).toBe(0)
  expect(stdout).toMatch(/Seed \d+ broke a promise:\n {2}P5: task \S+ was stored by key \S+, which names others/)
  expect(stdout).toMatch(/The smallest run that breaks it \(\d+ tries\): \d+ calls?, \d+ harms?/)
  expect(stdout).toMatch(/checker +P5 is broken/)
  expect(stdout).toMatch(/The whole story: npm run simulate -- --seed \d+ --bug idempotency-race --all/)
})

test('names an invalid option', () => {
  expect(simulate('--seeds', 'many')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("option '--seeds <n>' argument 'many' is invalid. Expected a whole number from 1"),
  })
  expect(simulate('--gnats')).toMatchObject({ status: 2, stderr: expect.stringContaining("unknown option '--gnats'") })
  const { status, stderr } = simulate('--bug', 'gnats')
  expect(status).toBe(2)
  expect(stderr).toMatch(/There is no bug gnats to plant; there are missing-fencing-check, /)
  expect(stderr).toMatch(/^See: npm run simulate -- --help$/m)
})
