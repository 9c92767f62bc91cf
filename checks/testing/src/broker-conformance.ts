import type { Broker, Dispatch } from '@taskflow/tasks'
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { type Case, newSubqueue } from './broker-conformance/given.ts'
import { lossCases } from './broker-conformance/loss-cases.ts'
import { orderCases } from './broker-conformance/order-cases.ts'
import { subqueueCases } from './broker-conformance/subqueue-cases.ts'
import { anyTaskCases, wakeUpCases } from './broker-conformance/wake-up-cases.ts'

interface Subject {
  readonly name: string
  /** Opens a client. Called several times, for several clients of the same broker. */
  open(): Promise<Broker>
  /** Whether a delivery lists its tasks. A broker that answers "any" leaves the subqueues, and their order, to the database. */
  readonly carriesDispatches?: boolean
  /** Makes dispatches known to the broker, unless its clients publish them. */
  notify?(dispatches: readonly Dispatch[]): Promise<void>
  /**
   * A broker may decline a case, but only by name and with a reason. No skipped test
   * stands for it: in CI a skipped test fails the run.
   */
  readonly exceptions?: Partial<Record<CaseName, string>>
}

const dispatchCases = { ...subqueueCases, ...orderCases, ...lossCases }

type CaseName = keyof typeof wakeUpCases | keyof typeof dispatchCases | keyof typeof anyTaskCases

// Longer than the slowest case needs: a broker notices the loss of a consumer within 15 s.
const TIMEOUT_MS = 40_000

/** The contract of Broker, executable. Every implementation runs it, and there is no other definition of correct. */
export function brokerConformance({ name, open, notify, carriesDispatches = true, exceptions = {} }: Subject): void {
  const cases: Record<string, Case> = { ...wakeUpCases, ...(carriesDispatches ? dispatchCases : anyTaskCases) }

  describe(`${name} broker`, () => {
    const more: Broker[] = []
    let broker: Broker
    let other: Broker
    beforeAll(async () => {
      ;[broker, other] = await Promise.all([open(), open()])
    })
    afterEach(async () => {
      await Promise.all(more.splice(0).map((client) => client.close()))
    })
    afterAll(() => Promise.all([broker.close(), other.close()]))

    async function openMore(): Promise<Broker> {
      const client = await open()
      more.push(client)
      return client
    }

    for (const [title, run] of Object.entries(cases).filter(([title]) => !(title in exceptions))) {
      test(title, { timeout: TIMEOUT_MS }, () =>
        run({
          broker,
          other,
          open: openMore,
          notify: notify ?? ((dispatches) => other.publish(dispatches)),
          subqueue: newSubqueue(),
        }),
      )
    }
  })
}
