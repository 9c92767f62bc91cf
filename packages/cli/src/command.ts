import type { TaskFlow } from '@taskflow/sdk'
import type { Command } from 'commander'
import { type ConnectionOptions, connect } from './connection.ts'
import { type Output, output } from './output.ts'

export interface Cli {
  readonly client: TaskFlow
  readonly out: Output
}

/** Wraps the action of a command: opens the client that the options describe, and the output. */
export function withServer<Args extends readonly unknown[]>(
  run: (cli: Cli, ...args: Args) => Promise<void>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    // Commander passes the arguments, the options, and the command itself.
    const command = given.pop() as Command
    const options = command.optsWithGlobals<ConnectionOptions & { json?: boolean }>()
    await run(
      { client: connect(options), out: output({ isJson: options.json ?? false }) },
      ...(given as unknown as Args),
    )
  }
}

export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`
