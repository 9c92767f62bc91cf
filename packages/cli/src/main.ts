import { reportFailure } from './failure.ts'
import { program } from './program.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await program().parseAsync()
} catch (error) {
  process.exitCode = reportFailure(error, { isJson: process.argv.includes('--json') })
}
