import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from './free-port.ts'
import { removeFolder } from './remove-folder.ts'
import { answers, type ServerProcess, startServerProcess } from './server-process.ts'
import { tempFolder } from './temp-folder.ts'

/** A RabbitMQ on 127.0.0.1, empty at first. */
export interface RabbitmqServer {
  readonly url: string
  readonly port: number
  /** SIGKILL; durable queues and messages are there again after a start. */
  kill(): Promise<void>
  /** Ends it in good order. */
  shutDown(): Promise<void>
  /** Removes all that it holds; it must be down. */
  forget(): void
  start(): Promise<void>
  /** Runs one command of `rabbitmqctl`, which takes seconds; returns what it prints. */
  run(...command: string[]): string
  stop(): Promise<void>
}

// The first frame of the protocol; a server answers with Connection.Start.
const HELLO = 'AMQP\x00\x00\x09\x01'

/**
 * Starts a RabbitMQ with its own Erlang port mapper, so that it knows no other nodes; all its ports are on the
 * loopback.
 *
 * @param program the path of `rabbitmq-server`; `rabbitmqctl` is expected beside it
 */
export async function startRabbitmq(program: string): Promise<RabbitmqServer> {
  const [port, distributionPort, mapperPort] = [await freePort(), await freePort(), await freePort()]
  const folder = tempFolder('rabbitmq')
  const at = (name: string): string => join(folder.path, name)
  for (const name of ['mnesia', 'log']) mkdirSync(at(name))
  // Only loopback users may sign in as guest, and only the loopback listens.
  writeFileSync(at('rabbit.conf'), `listeners.tcp.1 = 127.0.0.1:${port}\nlog.file.level = warning\n`)
  writeFileSync(at('plugins'), '[].\n')
  const env = {
    HOME: folder.path,
    RABBITMQ_NODENAME: `taskflow${port}@localhost`,
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_CONFIG_FILE: at('rabbit.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  let server: ServerProcess | undefined

  // The file is empty while it is being written; a signal to process 0 would reach this whole process group.
  const pid = (): number | undefined => (existsSync(at('pid')) && Number(readFileSync(at('pid'), 'utf8'))) || undefined

  const start = async (): Promise<void> => {
    if (server) return
    rmSync(at('pid'), { force: true })
    server = await startServerProcess({
      program,
      args: [],
      user: undefined,
      folder: folder.path,
      env,
      pid,
      isReady: () => answers(port, HELLO, /RabbitMQ/),
    })
  }
  const endBy = (signal: NodeJS.Signals) => async (): Promise<void> => {
    await server?.kill(signal)
    server = undefined
  }
  const kill = endBy('SIGKILL')
  const endMapper = (): void => {
    try {
      execFileSync('epmd', ['-kill'], { env: { ...process.env, ...env }, stdio: 'ignore' })
    } catch {
      // The port mapper was never started, or has ended.
    }
  }
  process.once('exit', endMapper)

  await start()
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    start,
    kill,
    shutDown: endBy('SIGTERM'),
    forget() {
      removeFolder(at('mnesia'))
      mkdirSync(at('mnesia'))
    },
    run: (...command) =>
      execFileSync(join(dirname(program), 'rabbitmqctl'), ['-q', '-n', env.RABBITMQ_NODENAME, ...command], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      }).trim(),
    async stop() {
      await kill()
      process.off('exit', endMapper)
      endMapper()
      folder.remove()
    },
  }
}
