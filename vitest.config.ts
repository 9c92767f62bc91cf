import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const SETUP = './checks/testing/src'

/**
 * Three circles, each within the next, and what is around them:
 * - `pure`: the domain and the architecture. No database, no set-up; part of `npm run check`.
 * - `fast`: every package, on PGlite. Needs no service; `npm run test:fast`.
 * - `full`: the same on every PostgreSQL as well, on services beside it (`*.service.test.ts`), and e2e with real processes.
 * - `cluster`: many real processes that are killed, frozen and cut off. They fill the machine, so one file at a time,
 *   after all others. `npm test` runs these two.
 */
export default defineConfig({
  test: {
    // Many tests wait for a server or a child process, so two files at once keep two cores busy, and not more.
    maxWorkers: Math.max(2, Math.min(4, availableParallelism())),
    // A flaky test is a bug; running it again would hide it.
    retry: 0,
    projects: [
      {
        test: {
          name: 'pure',
          include: [
            '*.test.ts',
            'platform/kernel/src/**/*.test.ts',
            'modules/*/src/domain/**/*.test.ts',
            'modules/tasks/src/dispatch/**/*.test.ts',
            'modules/rooms/src/{errors,permissions}.test.ts',
          ],
          testTimeout: 10_000,
        },
      },
      {
        test: {
          name: 'fast',
          include: [
            '*.test.ts',
            '{platform,modules,packages,examples,checks/testing,checks/bench,checks/proof,scripts}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.service.test.ts'],
          globalSetup: `${SETUP}/fast-setup.ts`,
          testTimeout: 20_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'full',
          include: ['*.test.ts', '{platform,modules,packages,examples,checks,scripts}/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'checks/e2e/cluster/**'],
          globalSetup: `${SETUP}/full-setup.ts`,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['checks/e2e/cluster/**/*.test.ts'],
          globalSetup: `${SETUP}/full-setup.ts`,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
