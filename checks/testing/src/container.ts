import { execFileSync } from 'node:child_process'

/**
 * Runs a command as in a container: as process 1 of a PID namespace, whose processes all end with it. SIGKILL to the
 * command ends the container.
 */
export const CONTAINER: readonly string[] = ['unshare', '--fork', '--pid', '--mount-proc', '--kill-child']

/** Says why this machine cannot make a PID namespace; undefined where it can. */
export function whyNoContainer(): string | undefined {
  const [program = '', ...flags] = CONTAINER
  try {
    execFileSync(program, [...flags, 'true'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return `a PID namespace cannot be made: ${(error as Error).message.split('\n')[0]}`
  }
}
