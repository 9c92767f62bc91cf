/** How the commands of `bench` and `proof` read their options and refuse wrong ones. */

/** What `read` makes of the options. At a TypeError, which says that they cannot be followed, it ends with 2 and tells where help is. */
export function optionsOrHint<Options>(command: string, read: () => Options): Options {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\nSee: npm run ${command} -- --help`)
    return process.exit(2)
  }
}

/** Throws a TypeError, in a sentence. */
export function wholeNumber(option: string, text: string, least = 1): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number
  throw new TypeError(`Expected --${option} to be a whole number from ${least}, got ${text}`)
}
