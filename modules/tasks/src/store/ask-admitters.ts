import type { Queryable } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import type { Admitter } from '../ports/admission.ts'
import type { Submission } from '../ports/task-store.ts'

/**
 * Asks each admitter about the submissions that those before it accepted. Answers are in the order of the submissions;
 * what identifies a submission (its project and idempotency key) stays, whatever an admitter returns.
 */
export async function askAdmitters<Each extends Submission>(
  admitters: readonly Admitter[],
  submissions: readonly Each[],
  db: Queryable,
): Promise<(Each | TaskFlowError)[]> {
  const answers: (Each | TaskFlowError)[] = [...submissions]
  for (const admitter of admitters) {
    const open = [...answers.entries()].filter((entry): entry is [number, Each] => isAccepted(entry[1]))
    if (open.length === 0) break
    const asked = open.map(([, submission]) => submission)
    const given = await admitter.admit(asked, db)
    if (given.length !== open.length)
      throw new TypeError(
        `Expected ${open.length} answers of the admitter of room ${admitter.name}, got ${given.length}`,
      )
    open.forEach(([index, submission], place) => {
      const answer = checkAnswer(admitter.name, submission, given[place])
      if (answer !== submission) answers[index] = isAccepted(answer) ? { ...submission, tasks: answer.tasks } : answer
    })
  }
  return answers
}

/** @throws TypeError for an answer that would store other tasks than the reply names */
function checkAnswer(
  room: string,
  submission: Submission,
  answer: Submission | TaskFlowError | undefined,
): Submission | TaskFlowError {
  if (answer instanceof TaskFlowError || answer === submission) return answer
  const isSame =
    Array.isArray(answer?.tasks) &&
    answer.tasks.length === submission.tasks.length &&
    answer.tasks.every(({ id, project }, index) => {
      const task = submission.tasks[index]
      return id === task?.id && project === task?.project
    })
  if (isSame) return answer
  throw new TypeError(
    `Expected the admitter of room ${room} to answer a TaskFlowError or the tasks of the submission, with the same ids ` +
      'and project',
  )
}

export const isAccepted = <Each extends Submission>(answer: Each | TaskFlowError): answer is Each =>
  !(answer instanceof TaskFlowError)
