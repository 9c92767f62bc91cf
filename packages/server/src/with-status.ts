import { TaskFlowError } from '@taskflow/kernel'
import { ALL_ERRORS } from './errors.ts'

/**
 * Runs a command of the process. An error of TaskFlow leaves with the `status` of its code, by which the command line
 * chooses the exit code.
 */
export async function withStatus<Result>(command: () => Promise<Result>): Promise<Result> {
  try {
    return await command()
  } catch (error) {
    throw error instanceof TaskFlowError ? Object.assign(error, { status: ALL_ERRORS[error.code]?.status }) : error
  }
}
