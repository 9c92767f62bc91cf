import { withEmbedded, withOriginalDesign, withTaskFlow } from '../api-system.ts'
import { CONNECTIONS } from '../callers.ts'
import { CELERY } from '../contenders.ts'
import { missingOf } from '../race.ts'
import type { Scenario } from '../scenario.ts'
import { submitAndRun, submitMsOf } from '../submit-and-run.ts'

const TASKFLOW = 'TaskFlow'
const ORIGINAL = 'FastAPI, Celery, Redis, PostgreSQL'

export const originalDesign: Scenario = {
  name: 'original-design',
  rows: ['M'],
  // A factor of ten needs no third.
  mostRounds: 2,
  title: 'Against the original design',
  summary:
    'The same task over HTTP, on 50 connections for three seconds, while workers run. The original design: ' +
    'FastAPI stores a row in PostgreSQL through SQLAlchemy and asyncpg, sends a Celery task over Redis and ' +
    'replies; the Celery worker marks the row as succeeded. TaskFlow runs one process of each role, and for ' +
    'comparison one process on PGlite. Submit: replies per second. End to end: all tasks, from the first call ' +
    'until the database has no unfinished task.',
  figures: { submit: 'requests/s', 'end to end': 'tasks/s' },
  settings: (bench) => ({
    connections: CONNECTIONS,
    submitMs: submitMsOf(bench),
    original: 'uvicorn with uvloop and httptools, 2 workers; Celery prefork 2, prefetch 100, results ignored',
  }),
  contenders: (bench) => {
    const missing = missingOf(bench, CELERY)
    return {
      [TASKFLOW]: () => withTaskFlow(bench, (system) => submitAndRun(bench, system)),
      [ORIGINAL]:
        missing === undefined ? () => withOriginalDesign(bench, (system) => submitAndRun(bench, system)) : { missing },
      ...(!bench.isQuick && {
        'TaskFlow in one process, PGlite': () => withEmbedded(bench, (system) => submitAndRun(bench, system)),
      }),
    }
  },
  targets: [
    { figure: 'submit', measure: 'submit over HTTP, against the original design' },
    { figure: 'end to end', measure: 'end to end over HTTP, against the original design' },
  ].map((target) => ({ ...target, row: 'M', of: TASKFLOW, to: [ORIGINAL], atLeast: 10 })),
}
