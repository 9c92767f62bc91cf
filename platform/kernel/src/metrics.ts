import type { Metrics } from './meters.ts'

/** Metrics of the kernel: rounds of services, and leadership. */
export const kernelMetrics: Metrics = (meters) => {
  const rounds = meters.counter('taskflow_rounds_total', 'Rounds of the services of this process', [
    'service',
    'outcome',
  ])
  const roundAt = meters.gauge('taskflow_round_succeeded_timestamp_seconds', 'When a service last completed a round', [
    'service',
  ])
  const leads = meters.gauge('taskflow_leader', 'Whether this process leads, as 0 or 1')
  const term = meters.gauge('taskflow_leader_term', 'Term in which this process last led')
  const changes = meters.counter(
    'taskflow_leader_changes_total',
    'Times this process began or ceased to lead, by reason',
    ['reason'],
  )
  return {
    'round.succeeded': ({ service }) => {
      rounds.inc({ service, outcome: 'succeeded' })
      roundAt.setToCurrentTime({ service })
    },
    'round.failed': ({ service }) => rounds.inc({ service, outcome: 'failed' }),
    'leader.elected': (elected) => {
      leads.set(1)
      term.set(elected.term)
      changes.inc({ reason: 'elected' })
    },
    'leader.lost': ({ reason }) => {
      leads.set(0)
      changes.inc({ reason })
    },
  }
}
