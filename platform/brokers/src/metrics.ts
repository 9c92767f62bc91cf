import type { Metrics } from '@taskflow/kernel'

/** Metrics of the broker that this process starts with, if any: it counts as up until it is lost. */
export function brokerMetrics(broker: string | undefined): Metrics {
  return ({ counter, gauge }) => {
    const up = gauge('taskflow_broker_up', '1 while the broker answers this process, otherwise 0', ['broker'])
    if (broker !== undefined) up.set({ broker }, 1)
    const losses = counter('taskflow_broker_losses_total', 'Times the broker ceased to answer')
    const unacknowledged = counter(
      'taskflow_acknowledgements_lost_total',
      'Acknowledgements that the broker did not receive',
    )
    return {
      'broker.lost': (lost) => {
        up.set({ broker: lost.broker }, 0)
        losses.inc()
      },
      'broker.returned': (returned) => up.set({ broker: returned.broker }, 1),
      'acknowledgement.lost': () => unacknowledged.inc(),
    }
  }
}
