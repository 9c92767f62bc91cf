import { closeSync, openSync } from 'node:fs'

/** Lets the handlers end that wait for this file. */
export const openGate = (file: string): void => closeSync(openSync(file, 'w'))
