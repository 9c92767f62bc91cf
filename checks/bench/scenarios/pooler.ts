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
    'The cost of a PgBouncer in transaction mode, for decision 10: 50 connections submit single tasks over HTTP ' +
    'and one worker runs them at once, directly and through PgBouncer.',
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
