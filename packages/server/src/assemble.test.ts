import { DEFAULT_PROJECT } from '@taskflow/identity'
import { engines, eventually, newTask, systemClock, useStorage } from '@taskflow/testing'
import type { Channel, ChannelListener, Log } from '@taskflow/worker'
import { describe, expect, test } from 'vitest'
import { assemble } from './assemble.ts'
import type { ProcessOptions } from './process-options.ts'
import type { HttpSources, ProcessPorts } from './process-ports.ts'

const ignore = () => {}
const LOG: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore }

const OPTIONS: ProcessOptions = {
  project: DEFAULT_PROJECT,
  createsAdministrator: true,
  roles: [],
  retentionMs: 1_000,
  worker: { name: 'worker', version: 'test', labels: {}, queues: ['default'], tasks: '/none' },
}

describe('assemble', () => {
  const given = useStorage(engines()[0]!)

  /** Ports over the database of the test, which record in which order they are closed. */
  function setup(): { ports: ProcessPorts; closed: string[] } {
    const closed: string[] = []
    const broker = {
      name: 'redis' as const,
      publish: async () => {},
      take: async () => undefined,
      depths: async () => undefined,
      ping: async () => {},
      close: async () => void closed.push('broker'),
    }
    const server = {
      name: 'http',
      url: undefined,
      start: async () => {},
      announceStop: async () => void closed.push('announced'),
      stop: async () => void closed.push('server'),
    }
    const unused = (): never => {
      throw new Error('No runner was expected')
    }
    return {
      closed,
      ports: {
        clock: systemClock,
        random: Math.random,
        log: LOG,
        database: { ...given.db, close: async () => void closed.push('database') },
        broker,
        channels: { shared: unused, thread: unused, process: unused },
        httpServer: () => server,
      },
    }
  }

  test('a process without roles accepts tasks and publishes them', async () => {
    const { ports } = setup()
    const published: unknown[] = []
    const broker = {
      ...ports.broker!,
      publish: async (dispatches: readonly unknown[]) => void published.push(...dispatches),
    }
    const taskflow = assemble({ ...ports, broker }, OPTIONS)
    await taskflow.start()
    const task = newTask()
    await taskflow.storage.submitTasks({ project: DEFAULT_PROJECT, tasks: [task] })
    await taskflow.stop()
    expect(published).toMatchObject([{ taskId: task.id }])
    expect(taskflow.elector.isLeading).toBe(false)
  })

  test('a stop closes the ports in order, also of a process that was never started', async () => {
    const { ports, closed } = setup()
    await assemble(ports, { ...OPTIONS, roles: ['coordinator'] }).stop()
    expect(closed).toEqual(['server', 'broker', 'database'])
  })

  test('a stop is announced first, if the process was ready', async () => {
    const { ports, closed } = setup()
    const taskflow = assemble(ports, OPTIONS)
    await taskflow.start()
    await taskflow.stop()
    expect(closed).toEqual(['announced', 'server', 'broker', 'database'])
  })

  test('the HTTP server is given the dependencies that its metrics show, and the health of what runs beside it', () => {
    const { ports } = setup()
    const seen: HttpSources[] = []
    const httpServer = (sources: HttpSources) => {
      seen.push(sources)
      return ports.httpServer!(sources)
    }
    assemble({ ...ports, httpServer }, { ...OPTIONS, roles: ['worker'] })
    assemble({ ...ports, httpServer, broker: undefined, replica: given.db }, OPTIONS)
    expect(seen[0]).toMatchObject({ dependencies: { broker: 'redis', databases: ['primary'] } })
    expect(seen[0]).toMatchObject({ pingBroker: expect.any(Function), workerHealth: expect.any(Function) })
    expect(seen[1]?.dependencies).toEqual({ databases: ['primary', 'replica'] })
    expect(seen[1]).not.toHaveProperty('pingBroker')
    expect(seen[1]).not.toHaveProperty('workerHealth')
  })

  test('a worker whose task modules never load delays neither the coordinator nor the stop', async () => {
    const { ports } = setup()
    const neverLoads = ({ onExit }: ChannelListener): Channel => ({ send() {}, kill: async () => onExit('was ended') })
    const channels = { shared: neverLoads, thread: neverLoads, process: neverLoads }
    const taskflow = assemble({ ...ports, channels }, { ...OPTIONS, roles: ['worker', 'coordinator'] })
    const starting = expect(taskflow.start()).rejects.toMatchObject({ code: 'SETTINGS_INVALID' })
    await eventually(() => taskflow.elector.isLeading)
    await taskflow.stop()
    await starting
  })

  test('a process with an embedded database leads at once and, with the role api, creates the administrator', async () => {
    const { ports } = setup()
    const dataDir = { adminKeyFile: '' }
    const taskflow = assemble({ ...ports, broker: undefined, dataDir }, { ...OPTIONS, roles: ['api', 'coordinator'] })
    await taskflow.start()
    expect(taskflow.elector.isLeading).toBe(true)
    expect(taskflow.administrator).toMatchObject({ isNew: true, secret: expect.stringMatching(/^tf_/) })
    await taskflow.stop()
    expect(taskflow.elector.isLeading).toBe(false)
  })
})
