import type { TestProject } from 'vitest/node'
import { provideEngines } from './provide-engines.ts'

export const setup = (project: TestProject) => provideEngines(project, 'all')
