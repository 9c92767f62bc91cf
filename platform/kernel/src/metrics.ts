import type { Metrics } from './meters.ts'

/** Metrics of the kernel: rounds of services and leadership. */
export const kernelMetrics: Metrics = (meters) => {
  const rounds = meters.counter(
    'taskflow_rounds_total',
    'Rounds of the periodic services of this process, by outcome',
    ['service', 'outcome'],
  )
  const roundAt = meters.gauge(
    'taskflow_round_succeeded_timestamp_seconds',
    'Time of the last completed round of a service',
    ['service'],
  )
  const leads = meters.gauge('taskflow_leader', '1 while this process leads, otherwise 0')
  const term = meters.gauge('taskflow_leader_term', 'Number of the last term in which this process led')
  const changes = meters.counter(
    'taskflow_leader_changes_total',
    'Number of times that this process began or ceased to lead, by reason',
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
