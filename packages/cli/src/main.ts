import { reportFailure } from './failure.ts'
import { program } from './program.ts'

// A reader that closes the pipe early, such as `| head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, { isJson: process.argv.includes('--json') })
}
