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
  for (const { name, admit } of admitters) {
    const open = [...answers.entries()].filter((entry): entry is [number, Each] => isAccepted(entry[1]))
    if (open.length === 0) break
    const asked = open.map(([, submission]) => submission)
    const given = await admit(asked, db)
    if (given.length !== open.length)
      throw new TypeError(`Expected ${open.length} answers of the admitter of room ${name}, got ${given.length}`)
    open.forEach(([index, submission], place) => {
      const answer = given[place] as Submission | TaskFlowError
      if (answer !== submission) answers[index] = isAccepted(answer) ? { ...submission, tasks: answer.tasks } : answer
    })
  }
  return answers
}

export const isAccepted = <Each extends Submission>(answer: Each | TaskFlowError): answer is Each =>
  !(answer instanceof TaskFlowError)
