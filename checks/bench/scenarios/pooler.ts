import { withTaskFlow } from '../api-system.ts'
import { CONNECTIONS } from '../callers.ts'
import type { Scenario } from '../scenario.ts'
import { submitAndRun, submitMsOf } from '../submit-and-run.ts'

const SESSIONS = 10

export const pooler: Scenario = {
  name: 'pooler',
  isAside: true,
  title: 'Through a pooler',
  summary:
    'What a PgBouncer in transaction mode costs: single submits over HTTP and 50 connections, run at once by one worker, directly and ' +
    'through it. What decision 10 rests on.',
  figures: { submit: 'requests/s', 'end to end': 'tasks/s' },
  settings: (bench) => ({ sessions: SESSIONS, connections: CONNECTIONS, submitMs: submitMsOf(bench) }),
  contenders: (bench) => {
    const { services } = bench
    const missing = services.missing.pgbouncer
    return {
      directly: () => withTaskFlow(bench, (system) => submitAndRun(bench, system)),
      'through PgBouncer':
        missing === undefined
          ? () =>
              withTaskFlow(
                bench,
                (system) => submitAndRun(bench, system),
                (url) => services.pgbouncer(url, SESSIONS),
              )
          : { missing },
    }
  },
}
