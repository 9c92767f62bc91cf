/** The address and the startup options with which a driver opens a session. */
export interface Connection {
  readonly connectionString: string
  readonly options?: string
}

/**
 * Combines the startup options in an address (`?options=-c%20name=value`) with those of TaskFlow, which come last and
 * therefore take precedence. The driver alone would use only the options of the address.
 *
 * @param own options such as `-c jit=off -c datestyle=ISO`
 */
export function connectionOf(url: string, own?: string): Connection {
  const { connectionString, options: given } = split(url)
  const options = [given, own].filter((each) => each !== undefined).join(' ')
  return options === '' ? { connectionString } : { connectionString, options }
}

function split(url: string): { readonly connectionString: string; readonly options?: string } {
  if (!url.includes('options=')) return { connectionString: url }
  const address = new URL(url)
  const options = address.searchParams.get('options')
  if (options === null) return { connectionString: url }
  address.searchParams.delete('options')
  return { connectionString: address.href, options }
}
