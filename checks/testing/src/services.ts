import { describe, inject } from 'vitest'
import { type Programs, SERVICES, type ServiceName } from './find-services.ts'

declare module 'vitest' {
  interface ProvidedContext {
    programs: Programs
  }
}

/** The program that starts a service in this run. */
export function programFor(name: ServiceName): string {
  const program = inject('programs')[name]
  if (program === undefined) throw new Error(`This machine has no ${SERVICES[name].title}: see describeWith()`)
  return program
}

/** Tests that need services; counted as skipped, with the reason in their name, where these are not to be had. */
export function describeWith(names: readonly ServiceName[], title: string, define: () => void): void {
  const missing = names.filter((name) => inject('programs')[name] === undefined)
  const reason = missing.map((name) => SERVICES[name].title).join(', ')
  describe.runIf(missing.length === 0)(missing.length === 0 ? title : `${title} (not here: no ${reason})`, define)
}
