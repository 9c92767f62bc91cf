import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type Options = Parameters<FastifyBaseLogger['child']>[1]

/**
 * Makes the log of a request. Creates the child logger only for the first line: most requests log nothing, and a child
 * logger costs as much as everything else before the handler of a small request.
 */
export function requestLog(log: FastifyBaseLogger, bindings: Bindings, options?: Options): FastifyBaseLogger {
  return new RequestLog(log, bindings, options) as unknown as FastifyBaseLogger
}

/** A class, so that the log of a request is one small object. */
class RequestLog {
  readonly #log: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: Options
  #child: FastifyBaseLogger | undefined

  constructor(log: FastifyBaseLogger, bindings: Bindings, options: Options) {
    this.#log = log
    this.#bindings = bindings
    this.#options = options
  }

  get #own(): FastifyBaseLogger {
    this.#child ??= this.#log.child(this.#bindings, this.#options)
    return this.#child
  }

  get level(): string {
    return this.#log.level
  }

  child(bindings: Bindings, options?: Options): FastifyBaseLogger {
    return this.#own.child(bindings, options)
  }

  fatal(...line: Parameters<FastifyBaseLogger['fatal']>): void {
    this.#own.fatal(...line)
  }

  error(...line: Parameters<FastifyBaseLogger['error']>): void {
    this.#own.error(...line)
  }

  warn(...line: Parameters<FastifyBaseLogger['warn']>): void {
    this.#own.warn(...line)
  }

  info(...line: Parameters<FastifyBaseLogger['info']>): void {
    this.#own.info(...line)
  }

  debug(...line: Parameters<FastifyBaseLogger['debug']>): void {
    if (this.#isEnabled('debug')) this.#own.debug(...line)
  }

  trace(...line: Parameters<FastifyBaseLogger['trace']>): void {
    if (this.#isEnabled('trace')) this.#own.trace(...line)
  }

  silent(): void {}

  #isEnabled(level: 'debug' | 'trace'): boolean {
    return this.level === 'trace' || this.level === level
  }
}
