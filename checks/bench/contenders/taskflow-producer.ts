import type { Broker } from '@taskflow/tasks'
import pg from 'pg'
import { openDirectClient } from '../direct-client.ts'
import type { Peer, Place } from '../peer.ts'

/** TaskFlow's own way in; its worker is the real `taskflow start`. */
export const taskflowOver = (openBroker: (place: Place) => Promise<Broker> | undefined): Peer => ({
  async openProducer(place) {
    const client = await openDirectClient(place.postgresUrl, await openBroker(place))
    const looking = new pg.Client(place.postgresUrl)
    await looking.connect()
    return {
      submit: client.submit,
      submitMany: client.submitMany,
      async hasUnfinished() {
        const { rows } = await looking.query('select exists (select from task) as has')
        return rows[0].has
      },
      close: () => Promise.all([client.close(), looking.end()]),
    }
  },
})
